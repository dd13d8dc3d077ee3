"""irssi and WeeChat from the distribution, driven as people drive them: by what they type."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

from harness import LIMIT


def missing(*programs):
    """Those that are not installed here."""
    return [program for program in programs if shutil.which(program) is None]


class Program:
    """A client that runs in a home of its own and is given lines to type."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix='maru-client-')
        self.environment = {'HOME': self.home, 'TMPDIR': self.home, 'TERM': 'screen-256color',
                            'LC_ALL': 'C.UTF-8', 'PATH': os.environ['PATH'],
                            'XDG_RUNTIME_DIR': self.home}

    def shown(self):
        """All that a person could have read so far."""
        raise NotImplementedError

    def type(self, line):
        raise NotImplementedError

    def sees(self, *parts):
        """Waits for one shown line that has all the parts, in their order; returns it."""
        deadline = time.monotonic() + LIMIT
        while True:
            for line in self.shown().splitlines():
                at = 0
                for part in parts:
                    found = line.find(part, at)
                    at = found + len(part)
                    if found < 0:
                        break
                else:
                    return line
            if time.monotonic() > deadline:
                raise AssertionError(f'{parts} was not shown:\n' + self.shown()[-5000:])
            time.sleep(0.1)

    def finish(self):
        shutil.rmtree(self.home, ignore_errors=True)


class Irssi(Program):
    """In a terminal of tmux, with a server of tmux that is nobody else's."""

    def __init__(self, port, nick, tls=False):
        super().__init__()
        self.tmux_socket = os.path.join(self.home, 'tmux')
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '150', '-y', '60',
                  'irssi', f'--home={self.home}/irssi')
        self.tmux('set-option', '-g', 'history-limit', '5000')
        self.sees('[(status)]')
        self.type('/set autolog_path ' + self.home + '/%0')
        self.type('/set autolog on')
        self.type('/set cmd_queue_speed 50msec')  # it waits 2.2 s between commands
        self.type(f'/set nick {nick}')  # its option takes no Korean one
        options = '-tls -notls_verify' if tls else '-notls'
        self.type(f'/connect {options} 127.0.0.1 {port}')

    def tmux(self, *words):
        return subprocess.run(['tmux', '-S', self.tmux_socket, *words], env=self.environment,
                              capture_output=True, text=True, timeout=LIMIT, check=True).stdout

    def shown(self):
        """The screen, and what irssi noted of what has scrolled away."""
        notes = [self.tmux('capture-pane', '-p', '-J')]
        for path in sorted(glob.glob(self.home + '/#*') + glob.glob(self.home + '/*.log')):
            with open(path, encoding='utf-8', errors='replace') as file:
                notes.append(file.read())
        return '\n'.join(notes)

    def type(self, line):
        self.tmux('send-keys', '-l', line)
        self.tmux('send-keys', 'Enter')

    def kill(self):
        """As kill -9 does."""
        os.kill(int(self.tmux('list-panes', '-F', '#{pane_pid}')), signal.SIGKILL)

    def finish(self):
        subprocess.run(['tmux', '-S', self.tmux_socket, 'kill-server'], env=self.environment,
                       capture_output=True, timeout=LIMIT, check=False)
        super().finish()


class Weechat(Program):
    """Without a screen: its fifo takes what is typed, its logger keeps what is shown."""

    def __init__(self, port, nick, tls=False):
        super().__init__()
        self.fifo = os.path.join(self.home, 'fifo')
        on = 'on' if tls else 'off'
        commands = [f'/set fifo.file.path {self.fifo}', '/fifo disable', '/fifo enable',
                    '/set logger.file.flush_delay 0', '/set logger.level.core 9',
                    '/set irc.look.smart_filter off', '/server add maru 127.0.0.1/' + str(port)]
        # Its options were called ssl before version 4.
        commands += [f'/set irc.server.maru.{name} {value}' for name, value in (
            ('ssl', on), ('ssl_verify', 'off'), ('tls', on), ('tls_verify', 'off'),
            ('anti_flood_prio_high', '0'), ('anti_flood_prio_low', '0'), ('nicks', nick), ('username', 'weechat'), ('realname', 'WeeChat'))]
        words = []
        for command in commands + ['/connect maru']:
            words += ['-r', command]
        self.process = subprocess.Popen(
            ['weechat-headless', '--dir', self.home + '/weechat', *words], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def shown(self):
        notes = []
        for path in sorted(glob.glob(self.home + '/weechat/**/*.weechatlog', recursive=True)):
            with open(path, encoding='utf-8', errors='replace') as file:
                notes.append(file.read())
        return '\n'.join(notes).replace('\t', ' ')

    def type(self, line, buffer='irc.server.maru'):
        """Types it in a buffer, such as irc.maru.#lobby."""
        deadline = time.monotonic() + LIMIT
        while not os.path.exists(self.fifo):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError('WeeChat does not run:\n' + self.shown()[-5000:])
            time.sleep(0.05)
        with open(self.fifo, 'w', encoding='utf-8') as file:
            file.write(f'{buffer} *{line}\n')

    def finish(self):
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        super().finish()
