#!/usr/bin/env python3
"""Bad input of every kind gets a clear answer or an end, and harms nobody.

After each test the server still serves others, and its log has no raw control characters (that is
judged whenever a server of the harness stops).
"""
import os
import random
import signal
import socket
import ssl
import threading
import time
import warnings

from harness import LIMIT, SANITIZED, Client, Server, TestCase, main, pump, tls_context

ALL_KINDS = ('plain', 'tls', 'auto', 'http', 'classic')
CAPS = 'message-tags standard-replies'


def memory_bytes(server):
    """Resident, of the whole process."""
    with open(f'/proc/{server.pid()}/statm', encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def processor_seconds(server):
    with open(f'/proc/{server.pid()}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Hostile(TestCase):
    limits = False

    @classmethod
    def setUpClass(cls):
        cls.shared = Server('--show-chat', edges=3, limits=cls.limits)

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()

    def setUp(self):
        self.watcher = self.client(self.shared, 'watcher', join='#lobby')
        self.watcher.fence()
        self.mark = len(self.watcher.lines)
        self.addCleanup(self.others_are_served)

    def others_are_served(self):
        self.assertIsNone(self.shared.process.poll(), 'the server has ended')
        for kind in ('plain', 'tls'):
            with Client(self.shared, 'later', kind=kind, join='#lobby') as later:
                self.watcher.expect(r'^:later!\S+ JOIN ')
                later.send('PRIVMSG #lobby :still here')
                self.watcher.expect(r'^:later!\S+ PRIVMSG #lobby :still here$')
                later.send('QUIT')
                self.watcher.expect(r'^:later!\S+ QUIT ')
        self.watcher.close()
        with Client(self.shared, 'cleaner', join='#lobby') as cleaner:
            deadline = time.monotonic() + LIMIT
            while len(cleaner.names('#lobby')) > 1:
                self.assertLess(time.monotonic(), deadline, 'somebody stays for ever')
                time.sleep(0.05)
            cleaner.send('QUIT')
            cleaner.expect_closed()

    def connect(self, kind):
        connection = socket.create_connection(('127.0.0.1', self.shared.ports[kind]),
                                              timeout=LIMIT)
        self.addCleanup(connection.close)
        return connection

    def end(self, connection):
        """Nothing more will be sent; the server may have closed already."""
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def read_to_end(self, connection):
        """What comes until the other side closes, which it must."""
        data = b''
        while True:
            try:
                more = connection.recv(65536)
            except ConnectionError:
                return data
            if not more:
                return data
            data += more

    def said_nothing(self):
        """Nobody has said or done anything in the room."""
        self.assertEqual([], self.watcher.fence())


class Lines(Hostile):
    def test_lines_that_are_too_long(self):
        client = self.client(self.shared, 'long', caps=CAPS, join='#lobby')
        self.watcher.expect(r' JOIN ')
        client.send('PRIVMSG #lobby :' + 'x' * 494)  # 510 bytes, the most
        client.send('PRIVMSG #lobby :' + 'x' * 495)
        client.expect(r' 417 long :')
        client.send('PRIVMSG #lobby :' + 'x' * 5000)
        client.expect(r' 417 long :')
        client.send('@+a=' + 'x' * 4090 + ' PRIVMSG #lobby :tags that just fit')
        client.send('@+a=' + 'x' * 4095 + ' PRIVMSG #lobby :tags that do not')
        client.expect(r' 417 long :')
        client.send('PRIVMSG #lobby :after')
        self.watcher.expect(r' PRIVMSG #lobby :x+$')
        self.watcher.expect(r' PRIVMSG #lobby :tags that just fit$')
        self.watcher.expect(r' PRIVMSG #lobby :after$')
        self.assertFalse([line for line in self.watcher.lines if 'that do not' in line])

    def test_before_registration_too(self):
        client = self.client(self.shared)
        client.send('NICK ' + 'x' * 600)
        client.expect(r' 417 \* :')
        client.send_bytes(b'NICK a\xff\r\n')
        client.expect(r' FAIL \S+ INVALID_UTF8 ')
        client.send_bytes(b'NICK a\0b\r\nNICK a\x1b[31mb\r\n')
        client.register('decent')

    def test_nuls_and_control_characters(self):
        client = self.client(self.shared, 'nul', join='#lobby')
        self.watcher.expect(r' JOIN ')
        client.send_bytes(b'PRIVMSG #lobby :a\0b\r\n\0\0\0\r\nPRIV\0MSG #lobby :c\r\n')
        client.send_bytes(b'PRIVMSG #lobby :a\rQUIT\rb\r\n')
        client.send_bytes(b'JOIN #a\x07b\r\nNICK x\x1b[2Jy\r\nUSER \x01\x02 0 * :\x03\r\n')
        client.fence()
        self.assertFalse([line for line in self.watcher.fence() if '\0' in line or 'QUIT' in line])
        self.assertEqual({'watcher', 'nul'}, set(self.watcher.names('#lobby')))

    def test_invalid_utf8(self):
        client = self.client(self.shared, 'utf', caps=CAPS, join='#lobby')
        plain = self.client(self.shared, 'ftu', join='#lobby')
        self.watcher.expect(r'^:ftu!\S+ JOIN ')
        for bad in (b'\xff', b'\xc0\x80', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xea\xb0'):
            client.send_bytes(b'PRIVMSG #lobby :' + bad + b'\r\n')
            client.expect(r' FAIL \S+ INVALID_UTF8 ')
            plain.send_bytes(b'NICK ' + bad + b'\r\n')
            plain.expect(r' FAIL \S+ INVALID_UTF8 ')
        self.said_nothing()

    def test_a_line_over_the_receive_queue(self):
        """limits.recvq_bytes: up to there a line is refused, beyond it its sender is closed."""
        client = self.client(self.shared, 'queue', join='#lobby')
        client.send('PRIVMSG #lobby :' + 'x' * (16384 - 16 - 1))
        client.expect(r' 417 queue :')
        client.send('PRIVMSG #lobby :' + 'x' * 16384)
        client.expect_closed(r'^ERROR :.*Line too long')
        self.watcher.expect(r'^:queue!\S+ QUIT :Line too long$')
        self.watcher.fence()
        self.assertFalse([line for line in self.watcher.lines if ' PRIVMSG #lobby ' in line])

    def test_thousands_of_parameters(self):
        client = self.client(self.shared, 'params', join='#lobby')
        self.watcher.expect(r' JOIN ')
        client.send('PRIVMSG ' + 'x ' * 5000)
        client.expect(r' 417 ')
        client.send('PRIVMSG ' + 'x ' * 250)
        client.send('JOIN ' + ','.join('#' for _ in range(240)))
        client.send('MODE #lobby +' + 'b' * 400)
        client.send('WHO ' + '*' * 480)
        client.send('NAMES ' + '?*' * 230)
        client.send('@' + ';' * 4000 + ' PRIVMSG #lobby :tags')
        client.send('@+x=\\r\\n\\:\\ PRIVMSG #lobby :escapes')
        client.send(':evil!evil@evil PRIVMSG #lobby :who am I')
        client.fence()
        lines = self.watcher.fence()
        self.assertIn(':params!~test@127.0.0.1 PRIVMSG #lobby :who am I', lines)

    def test_a_megabyte_without_newline(self):
        before = memory_bytes(self.shared)
        clients = []
        for i in range(20):
            client = self.client(self.shared, f'mega{i}' if i % 2 else None)
            clients.append(client)
            for _ in range(64):
                if not client.try_send(b'x' * 16384):
                    break
        for client in clients:
            client.expect_closed()
        if not SANITIZED:
            self.assertLess(memory_bytes(self.shared) - before, 16 * 1024 * 1024)

    def test_megabytes_of_nothing(self):
        client = self.client(self.shared, 'nothing')
        for _ in range(50):
            client.send_bytes(b'\r\n' * 8192)
            client.send_bytes(b'\0\n' * 10)
        client.fence()


class Protocols(Hostile):
    def test_http_on_irc_ports(self):
        body = b'NICK evil\r\nUSER e 0 * :e\r\nJOIN #lobby\r\nPRIVMSG #lobby :pwned\r\n'
        request = (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(body)) + body
        for kind in ALL_KINDS:
            for data in (request, b'GET /\r\n' + body, b'get / http/1.0\r\n' + body,
                         b'PUT x\r\n' + body, b'\r\n' + request, b'OPTIONS * HTTP/1.1\r\n' + body):
                if kind == 'classic':
                    continue  # has a test of its own
                with self.subTest(kind=kind, data=data[:20]):
                    connection = self.connect(kind)
                    connection.sendall(data)
                    self.end(connection)
                    answer = self.read_to_end(connection)
                    self.assertNotIn(b' 001 ', answer)
        self.said_nothing()

    def test_http_head_that_comes_in_pieces_is_never_irc(self):
        connection = self.connect('plain')
        for piece in (b'P', b'OST', b' / HTTP/1.1\r\n', b'NICK evil\r\nUSER e 0 * :e\r\n'):
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(0.02)
        self.assertNotIn(b' 001 ', self.read_to_end(connection))
        self.said_nothing()

    def test_http_inside_tls(self):
        connection = tls_context().wrap_socket(self.connect('tls'))
        self.addCleanup(connection.close)
        connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\nNICK evil\r\nUSER e 0 * :e\r\n')
        answer = self.read_to_end(connection)
        self.assertTrue(answer.startswith(b'HTTP/1.1 200 '), answer[:100])
        self.assertNotIn(b' 001 ', answer)

    def test_http_is_answered_as_http(self):
        for kind in ('http', 'auto'):
            connection = self.connect(kind)
            connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            answer = self.read_to_end(connection)
            self.assertTrue(answer.startswith(b'HTTP/1.1 200 '), answer[:100])
            self.assertIn(b'Maru', answer)
        connection = self.connect('http')
        connection.sendall(b'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertTrue(self.read_to_end(connection).startswith(b'HTTP/1.1 404 '))
        connection = self.connect('http')
        connection.sendall(b'GET / HTTP/1.1\r\n' + b'X: ' + b'y' * 100000)
        self.assertRegex(self.read_to_end(connection)[:20], rb'^(HTTP/1.1 4\d\d |$)')

    def test_irc_on_the_http_port(self):
        connection = self.connect('http')
        connection.sendall(b'NICK evil\r\nUSER e 0 * :e\r\nJOIN #lobby\r\n')
        answer = self.read_to_end(connection)
        self.assertIn(b'ERROR :', answer)
        self.assertNotIn(b' 001 ', answer)
        self.said_nothing()

    def test_plaintext_on_the_tls_port(self):
        connection = self.connect('tls')
        connection.sendall(b'NICK evil\r\nUSER e 0 * :e\r\nJOIN #lobby\r\n')
        answer = self.read_to_end(connection)
        self.assertIn(b'ERROR :', answer)
        self.assertNotIn(b' 001 ', answer)
        self.said_nothing()

    def test_tls_where_there_is_none(self):
        for kind in ('plain', 'http'):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                tls_context().wrap_socket(self.connect(kind))

    def test_old_tls_is_refused(self):
        warnings.simplefilter('ignore', DeprecationWarning)
        for name in ('TLSv1', 'TLSv1_1'):
            context = tls_context()
            context.set_ciphers('ALL:@SECLEVEL=0')
            context.minimum_version = context.maximum_version = ssl.TLSVersion[name]
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(self.connect('tls'))

    def test_tls_garbage(self):
        chance = random.Random(11)
        heads = (b'\x16\x03\x01', b'\x16\x03\x03\x40\x00', b'\x16\x03\x01\x00\x05\x01\x00\x00\x01',
                 b'\x15\x03\x01\x00\x02\x02\x28', b'\x17\x03\x03\x00\x10', b'\x80\x2e\x01\x03\x01')
        for kind in ('tls', 'auto', 'plain', 'http'):
            for head in heads:
                connection = self.connect(kind)
                connection.sendall(head + chance.randbytes(3000))
                self.end(connection)
                self.read_to_end(connection)

    def test_garbage_after_the_handshake(self):
        connection = tls_context().wrap_socket(self.connect('tls'))
        self.addCleanup(connection.close)
        connection.sendall(b'NICK garbage\r\nUSER g 0 * :g\r\nJOIN #lobby\r\n')
        self.watcher.expect(r'^:garbage!\S+ JOIN ')
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        self.addCleanup(raw.close)
        raw.sendall(b'NICK plain\r\n' * 100)
        self.watcher.expect(r'^:garbage!\S+ QUIT ')

    def test_half_open_tls(self):
        hello = ssl_hello()
        for length in (1, 5, 6, 50, len(hello)):
            connection = self.connect('tls')
            connection.sendall(hello[:length])
            self.end(connection)
            self.read_to_end(connection)
        # Those that stay open are closed when the time to come in is over: test_limits.py.

    def test_a_connection_of_one_byte(self):
        for kind in ALL_KINDS:
            for byte in (b'\x16', b'G', b'\n', b'\0', b'N', b'\xff'):
                connection = self.connect(kind)
                connection.sendall(byte)
                self.end(connection)
                self.read_to_end(connection)

    def test_an_idle_prefix_costs_no_processor(self):
        """A protocol that is not known yet is waited for, not asked for again and again."""
        for kind in ('plain', 'tls', 'auto', 'http'):
            for prefix in (b'\x16\x03', b'GE', b'P', b'\r\n'):
                self.connect(kind).sendall(prefix)
        time.sleep(0.2)
        before = processor_seconds(self.shared)
        time.sleep(1)
        self.assertLess(processor_seconds(self.shared) - before, 0.5)

    def test_slow_http_heads(self):
        before = processor_seconds(self.shared)
        connections = [self.connect('http') for _ in range(50)]
        for connection in connections:
            connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n')
        start = time.monotonic()
        alive = list(connections)
        while alive:
            self.assertLess(time.monotonic() - start, LIMIT, 'slow heads stay for ever')
            time.sleep(0.5)
            for connection in list(alive):
                try:
                    connection.sendall(b'X-Slow: 1\r\n')
                    connection.settimeout(0)
                    if not connection.recv(4096):
                        alive.remove(connection)
                except BlockingIOError:
                    pass
                except OSError:
                    alive.remove(connection)
        self.assertLess(processor_seconds(self.shared) - before, 5)

    def test_random_bytes_on_every_listener(self):
        chance = random.Random(5)
        for kind in ALL_KINDS:
            for i in range(30):
                connection = self.connect(kind)
                data = chance.randbytes(chance.choice((1, 10, 100, 1000, 20000)))
                if i % 3 == 0:
                    data = b'NICK g%d\r\nUSER g 0 * :g\r\nJOIN #lobby\r\n' % i + data
                if i % 3 == 1:
                    data = data.replace(b'\0', b'\r\n').replace(b'\x80', b' ')
                try:
                    connection.sendall(data)
                except OSError:
                    continue
                self.end(connection)
                self.read_to_end(connection)


class Sound(Hostile):
    """With the usual limits on."""

    limits = True

    def test_lines_of_random_words(self):
        chance = random.Random(3)
        words = ('NICK', 'JOIN', 'PART', 'MODE', 'WHO', 'WHOIS', 'KICK', 'TOPIC', 'INVITE', 'LIST',
                 'NAMES', 'PRIVMSG', 'NOTICE', 'TAGMSG', 'CAP', 'AWAY', 'OPER', 'KILL', 'STATS',
                 'REHASH', 'USERHOST', 'WHOWAS', '#lobby', '#철수', 'watcher', '+b', '-o+v', '*!*@*',
                 ':', ',', '@', '#', '$*', '0', '999999999999999999999', '', 'REQ', 'LS', 'END',
                 ':multi-prefix -batch', '영희', '\u202e', '\x01ACTION\x01', 'a' * 200)
        for i in range(10):
            client = self.client(self.shared, f'random{i}', caps=CAPS, join='#lobby')
            lines = [' '.join(chance.choice(words) for _ in range(chance.randrange(1, 8)))
                     for _ in range(60)]
            client.send_bytes('\r\n'.join(lines + ['']).encode())
            client.take_ready()
            client.close()


class Stopping(TestCase):
    def test_sigterm_under_load(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server(edges=3)
            clients = [self.client(server, f'load{i}', kind='tls' if i % 3 == 0 else 'plain',
                                   join='#lobby') for i in range(12)]
            stop = threading.Event()

            def talk(client):
                while not stop.is_set() and client.try_send(b'PRIVMSG #lobby :load\r\n' * 20):
                    time.sleep(0.002)

            threads = [threading.Thread(target=talk, args=(client,)) for client in clients[:4]]
            for thread in threads:
                thread.start()
            try:
                pump(clients[4:], lambda: all(len(client.lines) > 500 for client in clients[4:]))
                server.process.send_signal(number)
                pump(clients[4:], lambda: all(client.ended for client in clients[4:]))
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            for client in clients[4:]:
                self.assertTrue(any(line.startswith('ERROR :') for line in client.lines[-1:]),
                                client.lines[-1:])
            self.assertEqual(0, server.process.wait(LIMIT))


def ssl_hello():
    """The first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        tls_context().wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


if __name__ == '__main__':
    main()
