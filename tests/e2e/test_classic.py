#!/usr/bin/env python3
"""The classic protocol against the real marud: who comes and goes, what is said, what is bounded.

    MARUD=build/src/daemon/marud MARUCTL=build/src/ctl/maructl tests/e2e/test_classic.py
"""

import re
import unittest

import harness
from classic_peer import ClassicPeer, Reactor
from classic_room import GAP_MS, LIMIT_S, LOBBY, Room, start_server


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
        operator = self.operator()
        first = self.classic("철수")
        second = self.classic("영희")
        operator.line(f"MODE {LOBBY} +o op_")
        operator.line(f"KICK {LOBBY} 영희 :도배")
        line = "영희님이 op_님에 의해 내보내졌습니다. (도배)"
        self.shows(first, line)
        self.until(lambda: "영희" not in first.members, "the list without it")
        self.shows(second, line)
        self.until(lambda: second.closed, "the end of its connection")


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
        first = self.classic("철수")
        self.server.ctl("announce", "10분 뒤 점검합니다")
        self.shows(first, "[공지] 10분 뒤 점검합니다")

    def test_an_operator_announces(self):
        first = self.classic("철수")
        self.operator().line("NOTICE $* :곧 다시 시작합니다")
        self.shows(first, "[공지] 곧 다시 시작합니다")

    def test_what_outruns_the_frames_is_counted(self):
        first = self.classic("철수")
        irc = self.irc("bob")
        total = 3000
        irc.send(b"".join(f"PRIVMSG {LOBBY} :{i:04d} {'x' * 90}\r\n".encode()
                          for i in range(total)))
        irc.say("끝")
        self.shows(first, "bob : 끝")
        next_number = 0
        for line in first.shown:
            skipped = re.fullmatch(r"\[(\d+)개의 메시지를 건너뜀\]", line)
            said = re.match(r"bob : (\d{4}) x{90}$", line)
            if skipped:
                next_number += int(skipped.group(1))
            elif said:
                self.assertEqual(next_number, int(said.group(1)))
                next_number += 1
        self.assertEqual(total, next_number)
        self.assertTrue(any("건너뜀" in line for line in first.shown))
        self.lost_nothing(first)

    def test_a_client_thrown_out_is_told(self):
        first = self.classic("철수")
        second = self.classic("영희")
        self.server.ctl("kick", "영희", "도배")
        self.until(lambda: second.closed, "the end of the connection")
        self.assertTrue(any(line.startswith("[안내]") and "도배" in line
                            for line in second.shown), second.shown)
        self.shows(first, "영희님이 퇴장하였습니다.")

    def test_a_full_server_says_so(self):
        first = self.classic("철수")
        self.server.ctl("set", "max-clients", "1")
        try:
            second = self.classic("영희", comes_in=False)
            self.until(lambda: second.closed, "the end of the connection")
            self.assertTrue(any("자리가 없습니다" in line for line in second.shown), second.shown)
            first.say("여전히")
            self.shows(first, "철수 : 여전히")
        finally:
            self.server.ctl("set", "max-clients", "1000")

    def test_a_client_that_says_nothing_is_closed(self):
        with harness.Server(listeners=("classic",),
                            config="limits: { registration_timeout_s = 2; };") as server:
            peer = ClassicPeer(self.reactor, "127.0.0.1", server.ports["classic"], "", GAP_MS)
            self.until(lambda: peer.closed, "the end of the connection")


class End(unittest.TestCase):
    """The server goes."""

    def test_classic_clients_are_told(self):
        server = start_server()
        reactor = Reactor()
        self.addCleanup(reactor.close)
        peers = [ClassicPeer(reactor, "127.0.0.1", server.ports["classic"], nick, GAP_MS)
                 for nick in ("철수", "영희", "길동")]
        self.assertTrue(reactor.run_until(
            lambda: all(len(peer.members) == 3 for peer in peers), LIMIT_S))
        server.process.terminate()
        self.assertTrue(reactor.run_until(lambda: all(peer.closed for peer in peers), LIMIT_S))
        for peer in peers:
            self.assertTrue(peer.shown[-1].startswith("[안내] 연결을 끊습니다."), peer.shown)
            self.assertEqual([], peer.lost)
        server.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
