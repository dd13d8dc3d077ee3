"""An echo means that it is on disk: with a database that somebody else holds for a while."""
import os
import re
import signal
import socket
import sqlite3
import time
import unittest

from harness import LIMIT, Client, Server

CAPS = 'echo-message standard-replies'
# A gate waits for two seconds; a machine that was slower than this has shown nothing.
SLOW = 1.5


class Held:
    """Nothing can be written to the database meanwhile."""

    def __init__(self, server):
        self.database = sqlite3.connect(os.path.join(server.data, 'history.db'),
                                        isolation_level=None, timeout=LIMIT)

    def __enter__(self):
        self.database.execute('BEGIN IMMEDIATE')
        self.since = time.monotonic()
        return self

    def __exit__(self, *args):
        self.database.execute('ROLLBACK')
        self.database.close()


def echoes(client, text):
    return [line for line in client.lines if line.endswith(f' PRIVMSG #r :{text}')]


class Stored(unittest.TestCase):
    def two(self, server):
        alice = Client(server, 'alice', caps=CAPS, join='#r')
        bob = Client(server, 'bob', join='#r')
        self.addCleanup(alice.close)
        self.addCleanup(bob.close)
        alice.expect('JOIN')
        alice.send('PRIVMSG #r :warm')
        alice.expect(' PRIVMSG #r :warm$')
        return alice, bob

    def test_others_at_once_the_echo_after_the_commit(self):
        with Server(listeners=('plain',)) as server:
            alice, bob = self.two(server)
            for attempt in range(20):
                with Held(server) as held:
                    alice.send(f'PRIVMSG #r :first {attempt}')
                    alice.send('PING fence')
                    bob.expect(rf' PRIVMSG #r :first {attempt}$')
                    bob.send(f'PRIVMSG #r :second {attempt}')
                    bob.fence()
                    alice.take_ready()
                    early = echoes(alice, f'first {attempt}')
                    in_time = time.monotonic() - held.since < SLOW
                start = len(alice.lines)
                alice.saw(rf' PRIVMSG #r :second {attempt}$')
                if in_time:
                    self.assertEqual(early, [])
                    kept = [line for line in alice.lines[start:] if ':alice' in line
                            or 'PONG' in line or ':bob' in line]
                    self.assertRegex(kept[0], rf':alice!\S+ PRIVMSG #r :first {attempt}$')
                    self.assertRegex(kept[1], ' PONG ')
                    self.assertRegex(kept[2], rf':bob!\S+ PRIVMSG #r :second {attempt}$')
                    return
            self.fail('the machine is too slow for this test')

    def test_fail_instead_of_an_echo_and_echoes_again_later(self):
        with Server(listeners=('plain',)) as server:
            alice, bob = self.two(server)
            with Held(server):
                alice.send('PRIVMSG #r :lost')
                alice.send('PING fence')
                bob.expect(' PRIVMSG #r :lost$')
                alice.expect(r' FAIL PRIVMSG NOT_STORED #r \S+ :')
                alice.expect(' PONG ')
            deadline = time.monotonic() + LIMIT
            number = 0
            while not echoes(alice, f'again {number}'):
                self.assertLess(time.monotonic(), deadline)
                number += 1
                alice.send(f'PRIVMSG #r :again {number}')
                alice.fence()
                time.sleep(0.1)
            self.assertEqual(echoes(alice, 'lost'), [])

    def test_half_closed_sender_gets_its_echo(self):
        with Server(listeners=('plain',)) as server:
            alice, bob = self.two(server)
            alice.send('PRIVMSG #r :the end')
            alice.socket.shutdown(socket.SHUT_WR)
            alice.expect(' PRIVMSG #r :the end$')
            alice.expect_closed()
            bob.expect(' QUIT ')

    def test_last_commit_comes_before_the_end(self):
        server = Server(listeners=('plain',))
        alice, bob = self.two(server)
        with Held(server):
            alice.send('PRIVMSG #r :last words')
            bob.expect(' PRIVMSG #r :last words$')
            server.process.send_signal(signal.SIGTERM)
        alice.expect_closed('ERROR ')
        answers = [line for line in alice.lines
                   if re.search('last words|NOT_STORED|ERROR', line)]
        self.assertEqual(len(answers), 2, answers)
        self.assertRegex(answers[1], '^ERROR ')
        server.stop()

    def test_classic_client_sees_its_own_words_and_that_they_are_not_stored(self):
        with Server(listeners=('plain', 'classic')) as server:
            bob = Client(server, 'bob', join='#lobby')
            self.addCleanup(bob.close)
            with socket.create_connection(('127.0.0.1', server.ports['classic']),
                                          timeout=LIMIT) as classic:
                classic.sendall('철수'.encode())
                bob.expect(' JOIN ')
                with Held(server):
                    classic.sendall('recv)철수 : 안녕\n'.encode())
                    bob.expect(' PRIVMSG #lobby :안녕$')
                    seen = b''
                    while '저장되지 않았습니다'.encode() not in seen:
                        seen += classic.recv(1024)
                self.assertIn('철수 : 안녕', seen.decode())


if __name__ == '__main__':
    unittest.main()
