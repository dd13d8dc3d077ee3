"""A real marud on loopback and plain-socket clients to drive it. Standard library only.

Every wait is for a condition with a generous limit; MARU_TEST_PATIENCE (a factor) stretches limits
for sanitizer runs. Nothing here depends on how fast the machine is.
"""
import faulthandler
import os
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE = float(os.environ.get('MARU_TEST_PATIENCE', '1'))
LIMIT = 30 * PATIENCE
# A time that an issue promises is checked five times as wide, and only in the plain build.
SANITIZED = os.environ.get('MARU_TEST_SANITIZED') == '1'


def binary(name):
    path = os.environ.get(name.upper())
    if not path:
        raise SystemExit(f'set {name.upper()} to the program under test')
    return path


class Server:
    """marud with a data folder of its own; ports are free ones, read from what it prints. `data` is
    a folder that outlives it; `hidden` where only the server itself sees what lies there."""

    def __init__(self, *args, listeners=('plain', 'tls', 'classic', 'http', 'auto'), config=None,
                 edges=None, limits=False, preload=None, data=None, hidden=False, env=None):
        self.folder = tempfile.mkdtemp(prefix='maru-test-')
        self.data = data or self.folder
        settings = config or ''
        if edges is not None:
            settings = f'server: {{ edges = {edges}; }};\n' + settings
        if 'limits:' not in settings:
            # On a busy machine a client of a test may take longer than a person would.
            settings += '\nlimits: { registration_timeout_s = 120; };\n'
        if 'history:' not in settings:
            # Tests share servers: who joins for one must not read what was said in another.
            settings += '\nhistory: { playback_lines = 0; };\n'
        command = [binary('marud'), '--data', self.data]
        self.config_path = os.path.join(self.folder, 'marud.conf')
        with open(self.config_path, 'w', encoding='utf-8') as file:
            file.write(settings)
        command += ['--config', self.config_path]
        if not limits:
            command.append('--no-limits')
        for kind in listeners:
            command += ['--listen', f'{kind}=127.0.0.1:0']
        command += list(args)
        self.log_path = os.path.join(self.folder, 'log')
        self.last_output = ''
        self.log = open(self.log_path, 'wb')
        self.process = subprocess.Popen((preload or []) + command, stdout=self.log,
                                        stderr=subprocess.STDOUT,
                                        env=dict(os.environ, **(env or {})))
        if hidden:
            self.data = f'/proc/{self.process.pid}/root{self.data}'
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

    def kill(self):
        """As a power cut does. It ends the server for the test, too."""
        os.kill(self.status['pid'], signal.SIGKILL)
        self.process.wait(timeout=LIMIT)
        self.log.close()
        self.last_output = self.output()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, expected=0):
        """SIGTERM, where it still runs; then how it ended and what it wrote are judged, once."""
        if self.log.closed:
            return
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=LIMIT)
        self.log.close()
        output = self.last_output = self.output()
        shutil.rmtree(self.folder, ignore_errors=True)
        if code != expected:
            raise AssertionError(f'marud ended with {code}:\n{output[-6000:]}')
        for bad in ('Sanitizer', 'runtime error', 'invariant broken'):
            if bad in output:
                raise AssertionError(output[-20000:])
        control = re.search('[\0-\x08\x0b-\x1f\x7f]', output)
        if control:
            raise AssertionError(f'the log has a raw {control.group()!r}:\n' +
                                 output[max(0, control.start() - 500):control.end() + 100])

    def stop_or_kill(self):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.log.close()
            self.last_output = self.output()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise AssertionError('marud does not stop') from None

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
            shutil.rmtree(self.folder, ignore_errors=True)


