#!/usr/bin/env python3
"""Takes the picture of the README: the real client in a room of the real server.

    meson compile -C build && tests/desktop/run_desktop.py tests/desktop/take_screenshot.py \\
        --maru build/client/maru --marud build/src/daemon/marud \\
        --maructl build/src/ctl/maructl --out build/screenshot
"""
import os
import re
import sys

import desk
import peers


def test():
    server = peers.Marud(os.path.join(os.environ["HOME"], "server"), port=6697)
    others = {nick: peers.Peer(nick, server.plain_port)
              for nick in ("민준", "Emma", "서연", "Lucas")}
    me = desk.Client("me", "127.0.0.1", "--nick", "지우")
    me.in_room()
    me.place(140, 60, 1000, 700)
    me.sees_members("지우", *others)

    def say(nick, text):
        others[nick].send(f"PRIVMSG #lobby :{text}")
        me.sees(re.escape(text.strip("\x01")[-10:]))

    say("민준", "안녕하세요! 오늘 수업 자료는 여기에 있어요: https://example.org/maru/week3")
    say("민준", "3장부터 시작할게요.")
    say("Emma", "Good morning everyone 👋")
    say("Emma", "Is the exercise on page 12 for today, 지우?")
    me.say("네, 12쪽이에요. Yes, page 12, and we compare answers at the end.")
    say("서연", "저도 질문 있어요 🙋‍♀️ 두 번째 문제에서 왜 답이 두 개인가요?")
    say("Lucas", "I got two answers as well. 저도 두 개 나왔어요!")
    say("Lucas", "\x01ACTION opens the book again 📖\x01")
    server.ctl("announce", "10분 뒤에 쉬는 시간입니다 · Break in ten minutes")
    me.sees("Break in ten minutes")
    others["서연"].send("AWAY :tea")
    me.say("좋은 질문이에요. 쉬는 시간 뒤에 같이 풀어 봐요 😊")
    me.sees("같이 풀어 봐요")
    desk.wait_for(lambda: "서연, away" in me.members(), "away is shown")
    print(desk.picture("screenshot", me))


if __name__ == "__main__":
    sys.exit(desk.run(test))
