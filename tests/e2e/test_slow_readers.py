"""Memory follows use, whatever a peer does: slow readers."""
import socket
import unittest

from harness import SANITIZED, Client, Server

ROOMS = 40


def resident(server):
    """KiB of memory in use."""
    with open(f'/proc/{server.pid()}/status', encoding='ascii') as status:
        for line in status:
            if line.startswith('VmRSS:'):
                return int(line.split()[1])
    raise AssertionError('no VmRSS')


class StoppedReader(Client):
    """Reads nothing after it has come in, and has little room."""

    def __init__(self, server, nick):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.connect(('127.0.0.1', server.ports['plain']))
        self.socket, self.buffer, self.ended, self.lines = listener, b'', False, []
        self.register(nick)


@unittest.skipIf(SANITIZED, 'a sanitizer keeps freed memory')
class SlowReader(unittest.TestCase):
    def test_waiting_lines_do_not_hold_what_others_were_sent(self):
        config = 'limits: { sendq_bytes = 67108864; };\n'
        with Server(listeners=('plain',), edges=1, config=config) as server:
            slow = StoppedReader(server, 'slow')
            busy = Client(server, 'busy')
            for first in range(0, ROOMS, 8):
                busy.send('JOIN ' + ','.join(f'#room{i:040}' for i in range(first, first + 8)))
            self.assertEqual(len(busy.fence()) // 3, ROOMS)
            for _ in range(20):  # more than the kernel takes
                busy.send_bytes((f'PRIVMSG slow :{"x" * 400}\r\n' * 1000).encode())
                busy.fence()
            before = resident(server)
            for _ in range(300):
                # Each turn makes a run of some 100 KB, of which the slow one waits for a line.
                busy.send_bytes(b'LIST\r\n' * 25 + b'PRIVMSG slow :y\r\n')
                busy.fence()
                busy.lines.clear()
            self.assertLess(resident(server) - before, 10000)
            slow.socket.close()
            busy.socket.close()


if __name__ == '__main__':
    unittest.main()
