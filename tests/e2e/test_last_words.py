"""Those who are sent away hear why, whatever they are still sending, and nobody waits for them."""
import socket
import subprocess
import time
import unittest

from harness import LIMIT, Client, Server, binary

PASSWORD = 'a password of the tests'


def connect(server, kind):
    return socket.create_connection(('127.0.0.1', server.ports[kind]), timeout=LIMIT)


def last_words(peer, data):
    """Sends everything, then reads to the end; a reset is an error."""
    with peer:
        try:
            peer.sendall(data)
        except ConnectionError:
            raise AssertionError('reset while sending') from None
        heard = b''
        while piece := peer.recv(65536):
            heard += piece
        return heard


class LastWords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(edges=1)
        cls.addClassCleanup(cls.server.stop_or_kill)

    def test_post_with_a_body(self):
        for kind in 'http', 'auto':
            head = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n'
            heard = last_words(connect(self.server, kind), head + b'x' * 300000)
            self.assertTrue(heard.startswith(b'HTTP/1.1 405 '), heard[:100])

    def test_irc_where_tls_is_spoken(self):
        heard = last_words(connect(self.server, 'tls'), b'NICK a\r\n' * 30000)
        self.assertEqual(heard, b'ERROR :This port speaks TLS only\r\n')

    def test_too_many_lines_before_registration(self):
        heard = last_words(connect(self.server, 'plain'), b'PING a\r\n' * 30000)
        self.assertIn(b'ERROR :Closing link: (127.0.0.1) [Too many lines', heard[-200:])

    def test_line_without_end(self):
        heard = last_words(connect(self.server, 'plain'), b'x' * 300000)
        self.assertIn(b'ERROR :Closing link: [Line too long]', heard)

    def test_quit_with_more_behind_it(self):
        client = Client(self.server, 'leaver')
        heard = last_words(client.socket, b'QUIT :bye\r\n' + b'PRIVMSG a :b\r\n' * 20000)
        self.assertIn(b'ERROR :Closing link: (leaver!~test@127.0.0.1) [Quit: bye]', heard)

    def test_what_was_piped_is_heard(self):
        """printf … | nc: the end comes at once, before the core has admitted anybody."""
        listener = Client(self.server, 'listener', join='#lobby')
        said = (b'NICK piped\r\nUSER p 0 * :P\r\nJOIN #lobby\r\nPRIVMSG #lobby :one\r\nLIST\r\n'
                b'PRIVMSG #lobby :two\r\nPRIVMSG #lobby :no line')
        with connect(self.server, 'plain') as peer:
            peer.sendall(said)
            peer.shutdown(socket.SHUT_WR)
            heard = b''
            while piece := peer.recv(65536):
                heard += piece
        self.assertIn(b' 323 piped ', heard)
        listener.expect(r'^:piped!\S+ PRIVMSG #lobby :one$')
        listener.expect(r'^:piped!\S+ PRIVMSG #lobby :two$')
        listener.expect(r'^:piped!\S+ QUIT :Connection closed$')
        listener.close()

    def test_who_never_closes_is_closed(self):
        peer = connect(self.server, 'http')
        peer.sendall(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        while peer.recv(65536):
            pass
        started = time.monotonic()
        with self.assertRaises(OSError):
            while time.monotonic() < started + LIMIT:
                peer.sendall(b'more')
                time.sleep(0.1)
        peer.close()


class Passwords(unittest.TestCase):
    def test_checks_of_those_who_left_are_left_out(self):
        made = subprocess.run([binary('marud'), 'genpasswd'], input=f'{PASSWORD}\n',
                              capture_output=True, text=True, timeout=LIMIT, check=True)
        config = f'operators = ( {{ name = "boss"; password = "{made.stdout.strip()}"; }} );\n'
        with Server(listeners=('plain',), edges=1, config=config) as server:
            boss = Client(server, 'boss')
            started = time.monotonic()
            boss.send(f'OPER boss :{PASSWORD}')
            boss.expect(' 381 ')
            alone = time.monotonic() - started
            for i in range(150):
                peer = connect(server, 'plain')
                peer.sendall(f'PASS boss:guess{i}\r\nNICK n{i}\r\nUSER a 0 * :a\r\n'.encode())
                boss.fence()
                peer.close()
            boss.fence()
            started = time.monotonic()
            boss.send(f'OPER boss :{PASSWORD}')
            boss.expect(' 381 ')
            self.assertLess(time.monotonic() - started, 15 * alone + 0.5)


if __name__ == '__main__':
    unittest.main()
