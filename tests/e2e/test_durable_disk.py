#!/usr/bin/env python3
"""Disks that fail, are slow, or are full: no acknowledged message is lost, nothing crashes, and
nobody is left in silence. History resumes by itself."""
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import faults
from harness import LIMIT, SANITIZED, TestCase, binary, main
from history_peer import DATABASE, Line, Reader, Refused, after_the_crash, rows, until

CANNOT = faults.why_not('strace')
ROOM = '#room'
PASSWORD = 'secret'


def operator_config():
    made = subprocess.run([binary('marud'), 'genpasswd'], input=PASSWORD + '\n',
                          capture_output=True, text=True, timeout=LIMIT, check=True)
    return f'operators = ( {{ name = "boss"; password = "{made.stdout.strip()}"; }} );\n'


class Disk(TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix='maru-disk-')
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.echoed = []  # texts of which we saw the echo
        self.failed = []  # texts that were answered with a FAIL
        self.n = 0

    def open(self, **more):
        """A server, somebody who talks, and somebody who listens on an edge of their own."""
        self.main = self.server(listeners=('plain',), edges=2, data=self.data, **more)
        self.talker = Reader(self.main, 'talker', join=ROOM)
        self.addCleanup(self.talker.close)
        self.listener = self.client(self.main, 'listener', join=ROOM)

    def say(self, padding=''):
        """Whether the next message was stored, as its sender is told."""
        self.n += 1
        text = f'message {self.n}{padding}'
        try:
            self.talker.say(ROOM, text)
        except Refused as refused:
            self.assertEqual(refused.code, 'NOT_STORED')
            self.failed.append(text)
            self.listener.saw(f'PRIVMSG {ROOM} :{text}$')
            return False
        self.echoed.append(text)
        return True

    def check(self):
        """After the end of the server: what was echoed is there, once and in order."""
        self.main.kill()
        found = [text for text, in after_the_crash(
            self.data, 'SELECT text FROM messages WHERE kind = 1 ORDER BY seq')]
        said = [text for text in found if text.startswith('message ')]
        self.assertEqual(said, sorted(set(said), key=lambda text: int(text.split()[1])))
        for text in self.echoed:
            self.assertIn(text, said)

    def resumes(self):
        """It is written again, without anybody's help."""
        until(self.say, 'history to be written again')
        for _ in range(5):
            self.assertTrue(self.say())
        until(lambda: 'History is written again' in self.main.output(), 'the word of it')

    def fails(self, calls, what):
        self.open(config=operator_config())
        boss = self.client(self.main, 'boss')
        boss.send(f'OPER boss {PASSWORD}')
        boss.expect(r' 381 ')
        plain = self.client(self.main, 'plain', join=ROOM)  # it knows no FAIL
        for _ in range(5):
            self.assertTrue(self.say())
        with faults.Faults(self.main.pid(), calls, what) as disk:
            until(lambda: not self.say(), 'a failure')
            boss.saw(r'^:\S+ NOTICE .*History cannot be written')
            for _ in range(3):
                self.assertFalse(self.say())
            plain.send(f'PRIVMSG {ROOM} :from plain')
            plain.saw(r'^:\S+ NOTICE plain :.*not stored')
            self.listener.saw(':from plain$')
            self.assertGreater(disk.calls(), 0)
            self.assertIn('FAILS', self.main.ctl('history').stdout)
        self.resumes()
        boss.saw(r'^:\S+ NOTICE .*History is written again')
        self.assertIn('Writing      works', self.main.ctl('history').stdout)
        self.check()

    @unittest.skipIf(CANNOT, CANNOT)
    def test_syncs_fail(self):
        self.fails(faults.SYNCS, 'error=EIO')

    @unittest.skipIf(CANNOT, CANNOT)
    def test_syncs_find_no_space(self):
        """Where the file system finds room for what was written only when it is synced."""
        self.fails(faults.SYNCS, 'error=ENOSPC')

    @unittest.skipIf(CANNOT, CANNOT)
    def test_writes_fail(self):
        self.fails('pwrite64', 'error=EIO')

    @unittest.skipIf(CANNOT, CANNOT)
    def test_no_space_left(self):
        self.fails('pwrite64', 'error=ENOSPC')

    @unittest.skipIf(CANNOT, CANNOT)
    def test_now_and_then(self):
        """Every third call fails: each message is echoed or refused, and what is echoed stays."""
        for calls in (faults.SYNCS, 'pwrite64'):
            with self.subTest(calls=calls):
                self.open()
                with faults.Faults(self.main.pid(), calls, 'error=EIO:when=2+3') as disk:
                    for _ in range(30):
                        self.say()
                    self.assertGreater(disk.calls(), 0)
                self.resumes_quietly()
                self.check()

    def resumes_quietly(self):
        until(self.say, 'history to be written again')
        for _ in range(5):
            self.assertTrue(self.say())

    @unittest.skipIf(CANNOT, CANNOT)
    def test_a_slow_disk_holds_up_nobody_else(self):
        self.open()
        self.assertTrue(self.say())
        with faults.Faults(self.main.pid(), faults.SYNCS, 'delay_enter=3000000') as disk:
            before = time.monotonic()
            self.n += 1
            text = f'message {self.n}'
            self.talker.send(f'PRIVMSG {ROOM} :{text}')
            self.listener.expect(f':{text}$')
            if not SANITIZED:
                self.assertLess(time.monotonic() - before, 2, 'others do not wait')
            self.listener.fence()
            # The gate opens after 2 s, with the reason; what was said may be stored later.
            line = Line(self.talker.expect(r' FAIL ').string)
            self.assertEqual(line.params[:3], ['PRIVMSG', 'NOT_STORED', ROOM])
            self.assertRegex(line.params[3], r'^[a-z][a-z0-9]{11,}$')
            if not SANITIZED:
                self.assertLess(time.monotonic() - before, 2 * 5)
            self.talker.fence()
            until(lambda: disk.calls() > 0, 'strace to tell of the delay')
        self.resumes_quietly()
        # It only took long: in the end it is there.
        self.assertIn(text, [t for t, in rows(self.data, 'SELECT text FROM messages')])
        self.check()

    def test_a_limit_of_the_files_size(self):
        """Writes are short, then fail, as on a full disk; no privilege needed."""
        self.open()
        for _ in range(3):
            self.assertTrue(self.say())
        sizes = [os.path.getsize(os.path.join(self.data, name))
                 for name in (DATABASE, DATABASE + '-wal')]
        # Amid the next page that is written.
        limit = max(sizes) + 1000
        pid = self.main.status['pid']
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
        self.fill()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.resumes()
        self.check()

    def fill(self):
        """Talks until nothing is stored any more, and then some. A log that was copied into the
        database makes room for a while."""
        def is_full():
            self.say(' ' + '가' * 100)
            return len(self.failed) >= 3
        until(is_full, 'a full disk', limit=4 * LIMIT)

    def test_a_full_disk(self):
        """A small tmpfs in a mount namespace of its own: root is not needed where users may make
        namespaces."""
        mount = ['unshare', '--mount', '--map-root-user', 'sh', '-c',
                 f'mount -t tmpfs -o size=6m tmpfs {self.data} && exec "$@"', 'sh']
        if subprocess.run(mount + ['true'], capture_output=True, check=False).returncode != 0:
            self.skipTest('nobody may mount a tmpfs here')
        self.open(preload=mount, hidden=True)
        self.data = self.main.data
        for _ in range(3):
            self.assertTrue(self.say())
        filler = os.path.join(self.data, 'filler')
        with open(filler, 'wb', buffering=0) as file:
            try:
                while True:
                    file.write(b'x' * 4096)
            except OSError:
                pass
        self.fill()
        # Who comes now is served, and chat goes on.
        late = self.client(self.main, 'late', join=ROOM)
        late.fence()
        os.unlink(filler)
        self.resumes()
        # The folder goes with the server, so it only stands still.
        os.kill(self.main.pid(), signal.SIGSTOP)
        found = [text for text, in after_the_crash(
            self.data, 'SELECT text FROM messages WHERE kind = 1 ORDER BY seq')]
        os.kill(self.main.pid(), signal.SIGCONT)
        for text in self.echoed:
            self.assertEqual(found.count(text), 1)

    def test_no_room_for_the_database_at_the_start(self):
        """A database that cannot be opened is a reason, not a crash."""
        path = os.path.join(self.data, DATABASE)
        with open(path, 'w', encoding='ascii') as file:
            file.write('this is no database, and long enough to be looked at ' * 100)
        result = subprocess.run([binary('marud'), '--data', self.data, '--listen',
                                 'plain=127.0.0.1:0'], capture_output=True, text=True,
                                timeout=LIMIT, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r'history: .*not a database')
        with open(path, encoding='ascii') as file:
            self.assertTrue(file.read().startswith('this is no database'))


if __name__ == '__main__':
    main()
