"""What the tests of the classic protocol share: a marud, and clients of both kinds in its lobby.

A sanitizer's server is slow, so its gap is larger; CLASSIC_GAP_MS sets it. CLASSIC_EDGES is the
number of the server's threads (0, the default: one for each processor).
"""

import os
import subprocess
import unittest

import harness
from classic_peer import ClassicPeer, Peer, Reactor

SANITIZED = harness.SANITIZED or os.environ.get("MARU_SETUP", "plain") != "plain"
GAP_MS = int(os.environ.get("CLASSIC_GAP_MS", "400" if SANITIZED else "80"))
EDGES = int(os.environ.get("CLASSIC_EDGES", "0"))
LOBBY = "#lobby"
PASSWORD = "a password of the tests"
LIMIT_S = 30 * harness.PATIENCE  # for anything that should happen at once


def start_server():
    made = subprocess.run([harness.binary("marud"), "genpasswd"], input=f"{PASSWORD}\n",
                          capture_output=True, text=True, timeout=LIMIT_S, check=True)
    config = (f'classic = {{ gap_ms = {GAP_MS}; }};\n'
              f'operators = ( {{ name = "boss"; password = "{made.stdout.strip()}"; }} );\n')
    return harness.Server(listeners=("plain", "classic"), config=config, edges=EDGES)


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

    @classmethod
    def setUpClass(cls):
        cls.server = start_server()
        cls.classic_port = cls.server.ports["classic"]
        cls.plain_port = cls.server.ports["plain"]

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

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
        peer = ClassicPeer(self.reactor, "127.0.0.1", self.classic_port, nick, GAP_MS,
                           **options)
        if comes_in:
            self.until(lambda: f"{nick}님이 입장하였습니다." in peer.shown, f"{nick} to come in")
        return peer

    def irc(self, nick, **options):
        peer = IrcPeer(self.reactor, self.plain_port, nick, **options)
        self.until(lambda: peer.joined, f"{nick} to join")
        return peer

    def operator(self):
        peer = self.irc("op_")
        peer.line(f"OPER boss :{PASSWORD}")
        self.until(lambda: peer.saw(" 381 "), "the operator's privileges")
        return peer

    def shows(self, peer, line):
        self.until(lambda: line in peer.shown,
                   lambda: f"{peer.nick} to show {line!r}; it shows {peer.shown}")

    def lost_nothing(self, *peers):
        for peer in peers:
            if not peer.late:
                self.assertEqual(([], []), (peer.lost, peer.broken), peer.nick)
