#!/usr/bin/env python3
"""Those who speak for others: PROXY headers, WEBIRC, X-Forwarded-For; and who may not."""
import os
import random
import socket
import struct
import subprocess
import tempfile
import time

from harness import LIMIT, Client, Server, TestCase, binary, main, tls_context
from ws_client import WsClient, request

SIGNATURE = b'\r\n\r\n\x00\r\nQUIT\n'
PASSWORD = 'what the gateway knows'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def v1(address, family='TCP4', here='127.0.0.1'):
    return f'PROXY {family} {address} {here} 40000 6667\r\n'.encode()


def v2(address, extras=b'', command=0x21, family=0x11):
    if ':' in address:
        family = 0x21
        body = socket.inet_pton(socket.AF_INET6, address) + socket.inet_pton(socket.AF_INET6, '::1')
    else:
        body = socket.inet_aton(address) + socket.inet_aton('127.0.0.1')
    body += struct.pack('!HH', 40000, 6667) + extras
    return SIGNATURE + bytes([command, family]) + struct.pack('!H', len(body)) + body


SECURE = b'\x20\x00\x05\x01\x00\x00\x00\x00'


def hashed(password):
    done = subprocess.run([binary('marud'), 'genpasswd'], input=password + '\n',
                          capture_output=True, text=True, timeout=LIMIT, check=True)
    return done.stdout.strip()


def wait_for(done, what):
    deadline = time.monotonic() + LIMIT
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f'waited in vain for {what}')
        time.sleep(0.05)


class Behind(Client):
    """A client whose bytes begin with something of a proxy."""

    def __init__(self, port, before, nick=None, source=None, tls=False, pieces=None):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=LIMIT,
                                               source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(before), pieces or max(1, len(before))):
            self.socket.sendall(before[i:i + (pieces or len(before))])
        if tls:
            self.socket = tls_context().wrap_socket(self.socket)
        self.buffer, self.ended, self.lines, self.nick = b'', False, [], nick
        if nick is not None:
            self.register(nick)


def host_of(client, nick):
    client.send(f'WHOIS {nick}')
    host = client.expect(rf' 311 \S+ {nick} \S+ (\S+) ').group(1)
    secure = False
    while ' 318 ' not in (line := client.read_line()):
        secure = secure or ' 671 ' in line
    return host, secure


