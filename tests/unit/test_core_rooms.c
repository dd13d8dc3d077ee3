/* TOPIC, LIST, INVITE, KICK and NAMES, through the fixture that plays the edge. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>

/* alice runs #room, bob is in it, carol is not. */
struct three {
    struct fixture f;
    unsigned alice, bob, carol;
};

static struct three *set_up(uint32_t alice_caps, uint32_t bob_caps)
{
    static struct three t;
    fixture_init(&t.f);
    t.alice = fixture_register(&t.f, "alice", alice_caps);
    t.bob = fixture_register(&t.f, "bob", bob_caps);
    t.carol = fixture_register(&t.f, "carol", 0);
    fixture_line(&t.f, t.alice, "JOIN #room");
    fixture_line(&t.f, t.bob, "JOIN #room");
    fixture_forget(&t.f);
    return &t;
}

static void topics(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "TOPIC #room");
    assert_seen(f, t->alice, ":maru.local 331 alice #room :No topic is set\n");
    fixture_line(f, t->bob, "TOPIC #room :mine");
    assert_seen(f, t->bob, ":maru.local 482 bob #room :You're not channel operator\n");
    fixture_line(f, t->carol, "TOPIC #room :mine");
    assert_seen(f, t->carol, ":maru.local 442 carol #room :You're not on that channel\n");
    fixture_line(f, t->alice, "TOPIC #ROOM :마루 위에서");
    assert_seen(f, t->alice, ":alice!alice@alice.test TOPIC #room :마루 위에서\n");
    assert_seen(f, t->bob, ":alice!alice@alice.test TOPIC #room :마루 위에서\n");
    /* What does not change is not announced. */
    fixture_line(f, t->alice, "TOPIC #room :마루 위에서");
    assert_seen(f, t->bob, "");
    fixture_line(f, t->carol, "TOPIC #room");
    assert_seen(f, t->carol,
                ":maru.local 332 carol #room :마루 위에서\n"
                ":maru.local 333 carol #room alice 1795305600\n");
    fixture_line(f, t->alice, "TOPIC #room :");
    assert_seen(f, t->bob, ":alice!alice@alice.test TOPIC #room :\n");
    fixture_line(f, t->bob, "TOPIC #room");
    assert_seen(f, t->bob, ":maru.local 331 bob #room :No topic is set\n");
    fixture_line(f, t->bob, "TOPIC #none");
    assert_seen(f, t->bob, ":maru.local 403 bob #none :No such channel\n");
    fixture_line(f, t->bob, "TOPIC");
    assert_seen(f, t->bob, ":maru.local 461 bob TOPIC :Not enough parameters\n");
    fixture_finish(f);
}

static void a_topic_is_cut_between_characters(void **state)
{
    struct three *t = set_up(0, 0);
    t->f.settings->topic_len = 7;
    fixture_line(&t->f, t->alice, "TOPIC #room :철수야 안녕");
    assert_seen(&t->f, t->bob, ":alice!alice@alice.test TOPIC #room :철수\n");
    fixture_finish(&t->f);
}

static void a_secret_room_does_not_exist_for_others(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "MODE #room +s");
    static const char *const lines[] = {
        "TOPIC #room", "TOPIC #room :x", "KICK #room bob",
        "MODE #room",  "MODE #room +b",  "INVITE bob #room",
    };
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        fixture_line(f, t->carol, lines[i]);
        assert_seen(f, t->carol, ":maru.local 403 carol #room :No such channel\n");
    }
    fixture_line(f, t->carol, "LIST");
    assert_seen(f, t->carol,
                ":maru.local 321 carol Channel :Users  Name\n"
                ":maru.local 323 carol :End of /LIST\n");
    fixture_line(f, t->carol, "LIST #room");
    assert_seen(f, t->carol,
                ":maru.local 321 carol Channel :Users  Name\n"
                ":maru.local 323 carol :End of /LIST\n");
    fixture_line(f, t->carol, "NAMES #room");
    assert_seen(f, t->carol, ":maru.local 366 carol #room :End of /NAMES list\n");
    fixture_line(f, t->carol, "WHO #room");
    assert_seen(f, t->carol, ":maru.local 315 carol #room :End of WHO list\n");
    fixture_finish(f);
}

static void list_is(struct three *t, const char *line, const char *names)
{
    struct fixture *f = &t->f;
    fixture_line(f, t->carol, line);
    struct buf got = {0};
    struct str rest = str_from(fixture_seen(f, t->carol));
    while (rest.p != NULL) {
        struct str l = str_split(&rest, '\n');
        if (str_starts(l, STR(":maru.local 322 carol "))) {
            struct str tail = {l.p + 22, l.len - 22};
            buf_add_str(&got, str_split(&tail, ' '));
            buf_add_char(&got, ' ');
        }
    }
    buf_add_char(&got, '\0');
    assert_string_equal(got.p, names);
    buf_finish(&got);
}

