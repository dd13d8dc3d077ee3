#!/usr/bin/env python3
"""A client of the classic protocol, written from its description, to measure a server with.

It is as simple as the original: whatever one recv(1024) returns is one message. Where two frames
are returned together it shows them as one, and counts the second as lost.

It also measures itself. A client that the machine did not let run in time finds two frames in its
buffer through no fault of the server; so it notes how long what it read may have waited, which is
the time since it last knew its buffer to be empty. Where that was longer than the server's gap,
the client was late: what it lost then says nothing.

Peers of any kind share one Reactor, which runs in the thread that calls it. As a program it talks:

    classic_peer.py [--host H] [--port P] [--seconds S] [--gap-ms MS] NICK

sends each line of its input (a pipe or a terminal), shows what comes, and ends with what it counted, as JSON.
"""

import argparse
import heapq
import itertools
import json
import os
import selectors
import socket
import sys
import time

RECV_BYTES = 1024
GAP_MS = 80
TICK_S = 0.01


class Reactor:
    """A loop over peers: reads, timers, and the time of every look."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.peers = {}  # those it looks at, by descriptor
        self.paused = set()
        self.timers = []
        self.order = itertools.count()

    def add(self, peer):
        self.peers[peer.socket.fileno()] = peer
        self.selector.register(peer.socket, selectors.EVENT_READ, peer)

    def remove(self, peer):
        self.paused.discard(peer)
        if self.peers.pop(peer.socket.fileno(), None) is not None:
            self.selector.unregister(peer.socket)

    def pause(self, peer, seconds):
        """Leaves the peer's data in its buffer for a while."""
        self.remove(peer)
        self.paused.add(peer)
        self.call_at(time.monotonic() + seconds, lambda: self.resume(peer))

    def resume(self, peer):
        if peer in self.paused:
            self.paused.remove(peer)
            self.add(peer)

    def call_at(self, when, function):
        heapq.heappush(self.timers, (when, next(self.order), function))

    def turn(self):
        """One look at every socket, which takes at most a tick."""
        looked = time.monotonic()
        ready = {key.fileobj.fileno(): key.data for key, _ in self.selector.select(TICK_S)}
        for number, peer in list(self.peers.items()):
            if number not in ready:
                peer.was_empty(looked)
        for peer in ready.values():
            peer.read()
        while self.timers and self.timers[0][0] <= time.monotonic():
            heapq.heappop(self.timers)[2]()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()

    def run_until(self, condition, seconds):
        """Turns until the condition holds; returns whether it did in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= end:
                return False
            self.turn()
        return True

    def close(self):
        for peer in [*self.peers.values(), *self.paused]:
            peer.close()
        self.selector.close()


class Peer:
    """A connection on a reactor. `closed` is set when the other side is gone."""

    def __init__(self, reactor, host, port):
        self.reactor = reactor
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closed = False
        reactor.add(self)

    def was_empty(self, when):
        """The buffer held nothing at that time."""

    def read(self):
        raise NotImplementedError

    def recv(self, count):
        """One recv; empty at the end of the connection."""
        try:
            data = self.socket.recv(count)
        except (ConnectionError, TimeoutError):
            data = b""
        if not data:
            self.close()
        return data

    def send(self, data):
        if not self.closed:
            try:
                self.socket.sendall(data)
            except OSError:
                self.close()

    def close(self):
        if not self.closed:
            self.closed = True
            self.reactor.remove(self)
            self.socket.close()


class ClassicPeer(Peer):
    """One recv(1024) is one message. busy_ms: how long it then looks at nothing, as a program does
    that puts what it read on a screen."""

    def __init__(self, reactor, host, port, nick, gap_ms=GAP_MS, busy_ms=0):
        super().__init__(reactor, host, port)
        self.nick = nick
        self.gap_ms = gap_ms
        self.busy_ms = busy_ms
        self.shown = []  # lines, in order
        self.shown_at = []  # when each was read
        self.members = []  # the latest list
        self.member_lists = []  # (when, names) of each mem) frame
        self.frames = 0
        self.lost = []  # what was read as the tail of another message
        self.broken = []  # what is no message at all
        self.empty_at = time.monotonic()
        self.late_ms = 0.0  # the longest that data may have waited
        self.on_line = None
        if nick:
            self.send(nick.encode())

    def was_empty(self, when):
        self.empty_at = when

    def read(self):
        before = time.monotonic()
        data = self.recv(RECV_BYTES)
        self.late_ms = max(self.late_ms, (before - self.empty_at) * 1000)
        if len(data) < RECV_BYTES:
            self.empty_at = before
        if data:
            self.message(data)
            if self.busy_ms and not self.closed:
                self.reactor.pause(self, self.busy_ms / 1000)

    def message(self, data):
        self.frames += 1
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.broken.append(data)
            return
        # No text of a test holds these marks, so a second one is a second frame.
        cuts = [at for mark in ("msg)", "mem)") for at in find_all(text, mark) if at > 0]
        if cuts:
            self.lost.append(text[min(cuts):])
        if text.startswith("msg)"):
            for line in text[4:].split("\n"):
                self.shown.append(line)
                self.shown_at.append(time.monotonic())
                if self.on_line:
                    self.on_line(line)
        elif text.startswith("mem)"):
            self.members = text[4:].split("/")[1:]
            self.member_lists.append((time.monotonic(), self.members))
        else:
            self.broken.append(data)

    def say(self, text):
        self.send(f"recv){self.nick} : {text}".encode())

    @property
    def late(self):
        """This measurement says nothing about a loss."""
        return self.late_ms > self.gap_ms

    def counts(self):
        return {
            "nick": self.nick, "frames": self.frames, "lines": len(self.shown),
            "lost": len(self.lost), "broken": len(self.broken),
            "waited_ms_max": round(self.late_ms, 1), "measurement_failed": self.late,
        }


def find_all(text, part):
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


class LineInput(Peer):
    """Standard input as a peer of the reactor: lines to say."""

    def __init__(self, reactor, file, on_line):  # pylint: disable=super-init-not-called
        self.reactor = reactor
        self.socket = file
        self.closed = False
        self.on_line = on_line
        self.rest = b""
        reactor.add(self)

    def read(self):
        data = os.read(self.socket.fileno(), 65536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode(errors="replace"))
        if not data:
            self.closed = True
            self.reactor.remove(self)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2500)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--gap-ms", type=float, default=GAP_MS)
    parser.add_argument("nick")
    options = parser.parse_args()
    reactor = Reactor()
    peer = ClassicPeer(reactor, options.host, options.port, options.nick, options.gap_ms)
    peer.on_line = lambda line: print(line, flush=True)
    try:
        # The nickname ends with a silence.
        reactor.run(0.2)
        LineInput(reactor, sys.stdin.buffer, peer.say)
        reactor.run_until(lambda: peer.closed, options.seconds)
    except KeyboardInterrupt:
        pass
    print(json.dumps(peer.counts(), ensure_ascii=False), file=sys.stderr)
    return 1 if (peer.lost or peer.broken) and not peer.late else 0


if __name__ == "__main__":
    sys.exit(main())
