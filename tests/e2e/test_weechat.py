#!/usr/bin/env python3
"""WeeChat, which asks for many capabilities, with irssi and a classic client in the same room."""
import socket
import unittest

from harness import LIMIT, TestCase, main
from real_clients import Irssi, Weechat, missing

NEEDED = missing('weechat-headless')


@unittest.skipIf(NEEDED, f'not installed: {NEEDED}')
class Talk(TestCase):
    def weechat(self, server, nick, tls=False):
        weechat = Weechat(server.ports['tls' if tls else 'plain'], nick, tls)
        self.addCleanup(weechat.finish)
        weechat.sees('Welcome to the Maru Network', nick)
        return weechat

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
        weechat = self.weechat(server, 'weechat', tls)
        weechat.type('/join #lobby')
        alice.expect(r'^:weechat!\S+ JOIN #lobby$')
        weechat.sees('weechat', 'has joined #lobby')
        lobby = 'irc.maru.#lobby'
        weechat.type('안녕하세요 여러분', lobby)
        alice.expect(r'^:weechat!\S+ PRIVMSG #lobby :안녕하세요 여러분$')
        weechat.sees('weechat', '안녕하세요 여러분')
        alice.send('PRIVMSG #lobby :hello weechat')
        weechat.sees('alice', 'hello weechat')
        classic.sendall('recv)영희 : 반가워요'.encode())
        weechat.sees('영희', '반가워요')
        weechat.type('/nick 철수')
        alice.expect(r'^:weechat!\S+ NICK :?철수$')
        weechat.sees('You are now known as 철수')
        weechat.type('이제 철수입니다', lobby)
        alice.expect(r'^:철수!\S+ PRIVMSG #lobby :이제 철수입니다$')
        weechat.type('/join #한국')
        weechat.sees('철수', 'has joined #한국')
        alice.join('#한국')
        weechat.sees('alice', 'has joined #한국')
        weechat.type('/topic 새 주제', 'irc.maru.#한국')
        alice.expect(r'^:철수!\S+ TOPIC #한국 :새 주제$')
        weechat.type('/part', 'irc.maru.#한국')
        alice.expect(r'^:철수!\S+ PART #한국')
        alice.send('NICK alicia')
        weechat.sees('alice is now known as alicia')
        server.ctl('announce', '곧 점검합니다')
        weechat.sees('곧 점검합니다')
        weechat.type('/quit 안녕')
        alice.expect(r'^:철수!\S+ QUIT :.*안녕')
        self.assertEqual({'alicia', '영희'}, set(alice.names('#lobby')))

    @unittest.skipIf(missing('irssi', 'tmux'), 'irssi or tmux is not installed')
    def test_with_irssi(self):
        server = self.server(edges=3)
        weechat = self.weechat(server, '철수', tls=True)
        irssi = Irssi(server.ports['tls'], '영희', tls=True)
        self.addCleanup(irssi.finish)
        irssi.sees('Welcome to the Maru Network')
        weechat.type('/join #lobby')
        weechat.sees('철수', 'has joined')
        irssi.type('/join #lobby')
        weechat.sees('영희', 'has joined')
        irssi.sees('Total of 2 nicks')
        weechat.type('들리나요', 'irc.maru.#lobby')
        irssi.sees('철수>', '들리나요')
        irssi.type('네 들려요')
        weechat.sees('영희', '네 들려요')
        irssi.type('/nick 순이')
        weechat.sees('영희 is now known as 순이')
        irssi.type('/quit')
        weechat.sees('순이', 'has quit')


if __name__ == '__main__':
    main()
