/* MODE of rooms and users, through the fixture that plays the edge. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>

/* alice runs #room, bob is in it, carol is not. */
struct three {
    struct fixture f;
    unsigned alice, bob, carol;
};

static struct three *set_up(void)
{
    static struct three t;
    fixture_init(&t.f);
    t.alice = fixture_register(&t.f, "alice", 0);
    t.bob = fixture_register(&t.f, "bob", 0);
    t.carol = fixture_register(&t.f, "carol", 0);
    fixture_line(&t.f, t.alice, "JOIN #room");
    fixture_line(&t.f, t.bob, "JOIN #room");
    fixture_forget(&t.f);
    return &t;
}

/* alice sends it, bob sees it (NULL: nothing), alice too. */
static void changes(struct three *t, const char *line, const char *seen)
{
    fixture_line(&t->f, t->alice, line);
    struct buf want = {0};
    if (seen != NULL) {
        buf_printf(&want, ":alice!alice@alice.test MODE #room %s\n", seen);
    }
    buf_add_char(&want, '\0');
    assert_seen(&t->f, t->bob, want.p);
    assert_seen(&t->f, t->alice, want.p);
    buf_finish(&want);
}

static void answers(struct three *t, unsigned who, const char *line, const char *want)
{
    fixture_line(&t->f, who, line);
    assert_seen(&t->f, who, want);
}

static void only_real_changes_are_announced(void **state)
{
    struct three *t = set_up();
    changes(t, "MODE #room +m", "+m");
    changes(t, "MODE #room +m", NULL);
    changes(t, "MODE #room -m+i-i", "-m+i-i");
    changes(t, "MODE #room nt", NULL);
    changes(t, "MODE #room -n-t+s", "-nt+s");
    changes(t, "MODE #room +nt-s", "+nt-s");
    changes(t, "MODE #room +o alice", NULL);
    changes(t, "MODE #room +vo-v BOB bob bob", "+vo-v bob bob bob");
    changes(t, "MODE #room -o bob", "-o bob");
    changes(t, "MODE #room +klmi secret 5", "+klmi secret 5");
    changes(t, "MODE #room +kl secret 5", NULL);
    changes(t, "MODE #room -kl secret", "-kl *");
    changes(t, "MODE #room -kl", NULL);
    changes(t, "MODE #room -mi", "-mi");
    changes(t, "MODE #room +", NULL);
    changes(t, "MODE #room :", NULL);
    fixture_finish(&t->f);
}

static void modes_are_shown(void **state)
{
    struct three *t = set_up();
    changes(t, "MODE #room +kl 열쇠 7", "+kl 열쇠 7");
    answers(t, t->alice, "MODE #ROOM",
            ":maru.local 324 alice #room +ntkl 열쇠 7\n:maru.local 329 alice #room 1795305600\n");
    answers(t, t->carol, "MODE #room",
            ":maru.local 324 carol #room +ntkl * 7\n:maru.local 329 carol #room 1795305600\n");
    answers(t, t->carol, "MODE #none", ":maru.local 403 carol #none :No such channel\n");
    answers(t, t->carol, "MODE nobody", ":maru.local 401 carol nobody :No such nick/channel\n");
    answers(t, t->carol, "MODE :", ":maru.local 401 carol * :No such nick/channel\n");
    answers(t, t->carol, "MODE", ":maru.local 461 carol MODE :Not enough parameters\n");
    fixture_finish(&t->f);
}

static void who_does_not_run_the_room_changes_nothing(void **state)
{
    struct three *t = set_up();
    answers(t, t->bob, "MODE #room +imk-t key",
            ":maru.local 482 bob #room :You're not channel operator\n");
    answers(t, t->carol, "MODE #room +ov carol carol",
            ":maru.local 482 carol #room :You're not channel operator\n");
    assert_seen(&t->f, t->alice, "");
    answers(t, t->alice, "MODE #room",
            ":maru.local 324 alice #room +nt\n:maru.local 329 alice #room 1795305600\n");
    fixture_finish(&t->f);
}

