#!/usr/bin/env python3
"""irssi, as a person types in it: plain and TLS, Korean names, seen by others and seeing them."""
import socket
import unittest

from harness import LIMIT, TestCase, main
from real_clients import Irssi, missing


@unittest.skipIf(missing('irssi', 'tmux'), f'not installed: {missing("irssi", "tmux")}')
class Talk(TestCase):
    def irssi(self, server, nick, tls=False):
        irssi = Irssi(server.ports['tls' if tls else 'plain'], nick, tls)
        self.addCleanup(irssi.finish)
        irssi.sees('Welcome to the Maru Network', nick)
        return irssi

    def test_a_conversation(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                self.converse(self.server(edges=3), tls)

    def converse(self, server, tls):
        alice = self.client(server, 'alice', join='#lobby')
        classic = socket.create_connection(('127.0.0.1', server.ports['classic']), timeout=LIMIT)
        self.addCleanup(classic.close)
        classic.sendall('영희'.encode())
        alice.expect(r'^:영희!\S+ JOIN #lobby$')
        irssi = self.irssi(server, 'irssi', tls)
        irssi.type('/join #lobby')
        alice.expect(r'^:irssi!\S+ JOIN #lobby$')
        irssi.sees('irssi', 'has joined #lobby')
        irssi.sees('Total of 3 nicks')
        irssi.type('안녕하세요 여러분')
        alice.expect(r'^:irssi!\S+ PRIVMSG #lobby :안녕하세요 여러분$')
        alice.send('PRIVMSG #lobby :hello irssi')
        irssi.sees('<', 'alice>', 'hello irssi')
        classic.sendall('recv)영희 : 반가워요'.encode())
        irssi.sees('<', '영희>', '반가워요')
        irssi.type('/nick 철수')
        alice.expect(r'^:irssi!\S+ NICK :?철수$')
        irssi.sees('known as 철수')
        irssi.type('이제 철수입니다')
        alice.expect(r'^:철수!\S+ PRIVMSG #lobby :이제 철수입니다$')
        irssi.type('/join #한국')
        irssi.sees('철수', 'has joined #한국')
        alice.join('#한국')
        irssi.sees('alice', 'has joined #한국')
        alice.send('PRIVMSG #한국 :비밀 방')
        irssi.sees('alice>', '비밀 방')
        irssi.type('/topic 새 주제')
        alice.expect(r'^:철수!\S+ TOPIC #한국 :새 주제$')
        irssi.type('/part')
        alice.expect(r'^:철수!\S+ PART #한국')
        server.ctl('announce', '곧 점검합니다')
        irssi.type('/window 1')
        irssi.sees('곧 점검합니다')
        irssi.type('/quit 안녕')
        alice.expect(r'^:철수!\S+ QUIT :.*안녕')
        self.assertEqual({'alice', '영희'}, set(alice.names('#lobby')))

    def test_two_of_them(self):
        server = self.server(edges=3)
        first = self.irssi(server, '철수', tls=True)
        second = self.irssi(server, '영희')
        first.type('/join #lobby')
        first.sees('철수', 'has joined')
        second.type('/join #lobby')
        first.sees('영희', 'has joined')
        first.type('들리나요')
        second.sees('철수>', '들리나요')
        second.type('네 들려요 😀')
        first.sees('영희>', '네 들려요')
        second.type('/msg 철수 둘이서만')
        first.sees('Act: ', '3')  # a window of its own
        first.type('/window 3')
        first.sees('둘이서만')
        # It is killed, not closed: the other sees it leave.
        second.kill()
        first.sees('영희', 'has quit')


if __name__ == '__main__':
    main()
