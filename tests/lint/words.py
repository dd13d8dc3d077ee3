#!/usr/bin/env python3
"""Every C file begins with a comment, and nothing is left for later in any source file."""

import re
import sys

import tree

LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SOURCES = {".c", ".h", ".py", ".sh", ".js", ".css", ".ui", ".build", ".txt"}


def main():
    problems = []
    for path in tree.c_files():
        if not path.read_text(encoding="utf-8").startswith("/*"):
            problems.append(f"{tree.show(path)}:1: does not begin with a comment on what it is")
    checked = 0
    for top in ("src", "client", "tests", "web", "script", "packaging"):
        for path in sorted((tree.ROOT / top).rglob("*")):
            is_script = top == "script" and path.suffix == ""
            if not path.is_file() or (path.suffix not in SOURCES and not is_script):
                continue
            checked += 1
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if LATER.search(line):
                    problems.append(f"{tree.show(path)}:{number}: {line.strip()}")
    return tree.finish(problems, checked)


sys.exit(main())
