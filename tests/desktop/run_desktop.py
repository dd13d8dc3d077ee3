#!/usr/bin/env python3
"""Runs one desktop test on a screen and a D-Bus session of its own, and ends both with it.

    run_desktop.py TEST.py --maru CLIENT --out FOLDER [--marud SERVER --maructl TOOL]

Nothing of the person's own session, screen or configuration is used. Screenshots go to FOLDER.
Exit status 77 (skipped) where a program that the test needs is not installed.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

NEEDED = ["Xvfb", "dbus-run-session", "gdbus", "xdotool", "import", "openbox", "xprop"]
LIMIT_S = 1200
HERE = os.path.dirname(os.path.abspath(__file__))


def start_screen(log):
    """An X server on the first free number from a range that depends on our pid. Keys do not repeat:
    on a busy machine one that is let go late would."""
    first = 200 + os.getpid() % 300
    for number in range(first, first + 20):
        if os.path.exists(f"/tmp/.X{number}-lock"):
            continue
        read_end, write_end = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", f":{number}", "-displayfd", str(write_end), "-screen", "0", "1280x800x24",
             "-nolisten", "tcp", "-noreset", "-r"], pass_fds=[write_end], stdout=log, stderr=log)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            if ready.readline().strip() == str(number):
                return server, number
        server.kill()
        server.wait()
    sys.exit("no X server would start")


def end(process):
    """Ends a process group that we started."""
    for sig, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            pass
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    return process.returncode


def environment(base, number, options):
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("DBUS_", "WAYLAND_", "XDG_", "GTK_", "LC_", "LANG"))}
    env.update({
        "DISPLAY": f":{number}", "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
        "LIBGL_ALWAYS_SOFTWARE": "1", "LC_ALL": "C.UTF-8", "GSETTINGS_BACKEND": "memory",
        "HOME": base, "XDG_RUNTIME_DIR": os.path.join(base, "run"), "TZ": "Asia/Seoul",
        "XDG_CONFIG_HOME": os.path.join(base, "config"), "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": os.path.join(base, "cache"), "PYTHONUNBUFFERED": "1",
        "MARU_TEST_CLIENT": options.maru, "MARU_TEST_OUT": options.out,
        "MARU_TEST_SERVER": options.marud or "", "MARU_TEST_CTL": options.maructl or "",
    })
    os.makedirs(env["XDG_RUNTIME_DIR"], mode=0o700)
    return env


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("test")
    parser.add_argument("--maru", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--marud")
    parser.add_argument("--maructl")
    options = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print("not installed:", " ".join(missing))
        return 77
    for program in ("maru", "marud", "maructl"):
        if getattr(options, program):
            setattr(options, program, os.path.abspath(getattr(options, program)))
    os.makedirs(options.out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maru-desktop-") as base, \
            open(os.path.join(options.out, "screen.log"), "w") as log:
        screen, number = start_screen(log)
        test = subprocess.Popen(
            ["dbus-run-session", "--", "sh", os.path.join(HERE, "boot.sh"), sys.executable,
             os.path.abspath(options.test)],
            env=environment(base, number, options), start_new_session=True)
        try:
            return test.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            print(f"not done within {LIMIT_S} s")
            return 1
        finally:
            end(test)
            screen.terminate()
            screen.wait()


if __name__ == "__main__":
    sys.exit(main())
