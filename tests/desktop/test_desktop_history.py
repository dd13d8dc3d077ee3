#!/usr/bin/env python3
"""The conversation is there: on coming in, further back, after a lost connection; it is found, and a
message's state is what the server said. The server is our own, with a past that the test writes."""
import re
import sys
from datetime import timedelta

import desk
from desk import step
from history_server import HistoryServer

PEOPLE = ("minho", "jisoo", "철수")
GAPS = ("Messages are missing here", "Loading messages…")


def talk(server, n, text="이야기"):
    for _ in range(n):
        i = len(server.past)
        pause = timedelta(hours=9) if i % 60 == 59 else timedelta(seconds=40)
        server.remember(PEOPLE[i // 3 % 3], f"{text} {i}: 마루에 모여서 이야기합니다." +
                        " The floor is wide." * (i % 4), pause)


def texts(client):
    """The numbers of the messages among the rows, in order. A list has about 200 rows for AT-SPI,
    around those that are in view."""
    return [int(found[1]) for row in client.all_rows()
            if (found := re.search(r"(?:이야기|지난밤) (\d+):", row))]


def has_gap(client):
    return any(row in GAPS for row in client.all_rows())


def look_through(client, first, last, limit):
    """Pages up and down until each message from `first` to `last` was seen right above the next. Who
    scrolls past a gap faster than it fills sees the rest on the way back."""
    above = {}
    key = "Prior"

    def through():
        nonlocal key
        rows = [int(found[1]) if (found := re.search(r"(?:이야기|지난밤) (\d+):", row)) else None
                for row in client.all_rows() if "지난밤" in row or "이야기" in row or row in GAPS]
        numbers = [row for row in rows if row is not None]
        above.update(zip(rows, rows[1:]))
        if numbers[-1] >= last:
            key = "Prior"
        elif numbers[0] <= first:
            key = "Next"
        client.keys(key)
        return all(above.get(n) == n + 1 for n in range(first, last))
    desk.wait_for(through, f"{first} to {last} without a gap", limit)


def is_run(numbers, first=None, last=None):
    """Nothing is missing, double or out of order between its ends."""
    return numbers and numbers == list(range(numbers[0], numbers[-1] + 1)) and \
        first in (None, numbers[0]) and last in (None, numbers[-1])


def test():
    server = HistoryServer()
    talk(server, 250)

    step("the last page is there at once, at its end")
    mina = desk.Client("mina", f"irc://127.0.0.1:{server.port}", "--nick", "mina")
    mina.in_room()
    mina.sees("이야기 249:")
    mina.sees("^You are in #lobby as mina")
    desk.picture("1-joined")

    step("scrolled back, older pages come, down to the beginning; the order is right, nothing double")
    desk.wait_for(lambda: mina.keys("Prior") or any(
        "This is the beginning of #lobby" in row for row in mina.first_rows()),
        "the beginning is said")
    desk.wait_for(lambda: mina.keys("Prior") or (is_run(texts(mina), first=0) and
                                                 len(texts(mina)) > 150), "all of it, in order")
    mina.keys("Home")
    for _ in range(8):
        mina.keys("Prior")
    desk.picture("2-beginning")

    step("one click leads to now")
    mina.press("^To the newest message$")
    mina.gone("push button", "^To the newest message$")
    server.say("jisoo", "이야기 250: live")
    mina.sees("이야기 250: live")

    step("a short absence is filled without a gap")
    server.drop()
    mina.find("label", "^The connection was lost")
    talk(server, 120, "지난밤")
    server.open()
    mina.sees("지난밤 370:")
    desk.wait_for(lambda: is_run(texts(mina), last=370) and len(texts(mina)) > 150 and
                  not has_gap(mina), "everything is there once, in order")
    mina.gone("push button", "^To the newest")
    desk.picture("3-returned")

    step("a message that was under way when the connection broke is shown once")
    server.echo = "never"
    mina.say("half way")
    mina.sees("half way .being sent.$")
    desk.wait_for(lambda: "half way" in server.said, "the server has it")
    server.echo = "stored"
    server.drop()
    mina.sees("half way .The connection was lost: this may not have arrived.$")
    desk.picture("4-unsure")
    server.remember("mina", "half way")
    server.past[-1].time = server.past[-1].time.now(server.past[-1].time.tzinfo)
    server.open()
    mina.sees("half way$")
    desk.wait_for(lambda: sum("half way" in row for row in mina.all_rows()) == 1, "once")

    step("one that did not arrive is sent again")
    server.echo = "never"
    mina.say("once more please")
    desk.wait_for(lambda: "once more please" in server.said, "the server has it")
    server.echo = "stored"
    server.drop()
    mina.sees("once more please .The connection was lost")
    server.open()
    mina.gone("label", "^The connection was lost")
    mina.focus_row("once more please")
    mina.keys("Menu")
    desk.picture("5-menu")
    mina.press_menu("Send Again$")
    mina.sees("once more please$")
    desk.wait_for(lambda: sum("once more please" in row for row in mina.all_rows()) == 1, "once")

    step("delivered but not stored is said quietly, never as unsent")
    server.echo = "lost"
    mina.say("the disk is full")
    mina.sees("the disk is full .Delivered to who is here, but not stored.$")
    server.echo = "stored"
    mina.say("and now it is not")
    mina.sees("and now it is not$")
    desk.picture("6-not-stored")

    step("a long absence leaves a gap, which fills when it is looked at")
    server.drop()
    mina.find("label", "^The connection was lost")
    first = len(server.past)
    talk(server, 900, "지난밤")
    server.open()
    mina.sees(f"지난밤 {len(server.past) - 1}:")
    desk.wait_for(lambda: GAPS[0] in mina.all_rows(), "the gap is shown")
    count = len(server.asked)
    desk.picture("7-end")
    look_through(mina, first + 450, len(server.past) - 1, 240)
    assert len(server.asked) > count
    desk.picture("8-filled")

    step("a message is taken back by its author, and by another")
    mina.press("^To the newest message$")
    mina.gone("push button", "^To the newest message$")
    mina.say("that was wrong")
    mina.sees("that was wrong$")
    server.redact(server.say("jisoo", "and so was this"), "jisoo")
    mina.focus_row("that was wrong")
    mina.keys("Menu")
    mina.press_menu("Remove for Everybody$")
    mina.answer(mina.dialog("Remove This Message"), "Remove")
    mina.sees("^mina, .*: Message removed$")
    mina.sees("^jisoo, .*: Message removed$")
    desk.wait_for(lambda: not any("that was wrong" in row or "so was this" in row
                                  for row in mina.all_rows()), "the words are gone")
    desk.picture("9-removed")

    step("nothing is nameless")
    assert mina.nameless() == [], mina.nameless()
    mina.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
