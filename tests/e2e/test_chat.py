#!/usr/bin/env python3
"""People in rooms, over real sockets: plain and TLS 1.2 and 1.3, on one edge and on three."""
import socket
import time
import unicodedata

from harness import LIMIT, SANITIZED, Client, EveryoneSaw, Server, TestCase, main, pump

ALL_CAPS = ('message-tags server-time echo-message batch labeled-response multi-prefix '
            'userhost-in-names extended-join away-notify setname')


def nfd(text):
    return unicodedata.normalize('NFD', text)


class Talk:
    """Everything here must hold whatever the connection is and however many edges there are."""

    edges = 1
    tls = None

    @classmethod
    def setUpClass(cls):
        cls.shared = Server(edges=cls.edges)

    @classmethod
    def tearDownClass(cls):
        cls.shared.stop_or_kill()

    def come(self, nick, **options):
        kind = 'tls' if self.tls else 'plain'
        client = self.client(self.shared, nick, kind=kind, tls=self.tls, **options)
        if self.tls:
            self.assertEqual(self.tls, client.socket.version())
        self.addCleanup(self.see_off, client)
        return client

    def see_off(self, client):
        """Its nickname is free for the next test when the server has closed."""
        if client.socket.fileno() >= 0 and client.try_send(b'QUIT\r\n'):
            client.expect_closed()

    def assert_names(self, room, expected, *viewers):
        for viewer in viewers:
            viewer.fence()
            self.assertEqual(expected, viewer.names(room), f'as {viewer.nick} sees it')

    def test_two_people(self):
        alice = self.come('alice', join='#two')
        bob = self.come('bob')
        bob.send('JOIN #two')
        bob.expect(r'^:bob!~test@127\.0\.0\.1 JOIN #two$')
        bob.expect(r' 353 bob = #two :@alice bob$')
        bob.expect(r' 366 bob #two ')
        alice.expect(r'^:bob!~test@127\.0\.0\.1 JOIN #two$')
        alice.send('PRIVMSG #two :hello bob')
        bob.expect(r'^:alice!~test@127\.0\.0\.1 PRIVMSG #two :hello bob$')
        bob.send('PRIVMSG #two :hello  alice ')
        alice.expect(r'^:bob!~test@127\.0\.0\.1 PRIVMSG #two :hello  alice $')
        bob.send('PRIVMSG alice :psst')
        alice.expect(r'^:bob!~test@127\.0\.0\.1 PRIVMSG alice :psst$')
        self.assertFalse([line for line in bob.fence() if 'PRIVMSG' in line], 'no echo unasked')
        bob.send('NICK robert')
        for client in (alice, bob):
            client.expect(r'^:bob!~test@127\.0\.0\.1 NICK :?robert$')
        alice.send('TOPIC #two :다음 주 월요일')
        for client in (alice, bob):
            client.expect(r'^:alice!\S+ TOPIC #two :다음 주 월요일$')
        bob.send('PART #two :good bye')
        for client in (alice, bob):
            client.expect(r'^:robert!\S+ PART #two :good bye$')
        bob.send('JOIN #two')
        bob.expect(r' 332 robert #two :다음 주 월요일$')
        bob.expect(r' 366 ')
        alice.send('KICK #two robert :out')
        for client in (alice, bob):
            client.expect(r'^:alice!\S+ KICK #two robert :out$')
        bob.send('JOIN #two')
        bob.expect(r' 366 ')
        bob.send('QUIT :see you')
        alice.expect(r'^:robert!\S+ QUIT :.*see you$')
        bob.expect_closed(r'^ERROR :')
        alice.send('QUIT')
        alice.expect_closed(r'^ERROR :')

    def test_korean_names(self):
        cheolsu = self.come('철수', join='#한국')
        younghee = self.come('영희', join='#한국')
        cheolsu.expect(r'^:영희!\S+ JOIN #한국$')
        younghee.send('PRIVMSG #한국 :안녕하세요')
        cheolsu.expect(r'^:영희!\S+ PRIVMSG #한국 :안녕하세요$')
        # Decomposed Hangul names the same people and rooms, whatever its bytes are.
        third = self.come('bob')
        third.send('JOIN ' + nfd('#한국'))
        third.expect(r' 366 \S+ #한국 ')
        cheolsu.expect(r'^:bob!\S+ JOIN #한국$')
        third.send('PRIVMSG ' + nfd('철수') + ' :' + nfd('가'))
        cheolsu.expect(r'^:bob!\S+ PRIVMSG 철수 :' + nfd('가') + '$')
        third.send('NICK ' + nfd('영희'))
        third.expect(r' 433 ')
        self.assert_names('#한국', {'철수': '@', '영희': '', 'bob': ''}, cheolsu, younghee, third)
        cheolsu.send('NICK 길동')
        for client in (cheolsu, younghee, third):
            client.expect(r'^:철수!\S+ NICK :?길동$')
        third.send('NICK 철수')
        third.expect(r'^:bob!\S+ NICK :?철수$')

    def test_case_is_folded(self):
        first = self.come('Ünal', join='#Café')
        second = self.come('bob')
        second.send('JOIN #CAFÉ')
        second.expect(r' 366 \S+ #Café ')
        second.send('PRIVMSG ünAL :hi')
        first.expect(r' PRIVMSG Ünal :hi$')
        second.send('NICK ' + nfd('ÜNAL'))
        second.expect(r' 433 ')
        second.send('NICK BOB')
        second.expect(r'^:bob!\S+ NICK :?BOB$')
        self.assert_names('#Café', {'Ünal': '@', 'BOB': ''}, first, second)

    def test_names_are_exact(self):
        room = '#exact'
        people = [self.come(f'p{i}', join=room) for i in range(8)]
        expected = {f'p{i}': '' for i in range(8)}
        expected['p0'] = '@'
        self.assert_names(room, expected, *people)
        people[0].send(f'MODE {room} +vo p1 p2')
        people[0].fence()
        expected.update(p1='+', p2='@')
        self.assert_names(room, expected, *people)
        people[3].send(f'PART {room}')
        people[3].fence()
        del expected['p3']
        self.assert_names(room, expected, people[0], people[7])
        people[2].send(f'KICK {room} p4')
        people[2].fence()
        del expected['p4']
        self.assert_names(room, expected, people[0], people[7])
        people[1].send('NICK q1')
        people[1].fence()
        expected['q1'] = expected.pop('p1')
        self.assert_names(room, expected, people[0], people[1], people[7])
        people[4].join(room)
        expected['p4'] = ''
        self.assert_names(room, expected, people[4], people[7])
        people[5].send('QUIT')
        people[5].expect_closed()
        people[6].close()
        people[7].drop()
        people[0].expect(r'^:p5!\S+ QUIT ')
        seen = ''.join(people[0].lines)
        for nick in ('p6', 'p7'):
            if f':{nick}!~test@127.0.0.1 QUIT' not in seen:
                pump(people[:1], lambda nick=nick: any(
                    line.startswith(f':{nick}!') and ' QUIT ' in line
                    for line in people[0].lines))
            del expected[nick]
        del expected['p5']
        self.assert_names(room, expected, *people[:3], people[4])

    def test_a_lost_connection_is_seen_at_once_and_frees_the_nickname(self):
        watcher = self.come('watcher', join='#lost')
        for end in (Client.close, Client.drop):
            lost = self.come('lost', join='#lost')
            lost.fence()
            watcher.fence()
            start = time.monotonic()
            end(lost)
            watcher.expect(r'^:lost!\S+ QUIT :\S')
            if not SANITIZED:
                self.assertLess(time.monotonic() - start, 5)
            self.assertEqual({'watcher': '@'}, watcher.names('#lost'))

    def test_many_senders_have_one_order(self):
        room, senders, listeners, count = '#order', 8, 4, 120
        everybody = [self.come(f's{i}', caps=ALL_CAPS if i % 2 else 'echo-message', join=room)
                     for i in range(senders)]
        everybody += [self.come(f'l{i}', join=room) for i in range(listeners)]
        for client in everybody:
            client.fence()
        marks = [len(client.lines) for client in everybody]
        for i, client in enumerate(everybody[:senders]):
            lines = [f'PRIVMSG {room} :{i}/{n}\r\n' + (f'PING f{n}\r\n' if n % 40 == 39 else '')
                     for n in range(count)]
            client.send_bytes(''.join(lines).encode())
        heard = []
        for client, mark in zip(everybody, marks):
            heard.append(Heard(client, mark, room))
        pump(everybody, lambda: all(h.update() >= senders * count for h in heard))
        order = heard[0].texts
        self.assertEqual(senders * count, len(order))
        for h in heard[1:]:
            self.assertEqual(order, h.texts, f'{h.client.nick} saw another order')
        for i in range(senders):
            self.assertEqual([f'{i}/{n}' for n in range(count)],
                             [text for text in order if text.startswith(f'{i}/')])
        self.assertEqual(1, len({tuple(h.ids) for h in heard if h.ids}), 'message ids differ')
        for i, client in enumerate(everybody[:senders]):
            # A PONG is a fence: exactly what was sent before the PING has come back before it.
            pump([client], EveryoneSaw([client], f' PONG maru.local :f{count - 1}'))
            own = 0
            for line in client.lines:
                own += f':{client.nick}!' in line and ' PRIVMSG ' in line
                if ' PONG ' in line and ':f' in line and 'fence' not in line:
                    self.assertEqual(int(line.rpartition(':f')[2]) + 1, own, line)

    def test_people_who_come_and_go_keep_the_order(self):
        """Joins, parts and nicknames take their place in the same order as what is said."""
        room, count = '#mixed', 60
        everybody = [self.come(f'm{i}', caps='echo-message', join=room) for i in range(6)]
        mover = self.come('mover')
        marks = []
        for client in everybody:
            client.fence()
            marks.append(len(client.lines))
        for i, client in enumerate(everybody):
            client.send_bytes(''.join(f'PRIVMSG {room} :{i}/{n}\r\n'
                                      for n in range(count)).encode())
        mover.send_bytes(''.join(f'JOIN {room}\r\nNICK mover{n}\r\nPART {room}\r\n'
                                 for n in range(20)).encode())

        def events(client, mark):
            return [line for line in client.lines[mark:] if line.startswith(':') and
                    line.split(' ')[1] in ('PRIVMSG', 'JOIN', 'PART', 'NICK')]

        wanted = 6 * count + 3 * 20
        pump(everybody + [mover], lambda: all(
            len(client.lines) - mark >= wanted for client, mark in zip(everybody, marks)))
        expected = events(everybody[0], marks[0])
        self.assertEqual(wanted, len(expected))
        for client, mark in zip(everybody, marks):
            self.assertEqual(expected, events(client, mark), client.nick)

    def test_labels_and_batches(self):
        alice = self.come('alice', caps=ALL_CAPS, join='#label')
        bob = self.come('bob', caps=ALL_CAPS, join='#label')
        alice.fence()
        alice.send('@label=a1 PRIVMSG #label :hi')
        line = alice.expect(r' PRIVMSG #label :hi$').string
        self.assertRegex(line, r'^@(\S+;)?label=a1[; ]')
        self.assertRegex(line, r'msgid=')
        other = bob.expect(r' PRIVMSG #label :hi$').string
        self.assertNotIn('label', other.partition(' ')[0])
        self.assertEqual(tag(line, 'msgid'), tag(other, 'msgid'))
        self.assertEqual(tag(line, 'time'), tag(other, 'time'))
        alice.send('@label=a2 PONG x')
        alice.expect(r'^@(\S+;)?label=a2 :\S+ ACK$')
        alice.send('@label=a3 WHOIS bob')
        start = alice.expect(r'^@(\S+;)?label=a3 :\S+ BATCH \+(\S+) labeled-response$')
        batch = start.group(2)
        inside = []
        while not alice.expect('.').string.endswith(f'BATCH -{batch}'):
            inside.append(alice.lines[-1])
        self.assertTrue(any(' 311 ' in line for line in inside), inside)
        self.assertTrue(any(' 318 ' in line for line in inside), inside)
        for line in inside:
            self.assertEqual(batch, tag(line, 'batch'), line)
        alice.send('@label=a4 PING x')
        alice.expect(r'^@(\S+;)?label=a4 :\S+ PONG ')

    def test_a_whole_session_in_one_packet(self):
        watcher = self.come('watcher', join='#packet')
        client = self.client(self.shared, kind='tls' if self.tls else 'plain', tls=self.tls)
        client.send_bytes(b'CAP LS 302\r\nNICK quick\r\nUSER q 0 * :q\r\n'
                          b'CAP REQ :echo-message\r\nCAP END\r\nJOIN #packet\r\n'
                          b'PRIVMSG #packet :one\r\nNICK quicker\r\nPRIVMSG #packet :two\r\n'
                          b'PING end\r\nQUIT :done\r\n')
        client.expect_closed(r'^ERROR ')
        seen = [line.split(' ')[1] for line in client.lines]
        for earlier, later in (('001', 'JOIN'), ('JOIN', '366'), ('366', 'PRIVMSG'),
                               ('PRIVMSG', 'NICK'), ('NICK', 'PONG')):
            self.assertLess(seen.index(earlier), seen.index(later), client.lines)
        watcher.expect(r'^:quick!\S+ JOIN #packet$')
        watcher.expect(r'^:quick!\S+ PRIVMSG #packet :one$')
        watcher.expect(r'^:quick!\S+ NICK :?quicker$')
        watcher.expect(r'^:quicker!\S+ PRIVMSG #packet :two$')
        watcher.expect(r'^:quicker!\S+ QUIT :.*done$')

    def test_what_is_said_before_the_end_is_heard(self):
        """As a script says something: all its lines at once, and the end behind them."""
        watcher = self.come('watcher', join='#script')
        for i in range(20):
            connection = socket.create_connection(('127.0.0.1', self.shared.ports['plain']),
                                                  timeout=LIMIT)
            self.addCleanup(connection.close)
            connection.sendall(f'NICK script{i}\r\nUSER s 0 * :s\r\nJOIN #script\r\n'
                               f'PRIVMSG #script :message {i}\r\n'.encode())
            connection.shutdown(socket.SHUT_WR)
            watcher.expect(rf'^:script{i}!\S+ PRIVMSG #script :message {i}$')
            watcher.expect(rf'^:script{i}!\S+ QUIT ')
            answer = b''
            while data := connection.recv(65536):
                answer += data
            self.assertIn(b' 366 ', answer)

    def test_lines_byte_by_byte(self):
        watcher = self.come('watcher', join='#bytes')
        client = self.client(self.shared, kind='tls' if self.tls else 'plain', tls=self.tls)
        for byte in 'NICK 느림\r\nUSER s 0 * :s\r\nJOIN #bytes\r\nPRIVMSG #bytes :천천히\r\n'.encode():
            client.send_bytes(bytes([byte]))
            time.sleep(0.001)
        watcher.expect(r'^:느림!\S+ JOIN #bytes$')
        watcher.expect(r'^:느림!\S+ PRIVMSG #bytes :천천히$')

    def test_line_ends(self):
        watcher = self.come('watcher', join='#ends')
        client = self.come('ender', join='#ends')
        client.send_bytes(b'PRIVMSG #ends :lf\nPRIVMSG #ends :crlf\r\nPRIVMSG #ends :two\r\r\n'
                          b'\r\n\n\r\n   \r\nPRIVMSG #ends :last\n')
        for text in ('lf', 'crlf', 'two', 'last'):
            watcher.expect(rf'^:ender!\S+ PRIVMSG #ends :{text}$')
        self.assertEqual([], [line for line in client.fence() if ' 421 ' in line])

    def test_a_big_room(self):
        room, count = '#big', 150
        first = self.come('big000', join=room)
        rest = []
        for i in range(1, count):
            client = self.client(self.shared, kind='tls' if self.tls else 'plain', tls=self.tls)
            client.nick = f'big{i:03d}'
            client.send_bytes(f'NICK {client.nick}\r\nUSER b 0 * :b\r\nJOIN {room}\r\n'.encode())
            rest.append(client)
        pump([first] + rest, EveryoneSaw(rest, ' 366 '))
        everybody = {f'big{i:03d}': '' for i in range(count)}
        everybody['big000'] = '@'
        self.assertEqual(everybody, first.names(room))
        self.assertEqual(everybody, rest[-1].names(room))
        # Half of them leave at once, each in its own way.
        for i, client in enumerate(rest[::2]):
            (client.close, client.drop, lambda c=client: c.send('QUIT'),
             lambda c=client: c.send(f'PART {room}'))[i % 4]()
        gone = {client.nick for client in rest[::2]}
        pump([first], lambda: gone <= {line[1:].partition('!')[0] for line in first.lines
                                       if ' QUIT ' in line or ' PART ' in line})
        left = {nick: prefix for nick, prefix in everybody.items() if nick not in gone}
        self.assertEqual(left, first.names(room))


