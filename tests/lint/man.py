#!/usr/bin/env python3
"""Manual pages are free of warnings, and name every setting with its default and every option."""

import re
import shutil
import subprocess
import sys

import tree

MAN = tree.ROOT / "docs/man"
# Which page documents the long options of which program.
OPTIONS = {"marud.8": "src/daemon/options.c", "maructl.1": "src/ctl/ctl_main.c"}


def page_text(page):
    """As groff writes it, without marks of bold and with single spaces."""
    shown = subprocess.run(
        ["groff", "-K", "utf8", "-Tutf8", "-P-cbou", "-man", str(page)],
        capture_output=True, text=True, check=False,
    )
    text = shown.stdout.replace("\u2010\n", "").replace("\u2010", "-").replace("\u2212", "-")
    return " ".join(text.split())


def warnings_of(page):
    checked = subprocess.run(
        ["groff", "-ww", "-K", "utf8", "-Tutf8", "-man", str(page)],
        capture_output=True, text=True, check=False,
    )
    return [f"{tree.show(page)}: {line}" for line in checked.stderr.splitlines()]


def settings():
    """(name, default as the page writes it, or None) for each setting."""
    source = (tree.ROOT / "src/daemon/config_keys.c").read_text(encoding="utf-8")
    table = source[source.index("config_keys[] = {"):]
    string = r'"((?:[^"\\]|\\.)*)"'
    for _, name, value in re.findall(r"NUMBER\((\w+),\s*(\w+),[^,]+,[^,]+,\s*([^,]+),", table):
        product = 1
        for factor in value.split("*"):
            product *= int(factor)
        yield name, f"default {product})"
    for _, name, value in re.findall(r"SWITCH\((\w+),\s*(\w+),\s*(\w+)", table):
        yield name, f"default {value})"
    for _, name, value in re.findall(r"STRING\((\w+),\s*(\w+),[^,]+,\s*" + string, table):
        yield name, f'default "{value}")'
    for name, burst, refill in re.findall(r"BUCKET\(\w+,\s*(\w+),\s*(\d+),\s*(\d+)", table):
        yield name + "_burst", f"default {burst})"
        yield name + "_refill_ms", f"default {refill})"
    for name in re.findall(r'\.name = "(\w+)"', table):
        yield name, None


def check_settings(problems):
    text = page_text(MAN / "marud.conf.5")
    count = 0
    for name, default in settings():
        count += 1
        found = re.search(rf"(?<!\w){name} \(([^()]*)\)", text)
        if not found:
            problems.append(f"docs/man/marud.conf.5: {name} is missing")
        elif default is not None and not (found.group(1) + ")").endswith(default):
            problems.append(f"docs/man/marud.conf.5: {name}: expected {default[:-1]}")
    if count < 40:
        problems.append(f"src/daemon/config_keys.c: only {count} settings were recognised")
    return count


def check_options(problems):
    count = 0
    for page, source in OPTIONS.items():
        path = tree.ROOT / source
        text = page_text(MAN / page)
        for name in re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', path.read_text()):
            count += 1
            if not re.search(rf"(?<![\w-])--{name}(?![\w-])", text):
                problems.append(f"docs/man/{page}: --{name} is missing")
    if count < 10:
        problems.append(f"only {count} options were recognised")
    return count


def main():
    if shutil.which("groff") is None:
        print("groff is not installed")
        return 77
    problems = []
    pages = sorted(MAN.glob("*.[1-8]"))
    for page in pages:
        problems += warnings_of(page)
    checked = len(pages) + check_settings(problems) + check_options(problems)
    return tree.finish(problems, checked)


sys.exit(main())