static void list_conditions(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    f->now_ms += 3600000;
    fixture_line(f, t->alice, "JOIN #new");
    fixture_line(f, t->alice, "TOPIC #new :t");
    fixture_line(f, t->alice, "JOIN #한국");
    f->now_ms += 600000;
    list_is(t, "LIST", "#room #new #한국 ");
    list_is(t, "LIST #ROOM,#none,#한국", "#room #한국 ");
    list_is(t, "LIST >1", "#room ");
    list_is(t, "LIST <1", "");
    list_is(t, "LIST *O*", "#room ");
    list_is(t, "LIST *o*,*n*", "#room #new ");
    list_is(t, "LIST !*o*", "#new #한국 ");
    list_is(t, "LIST #*,!*한*", "#room #new ");
    list_is(t, "LIST C<11", "#new #한국 ");
    list_is(t, "LIST C<10", "");
    list_is(t, "LIST C>11", "#room ");
    list_is(t, "LIST c>10", "#room ");
    list_is(t, "LIST T<11", "#new ");
    list_is(t, "LIST T>11", "");
    list_is(t, "LIST C<18446744073709551615", "#room #new #한국 ");
    list_is(t, "LIST C>18446744073709551616", "");
    list_is(t, "LIST >,<x,C<,T", "");
    list_is(t, "LIST ,", "#room #new #한국 ");
    list_is(t, "LIST *o* >1", "#room ");
    list_is(t, "LIST #room,#new >1", "#room ");
    fixture_line(f, t->carol, "LIST #a,#b,#c,#d,#room");
    assert_seen(f, t->carol,
                ":maru.local 321 carol Channel :Users  Name\n"
                ":maru.local 407 carol #room :Too many targets\n"
                ":maru.local 323 carol :End of /LIST\n");
    fixture_finish(f);
}

static void invitations(void **state)
{
    struct three *t = set_up(0, CAP_INVITE_NOTIFY);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "MODE #room +i");
    fixture_forget(f);
    fixture_line(f, t->carol, "JOIN #room");
    assert_seen(f, t->carol, ":maru.local 473 carol #room :Cannot join channel (+i)\n");
    fixture_line(f, t->bob, "INVITE carol #room");
    assert_seen(f, t->bob, ":maru.local 482 bob #room :You're not channel operator\n");
    fixture_line(f, t->alice, "INVITE CAROL #ROOM");
    assert_seen(f, t->alice, ":maru.local 341 alice carol #room\n");
    assert_seen(f, t->carol, ":alice!alice@alice.test INVITE carol #room\n");
    assert_seen(f, t->bob, ""); /* In a closed room only its operators are told. */
    fixture_line(f, t->carol, "INVITE");
    assert_seen(f, t->carol,
                ":maru.local 336 carol #room\n"
                ":maru.local 337 carol :End of /INVITE list\n");
    fixture_line(f, t->carol, "JOIN #room");
    fixture_forget(f);
    fixture_line(f, t->carol, "INVITE");
    assert_seen(f, t->carol, ":maru.local 337 carol :End of /INVITE list\n");
    /* It was good for once. */
    fixture_line(f, t->carol, "PART #room");
    fixture_forget(f);
    fixture_line(f, t->carol, "JOIN #room");
    assert_seen(f, t->carol, ":maru.local 473 carol #room :Cannot join channel (+i)\n");
    fixture_line(f, t->alice, "INVITE bob #room");
    assert_seen(f, t->alice, ":maru.local 443 alice bob #room :is already on channel\n");
    fixture_line(f, t->alice, "INVITE nobody #room");
    assert_seen(f, t->alice, ":maru.local 401 alice nobody :No such nick/channel\n");
    fixture_line(f, t->alice, "INVITE bob #none");
    assert_seen(f, t->alice, ":maru.local 403 alice #none :No such channel\n");
    fixture_line(f, t->carol, "INVITE bob #room");
    assert_seen(f, t->carol, ":maru.local 442 carol #room :You're not on that channel\n");
    fixture_line(f, t->carol, "INVITE bob");
    assert_seen(f, t->carol, ":maru.local 461 carol INVITE :Not enough parameters\n");
    fixture_finish(f);
}

static void a_members_invitation_opens_nothing(void **state)
{
    struct three *t = set_up(CAP_INVITE_NOTIFY, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "MODE #room +b carol");
    fixture_forget(f);
    fixture_line(f, t->bob, "INVITE carol #room");
    assert_seen(f, t->carol, ":bob!bob@bob.test INVITE carol #room\n");
    assert_seen(f, t->alice, ":bob!bob@bob.test INVITE carol #room\n");
    fixture_line(f, t->carol, "JOIN #room");
    assert_seen(f, t->carol, ":maru.local 474 carol #room :Cannot join channel (+b)\n");
    fixture_line(f, t->alice, "INVITE carol #room");
    fixture_forget(f);
    fixture_line(f, t->carol, "JOIN #room");
    assert_seen(f, t->alice, ":carol!carol@carol.test JOIN #room\n");
    fixture_finish(f);
}