class Addresses(TestCase):
    def test_both_families(self):
        server = self.server('--listen', 'plain=*:0', listeners=(), edges=2)
        four = self.client(server, 'four', join='#both')
        connection = socket.create_connection(('::1', server.ports['plain']), timeout=LIMIT)
        self.addCleanup(connection.close)
        connection.sendall(b'NICK six\r\nUSER six 0 * :six\r\nJOIN #both\r\n'
                           b'PRIVMSG #both :from afar\r\n')
        # An address that begins with a colon would end the parameters.
        four.expect(r'^:six!~six@0::1 JOIN #both$')
        four.expect(r'^:six!~six@0::1 PRIVMSG #both :from afar$')
        four.send('WHOIS six')
        four.expect(r' 311 four six ~six 0::1 \* :six$')
        connection.sendall(b'PRIVMSG four :who are you\r\n')
        four.expect(r'^:six!~six@0::1 PRIVMSG four :who are you$')


def tag(line, key):
    for item in line[1:].partition(' ')[0].split(';'):
        name, _, value = item.partition('=')
        if name == key:
            return value
    return None


class Heard:
    """What a client has heard in a room since a mark, read along as lines come."""

    def __init__(self, client, mark, room):
        self.client = client
        self.mark = mark
        self.room = room
        self.texts = []
        self.ids = []

    def update(self):
        for line in self.client.lines[self.mark:]:
            head, found, text = line.partition(f' PRIVMSG {self.room} :')
            if found:
                self.texts.append(text)
                if head.startswith('@') and tag(head, 'msgid'):
                    self.ids.append(tag(head, 'msgid'))
        self.mark = len(self.client.lines)
        return len(self.texts)


class Plain(Talk, TestCase):
    pass


class PlainThreeEdges(Talk, TestCase):
    edges = 3


class Tls12(Talk, TestCase):
    tls = 'TLSv1.2'


class Tls13ThreeEdges(Talk, TestCase):
    tls = 'TLSv1.3'
    edges = 3


if __name__ == '__main__':
    main()
