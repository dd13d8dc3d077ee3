"""The servers that are measured: marud, two others from Debian, and the bare fan-out loop.

Each runs on one processor, on loopback, out of a folder of its own. Limits on floods and numbers of
clients are lifted for all, names are not looked up, and nothing else is changed. The packages are
unpacked into the build folder, not installed: no service starts and no profile binds them.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

START_LIMIT_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def unpack(package, folder):
    """The package's files; downloaded once. None where that is not possible."""
    target = os.path.join(folder, package)
    if os.path.isdir(target):
        return target
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(['apt-get', '-qq', 'download', package], cwd=folder, check=False,
                          capture_output=True)
    names = [name for name in os.listdir(folder)
             if name.startswith(package + '_') and name.endswith('.deb')]
    if done.returncode != 0 or not names:
        return None
    subprocess.run(['dpkg', '-x', os.path.join(folder, names[0]), target + '.part'], check=True)
    os.rename(target + '.part', target)
    return target


class Server:
    """One run of a server. `load_args` are what the load generator must know of it."""
    name = ''
    load_args = []
    at_once = 500  # clients on their way in at a time, where that is not what is measured
    storm_at_once = 0  # where it is; 0: all

    def __init__(self, build, processor):
        self.build = build
        self.processor = processor
        self.folder = os.path.join(build, 'run', self.name)
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        command = self.command()
        with open(os.path.join(self.folder, 'output'), 'wb') as output:
            self.process = subprocess.Popen(
                ['taskset', '-c', str(self.processor), *command], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.port), timeout=1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f'{self.name} does not start:\n{self.output()}') from None
                time.sleep(0.02)
        time.sleep(0.2)

    def output(self):
        with open(os.path.join(self.folder, 'output'), encoding='utf-8', errors='replace') as file:
            return file.read()[-2000:]

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path


class Marud(Server):
    name = 'marud'
    edges = 1
    history = 'false'

    def __init__(self, build, processor, tls=False):
        super().__init__(build, processor)
        self.tls = tls

    def command(self):
        config = self.write('marud.conf', f'server: {{ edges = {self.edges}; }};\n'
                            f'history: {{ on = {self.history}; }};\n')
        kind = 'tls' if self.tls else 'plain'
        return [os.path.join(self.build, 'src/daemon/marud'), '--config', config, '--data',
                os.path.join(self.folder, 'data'), '--no-limits', '--max-clients', '100000',
                '--listen', f'{kind}=127.0.0.1:{self.port}']


class Marud4(Marud):
    name = 'marud, 4 edges'
    edges = 4


class MarudHistory(Marud):
    name = 'marud, history'
    history = 'true'


class Bare(Server):
    """The limit: it parses nothing."""
    name = 'bare loop'
    load_args = ['--bare']

    def __init__(self, build, processor, tls=False):
        super().__init__(build, processor)
        self.tls = tls

    def command(self):
        command = [os.path.join(self.build, 'tests/bench/bare_loop'), str(self.port)]
        if self.tls:
            # The same kind of key as marud makes for itself.
            files = [os.path.join(self.folder, name) for name in ('tls.pem', 'tls.key')]
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                 '-nodes', '-subj', '/CN=bench', '-days', '2', '-out', files[0], '-keyout',
                 files[1]], check=True, capture_output=True)
            command += files
        return command


class Inspircd(Server):
    name = 'InspIRCd'
    at_once = 1000  # it lets them in once a second

    def command(self):
        files = unpack('inspircd', os.path.join(self.build, 'peers'))
        config = self.write('inspircd.conf', f'''
<server name="irc.bench.example" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.example">
<path moduledir="{files}/usr/lib/inspircd/modules" configdir="{self.folder}"
      datadir="{self.folder}" logdir="{self.folder}" runtimedir="{self.folder}">
<bind address="127.0.0.1" port="{self.port}" type="clients">
<connect name="main" allow="*" timeout="120" pingfreq="900" hardsendq="1073741824"
         softsendq="1073741824" recvq="1073741824" threshold="1000000" commandrate="1000000000"
         fakelag="no" localmax="100000" globalmax="100000" maxconnwarn="no" limit="100000"
         maxchans="100" resolvehostnames="no" useident="no" useconnectban="no">
<performance softlimit="19000" somaxconn="4096" nouserdns="yes" quietbursts="yes">
<dns server="127.0.0.1" timeout="1">
<log method="file" type="*" level="default" target="{self.folder}/log">
''')
        return [f'{files}/usr/sbin/inspircd', f'--config={config}', '--nofork', '--runasroot']


class Ngircd(Server):
    name = 'ngircd'
    at_once = storm_at_once = 8  # its listener's backlog is 10; what is over it waits for minutes

    def command(self):
        files = unpack('ngircd', os.path.join(self.build, 'peers'))
        os.chmod(self.folder, 0o755)
        config = self.write('ngircd.conf', f'''[Global]
Name = irc.bench.example
Info = bench
Listen = 127.0.0.1
Ports = {self.port}
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
MaxNickLength = 16
PingTimeout = 900
PongTimeout = 900
[Options]
DNS = no
Ident = no
PAM = no
''')
        return [f'{files}/usr/sbin/ngircd', '-n', '-f', config]


def has_peers(build):
    """Those of the peers that can be run here, and why others cannot."""
    peers = []
    for peer, package, program in ((Inspircd, 'inspircd', 'usr/sbin/inspircd'),
                                   (Ngircd, 'ngircd', 'usr/sbin/ngircd')):
        files = unpack(package, os.path.join(build, 'peers'))
        if files is None:
            print(f'{peer.name} is left out: its package cannot be downloaded')
            continue
        linked = subprocess.run(['ldd', os.path.join(files, program)], capture_output=True,
                                text=True, check=False).stdout
        missing = [line.split()[0] for line in linked.splitlines() if 'not found' in line]
        if missing:
            print(f'{peer.name} is left out: {", ".join(missing)} not found')
        else:
            peers.append(peer)
    return peers
