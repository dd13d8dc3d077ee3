"""A WebSocket client of our own (RFC 6455), strict about what a server may send. Standard library
only."""
import base64
import hashlib
import os
import struct

from harness import Client, tls_context

GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
TEXT_PROTOCOL, BINARY_PROTOCOL = 'text.ircv3.net', 'binary.ircv3.net'


def frame(payload, opcode=TEXT, final=True, mask=None, bits=0):
    """One frame of a client, masked as it must be."""
    mask = os.urandom(4) if mask is None else mask
    head = bytes([(0x80 if final else 0) | bits | opcode])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 65536:
        head += struct.pack('!BH', 0x80 | 126, len(payload))
    else:
        head += struct.pack('!BQ', 0x80 | 127, len(payload))
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def request(protocols=(TEXT_PROTOCOL,), origin=None, headers=(), path='/', host='127.0.0.1',
            key=None, version='13'):
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [f'GET {path} HTTP/1.1', f'Host: {host}', 'Upgrade: websocket', 'Connection: Upgrade',
             f'Sec-WebSocket-Key: {key}', f'Sec-WebSocket-Version: {version}', *headers]
    if protocols:
        lines.append('Sec-WebSocket-Protocol: ' + ', '.join(protocols))
    if origin is not None:
        lines.append(f'Origin: {origin}')
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    return ('\r\n'.join(lines) + '\r\n\r\n').encode(), accept


class WsClient(Client):
    """A Client whose lines travel as WebSocket messages. Frames that are not lines are kept in
    `controls` as (opcode, payload)."""

    def __init__(self, server, nick=None, kind='http', caps=None, join=None, password=None,
                 protocols=(TEXT_PROTOCOL,), source=None, tls=False, before=b'', **options):
        self.ready = False
        Client.__init__(self, server, kind=kind, source=source)
        if before:
            self.socket.sendall(before)
        if tls:
            self.socket = tls_context().wrap_socket(self.socket)
        self.raw = b''
        self.controls = []
        self.protocol = None
        self._shake_hands(protocols, options)
        self.opcode = BINARY if self.protocol == BINARY_PROTOCOL else TEXT
        if nick is not None:
            self.register(nick, caps, password)
        if join is not None:
            self.join(join)

    def _shake_hands(self, protocols, options):
        data, accept = request(protocols, **options)
        self.socket.sendall(data)
        answer = b''
        while b'\r\n\r\n' not in answer:
            more = self.socket.recv(65536)
            if not more:
                break
            answer += more
        head, _, self.raw = answer.partition(b'\r\n\r\n')
        lines = head.decode().split('\r\n')
        self.answer = answer.decode('utf-8', 'replace')
        if not lines[0].startswith('HTTP/1.1 101 '):
            raise AssertionError(self.answer)
        fields = {name.lower(): value.strip()
                  for name, _, value in (line.partition(':') for line in lines[1:])}
        if fields['sec-websocket-accept'] != accept or fields['upgrade'] != 'websocket':
            raise AssertionError(self.answer)
        self.protocol = fields.get('sec-websocket-protocol')
        self.ready = True
        self._take_frames()

    def send_raw(self, data):
        Client.send_bytes(self, data)

    def send_bytes(self, data):
        """Each line is a message."""
        lines = data.replace(b'\r\n', b'\n').split(b'\n')
        if lines[-1] == b'':
            lines.pop()
        self.send_raw(b''.join(frame(line, self.opcode) for line in lines))

    def _receive(self):
        if not self.ready:
            return Client._receive(self)
        lines, self.buffer = self.buffer, b''
        alive = Client._receive(self)
        self.raw += self.buffer
        self.buffer = lines
        self._take_frames()
        return alive

    def _take_frames(self):
        while len(self.raw) >= 2:
            first, length = self.raw[0], self.raw[1]
            at = 2
            if first & 0x70 or not first & 0x80 or length & 0x80:
                raise AssertionError(f'not a frame of a server: {self.raw[:20]!r}')
            if length == 126:
                if len(self.raw) < 4:
                    return
                length, at = struct.unpack('!H', self.raw[2:4])[0], 4
            elif length == 127:
                raise AssertionError('a line of more than 64 KiB')
            if len(self.raw) < at + length:
                return
            payload, self.raw = self.raw[at:at + length], self.raw[at + length:]
            self._take_frame(first & 0xf, payload)

    def _take_frame(self, opcode, payload):
        if opcode == self.__dict__.get('opcode', opcode) and opcode in (TEXT, BINARY):
            if b'\n' in payload or b'\r' in payload or not payload:
                raise AssertionError(f'no line: {payload!r}')
            payload.decode('utf-8')
            self.buffer += payload + b'\n'
        elif opcode in (CLOSE, PING, PONG):
            self.controls.append((opcode, payload))
            if opcode == PING:
                self.send_raw(frame(payload, PONG))
        else:
            raise AssertionError(f'opcode {opcode} with {payload!r}')

    def close_code(self):
        """What the server's close frame said; it is its last."""
        opcode, payload = self.controls[-1]
        if opcode != CLOSE or self.raw:
            raise AssertionError(f'{self.controls} and {self.raw!r}')
        return struct.unpack('!H', payload[:2])[0]
