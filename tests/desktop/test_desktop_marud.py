#!/usr/bin/env python3
"""Two people with the client and others with their own programs, in one room of the real server."""
import os
import signal
import sys

import desk
import peers
from desk import step


def clipboard(client):
    """What was copied, seen by pasting it."""
    client.fill("^Message$", "")
    client.keys("ctrl+e", "ctrl+v")
    text = desk.wait_for(client.entry_text, "something is pasted")
    client.fill("^Message$", "")
    return text


def test():
    server = peers.Marud(os.path.join(os.environ["HOME"], "server"))
    address = f"127.0.0.1:{server.port}"

    step("a Korean and an English window; the address is this computer, and the login name is there")
    chulsoo = desk.Client("chulsoo", language="ko")
    mina = desk.Client("mina")
    assert mina.field("Address").text() == "127.0.0.1"
    assert mina.field("Nickname").text() != ""
    chulsoo.place(0, 40, 640, 700)
    mina.place(640, 40, 640, 700)
    desk.picture("1-first-pages")

    step("they join: encrypted, with the certificate remembered silently")
    chulsoo.join(address, "철수")
    chulsoo.in_room()
    mina.join(address, "Mina")
    mina.in_room()
    for client in (chulsoo, mina):
        client.sees_members("Mina", "철수")
        with open(os.path.join(client.config, "maru", "pins")) as pins:
            assert f"{address} {server.fingerprint()}" in pins.read()
    chulsoo.sees("^Mina님이 입장하였습니다")
    mina.find("label", "^#lobby$")

    step("they talk, in Korean and with emoji; what is said is confirmed by the server")
    chulsoo.say("안녕하세요! 마루에 오신 것을 환영합니다 🎉")
    mina.sees("^철수, .*: 안녕하세요! 마루에 오신 것을 환영합니다 🎉$")
    chulsoo.sees("^철수, .*환영합니다 🎉$")
    mina.say("Hello 철수! 만나서 반가워요 👩‍👩‍👧")
    chulsoo.sees("^Mina, .*: Hello 철수! 만나서 반가워요 👩‍👩‍👧$")
    mina.say("x" * 900)
    chulsoo.sees("^Mina, .*: x{300,}$")
    mina.say("/me listens")
    chulsoo.sees("^Mina, .*: listens$")

    step("others come with other programs, change their names and whisper")
    guest = peers.Peer("guest", server.plain_port)
    for client in (chulsoo, mina):
        client.sees_members("Mina", "guest", "철수")
    guest.send("PRIVMSG Mina :only for you", "NICK 손님")
    mina.sees("^Private message from guest, .*: only for you$")
    chulsoo.sees_members("Mina", "손님", "철수")
    mina.say("/msg 손님 thank you")
    guest.hear(":thank you")
    mina.sees("^Private message to 손님, .*: thank you$")
    guest.send("AWAY :tea")
    desk.wait_for(lambda: "손님, away" in mina.members(), "away is shown")
    desk.picture("2-talk")

    step("an announcement stands in a banner until it is closed, and stays among the messages")
    server.ctl("announce", "점심시간입니다. Lunch time!")
    for client in (chulsoo, mina):
        client.sees("^(Announcement|공지).*, .*: 점심시간입니다. Lunch time!$")
    mina.find("label", "^점심시간입니다. Lunch time!$")
    desk.picture("3-announcement")
    mina.press("^Close the announcement$")
    mina.gone("label", "^점심시간입니다. Lunch time!$")

    step("Tab completes names, Ctrl+C copies, the members can be hidden, all by keyboard")
    mina.fill("^Message$", "손")
    mina.keys("ctrl+e", "End", "Tab")
    desk.wait_for(lambda: mina.entry_text() == "손님", "Tab completes the name")
    mina.keys("ctrl+a", "Delete")
    mina.keys("F9")
    mina.gone("list", "^Members$")
    mina.keys("F9")
    mina.find("list", "^Members$")
    mina.keys("ctrl+question")
    desk.wait_for(lambda: len(mina.application.children()) == 2, "the shortcuts are shown")
    desk.picture("4-shortcuts", None)
    desk.wait_for(lambda: len(mina.application.children()) == 1 or mina.keys("Escape"),
                  "the shortcuts are gone")
    mina.focus_row("thank you$")
    mina.keys("ctrl+c")
    copied = clipboard(mina)
    assert copied == "thank you", copied
    mina.keys("ctrl+e")
    mina.type("back in the entry")
    desk.wait_for(lambda: mina.entry_text() == "back in the entry", "Ctrl+E leads to the entry")
    mina.keys("ctrl+a", "Delete")

    step("everything has a name for screen readers")
    for client in (chulsoo, mina):
        assert client.nameless() == [], client.nameless()
        assert all(client.rows()), client.rows()
        assert all(client.members()), client.members()

    step("a nickname is changed")
    mina.say("/nick 미나")
    chulsoo.sees("^Mina님이 이름을 미나")
    chulsoo.sees_members("미나", "손님", "철수")

    step("one is killed with -9, and the others see it leave")
    mina.quit(signal.SIGKILL)
    chulsoo.sees("^미나님이 퇴장하였습니다")
    chulsoo.sees_members("손님", "철수")

    step("one leaves with a reason")
    chulsoo.say("/quit 내일 봐요")
    assert " QUIT " in guest.hear("내일 봐요")
    chulsoo.has_left()
    chulsoo.press(r"입장\(J\)$")
    chulsoo.in_room()
    guest.hear(" JOIN ")
    chulsoo.leave()
    assert " QUIT " in guest.hear("나갑니다")


if __name__ == "__main__":
    sys.exit(desk.run(test))