static void what_is_wrong_is_said(void **state)
{
    struct three *t = set_up();
    answers(t, t->alice, "MODE #room +xXx-x한글",
            ":maru.local 472 alice x :is unknown mode char to me\n"
            ":maru.local 472 alice X :is unknown mode char to me\n"
            ":maru.local 472 alice 한 :is unknown mode char to me\n");
    answers(t, t->alice, "MODE #room +o",
            ":maru.local 696 alice #room o * :This mode needs a nickname\n");
    answers(t, t->alice, "MODE #room +o nobody",
            ":maru.local 401 alice nobody :No such nick/channel\n");
    answers(t, t->alice, "MODE #room +v carol",
            ":maru.local 441 alice carol #room :They aren't on that channel\n");
    answers(t, t->alice, "MODE #room +l",
            ":maru.local 696 alice #room l * :This mode needs a number\n");
    static const char *const limits[] = {"0", "-1", "many", "1000001", "99999999999999999999"};
    for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        char line[80];
        char want[160];
        snprintf(line, sizeof(line), "MODE #room +l %s", limits[i]);
        snprintf(want, sizeof(want),
                 ":maru.local 696 alice #room l %s :The limit is a number of members, 1 to "
                 "1000000\n",
                 limits[i]);
        answers(t, t->alice, line, want);
    }
    answers(t, t->alice, "MODE #room +k",
            ":maru.local 696 alice #room k * :This mode needs a key\n");
    static const char *const keys[] = {"a,b", ":a b", "::a", ":",
                                       "123456789012345678901234567890123"};
    /* A key is a secret: it is not repeated. */
    for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char line[80];
        snprintf(line, sizeof(line), "MODE #room +k %s", keys[i]);
        answers(t, t->alice, line,
                ":maru.local 696 alice #room k * :A key is one word without commas, and not too "
                "long\n");
    }
    assert_seen(&t->f, t->bob, "");
    fixture_finish(&t->f);
}

static void bans_keep_out(void **state)
{
    struct three *t = set_up();
    struct fixture *f = &t->f;
    changes(t, "MODE #room +b CAROL", "+b CAROL!*@*");
    answers(t, t->carol, "JOIN #room", ":maru.local 474 carol #room :Cannot join channel (+b)\n");
    changes(t, "MODE #room +e *!*@Carol.TEST", "+e *!*@Carol.TEST");
    fixture_line(f, t->carol, "JOIN #room");
    fixture_forget(f);
    changes(t, "MODE #room -e *!*@carol.test", "-e *!*@Carol.TEST");
    fixture_forget(f);
    /* A banned member may not speak, unless it has a voice. */
    answers(t, t->carol, "PRIVMSG #room :hi",
            ":maru.local 404 carol #room :Cannot send to channel: you are banned (+b)\n");
    changes(t, "MODE #room +v carol", "+v carol");
    fixture_line(f, t->carol, "PRIVMSG #room :hi");
    assert_seen(f, t->bob, ":carol!carol@carol.test PRIVMSG #room :hi\n");
    fixture_forget(f);
    changes(t, "MODE #room -b carol!*@*", "-b CAROL!*@*");
    changes(t, "MODE #room -b carol!*@*", NULL);
    changes(t, "MODE #room +b 철*수", "+b 철*수!*@*");
    changes(t, "MODE #room +b 철*수!*@*", NULL);
    fixture_finish(f);
}

/* The verdict about a member is remembered; whatever it depends on must end that. */
static void who_is_banned_may_change(void **state)
{
    struct three *t = set_up();
    struct fixture *f = &t->f;
    static const char banned[] =
        ":maru.local 404 bob #room :Cannot send to channel: you are banned (+b)\n";
    answers(t, t->bob, "PRIVMSG #room :1", "");
    fixture_line(f, t->alice, "MODE #room +b bob");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :2", banned);
    answers(t, t->bob, "PRIVMSG #room :3", banned);
    fixture_line(f, t->alice, "MODE #room +e *!*@bob.test");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :4", "");
    fixture_line(f, t->alice, "MODE #room -e *!*@bob.test");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :5", banned);
    fixture_line(f, t->bob, "NICK robert");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :6", "");
    fixture_line(f, t->bob, "NICK BOB");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :7",
            ":maru.local 404 BOB #room :Cannot send to channel: you are banned (+b)\n");
    fixture_line(f, t->alice, "MODE #room -b bob!*@*");
    fixture_forget(f);
    answers(t, t->bob, "PRIVMSG #room :8", "");
    /* From outside of a room without n, too. */
    fixture_line(f, t->alice, "MODE #room +b-n carol");
    fixture_forget(f);
    answers(t, t->carol, "PRIVMSG #room :9",
            ":maru.local 404 carol #room :Cannot send to channel: you are banned (+b)\n");
    fixture_finish(f);
}