static void an_invitation_goes_with_its_room(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "JOIN #brief");
    fixture_line(f, t->alice, "INVITE carol #brief");
    fixture_line(f, t->alice, "PART #brief");
    fixture_forget(f);
    fixture_line(f, t->carol, "INVITE");
    assert_seen(f, t->carol, ":maru.local 337 carol :End of /INVITE list\n");
    fixture_finish(f);
}

static void kicks(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->carol, "KICK #room bob");
    assert_seen(f, t->carol, ":maru.local 442 carol #room :You're not on that channel\n");
    fixture_line(f, t->bob, "KICK #room alice");
    assert_seen(f, t->bob, ":maru.local 482 bob #room :You're not channel operator\n");
    fixture_line(f, t->alice, "KICK #none bob");
    assert_seen(f, t->alice, ":maru.local 403 alice #none :No such channel\n");
    fixture_line(f, t->alice, "KICK #room nobody,carol,,BOB :나가");
    assert_seen(f, t->alice,
                ":maru.local 401 alice nobody :No such nick/channel\n"
                ":maru.local 441 alice carol #room :They aren't on that channel\n"
                ":maru.local 401 alice * :No such nick/channel\n"
                ":alice!alice@alice.test KICK #room bob :나가\n");
    assert_seen(f, t->bob, ":alice!alice@alice.test KICK #room bob :나가\n");
    fixture_line(f, t->alice, "PRIVMSG #room :alone");
    assert_seen(f, t->bob, "");
    fixture_line(f, t->bob, "JOIN #room");
    fixture_forget(f);
    fixture_line(f, t->alice, "KICK #room bob");
    assert_seen(f, t->bob, ":alice!alice@alice.test KICK #room bob :alice\n");
    fixture_line(f, t->alice, "KICK #room");
    assert_seen(f, t->alice,
                ":alice!alice@alice.test KICK #room bob :alice\n"
                ":maru.local 461 alice KICK :Not enough parameters\n");
    fixture_finish(f);
}

static void who_kicks_itself_kicks_nobody_else(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "KICK #room alice,bob");
    assert_seen(f, t->alice,
                ":alice!alice@alice.test KICK #room alice :alice\n"
                ":maru.local 442 alice #room :You're not on that channel\n");
    assert_seen(f, t->bob, ":alice!alice@alice.test KICK #room alice :alice\n");
    /* Alone in a room, the room goes too. */
    fixture_line(f, t->alice, "JOIN #own");
    fixture_forget(f);
    fixture_line(f, t->alice, "KICK #own alice,alice");
    assert_seen(f, t->alice,
                ":alice!alice@alice.test KICK #own alice :alice\n"
                ":maru.local 403 alice #own :No such channel\n");
    fixture_finish(f);
}

static void kicks_have_limits(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    f->settings->kick_len = 4;
    f->settings->targets_max = 1;
    fixture_line(f, t->alice, "KICK #room bob,alice :안녕히");
    assert_seen(f, t->alice,
                ":alice!alice@alice.test KICK #room bob :안\n"
                ":maru.local 407 alice alice :Too many targets\n");
    fixture_finish(f);
}

static void names_of_invisible_members(void **state)
{
    struct three *t = set_up(0, 0);
    struct fixture *f = &t->f;
    fixture_line(f, t->alice, "MODE alice +i");
    fixture_line(f, t->bob, "MODE bob +i");
    fixture_forget(f);
    fixture_line(f, t->carol, "NAMES #room");
    assert_seen(f, t->carol, ":maru.local 366 carol #room :End of /NAMES list\n");
    fixture_line(f, t->bob, "MODE bob -i");
    fixture_line(f, t->carol, "NAMES #room");
    assert_seen(f, t->carol,
                ":maru.local 353 carol = #room :bob\n"
                ":maru.local 366 carol #room :End of /NAMES list\n");
    fixture_line(f, t->carol, "NAMES ,");
    assert_seen(f, t->carol, ":maru.local 366 carol * :End of /NAMES list\n");
    fixture_finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics),
        cmocka_unit_test(a_topic_is_cut_between_characters),
        cmocka_unit_test(a_secret_room_does_not_exist_for_others),
        cmocka_unit_test(list_conditions),
        cmocka_unit_test(invitations),
        cmocka_unit_test(a_members_invitation_opens_nothing),
        cmocka_unit_test(an_invitation_goes_with_its_room),
        cmocka_unit_test(kicks),
        cmocka_unit_test(who_kicks_itself_kicks_nobody_else),
        cmocka_unit_test(kicks_have_limits),
        cmocka_unit_test(names_of_invisible_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
