#!/usr/bin/env python3
"""What the operator does: maructl, OPER, announcements, reloading, stopping."""
import json
import re
import signal
import socket
import subprocess
import tempfile
import time

from harness import LIMIT, SANITIZED, Client, EveryoneSaw, TestCase, binary, main, pump

PASSWORD = 'secret'


def operator_config():
    made = subprocess.run([binary('marud'), 'genpasswd'], input=PASSWORD + '\n',
                          capture_output=True, text=True, timeout=LIMIT, check=True)
    return f'operators = ( {{ name = "boss"; password = "{made.stdout.strip()}"; }} );\n'


def many(server, count, join=None):
    """That many registered clients, quickly."""
    clients = []
    for i in range(count):
        client = Client(server)
        client.nick = f'many{i:04d}'
        line = f'NICK {client.nick}\r\nUSER m 0 * :m\r\n'
        if join:
            line += f'JOIN {join(i)}\r\n'
        client.send_bytes(line.encode())
        clients.append(client)
    pump(clients, EveryoneSaw(clients, ' 366 ' if join else ' 422 '))
    return clients


class Admin(TestCase):
    def json(self, server, *words):
        return json.loads(server.ctl('--json', *words).stdout)

    def settle(self, condition, what):
        deadline = time.monotonic() + LIMIT
        while not condition():
            self.assertLess(time.monotonic(), deadline, f'waited in vain for {what}')
            time.sleep(0.05)

    def become_operator(self, client):
        client.send(f'OPER boss {PASSWORD}')
        client.expect(r' 381 ')

    def classic(self, server, nick):
        """A classic client that is in the room; returns its socket."""
        connection = socket.create_connection(('127.0.0.1', server.ports['classic']),
                                              timeout=LIMIT)
        self.addCleanup(connection.close)
        connection.sendall(nick.encode())
        self.classic_sees(connection, f'{nick}님이 입장하였습니다.')
        return connection

    def classic_sees(self, connection, text):
        data = b''
        while text.encode() not in data:
            more = connection.recv(1024)
            self.assertTrue(more, f'closed before {text}: {data.decode()}')
            data += more

    def write_config(self, server, text):
        with open(server.config_path, 'w', encoding='utf-8') as file:
            file.write(text)

    # ---- maructl ----

    def test_status(self):
        server = self.server(edges=2, config='limits: { max_clients = 50; };')
        self.client(server, 'alice', join='#room')
        waiting = self.client(server)
        self.settle(lambda: self.json(server, 'status')['unregistered'] == 1, 'one at the door')
        status = self.json(server, 'status')
        self.assertTrue(status['ok'])
        self.assertEqual((1, 50, 1, 2, 2, server.pid()),
                         (status['clients'], status['max_clients'], status['users'],
                          status['rooms'], status['edges'], status['pid']))
        text = server.ctl('status').stdout
        for part in ('Clients      1 of 50\n', 'At the door  1 of ', status['fingerprint']):
            self.assertIn(part, text)
        waiting.close()

    def test_long_lists(self):
        server = self.server(edges=3)
        count = 450
        clients = many(server, count, lambda i: f'#방{i:04d}')
        for client in clients:
            self.addCleanup(client.close)
        listed = self.json(server, 'clients')['clients']
        self.assertEqual([client.nick for client in clients],
                         sorted(client['nick'] for client in listed))
        self.assertEqual({0, 1, 2}, {client['edge'] for client in listed}, 'edges share them')
        self.assertEqual({1}, {client['rooms'] for client in listed})
        rooms = self.json(server, 'rooms')['rooms']
        self.assertEqual([f'#방{i:04d}' for i in range(count)],
                         sorted(room['name'] for room in rooms if room['name'] != '#lobby'))
        text = server.ctl('clients').stdout
        self.assertEqual(count + 1, text.count('\n'))
        self.assertIn('many0000', text)
        self.assertEqual(count + 2, server.ctl('rooms').stdout.count('\n'))

    def test_announcements_reach_everybody(self):
        server = self.server(edges=3, config=operator_config())
        plain = self.client(server, 'plain')
        tls = self.client(server, 'tls', kind='tls', join='#elsewhere')
        auto = self.client(server, 'auto', kind='auto', tls='TLSv1.3',
                           caps='message-tags server-time')
        classic = self.classic(server, '철수')
        server.ctl('announce', '10분', '뒤', '점검합니다')
        for client in (plain, tls, auto):
            client.expect(r'^(@\S+ )?:maru\.local NOTICE \$\* :10분 뒤 점검합니다$')
        self.classic_sees(classic, '[공지] 10분 뒤 점검합니다')
        self.assertIn('announcement: 10분 뒤 점검합니다', server.output())

        plain.send('NOTICE $* :not mine to say')
        plain.expect(r' 481 ')
        plain.send('OPER boss wrong')
        plain.expect(r' 464 ')
        plain.send(f'OPER nobody {PASSWORD}')
        plain.expect(r' 464 ')
        self.become_operator(plain)
        plain.send('NOTICE $* :from the operator')
        for client in (plain, tls, auto):
            client.expect(r':plain!\S+ NOTICE \$\* :from the operator$')
        self.classic_sees(classic, '[공지] from the operator')
        self.assertEqual(['auto', 'plain', 'tls', '철수'],
                         sorted(c['nick'] for c in self.json(server, 'clients')['clients']))

    def test_kick(self):
        server = self.server(edges=3)
        alice = self.client(server, 'alice', join='#room')
        bob = self.client(server, 'Bób', join='#room')
        alice.expect(r'^:Bób!\S+ JOIN ')
        server.ctl('kick', 'bÓb', 'too', 'loud')
        bob.expect_closed(r'^ERROR :.*too loud')
        alice.expect(r'^:Bób!\S+ QUIT :.*too loud')
        self.assertEqual({'alice': '@'}, alice.names('#room'))
        self.client(server, 'bób')
        classic = self.classic(server, '철수')
        server.ctl('kick', '철수')
        while classic.recv(1024):
            pass
        unknown = server.ctl('kick', 'nobody', check=False)
        self.assertEqual(1, unknown.returncode)
        self.assertIn('nobody here has that nickname', unknown.stderr)

    def test_what_maructl_refuses(self):
        server = self.server()
        for words in (('set', 'max-clients', '0'), ('set', 'max-clients', 'many'),
                      ('set', 'colour', '3'), ('announce',), ('nonsense',), ('status', 'more')):
            self.assertEqual(2, server.ctl(*words, check=False).returncode, words)
        self.assertEqual(1, server.ctl('announce', 'a\nb', check=False).returncode)
        self.assertFalse(json.loads(server.ctl('--json', 'kick', 'nobody', check=False).stdout)
                         ['ok'])

    # ---- reloading ----

    def test_reload_by_every_way(self):
        operator = operator_config()
        server = self.server(config='server: { motd = "first"; edges = 3; };\n' + operator)
        boss = self.client(server, 'boss')
        other = self.client(server, 'other')
        self.assertTrue(any('first' in line for line in other.lines))
        other.send('REHASH')
        other.expect(r' 481 ')
        self.become_operator(boss)

        def change(motd, maximum):
            self.write_config(server, f'server: {{ motd = "{motd}"; edges = 3; }};\n'
                              f'limits: {{ max_clients = {maximum}; }};\n' + operator)

        def took(motd, maximum):
            self.settle(lambda: self.json(server, 'status')['max_clients'] == maximum, motd)
            self.settle(lambda: self.motd(other) == [motd], motd)

        change('둘째', 20)
        server.process.send_signal(signal.SIGHUP)
        took('둘째', 20)
        change('third', 30)
        boss.send('REHASH')
        boss.expect(r' 382 boss ')
        boss.expect(r' NOTICE boss :\*\*\* The configuration was read again')
        took('third', 30)
        change('fourth', 40)
        server.ctl('reload')
        took('fourth', 40)

        # A mistake changes nothing, and is told to who can mend it.
        self.write_config(server, 'limits: { max_clients = 50; };\nlimit: { };\n')
        boss.send('REHASH')
        boss.expect(r' 382 boss ')
        boss.expect(r' NOTICE boss :\*\*\* .*marud\.conf:2: limit: expected')
        boss.expect(r' NOTICE boss :\*\*\* The configuration has mistakes and stays as it was')
        self.settle(lambda: re.search(r'marud\.conf:2: limit: expected', server.output()),
                    'the mistake in the log')
        process = server.ctl('reload', check=False)
        self.assertEqual(1, process.returncode)
        self.assertRegex(process.stdout, r'marud\.conf:2: limit: ')
        took('fourth', 40)
        for client in (boss, other):
            client.fence()

        # Who is no operator in the new file cannot become one.
        self.write_config(server, 'server: { motd = "fifth"; edges = 3; };\n')
        server.ctl('reload')
        self.settle(lambda: self.motd(other) == ['fifth'], 'fifth')
        other.send(f'OPER boss {PASSWORD}')
        other.expect(r' 464 ')

    def motd(self, client):
        client.send('MOTD')
        client.expect(r' (376|422) ')
        found = []
        for line in reversed(client.lines[:-1]):
            if ' 372 ' not in line:
                break
            found.insert(0, re.sub(r'^.* 372 \S+ :(- ?)?', '', line))
        return found

    # ---- starting and stopping ----

    def test_a_port_in_use(self):
        with socket.create_server(('127.0.0.1', 0)) as taken, tempfile.TemporaryDirectory() as data:
            port = taken.getsockname()[1]
            self.refuses_port(data, port)
        server = self.server(edges=3)
        client = self.client(server, 'alice')
        with tempfile.TemporaryDirectory() as data:
            self.refuses_port(data, server.ports['plain'])
        for i in range(6):
            self.client(server, f'bob{i}')
        client.fence()

    def refuses_port(self, data, port):
        result = subprocess.run([binary('marud'), '--data', data, '--listen',
                                 f'plain=127.0.0.1:{port}'], capture_output=True, text=True,
                                timeout=LIMIT, check=False)
        self.assertEqual(1, result.returncode)
        self.assertRegex(result.stderr, rf'127\.0\.0\.1.*{port}.*in use')

    def test_maructl_stop(self):
        server = self.server(edges=3)
        client = self.client(server, 'alice', join='#lobby')
        classic = self.classic(server, '철수')
        server.ctl('stop')
        client.expect_closed(r'^ERROR :')
        while classic.recv(1024):
            pass
        self.assertEqual(0, server.process.wait(LIMIT))

    def test_stop_with_a_thousand_clients(self):
        count = 1000
        server = self.server(edges=3)
        clients = many(server, count, lambda i: f'#room{i % 20}')
        silent = [socket.create_connection(('127.0.0.1', server.ports[kind]), timeout=LIMIT)
                  for kind in ('plain', 'tls', 'http', 'classic', 'auto')]
        for connection in silent:
            self.addCleanup(connection.close)
        for client in clients:
            self.addCleanup(client.close)
        self.assertEqual(count, self.json(server, 'status')['clients'])
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(LIMIT))
        if not SANITIZED:
            self.assertLess(time.monotonic() - start, 2 * 5)
        pump(clients, lambda: all(client.ended for client in clients))
        for client in clients:
            self.assertRegex(client.lines[-1], r'^ERROR :', client.nick)

    def test_stop_with_readers_that_do_not_read(self):
        """Who takes nothing more is not waited for."""
        server = self.server(edges=3)
        talker = self.client(server, 'talker', join='#loud')
        deaf = [self.client(server, f'deaf{i}', join='#loud') for i in range(5)]
        text = 'x' * 400
        for _ in range(20):
            talker.send_bytes(f'PRIVMSG #loud :{text}\r\n'.encode() * 500)
            talker.fence()
        self.assertTrue(deaf)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(LIMIT))
        if not SANITIZED:
            self.assertLess(time.monotonic() - start, 2 * 5)


if __name__ == '__main__':
    main()
