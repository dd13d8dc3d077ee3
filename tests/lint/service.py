#!/usr/bin/env python3
"""The systemd unit is understood as it is written, and stays tightly closed."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tree

UNIT = tree.ROOT / "packaging/systemd/marud.service.in"
EXPOSURE_MAX = 20  # tenths, of systemd-analyze security


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not installed")
        return 77
    text = UNIT.read_text(encoding="utf-8").replace("@bindir@/marud", "/bin/true")
    text = text.replace("@config@", "/etc/maru/marud.conf")
    # The user exists only where the service is installed.
    text = re.sub(r"^(User|Group)=marud$", r"\1=games", text, flags=re.M)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "marud.service"
        unit.write_text(text, encoding="utf-8")
        _, said = analyze("verify", "--man=no", str(unit))
        problems += [f"{tree.show(UNIT)}: {line}" for line in said.splitlines()
                     if line.startswith(("marud.service:", folder))]
        code, said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(unit))
        if code != 0:
            problems.append(f"{tree.show(UNIT)}: {said.splitlines()[-1]}")
    return tree.finish(problems, 2)


sys.exit(main())
