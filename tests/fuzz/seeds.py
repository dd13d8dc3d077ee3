#!/usr/bin/env python3
"""Makes seeds of the targets session and core out of scenarios: seeds.py SCENARIOS OUT STAMP."""

import pathlib
import re
import sys

STEP = re.compile(r"^(\S+?)(>>|>\||>) (.*)$")
WORDS = {"disconnect": "x", "stall": "s", "drain": "d", "flow": "f"}
STORE = {"works": "0", "slow": "1", "fails": "2", "full": "3", "done": "d", "lost": "l",
         "pressed": "p", "eased": "e"}


def convert(text):
    """The bytes of one scenario, as fuzz_world.h reads them."""
    clients = {}
    out = []

    def number(name):
        return str(clients.setdefault(name, len(clients) % 8))

    for line in text.splitlines():
        line = line.strip()
        send = STEP.match(line)
        words = line.split(" ")
        if send:
            mark = {">": ">", ">>": "+", ">|": "|"}[send.group(2)]
            out.append(number(send.group(1)) + mark + send.group(3))
        elif words[0] in ("connect", "register"):
            who = number(words[1])
            out.append(who + "c")
            if words[0] == "register":
                out += [f"{who}+NICK {words[1]}", f"{who}>USER {words[1]} 0 * :Real"]
        elif words[0] in WORDS:
            out.append(number(words[1]) + WORDS[words[0]])
        elif words[0] == "oper":
            out += [number(words[1]) + ">OPER root x", number(words[1]) + "v"]
        elif words[0] == "verdict":
            out.append(number(words[1]) + ("v" if words[2] == "right" else "w"))
        elif words[0] == "after":
            out.append("0t\xff" if words[1].endswith(("s", "m")) else "0tA")
        elif words[0] == "announce":
            out.append("0A" + " ".join(words[1:]))
        elif words[0] == "kick":
            out.append("0K" + " ".join(words[1:]))
        elif line == "settings history yes":
            out.append("0L7h")
        elif words[0] == "store":
            out.append("0D" + STORE[words[1]])
    return "\n".join(out).encode()


def main():
    scenarios, out, stamp = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(scenarios.glob("*/*.txt")):
        name = f"{path.parent.name}-{path.stem}"
        (out / name).write_bytes(convert(path.read_text(encoding="utf-8")))
    stamp.touch()


main()
