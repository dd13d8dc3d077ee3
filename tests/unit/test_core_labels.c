/* Labelled answers of every command (IRCv3 labeled-response), through the fixture. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { LABELLED = CAP_LABELED_RESPONSE | CAP_BATCH };

/* The text must be the answer to label "L", in one of its three forms; returns its lines without
 * tags and batch, which the caller frees. */
static char *answer(const char *seen)
{
    struct buf out = {0};
    struct str rest = str_from(seen);
    struct str first = str_split(&rest, '\n');
    if (str_eq(first, STR("@label=L :maru.local ACK"))) {
        assert_int_equal(rest.len, 0);
        buf_add_cstr(&out, "ACK\n");
    } else if (rest.len == 0) {
        /* One line: the label is its first tag, others may follow. */
        assert_true(str_starts(first, STR("@label=L ")) || str_starts(first, STR("@label=L;")));
        str_split(&first, ' ');
        buf_add_str(&out, first);
        buf_add_char(&out, '\n');
    } else {
        char batch[24];
        char open[80];
        char close[80];
        char tag[40];
        assert_int_equal(sscanf(seen, "@label=L :maru.local BATCH +%20[0-9]", batch), 1);
        snprintf(open, sizeof(open), "@label=L :maru.local BATCH +%s labeled-response", batch);
        snprintf(close, sizeof(close), ":maru.local BATCH -%s", batch);
        snprintf(tag, sizeof(tag), "@batch=%s", batch);
        assert_str(first, open);
        bool closed = false;
        while (rest.len > 0) {
            struct str line = str_split(&rest, '\n');
            assert_false(closed);
            if (str_eq(line, str_from(close))) {
                closed = true;
                continue;
            }
            assert_true(str_starts(line, str_from(tag)));
            assert_true(line.p[strlen(tag)] == ' ' || line.p[strlen(tag)] == ';');
            str_split(&line, ' ');
            buf_add_str(&out, line);
            buf_add_char(&out, '\n');
        }
        assert_true(closed);
    }
    buf_add_char(&out, '\0');
    return out.p;
}

/* `want` is what the command answers, or "ACK\n". */
static void labelled(struct fixture *f, unsigned who, const char *line, const char *want)
{
    struct buf with = {0};
    buf_printf(&with, "@label=L %s%c", line, 0);
    fixture_forget(f);
    fixture_line(f, who, with.p);
    char *got = answer(fixture_seen(f, who));
    fixture_compare(got, want, __FILE__, __LINE__);
    free(got);
    buf_finish(&with);
}

