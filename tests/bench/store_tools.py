#!/usr/bin/env python3
"""Backup, export and erasing on a large database while people talk: how long each takes, what it
does to echoes, how long the log grows, and whether what comes out is whole.

    store_tools.py BUILD FOLDER    the database is FOLDER/bench.db, as store_bench makes it

It erases a nickname that seldom speaks; nothing else of the database changes but what is said
meanwhile, 1,000 messages a second."""
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

RATE = 1000         # messages a second
QUIET_S = 5         # without anything else
LIMIT_S = 600
ROOM = '#large'     # the database's first, of which a tenth or so of all messages are
ERASED = 'nick4900'
WAL_MAX = (4000 + 500) * 4200  # STORE_WAL_PAGES_MAX, and what a batch adds


class Talker:
    """Says RATE messages a second, and notes when the echo of each came."""

    def __init__(self, port):
        # What was said at another time comes, too: who joins is shown it.
        self.name = f'말{os.getpid()}'
        self.mine = re.compile(f' PRIVMSG {ROOM} :{self.name} (\\d+) '.encode())
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = []
        self.late = []
        self.echoed = 0
        self.failed = 0
        self.ending = False
        self.wait_for(b'CAP REQ :echo-message standard-replies\r\nNICK talker\r\nUSER t 0 * t\r\n'
                      b'CAP END\r\n', b' 001 ')
        self.wait_for(f'JOIN {ROOM}\r\n'.encode(), b' 366 ')
        self.threads = [threading.Thread(target=self.talk), threading.Thread(target=self.listen)]
        for thread in self.threads:
            thread.start()

    def wait_for(self, said, wanted):
        self.socket.sendall(said)
        seen = b''
        while wanted not in seen:
            more = self.socket.recv(65536)
            if not more:
                raise SystemExit(f'the server hung up: {seen!r}')
            seen += more

    def talk(self):
        began = time.monotonic()
        said = 0
        while not self.ending:
            due = int((time.monotonic() - began) * RATE)
            if due > said:
                now = time.monotonic()
                text = b''.join(f'PRIVMSG {ROOM} :{self.name} {n} {"x" * 150}\r\n'.encode()
                                for n in range(said, due))
                self.sent.extend([now] * (due - said))
                said = due
                self.socket.sendall(text)
            time.sleep(0.002)

    def listen(self):
        rest = b''
        while True:
            more = self.socket.recv(1 << 20)
            if not more:
                return
            now = time.monotonic()
            lines = (rest + more).split(b'\r\n')
            rest = lines.pop()
            for line in lines:
                match = re.search(self.mine, line)
                if match:
                    self.late.append(now - self.sent[int(match[1])])
                    self.echoed += 1
                elif b' FAIL ' in line:
                    self.failed += 1

    def end(self):
        self.ending = True
        self.threads[0].join()
        deadline = time.monotonic() + 30
        while self.echoed < len(self.sent) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.socket.shutdown(socket.SHUT_RDWR)
        self.threads[1].join()


