"""Accounts over real sockets: registering, SASL with every mechanism, mail, and who else is asked."""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

CHEAP = 'password_passes = 1; password_memory_kib = 64; scram_iterations = 4096;'


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


class Line:
    """A client that is driven line by line."""

    def __init__(self, port, tls=None):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=harness.LIMIT)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock)
        self.file = self.sock.makefile('rb')

    def send(self, *lines):
        self.sock.sendall(''.join(line + '\r\n' for line in lines).encode())

    def until(self, *words):
        """Reads up to a line with one of these words in it."""
        while True:
            line = self.file.readline().decode().rstrip('\r\n')
            if not line:
                raise AssertionError(f'closed while waiting for {words}')
            if any(f' {word} ' in f' {line} ' for word in words):
                return line

    def mechanisms(self):
        """What CAP LS 302 says, in however many lines."""
        self.send('CAP LS 302')
        while True:
            words = self.until('LS').split()
            for word in words:
                if word.startswith('sasl='):
                    return word[5:]

    def plain(self, name, password):
        self.send('AUTHENTICATE PLAIN')
        self.until('AUTHENTICATE')
        self.send('AUTHENTICATE ' + b64(f'\0{name}\0{password}'))
        return self.until('903', '904').split()[1]

    def scram(self, name, password, binding=None):
        header = f'p={binding[0]},,' if binding else 'n,,'
        self.send('AUTHENTICATE SCRAM-SHA-256' + ('-PLUS' if binding else ''))
        self.until('AUTHENTICATE')
        bare = f'n={name},r=clientnonce'
        self.send('AUTHENTICATE ' + b64(header + bare))
        first = base64.b64decode(self.until('AUTHENTICATE').split()[1]).decode()
        parts = dict(part.split('=', 1) for part in first.split(','))
        salted = hashlib.pbkdf2_hmac('sha256', password.encode(), base64.b64decode(parts['s']),
                                     int(parts['i']))
        client = hmac.digest(salted, b'Client Key', 'sha256')
        channel = header.encode() + (binding[1] if binding else b'')
        last = f'c={b64(channel)},r={parts["r"]}'
        auth = f'{bare},{first},{last}'.encode()
        stored = hashlib.sha256(client).digest()
        proof = bytes(a ^ b for a, b in zip(client, hmac.digest(stored, auth, 'sha256')))
        self.send('AUTHENTICATE ' + b64(f'{last},p={b64(proof)}'))
        answer = self.until('AUTHENTICATE', '904')
        if ' 904 ' in answer:
            return '904'
        server = hmac.digest(salted, b'Server Key', 'sha256')
        said = base64.b64decode(answer.split()[1]).decode()
        assert said == 'v=' + b64(hmac.digest(server, auth, 'sha256')), said
        self.send('AUTHENTICATE +')
        return self.until('903', '904').split()[1]

    def close(self):
        self.file.close()
        self.sock.close()


def insecure(certificate=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate)
    return context


