#!/usr/bin/env python3
"""The client at another server: ngircd from Debian. Join, chat, see members, leave."""
import os
import signal
import sys

import desk
import peers
from desk import step


def test():
    port = desk.free_port()
    peers.start_ngircd(port, os.environ["HOME"])
    address = f"irc://127.0.0.1:{port}"

    step("two people open the client; one joins by keyboard alone")
    mina = desk.Client("mina")
    mina.keys("shift+Tab", "ctrl+a")
    mina.type(address)
    desk.wait_for(lambda: mina.field("Address").text() == address, "the address is typed")
    mina.keys("Tab", "ctrl+a")
    mina.type("mina")
    mina.keys("Return")
    mina.in_room()
    desk.picture("1-alone")

    step("another one joins from the command line")
    john = desk.Client("john", address, "--nick", "john")
    john.in_room()
    mina.place(0, 40, 640, 700)
    john.place(640, 40, 640, 700)
    for client in (mina, john):
        client.sees_members("john", "mina")
    mina.sees("^john joined")

    step("they talk, in Korean and with emoji, by button and by Enter")
    mina.say("안녕하세요, john! 반갑습니다 😀")
    john.sees("^mina, .*: 안녕하세요, john! 반갑습니다 😀$")
    mina.sees("^mina, .*: 안녕하세요")
    john.type("Hello mina, nice floor you have here.")
    john.keys("Return")
    mina.sees("^john, .*: Hello mina, nice floor you have here.$")
    john.say("/me sits down")
    mina.sees("^john, .*: sits down$")
    desk.picture("2-talk")

    step("a third one comes with another program")
    guest = peers.Peer("guest", port)
    for client in (mina, john):
        client.sees_members("guest", "john", "mina")
    guest.send("PRIVMSG mina :only for you")
    mina.sees("^Private message from guest, .*: only for you$")
    assert not any("only for you" in row for row in john.rows())
    guest.send("NICK visitor")
    mina.sees("^guest is now visitor$")
    mina.sees_members("visitor", "john", "mina")

    step("the old server's topic is shown, and an unknown command explained")
    mina.find("label", "^An old server$")
    mina.say("/dance", kept=True)
    mina.sees("There is no command /dance")
    assert mina.entry_text() == "/dance"
    mina.say("//dance")
    john.sees("^mina, .*: /dance$")

    step("a nickname that the server refuses has its dialog, and the field is kept")
    cho = desk.Client("cho")
    cho.join(address, "mina")
    dialog = cho.dialog("This Nickname Is Taken")
    desk.picture("3-nick-taken")
    cho.answer(dialog, "Close")
    assert cho.field("Nickname").text() == "mina"
    cho.join(address, "철수")
    cho.answer(cho.dialog("This Nickname Cannot Be Used"), "Close")
    cho.quit()

    step("one leaves, one closes the window, and the others see why")
    visitor_rows = guest
    mina.leave()
    john.sees("^mina left")
    assert "QUIT" in visitor_rows.hear("QUIT")
    john.sees_members("john", "visitor")
    john.quit()
    assert "Leaving" in visitor_rows.hear(" QUIT ")

    step("a signal is a goodbye, too")
    signalled = desk.Client("signalled", address, "--nick", "signalled")
    signalled.in_room()
    visitor_rows.hear(" JOIN ")
    signalled.quit(signal.SIGTERM)
    assert signalled.process.returncode == 0
    assert "Leaving" in visitor_rows.hear(" QUIT ")

    step("who left can come back")
    mina.press("Join$")
    mina.in_room()
    mina.sees_members("mina", "visitor")
    mina.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