class Run:
    def __init__(self, build, folder):
        self.marud = os.path.join(build, 'src/daemon/marud')
        self.maructl = os.path.join(build, 'src/ctl/maructl')
        self.folder = folder
        self.data = os.path.join(folder, 'data')
        self.out = tempfile.mkdtemp(prefix='out-', dir=folder)
        self.missed = 0
        self.server = None

    def database(self):
        return os.path.join(self.data, 'history.db')

    def take(self):
        """The database as a server has it, with its first room."""
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        for end in ('', '.search'):
            os.rename(os.path.join(self.folder, 'bench.db' + end), self.database() + end)
        with sqlite3.connect(self.database()) as db:
            db.execute("INSERT INTO meta VALUES ('starts', 1) ON CONFLICT DO UPDATE SET value = "
                       'max(value, 1)')
            db.execute('INSERT OR IGNORE INTO rooms(id, name, folded, skeleton, modes, key, '
                       "member_limit, topic, topic_by, topic_ms, since_ms, empty_ms) VALUES "
                       "(1, ?, ?, ?, 'nt', '', 0, '', '', 0, 0, ?)",
                       (ROOM, ROOM, ROOM, int(time.time() * 1000)))
        db.close()

    def give_back(self):
        for end in ('', '.search'):
            os.rename(self.database() + end, os.path.join(self.folder, 'bench.db' + end))
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.out, ignore_errors=True)

    def ctl(self, *words):
        return subprocess.run([self.maructl, '--data', self.data, *words], capture_output=True,
                              text=True, check=False, timeout=LIMIT_S)

    def start(self):
        log = open(os.path.join(self.folder, 'tools.log'), 'wb')
        self.server = subprocess.Popen([self.marud, '--data', self.data, '--no-limits', '--listen',
                                        'plain=127.0.0.1:0'], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            match = re.search(r'"port": (\d+)', self.ctl('--json', 'status').stdout)
            if match:
                return int(match[1])
            time.sleep(0.05)
        raise SystemExit('the server did not start')

    def judge(self, what, kept):
        self.missed += not kept
        print(f'    {what}: {"kept" if kept else "MISSED"}', flush=True)

    def phase(self, talker, what, words):
        """An order while people talk; None: none."""
        first = talker.echoed
        failed = talker.failed
        began = time.monotonic()
        longest = 0
        process = None
        if words is not None:
            process = subprocess.Popen([self.maructl, '--data', self.data, *words],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None if process else time.monotonic() - began < QUIET_S:
            longest = max(longest, os.path.getsize(self.database() + '-wal'))
            time.sleep(0.02)
        took = time.monotonic() - began
        said = process.communicate() if process else ('', '')
        late = sorted(talker.late[first:])
        print(f'  {what:12} {took:7.1f} s   echo {late[len(late) // 2] * 1e3:6.1f} ms, p99 '
              f'{late[len(late) * 99 // 100] * 1e3:6.1f} ms, longest {late[-1] * 1e3:6.1f} ms   '
              f'log {longest / 1e6:5.1f} MB   {len(late)} messages, '
              f'{talker.failed - failed} not stored', flush=True)
        if said[0].strip():
            print('    ' + said[0].strip())
        if process is not None:
            if process.returncode != 0:
                print(said[1])
            self.judge('done', process.returncode == 0)
        self.judge('all stored, the log bounded', talker.failed == failed and longest < WAL_MAX)

    def run(self):
        backup = os.path.join(self.out, 'backup.db')
        port = self.start()
        print(f'operators\' orders at {RATE} messages a second', flush=True)
        talker = Talker(port)
        self.phase(talker, 'nothing', None)
        self.phase(talker, 'backup', ['backup', backup])
        self.phase(talker, 'export', ['export', ROOM, '--json', os.path.join(self.out, 'room')])
        self.phase(talker, 'erase', ['erase', '--yes', ERASED])
        talker.end()
        self.judge('each message was echoed or refused',
                   talker.echoed + talker.failed >= len(talker.sent))
        self.server.terminate()
        self.server.wait(LIMIT_S)
        self.look(backup, talker)

    def look(self, backup, talker):
        db = sqlite3.connect(self.database())
        own = db.execute("SELECT count(*) FROM messages WHERE source LIKE 'talker!%' AND kind = 1 "
                         'AND text LIKE ?', (talker.name + ' %',)).fetchone()[0]
        left = db.execute('SELECT count(*) FROM messages WHERE source LIKE ? AND kind = 1',
                          (ERASED + '!%',)).fetchone()[0]
        db.close()
        self.judge('what was echoed is in the database', own >= talker.echoed)
        self.judge('of whom was erased there is nothing', left == 0)
        began = time.monotonic()
        data = os.path.join(self.out, 'restored')
        os.makedirs(data, mode=0o700)
        done = subprocess.run([self.marud, '--data', data, 'restore', backup], capture_output=True,
                              text=True, check=False, timeout=LIMIT_S)
        if done.returncode != 0:
            print(done.stderr)
        print(f'  checking and restoring the backup took {time.monotonic() - began:.1f} s')
        self.judge('the backup is whole and restored', done.returncode == 0)


def main():
    run = Run(sys.argv[1], sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The database goes back all the same.
    run.take()
    try:
        run.run()
    finally:
        if run.server is not None and run.server.poll() is None:
            run.server.kill()
            run.server.wait()
        run.give_back()
    sys.exit(3 if run.missed else 0)


if __name__ == '__main__':
    main()
