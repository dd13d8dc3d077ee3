#!/usr/bin/env python3
"""IRC over WebSocket, as browsers speak it: both subprotocols, over TLS too, and hostile frames."""
import os
import random
import socket
import struct
import time

from harness import LIMIT, SANITIZED, TestCase, main, pump, EveryoneSaw
from ws_client import (BINARY, BINARY_PROTOCOL, CLOSE, PING, PONG, TEXT, TEXT_PROTOCOL, WsClient,
                       frame, request)

CAPS = 'message-tags server-time echo-message batch labeled-response'


class Chat(TestCase):
    @classmethod
    def setUpClass(cls):
        from harness import Server
        cls.shared = Server(edges=2)

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()

    def ws(self, *args, **options):
        client = WsClient(self.shared, *args, **options)
        self.addCleanup(client.close)
        return client

    def test_subprotocols(self):
        for offered, chosen in (((TEXT_PROTOCOL,), TEXT_PROTOCOL),
                                ((BINARY_PROTOCOL,), BINARY_PROTOCOL),
                                ((TEXT_PROTOCOL, BINARY_PROTOCOL), TEXT_PROTOCOL),
                                ((BINARY_PROTOCOL, TEXT_PROTOCOL), BINARY_PROTOCOL),
                                (('chat', BINARY_PROTOCOL), BINARY_PROTOCOL),
                                (('chat',), None), ((), None)):
            with self.subTest(offered=offered):
                client = self.ws('sub', protocols=offered)
                self.assertEqual(chosen, client.protocol)
                client.fence()
                client.send('QUIT')
                client.expect_closed()

    def test_everybody_reads_everybody(self):
        """Raw, text, binary, wss and TLS in one room, with different capabilities."""
        clients = [self.client(self.shared, 'raw', join='#mixed'),
                   self.client(self.shared, 'tagged', caps=CAPS, join='#mixed', kind='tls'),
                   self.ws('text', join='#mixed'), self.ws('binary', join='#mixed',
                                                           protocols=(BINARY_PROTOCOL,)),
                   self.ws('textags', caps=CAPS, join='#mixed'),
                   self.ws('wss', kind='tls', caps='server-time', join='#mixed'),
                   self.ws('auto', kind='auto', join='#mixed'),
                   self.ws('autotls', kind='auto', tls=True, join='#mixed')]
        for client in clients:
            client.fence()
        for speaker in clients:
            for number in range(5):
                speaker.send(f'PRIVMSG #mixed :{speaker.nick} says {number} 안녕 {"x" * 300}')
        for speaker in clients:
            others = [client for client in clients if client is not speaker]
            pump(others, EveryoneSaw(others, f'{speaker.nick} says 4'))
        for client in clients:
            for speaker in clients:
                heard = [line for line in client.lines if f' :{speaker.nick} says ' in line]
                echoes = client is speaker and client.nick in ('tagged', 'textags')
                self.assertEqual(5 if client is not speaker or echoes else 0, len(heard))
                self.assertEqual(sorted(heard, key=lambda l: l.split(' says ')[1]), heard)
                tagged = [line for line in heard if line.startswith('@')]
                self.assertEqual(len(heard) if client.nick in ('tagged', 'textags', 'wss') else 0,
                                 len(tagged))
        # Answers of many lines, at the same time as chat.
        self.assertEqual({client.nick for client in clients}, set(clients[3].names('#mixed')))
        clients[2].send('WHO #mixed')
        clients[2].expect(r' 315 ')
        self.assertEqual(len(clients), sum(' 352 ' in line for line in clients[2].lines))

    def test_history_and_echoes(self):
        """What waits for the disk leaves framed, too."""
        client = self.ws('echo', caps=CAPS + ' draft/chathistory', join='#past')
        for number in range(20):
            client.send(f'@label=l{number} PRIVMSG #past :number {number}')
        for number in range(20):
            client.expect(rf'label=l{number}[; ].* PRIVMSG #past :number {number}$')
        client.send('CHATHISTORY LATEST #past * 50')
        client.expect(r' PRIVMSG #past :number 19$')
        client.expect(r' BATCH -')
        client.fence()

    def test_messages_in_parts(self):
        listener = self.ws('listener', join='#parts')
        client = self.ws('parts', join='#parts')
        listener.expect(r' JOIN #parts')
        text = 'PRIVMSG #parts :하나둘셋'.encode()
        parts = [text[i:i + 5] for i in range(0, len(text), 5)]
        data = frame(parts[0], TEXT, final=False)
        for number, part in enumerate(parts[1:], 1):
            data += frame(b'between', PING) + frame(part, 0, final=number == len(parts) - 1)
        client.send_raw(data)
        listener.expect(r' PRIVMSG #parts :하나둘셋$')
        client.fence()
        self.assertEqual([(PONG, b'between')] * (len(parts) - 1), client.controls)
        # The same byte by byte, and several messages at once.
        data = frame(b'PRIVMSG #parts :slow', BINARY) + frame(b'PRIVMSG #parts :two\r\n')
        for byte in data:
            client.send_raw(bytes([byte]))
        listener.expect(r' PRIVMSG #parts :slow$')
        listener.expect(r' PRIVMSG #parts :two$')

    def test_what_is_said_before_the_answer(self):
        """Frames right behind the request, in one packet, and the first line in it."""
        data, _ = request()
        connection = socket.create_connection(('127.0.0.1', self.shared.ports['http']), LIMIT)
        self.addCleanup(connection.close)
        user = frame(b'USER e 0 * :E')
        connection.sendall(data + frame(b'NICK early') + user[:7])
        answer = b''
        while b'\r\n\r\n' not in answer:
            answer += connection.recv(4096)
        self.assertTrue(answer.startswith(b'HTTP/1.1 101 '))
        connection.sendall(user[7:])
        while b' 001 early ' not in answer:
            more = connection.recv(4096)
            self.assertTrue(more, answer)
            answer += more

    def test_the_end(self):
        watcher = self.client(self.shared, 'watcher', join='#end')
        for number, bye in enumerate((frame(struct.pack('!H', 1001) + b'leaving', CLOSE),
                                      frame(b'', CLOSE))):
            client = self.ws(f'bye{number}', join='#end')
            client.send_raw(frame(b'PRIVMSG #end :last words') + bye + frame(b'PRIVMSG #end :no'))
            client.expect_closed()
            self.assertEqual(1001 - number, client.close_code())
            watcher.expect(rf'^:bye{number}!\S+ PRIVMSG #end :last words$')
            watcher.expect(rf'^:bye{number}!\S+ QUIT ')
        client = self.ws('quits', join='#end')
        client.send('QUIT :over')
        client.expect_closed(r'^ERROR :.*over')
        self.assertEqual(1000, client.close_code())
        client = self.ws('vanishes', join='#end')
        client.drop()
        watcher.expect(r'^:vanishes!\S+ QUIT ')
        self.assertFalse([line for line in watcher.lines if line.endswith(':no')])

    def test_a_browser_may_ping(self):
        client = self.ws('pinger')
        client.send_raw(frame(b'x' * 125, PING) + frame(b'', PONG))
        client.fence()
        self.assertEqual([(PONG, b'x' * 125)], client.controls)

    def test_stopping(self):
        server = self.server(listeners=('http', 'tls'))
        clients = [WsClient(server, f'stop{i}', kind=kind) for i, kind in
                   enumerate(('http', 'tls'))]
        server.process.terminate()
        for client in clients:
            client.expect_closed(r'^ERROR :.*shutting down')
            self.assertEqual(1001, client.close_code())
            client.close()

    def test_many_in_a_burst(self):
        """Runs that are shared, over WebSocket with and without tags and raw."""
        clients = [self.ws(f'ws{i}', join='#burst', caps=CAPS if i % 2 else None,
                           protocols=(BINARY_PROTOCOL if i % 3 else TEXT_PROTOCOL,))
                   for i in range(12)]
        clients += [self.client(self.shared, f'raw{i}', join='#burst') for i in range(4)]
        for client in clients:
            client.fence()
        for speaker in clients[::5]:
            speaker.send_bytes(''.join(f'PRIVMSG #burst :{speaker.nick} {i} {"y" * 200}\r\n'
                                       for i in range(200)).encode())
        for speaker in clients[::5]:
            others = [client for client in clients if client is not speaker]
            pump(others, EveryoneSaw(others, f'{speaker.nick} 199 '))
        for client in clients:
            for speaker in clients[::5]:
                heard = [int(line.split(f':{speaker.nick} ')[1].split()[0])
                         for line in client.lines if f' :{speaker.nick} ' in line]
                if client is not speaker:
                    self.assertEqual(list(range(200)), heard)