static void one_none_and_many(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    unsigned bob = fixture_register(&f, "bob", 0);
    labelled(&f, alice, "PING x", ":maru.local PONG maru.local :x\n");
    labelled(&f, alice, "PONG x", "ACK\n");
    labelled(&f, alice, "JOIN #a",
             ":alice!alice@alice.test JOIN #a\n"
             ":maru.local 353 alice = #a :@alice\n"
             ":maru.local 366 alice #a :End of /NAMES list\n");
    fixture_line(&f, bob, "JOIN #a");
    labelled(&f, alice, "JOIN #a", "ACK\n");
    labelled(&f, alice, "TOPIC #a :t", ":alice!alice@alice.test TOPIC #a :t\n");
    assert_seen(&f, bob, ":alice!alice@alice.test TOPIC #a :t\n");
    labelled(&f, alice, "TOPIC #a :t", "ACK\n");
    labelled(&f, alice, "TOPIC #a",
             ":maru.local 332 alice #a :t\n:maru.local 333 alice #a alice 1795305600\n");
    labelled(&f, alice, "MODE #a +vmx bob",
             ":maru.local 472 alice x :is unknown mode char to me\n"
             ":alice!alice@alice.test MODE #a +vm bob\n");
    assert_seen(&f, bob, ":alice!alice@alice.test MODE #a +vm bob\n");
    labelled(&f, alice, "MODE #a +m", "ACK\n");
    labelled(&f, alice, "MODE #a +b", ":maru.local 368 alice #a :End of channel ban list\n");
    labelled(&f, alice, "MODE alice +i", ":alice!alice@alice.test MODE alice :+i\n");
    labelled(&f, alice, "MODE alice +i", "ACK\n");
    labelled(&f, alice, "PRIVMSG bob :hi", "ACK\n");
    labelled(&f, alice, "PRIVMSG #a :hi", "ACK\n");
    assert_seen(&f, bob, ":alice!alice@alice.test PRIVMSG #a :hi\n");
    labelled(&f, alice, "NOTICE nobody :hi", "ACK\n");
    labelled(&f, alice, "AWAY :x", ":maru.local 306 alice :You have been marked as being away\n");
    labelled(&f, alice, "SETNAME :x", "ACK\n");
    labelled(&f, alice, "LIST",
             ":maru.local 321 alice Channel :Users  Name\n"
             ":maru.local 322 alice #a 2 :t\n"
             ":maru.local 323 alice :End of /LIST\n");
    labelled(&f, alice, "CAP END", "ACK\n");
    labelled(&f, alice, "CAP REQ setname", ":maru.local CAP alice ACK :setname\n");
    labelled(&f, alice, "SETNAME :y", ":alice!alice@alice.test SETNAME :y\n");
    labelled(&f, alice, "NICK Alice", ":alice!alice@alice.test NICK :Alice\n");
    assert_seen(&f, bob, ":alice!alice@alice.test NICK :Alice\n");
    labelled(&f, alice, "INVITE carol #a", ":maru.local 401 Alice carol :No such nick/channel\n");
    labelled(&f, alice, "INVITE", ":maru.local 337 Alice :End of /INVITE list\n");
    labelled(&f, alice, "KICK #a bob :x", ":Alice!alice@alice.test KICK #a bob :x\n");
    assert_seen(&f, bob, ":Alice!alice@alice.test KICK #a bob :x\n");
    labelled(&f, alice, "KICK #a Alice", ":Alice!alice@alice.test KICK #a Alice :Alice\n");
    labelled(&f, alice, "NONSENSE", ":maru.local 421 Alice NONSENSE :Unknown command\n");
    labelled(&f, alice, "MODE", ":maru.local 461 Alice MODE :Not enough parameters\n");
    fixture_finish(&f);
}

static void of_operators(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "@label=L OPER root x");
    assert_seen(&f, alice, "");
    fixture_verdict(&f, false);
    assert_seen(&f, alice, "@label=L :maru.local 464 alice :Password incorrect\n");
    fixture_line(&f, alice, "@label=L OPER root x");
    fixture_verdict(&f, true);
    char *got = answer(fixture_seen(&f, alice));
    assert_string_equal(got, ":maru.local 381 alice :You are now an IRC operator\n"
                             ":maru.local MODE alice :+ow\n");
    free(got);
    /* The label does not stick. */
    fixture_line(&f, alice, "PING x");
    assert_seen(&f, alice, ":maru.local PONG maru.local :x\n");
    labelled(&f, alice, "WALLOPS :hi", ":alice!alice@alice.test WALLOPS :hi\n");
    labelled(&f, alice, "ANNOUNCE :hi", ":alice!alice@alice.test NOTICE $* :hi\n");
    assert_seen(&f, bob, ":alice!alice@alice.test NOTICE $* :hi\n");
    labelled(&f, alice, "REHASH", ":maru.local 382 alice marud.conf :Rehashing\n");
    fixture_line(&f, bob, "JOIN #a");
    labelled(&f, alice, "MODE #a +m", "ACK\n"); /* Not in the room, it does not see it. */
    assert_seen(&f, bob, ":alice!alice@alice.test MODE #a +m\n");
    labelled(&f, alice, "KILL bob :x", "ACK\n");
    fixture_finish(&f);
}

