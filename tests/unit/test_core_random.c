/*
 * Every command with every kind of parameter, from users of every kind: whatever is said, the core
 * stays whole and each line that somebody sees is a line. Always the same numbers.
 */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"
#include "line.h"
#include "verb.h"

#include <stdio.h>
#include <stdlib.h>

enum { USERS = 6, STEPS = 30000 };

static uint32_t random_state;

static unsigned pick(unsigned n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

static const char *const words[] = {
    "user0",
    "user1",
    "user2",
    "USER3",
    "사용자4",
    "사용자5",
    "nobody",
    "#a",
    "#B",
    "#방",
    "#lobby",
    "#none",
    "@#a",
    "+#b",
    "@#",
    "+",
    "@",
    "#",
    "$*",
    ",",
    ",,",
    "#a,#b,#방",
    "user0,user1,사용자5",
    "*",
    "?",
    "!",
    "*!*@*",
    "user?",
    "a!b@c",
    "\\*",
    "+o",
    "-o",
    "+v-v",
    "+b",
    "-b",
    "+e",
    "+I",
    "bbeI",
    "+k",
    "-k",
    "+l",
    "-l",
    "+imnst-i",
    "+s",
    "-smi",
    "+iw-w",
    "-+",
    "+xyz한글",
    "+kov",
    "+bbbbbbbb",
    "key",
    "5",
    "0",
    "99999999999999999999",
    "maru.local",
    "other.server",
    "*.local",
    "root",
    "LS",
    "LIST",
    "REQ",
    "END",
    "302",
    "echo-message",
    "-batch labeled-response",
    "u",
    "m",
    "o",
    "x",
    "긴 글이 여기에 있습니다 그리고 계속됩니다",
    "text",
    "JOIN",
    ">0",
    "<2",
    "C<5",
    "T>0",
    "!*a*",
    "\x01"
    "ACTION waves\x01",
    ": x",
    " ",
    "",
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

static bool is_one_word(const char *word)
{
    return word[0] != '\0' && word[0] != ':' && strchr(word, ' ') == NULL;
}

static void add_params(struct buf *line)
{
    unsigned n = pick(5);
    for (unsigned i = 0; i < n; i++) {
        const char *word = words[pick(WORDS)];
        if (i + 1 == n && (pick(3) == 0 || !is_one_word(word))) {
            buf_printf(line, " :%s", word);
        } else if (is_one_word(word)) {
            buf_printf(line, " %s", word);
        }
    }
}

/* What was seen must be lines: not too long, no parameter empty in the middle. */
static void check_seen(const char *seen)
{
    struct str rest = str_from(seen);
    while (rest.len > 0) {
        struct str bytes = str_split(&rest, '\n');
        struct str text = bytes;
        if (text.len > 0 && text.p[0] == '@') {
            str_split(&text, ' ');
        }
        struct line line;
        if (text.len > 510 || !str_is_utf8(text) || line_parse(bytes, &line) != STATUS_OK) {
            fail_msg("not a line: " STR_FMT, STR_ARG(bytes));
        }
        for (size_t i = 0; i + 1 < text.len; i++) {
            if (text.p[i] == ' ' && text.p[i + 1] == ':') {
                break;
            }
            if (text.p[i] == ' ' && text.p[i + 1] == ' ') {
                fail_msg("an empty parameter: " STR_FMT, STR_ARG(bytes));
            }
        }
    }
}

struct seat {
    unsigned session;
    bool here;
};

static void come(struct fixture *f, struct seat *places, unsigned i)
{
    char nick[32];
    snprintf(nick, sizeof(nick), i < 4 ? "user%u" : "사용자%u", i);
    places[i].session = fixture_register(f, nick, pick(2) == 0 ? 0 : pick(1u << CAP_COUNT));
    places[i].here = f->sessions[places[i].session].open;
}

static void step(struct fixture *f, struct seat *places)
{
    unsigned i = pick(USERS);
    if (!places[i].here) {
        come(f, places, i);
        return;
    }
    unsigned session = places[i].session;
    struct buf line = {0};
    if (pick(4) == 0) {
        buf_add_cstr(&line, "@label=L;+x=\\\\\\:y;z ");
    }
    /* Rooms are left and users gone more seldom than joined. */
    unsigned verb = pick(4) == 0 ? VERB_JOIN : pick(VERB_COUNT);
    bool ends = verb == VERB_QUIT || verb == VERB_KILL;
    if (ends && pick(8) != 0) {
        verb = VERB_MODE;
    }
    buf_add_str(&line, verb_by_id((enum verb_id)verb)->name);
    add_params(&line);
    buf_add_char(&line, '\0');
    f->now_ms += pick(90000);
    f->fold_nothing = pick(10) == 0;
    fixture_line(f, session, line.p);
    if (f->verifying > 0) {
        fixture_verdict(f, pick(2) == 0);
    }
    while (f->sessions[session].result == CORE_AWAIT && f->sessions[session].open) {
        if (f->redactor != 0) {
            fixture_redacted(f, (enum redact_outcome)pick(4), "reason");
        } else {
            fixture_answered(f, session);
        }
    }
    buf_finish(&line);
    if (pick(200) == 0 && f->sessions[session].open) {
        fixture_apply(f, &(struct input){.kind = INPUT_CLOSE,
                                         .session = f->sessions[session].id,
                                         .text = STR("Connection reset")});
        f->sessions[session].open = false;
    }
    for (unsigned j = 0; j < USERS; j++) {
        if (places[j].session < f->n_sessions) {
            check_seen(fixture_seen(f, places[j].session));
            places[j].here = places[j].here && f->sessions[places[j].session].open;
        }
    }
    fixture_forget(f);
}

static void say_whatever(struct fixture *f, bool history)
{
    random_state = 20261122;
    if (history) {
        fixture_init_kept(f);
    } else {
        fixture_init(f);
    }
    struct seat places[USERS];
    for (unsigned i = 0; i < USERS; i++) {
        come(f, places, i);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(f, places);
    }
    /* It was a test only if the commands did something. */
    struct core_totals totals = core_totals(f->core);
    assert_true(totals.commands > STEPS / 2);
    assert_true(totals.messages > 50);
    /* Nothing is left behind when all have gone. */
    for (unsigned i = 0; i < USERS; i++) {
        if (places[i].here) {
            fixture_line(f, places[i].session, "QUIT");
        }
    }
    totals = core_totals(f->core);
    assert_int_equal(totals.users, 0);
    assert_int_equal(totals.sessions, 0);
    assert_int_equal(totals.operators, 0);
    assert_int_equal(totals.rooms, 1);
    fixture_finish(f);
}

static void whatever_is_said(void **state)
{
    struct fixture f;
    say_whatever(&f, false);
}

static void whatever_is_kept(void **state)
{
    struct fixture f;
    say_whatever(&f, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_said),
        cmocka_unit_test(whatever_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