def tls_context(version=None):
    """Trusts any certificate; version is 'TLSv1.2' or 'TLSv1.3' to insist on one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        number = ssl.TLSVersion[version.replace('.', '_')]
        context.minimum_version = context.maximum_version = number
    return context


def raise_file_limit():
    """A thousand clients need more descriptors than a shell is given."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Client:
    """A connection that speaks IRC, line by line. `source` is the address it comes from; `tls` is
    a TLS version to insist on."""

    def __init__(self, server, nick=None, kind='plain', caps=None, join=None, password=None,
                 source=None, tls=None):
        port = server.ports[kind] if isinstance(server, Server) else server
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=LIMIT,
                                               source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if kind == 'tls' or tls:
            self.socket = tls_context(tls).wrap_socket(self.socket)
        self.buffer = b''
        self.ended = False
        self.lines = []  # everything that ever came
        self.nick = nick
        if nick is not None:
            self.register(nick, caps, password)
        if join is not None:
            self.join(join)

    def register(self, nick, caps=None, password=None):
        self.nick = nick
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

    def join(self, room):
        self.send(f'JOIN {room}')
        self.expect(rf' 366 \S+ {re.escape(room)} ')

    def send(self, line):
        self.send_bytes((line + '\r\n').encode())

    def send_bytes(self, data):
        self.socket.settimeout(LIMIT)
        self.socket.sendall(data)

    def try_send(self, data):
        """Sends to somebody who may have closed already; returns whether it went out."""
        try:
            self.send_bytes(data)
            return True
        except OSError:
            return False

    def _receive(self):
        """One recv into the buffer; False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError, BlockingIOError):
            return True
        except OSError:
            data = b''
        self.buffer += data
        self.ended = self.ended or not data
        return not self.ended

    def _pop_line(self):
        line, self.buffer = self.buffer.split(b'\n', 1)
        text = line.rstrip(b'\r').decode('utf-8')
        self.lines.append(text)
        if text.startswith('PING '):
            self.try_send(('PONG ' + text[5:] + '\r\n').encode())
        return text

    def read_line(self, limit=None):
        """The next line without its end, or None when the other side has closed."""
        deadline = time.monotonic() + (LIMIT if limit is None else limit)
        while b'\n' not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError('no line; last were:\n' + '\n'.join(self.lines[-15:]))
            self.socket.settimeout(left)
            if not self._receive():
                return None
        return self._pop_line()

    def take_ready(self):
        """Whatever has arrived, without waiting."""
        self.socket.settimeout(0)
        before = -1
        while before != len(self.buffer):
            before = len(self.buffer)
            self._receive()
        while b'\n' in self.buffer:
            self._pop_line()

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

    def saw(self, pattern, limit=None):
        """A line that matches has come already, or comes now; returns the match."""
        for line in self.lines:
            match = re.search(pattern, line)
            if match:
                return match
        return self.expect(pattern, limit)

    def fence(self):
        """Everything that was under way has arrived; returns the lines since the last fence."""
        token = f'fence{time.monotonic_ns()}'
        start = len(self.lines)
        self.send(f'PING {token}')
        self.expect(rf' PONG \S+ :?{token}')
        return self.lines[start:-1]

    def names(self, room):
        """Who is in the room, as the server lists them: nickname to prefix. Each exactly once."""
        start = len(self.lines)
        self.send(f'NAMES {room}')
        self.expect(rf' 366 \S+ {re.escape(room)} ')
        found = {}
        for line in self.lines[start:]:
            match = re.match(r'(?:@\S+ )?:\S+ 353 \S+ [=@] \S+ :(.*)', line)
            for word in match.group(1).split() if match else ():
                nick = word.lstrip('@+').partition('!')[0]
                if nick in found:
                    raise AssertionError(f'{nick} is listed twice in {room}')
                found[nick] = word[:len(word) - len(word.lstrip('@+'))]
        return found

    def expect_closed(self, pattern=None, limit=None):
        """The server closes; some line before must match."""
        start = len(self.lines)
        while self.read_line(limit) is not None:
            pass
        if pattern is not None:
            seen = self.lines[start:]
            if not any(re.search(pattern, line) for line in self.lines):
                raise AssertionError(f'no {pattern!r} in {seen}')

    def drop(self):
        """Ends as a killed program with unread input does: the kernel sends a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def pump(clients, done, limit=None):
    """Reads from all of them at once until done() holds, so that nobody waits for a reader."""
    deadline = time.monotonic() + (LIMIT if limit is None else limit)
    for client in clients:
        client.take_ready()  # what was received already wakes no poll
    poll = select.poll()
    open_ones = {client.socket.fileno(): client for client in clients if not client.ended}
    for number in open_ones:
        poll.register(number, select.POLLIN)
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError('waited in vain; last lines were:\n' + '\n'.join(
                f'{client.nick}: {client.lines[-3:]}' for client in clients[:10]))
        for number, _ in poll.poll(100):
            open_ones[number].take_ready()
            if open_ones[number].ended:
                poll.unregister(number)


class EveryoneSaw:
    """A condition for pump(): each has a line with this text. No line is looked at twice."""

    def __init__(self, clients, text):
        self.text = text
        self.left = {client: 0 for client in clients}

    def __call__(self):
        for client, seen in list(self.left.items()):
            if any(self.text in line for line in client.lines[seen:]):
                del self.left[client]
            else:
                self.left[client] = len(client.lines)
        return not self.left


class TestCase(unittest.TestCase):
    """Servers and clients that a test makes end with it; a failed test shows the servers' logs."""

    maxDiff = None

    def run(self, result=None):
        self.servers = []
        bad = len(result.failures) + len(result.errors) if result is not None else 0
        super().run(result)
        if result is not None and len(result.failures) + len(result.errors) > bad:
            for server in self.servers:
                print(f'--- log of marud in {self.id()}\n{server.last_output[-6000:]}',
                      file=sys.stderr)
        return result

    def server(self, *args, **options):
        server = Server(*args, **options)
        self.servers.append(server)
        self.addCleanup(server.stop_or_kill)
        return server

    def client(self, *args, **options):
        client = Client(*args, **options)
        self.addCleanup(client.close)
        return client


def main():
    """Runs the tests of the program; 77 tells Meson that all of them were skipped."""
    raise_file_limit()
    faulthandler.register(signal.SIGTERM, chain=True)
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun > 0 and len(result.skipped) == result.testsRun else 0)
