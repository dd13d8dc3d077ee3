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
