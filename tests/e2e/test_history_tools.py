#!/usr/bin/env python3
"""What operators do with what was said: looking, backup while people talk, export, erasing, and
without a server, checking and restoring."""
import json
import os
import shutil
import subprocess
import tempfile

from harness import LIMIT, TestCase, binary, main
from history_peer import DATABASE, Reader, rows, texts

ROOM = '#한글'


class Tools(TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix='maru-tools-')
        self.out = tempfile.mkdtemp(prefix='maru-out-')
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.addCleanup(shutil.rmtree, self.out, ignore_errors=True)

    def start(self):
        return self.server(listeners=('plain',), data=self.data)

    def reader(self, server, nick):
        reader = Reader(server, nick, join=ROOM)
        self.addCleanup(reader.close)
        return reader

    def marud(self, *words):
        return subprocess.run([binary('marud'), '--data', self.data, *words], capture_output=True,
                              text=True, timeout=LIMIT, check=False)

    def test_looking_and_exporting(self):
        server = self.start()
        alice = self.reader(server, 'alice')
        alice.say(ROOM, '첫째 <b>"&\\')
        last = alice.say(ROOM, '둘째')
        figures = json.loads(server.ctl('--json', 'history').stdout)
        self.assertEqual((figures['working'], figures['messages']), (True, 2))
        self.assertGreater(figures['bytes'], 4096)
        path = os.path.join(self.out, 'room')
        server.ctl('export', ROOM.upper(), '--json', path)
        with open(path, encoding='utf-8') as file:
            lines = [json.loads(line) for line in file]
        said = [line for line in lines if line['command'] == 'PRIVMSG']
        self.assertEqual([line['text'] for line in said], ['첫째 <b>"&\\', '둘째'])
        self.assertEqual((said[1]['msgid'], said[1]['time'], said[1]['nick']),
                         (last.msgid, last.time, 'alice'))
        server.ctl('export', ROOM, '--html', path)
        with open(path, encoding='utf-8') as file:
            page = file.read()
        self.assertIn('첫째 &lt;b&gt;&quot;&amp;\\', page)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        refused = server.ctl('export', '#nowhere', '--json', path, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('no such room', refused.stderr)
        self.assertFalse([name for name in os.listdir(self.data) if 'outgoing' in name])

    def test_backup_while_people_talk_and_restore(self):
        server = self.start()
        alice = self.reader(server, 'alice')
        before = [alice.say(ROOM, f'before {n}') for n in range(50)]
        path = os.path.join(self.out, 'backup.db')
        job = subprocess.Popen([binary('maructl'), '--data', self.data, 'backup', path])
        meanwhile = [alice.say(ROOM, f'meanwhile {n}') for n in range(50)]
        self.assertEqual(job.wait(LIMIT), 0)
        later = alice.say(ROOM, 'later')
        alice.close()

        running = self.marud('restore', path)
        self.assertEqual(running.returncode, 1)
        self.assertIn('a server runs', running.stderr)
        self.assertEqual(self.marud('check').returncode, 1)
        server.stop()
        self.assertIn('is whole: 101 messages', self.marud('check').stdout)
        restored = self.marud('restore', path)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        kept = restored.stdout.strip().rpartition(' ')[2].rstrip('.')
        self.assertEqual(rows(self.data, 'SELECT count(*) FROM messages WHERE text = ?', 'later'),
                         [(0,)])
        self.assertIn(os.path.basename(kept), os.listdir(self.data))

        server = self.start()
        again = self.reader(server, 'bob')
        told = again.everything(ROOM)
        self.assertEqual(texts(told)[:50], [line.last for line in before])
        self.assertTrue(set(texts(told)[50:]) <= {line.last for line in meanwhile})
        fresh = again.say(ROOM, 'fresh')
        given = {line.msgid for line in before + meanwhile + [later]}
        self.assertNotIn(fresh.msgid, given, 'no id comes twice')
        self.assertGreater(int(fresh.msgid[11:], 36), int(later.msgid[11:], 36))

    def test_what_is_damaged_is_found_and_not_restored(self):
        server = self.start()
        alice = self.reader(server, 'alice')
        for n in range(200):
            alice.send(f'PRIVMSG {ROOM} :{n} {"x" * 300}')
        alice.say(ROOM, 'end')
        path = os.path.join(self.out, 'backup.db')
        server.ctl('backup', path)
        server.stop()
        with open(path, 'r+b') as file:
            file.seek(os.path.getsize(path) // 2)
            file.write(os.urandom(20000))
        refused = self.marud('restore', path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('is whole: 201 messages', self.marud('check').stdout)
        self.assertEqual([name for name in os.listdir(self.data) if 'restor' in name], [])
        shutil.copy(path, os.path.join(self.data, DATABASE))
        damaged = self.marud('check')
        self.assertEqual(damaged.returncode, 1)
        self.assertTrue(damaged.stderr)

    def test_erasing(self):
        server = self.start()
        alice = self.reader(server, 'alice')
        bob = self.reader(server, 'Bob')
        kept = alice.say(ROOM, 'stays')
        for n in range(300):
            bob.send(f'PRIVMSG {ROOM} :{n}')
        bob.say(ROOM, 'goes')
        bob.say('alice', 'goes, too')
        self.assertIn('Erased 30', server.ctl('erase', '--yes', 'bOB').stdout)
        self.assertEqual([line.msgid for line in alice.history(f'LATEST {ROOM} * 9')],
                         [kept.msgid])
        self.assertEqual(rows(self.data, "SELECT count(*) FROM messages WHERE source LIKE 'Bob!%'"),
                         [(0,)])
        self.assertEqual(alice.history('LATEST Bob * 9'), [])
        self.assertIn('Erased 2 ', server.ctl('erase', '--yes', '*!*@127.0.0.*').stdout)

    def test_events_that_name_who_is_erased(self):
        """A kick, a mode and a change of nickname by others name them, too."""
        server = self.start()
        alice = self.reader(server, 'alice')
        for nick in ('bob', 'carol', 'dave'):
            reader = self.reader(server, nick)
            if nick == 'dave':
                reader.send('NICK bobby')
                reader.expect(r' NICK :?bobby$')
                nick = 'bobby'
            alice.send(f'MODE {ROOM} +v {nick}')
            alice.expect(rf' MODE {ROOM} \+v {nick}$')
            alice.send(f'KICK {ROOM} {nick} :out')
            alice.expect(rf' KICK {ROOM} {nick} :out$')
        # Another one under a nickname that was of somebody else before.
        other = self.reader(server, 'erin')
        other.close()
        alice.say(ROOM, 'all of it is kept')

        def named(nick):
            return rows(self.data, 'SELECT count(*) FROM messages WHERE kind > 3 AND '
                        "(text LIKE ? OR source LIKE ?)", f'%{nick}%', f'{nick}!%')[0][0]

        self.assertEqual([named('bob'), named('carol'), named('dave')], [6, 3, 2])
        server.ctl('erase', '--yes', 'Bob')
        self.assertEqual([named('bob'), named('carol'), named('dave')], [3, 3, 2])
        server.ctl('erase', '--yes', 'bobby')
        self.assertEqual([named('bob'), named('carol'), named('dave')], [0, 3, 1])
        server.ctl('erase', '--yes', 'carol!*@127.0.0.*')
        self.assertEqual([named('carol'), named('dave')], [0, 1])


if __name__ == '__main__':
    main()
