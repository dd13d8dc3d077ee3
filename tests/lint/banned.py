#!/usr/bin/env python3
"""The compiler refuses each function of banned.h, every compilation includes it, and the pure
folders are built as such."""

import re
import subprocess
import sys

import tree

HEADER = tree.ROOT / "src/base/banned.h"
BANNED = re.compile(r"^#define (\w+)\(\.\.\.\) BANNED\((\w+)\)$", re.M)


def refused(names, flags):
    """The names whose call does not compile."""
    text = "".join(f"void use_{name}(void);\nvoid use_{name}(void)\n{{\n    {name}(0);\n}}\n"
                   for name in names)
    done = subprocess.run(
        ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only",
         "-Werror=implicit-function-declaration", *flags, "-include", str(HEADER), "-x", "c", "-"],
        input=text, capture_output=True, text=True, check=False,
    )
    return {name for name in names if f"{name}_is_banned_see_banned_h" in done.stderr}


def main():
    problems = []
    everywhere, pure = HEADER.read_text(encoding="utf-8").split("#ifdef MARU_PURE")
    names = [match.group(1) for match in BANNED.finditer(everywhere)]
    pure_names = names + [match.group(1) for match in BANNED.finditer(pure)]
    for wanted, flags in ((names, []), (pure_names, ["-DMARU_PURE"])):
        problems += [f"{name} is not refused" for name in sorted(set(wanted) - refused(wanted, flags))]
    if "src/base/banned.h" not in (tree.ROOT / "meson.build").read_text(encoding="utf-8"):
        problems.append("meson.build: banned.h is not included by the build")
    for folder in tree.PURE:
        build = (tree.ROOT / folder / "meson.build").read_text(encoding="utf-8")
        if "static_library" in build and "pure_args" not in build:
            problems.append(f"{folder}/meson.build: the library is built without pure_args")
    return tree.finish(problems, len(names) + len(pure_names))


sys.exit(main())
