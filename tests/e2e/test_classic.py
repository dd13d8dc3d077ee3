#!/usr/bin/env python3
"""The classic protocol against the real marud: classic and IRC clients in one room.

The paths of the programs come from MARUD and MARUCTL (by default beside it, then in the build
folder's src/ctl). The long measurement is 20 classic and 20 IRC clients for 30 s; CLASSIC_CLIENTS,
CLASSIC_SECONDS and CLASSIC_GAP_MS change that (a sanitizer's server needs a larger gap).

    MARUD=build/src/daemon/marud tests/e2e/test_classic.py
"""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from classic_peer import ClassicPeer, Peer, Reactor  # noqa: E402

MARUD = os.environ.get("MARUD", "")
CLIENTS = int(os.environ.get("CLASSIC_CLIENTS", "20"))
SECONDS = int(os.environ.get("CLASSIC_SECONDS", "30"))
GAP_MS = int(os.environ.get("CLASSIC_GAP_MS", "80"))
LOBBY = "#lobby"
LIMIT_S = 30  # for anything that should happen at once
TRIES = 3


def maructl_path():
    beside = pathlib.Path(MARUD).resolve().parent
    for path in (os.environ.get("MARUCTL", ""), beside / "maructl", beside.parent / "ctl/maructl"):
        if path and os.access(path, os.X_OK):
            return str(path)
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A marud of its own, with a data folder that goes with it."""

    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp(prefix="marud-classic-")
        self.classic_port = free_port()
        self.plain_port = free_port()
        config = pathlib.Path(self.folder, "marud.conf")
        config.write_text(f"classic: {{ gap_ms = {GAP_MS}; }};\n", encoding="utf-8")
        with open(pathlib.Path(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [MARUD, "--config", str(config), "--no-limits", "--data", self.folder,
                 "--listen", f"classic=127.0.0.1:{self.classic_port}",
                 "--listen", f"plain=127.0.0.1:{self.plain_port}", *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain_port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"marud did not start:\n{self.stop()}") from None
                time.sleep(0.05)

    def control(self, *arguments):
        return subprocess.run([maructl_path(), "--data", self.folder, *arguments],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def stop(self):
        """Ends it; returns what it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        log = pathlib.Path(self.folder, "log").read_text(encoding="utf-8", errors="replace")
        shutil.rmtree(self.folder, ignore_errors=True)
        return log


class IrcPeer(Peer):
    """An IRC client in the lobby; keeps what others say there."""

    def __init__(self, reactor, port, nick, password=None):
        super().__init__(reactor, "127.0.0.1", port)
        self.nick = nick
        self.rest = b""
        self.lines = []
        self.said = []  # (nick, text) in the lobby
        self.joined = False
        if password:
            self.line(f"PASS {password}")
        self.line(f"NICK {nick}")
        self.line(f"USER {'u' + str(port)} 0 * :{nick}")

    def line(self, text):
        self.send(text.encode() + b"\r\n")

    def say(self, text):
        self.line(f"PRIVMSG {LOBBY} :{text}")

    def read(self):
        self.rest += self.recv(65536)
        *lines, self.rest = self.rest.split(b"\r\n")
        for line in lines:
            self.handle(line.decode())

    def handle(self, line):
        self.lines.append(line)
        source, _, rest = line[1:].partition(" ") if line.startswith(":") else ("", "", line)
        command, _, rest = rest.partition(" ")
        if command == "PING":
            self.line(f"PONG {rest}")
        elif command == "001":
            self.line(f"JOIN {LOBBY}")
        elif command == "366":
            self.joined = True
        elif command == "PRIVMSG" and rest.startswith(LOBBY + " :"):
            self.said.append((source.partition("!")[0], rest[len(LOBBY) + 2:]))

    def saw(self, *parts):
        return any(all(part in line for part in parts) for line in self.lines)


