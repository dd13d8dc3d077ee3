#!/usr/bin/env python3
"""kill -9 in a loop under load: every echoed message is there afterwards, once, in order, the
database is whole, and the server is back within a second.

MARU_SOAK_KILLS says how often (30), MARU_SOAK_SEED repeats a run. script/soak is the long form.
"""
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import LIMIT, SANITIZED, Server, TestCase, binary, main
from history_peer import Line, Reader, after_the_crash, until

KILLS = int(os.environ.get('MARU_SOAK_KILLS', '30'))
SEED = int(os.environ.get('MARU_SOAK_SEED', str(random.SystemRandom().randrange(1 << 30))))
WINDOW = 40  # messages of one talker that wait for their echo
ROOMS = ('#한글', '#other')
WHOLE_EVERY = 50  # rounds, between two looks at all that was ever said


class Talker(Reader):
    """Says numbered things as fast as they are stored."""

    def __init__(self, server, nick, room, number):
        super().__init__(server, nick, join=room)
        self.room = room
        self.name = f'{nick}.{number}'
        self.said = 0
        self.looked_at = len(self.lines)
        self.echoed = []  # (text, msgid), in the order of the echoes
        self.failed = 0
        self.seen = []  # of others in the room, in order: msgids

    def look(self):
        """Takes in what has come."""
        self.take_ready()
        for text in self.lines[self.looked_at:]:
            line = Line(text)
            if line.command == 'FAIL':
                self.failed += 1
            elif line.command == 'PRIVMSG' and line.nick == self.nick:
                self.echoed.append((line.last, line.msgid))
            elif line.command == 'PRIVMSG':
                self.seen.append(line.msgid)
        self.looked_at = len(self.lines)

    def talk(self):
        burst = b''
        while self.said - len(self.echoed) - self.failed < WINDOW:
            text = f'{self.name} {self.said} ' + '가' * (self.said % 60)
            burst += f'PRIVMSG {self.room} :{text}\r\n'.encode()
            self.said += 1
        if burst:
            self.try_send(burst)


def number_of(msgid):
    """The sequence number that a msgid names."""
    return int(msgid[11:], 36)


