#!/usr/bin/env python3
"""maructl against a server that is only a control socket: test_maructl.py MARUCTL FAKE_SERVER."""

import json
import os
import subprocess
import sys
import tempfile
import unicodedata
import unittest

MARUCTL, SERVER = sys.argv[1:3]
PATIENCE = 60


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Maructl(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = self.folder.name
        self.server = subprocess.Popen(
            [SERVER, self.data + "/control.sock"], stdout=subprocess.PIPE, text=True
        )
        self.assertEqual(self.server.stdout.readline(), "ready\n")

    def tearDown(self):
        if self.server.poll() is None:
            self.run_ctl("stop")
        self.assertEqual(self.server.wait(PATIENCE), 0)
        self.server.stdout.close()
        self.folder.cleanup()

    def run_ctl(self, *words, where=None, env=None):
        where = ["--data", self.data] if where is None else where
        return subprocess.run(
            [MARUCTL, *where, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=dict(os.environ, TZ="UTC", LC_ALL="C", **(env or {})),
        )

    def check(self, *words, **more):
        done = self.run_ctl(*words, **more)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return done.stdout

    def refused(self, code, *words, **more):
        done = self.run_ctl(*words, **more)
        self.assertEqual(done.returncode, code)
        self.assertTrue(done.stderr.startswith("maructl: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        return done.stderr

    def test_status(self):
        text = self.check("status")
        self.assertIn("maru.local (마루)\n", text)
        self.assertIn("Clients      250 of 1000\n", text)
        self.assertIn("[::1]:2500 classic\n", text)
        self.assertIn("2023-11-14 22:13", text)
        self.assertEqual(json.loads(self.check("--json", "status"))["clients"], 250)

    def test_clients_come_whole_and_line_up(self):
        lines = self.check("clients").splitlines()
        self.assertEqual(len(lines), 251)
        head = lines[0].index("USER")
        for number, line in enumerate(lines[1:]):
            before, _, _ = line.partition(" u%d " % number)
            self.assertEqual(columns(before) + 1, head, line)
        self.assertIn("철수1 (operator)", lines[2])
        self.assertIn("영희", lines[4])
        clients = json.loads(self.check("clients", "--json"))["clients"]
        self.assertEqual([c["user"] for c in clients], ["u%d" % i for i in range(250)])

    def test_accounts(self):
        lines = self.check("accounts").splitlines()
        self.assertEqual(len(lines), 5)
        self.assertIn("2 sessions", lines[1])
        self.assertIn("2023-11-14 22:13", lines[1])
        self.assertIn("always on", lines[2])
        self.assertIn("suspended", lines[3])
        self.assertIn("not verified", lines[4])
        self.assertIn("suspended: spam\n", self.check("accounts", "mallory"))
        self.assertIn("no such account", self.refused(1, "accounts", "nobody"))
        self.assertEqual(self.check("suspend", "jin", "too", "loud"), "")
        self.assertEqual(self.check("unsuspend", "jin"), "")
        self.assertIn("--yes", self.refused(2, "unregister", "jin"))
        self.assertEqual(self.check("unregister", "--yes", "jin"), "")
        self.assertIn("no such account", self.refused(1, "unregister", "--yes", "nobody"))

    def test_rooms_never_write_controls(self):
        text = self.check("rooms")
        self.assertIn("\\x1b[2Jclear", text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(len(json.loads(self.check("rooms", "--json"))["rooms"]), 3)

    def test_orders(self):
        self.assertEqual(self.check("announce", "점심", "시간"), "")
        self.assertEqual(self.server.stdout.readline(), "announce 점심 시간\n")
        self.assertEqual(self.check("kick", "철수1", "be", "nice"), "")
        self.assertEqual(self.server.stdout.readline(), "kick 철수1 [be nice]\n")
        self.assertEqual(json.loads(self.check("--json", "kick", "철수1")), {"ok": True})
        self.assertEqual(self.server.stdout.readline(), "kick 철수1 []\n")
        self.assertEqual(self.check("set", "max-clients", "3"), "")
        self.assertEqual(json.loads(self.check("status", "--json"))["max_clients"], 3)

    def test_reload(self):
        self.assertEqual(self.check("reload"), "server.name takes effect at a restart\n")
        self.check("kick", "철수1", "break", "reload")
        done = self.run_ctl("reload")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "marud.conf:3: limits: expected a group\n")
        self.assertEqual(done.stderr, "maructl: the settings stay as they were\n")
        done = self.run_ctl("reload", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertFalse(json.loads(done.stdout)["ok"])

    def said(self, *lines):
        for line in lines:
            self.assertEqual(self.server.stdout.readline(), line + "\n")

    def test_history(self):
        text = self.check("history")
        self.said("history ", "forgotten")
        for line in ("Writing      FAILS", "Searching    FAILS: damaged\n", "On disk      12.3 MB\n", "Messages     250\n",
                     "Oldest       2023-11-14 22:13\n", "Newest       -\n",
                     "Last trouble 2023-11-14 22:13, disk full\n"):
            self.assertIn(line, text)
        answer = json.loads(self.check("history", "--json"))
        self.assertEqual((answer["messages"], answer["search_working"]), (250, False))

    def test_what_the_server_made_is_taken_over(self):
        path = self.data + "/backup.db"
        with open(path, "w", encoding="utf-8") as file:
            file.write("the one before, which is longer")
        self.assertEqual(self.check("backup", path), "")
        self.said("backup ", "forgotten")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "what was said\n")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(sorted(os.listdir(self.data)), ["backup.db", "control.sock"])
        self.assertEqual(self.check("export", "#마루", "--html", path), "Wrote 12 messages.\n")
        self.said("export html #마루", "forgotten")
        self.check("export", "#마루", "--json", path)
        self.said("export #마루", "forgotten")

    def test_a_copy_to_another_file_system(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
            if os.stat(other).st_dev == os.stat(self.data).st_dev:
                self.skipTest("there is only one file system")
            self.check("backup", other + "/backup.db")
            with open(other + "/backup.db", encoding="utf-8") as file:
                self.assertEqual(file.read(), "what was said\n")
            self.assertEqual(os.listdir(other), ["backup.db"])

    def test_where_nothing_can_be_written_nothing_is_asked(self):
        self.assertIn("/nowhere/x", self.refused(1, "backup", "/nowhere/x"))
        self.assertIn("/dev/null", self.refused(1, "export", "#room", "--json", "/dev/null"))
        self.check("erase", "--yes", "철수")
        self.said("erase 철수", "forgotten")

    def test_erasing_wants_to_be_sure(self):
        self.assertIn("--yes", self.refused(2, "erase", "철수"))
        self.assertEqual(self.check("erase", "철수", "--yes"), "Erased 12 messages.\n")
        self.said("erase 철수", "forgotten")
        self.check("erase", "--account", "철수", "--yes")
        self.said("erase account 철수")

    def test_progress_is_shown(self):
        done = self.run_ctl("erase", "--yes", "slow")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"^Erasing: 75 %, \d+ s\n")
        self.assertEqual(done.stdout, "Erased 12 messages.\n")

    def test_what_a_job_refuses(self):
        path = self.data + "/x"
        self.assertIn("no such room", self.refused(1, "export", "nowhere", path, "--json"))
        self.assertFalse(os.path.exists(path))
        self.refused(2, "export", "#room", path)
        self.refused(2, "export", "#room", path, "--json", "--html")
        self.refused(2, "export", "#room", "--json")
        self.refused(2, "backup")

    def test_stop(self):
        self.assertEqual(self.check("stop"), "")
        self.assertEqual(self.server.wait(PATIENCE), 0)
        self.assertFalse(os.path.exists(self.data + "/control.sock"))

    def test_what_the_server_refuses(self):
        self.assertIn("nobody here has that nickname", self.refused(1, "kick", "nobody"))
        self.assertIn("from 1 to 100000", self.refused(1, "set", "max-clients", "100001"))
        self.assertIn("400 bytes", self.refused(1, "announce", "x" * 500))

    def test_no_server(self):
        where = ["--socket", self.data + "/other.sock"]
        self.assertIn("no server runs here", self.refused(1, "status", where=where))
        env = {"XDG_DATA_HOME": self.data}
        error = self.refused(1, "status", where=[], env=env)
        self.assertIn(self.data + "/marud/control.sock", error)

    def test_default_place(self):
        env = {"STATE_DIRECTORY": self.data}
        self.assertIn("maru.local", self.check("status", where=[], env=env))

    def test_usage(self):
        self.refused(2)
        self.refused(2, "dance")
        self.refused(2, "status", "now")
        self.refused(2, "kick")
        self.refused(2, "set", "max-clients")
        self.refused(2, "set", "max-rooms", "3")
        self.refused(2, "set", "max-clients", "many")
        self.refused(2, "--nonsense")
        self.refused(2, "--socket", "/x", "status")
        self.assertIn("\\x1b", self.refused(2, "\x1b"))
        self.refused(2, "--data", where=[])
        self.assertIn("Usage: maructl", self.check("--help"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
