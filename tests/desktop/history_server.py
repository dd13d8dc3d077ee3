"""An IRCv3 server of our own for one person and one room, whose past the test writes: history, search,
echoes, redaction. It runs on a thread; the test changes it between steps.
"""
import socket
import threading
from datetime import datetime, timedelta, timezone

CAPS = ("message-tags server-time echo-message batch labeled-response standard-replies multi-prefix "
        "draft/chathistory draft/message-redaction soju.im/search")
BEGIN = datetime(2026, 1, 1, 9, 0, tzinfo=timezone.utc)


def unescaped(value):
    out, rest = "", iter(value)
    for char in rest:
        if char == "\\":
            char = next(rest, "")
            char = {":": ";", "s": " ", "r": "\r", "n": "\n"}.get(char, char)
        out += char
    return out


class Said:
    """One message of the room."""

    def __init__(self, number, time, nick, text):
        self.id = f"m{number}"
        self.time = time
        self.nick = nick
        self.text = text
        self.gone = False

    def stamp(self):
        return self.time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.time.microsecond // 1000:03}Z"


class HistoryServer:
    """`page_max` is what 005 says; `echo` may be "stored", "lost" (NOT_STORED) or "never"."""

    def __init__(self, room="#lobby", caps=CAPS, page_max=100):
        self.room = room
        self.caps = caps
        self.page_max = page_max
        self.past = []
        self.asked = []
        self.said = []
        self.echo = "stored"
        self.silent = False  # history requests are not answered
        self.refuse = None  # the code of a FAIL for history requests
        self.nick = "?"
        self.connection = None
        self.lock = threading.RLock()
        self.listener = None
        self.port = 0
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def drop(self):
        """As when a cable is pulled out: the connection ends and nothing listens."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            if self.connection is not None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.connection = None

    def serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                with self.lock:
                    self.handle(connection, line.decode().rstrip("\r\n"))

    def remember(self, nick, text, after=timedelta(seconds=20)):
        """Something was said while nobody looked."""
        time = self.past[-1].time + after if self.past else BEGIN
        self.past.append(Said(len(self.past), time, nick, text))
        return self.past[-1]

    def say(self, nick, text, after=timedelta(seconds=20)):
        """Somebody says something, and the client hears it."""
        with self.lock:
            said = self.remember(nick, text, after)
            self.send(self.line_of(said))
        return said

    def redact(self, said, by):
        with self.lock:
            said.gone = True
            self.send(f":{by}!u@h REDACT {self.room} {said.id}")

    def line_of(self, said, batch=None, label=None):
        tags = f"time={said.stamp()};msgid={said.id}"
        tags += f";batch={batch}" if batch else ""
        tags += f";label={label}" if label else ""
        return f"@{tags} :{said.nick}!u@h PRIVMSG {self.room} :{said.text}"

    def send(self, *lines, connection=None):
        target = connection or self.connection
        if target is not None:
            target.sendall("".join(line + "\r\n" for line in lines).encode())

    def handle(self, connection, line):
        tags, label = "", None
        if line.startswith("@"):
            tags, line = line[1:].split(" ", 1)
            label = dict(tag.split("=", 1) for tag in tags.split(";")).get("label")
        head, _, tail = line.partition(" :")
        words = head.split() + ([tail] if tail else [])
        answer = getattr(self, "on_" + words[0].lower(), None)
        if answer is not None:
            answer(connection, words, label)

    def on_cap(self, connection, words, label):
        if words[1] == "LS":
            self.send(f":s.x CAP * LS :{self.caps}", connection=connection)
        elif words[1] == "REQ":
            self.send(f":s.x CAP * ACK :{words[2]}", connection=connection)

    def on_nick(self, connection, words, label):
        self.nick = words[1]

    def on_user(self, connection, words, label):
        self.send(f":s.x 001 {self.nick} :Welcome",
                  f":s.x 005 {self.nick} CASEMAPPING=ascii CHATHISTORY={self.page_max} "
                  "MSGREFTYPES=msgid,timestamp :are supported",
                  f":s.x 422 {self.nick} :No MOTD", connection=connection)

    def on_join(self, connection, words, label):
        self.connection = connection
        self.send(f":{self.nick}!u@h JOIN {self.room}",
                  f":s.x 353 {self.nick} = {self.room} :{self.nick} minho jisoo",
                  f":s.x 366 {self.nick} {self.room} :End")

    def on_ping(self, connection, words, label):
        self.send(f":s.x PONG s.x :{words[-1]}", connection=connection)

    def on_privmsg(self, connection, words, label):
        self.said.append(words[2])
        if self.echo == "never":
            return
        said = self.remember(self.nick, words[2])
        if self.echo == "stored":
            self.send(self.line_of(said, label=label))
        else:
            self.past.remove(said)
            said.id = "lost" + said.id
            self.send(f"@label={label} FAIL PRIVMSG NOT_STORED {self.room} {said.id} "
                      ":Delivered to who is here, but not stored")

    def on_redact(self, connection, words, label):
        for said in self.past:
            if said.id == words[2]:
                self.redact(said, self.nick)
                return
        self.send(f"FAIL REDACT UNKNOWN_MSGID {self.room} {words[2]} :This message does not exist")

    def batch(self, kind, label, messages):
        reference = f"b{len(self.asked)}"
        self.send(f"@label={label} :s.x BATCH +{reference} {kind}",
                  *(self.line_of(said, reference) for said in messages), f":s.x BATCH -{reference}")

    def on_chathistory(self, connection, words, label):
        _, how, room, where, limit = words
        self.asked.append(" ".join(words))
        if self.silent:
            return
        if self.refuse is not None:
            self.send(f"@label={label} FAIL CHATHISTORY {self.refuse} {how} {room} :Not now")
            return
        past = [said for said in self.past if not said.gone]
        limit = min(int(limit), self.page_max)
        at = None
        if where != "*":
            kind, value = where.split("=", 1)
            if kind == "msgid":
                at = next((i for i, said in enumerate(past) if said.id == value), None)
                if at is None:
                    self.send(f"@label={label} FAIL CHATHISTORY MESSAGE_ERROR {how} {room} :Unknown")
                    return
            else:
                at = sum(said.stamp() < value for said in past)
        if how == "LATEST":
            page = past[-limit:]
        elif how == "BEFORE":
            page = past[max(0, at - limit):at]
        elif how == "AFTER":
            page = past[at + 1:at + 1 + limit]
        else:
            page = past[max(0, at - limit // 2):at + limit // 2]
        self.batch(f"chathistory {room}", label, page)

    def on_search(self, connection, words, label):
        self.asked.append(" ".join(words))
        wanted = {key: unescaped(value) for key, value in
                  (part.split("=", 1) for part in words[1].split(";"))}
        found = [said for said in self.past if not said.gone
                 and wanted.get("text", "") in said.text
                 and wanted.get("from", said.nick) == said.nick
                 and wanted.get("before", "9") >= said.stamp()]
        self.batch("soju.im/search", label, found[-int(wanted["limit"]):])
