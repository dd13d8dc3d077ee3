#!/usr/bin/env python3
"""The client and the real server: what was said is there on another device, after a restart too."""
import os
import re
import sys

import desk
import peers
from desk import step


def texts(client):
    return [found[1] for row in client.all_rows() if (found := re.search(r"말 (\d+)$", row))]


def finds(client, text):
    """Asks, again where the keys of the question got lost."""
    client.look_for(text)
    answer = "^(1 message found|Nothing was found)$"
    try:
        labels = desk.wait_for(lambda: desk.find_all(client.application, "label", answer),
                               "an answer", 20)
    except AssertionError:
        return False
    return "1" in labels[0].name


def test():
    server = peers.Marud(os.path.join(os.environ["HOME"], "server"))
    address = f"127.0.0.1:{server.port}"
    minho = peers.Peer("minho", server.plain_port)
    for i in range(130):
        minho.send(f"PRIVMSG #lobby :말 {i}")
        if i % 10 == 9:
            minho.send(f"PING :{i}")
            minho.hear("PONG")

    step("a newcomer sees the conversation so far, and older pages on the way up")
    mina = desk.Client("mina", address, "--nick", "mina")
    mina.in_room()
    mina.sees("^minho, .*: 말 129$")
    desk.wait_for(lambda: mina.keys("Prior") or any(
        "This is the beginning of #lobby" in row for row in mina.first_rows()), "the beginning")
    desk.wait_for(lambda: texts(mina) == [str(i) for i in range(130)], "all of it, once, in order")
    desk.picture("1-newcomer")

    step("what shows as sent is there after the power has failed, and what came meanwhile")
    mina.say("이것은 남습니다")
    mina.sees("^mina, .*: 이것은 남습니다$")
    server.kill()
    mina.find("label", "^The connection was lost")
    server.start()
    mina.gone("label", "^The connection was lost")
    mina.sees("^You are back in #lobby as mina")
    jisoo = desk.Client("jisoo", address, "--nick", "jisoo")
    jisoo.in_room()
    jisoo.sees("^mina, .*: 이것은 남습니다$")
    assert sum("이것은 남습니다" in row for row in mina.all_rows()) == 1
    jisoo.say("저도 봤어요")
    mina.sees("^jisoo, .*: 저도 봤어요$")
    desk.picture("2-restarted", jisoo)

    step("it is found when the index has it, and gone to")
    mina.find("push button", "^Search the conversation$")
    desk.wait_for(lambda: finds(mina, "남습니다"), "it is in the index")
    desk.picture("3-found", mina)
    mina.keys("Tab", "Return")
    desk.wait_for(lambda: mina.focused_name() and "남습니다" in mina.focused_name(), "gone to")
    mina.quit()
    jisoo.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
