#!/usr/bin/env python3
"""Many classic and IRC clients at once against the real marud: nothing that is said is lost.

20 of each kind for 30 s; CLASSIC_CLIENTS and CLASSIC_SECONDS change that, and a sanitizer's run is
shorter. A client that was itself late has measured nothing: that is repeated.
"""

import os
import random
import sys
import time
import unittest

from classic_peer import ClassicPeer, Reactor
from classic_room import GAP_MS, LIMIT_S, SANITIZED, IrcPeer, Room

CLIENTS = int(os.environ.get("CLASSIC_CLIENTS", "20"))
SECONDS = int(os.environ.get("CLASSIC_SECONDS", "10" if SANITIZED else "30"))
TRIES = 3


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
        irc = [IrcPeer(self.reactor, self.plain_port, f"irc{i:02d}") for i in range(CLIENTS)]
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
    unittest.main(verbosity=2)