class Accounts(unittest.TestCase):
    def setUp(self):
        self.clients = []
        self.server = None

    def tearDown(self):
        for client in self.clients:
            client.close()
        if self.server is not None:
            self.server.stop()

    def start(self, more=''):
        self.server = harness.Server(config=f'accounts: {{ {CHEAP} {more} }};\n')

    def client(self, **options):
        kind = 'tls' if options.get('tls') is not None else 'plain'
        client = Line(self.server.ports[kind], **options)
        self.clients.append(client)
        return client

    def enrol(self, name, password):
        client = self.client()
        client.send('CAP LS 302', f'NICK {name}', f'REGISTER * * {password}')
        self.assertIn('REGISTER SUCCESS', client.until('REGISTER'))
        return client

    def test_plain_and_scram(self):
        self.start()
        self.enrol('jin', 'sesame-열려라')
        client = self.client()
        self.assertEqual(client.mechanisms(), 'PLAIN,SCRAM-SHA-256')
        self.assertEqual(client.plain('jin', 'sesame'), '904')
        self.assertEqual(client.plain('nobody', 'sesame-열려라'), '904')
        self.assertEqual(client.scram('jin', 'sesame'), '904')
        self.assertEqual(client.scram('nobody', 'sesame-열려라'), '904')
        self.assertEqual(client.plain('JIN', 'sesame-열려라'), '903')
        self.assertEqual(client.scram('jin', 'sesame-열려라'), '903')
        client.send('NICK jin', 'USER jin 0 * :Jin', 'CAP END')
        client.until('001')
        # Again, as a user.
        self.assertEqual(client.plain('jin', 'wrong'), '904')
        self.assertEqual(client.scram('jin', 'sesame-열려라'), '903')

    def test_bound_to_the_channel(self):
        self.start()
        self.enrol('jin', 'sesame')
        client = self.client(tls=insecure())
        certificate = client.sock.getpeercert(binary_form=True)
        end_point = hashlib.sha256(certificate).digest()
        self.assertEqual(client.scram('jin', 'sesame', ('tls-server-end-point', end_point)), '903')
        wrong = hashlib.sha256(b'another').digest()
        self.assertEqual(client.scram('jin', 'sesame', ('tls-server-end-point', wrong)), '904')

    def test_accounts_stay_over_a_restart(self):
        with tempfile.TemporaryDirectory() as data:
            config = f'accounts: {{ {CHEAP} }};\n'
            self.server = harness.Server(config=config, data=data)
            self.enrol('jin', 'sesame').close()
            self.clients.clear()
            self.assertEqual(os.stat(os.path.join(data, 'accounts.key')).st_mode & 0o777, 0o600)
            with open(os.path.join(data, 'accounts.key'), 'rb') as file:
                key = file.read()
            self.server.stop()
            self.server = harness.Server(config=config, data=data)
            with open(os.path.join(data, 'accounts.key'), 'rb') as file:
                self.assertEqual(key, file.read())
            self.assertEqual(self.client().plain('jin', 'sesame'), '903')
            self.server.stop()

    def test_another_device_speaks_while_it_is_shown_the_past(self):
        self.server = harness.Server(config=f'accounts: {{ {CHEAP} logins_burst = 0; }};\n'
                                            'history: { playback_lines = 10; };\n')
        first = self.enrol('jin', 'sesame')
        first.send('USER jin 0 * :Jin', 'CAP END', 'JOIN #a')
        first.until('366')
        first.send(*(f'PRIVMSG #a :{i}' for i in range(10)), 'PING said')
        first.until(':said')
        for i in range(60):
            device = self.client()
            device.send('CAP LS 302', 'CAP REQ :sasl server-time batch message-tags')
            self.assertEqual(device.plain('jin', 'sesame'), '903')
            device.send('NICK jin', 'USER jin 0 * :Jin', 'CAP END')
            device.until('366')
            time.sleep(i % 8 * 0.0002)
            device.send(f'PING {i}')
            device.until(f':{i}')
            self.clients.remove(device)
            device.close()

    def test_a_code_by_mail(self):
        with tempfile.TemporaryDirectory() as folder:
            box = os.path.join(folder, 'mail')
            self.start(f'email_verification = true; email_command = "cat > {box}.new; '
                       f'echo $MARU_MAIL_TO >> {box}.new; mv {box}.new {box}";')
            client = self.client()
            client.send('CAP LS 302', 'NICK jin', 'REGISTER * jin@example.org sesame')
            client.until('VERIFICATION_REQUIRED')
            deadline = time.monotonic() + harness.LIMIT
            while not os.path.exists(box):
                self.assertLess(time.monotonic(), deadline, 'no mail came')
                time.sleep(0.05)
            with open(box, encoding='utf-8') as file:
                mail = file.read()
            self.assertIn('To: jin@example.org', mail)
            self.assertTrue(mail.endswith('jin@example.org\n'), mail)
            code = mail.split('/VERIFY jin ')[1].split()[0]
            self.assertEqual(client.plain('jin', 'sesame'), '904')
            client.send('VERIFY jin wrong')
            client.until('INVALID_CODE')
            client.send(f'VERIFY jin {code}')
            client.until('SUCCESS')
            client.until('900')

    def test_somebody_else_is_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, 'ask.py')
            with open(script, 'w', encoding='utf-8') as file:
                file.write('import json, sys\n'
                           'for line in sys.stdin:\n'
                           '    q = json.loads(line)\n'
                           '    if q["password"] == "end": sys.exit(1)\n'
                           '    ok = q["password"] == "of " + q["name"]\n'
                           '    print(json.dumps({"id": q["id"], "ok": ok}), flush=True)\n')
            self.start(f'outside_command = "{sys.executable} {script}";')
            client = self.client()
            self.assertEqual(client.mechanisms(), 'PLAIN')
            self.assertEqual(client.plain('jin', 'of min'), '904')
            # It ends without an answer, and is started again.
            self.assertEqual(client.plain('jin', 'end'), '904')
            self.assertEqual(client.plain('jin', 'of jin'), '903')
            client.send('NICK jin', 'USER jin 0 * :Jin', 'CAP END')
            client.until('001')
            # After registration, and now there is an account.
            self.assertEqual(client.plain('jin', 'of jin'), '903')


if __name__ == '__main__':
    harness.main()