class Room(unittest.TestCase):
    """A server for each class, clients for each test."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        if not os.access(MARUD, os.X_OK):
            raise unittest.SkipTest("MARUD names no program")
        cls.server = Server(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        alive = cls.server.process.poll() is None
        log = cls.server.stop()
        if not alive or cls.server.process.returncode != 0:
            raise AssertionError(f"marud ended with {cls.server.process.returncode}:\n{log}")

    def setUp(self):
        self.reactor = Reactor()
        self.addCleanup(self.empty_room)

    def empty_room(self):
        """The names of one test are free in the next."""
        self.reactor.close()
        self.reactor = Reactor()
        watcher = self.irc("watcher_")

        def alone():
            watcher.lines.clear()
            watcher.line(f"NAMES {LOBBY}")
            self.until(lambda: watcher.saw(" 366 "), "an answer to NAMES")
            return watcher.saw(" 353 ", ":@watcher_") or watcher.saw(" 353 ", ":watcher_")

        self.until(alone, "the room to empty")
        watcher.line("QUIT")
        self.until(lambda: watcher.closed, "the watcher to leave")
        self.reactor.close()

    def until(self, condition, what, seconds=LIMIT_S):
        if not self.reactor.run_until(condition, seconds):
            self.fail(f"waited in vain for {what() if callable(what) else what}")

    def classic(self, nick, comes_in=True, **options):
        peer = ClassicPeer(self.reactor, "127.0.0.1", self.server.classic_port, nick, GAP_MS,
                           **options)
        if comes_in:
            self.until(lambda: f"{nick}님이 입장하였습니다." in peer.shown, f"{nick} to come in")
        return peer

    def irc(self, nick, **options):
        peer = IrcPeer(self.reactor, self.server.plain_port, nick, **options)
        self.until(lambda: peer.joined, f"{nick} to join")
        return peer

    def shows(self, peer, line):
        self.until(lambda: line in peer.shown,
                   lambda: f"{peer.nick} to show {line!r}; it shows {peer.shown}")

    def lost_nothing(self, *peers):
        for peer in peers:
            if not peer.late:
                self.assertEqual(([], []), (peer.lost, peer.broken), peer.nick)


class People(Room):
    """Who comes, who goes, who is there, and what they are called."""

    def test_coming_and_going_is_announced(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        second = self.classic("영희")
        self.shows(first, "영희님이 입장하였습니다.")
        self.until(lambda: irc.saw("영희!", "JOIN"), "the JOIN on IRC")
        second.close()
        self.shows(first, "영희님이 퇴장하였습니다.")
        self.until(lambda: irc.saw("영희!", "QUIT"), "the QUIT on IRC")
        irc.line("QUIT :bye")
        self.shows(first, "bob님이 퇴장하였습니다.")
        self.irc("alice")
        self.shows(first, "alice님이 입장하였습니다.")
        self.lost_nothing(first, second)

    def test_members_are_listed_when_they_change(self):
        first = self.classic("철수")
        self.until(lambda: first.members == ["철수"], "a list of one")
        irc = self.irc("bob")
        self.until(lambda: sorted(first.members) == ["bob", "철수"], "a list of two")
        irc.line("NICK rob")
        self.until(lambda: sorted(first.members) == ["rob", "철수"], "the new name in the list")
        irc.line(f"PART {LOBBY}")
        self.until(lambda: first.members == ["철수"], "a list of one again")
        self.shows(first, "rob님이 퇴장하였습니다.")

    def test_members_are_listed_every_three_seconds(self):
        first = self.classic("철수")
        self.until(lambda: len(first.member_lists) >= 4, "four lists")
        times = [when for when, _ in first.member_lists]
        # The first may be followed by a change; later ones come by time alone.
        for earlier, later in zip(times[1:], times[2:]):
            self.assertGreater(later - earlier, 2.5)
            self.assertLess(later - earlier, 15)

    def test_a_taken_name_gets_a_suffix(self):
        first = self.classic("철수")
        second = self.classic("철수", comes_in=False)
        self.shows(second, "철수2님이 입장하였습니다.")
        self.until(lambda: any("철수2" in line and "[안내]" in line for line in second.shown),
                   "a line that says so")
        self.shows(first, "철수2님이 입장하였습니다.")
        # Its messages still begin with the name as it was typed.
        second.say("안녕")
        self.shows(first, "철수2 : 안녕")
        second.send("recv)철수 : 하나recv)철수 : 둘".encode())
        self.shows(first, "철수2 : 하나")
        self.shows(first, "철수2 : 둘")
        irc = self.irc("bob")
        third = self.classic("bob", comes_in=False)
        self.shows(third, "bob2님이 입장하였습니다.")
        irc.close()

    def test_an_unsuitable_name_gets_a_usable_form(self):
        first = self.classic("철수")
        second = self.classic("홍 길동/1", comes_in=False)
        self.shows(first, "홍_길동_1님이 입장하였습니다.")
        self.until(lambda: any("홍 길동/1" in line and "홍_길동_1" in line
                               for line in second.shown), "a line that says so")
        second.say("안녕")
        self.shows(first, "홍_길동_1 : 안녕")
        self.until(lambda: "홍_길동_1" in first.members, "the usable form in the list")

    def test_nothing_usable_is_told_and_closed(self):
        peer = self.classic("", comes_in=False)
        peer.send(b" /// ")
        self.until(lambda: peer.closed, "the end of the connection")
        self.assertEqual(1, len(peer.shown), peer.shown)
        self.assertTrue(peer.shown[0].startswith("[안내] "), peer.shown)
        self.assertEqual([], peer.lost)

    def test_a_changed_nickname_is_announced(self):
        first = self.classic("철수")
        irc = self.irc("bob")
        irc.line("NICK 영희")
        self.shows(first, "bob님이 이름을 영희로 바꾸었습니다.")

    def test_a_kick_is_announced(self):
        operator = self.irc("op_")  # the first in the room has its privileges
        first = self.classic("철수")
        second = self.classic("영희")
        if not operator.saw(" 353 ", "@op_"):
            self.skipTest("the first in the lobby is no operator")
        operator.line(f"KICK {LOBBY} 영희 :도배")
        self.until(lambda: any("영희" in line and "도배" in line for line in first.shown),
                   "the kick to be told")
        self.until(lambda: "영희" not in first.members, "the list without it")
        second.close()


class Talk(Room):
    """What is said."""

    def test_everyone_hears_everyone(self):
        first = self.classic("철수")
        second = self.classic("영희")
        irc = self.irc("bob")
        first.say("안녕하세요")
        for peer in (first, second):
            self.shows(peer, "철수 : 안녕하세요")
        self.until(lambda: ("철수", "안녕하세요") in irc.said, "bob to hear it")
        irc.say("반가워요 😀")
        for peer in (first, second):
            self.shows(peer, "bob : 반가워요 😀")
        self.lost_nothing(first, second)

    def test_the_prefix_is_not_trusted(self):
        first = self.classic("철수")
        irc = self.irc("bob")
        first.send("recv)영희 : 거짓".encode())
        self.until(lambda: irc.said, "bob to hear something")
        self.assertEqual([("철수", "recv)영희 : 거짓")], irc.said)

    def test_frames_that_arrive_together_are_split(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        first.send("".join(f"recv)철수 : {i}번" for i in range(10)).encode())
        self.until(lambda: len(irc.said) >= 10, "ten messages")
        self.assertEqual([("철수", f"{i}번") for i in range(10)], irc.said)
        for i in range(10):
            self.shows(first, f"철수 : {i}번")
        self.lost_nothing(first)

    def test_a_character_may_arrive_in_pieces(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        data = "recv)철수 : 안녕".encode()
        first.send(data[:-1])
        self.reactor.run(0.2)
        self.assertEqual([], irc.said)
        first.send(data[-1:])
        self.until(lambda: irc.said, "bob to hear it")
        self.assertEqual([("철수", "안녕")], irc.said)

    def test_name_and_message_may_arrive_together(self):
        irc = self.irc("bob")
        peer = self.classic("", comes_in=False)
        peer.send("철수recv)철수 : 안녕\n둘째 줄".encode())
        self.until(lambda: len(irc.said) >= 2, "bob to hear it")
        self.assertEqual([("철수", "안녕"), ("철수", "둘째 줄")], irc.said)

    def test_long_texts_are_cut_and_whole(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        second = self.classic("영희")
        text = "".join(chr(0xAC00 + i * 7) for i in range(1500))
        first.say(text)
        self.until(lambda: sum(len(said) for _, said in irc.said) >= len(text), "all of it on IRC")
        self.assertEqual(text, "".join(said for _, said in irc.said))
        self.assertTrue(all(len(said.encode()) < 512 for _, said in irc.said))

        def heard(peer):
            return "".join(line[len("철수 : "):] for line in peer.shown
                           if line.startswith("철수 : "))

        for peer in (first, second):
            self.until(lambda peer=peer: len(heard(peer)) >= len(text), "all of it in frames")
            self.assertEqual(text, heard(peer))
        self.lost_nothing(first, second)

    def test_many_korean_lines_cross_the_frame_whole(self):
        irc = self.irc("bob")
        first = self.classic("철수", busy_ms=20)
        lines = [f"{i}번 " + "가나다라마바사아자차카타파하" * (i % 7) for i in range(60)]
        for line in lines:
            irc.say(line)
        self.shows(first, f"bob : {lines[-1]}")
        self.assertEqual([f"bob : {line}" for line in lines],
                         [line for line in first.shown if line.startswith("bob : ")])
        self.lost_nothing(first)

    def test_formatting_is_taken_off(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        irc.say("\x02굵게\x02 \x0304빨강\x03")
        self.shows(first, "bob : 굵게 빨강")
        irc.say("\x01ACTION 웃는다\x01")
        self.shows(first, "* bob 웃는다")

    def test_direct_messages_arrive(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        second = self.classic("영희")
        irc.line("PRIVMSG 철수 :쉿")
        self.shows(first, "[귓속말] bob : 쉿")
        irc.say("끝")
        self.shows(second, "bob : 끝")
        self.assertFalse([line for line in second.shown if "쉿" in line])


class Bounds(Room):
    """What others must not feel, and what an operator does."""

    def test_a_megabyte_without_a_prefix_is_closed(self):
        first = self.classic("철수")
        second = self.classic("영희")
        second.socket.settimeout(LIMIT_S)
        for _ in range(64):
            second.send(b"x" * 16384)
        self.until(lambda: second.closed, "the flood to be closed")
        self.shows(first, "영희님이 퇴장하였습니다.")
        irc = self.irc("bob")
        irc.say("여전히")
        self.shows(first, "bob : 여전히")

    def test_bytes_that_are_no_text_harm_nobody(self):
        irc = self.irc("bob")
        first = self.classic("철수")
        first.send("recv)철수 : ".encode() + b"a\xff\xfe\x00b")
        self.until(lambda: irc.said, "bob to hear it")
        self.assertEqual([("철수", "a\ufffd\ufffdb")], irc.said)
        self.shows(first, "철수 : a\ufffd\ufffdb")
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\0" * 64):
            peer = self.classic("", comes_in=False)
            peer.send(garbage)
        self.reactor.run(0.3)
        irc.say("여전히")
        self.shows(first, "bob : 여전히")

    def test_an_announcement_arrives(self):
        if maructl_path() is None:
            self.skipTest("there is no maructl")
        first = self.classic("철수")
        done = self.server.control("announce", "10분 뒤 점검합니다")
        self.assertEqual(0, done.returncode, done.stderr)
        self.shows(first, "[공지] 10분 뒤 점검합니다")

    def test_a_full_server_says_so(self):
        if maructl_path() is None:
            self.skipTest("there is no maructl")
        first = self.classic("철수")
        done = self.server.control("set", "max-clients", "1")
        self.assertEqual(0, done.returncode, done.stderr)
        try:
            second = self.classic("영희", comes_in=False)
            self.until(lambda: second.closed, "the end of the connection")
            self.assertTrue(any("자리가 없습니다" in line for line in second.shown), second.shown)
            first.say("여전히")
            self.shows(first, "철수 : 여전히")
        finally:
            self.server.control("set", "max-clients", "1000")

    def test_a_client_that_says_nothing_is_closed(self):
        peer = self.classic("", comes_in=False)
        self.until(lambda: peer.closed, "the end of the connection", 60)


class Load(Room):
    """Many at once: nothing is lost, and each speaker's texts arrive in order."""

    def test_nothing_is_lost(self):
        for attempt in range(1, TRIES + 1):
            problems, late = self.measure()
            if not problems:
                return
            if set(problems) - set(late):
                break
            print(f"measurement {attempt} failed: late themselves were {late}", file=sys.stderr)
            self.empty_room()
            self.reactor = Reactor()
        else:
            self.fail(f"no measurement succeeded, this machine is too slow: {late}")
        self.fail("lost: " + "; ".join(f"{nick}: {what}" for nick, what in problems.items()))

    def come_in(self):
        classic = [self.classic(f"학생{i:02d}", comes_in=False, busy_ms=min(30, GAP_MS // 4))
                   for i in range(CLIENTS)]
        irc = [IrcPeer(self.reactor, self.server.plain_port, f"irc{i:02d}") for i in range(CLIENTS)]
        everybody = sorted(peer.nick for peer in classic + irc)
        self.until(lambda: all(peer.joined for peer in irc), "all IRC clients to join")
        self.until(lambda: all(sorted(peer.members) == everybody for peer in classic),
                   "everybody in every list", 2 * LIMIT_S)
        return classic, irc

    def measure(self):
        """Returns what each client missed, and who of them was late itself, by nickname."""
        classic, irc = self.come_in()
        expected = {peer.nick: [] for peer in classic + irc}
        chance = random.Random(7)
        start = time.monotonic() + 0.5
        for number, peer in enumerate(classic + irc):
            # Half of them all at the same moment, the others at any.
            phase = 0 if number % 2 else chance.random()
            for second in range(SECONDS):
                text = f"{second:03d} {peer.nick} 가나다라마바사아자차카타파하"
                text = text.encode()[:60].decode(errors="ignore")
                expected[peer.nick].append(text)
                self.reactor.call_at(start + second + phase,
                                     lambda peer=peer, text=text: peer.say(text))

        total = SECONDS * 2 * CLIENTS
        before = {peer: len(peer.shown) for peer in classic}

        def all_arrived():
            return (all(len(peer.shown) - before[peer] >= total for peer in classic) and
                    all(len(peer.said) >= total - SECONDS for peer in irc))

        self.reactor.run(0.5 + SECONDS)
        self.reactor.run_until(all_arrived, LIMIT_S)
        problems = {peer.nick: what for peer in classic + irc
                    if (what := self.missed(peer, expected))}
        waited = max(peer.late_ms for peer in classic)
        frames = sum(peer.frames for peer in classic)
        print(f"{CLIENTS} classic and {CLIENTS} IRC clients, {SECONDS} s: {frames} frames, "
              f"longest wait in a buffer {waited:.0f} ms, {len(problems)} missed something",
              file=sys.stderr)
        return problems, [peer.nick for peer in classic if peer.late]

    @staticmethod
    def missed(peer, expected):
        """In a word or two, or nothing."""
        if isinstance(peer, ClassicPeer):
            if peer.lost or peer.broken:
                return f"{len(peer.lost)} frames merged, {len(peer.broken)} broken"
            heard = [tuple(line.split(" : ", 1)) for line in peer.shown if " : " in line]
        else:
            heard = peer.said
        for nick, texts in expected.items():
            if nick == peer.nick and isinstance(peer, IrcPeer):
                continue
            got = [text for speaker, text in heard if speaker == nick]
            if got != texts:
                return f"{len(got)} of {len(texts)} texts of {nick}" + (
                    "" if len(got) < len(texts) else ", in another order")
        return None


if __name__ == "__main__":
    unittest.main()
