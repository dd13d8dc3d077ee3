"""The server's certificate: made at the first start, kept, changed while people are connected."""
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import harness


def fingerprint(port):
    """As a client sees it, with colons."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(('127.0.0.1', port), timeout=harness.LIMIT) as raw:
        with context.wrap_socket(raw) as secure:
            digest = hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest().upper()
    return ':'.join(digest[i:i + 2] for i in range(0, len(digest), 2))


def make_certificate(folder):
    """Puts another certificate and its key into the folder, each at once."""
    with tempfile.TemporaryDirectory() as other:
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-subj', '/CN=other.example.org', '-days', '30',
             '-keyout', f'{other}/tls.key', '-out', f'{other}/tls.pem'],
            check=True, capture_output=True)
        for name in ('tls.key', 'tls.pem'):
            shutil.copy(f'{other}/{name}', f'{folder}/{name}.new')
            os.rename(f'{folder}/{name}.new', f'{folder}/{name}')


class Certificate(harness.TestCase):
    def test_it_is_the_one_that_was_printed(self):
        with harness.Server(listeners=('tls', 'auto')) as server:
            self.assertEqual(fingerprint(server.ports['tls']), server.status['fingerprint'])
            self.assertEqual(fingerprint(server.ports['auto']), server.status['fingerprint'])

    def test_a_new_one_disturbs_nobody(self):
        for edges in (1, 3):
            with harness.Server(listeners=('tls',), edges=edges) as server:
                first = server.status['fingerprint']
                with harness.Client(server, 'alice', kind='tls', join='#room') as alice:
                    make_certificate(server.data)
                    server.ctl('reload')
                    port = server.ports['tls']
                    deadline = time.monotonic() + harness.LIMIT
                    # Each edge takes it up when it next turns.
                    while first in {fingerprint(port) for _ in range(8)}:
                        self.assertLess(time.monotonic(), deadline)
                    second = fingerprint(port)
                    self.assertIn(second, server.ctl('status').stdout)
                    with harness.Client(server, 'bob', kind='tls', join='#room') as bob:
                        bob.send('PRIVMSG #room :still there?')
                        alice.expect(r'^:bob!\S+ PRIVMSG #room :still there\?$')
                        alice.send('PRIVMSG #room :yes')
                        bob.expect(r'^:alice!\S+ PRIVMSG #room :yes$')

    def test_a_broken_one_changes_nothing(self):
        with harness.Server(listeners=('tls',)) as server:
            before = server.status['fingerprint']
            key = os.path.join(server.data, 'tls.key')
            with open(key, 'w', encoding='utf-8') as file:
                file.write('no key\n')
            for _ in range(3):
                self.assertIn('the certificate stays as it was', server.ctl('reload').stdout)
            os.kill(server.pid(), signal.SIGHUP)
            self.assertEqual(fingerprint(server.ports['tls']), before)

    def test_a_server_does_not_start_with_a_broken_one(self):
        with harness.Server(listeners=('tls',)) as server:
            folder = tempfile.mkdtemp(prefix='maru-test-')
            shutil.copy(os.path.join(server.data, 'tls.pem'), folder)
            with open(os.path.join(folder, 'tls.key'), 'w', encoding='utf-8') as file:
                file.write('no key\n')
            result = subprocess.run(
                [harness.binary('marud'), '--data', folder, '--listen', 'tls=127.0.0.1:0'],
                capture_output=True, text=True, timeout=harness.LIMIT, check=False)
            shutil.rmtree(folder)
            self.assertEqual(result.returncode, 1)
            self.assertIn('tls.key', result.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
