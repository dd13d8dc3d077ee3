#!/usr/bin/env python3
"""What was ever said is found, gone to, and left again. The server is our own."""
import sys
import time
from datetime import timedelta

import desk
from desk import step
from history_server import CAPS, HistoryServer

PEOPLE = ("minho", "jisoo", "철수")


def results(client):
    return desk.child_names(client.find("list", "^(Search results|찾은 메시지)$"))


def is_run(client):
    """Without what stands behind the gap: the newest."""
    numbers = [int(row.split("말 ")[1].split()[0]) for row in client.all_rows() if "말 " in row]
    numbers = [number for number in numbers if number < 1500]
    return numbers and numbers == list(range(numbers[0], numbers[-1] + 1))


def press(client, key):
    """Page after page, no faster than somebody reads."""
    for _ in range(3):
        client.keys(key)
        time.sleep(0.4)
    return True


def test():
    server = HistoryServer()
    for i in range(2000):
        text = f"말 {i} 소풍을 갑니다" if i % 500 == 100 else f"말 {i} 마루에 모여서 이야기합니다"
        server.remember(PEOPLE[i // 3 % 3], text, timedelta(minutes=20))
    mina = desk.Client("mina", f"irc://127.0.0.1:{server.port}", "--nick", "mina")
    mina.in_room()
    mina.sees("말 1999 ")

    step("Ctrl+F opens the search; a pause in writing asks")
    mina.look_for("소풍")
    mina.find("entry", "^Search the conversation$")
    desk.wait_for(lambda: len(results(mina)) == 4, "four results, the newest first")
    assert [name.split("말 ")[1].split()[0] for name in results(mina)] == \
        ["1600", "1100", "600", "100"], results(mina)
    assert "2026" in results(mina)[0] and "minho" in results(mina)[0] or "jisoo" in \
        results(mina)[0] or "철수" in results(mina)[0]
    mina.find("label", "^4 messages found$")
    desk.wait_for(lambda: any(asked.startswith("SEARCH in=#lobby;text=소풍;")
                              for asked in server.asked), "the search is for the whole word")
    desk.picture("1-results")

    step("a result leads to its place in the conversation")
    mina.keys("Tab", "Down", "Down", "Return")
    desk.wait_for(lambda: any("말 600 소풍" in row for row in mina.all_rows()), "it is there")
    assert any("AROUND" in asked for asked in server.asked)
    desk.wait_for(lambda: mina.focused_name() and "말 600 소풍" in mina.focused_name(),
                  "it has the focus")
    desk.picture("2-around")

    step("from there it goes on, in both directions")
    desk.wait_for(lambda: press(mina, "Prior") and
                  any("말 480 " in row for row in mina.all_rows()), "older ones come")
    desk.wait_for(lambda: press(mina, "Next") and
                  any("말 750 " in row for row in mina.all_rows()), "newer ones come")
    desk.wait_for(lambda: is_run(mina), "nothing is missing in between")
    desk.picture("3-further")

    step("back to the results, another one, and to now with one click")
    mina.press("Results$")
    desk.wait_for(lambda: len(results(mina)) == 4, "the results are there again")
    mina.keys("ctrl+f", "Tab", "Up", "Up", "Return")
    desk.wait_for(lambda: mina.focused_name() and "말 1600 소풍" in mina.focused_name(), "gone to")
    desk.picture("4-another")
    mina.press("^To the newest message$")
    mina.sees("말 1999 ")
    mina.gone("push button", "^To the newest message$")

    step("by a person, and by nobody")
    mina.look_for("from:철수 소풍")
    desk.wait_for(lambda: all("철수" in name for name in results(mina)) and
                  0 < len(results(mina)) < 4, "only theirs")
    mina.look_for("이런 말은 없습니다")
    mina.find("label", "^Nothing was found$")
    desk.picture("5-nothing")

    step("many results come in portions")
    mina.look_for("이야기합니다")
    mina.find("label", "^50 messages found$")
    mina.press("Older Results$")
    mina.find("label", "^(99|100) messages found$")

    step("everything has a name, and Escape closes the search")
    assert mina.nameless() == [], mina.nameless()
    mina.keys("ctrl+f", "Escape")
    mina.gone("entry", "^Search the conversation$")
    mina.sees("말 1999 ")
    mina.quit()

    step("in Korean")
    chulsoo = desk.Client("chulsoo", f"irc://127.0.0.1:{server.port}", "--nick", "철수",
                          language="ko")
    chulsoo.in_room()
    chulsoo.sees("말 1999 ")
    chulsoo.press("^대화에서 찾기$")
    chulsoo.find("entry", "^대화에서 찾기$")
    chulsoo.look_for("소풍")
    chulsoo.find("label", "^메시지 4개를 찾았습니다$")
    desk.picture("6-korean")
    chulsoo.quit()

    step("a server without search has no button for it")
    plain = HistoryServer(caps=CAPS.replace(" soju.im/search", "").replace(" draft/chathistory",
                                                                          ""))
    plain.remember("minho", "never shown")
    mina = desk.Client("mina", f"irc://127.0.0.1:{plain.port}", "--nick", "mina")
    mina.in_room()
    mina.sees("^You are in #lobby as mina")
    assert not mina.shows("push button", "^Search the conversation$")
    desk.wait_for(lambda: len(mina.all_rows()) == 1, "nothing else is there")
    assert plain.asked == []
    mina.keys("ctrl+f")
    mina.say("hello")
    mina.sees("hello$")
    mina.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