static void an_echo_carries_the_label(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED | CAP_ECHO_MESSAGE | CAP_MESSAGE_TAGS);
    unsigned bob = fixture_register(&f, "bob", CAP_MESSAGE_TAGS);
    fixture_line(&f, alice, "@label=L;+x=y PRIVMSG bob :hi");
    assert_seen(&f, alice, "@label=L;msgid=m3;+x=y :alice!alice@alice.test PRIVMSG bob :hi\n");
    assert_seen(&f, bob, "@msgid=m3;+x=y :alice!alice@alice.test PRIVMSG bob :hi\n");
    /* To oneself: the echo has the label, what arrives has not. */
    fixture_line(&f, alice, "@label=L PRIVMSG alice :hi");
    assert_seen(&f, alice,
                "@msgid=m4 :alice!alice@alice.test PRIVMSG alice :hi\n"
                "@label=L;msgid=m4 :alice!alice@alice.test PRIVMSG alice :hi\n");
    fixture_finish(&f);
}

static void a_label_is_bounded_and_needs_its_capabilities(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    unsigned bob = fixture_register(&f, "bob", CAP_LABELED_RESPONSE);
    fixture_line(&f, alice,
                 "@label=1234567890123456789012345678901234567890123456789012345678901234 PING x");
    assert_seen(&f, alice,
                "@label=1234567890123456789012345678901234567890123456789012345678901234 "
                ":maru.local PONG maru.local :x\n");
    fixture_line(&f, alice,
                 "@label=12345678901234567890123456789012345678901234567890123456789012345 PING x");
    assert_seen(&f, alice, ":maru.local PONG maru.local :x\n");
    fixture_line(&f, alice, "@label= PING x");
    assert_seen(&f, alice, ":maru.local PONG maru.local :x\n");
    fixture_line(&f, bob, "@label=L PING x");
    assert_seen(&f, bob, ":maru.local PONG maru.local :x\n");
    fixture_finish(&f);
}

static void a_long_answer_is_one_batch(void **state)
{
    struct fixture f;
    fixture_init(&f);
    f.settings->rooms_per_user = 200;
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    unsigned bob = fixture_register(&f, "bob", 0);
    for (int i = 0; i < 100; i++) {
        char line[80];
        snprintf(line, sizeof(line), "JOIN #a-room-of-many-%d", i);
        fixture_line(&f, alice, line);
        char topic[500];
        snprintf(topic, sizeof(topic), "TOPIC #a-room-of-many-%d :%0300d", i, 0);
        fixture_line(&f, alice, topic);
    }
    fixture_forget(&f);
    fixture_line_piece(&f, alice, "@label=L LIST");
    assert_int_equal(f.sessions[alice].result, CORE_HELD);
    /* What others say meanwhile stands outside of the batch. */
    fixture_line(&f, bob, "PRIVMSG alice :between");
    while (f.sessions[alice].result == CORE_HELD) {
        fixture_continue(&f, alice);
    }
    const char *seen = fixture_seen(&f, alice);
    const char *between = strstr(seen, ":bob!bob@bob.test PRIVMSG alice :between\n");
    assert_non_null(between);
    struct buf rest = {0};
    buf_add(&rest, seen, (size_t)(between - seen));
    buf_add_cstr(&rest, strchr(between, '\n') + 1);
    buf_add_char(&rest, '\0');
    char *got = answer(rest.p);
    unsigned entries = 0;
    for (const char *at = got; (at = strstr(at, " 322 ")) != NULL; at++) {
        entries++;
    }
    assert_int_equal(entries, 100);
    free(got);
    buf_finish(&rest);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_none_and_many),
        cmocka_unit_test(of_operators),
        cmocka_unit_test(an_echo_carries_the_label),
        cmocka_unit_test(a_label_is_bounded_and_needs_its_capabilities),
        cmocka_unit_test(a_long_answer_is_one_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
