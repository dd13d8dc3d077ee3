"""What desktop tests share: starting the client, finding its widgets over AT-SPI, typing, pictures.

A test is a program: it calls step() for each thing that a person would do or see, and fails by an
exception. Waiting is always for a condition, with a generous limit.
"""
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

import reader
from reader import child_names, find_all  # noqa: F401

LIMIT_S = 120
OUT = os.environ["MARU_TEST_OUT"]
_running = []
_step = [0]


def step(text):
    _step[0] += 1
    print(f"{_step[0]:3} {text}")


def wait_for(condition, what, limit=LIMIT_S):
    """The first true result of condition(); its errors count as 'not yet'."""
    until = time.monotonic() + limit
    error = None
    while time.monotonic() < until:
        try:
            result = condition()
            if result:
                return result
        except Exception as caught:  # a widget that went away while we looked at it
            error = caught
        time.sleep(0.1)
    raise AssertionError(f"not within {limit} s: {what}" + (f" ({error})" if error else ""))


def start(command, **more):
    """A process that ends with the test."""
    process = subprocess.Popen(command, **more)
    _running.append(process)
    return process


def end_all():
    for process in reversed(_running):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
    for process in reversed(_running):
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    """One that stays free while nobody listens there: the kernel gives those from 32768 on to
    whoever connects to anything."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue


def wait_for_port(port, host="127.0.0.1"):
    def answers():
        with socket.create_connection((host, port), 1):
            return True
    wait_for(answers, f"something listens at port {port}")


def window_shape(window):
    """Width and height."""
    shown = subprocess.run(["xdotool", "getwindowgeometry", "--shell", window],
                           capture_output=True, text=True).stdout
    shape = dict(re.findall(r"^(\w+)=(\d+)$", shown, re.M))
    return int(shape.get("WIDTH", 0)), int(shape.get("HEIGHT", 0))


def window_area(window):
    width, height = window_shape(window)
    return width * height


class Client:
    """One running desktop client with a configuration of its own."""

    def __init__(self, who, *arguments, language=None, env=None, settings=None):
        self.who = who
        config = os.path.join(os.environ["HOME"], "clients", who)
        os.makedirs(config, exist_ok=True)
        self.config = config
        if settings:
            os.makedirs(os.path.join(config, "maru"), exist_ok=True)
            with open(os.path.join(config, "maru", "settings.ini"), "w") as ini:
                ini.write(settings)
        environment = dict(os.environ, XDG_CONFIG_HOME=config, **(env or {}))
        if language:
            environment["LANGUAGE"] = language
        self.process = start([os.environ["MARU_TEST_CLIENT"], *arguments], env=environment)
        self.application = wait_for(self._find_application, f"{who}'s window in AT-SPI")
        wait_for(lambda: self.window_id, f"{who}'s window on the screen")

    def _find_application(self):
        assert self.process.poll() is None, f"{self.who}: the client ended by itself"
        application = reader.application_of(self.process.pid)
        return application if application and application.children() else None

    @property
    def window_id(self):
        """The main window's, looked up anew, or None. Dialogs have other titles, tooltips and menus
        are smaller."""
        found = subprocess.run(["xdotool", "search", "--all", "--onlyvisible", "--pid",
                                str(self.process.pid), "--name", "Maru$"],
                               capture_output=True, text=True).stdout.split()
        return max(found, key=window_area, default=None)

    def xdotool(self, *words):
        """With WINDOW for the main window; again while the window manager is still busy with it."""
        def do():
            window = self.window_id
            command = [window if word == "WINDOW" else str(word) for word in words]
            return window and subprocess.run(["xdotool", *command], capture_output=True,
                                             timeout=30).returncode == 0
        wait_for(do, f"{self.who}: xdotool {words}")

    def place(self, x, y, width, height):
        def placed():
            self.xdotool("windowsize", "WINDOW", width, height)
            self.xdotool("windowmove", "WINDOW", x, y)
            time.sleep(0.2)
            return window_shape(self.window_id) == (width, height)
        wait_for(placed, f"{self.who}'s window has its place")

    def activate(self):
        self.xdotool("windowactivate", "--sync", "WINDOW")

    def find(self, role=None, name=None, within=None, limit=LIMIT_S):
        def look():
            found = find_all(within or self.application, role, name)
            return found[0].node if found else None
        return wait_for(look, f"{self.who} shows {role or 'something'} {name or ''}", limit)

    def shows(self, role=None, name=None):
        return bool(find_all(self.application, role, name))

    def gone(self, role=None, name=None):
        wait_for(lambda: not self.shows(role, name), f"{self.who} no longer shows {role} {name}")

    def press(self, name, role="push button", within=None):
        """Presses a button by its accessible name."""
        button = self.find(role, name, within)
        assert button.press(), f"{name} cannot be pressed"

    def field(self, name):
        """The text field under an accessible name."""
        return self.find("text", name)

    def fill(self, name, text):
        field = self.field(name)
        assert field.fill(text), f"{name} cannot be filled"
        wait_for(lambda: field.text() == text, f"{name} holds {text!r}")

    def keys(self, *keys):
        self.activate()
        subprocess.run(["xdotool", "key", "--clearmodifiers", *keys], check=True)

    def type(self, text):
        self.activate()
        subprocess.run(["xdotool", "type", "--delay", "30", text], check=True)

    def join(self, address, nick):
        self.fill("Address|주소", address)
        self.fill("Nickname|닉네임", nick)
        self.press(r"Join$|입장\(J\)$")

    def in_room(self):
        """The window's title says so; pages that are not shown are visible to AT-SPI, too."""
        self.find("frame", " · Maru$")

    def leave(self):
        self.press(r"Leave$|나가기\(L\)$")
        self.has_left()

    def has_left(self):
        self.find("frame", "^Maru$")

    def say(self, text, kept=False):
        """Writes and sends. `kept` where the client is to refuse it and leave it in the entry."""
        self.fill("^(Message|메시지)$", text)
        self.press("^(Send|보내기)$")
        if not kept:
            wait_for(lambda: self.entry_text() == "", "the entry is empty again")

    def entry_text(self):
        return self.field("^(Message|메시지)$").text()

    def all_rows(self):
        """The accessible names of all rows that have a widget just now, from the oldest on."""
        return child_names(self.find("list", "^(Messages|메시지 목록)$"))

    def rows(self, last=40):
        """The accessible names of the newest rows."""
        return self.all_rows()[-last:]

    def first_rows(self, first=5):
        return self.all_rows()[:first]

    def focused_name(self):
        """The name of the message that has the keyboard focus, or None."""
        return reader.focused_child_name(self.find("list", "^(Messages|메시지 목록)$"))

    def focus_row(self, pattern):
        """Goes from the entry up to a message, by keyboard."""
        def there():
            name = self.focused_name()
            if name is not None and re.search(pattern, name):
                return True
            self.keys("shift+Tab" if name is None else "Up")
            wait_for(lambda: self.focused_name() != name, "the focus moves", 10)
            return False
        wait_for(there, f"{self.who} is at {pattern!r}")

    def look_for(self, text):
        """Writes into the search, which AT-SPI cannot fill: over the clipboard, since keys for
        letters that no keyboard has get lost on a busy machine."""
        self.fill("^(Message|메시지)$", text)
        self.keys("ctrl+e", "ctrl+a", "ctrl+x", "ctrl+f", "ctrl+a", "ctrl+v")

    def press_menu(self, name):
        """Chooses an item of the menu that is open."""
        self.press(name, role="menu item")

    def sees(self, pattern, limit=LIMIT_S):
        return wait_for(lambda: next((row for row in self.rows() if re.search(pattern, row)), None),
                        f"{self.who} sees {pattern!r}", limit)

    def members(self):
        return child_names(self.find("list", "^(Members|참가자)$"))

    def sees_members(self, *names):
        wait_for(lambda: sorted(re.sub(", .*", "", m) for m in self.members()) == sorted(names),
                 f"{self.who} sees the members {names}, now {self.members()}")

    def dialog(self, heading):
        """The dialog with this heading."""
        def look():
            for window in reader.look(self.application).children:
                if window.role in ("dialog", "alert") and any(
                        re.search(heading, seen.name) for seen in [window, *window.under()]
                        if seen.role in (window.role, "label")):
                    return window.node
            return None
        return wait_for(look, f"{self.who} shows the dialog {heading!r}")

    def answer(self, dialog, response):
        """Presses a dialog's button and waits until the dialog is gone."""
        self.press(f"{response}$", within=dialog)
        wait_for(lambda: not self.application.has_child(dialog), "the dialog closes")

    def nameless(self):
        """What a person can use but a screen reader cannot name: GTK then gives the type's name."""
        usable = ("push button", "toggle button", "text", "entry", "list", "list item", "image",
                  "menu item", "check box")
        # An entry's own icon has its text from GTK, as a description.
        return [f"{seen.role} {seen.name!r}" for seen in find_all(self.application)
                if seen.role in usable
                and (not seen.name or re.match("(Gtk|Adw|Maru)[A-Z]", seen.name))
                and seen.parent.role != "text"]

    def quit(self, sig=None):
        if sig is None:
            self.keys("ctrl+q")
        else:
            self.process.send_signal(sig)
        wait_for(lambda: self.process.poll() is not None, f"{self.who} ends")
        assert sig is not None or self.process.returncode == 0, self.process.returncode


def picture(name, window=None):
    """A screenshot of the screen, or of one client."""
    time.sleep(0.5)  # animations end; nothing depends on it but beauty
    path = os.path.join(OUT, f"{name}.png")
    target = window.window_id if window else "root"
    subprocess.run(["import", "-window", target, path], check=True)
    return path


def run(test):
    """Runs the test function and ends every process that it started."""
    # Where no tooltip comes up.
    subprocess.run(["xdotool", "mousemove", "1279", "799"], check=True)
    try:
        test()
        print("ok")
    except BaseException:
        try:
            picture("failed")
        except Exception:
            pass
        raise
    finally:
        end_all()