class Kill(TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix='maru-kill-')
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.random = random.Random(SEED)
        self.promised = {}  # msgid to text, of all that was echoed
        self.fresh = {}     # the same, since the last look at the database
        self.last = 0       # the highest sequence number that was looked at
        self.last_msgid = {}
        print(f'MARU_SOAK_SEED={SEED}', flush=True)

    def start(self, **more):
        before = time.monotonic()
        server = Server(listeners=('plain',), data=self.data, **more)
        took = time.monotonic() - before
        if not SANITIZED:
            self.assertLess(took, 1 * 5, 'it was not back within a second')
        self.servers.append(server)
        self.addCleanup(server.stop_or_kill)
        return server

    def run_a_while(self, server, number, seconds):
        talkers = [Talker(server, f't{i}', ROOMS[i % 2], number) for i in range(4)]
        plain = self.client(server, 'plain', join=ROOMS[0])
        deadline = time.monotonic() + seconds
        n = 0
        while time.monotonic() < deadline:
            for talker in talkers:
                talker.talk()
                talker.look()
            plain.try_send(f'PRIVMSG {ROOMS[0]} :plain.{number} {n}\r\n'.encode())
            plain.take_ready()
            n += 1
        return talkers, plain

    def collect(self, talkers):
        """What was promised until the end of the connections."""
        for talker in talkers:
            while talker.read_line() is not None:
                pass
            talker.look()
            self.assertEqual([text for text, _ in talker.echoed],
                             sorted((text for text, _ in talker.echoed),
                                    key=lambda text: int(text.split()[1])), 'echoes in order')
            for text, msgid in talker.echoed:
                self.assertNotIn(msgid, self.promised, 'a msgid is given once')
                self.promised[msgid] = self.fresh[msgid] = text
            talker.close()

    def check_database(self, talkers, whole):
        since = 0 if whole else self.last
        found = after_the_crash(self.data, 'SELECT seq, text FROM messages WHERE kind = 1 '
                                'AND seq > ? ORDER BY seq', since, check=whole or KILLS <= 100)
        stored = dict(found)
        texts = [text for _, text in found]
        self.assertEqual(len(texts), len(set(texts)), 'each is stored once')
        for msgid, text in (self.promised if whole else self.fresh).items():
            self.assertEqual(stored.get(number_of(msgid)), text, f'{msgid} was echoed and is gone')
        self.fresh = {}
        self.check_order(texts)
        for talker in talkers:
            there = [number_of(msgid) for msgid in talker.seen if number_of(msgid) in stored]
            self.assertEqual(there, sorted(there), 'the order of the room is that of history')
        if found:
            self.last = found[-1][0]
        return found

    def check_order(self, texts):
        """Each speaker's numbers ascend."""
        last = {}
        for text in texts:
            match = re.match(r'(\S+\.\d+) (\d+)', text)
            if match:
                name, n = match[1], int(match[2])
                self.assertLess(last.get(name, -1), n, text)
                last[name] = n

    def check_answers(self, server, stored):
        """A fresh client gets what is stored, page by page."""
        reader = Reader(server, 'reader')
        for room in ROOMS:
            reader.join(room)
            start = self.last_msgid.get(room)
            after = f'msgid={start}' if start else 'timestamp=1970-01-01T00:00:00.000Z'
            lines = reader.everything(room, after)
            msgids = [line.msgid for line in lines]
            self.assertEqual(len(msgids), len(set(msgids)), 'each is told once')
            numbers = [number_of(msgid) for msgid in msgids]
            self.assertEqual(numbers, sorted(numbers), 'told in order')
            for line in lines:
                self.assertEqual(stored.pop(number_of(line.msgid), None), line.last)
            if lines:
                self.last_msgid[room] = msgids[-1]
        self.assertEqual(stored, {}, 'all that is stored is told')
        reader.close()

    def test_under_load(self):
        total = 0
        for number in range(KILLS):
            if self.random.random() < 0.2:
                self.kill_while_it_starts(self.random.uniform(0, 0.1))
            server = self.start(edges=self.random.choice((1, 3)))
            talkers, plain = self.run_a_while(server, number, self.random.uniform(0.02, 0.4))
            server.kill()
            self.collect(talkers)
            plain.close()
            whole = (number + 1) % WHOLE_EVERY == 0 or number + 1 == KILLS
            before = self.last
            stored = self.check_database(talkers, whole)
            total += sum(len(talker.echoed) for talker in talkers)
            again = self.start()
            self.check_answers(again, {seq: text for seq, text in stored if seq > before})
            again.kill()
            if (number + 1) % WHOLE_EVERY == 0:
                print(f'{number + 1} kills, {total} echoes, none lost', flush=True)
        self.assertGreater(total, KILLS, 'there was load')
        self.assertEqual(total, len(self.promised))

    def kill_while_it_starts(self, seconds):
        with open(os.devnull, 'wb') as nothing:
            process = subprocess.Popen([binary('marud'), '--data', self.data, '--listen',
                                        'plain=127.0.0.1:0'], stdout=nothing, stderr=nothing)
            time.sleep(seconds)
            process.kill()
            process.wait(LIMIT)

    @unittest.skipUnless(shutil.which('strace'), 'strace is not installed')
    def test_at_each_write(self):
        """The nth call that writes or syncs is its last: what was echoed before is there."""
        for n in range(min(KILLS, 24)):
            call = ('pwrite64', 'fdatasync', 'fsync', 'ftruncate')[n % 4]
            with open(os.devnull, 'wb') as nothing:
                process = subprocess.Popen(
                    ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e',
                     f'trace={call}', '-e', f'inject={call}:signal=SIGKILL:when={n // 4 + 1}',
                     binary('marud'), '--data', self.data, '--no-limits', '--listen',
                     'plain=127.0.0.1:0'], stdout=nothing, stderr=nothing)
            self.talk_until_it_ends(process, n)
            self.check_database([], True)

    def talk_until_it_ends(self, process, number):
        """Not every such call comes: then it is told to stop, and the database is whole, too."""
        talker = None
        try:
            port = until(lambda: self.port_of(process), 'the port or the end')
            if port is not True:
                talker = Talker(port, 't0', ROOMS[0], 1000000 + number)
                deadline = time.monotonic() + 1
                while not talker.ended and time.monotonic() < deadline:
                    talker.talk()
                    talker.look()
        except (OSError, AssertionError):
            process.wait(LIMIT)  # it ended while somebody came in
        self.end(process)
        if talker is not None:
            self.collect([talker])

    def port_of(self, process):
        if process.poll() is not None:
            return True
        result = subprocess.run([binary('maructl'), '--data', self.data, '--json', 'status'],
                                capture_output=True, text=True, timeout=LIMIT, check=False)
        match = re.search(r'"port": (\d+)', result.stdout)
        return int(match[1]) if match else None

    def end(self, process):
        if process.poll() is None:
            subprocess.run([binary('maructl'), '--data', self.data, 'stop'], capture_output=True,
                           timeout=LIMIT, check=False)
            process.wait(LIMIT)


if __name__ == '__main__':
    main()
