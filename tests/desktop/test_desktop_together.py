#!/usr/bin/env python3
"""Everybody in one room: two desktop clients, irssi and a classic client, with Korean names; then an
announcement, a full server, and somebody who is killed."""
import os
import signal
import socket
import sys

import desk
import peers
from desk import step

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
from real_clients import Irssi, missing  # noqa: E402


class Marud(peers.Marud):
    """With a port for classic clients, too."""

    def start(self):
        self.classic_port = desk.free_port()
        self.process = desk.start(
            [os.environ["MARU_TEST_SERVER"], "--data", self.folder,
             "--listen", f"tls=127.0.0.1:{self.port}",
             "--listen", f"plain=127.0.0.1:{self.plain_port}",
             "--listen", f"classic=127.0.0.1:{self.classic_port}"],
            stdout=self.log, stderr=self.log)
        desk.wait_for_port(self.port)
        desk.wait_for(lambda: self.ctl("status"), "the control socket answers")


class Classic:
    """The original client: what one recv(1024) returns is one message."""

    def __init__(self, nick, port):
        self.nick = nick
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.settimeout(desk.LIMIT_S)
        self.shown = []
        self.socket.sendall(nick.encode())
        self.shows(f"{nick}님이 입장하였습니다.")

    def say(self, text):
        self.socket.sendall(f"recv){self.nick} : {text}".encode())

    def shows(self, text):
        while not any(text in frame for frame in self.shown):
            frame = self.socket.recv(1024)
            if not frame:
                raise EOFError(f"{self.nick}: closed; shown: {self.shown}")
            self.shown.append(frame.decode())

    def closed(self):
        while self.socket.recv(1024):
            pass


def test():
    if missing("irssi", "tmux"):
        print("not installed:", missing("irssi", "tmux"))
        sys.exit(77)
    server = Marud(os.path.join(os.environ["HOME"], "server"))
    address = f"127.0.0.1:{server.port}"

    step("two desktop clients, irssi and a classic client come into one room")
    chulsoo = desk.Client("chulsoo", language="ko")
    mina = desk.Client("mina")
    for client in (chulsoo, mina):
        client.find("push button")
    chulsoo.place(0, 40, 640, 700)
    mina.place(640, 40, 640, 700)
    chulsoo.join(address, "철수")
    chulsoo.in_room()
    mina.join(address, "미나")
    mina.in_room()
    irssi = Irssi(server.plain_port, "지우", False)
    try:
        irssi.sees("Welcome to the Maru Network", "지우")
        irssi.type("/join #lobby")
        irssi.sees("지우", "has joined #lobby")
        classic = Classic("영희", server.classic_port)
        for client in (chulsoo, mina):
            client.sees_members("미나", "영희", "지우", "철수")

        step("each of them speaks, and everybody reads it")
        chulsoo.say("데스크톱에서 안녕")
        irssi.sees("철수>", "데스크톱에서 안녕")
        classic.shows("철수 : 데스크톱에서 안녕")
        irssi.type("irssi에서 안녕")
        classic.shows("지우 : irssi에서 안녕")
        classic.say("옛날 클라이언트에서 안녕")
        irssi.sees("영희>", "옛날 클라이언트에서 안녕")
        classic.shows("영희 : 옛날 클라이언트에서 안녕")
        for client in (chulsoo, mina):
            client.sees("^지우, .*: irssi에서 안녕$")
            client.sees("^영희, .*: 옛날 클라이언트에서 안녕$")
        mina.sees("^철수, .*: 데스크톱에서 안녕$")

        step("the operator announces")
        server.ctl("announce", "십 분 쉬고 합시다")
        classic.shows("[공지] 십 분 쉬고 합시다")
        for client in (chulsoo, mina):
            client.sees("^(Announcement|공지).*, .*: 십 분 쉬고 합시다$")
        irssi.type("/window 1")
        irssi.sees("십 분 쉬고 합시다")
        irssi.type("/window 2")
        desk.picture("1-together")

        step("the maximum is lowered to who is there, and the next is told that it is full")
        server.ctl("set", "max-clients", "4")
        late = desk.Client("late")
        late.join(address, "늦은이")
        dialog = late.dialog("Full")
        desk.picture("2-full")
        late.answer(dialog, "Close")
        late.quit()
        old = socket.create_connection(("127.0.0.1", server.classic_port), 10)
        old.settimeout(desk.LIMIT_S)
        old.sendall("늦은이".encode())
        assert "4" in old.recv(1024).decode()
        old.close()
        for client in (chulsoo, mina):
            client.sees_members("미나", "영희", "지우", "철수")

        step("one is killed with -9, and all the others see it leave")
        mina.quit(signal.SIGKILL)
        chulsoo.sees("^미나님이 퇴장하였습니다")
        chulsoo.sees_members("영희", "지우", "철수")
        classic.shows("미나님이 퇴장하였습니다.")
        irssi.sees("미나", "has quit")
    finally:
        irssi.finish()


if __name__ == "__main__":
    sys.exit(desk.run(test))
