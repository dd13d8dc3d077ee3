"""Disks that fail: strace answers a running server's calls in the kernel's place."""
import os
import shutil
import signal
import subprocess
import tempfile

from harness import LIMIT
from history_peer import until

SYNCS = 'fsync,fdatasync'


def why_not(*programs):
    """Why faults cannot be made here, or None."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return f'not installed: {missing}'
    try:
        with open('/proc/sys/kernel/yama/ptrace_scope', encoding='ascii') as file:
            if file.read().strip() != '0' and os.geteuid() != 0:
                return 'the kernel lets nobody but root attach to programs'
    except OSError:
        pass
    return None


class Faults:
    """While it lasts, these calls of the process go wrong: Faults(pid, 'fsync', 'error=EIO')."""

    def __init__(self, pid, calls, what):
        self.folder = tempfile.mkdtemp(prefix='maru-strace-')
        self.path = os.path.join(self.folder, 'calls')
        self.words = os.path.join(self.folder, 'words')
        with open(self.words, 'wb') as words:
            self.process = subprocess.Popen(
                ['strace', '-f', '-p', str(pid), '-o', self.path, '-e', f'trace={calls}',
                 '-e', f'inject={calls}:{what}'], stdout=words, stderr=words)
        until(self._is_attached, 'strace')

    def _read(self, path):
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def _is_attached(self):
        if self.process.poll() is not None:
            raise AssertionError(f'strace ended: {self._read(self.words)}')
        return 'attached' in self._read(self.words)

    def calls(self):
        """What was injected so far."""
        log = self._read(self.path) if os.path.exists(self.path) else ''
        return log.count('(INJECTED)') + log.count('(DELAYED)')

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.end()
