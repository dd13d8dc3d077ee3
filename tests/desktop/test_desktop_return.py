#!/usr/bin/env python3
"""A lost connection is shown and retried, the room continues, and nothing that was typed is lost."""
import os
import sys

import desk
import peers
from desk import step


def test():
    folder = os.path.join(os.environ["HOME"], "server")
    server = peers.Marud(folder)
    address = f"127.0.0.1:{server.port}"
    mina = desk.Client("mina", address, "--nick", "mina")
    mina.in_room()
    john = desk.Client("john", address, "--nick", "john")
    john.in_room()
    mina.place(0, 40, 640, 700)
    john.place(640, 40, 640, 700)
    mina.sees_members("john", "mina")
    mina.say("before the storm")
    john.sees("before the storm")

    step("the server dies; both see it, and what is written stays")
    server.kill()
    for client in (mina, john):
        client.find("label", "^The connection was lost")
        client.sees("^The connection was lost")
    mina.fill("^Message$", "half a sentence")
    mina.keys("End", "Return")
    assert mina.entry_text() == "half a sentence"
    assert mina.process.poll() is None and john.process.poll() is None
    desk.picture("1-lost")

    step("it comes back; so do they, by themselves, into the same room with the same messages")
    server.start()
    for client in (mina, john):
        client.gone("label", "^The connection was lost")
        client.sees("^You are back in #lobby as")
        client.sees_members("john", "mina")
        client.sees("before the storm")
    assert mina.entry_text() == "half a sentence"
    mina.press("^Send$")
    john.sees("^mina, .*: half a sentence$")
    desk.picture("2-back")

    step("an operator disconnects one: it is told, and does not come back unasked")
    server.ctl("kick", "john", "too loud")
    dialog = john.dialog("You Were Removed")
    john.find("label", "too loud", within=dialog)
    desk.picture("3-removed")
    john.answer(dialog, "Close")
    john.find("label", "^You are no longer connected")
    mina.sees_members("mina")
    john.press("Connect Again$")
    mina.sees_members("john", "mina")
    john.gone("label", "^You are no longer connected")

    step("one goes to another room, is put out of it, and may ask to come in again")
    keeper = peers.Peer("keeper", server.plain_port, room="#tea")
    keeper.send("TOPIC #tea :Welcome · 어서 오세요")
    john.say("/join #tea")
    john.find("label", "^Welcome · 어서 오세요$")
    john.sees_members("john", "keeper")
    mina.sees_members("mina")
    keeper.send("KICK #tea john :out")
    john.find("label", "^You are no longer in this room")
    john.sees("^keeper removed you from #tea")
    desk.picture("4-out")
    john.press("Join Again$")
    john.sees_members("john", "keeper")
    mina.quit()

    step("the server comes back as another one: nobody talks to it before it is trusted")
    server.kill()
    john.find("label", "^The connection was lost")
    peers.Marud(os.path.join(os.environ["HOME"], "other"), server.port)
    dialog = john.dialog("The Server Is Not the Same")
    desk.picture("5-changed")
    john.answer(dialog, "New One")
    john.sees_members("john")
    john.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
