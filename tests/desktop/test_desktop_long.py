#!/usr/bin/env python3
"""A hundred thousand messages and five thousand members: the client stays usable and bounded.

The server is ours and says what it likes, so that only the client is measured.
"""
import os
import socket
import sys
import threading
import time

import desk
from desk import step

MESSAGES = 100000
MEMBERS = 5000

# About 6 s of CPU in a plain build, most of it GTK shaping text for frames in between; the limit is
# for loaded machines.
ARRIVE_WITHIN_S = 240


class Talker:
    """A server with one room, in which much is said on request."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connection = None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connection, _ = self.listener.accept()
        buffer = b""
        while b"USER" not in buffer:
            buffer += connection.recv(4096)
        self.send(connection, ":s 001 mina :Welcome", ":s 422 mina :No MOTD")
        while b"JOIN" not in buffer:
            buffer += connection.recv(4096)
        names = [f"member{i:04}" for i in range(MEMBERS)]
        self.send(connection, ":mina!u@h JOIN #lobby",
                  *(f":s 353 mina = #lobby :{' '.join(names[i:i + 30])}"
                    for i in range(0, MEMBERS, 30)),
                  ":s 366 mina #lobby :End")
        self.connection = connection

    @staticmethod
    def send(connection, *lines):
        connection.sendall("".join(line + "\r\n" for line in lines).encode())

    def talk(self):
        for begin in range(0, MESSAGES, 1000):
            self.send(self.connection, *(
                f":member{i % 7:04}!u@h PRIVMSG #lobby :{i} 마루에 모두 모여서 이야기합니다. "
                f"{'The floor is wide. ' * (i % 9)}" for i in range(begin, begin + 1000)))


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test():
    server = Talker()
    mina = desk.Client("mina", f"irc://127.0.0.1:{server.port}", "--nick", "mina")
    mina.in_room()

    step("five thousand members arrive")
    mina.find("label", f"^{MEMBERS + 1} members$")
    before = memory_kib(mina.process.pid)

    step("a hundred thousand messages arrive, and the newest is in view")
    begin = time.monotonic()
    threading.Thread(target=server.talk, daemon=True).start()
    mina.sees(f": {MESSAGES - 1} 마루", ARRIVE_WITHIN_S)
    took = time.monotonic() - begin
    used = memory_kib(mina.process.pid) - before
    print(f"    {took:.1f} s, {used // 1024} MiB more")
    assert used < 200 * 1024, "the messages take too much memory"

    step("the person scrolls back, stays there while more is said, and returns")
    for _ in range(5):
        mina.keys("Prior")
    mina.find("push button", "^To the newest message$")
    desk.picture("1-back")
    server.send(server.connection, ":member0001!u@h PRIVMSG #lobby :something new")
    desk.wait_for(lambda: mina.shows("push button", "^To the newest message$"), "it stays")
    mina.press("^To the newest message$")
    mina.gone("push button", "^To the newest message$")
    mina.sees("something new")
    desk.picture("2-end")

    step("scrolling by pages costs little")
    cpu = resource_of(mina.process.pid)
    begin = time.monotonic()
    for _ in range(40):
        mina.keys("Prior")
    cpu = resource_of(mina.process.pid) - cpu
    print(f"    {cpu:.2f} s of CPU in {time.monotonic() - begin:.1f} s for 40 pages")
    mina.quit()


def resource_of(pid):
    """CPU seconds that the process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(desk.run(test))