static void lists_are_shown(void **state)
{
    struct three *t = set_up();
    changes(t, "MODE #room +be-I+I a!b@c d x y.z", "+beI a!b@c d!*@* *!*@y.z");
    answers(t, t->carol, "MODE #room b",
            ":maru.local 367 carol #room a!b@c alice 1795305600\n"
            ":maru.local 368 carol #room :End of channel ban list\n");
    answers(t, t->bob, "MODE #room +bbeI-b",
            ":maru.local 367 bob #room a!b@c alice 1795305600\n"
            ":maru.local 368 bob #room :End of channel ban list\n"
            ":maru.local 348 bob #room d!*@* alice 1795305600\n"
            ":maru.local 349 bob #room :End of channel exception list\n"
            ":maru.local 346 bob #room *!*@y.z alice 1795305600\n"
            ":maru.local 347 bob #room :End of Channel Invite Exception List\n");
    answers(t, t->carol, "MODE #room +e",
            ":maru.local 442 carol #room :You're not on that channel\n");
    fixture_finish(&t->f);
}

static void an_empty_mask_is_no_mask(void **state)
{
    struct three *t = set_up();
    static const char want[] =
        ":maru.local 696 alice #room b * :This mode needs a mask such as nick!user@host\n";
    answers(t, t->alice, "MODE #room +b :", want);
    answers(t, t->alice, "MODE #room +b : x", want);
    fixture_finish(&t->f);
}

static void lists_are_bounded(void **state)
{
    struct three *t = set_up();
    t->f.settings->list_entries_max = 2;
    changes(t, "MODE #room +bb a b", "+bb a!*@* b!*@*");
    answers(t, t->alice, "MODE #room +bb a c",
            ":maru.local 478 alice #room b :Channel list is full\n");
    changes(t, "MODE #room -b+b a c", "-b+b a!*@* c!*@*");
    fixture_finish(&t->f);
}

static void modes_with_parameters_are_counted(void **state)
{
    struct three *t = set_up();
    changes(t, "MODE #room +bbbbbbbs 1 2 3 4 5 6 7",
            "+bbbbbbs 1!*@* 2!*@* 3!*@* 4!*@* 5!*@* 6!*@*");
    fixture_finish(&t->f);
}

static void long_changes_take_several_lines(void **state)
{
    struct three *t = set_up();
    t->f.settings->modes_per_command = 12;
    struct buf line = {0};
    buf_add_cstr(&line, "MODE #room +bbbbbbbbbbbb");
    for (int i = 0; i < 12; i++) {
        buf_printf(&line, " %02d34567890123456789012345678901234567", i);
    }
    buf_add_char(&line, '\0');
    fixture_line(&t->f, t->alice, line.p);
    buf_finish(&line);
    struct str rest = str_from(fixture_seen(&t->f, t->bob));
    unsigned lines = 0;
    unsigned masks = 0;
    while (rest.len > 0) {
        struct str one = str_split(&rest, '\n');
        assert_true(one.len <= 510);
        lines++;
        for (size_t i = 0; i < one.len; i++) {
            masks += one.p[i] == '*';
        }
    }
    assert_int_equal(lines, 2);
    assert_int_equal(masks, 24);
    fixture_finish(&t->f);
}

