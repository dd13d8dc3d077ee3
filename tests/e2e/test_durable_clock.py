#!/usr/bin/env python3
"""The clock jumps by ten days, forwards and back: history is ordered and paged by sequence, msgids
are unique, and nothing is deleted by its age while nobody knows what time it is."""
import glob
import os
import re
import shutil
import tempfile
import time
import unittest

from harness import SANITIZED, TestCase, main
from history_peer import Reader, rows, texts, until

LIBRARY = next(iter(glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')), None)
CANNOT = ('libfaketime is not installed' if LIBRARY is None else
          'a sanitizer wants to be loaded first' if SANITIZED else None)
ROOM = '#room'
DAY_MS = 86400 * 1000


@unittest.skipIf(CANNOT, CANNOT)
class Clock(TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix='maru-clock-')
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.offset = os.path.join(self.data, 'offset')
        self.set('+0')

    def set(self, offset):
        """The server's clock, from now on; the monotonic one is left alone."""
        with open(self.offset + '.new', 'w', encoding='ascii') as file:
            file.write(offset + '\n')
        os.rename(self.offset + '.new', self.offset)

    def start(self, config=None, **more):
        return self.server(listeners=('plain',), data=self.data, config=config, env={
            'LD_PRELOAD': LIBRARY, 'FAKETIME_TIMESTAMP_FILE': self.offset,
            'FAKETIME_NO_CACHE': '1', 'DONT_FAKE_MONOTONIC': '1', **more})

    def say_some(self, talker, said, count=10):
        for _ in range(count):
            said.append(talker.say(ROOM, f'message {len(said)}'))

    def read_everything(self, server, said):
        """By every way of paging, it is what was said, in the order in which it was said."""
        reader = Reader(server, 'reader', join=ROOM)
        expected = [line.msgid for line in said]
        self.assertEqual(len(expected), len(set(expected)), 'msgids are unique')
        first = f'msgid={said[0].msgid}'
        self.assertEqual([line.msgid for line in reader.everything(ROOM, first, page=7)],
                         expected[1:])
        backwards = []
        before = '*'
        while True:
            words = f'LATEST {ROOM} *' if before == '*' else f'BEFORE {ROOM} {before}'
            page = reader.history(f'{words} 7')
            if not page:
                break
            backwards = page + backwards
            before = f'msgid={page[0].msgid}'
        self.assertEqual([line.msgid for line in backwards], expected)
        for line, told in zip(said, backwards):
            self.assertEqual(line.time, told.time, 'time is what the clock said')
        half = len(said) // 2
        around = reader.history(f'AROUND {ROOM} msgid={said[half].msgid} 5')
        self.assertIn(said[half].msgid, [line.msgid for line in around])
        self.assertEqual([line.msgid for line in around],
                         [m for m in expected if m in {line.msgid for line in around}])
        between = reader.history(f'BETWEEN {ROOM} {first} msgid={said[-1].msgid} 500')
        self.assertEqual([line.msgid for line in between], expected[1:-1])
        reader.close()

    def test_jumps_while_it_runs(self):
        server = self.start(config='history: { room_days = 1; direct_days = 1; };\n')
        talker = Reader(server, 'talker', join=ROOM)
        said = []
        for offset in ('+0', '+10d', '-10d', '+0', '-10d', '+10d', '+0'):
            self.set(offset)
            self.say_some(talker, said)
        jumps = [line.time[:10] for line in said]
        self.assertGreater(len(set(jumps)), 2, 'the clock has jumped')
        self.read_everything(server, said)
        until(lambda: re.search(r'clock', server.output()), 'the jump in the log')
        # What is a day old by the clock is still there: nobody knows what time it is.
        self.set('+10d')
        self.say_some(talker, said)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            self.say_some(talker, said, 1)
            time.sleep(0.2)
        count = rows(self.data, 'SELECT count(*) FROM messages WHERE kind = 1')
        self.assertEqual(count, [(len(said),)])
        # Time selects: what was said ten days ahead is not before now.
        reader = Reader(server, 'selects', join=ROOM)
        times = sorted(line.time for line in said)
        found = reader.history(f'AFTER {ROOM} timestamp={times[0]} 500')
        self.assertTrue(set(texts(found)) <= {line.last for line in said})
        self.assertEqual([line.msgid for line in found],
                         [line.msgid for line in said if line.msgid in
                          {told.msgid for told in found}])
        talker.fence()
        reader.fence()

    def test_jumps_between_starts(self):
        said = []
        for offset in ('+0', '+10d', '-10d', '+0'):
            self.set(offset)
            server = self.start(config='history: { room_days = 5; };\n')
            talker = Reader(server, 'talker', join=ROOM)
            self.say_some(talker, said)
            self.read_everything(server, said)
            talker.close()
            server.kill()

    def test_nobody_is_thrown_out(self):
        """Timers go by the monotonic clock."""
        server = self.start()
        clients = [self.client(server, f'c{i}', join=ROOM) for i in range(3)]
        for offset in ('+10d', '-10d', '+3650d', '+0'):
            self.set(offset)
            for client in clients:
                client.fence()
                client.send(f'PRIVMSG {ROOM} :at {offset}')
            for client in clients:
                client.fence()
        self.assertEqual(set(clients[0].names(ROOM)), {'c0', 'c1', 'c2'})

    def test_it_deletes_where_the_clocks_agree(self):
        """Both clocks run 3,600 times as fast: then an hour passes in a second, a day in 24."""
        server = self.start(config='history: { room_days = 1; };\n', DONT_FAKE_MONOTONIC='0')
        talker = Reader(server, 'talker', join=ROOM)
        seq = int(talker.say(ROOM, 'soon gone').msgid[11:], 36)
        count = 'SELECT count(*) FROM messages WHERE seq = ?'
        self.assertEqual(rows(self.data, count, seq), [(1,)])
        self.set('+0 x3600')
        until(lambda: rows(self.data, count, seq) == [(0,)], 'its end', limit=300)


if __name__ == '__main__':
    main()
