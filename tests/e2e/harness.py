"""A real marud on loopback and plain-socket clients to drive it. Standard library only.

Every wait is for a condition with a generous limit; MARU_TEST_PATIENCE (a factor) stretches limits
for sanitizer runs. Nothing here depends on how fast the machine is.
"""
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

PATIENCE = float(os.environ.get('MARU_TEST_PATIENCE', '1'))
LIMIT = 20 * PATIENCE
# A time that an issue promises is checked five times as wide, and only in the plain build.
SANITIZED = os.environ.get('MARU_TEST_SANITIZED') == '1'


def binary(name):
    path = os.environ.get(name.upper())
    if not path:
        raise SystemExit(f'set {name.upper()} to the program under test')
    return path


class Server:
    """marud with a data folder of its own; ports are free ones, read from what it prints."""

    def __init__(self, *args, listeners=('plain', 'tls', 'classic', 'http', 'auto'), config=None,
                 edges=None, limits=False, preload=None):
        self.data = tempfile.mkdtemp(prefix='maru-test-')
        settings = config or ''
        if edges is not None:
            settings = f'server: {{ edges = {edges}; }};\n' + settings
        command = [binary('marud'), '--data', self.data]
        self.config_path = os.path.join(self.data, 'marud.conf')
        with open(self.config_path, 'w', encoding='utf-8') as file:
            file.write(settings)
        command += ['--config', self.config_path]
        if not limits:
            command.append('--no-limits')
        for kind in listeners:
            command += ['--listen', f'{kind}=127.0.0.1:0']
        command += list(args)
        self.log_path = os.path.join(self.data, 'log')
        self.log = open(self.log_path, 'wb')
        self.process = subprocess.Popen((preload or []) + command, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        self.ports = {}
        self._wait_for_ports(listeners)

    def output(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def ctl(self, *args, check=True):
        result = subprocess.run([binary('maructl'), '--data', self.data, *args],
                                capture_output=True, text=True, timeout=LIMIT, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f'maructl {args}: {result.returncode} {result.stderr}')
        return result

    def _wait_for_ports(self, listeners):
        import json
        deadline = time.monotonic() + LIMIT
        while True:
            if self.process.poll() is not None:
                raise AssertionError('marud ended at start:\n' + self.output())
            result = self.ctl('--json', 'status', check=False)
            if result.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise AssertionError('marud does not answer:\n' + self.output())
            time.sleep(0.05)
        status = json.loads(result.stdout)
        for listener in status['listeners']:
            self.ports[listener['kind']] = listener['port']
        self.status = status

    def pid(self):
        return self.process.pid

    def stop(self, expected=0):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=LIMIT)
        self.log.close()
        output = self.output()
        shutil.rmtree(self.data, ignore_errors=True)
        if code != expected:
            raise AssertionError(f'marud ended with {code}:\n{output}')
        for bad in ('Sanitizer', 'runtime error', 'invariant broken'):
            if bad in output:
                raise AssertionError(output)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
        else:
            self.process.kill()
            self.process.wait()
            self.log.close()
            print(self.output()[-4000:])
            shutil.rmtree(self.data, ignore_errors=True)


class Client:
    """A connection that speaks IRC, line by line."""

    def __init__(self, server, nick=None, kind='plain', caps=None, join=None, password=None):
        port = server.ports[kind] if isinstance(server, Server) else server
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=LIMIT)
        if kind == 'tls':
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.buffer = b''
        self.lines = []  # everything that ever came
        self.nick = nick
        if nick is not None:
            self.register(nick, caps, password)
        if join is not None:
            self.send(f'JOIN {join}')
            self.expect(rf' 366 \S+ {re.escape(join)} ')

    def register(self, nick, caps=None, password=None):
        if caps:
            self.send('CAP LS 302')
        if password:
            self.send(f'PASS {password}')
        self.send(f'NICK {nick}')
        self.send('USER test 0 * :Test')
        if caps:
            self.send(f'CAP REQ :{caps}')
            self.expect(r' CAP \S+ ACK ')
            self.send('CAP END')
        self.expect(r' 001 ')
        self.expect(r' (376|422) ')

    def send(self, line):
        self.socket.sendall((line + '\r\n').encode())

    def send_bytes(self, data):
        self.socket.sendall(data)

    def read_line(self, limit=None):
        """The next line without its end, or None when the other side has closed."""
        deadline = time.monotonic() + (LIMIT if limit is None else limit)
        while b'\n' not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError('no line; last were:\n' + '\n'.join(self.lines[-15:]))
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, socket.timeout):
                continue
            except (ConnectionResetError, ssl.SSLError):
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\n', 1)
        text = line.rstrip(b'\r').decode('utf-8')
        self.lines.append(text)
        if text.startswith('PING '):
            self.send('PONG ' + text[5:])
        return text

    def expect(self, pattern, limit=None):
        """Reads until a line matches; returns the match."""
        while True:
            line = self.read_line(limit)
            if line is None:
                raise AssertionError(f'closed before {pattern!r}; last were:\n' +
                                     '\n'.join(self.lines[-15:]))
            match = re.search(pattern, line)
            if match:
                return match

    def fence(self):
        """Everything that was under way has arrived; returns the lines since the last fence."""
        token = f'fence{time.monotonic_ns()}'
        start = len(self.lines)
        self.send(f'PING {token}')
        self.expect(rf' PONG \S+ :?{token}')
        return self.lines[start:-1]

    def expect_closed(self, pattern=None):
        """The server closes; some line before must match."""
        start = len(self.lines)
        while self.read_line() is not None:
            pass
        if pattern is not None:
            seen = self.lines[start:]
            if not any(re.search(pattern, line) for line in self.lines):
                raise AssertionError(f'no {pattern!r} in {seen}')

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class TestCase(unittest.TestCase):
    maxDiff = None


def main():
    unittest.main(verbosity=2)
