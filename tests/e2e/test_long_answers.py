"""What can go wrong between the edge and the core: long answers that show nothing for a while, and
lines that must wait for them."""
import socket
import unittest

from harness import LIMIT, Client, Server

# A LIST that looks at thousands of masks and finds nothing: an answer of several pieces, most of
# which are empty.
ROOMS = 60
EMPTY_LIST = 'LIST ' + ','.join(['#z*'] * 100)


def client_with_rooms(server, nick='lister'):
    client = Client(server, nick)
    for first in range(0, ROOMS, 20):
        client.send('JOIN ' + ','.join(f'#room{i}' for i in range(first, first + 20)))
    client.fence()
    return client


class LongAnswers(unittest.TestCase):
    def test_piece_without_a_line_does_not_stop_the_answer(self):
        with Server(listeners=('plain',), edges=1) as server:
            client = client_with_rooms(server)
            client.send(EMPTY_LIST)
            client.expect(r' 321 ')
            client.expect(r' 323 ')
            client.fence()

    def test_end_of_an_over_long_line_is_never_a_command(self):
        with Server(listeners=('plain',), edges=1) as server:
            client = client_with_rooms(server)
            head = (EMPTY_LIST + '\r\n').encode()
            # The edge reads 16 KiB at a time: what is behind that is the line's last piece.
            line = b'A' * (16384 - len(head)) + b'JOIN #injected\r\n'
            client.send_bytes(head + line)
            client.expect(r' 323 ')
            lines = client.fence()
            self.assertTrue(any(' 417 ' in line for line in lines), lines)
            self.assertFalse([line for line in lines if 'injected' in line])


class Classic(unittest.TestCase):
    def test_text_behind_a_long_join_is_not_lost(self):
        with Server(listeners=('plain', 'classic'), edges=1) as server:
            crowd = [Client(server, f'{i:03}'.rjust(32, 'n'), join='#lobby') for i in range(300)]
            with socket.create_connection(('127.0.0.1', server.ports['classic']),
                                          timeout=LIMIT) as classic:
                frames = ''.join(f'recv)old : text {i}\n' for i in range(8))
                classic.sendall(('old' + frames).encode())
                for i in range(8):
                    crowd[0].expect(rf':old!\S+ PRIVMSG #lobby :text {i}$')
            for client in crowd:
                client.socket.close()


if __name__ == '__main__':
    unittest.main()
