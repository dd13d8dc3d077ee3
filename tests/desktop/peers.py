"""Others whom desktop tests meet: ngircd from Debian, and a plain IRC client of our own."""
import hashlib
import os
import socket
import ssl
import subprocess

import desk

NGIRCD = "/usr/sbin/ngircd"


def start_ngircd(port, folder, channel="#lobby"):
    """ngircd in the foreground, on loopback, with a temporary configuration."""
    path = os.path.join(folder, "ngircd.conf")
    with open(path, "w") as conf:
        conf.write(f"""[Global]
Name = irc.test.local
Info = a test
Listen = 127.0.0.1
Ports = {port}
ServerUID = nobody
ServerGID = nogroup
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
MaxNickLength = 20
[Options]
DNS = no
Ident = no
PAM = no
ChrootDir =
[Channel]
Name = {channel}
Topic = An old server
""")
    os.chmod(path, 0o644)
    os.chmod(folder, 0o755)
    log = open(os.path.join(desk.OUT, "ngircd.log"), "w")
    process = desk.start([NGIRCD, "-n", "-f", path], stdout=log, stderr=log)
    desk.wait_for_port(port)
    return process


class Marud:
    """The real server, on loopback and on every address of this machine."""

    def __init__(self, folder, port=None, plain_port=None, password=None):
        self.folder = folder
        self.options = self.asking_for(password) if password else []
        self.port = port or desk.free_port()
        self.plain_port = plain_port or desk.free_port()
        self.log = open(os.path.join(desk.OUT, "marud.log"), "a")
        self.start()

    def asking_for(self, password):
        """Options of a server that wants this password."""
        hashed = subprocess.run([os.environ["MARU_TEST_SERVER"], "genpasswd"], text=True,
                                input=f"{password}\n", capture_output=True, check=True).stdout
        path = f"{self.folder}.conf"
        with open(path, "w") as conf:
            conf.write(f'server: {{ password = "{hashed.strip()}"; }};\n')
        return ["--config", path]

    def start(self):
        self.process = desk.start(
            [os.environ["MARU_TEST_SERVER"], *self.options, "--data", self.folder, "--listen",
             f"tls=*:{self.port}", "--listen", f"plain=127.0.0.1:{self.plain_port}"],
            stdout=self.log, stderr=self.log)
        desk.wait_for_port(self.port)
        desk.wait_for(lambda: self.ctl("status"), "the control socket answers")

    def ctl(self, *words):
        done = subprocess.run([os.environ["MARU_TEST_CTL"], "--data", self.folder, *words],
                              capture_output=True, text=True, timeout=desk.LIMIT_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self):
        """As when the power fails."""
        self.process.kill()
        self.process.wait()

    def fingerprint(self):
        with open(os.path.join(self.folder, "tls.pem")) as pem:
            der = ssl.PEM_cert_to_DER_cert(pem.read())
        digest = hashlib.sha256(der).hexdigest().upper()
        return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


class Peer:
    """A person with another IRC client: says and hears lines."""

    def __init__(self, nick, port, room="#lobby", tls=False, host="127.0.0.1", join=True):
        self.nick = nick
        self.socket = socket.create_connection((host, port), 10)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.socket.settimeout(desk.LIMIT_S)
        self.buffer = b""
        self.send(f"NICK {nick}", f"USER peer 0 * :{nick}")
        if join:
            self.hear(" 001 ")
            self.send(f"JOIN {room}")
            self.hear(" 366 ")

    def send(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def line(self):
        while b"\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"{self.nick}: the server closed")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        line = line.decode(errors="replace").rstrip("\r")
        if line.startswith("PING"):
            self.send("PONG" + line[4:])
        return line

    def hear(self, part):
        """The first line that contains `part`."""
        while True:
            line = self.line()
            if part in line:
                return line

    def close(self):
        self.socket.close()
