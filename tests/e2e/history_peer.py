"""Clients that read history, lines taken apart, and the database as it lies on disk."""
import os
import re
import shutil
import sqlite3
import tempfile
import time

import harness

CAPS = ('batch draft/chathistory draft/message-redaction echo-message labeled-response '
        'message-tags server-time soju.im/search standard-replies')
DATABASE = 'history.db'
ESCAPES = {':': ';', 's': ' ', 'r': '\r', 'n': '\n'}


class Line:
    """A line of the server: tags, source, command, params."""

    def __init__(self, text):
        self.text = text
        self.tags = {}
        rest = text
        if rest.startswith('@'):
            tags, _, rest = rest[1:].partition(' ')
            for tag in tags.split(';'):
                key, _, value = tag.partition('=')
                self.tags[key] = re.sub(r'\\(.?)', lambda m: ESCAPES.get(m[1], m[1]), value)
        self.source = ''
        if rest.startswith(':'):
            self.source, _, rest = rest[1:].partition(' ')
        self.nick = self.source.partition('!')[0]
        head, colon, last = rest.partition(' :')
        words = head.split()
        self.command = words[0]
        self.params = words[1:] + ([last] if colon else [])
        self.msgid = self.tags.get('msgid')
        self.time = self.tags.get('time')

    @property
    def last(self):
        return self.params[-1]

    def __repr__(self):
        return self.text


class Refused(Exception):
    """The code of a FAIL, and its line."""

    def __init__(self, line):
        super().__init__(line.text)
        self.code = line.params[1]
        self.line = line


class Reader(harness.Client):
    """A client that asks what was said."""

    def __init__(self, server, nick, caps=CAPS, **more):
        super().__init__(server, nick, caps=caps, **more)
        self.labels = 0

    def ask(self, command):
        """The lines of the batch that answers; Refused where there is a FAIL."""
        self.labels += 1
        label = f'ask{self.labels}'
        self.send(f'@label={label} {command}')
        open_ones = set()
        found = []
        while True:
            text = self.read_line()
            if text is None:
                raise AssertionError(f'closed while {command!r} was answered: {self.lines[-5:]}')
            line = Line(text)
            mine = line.tags.get('label') == label
            if line.command == 'FAIL' and (mine or line.tags.get('batch') in open_ones):
                raise Refused(line)
            if line.command == 'BATCH' and line.params[0].startswith('+'):
                if mine or line.tags.get('batch') in open_ones:
                    open_ones.add(line.params[0][1:])
            elif line.command == 'BATCH' and line.params[0][1:] in open_ones:
                open_ones.remove(line.params[0][1:])
                if not open_ones:
                    return found
            elif line.tags.get('batch') in open_ones:
                found.append(line)

    def history(self, words):
        return self.ask('CHATHISTORY ' + words)

    def everything(self, target, after='timestamp=1970-01-01T00:00:00.000Z', page=100):
        """All of it, page by page, oldest first."""
        found = []
        while True:
            lines = self.history(f'AFTER {target} {after} {page}')
            if not lines:
                return found
            found += lines
            after = f'msgid={lines[-1].msgid}'

    def say(self, target, text):
        """Says it and waits for the echo, which means that it is on disk. It has a label, so that
        each failure is told, not one a second."""
        self.labels += 1
        label = f'say{self.labels}'
        self.send(f'@label={label} PRIVMSG {target} :{text}')
        while True:
            line = self.read_line()
            if line is None:
                raise AssertionError(f'closed before the echo of {text!r}: {self.lines[-5:]}')
            line = Line(line)
            if line.command == 'FAIL' and line.tags.get('label') == label:
                raise Refused(line)
            if line.command == 'PRIVMSG' and line.tags.get('label') == label:
                return line


def texts(lines):
    return [line.last for line in lines]


def until(condition, what, limit=None):
    """Waits for it; returns what it gave."""
    deadline = time.monotonic() + (harness.LIMIT if limit is None else limit)
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f'waited in vain for {what}')
        time.sleep(0.05)


def rows(data, sql, *values):
    """Asks the database of a running server, or of one that has ended."""
    path = os.path.join(data, DATABASE)
    database = sqlite3.connect(f'file:{path}?mode=ro', uri=True, timeout=harness.LIMIT)
    try:
        return database.execute(sql, values).fetchall()
    finally:
        database.close()


def after_the_crash(data, sql, *values, check=True):
    """Asks a copy of what a killed server left behind, so that reading repairs nothing; checks its
    integrity, too."""
    with tempfile.TemporaryDirectory(prefix='maru-copy-') as folder:
        for suffix in ('', '-wal'):
            path = os.path.join(data, DATABASE + suffix)
            if os.path.exists(path):
                shutil.copy(path, folder)
        database = sqlite3.connect(os.path.join(folder, DATABASE))
        try:
            if check:
                found = database.execute('PRAGMA integrity_check').fetchall()
                if found != [('ok',)]:
                    raise AssertionError(f'the database is damaged: {found}')
            return database.execute(sql, values).fetchall()
        finally:
            database.close()