static void a_walk_over_a_list_comes_in_pieces(void **state)
{
    struct three *t = set_up();
    struct fixture *f = &t->f;
    f->settings->list_entries_max = 300;
    for (int i = 0; i < 300; i++) {
        char line[80];
        snprintf(line, sizeof(line), "MODE #room +b somebody%d!*@*", i);
        fixture_line(f, t->alice, line);
    }
    fixture_forget(f);
    fixture_line_piece(f, t->bob, "MODE #room b");
    assert_int_equal(f->sessions[t->bob].result, CORE_HELD);
    assert_in_range(strlen(fixture_seen(f, t->bob)), 8000, 9000);
    /* Its next line has to wait, and what it has not seen may go. */
    fixture_line_piece(f, t->bob, "PING x");
    assert_int_equal(f->sessions[t->bob].result, CORE_LATER);
    fixture_line(f, t->alice, "MODE #room -b somebody299!*@*");
    fixture_line(f, t->alice, "PART #room");
    while (f->sessions[t->bob].result != CORE_DONE) {
        fixture_continue(f, t->bob);
    }
    const char *seen = fixture_seen(f, t->bob);
    assert_non_null(strstr(seen, "somebody298!"));
    assert_null(strstr(seen, " 367 bob #room somebody299!"));
    assert_non_null(strstr(seen, " 368 "));
    /* The room may go altogether. */
    fixture_line_piece(f, t->carol, "MODE #room b");
    fixture_line(f, t->bob, "PART #room");
    fixture_forget(f);
    fixture_continue(f, t->carol);
    assert_int_equal(f->sessions[t->carol].result, CORE_DONE);
    assert_seen(f, t->carol, ":maru.local 368 carol #room :End of channel ban list\n");
    fixture_finish(f);
}

static void server_operators_have_power_everywhere(void **state)
{
    struct three *t = set_up();
    struct fixture *f = &t->f;
    fixture_line(f, t->bob, "JOIN #lobby");
    answers(t, t->bob, "NAMES #lobby",
            ":bob!bob@bob.test JOIN #lobby\n"
            ":maru.local 353 bob = #lobby :bob\n"
            ":maru.local 366 bob #lobby :End of /NAMES list\n"
            ":maru.local 353 bob = #lobby :bob\n"
            ":maru.local 366 bob #lobby :End of /NAMES list\n");
    answers(t, t->bob, "MODE #lobby +m",
            ":maru.local 482 bob #lobby :You're not channel operator\n");
    fixture_make_operator(f, t->carol);
    fixture_line(f, t->carol, "MODE #lobby +mo bob");
    assert_seen(f, t->bob, ":carol!carol@carol.test MODE #lobby +mo bob\n");
    fixture_line(f, t->bob, "MODE #lobby -m");
    assert_seen(f, t->bob, ":bob!bob@bob.test MODE #lobby -m\n");
    fixture_finish(f);
}

static void user_modes(void **state)
{
    struct three *t = set_up();
    struct fixture *f = &t->f;
    answers(t, t->alice, "MODE alice", ":maru.local 221 alice +\n");
    answers(t, t->alice, "MODE Alice +iow-w", ":alice!alice@alice.test MODE alice :+i\n");
    answers(t, t->alice, "MODE alice +i", "");
    answers(t, t->alice, "MODE alice +wz-i한",
            ":alice!alice@alice.test MODE alice :+w-i\n"
            ":maru.local 501 alice :Unknown MODE flag\n");
    answers(t, t->alice, "MODE alice", ":maru.local 221 alice +w\n");
    answers(t, t->alice, "MODE bob", ":maru.local 502 alice :Cant change mode for other users\n");
    answers(t, t->alice, "MODE bob +i",
            ":maru.local 502 alice :Cant change mode for other users\n");
    fixture_make_operator(f, t->alice);
    answers(t, t->alice, "MODE alice", ":maru.local 221 alice +ow\n");
    answers(t, t->alice, "MODE alice -o", ":alice!alice@alice.test MODE alice :-o\n");
    answers(t, t->alice, "KILL bob",
            ":maru.local 481 alice :Permission Denied- You're not an IRC operator\n");
    assert_int_equal(core_totals(f->core).operators, 0);
    fixture_finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_real_changes_are_announced),
        cmocka_unit_test(modes_are_shown),
        cmocka_unit_test(who_does_not_run_the_room_changes_nothing),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(bans_keep_out),
        cmocka_unit_test(who_is_banned_may_change),
        cmocka_unit_test(lists_are_shown),
        cmocka_unit_test(an_empty_mask_is_no_mask),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(modes_with_parameters_are_counted),
        cmocka_unit_test(long_changes_take_several_lines),
        cmocka_unit_test(a_walk_over_a_list_comes_in_pieces),
        cmocka_unit_test(server_operators_have_power_everywhere),
        cmocka_unit_test(user_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
