"""What marud says to who starts it: options, mistakes, passwords, the default configuration."""
import os
import pty
import re
import signal
import subprocess
import tempfile
import time
import unittest

import harness

MARUD = harness.binary('marud')


def run(*words, text=None, env=None):
    return subprocess.run([MARUD, *words], input=text, capture_output=True, text=True,
                          timeout=harness.LIMIT, check=False,
                          env=dict(os.environ, **(env or {})))


class Answers(harness.TestCase):
    def refused(self, code, *words):
        result = run(*words)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, '')
        for line in result.stderr.splitlines():
            self.assertTrue(line.startswith('marud: '), line)
        return result.stderr

    def test_help_and_version(self):
        self.assertIn('Usage: marud', run('--help').stdout)
        self.assertRegex(run('--version').stdout, r'^marud \d+\.\d+\.\d+\n$')

    def test_mistakes_get_one_line_and_exit_2(self):
        for words in (['--nonsense'], ['--listen', 'host:1'], ['--max-clients', '0'], ['stray'],
                      ['--data']):
            self.assertEqual(self.refused(2, *words).count('\n'), 1)

    def test_the_printed_default_is_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'marud.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(run('--print-config').stdout)
            result = run('--check-config', '--config', path)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_mistakes_in_the_file_say_where_and_the_server_does_not_start(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'marud.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('limits = {\n  max_clients = "many";\n};\nserver = { name = "x"; };\n')
            for words in (['--check-config'], ['--data', folder]):
                error = self.refused(1, '--config', path, *words)
                self.assertIn(f'{path}:2: limits.max_clients: expected a whole number', error)
                self.assertIn(f'{path}:4: server.name: expected a host name', error)
            self.assertEqual(os.listdir(folder), ['marud.conf'])

    def test_a_missing_file_is_said(self):
        self.assertIn('/nowhere/marud.conf', self.refused(1, '--config', '/nowhere/marud.conf'))

    def test_a_data_folder_that_cannot_be_is_said(self):
        result = run('--data', '/dev/null/x', '--listen', '127.0.0.1:0')
        self.assertEqual(result.returncode, 1)
        self.assertIn('/dev/null/x', result.stderr)

    def test_a_hash_is_made_from_a_line(self):
        result = run('genpasswd', text='비밀\n')
        self.assertRegex(result.stdout, r'^\$argon2id\$\S+\n$')
        self.assertNotEqual(run('genpasswd', text='비밀\n').stdout, result.stdout)
        self.assertEqual(run('genpasswd', text='').returncode, 1)
        self.assertEqual(run('genpasswd', text='x' * 300 + '\n').returncode, 1)

    def type_passwords(self, *lines):
        """What a person sees who types these at the prompts, and the exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(MARUD, ['marud', 'genpasswd'])
        seen = b''
        prompts = 0
        deadline = time.monotonic() + harness.LIMIT
        while time.monotonic() < deadline:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                data = b''
            if not data:
                break
            seen += data
            if prompts < len(lines) and seen.count(b': ') > prompts:
                os.write(terminal, lines[prompts] + b'\n')
                prompts += 1
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return seen, os.waitstatus_to_exitcode(status)

    def test_a_terminal_asks_twice_and_shows_nothing(self):
        seen, code = self.type_passwords(b'geheim', b'geheim')
        self.assertEqual(code, 0)
        self.assertIn(b'$argon2id$', seen)
        self.assertNotIn(b'geheim', seen)
        seen, code = self.type_passwords(b'geheim', b'geheimer')
        self.assertEqual(code, 1)
        self.assertIn(b'differ', seen)


class Running(harness.TestCase):
    def test_the_greeting_says_where_and_the_fingerprint(self):
        with harness.Server(listeners=('tls', 'plain', 'http')) as server:
            deadline = time.monotonic() + harness.LIMIT
            while 'is open\n' not in server.output().partition('info: ')[2]:
                self.assertLess(time.monotonic(), deadline, server.output())
                time.sleep(0.05)
            output = server.output()
            self.assertIn(f'127.0.0.1:{server.ports["plain"]}\n', output)
            self.assertIn(f'127.0.0.1:{server.ports["tls"]}\n', output)
            self.assertNotIn(f':{server.ports["http"]}', output)
            self.assertIn(server.status['fingerprint'], output)
            self.assertRegex(output, r'(?m)^  ([0-9A-F]{2}:){31}[0-9A-F]{2}$')
            folder = os.stat(server.data)
            for name in ('tls.key', 'tls.pem', 'control.sock'):
                mode = os.stat(os.path.join(server.data, name)).st_mode & 0o777
                self.assertEqual(mode, 0o600, name)
            self.assertEqual(folder.st_mode & 0o077, 0)

    def test_a_second_server_on_the_same_folder_is_refused(self):
        with harness.Server(listeners=('plain',)) as server:
            result = run('--data', server.data, '--listen', 'plain=127.0.0.1:0')
            self.assertEqual(result.returncode, 1)
            self.assertIn('another server answers there', result.stderr)
            server.ctl('status')

    def test_a_killed_server_leaves_nothing_in_the_way(self):
        with harness.Server(listeners=('plain', 'tls')) as first:
            fingerprint = first.status['fingerprint']
            os.kill(first.pid(), signal.SIGKILL)
            first.process.wait(harness.LIMIT)
            again = subprocess.Popen(
                [MARUD, '--data', first.data, '--listen', 'tls=127.0.0.1:0'],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            first.process = again
            text = ''
            while 'is open' not in text.partition('fingerprint')[2]:
                line = again.stdout.readline()
                self.assertNotEqual(line, '', text)
                text += line
            self.assertIn(fingerprint, text)
            again.terminate()
            again.communicate(timeout=harness.LIMIT)

    def test_hangup_reloads_and_a_mistake_changes_nothing(self):
        with harness.Server(listeners=('plain',), config='limits: { max_clients = 5; };') as server:
            def settle(pattern):
                deadline = time.monotonic() + harness.LIMIT
                while not re.search(pattern, server.output()):
                    self.assertLess(time.monotonic(), deadline, server.output())
                    time.sleep(0.05)

            def write(text):
                with open(server.config_path, 'w', encoding='utf-8') as file:
                    file.write(text)

            write('limits: { max_clients = 6; };\nserver: { network = "Other"; };')
            os.kill(server.pid(), signal.SIGHUP)
            settle(r'server\.network takes effect at the next start')
            self.assertIn('Clients      0 of 6\n', server.ctl('status').stdout)
            self.assertIn('(Maru)', server.ctl('status').stdout)
            write('limits: { max_clients = 7; };\nwhat = 3;')
            result = server.ctl('reload', check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(':2: what: expected', result.stdout)
            self.assertIn('Clients      0 of 6\n', server.ctl('status').stdout)


if __name__ == '__main__':
    unittest.main(verbosity=2)