class Proxies(TestCase):
    """Listeners that demand, permit and refuse PROXY headers; 127.0.0.9 is no proxy."""

    @classmethod
    def setUpClass(cls):
        cls.port = {name: free_port() for name in ('required', 'optional', 'no', 'tls', 'http',
                                                   'classic')}
        kinds = {'tls': 'tls', 'http': 'http', 'classic': 'classic', 'optional': 'auto'}
        listeners = ', '.join(
            f'{{ kind = "{kinds.get(name, "plain")}"; address = "127.0.0.1"; port = {port}; '
            f'proxy = "{name if name in ("optional", "no") else "required"}"; }}'
            for name, port in cls.port.items())
        cls.shared = Server(listeners=(), edges=2, config=f'''
            listeners = ( {listeners} );
            door = {{ proxy_from = [ "127.0.0.1", "10.0.0.0/8" ]; }};
            limits: {{ registration_timeout_s = 120; }};''')

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()

    def behind(self, name, before, nick=None, **options):
        client = Behind(self.port[name], before, nick, **options)
        self.addCleanup(client.close)
        return client

    def test_both_versions(self):
        for number, (header, host) in enumerate((
                (v1('192.0.2.7'), '192.0.2.7'), (v2('192.0.2.8'), '192.0.2.8'),
                (v1('2001:db8::7', 'TCP6', '::1'), '2001:db8::7'),
                (v2('2001:db8::8'), '2001:db8::8'), (v2('::1'), '0::1'),
                (b'PROXY UNKNOWN\r\n', '127.0.0.1'),
                (v2('192.0.2.7', command=0x20), '127.0.0.1'))):
            for name in ('required', 'optional'):
                for pieces in (None, 1):
                    with self.subTest(header=header, name=name, pieces=pieces):
                        client = self.behind(name, header, f'v{number}', pieces=pieces)
                        self.assertEqual((host, False), host_of(client, f'v{number}'))
                        client.send('QUIT')
                        client.expect_closed()

    def test_header_and_lines_in_one_packet(self):
        client = self.behind('required', v2('192.0.2.9') + b'NICK one\r\nUSER o 0 * :O\r\n')
        client.expect(r' 001 one ')
        self.assertEqual(('192.0.2.9', False), host_of(client, 'one'))

    def test_tls_inside_and_outside(self):
        client = self.behind('tls', v1('192.0.2.10'), 'inside', tls=True)
        self.assertEqual(('192.0.2.10', True), host_of(client, 'inside'))
        # The proxy has taken TLS off, on this very machine.
        client = self.behind('required', v2('192.0.2.11', SECURE), 'outside')
        self.assertEqual(('192.0.2.11', True), host_of(client, 'outside'))

    def test_http_and_classic(self):
        connection = self.behind('http', v1('192.0.2.12'))
        connection.socket.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertTrue(connection.socket.recv(4096).startswith(b'HTTP/1.1 200 '))
        web = WsClient(self.port['http'], 'web', before=v2('192.0.2.13'))
        self.addCleanup(web.close)
        self.assertEqual(('192.0.2.13', False), host_of(web, 'web'))
        classic = self.behind('classic', v1('192.0.2.14') + '철수'.encode())
        classic.socket.recv(1024)
        web.send('WHOIS 철수')
        web.expect(r' 311 web 철수 \S+ 192\.0\.2\.14 ')

    def test_who_is_no_proxy(self):
        client = self.behind('required', b'', source='127.0.0.9')
        client.expect_closed(r'^ERROR :.*Only proxies')
        client = self.behind('required', v1('192.0.2.7'), source='127.0.0.9')
        client.expect_closed(r'^ERROR :.*Only proxies')
        client = self.behind('optional', v1('192.0.2.7'), 'liar', source='127.0.0.9')
        self.assertEqual(('127.0.0.9', False), host_of(client, 'liar'))
        client = self.behind('no', v1('192.0.2.7'), 'liar2')
        self.assertEqual(('127.0.0.1', False), host_of(client, 'liar2'))
        client = self.behind('optional', v2('192.0.2.7'), source='127.0.0.9')
        client.expect_closed(r'^ERROR :')
        connection = self.behind('http', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', source='127.0.0.9')
        self.assertTrue(connection.socket.recv(4096).startswith(b'HTTP/1.1 403 '))

    def test_who_says_nothing(self):
        client = self.behind('required', b'NICK a\r\n')
        client.expect_closed(r'^ERROR :.*PROXY header must come first')
        client = self.behind('optional', b'', 'direct')
        self.assertEqual(('127.0.0.1', False), host_of(client, 'direct'))
        # Later it is a command like any other that does not exist.
        client = self.behind('optional', b'NICK later\r\n' + v1('192.0.2.7') +
                             b'USER l 0 * :L\r\n')
        client.expect(r' 001 later ')
        self.assertEqual(('127.0.0.1', False), host_of(client, 'later'))

    def test_hostile_headers(self):
        bad = [b'PROXY TCP4 192.0.2.7\r\n', b'PROXY TCP4 a b c d\r\n', b'PROXY ' + b'x' * 300,
               v1('192.0.2.7').replace(b'\r\n', b'\n'), v1('2001:db8::1'),
               SIGNATURE + b'\x21\x11\xff\xff' + b'x' * 3000, SIGNATURE + b'\x31\x11\x00\x00',
               SIGNATURE + b'\x21\x11\x00\x04xxxx', v2('192.0.2.7', b'\x20\x00\x99'),
               v2('192.0.2.7', family=0x12)]
        for header in bad:
            for name in ('required', 'optional', 'tls', 'http'):
                client = self.behind(name, header)
                client.expect_closed(r'not valid' if name in ('required', 'optional') else None)
        chance = random.Random(4)
        for number in range(100):
            header = bytearray(chance.choice((v1('192.0.2.7'), v2('192.0.2.7', SECURE),
                                              v2('2001:db8::1'))))
            for _ in range(chance.randrange(1, 4)):
                header[chance.randrange(len(header))] = chance.randrange(256)
            client = self.behind(chance.choice(list(self.port)), bytes(header))
            client.socket.shutdown(socket.SHUT_WR)
            while client.read_line() is not None:
                pass
        self.behind('required', v1('192.0.2.7'), 'after')

    def test_a_header_that_never_ends(self):
        server = self.shared
        half = self.behind('required', SIGNATURE + b'\x21\x11')

        def spent():
            with open(f'/proc/{server.pid()}/stat', encoding='ascii') as file:
                fields = file.read().rpartition(')')[2].split()
            return int(fields[11]) + int(fields[12])
        before = spent()
        self.behind('optional', b'', 'busy').fence()
        self.assertLess(spent() - before, 50)
        half.socket.shutdown(socket.SHUT_WR)
        half.expect_closed()

    def test_forwarded_for(self):
        for number, (fields, host, secure) in enumerate((
                (['X-Forwarded-For: 203.0.113.1, 192.0.2.20'], '192.0.2.20', False),
                (['X-Forwarded-For: 192.0.2.21, 10.2.3.4', 'X-Forwarded-Proto: https'],
                 '192.0.2.21', True),
                (['Forwarded: for="[2001:db8::21]:99";proto=https'], '2001:db8::21', True),
                ([], '192.0.2.30', False))):
            # A chain: a PROXY header names the web server, which names the browser.
            before = v1('10.9.9.9') if fields else v1('192.0.2.30')
            web = WsClient(self.port['optional'], f'fwd{number}', before=b'', headers=fields) \
                if fields else WsClient(self.port['http'], f'fwd{number}', before=before)
            self.addCleanup(web.close)
            self.assertEqual((host, secure), host_of(web, f'fwd{number}'))
        # Of strangers it is not believed.
        web = WsClient(self.port['http'], 'stranger', before=v1('192.0.2.40'),
                       headers=['X-Forwarded-For: 192.0.2.66'])
        self.addCleanup(web.close)
        self.assertEqual(('192.0.2.40', False), host_of(web, 'stranger'))
        chained = WsClient(self.port['http'], 'chained', before=v1('10.9.9.9'),
                           headers=['X-Forwarded-For: 192.0.2.41'])
        self.addCleanup(chained.close)
        self.assertEqual(('192.0.2.41', False), host_of(chained, 'chained'))
        data, _ = request(headers=['X-Forwarded-For: banana'])
        connection = self.behind('optional', data)
        self.assertTrue(connection.socket.recv(4096).startswith(b'HTTP/1.1 400 '))


class Limits(TestCase):
    def test_each_client_counts_for_itself(self):
        port = free_port()
        server = self.server(limits=True, listeners=(), edges=3, config=f'''
            listeners = ( {{ kind = "plain"; address = "127.0.0.1"; port = {port};
                             proxy = "required"; }} );
            door = {{ proxy_from = [ "127.0.0.1" ]; }};
            limits: {{ per_address = 3; unregistered_per_address = 3; loopback = true;
                       exempt = [ "192.0.2.200" ]; registration_timeout_s = 120; }};''')

        def admitted(address):
            client = Behind(port, v1(address))
            self.addCleanup(client.close)
            client.try_send(b'PING x\r\n')
            line = client.read_line()
            return client if line and ' PONG ' in line else None
        first = [admitted('192.0.2.1') for _ in range(3)]
        self.assertNotIn(None, first)
        self.assertIsNone(admitted('192.0.2.1'))
        for last in range(2, 8):
            self.assertIsNotNone(admitted(f'192.0.2.{last}'))
        for _ in range(6):
            self.assertIsNotNone(admitted('192.0.2.200'), 'exempt')
        first[0].close()
        wait_for(lambda: admitted('192.0.2.1'), 'the place that became free')
        for client in first[1:]:
            client.close()
        wait_for(lambda: admitted('192.0.2.1'), 'places')
        # Whoever waits before its header has no address yet.
        waiting = [Behind(port, b'') for _ in range(10)]
        for client in waiting:
            self.addCleanup(client.close)
        self.assertIsNotNone(admitted('198.51.100.1'))
        self.assertIn('At the door', server.ctl('status').stdout)


class Gateways(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate = os.path.join(cls.folder.name, 'gateway.pem')
        key = os.path.join(cls.folder.name, 'gateway.key')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=gateway', '-days', '2',
                        '-out', cls.certificate, '-keyout', key], check=True, capture_output=True)
        print_of = subprocess.run(['openssl', 'x509', '-in', cls.certificate, '-noout',
                                   '-fingerprint', '-sha256'], check=True, capture_output=True,
                                  text=True).stdout.strip().split('=')[1]
        cls.key = key
        cls.shared = Server(listeners=('plain', 'tls', 'http'), edges=2, config=f'''
            gateways = (
                {{ name = "other"; password = "{hashed('another one')}"; from = [ "127.0.0.1" ]; }},
                {{ name = "web"; password = "{hashed(PASSWORD)}"; from = [ "127.0.0.1" ]; }},
                {{ name = "cert"; fingerprint = "{print_of}"; from = [ "127.0.0.5" ]; }} );''')

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()
        cls.folder.cleanup()

    def gateway(self, line, nick=None, kind='plain', source=None):
        client = self.client(self.shared, kind=kind, source=source)
        client.send(line)
        if nick is not None:
            client.register(nick)
        return client

    def test_whom_it_speaks_for(self):
        server = self.server(listeners=('plain', 'tls'), config=f'''
            gateways = ( {{ name = "web"; password = "{hashed('secret')}"; from = [ "::/0" ]; }} );''')
        for number, (kind, words, host, secure) in enumerate((
                ('plain', 'kiwi user.example.org 192.0.2.50', 'user.example.org', False),
                ('plain', 'kiwi 192.0.2.51 192.0.2.51', '192.0.2.51', False),
                ('plain', 'kiwi 0::1 0::1 :secure', '0::1', False),
                ('plain', 'kiwi bad!host 2001:db8::1', '2001:db8::1', False),
                ('plain', 'kiwi 198.51.100.9 192.0.2.52', '192.0.2.52', False),
                ('tls', 'kiwi 192.0.2.53 192.0.2.53', '192.0.2.53', False),
                ('tls', 'kiwi a.example 192.0.2.54 :secure=x local-port=1 remote-port=2',
                 'a.example', True))):
            client = self.client(server, kind=kind)
            client.send(f'WEBIRC secret {words}')
            client.register(f'user{number}')
            self.assertEqual((host, secure), host_of(client, f'user{number}'))

    def test_who_may_not(self):
        words = 'kiwi user.example.org 192.0.2.50'
        self.gateway(f'WEBIRC wrong {words}').expect_closed(r'^ERROR :.*Invalid WebIRC password')
        self.gateway(f'WEBIRC wrong {words}', source='127.0.0.9').expect_closed(
            r'^ERROR :.*Invalid WebIRC password')
        self.gateway('WEBIRC wrong kiwi user').expect_closed(r'^ERROR :.*valid address')
        self.gateway('WEBIRC wrong kiwi user banana').expect_closed(r'^ERROR :.*valid address')
        self.gateway(f'CAP LS 302\r\nWEBIRC wrong {words}').expect_closed(
            r'^ERROR :.*must come first')
        client = self.gateway('PING x')
        client.send(f'WEBIRC wrong {words}')
        client.expect_closed(r'^ERROR :.*must come first')
        client = self.client(self.shared, 'inside')
        client.send(f'WEBIRC wrong {words}')
        client.expect(r' 421 inside WEBIRC ')
        # Where there are no gateways, there is no such command.
        server = self.server(listeners=('plain',))
        client = self.client(server)
        client.send(f'WEBIRC wrong {words}')
        client.expect(r' 421 \* WEBIRC ')

    def test_by_its_certificate(self):
        def connect(with_certificate):
            context = tls_context()
            if with_certificate:
                context.load_cert_chain(self.certificate, self.key)
            client = Client.__new__(Client)
            raw = socket.create_connection(('127.0.0.1', self.shared.ports['tls']), LIMIT,
                                           source_address=('127.0.0.5', 0))
            client.socket = context.wrap_socket(raw)
            client.buffer, client.ended, client.lines, client.nick = b'', False, [], None
            self.addCleanup(client.close)
            client.send('WEBIRC * kiwi c.example 192.0.2.70 :secure')
            return client
        client = connect(True)
        client.register('cert')
        self.assertEqual(('c.example', True), host_of(client, 'cert'))
        connect(False).expect_closed(r'^ERROR :.*Invalid WebIRC')

    def test_many_users_of_one_gateway(self):
        """The password is checked once; who waits for it loses nothing."""
        server = self.server(listeners=('plain',), edges=1, config=f'''
            gateways = ( {{ name = "web"; password = "{hashed('secret')}"; from = [ "::/0" ]; }} );''')
        for number in range(40):
            client = self.client(server)
            client.send_bytes(f'WEBIRC secret kiwi 192.0.2.{number} 192.0.2.{number}\r\n'
                              f'CAP LS 302\r\nNICK many{number}\r\nUSER m 0 * :M\r\nCAP END\r\n'
                              .encode())
            client.expect(rf' 001 many{number} ')
        self.assertEqual(('192.0.2.39', False), host_of(client, 'many39'))


class Sts(TestCase):
    def caps(self, client):
        client.send('CAP LS 302')
        return client.expect(r' CAP \* LS :(.*)').group(1).split()

    def test_what_is_told(self):
        server = self.server(listeners=('plain', 'tls'),
                             config='sts = { offered = true; duration_s = 1234; '
                             'tls_port = 6697; };')
        plain, tls = self.client(server), self.client(server, kind='tls')
        self.assertIn('sts=port=6697', self.caps(plain))
        self.assertIn('sts=duration=1234', self.caps(tls))
        plain.send('CAP REQ :sts')
        plain.expect(r' CAP \* NAK :sts')
        old = self.client(server)
        old.send('CAP LS')
        self.assertNotIn('sts', old.expect(r' LS :(.*)').group(1))

    def test_off_unless_told(self):
        server = self.server(listeners=('plain', 'tls'))
        for kind in ('plain', 'tls'):
            self.assertFalse([cap for cap in self.caps(self.client(server, kind=kind))
                              if cap.startswith('sts')])
        server = self.server(listeners=('plain',), config='sts = { offered = true; };')
        self.assertFalse([cap for cap in self.caps(self.client(server)) if 'sts' in cap])


if __name__ == '__main__':
    main()