class Refusals(TestCase):
    @classmethod
    def setUpClass(cls):
        from harness import Server
        cls.shared = Server(edges=1)

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()

    def ask(self, data, kind='http', server=None):
        port = (server or self.shared).ports[kind]
        connection = socket.create_connection(('127.0.0.1', port), timeout=LIMIT)
        self.addCleanup(connection.close)
        connection.sendall(data)
        answer = b''
        while more := connection.recv(65536):
            answer += more
        return answer.decode()

    def asked(self, server=None, **options):
        """The first line of the answer, without the connection that a 101 begins."""
        data, _ = request(**options)
        # A half-closed connection ends what would be a WebSocket.
        port = (server or self.shared).ports['http']
        connection = socket.create_connection(('127.0.0.1', port), timeout=LIMIT)
        self.addCleanup(connection.close)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b''
        while more := connection.recv(65536):
            answer += more
        return int(answer.split()[1])

    def test_requests_that_are_wrong(self):
        good, _ = request()
        for wrong, code in ((good.replace(b': 13', b': 8'), 426),
                            (good.replace(b'Version: 13', b'Other: 13'), 426),
                            (good.replace(b'GET', b'POST'), 400),
                            (good.replace(b'Key: ', b'Key: !'), 400),
                            (good.replace(b'Connection: Upgrade', b'Connection: close'), 400),
                            (good.replace(b'Upgrade: websocket', b'Upgrade: h2c'), 200)):
            answer = self.ask(wrong)
            self.assertTrue(answer.startswith(f'HTTP/1.1 {code} '), answer)
            self.assertEqual(code == 426, 'Sec-WebSocket-Version: 13\r\n' in answer)
        answer = self.ask(good, kind='plain')
        self.assertTrue(answer.startswith('HTTP/1.1 400 '), answer)

    def test_origins(self):
        self.assertEqual(101, self.asked())
        self.assertEqual(101, self.asked(origin='http://127.0.0.1'))
        self.assertEqual(101, self.asked(origin='https://chat.example:8', host='chat.example:8'))
        self.assertEqual(403, self.asked(origin='https://evil.example'))
        self.assertEqual(403, self.asked(origin='null'))
        self.assertEqual(403, self.asked(origin='http://127.0.0.1:81'))
        listed = self.server(listeners=('http',), config='door = { websocket_origins = [ '
                             '"https://chat.example", "null" ]; };')
        self.assertEqual(101, self.asked(listed, origin='https://chat.example'))
        self.assertEqual(101, self.asked(listed, origin='null'))
        self.assertEqual(403, self.asked(listed, origin='http://127.0.0.1'))
        self.assertEqual(101, self.asked(listed), 'no browser')
        everybody = self.server(listeners=('http',),
                                config='door = { websocket_origins = [ "*" ]; };')
        self.assertEqual(101, self.asked(everybody, origin='https://evil.example'))

    def ends(self, data, code, reason=None, nick='bad', **options):
        client = WsClient(self.shared, nick, **options)
        self.addCleanup(client.close)
        try:
            client.send_raw(data)
        except OSError:
            pass
        client.expect_closed(reason)
        self.assertEqual(code, client.close_code())

    def test_hostile_frames(self):
        protocol = r'^ERROR :.*WebSocket protocol error'
        self.ends(frame(b'\xff'), 1007, r'^ERROR :.*UTF-8')
        self.ends(frame(b'NICK a\nQUIT'), 1008, r'^ERROR :.*one line')
        self.ends(frame(b'x', 3), 1002, protocol)
        self.ends(frame(b'x', 11), 1002, protocol)
        self.ends(frame(b'x', bits=0x40), 1002, protocol)
        self.ends(b'\x81\x05hello', 1002, protocol)  # no mask
        self.ends(frame(b'x', 0), 1002, protocol)
        self.ends(frame(b'x', final=False) + frame(b'y'), 1002, protocol)
        self.ends(frame(b'x', PING, final=False), 1002, protocol)
        self.ends(frame(b'x' * 126, PING), 1002, protocol)
        self.ends(b'\x81\xfe\x00\x05' + b'\0' * 9, 1002, protocol)  # not the shortest length
        self.ends(b'\x81\xff' + struct.pack('!Q', 2 ** 63) + b'\0' * 4, 1009)
        self.ends(frame(b'x' * 20000), 1009, r'^ERROR :.*Line too long')
        self.ends(b''.join(frame(b'x' * 4000, 0 if i else TEXT, final=False) for i in range(6)),
                  1009)
        self.ends(frame(b'\x03', CLOSE), 1002)
        self.ends(frame(b'x' * 20000), 1009, kind='tls')
        # Binary messages that are no UTF-8 are lines like any.
        client = WsClient(self.shared, 'fine', caps='standard-replies')
        self.addCleanup(client.close)
        client.send_raw(frame(b'PRIVMSG #a :\xff', BINARY))
        client.expect(r' FAIL \S+ INVALID_UTF8 ')
        client.send_raw(frame(b'PRIVMSG fine :' + b'x' * 5000))
        client.expect(r' 417 fine ')
        client.send_raw(frame(b'') * 50)
        client.fence()

    def test_before_registration(self):
        for data, code in ((frame(b'\xff'), 1007), (b'\x81\x05hello', 1002)):
            client = WsClient(self.shared)
            self.addCleanup(client.close)
            client.send_raw(data)
            client.expect_closed()
            self.assertEqual(code, client.close_code())

    def test_random_frames(self):
        chance = random.Random(9)
        for number in range(60):
            client = WsClient(self.shared, kind='tls' if number % 7 == 0 else 'http')
            self.addCleanup(client.close)
            data = frame(b'NICK r%d' % number) + frame(b'USER r 0 * :r') + frame(b'JOIN #random')
            for _ in range(30):
                payload = chance.randbytes(chance.choice((0, 3, 125, 126, 500, 5000)))
                piece = frame(payload, chance.choice((0, 1, 1, 2, 2, 8, 9, 10)),
                              final=chance.random() < 0.8)
                if chance.random() < 0.1:
                    piece = piece[:chance.randrange(len(piece))]
                data += piece
            try:
                client.send_raw(data + frame(b'x', 3))  # which ends it, if nothing did before
            except OSError:
                pass
            while client.read_line() is not None:
                pass
        WsClient(self.shared, 'after').close()

    def test_half_a_frame_costs_no_processor(self):
        client = WsClient(self.shared, 'half')
        self.addCleanup(client.close)
        client.send_raw(frame(b'x' * 9000)[:5000])

        def spent():
            with open(f'/proc/{self.shared.pid()}/stat', encoding='ascii') as file:
                fields = file.read().rpartition(')')[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
        time.sleep(0.2)
        before = spent()
        time.sleep(1)
        if not SANITIZED:
            self.assertLess(spent() - before, 0.5)

    def test_who_floods_is_closed(self):
        server = self.server(limits=True, listeners=('http', 'plain'))
        watcher = self.client(server, 'watcher', join='#flood')
        flooder = WsClient(server, 'flooder', join='#flood')
        self.addCleanup(flooder.close)
        sent = 0
        while flooder.try_send(b'PRIVMSG #flood :' + b'x' * 100 + b'\r\n') and sent < 100000:
            sent += 1
            flooder.take_ready()
        watcher.expect(r'^:flooder!\S+ QUIT :.*Excess Flood')


if __name__ == '__main__':
    main()
