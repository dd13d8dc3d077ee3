#!/usr/bin/env python3
"""What people get of history: it is there after a restart, can be paged and searched, unsaid, and
is shown to clients that cannot ask. The real server, real sockets."""
import os
import shutil
import tempfile
import unittest

from harness import TestCase, main
from history_peer import DATABASE, Line, Reader, Refused, after_the_crash, rows, texts, until
from real_clients import Irssi, missing

ROOM = '#한글방'


class History(TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp(prefix='maru-history-')
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def start(self, **more):
        more.setdefault('listeners', ('plain', 'classic'))
        return self.server(data=self.data, **more)

    def reader(self, server, nick, **more):
        reader = Reader(server, nick, **more)
        self.addCleanup(reader.close)
        return reader

    def refuses(self, reader, command, code):
        with self.assertRaises(Refused) as caught:
            reader.ask(command)
        self.assertEqual(caught.exception.code, code, caught.exception.line)

    # ---- what stays ----

    def test_after_a_restart(self):
        """Stopped or killed: what was said is there, with its msgids and times."""
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        self.reader(server, 'bob', join=ROOM)
        said = [alice.say(ROOM, f'말 {n}') for n in range(30)]
        alice.send(f'NOTICE {ROOM} :알림')
        alice.expect(rf'NOTICE {ROOM} :알림')
        alice.send(f'@+draft/reply={said[3].msgid} PRIVMSG {ROOM} :an answer')
        alice.expect(':an answer$')
        for restarts, end in enumerate(('stop', 'kill')):
            getattr(server, end)()
            server = self.start(edges=3)
            again = self.reader(server, '영희', join=ROOM)
            lines = again.history(f'LATEST {ROOM} * 100')
            self.assertEqual([(line.msgid, line.time, line.source, line.last)
                              for line in lines[:30]],
                             [(line.msgid, line.time, line.source, line.last) for line in said])
            self.assertEqual([line.command for line in lines[30:32]], ['NOTICE', 'PRIVMSG'])
            self.assertEqual(lines[31].tags['+draft/reply'], said[3].msgid)
            self.assertEqual(len(lines), 32 + restarts)
            fresh = again.say(ROOM, 'after the restart')
            self.assertNotIn(fresh.msgid, [line.msgid for line in lines])
            self.assertEqual(again.history(f'LATEST {ROOM} * 1')[0].msgid, fresh.msgid)

    def test_an_emptied_room_stays_itself(self):
        """Its modes, its key, its bans, its topic and its history, over restarts, too."""
        server = self.start()
        alice = self.reader(server, 'alice', join=ROOM)
        for line in (f'MODE {ROOM} +ntk 열쇠', f'MODE {ROOM} +b *!*@203.0.113.9',
                     f'TOPIC {ROOM} :오늘의 주제'):
            alice.send(line)
        alice.fence()
        said = alice.say(ROOM, '아무도 없어도')
        alice.send(f'PART {ROOM}')
        alice.expect(f' PART {ROOM}')
        for _ in range(2):
            guest = self.reader(server, 'guest')
            guest.send(f'JOIN {ROOM}')
            guest.expect(r' 475 ')  # the key is still wanted
            guest.send(f'JOIN {ROOM} 열쇠')
            guest.expect(rf' 332 guest {ROOM} :오늘의 주제$')
            guest.expect(r' 366 ')
            self.assertEqual(set(guest.names(ROOM)), {'guest'})
            guest.send(f'MODE {ROOM} b')
            guest.expect(r' 367 guest \S+ \*!\*@203\.0\.113\.9 ')
            self.assertEqual([line.msgid for line in guest.history(f'LATEST {ROOM} * 5')],
                             [said.msgid])
            server.stop()
            server = self.start()

    def test_nothing_is_kept_where_it_is_off(self):
        """Accounts have the database, too; without either there is none."""
        server = self.say_where_it_is_off('')
        server.stop()
        self.assertEqual(after_the_crash(self.data, 'SELECT count(*) FROM messages'), [(0,)])
        shutil.rmtree(self.data)
        os.mkdir(self.data)
        server = self.say_where_it_is_off('accounts: { on = false; };\n')
        self.assertFalse(os.path.exists(os.path.join(self.data, DATABASE)))
        refused = server.ctl('history', check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('switched off', refused.stderr)

    def say_where_it_is_off(self, config):
        server = self.start(config='history: { on = false; };\n' + config)
        caps = 'echo-message message-tags standard-replies'
        alice = self.client(server, 'alice', caps=caps, join=ROOM)
        alice.send(f'PRIVMSG {ROOM} :gone with the wind')
        alice.expect(r'PRIVMSG \S+ :gone with the wind$')
        alice.send(f'CHATHISTORY LATEST {ROOM} * 5')
        alice.expect(r' (421|FAIL CHATHISTORY) ')
        return server

    # ---- the echo ----

    def test_an_echo_means_on_disk(self):
        """At the moment of the echo the message is in the database, though the server be killed."""
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        for n in range(20):
            line = alice.say(ROOM, f'말 {n}')
            found = rows(self.data, 'SELECT text FROM messages WHERE seq = ?',
                         int(line.msgid[11:], 36))
            self.assertEqual(found, [(f'말 {n}',)])
        # A label is as good as the capability.
        label = self.client(server, 'label', caps='batch labeled-response message-tags',
                            join=ROOM)
        label.send(f'@label=x PRIVMSG {ROOM} :labelled')
        label.expect(r'label=x')
        server.kill()
        found = after_the_crash(self.data, 'SELECT text FROM messages WHERE kind = 1 ORDER BY seq')
        self.assertEqual([text for text, in found],
                         [f'말 {n}' for n in range(20)] + ['labelled'])

    # ---- asking ----

    def test_every_way_to_ask(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        said = [alice.say(ROOM, f'{n}') for n in range(20)]
        ids = [f'msgid={line.msgid}' for line in said]

        def ask(words):
            return [int(line.last) for line in alice.history(words)]

        self.assertEqual(ask(f'LATEST {ROOM} * 5'), [15, 16, 17, 18, 19])
        self.assertEqual(ask(f'LATEST {ROOM} {ids[16]} 5'), [17, 18, 19])
        self.assertEqual(ask(f'BEFORE {ROOM} {ids[10]} 3'), [7, 8, 9])
        self.assertEqual(ask(f'BEFORE {ROOM} {ids[0]} 3'), [])
        self.assertEqual(ask(f'AFTER {ROOM} {ids[10]} 3'), [11, 12, 13])
        self.assertEqual(ask(f'AFTER {ROOM} {ids[19]} 3'), [])
        around = ask(f'AROUND {ROOM} {ids[10]} 5')
        self.assertIn(10, around)
        self.assertLessEqual(len(around), 5)
        self.assertEqual(around, list(range(around[0], around[-1] + 1)))
        self.assertEqual(ask(f'BETWEEN {ROOM} {ids[5]} {ids[9]} 10'), [6, 7, 8])
        self.assertEqual(ask(f'BETWEEN {ROOM} {ids[5]} {ids[12]} 3'), [6, 7, 8])
        self.assertEqual(ask(f'BETWEEN {ROOM} {ids[12]} {ids[5]} 3'), [9, 10, 11])
        # From a message to a time, or the other way round: what is later comes second, or it is
        # read backwards.
        old, far = 'timestamp=1970-01-01T00:00:00.000Z', 'timestamp=2999-01-01T00:00:00.000Z'
        self.assertEqual(ask(f'BETWEEN {ROOM} {ids[5]} {far} 3'), [6, 7, 8])
        self.assertEqual(ask(f'BETWEEN {ROOM} {far} {ids[5]} 3'), [17, 18, 19])
        self.assertEqual(ask(f'BETWEEN {ROOM} {old} {ids[5]} 3'), [0, 1, 2])
        self.assertEqual(ask(f'BETWEEN {ROOM} {ids[5]} {old} 3'), [2, 3, 4])
        self.assertEqual(ask(f'AFTER {ROOM} timestamp=1970-01-01T00:00:00.000Z 2'), [0, 1])
        self.assertEqual(ask(f'BEFORE {ROOM} timestamp=2999-01-01T00:00:00.000Z 2'), [18, 19])

        # Only who is in the room may read it, and what is wrong is said.
        other = self.reader(server, 'other')
        self.refuses(other, f'CHATHISTORY LATEST {ROOM} * 5', 'INVALID_TARGET')
        self.refuses(alice, 'CHATHISTORY LATEST #nowhere * 5', 'INVALID_TARGET')
        self.refuses(alice, f'CHATHISTORY SOMETIMES {ROOM} * 5', 'INVALID_PARAMS')
        self.refuses(alice, f'CHATHISTORY LATEST {ROOM} yesterday 5', 'INVALID_PARAMS')
        self.assertTrue(any(' CHATHISTORY=500' in line for line in alice.lines
                            if ' 005 ' in line), 'the limit is advertised')

    def test_direct_messages_belong_to_two_people(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice')
        bob = self.reader(server, 'bob')
        said = [alice.say('bob', 'hello'), bob.say('alice', 'hi'), alice.say('bob', '잘 지내?')]
        expected = [line.msgid for line in said]
        self.assertEqual([m.msgid for m in alice.history('LATEST bob * 9')], expected)
        self.assertEqual([m.msgid for m in bob.history('LATEST alice * 9')], expected)
        eve = self.reader(server, 'eve')
        for nick in ('alice', 'bob'):
            try:
                self.assertEqual(eve.history(f'LATEST {nick} * 9'), [])
            except Refused as refused:
                self.assertEqual(refused.code, 'INVALID_TARGET')
        # Who takes the nickname is somebody else.
        bob.send('QUIT')
        bob.expect_closed()
        alice.send('WHOIS bob')
        alice.expect(r' (401|318) ')
        thief = self.reader(server, 'bob')
        try:
            self.assertEqual(thief.history('LATEST alice * 9'), [])
        except Refused as refused:
            self.assertEqual(refused.code, 'INVALID_TARGET')

    def test_targets(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        bob = self.reader(server, 'bob', join=ROOM)
        alice.join('#quiet')
        alice.say(ROOM, 'one')
        latest = bob.say('alice', 'two')
        span = 'timestamp=1970-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z'
        found = alice.history(f'TARGETS {span} 10')
        self.assertEqual([line.params[1] for line in found], [ROOM, 'bob'])
        self.assertEqual(found[1].params[2], latest.time)
        self.assertEqual([line.params[1] for line in bob.history(f'TARGETS {span} 10')],
                         [ROOM, 'alice'])

    def test_events_for_who_wants_them(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        bob = self.reader(server, 'bob', join=ROOM)
        bob.send('NICK 보브')
        bob.fence()
        bob.nick = '보브'
        bob.say(ROOM, '안녕')
        alice.send(f'TOPIC {ROOM} :새 주제')
        alice.fence()
        bob.send(f'PART {ROOM} :bye')
        bob.fence()
        alice.say(ROOM, 'last')
        self.assertEqual({line.command for line in alice.history(f'LATEST {ROOM} * 50')},
                         {'PRIVMSG'})
        events = self.reader(server, 'events', caps='draft/event-playback batch draft/chathistory '
                             'labeled-response message-tags server-time echo-message', join=ROOM)
        found = [(line.command, line.nick) for line in events.history(f'LATEST {ROOM} * 50')]
        for event in (('JOIN', 'bob'), ('NICK', 'bob'), ('PRIVMSG', '보브'), ('TOPIC', 'alice'),
                      ('PART', '보브'), ('PRIVMSG', 'alice')):
            self.assertIn(event, found)
        self.assertLess(found.index(('NICK', 'bob')), found.index(('PART', '보브')))

    def test_a_long_answer_stops_nobody(self):
        """Five thousand messages to who does not read: others chat on, and then all of it comes."""
        server = self.start(edges=2, config='history: { limit = 5000; };\n')
        alice = self.reader(server, 'alice', join=ROOM)
        count = 5000
        for start in range(0, count, 500):
            alice.send_bytes(''.join(f'PRIVMSG {ROOM} :{n} {"x" * 300}\r\n'
                                     for n in range(start, start + 500)).encode())
            alice.expect(f':{start + 499} x+$')
        slow = self.reader(server, 'slow', join=ROOM)
        slow.send(f'@label=long CHATHISTORY LATEST {ROOM} * {count}')
        slow.send('PING afterwards')
        bob = self.client(server, 'bob', join=ROOM)
        for n in range(20):
            alice.say(ROOM, f'meanwhile {n}')
            bob.expect(f':meanwhile {n}$')
        slow.expect(r' PONG \S+ :?afterwards')
        slow.saw(r':meanwhile 19$')
        lines = [Line(text) for text in slow.lines]
        told = [line for line in lines if 'batch' in line.tags and line.command == 'PRIVMSG']
        self.assertEqual([line.last.split()[0] for line in told],
                         [str(n) for n in range(count)])
        live = [line.last for line in lines if 'batch' not in line.tags
                and line.command == 'PRIVMSG']
        self.assertEqual(live, [f'meanwhile {n}' for n in range(20)])

    # ---- search ----

    def test_search(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        bob = self.reader(server, 'bob', join=ROOM)
        alice.join('#other')
        alice.say(ROOM, '오늘 대한민국만세라고 했다')
        bob.say(ROOM, '내일은 회의실에서 만나요')
        alice.say('#other', '대한민국 elsewhere')
        alice.say(ROOM, 'The Ångström unit')

        def search(reader, attributes):
            escaped = attributes.replace(' ', '\\s')
            return texts(reader.ask(f'SEARCH {escaped}'))

        # The index may lag by some seconds.
        until(lambda: len(search(alice, 'text=ångström')) == 1, 'the index')
        self.assertEqual(search(alice, f'in={ROOM};text=한민'), ['오늘 대한민국만세라고 했다'])
        self.assertEqual(search(alice, 'text=의실'), ['내일은 회의실에서 만나요'])
        self.assertEqual(search(alice, 'text=대한'),
                         ['오늘 대한민국만세라고 했다', '대한민국 elsewhere'])
        self.assertEqual(search(alice, 'text=대한 elsewhere'), ['대한민국 elsewhere'])
        self.assertEqual(search(alice, f'in={ROOM};from=bob;text=회의'),
                         ['내일은 회의실에서 만나요'])
        self.assertEqual(search(alice, f'in={ROOM};from=alice;text=회의'), [])
        self.assertEqual(search(alice, 'text=없는말'), [])
        # What is not for bob he does not find.
        self.assertEqual(search(bob, 'text=대한'), ['오늘 대한민국만세라고 했다'])

    # ---- unsaying ----

    def test_redaction(self):
        server = self.start(edges=2)
        alice = self.reader(server, 'alice', join=ROOM)
        bob = self.reader(server, 'bob', join=ROOM)
        kept = bob.say(ROOM, 'this stays, 대한민국')
        gone = bob.say(ROOM, 'this goes, 대한민국')
        until(lambda: len(alice.ask('SEARCH text=대한')) == 2, 'the index')
        self.refuses(bob, f'REDACT {ROOM} nonsense', 'UNKNOWN_MSGID')
        stranger = self.reader(server, 'stranger', join=ROOM)
        self.refuses(stranger, f'REDACT {ROOM} {gone.msgid}', 'REDACT_FORBIDDEN')
        bob.send(f'REDACT {ROOM} {gone.msgid} :나의 실수')
        alice.expect(rf':bob!\S+ REDACT {ROOM} {gone.msgid} :나의 실수$')
        bob.expect(rf':bob!\S+ REDACT {ROOM} {gone.msgid} ')
        self.assertEqual([line.msgid for line in alice.history(f'LATEST {ROOM} * 9')],
                         [kept.msgid])
        until(lambda: [line.msgid for line in alice.ask('SEARCH text=대한')] == [kept.msgid],
              'the index to forget')
        # An operator of the room may, too.
        alice.send(f'REDACT {ROOM} {kept.msgid}')
        bob.expect(rf':alice!\S+ REDACT {ROOM} {kept.msgid}')
        self.assertEqual(alice.history(f'LATEST {ROOM} * 9'), [])
        server.kill()
        self.assertEqual(after_the_crash(self.data, "SELECT count(*) FROM messages WHERE text "
                                         "LIKE '%대한민국%'"), [(0,)])

    # ---- those who cannot ask ----

    def test_playback_for_plain_clients(self):
        server = self.start(edges=2, config='history: { playback_lines = 3; };\n')
        alice = self.reader(server, 'alice', join=ROOM)
        for n in range(6):
            alice.say(ROOM, f'말 {n}')
        plain = self.client(server, 'plain', join=ROOM)
        plain.saw(':.*말 5$')
        plain.fence()
        shown = [line for line in plain.lines if f'PRIVMSG {ROOM}' in line]
        self.assertEqual([line[-3:] for line in shown], ['말 3', '말 4', '말 5'])
        for line in shown:
            self.assertRegex(line, r'^:alice!\S+ PRIVMSG \S+ :\[?\d\d', 'with the time')
        # Who can ask is left to ask.
        able = self.reader(server, 'able', join=ROOM)
        able.fence()
        self.assertFalse([line for line in able.lines if '말 5' in line])

    @unittest.skipIf(missing('irssi', 'tmux'), f'not installed: {missing("irssi", "tmux")}')
    def test_irssi_sees_the_last_lines(self):
        server = self.start(edges=2, config='history: { playback_lines = 25; };\n')
        alice = self.reader(server, 'alice', join='#lobby')
        for n in range(5):
            alice.say('#lobby', f'어제 한 말 {n}')
        irssi = Irssi(server.ports['plain'], 'irssi')
        self.addCleanup(irssi.finish)
        irssi.sees('Welcome to the Maru Network')
        irssi.type('/join #lobby')
        irssi.sees('alice', '어제 한 말 0')
        irssi.sees('alice', '어제 한 말 4')
        irssi.type('오늘 왔어요')
        alice.expect(r':irssi!\S+ PRIVMSG #lobby :오늘 왔어요$')


if __name__ == '__main__':
    main()
