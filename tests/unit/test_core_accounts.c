/* accounts.c, account_*.c, attempts.c: what the store and the edges are told of accounts, and what
 * is taken back. What people see of it stands in the scenarios. */
#include "unit.h"

#include "core_fixture.h"

#include <stdlib.h>

/* A session that is no user yet. */
#define ENROLLER session_id_make(0, 1, 1)

/* The effects since the last call. */
static const char *effects(struct fixture *f)
{
    buf_add_char(&f->effects, '\0');
    f->effects.len = 0;
    return f->effects.p;
}

/* Registers it and has it stored; it is logged in. */
static unsigned have_account(struct fixture *f, const char *nick, cap_set caps)
{
    f->as = 0;
    unsigned session = fixture_register(f, nick, caps);
    fixture_line(f, session, "REGISTER * * sesame");
    fixture_hashed(f, "keys");
    fixture_account_stored(f, false);
    fixture_stored(f);
    fixture_forget(f);
    return session;
}

static void an_answer_waits_for_the_store(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, false);
    unsigned alice = fixture_register(&f, "alice", CAP_STANDARD_REPLIES | CAP_ACCOUNT_NOTIFY);
    fixture_line(&f, alice, "REGISTER * * sesame");
    assert_string_equal(effects(&f), "HASH 0 sesame\n");
    assert_int_equal(f.sessions[alice].result, CORE_AWAIT);
    fixture_hashed(&f, "keys");
    assert_int_equal(f.sessions[alice].result, CORE_AWAIT);
    assert_stored(&f, "ACCOUNT 2 alice password=keys, awaited\n");
    assert_seen(&f, alice, "");
    /* Nobody may log in to it, or take its name, while it may still be taken back. */
    fixture_apply(&f, &(struct input){.kind = INPUT_CREDENTIALS,
                                      .session = 1,
                                      .credentials = {.name_folded = STR("alice")}});
    assert_string_equal(effects(&f), "CREDENTIALS -\n");
    fixture_account_stored(&f, false);
    assert_seen(&f, alice,
                ":maru.local REGISTER SUCCESS alice :Account successfully registered\n"
                ":alice!alice@alice.test ACCOUNT alice\n"
                ":maru.local 900 alice alice!alice@alice.test alice :You are now logged in as "
                "alice\n");
    assert_stored(&f, "ANSWERED 0\nACCOUNT 2 alice password=keys\n");
    fixture_apply(&f, &(struct input){.kind = INPUT_CREDENTIALS,
                                      .session = 1,
                                      .credentials = {.name_folded = STR("alice")}});
    assert_string_equal(effects(&f), "CREDENTIALS alice\n");
    fixture_finish(&f);
}

static void what_cannot_be_stored_is_taken_back(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, false);
    unsigned alice = fixture_register(&f, "alice", CAP_STANDARD_REPLIES);
    fixture_line(&f, alice, "REGISTER * * sesame");
    fixture_hashed(&f, "");
    assert_seen(&f, alice,
                ":maru.local FAIL REGISTER TEMPORARILY_UNAVAILABLE alice :The account could not be "
                "stored; try again later\n");
    fixture_line(&f, alice, "REGISTER * * sesame");
    fixture_hashed(&f, "keys");
    fixture_stored(&f);
    fixture_account_stored(&f, true);
    assert_stored(&f, "ACCOUNT GONE 2\nANSWERED 0\n");
    assert_seen(&f, alice,
                ":maru.local FAIL REGISTER TEMPORARILY_UNAVAILABLE alice :The account could not be "
                "stored; try again later\n");
    /* The name is free again, under another number. */
    fixture_line(&f, alice, "REGISTER * * sesame");
    fixture_hashed(&f, "keys");
    assert_stored(&f, "ACCOUNT 3 alice password=keys, awaited\n");
    fixture_finish(&f);
}

static void who_registers_may_be_gone_before_the_answer(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, false);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "REGISTER * * sesame");
    fixture_hashed(&f, "keys");
    fixture_line(&f, alice, "QUIT");
    fixture_apply(&f, &(struct input){.kind = INPUT_CLOSE, .session = f.sessions[alice].id});
    fixture_account_stored(&f, false);
    f.as = f.account;
    unsigned again = fixture_register(&f, "x", 0);
    assert_true(f.sessions[again].open);
    fixture_line(&f, again, "PING x");
    assert_seen(&f, again, ":maru.local PONG maru.local :x\n");
    fixture_finish(&f);
}

static void enrol(struct fixture *f, const char *name, const char *nick)
{
    struct input input = {.kind = INPUT_ENROL, .session = ENROLLER};
    input.enrol.name = (struct name){str_from(name), str_from(name), str_from(name), NAME_OK};
    input.enrol.nick = str_from(nick);
    input.enrol.host = STR("somewhere");
    input.enrol.keys.hash = STR("keys");
    input.enrol.code = STR("9876");
    input.enrol.email = STR("a@b.test");
    fixture_apply(f, &input);
}

static void an_account_before_coming_in(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, false);
    f.settings->email_verified = true;
    fixture_register(&f, "dave", 0); /* Its session stands in for one that is none yet. */
    enrol(&f, "carol", "carol");
    assert_stored(&f, "ACCOUNT 2 carol password=keys email=a@b.test code=9876, awaited\n");
    assert_string_equal(effects(&f), "");
    fixture_account_stored(&f, false);
    assert_string_equal(
        effects(&f), "MAIL a@b.test 9876\n"
                     "SIGNUP -: :maru.local REGISTER VERIFICATION_REQUIRED carol :A code was sent "
                     "to a@b.test; say VERIFY carol and the code\r\n");
    enrol(&f, "carol", "carol");
    assert_string_equal(effects(&f), "SIGNUP -: :maru.local FAIL REGISTER ACCOUNT_EXISTS carol "
                                     ":Somebody has registered this name\r\n");
    struct input confirm = {.kind = INPUT_CONFIRM, .session = ENROLLER};
    confirm.confirm.name_folded = STR("carol");
    confirm.confirm.nick = STR("*");
    confirm.confirm.code = STR("1");
    fixture_apply(&f, &confirm);
    assert_string_equal(effects(&f), "SIGNUP -: :maru.local FAIL VERIFY INVALID_CODE carol :The "
                                     "code is wrong or too old\r\n");
    fixture_stored(&f);
    confirm.confirm.code = STR("9876");
    fixture_apply(&f, &confirm);
    assert_stored(&f, "ACCOUNT 2 carol password=keys email=a@b.test, awaited\n");
    fixture_account_stored(&f, true);
    assert_string_equal(effects(&f),
                        "SIGNUP -: :maru.local FAIL VERIFY TEMPORARILY_UNAVAILABLE * :The account "
                        "could not be stored; try again later\r\n");
    assert_stored(&f, "ACCOUNT 2 carol password=keys email=a@b.test code=9876\n");
    fixture_apply(&f, &confirm);
    fixture_account_stored(&f, false);
    assert_string_equal(effects(&f),
                        "SIGNUP carol: :maru.local VERIFY SUCCESS carol :Account successfully "
                        "registered\r\n"
                        ":maru.local 900 * * carol :You are now logged in as carol\r\n");
    fixture_finish(&f);
}

static void ask_credentials(struct fixture *f, const char *name, const char *host)
{
    fixture_apply(
        f, &(struct input){.kind = INPUT_CREDENTIALS,
                           .session = 1,
                           .credentials = {.name_folded = str_from(name), .host = str_from(host)}});
}

static void attempts_are_limited_by_host_and_by_name(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, false);
    have_account(&f, "alice", 0);
    f.settings->logins = (struct settings_bucket){2, 1000};
    ask_credentials(&f, "alice", "here");
    ask_credentials(&f, "nobody", "here");
    assert_string_equal(effects(&f), "CREDENTIALS alice\nCREDENTIALS -\n");
    /* The same for a name that is there and for one that is not. */
    ask_credentials(&f, "alice", "here");
    ask_credentials(&f, "nobody", "here");
    assert_string_equal(effects(&f), "CREDENTIALS - too many\nCREDENTIALS - too many\n");
    /* Of the name from anywhere, too: both had one attempt left, which was taken. */
    ask_credentials(&f, "alice", "there");
    ask_credentials(&f, "nobody", "there");
    ask_credentials(&f, "else", "elsewhere");
    assert_string_equal(effects(&f),
                        "CREDENTIALS - too many\nCREDENTIALS - too many\nCREDENTIALS -\n");
    f.now_ms += 1000;
    ask_credentials(&f, "alice", "here");
    assert_string_equal(effects(&f), "CREDENTIALS alice\n");
    /* A clock that goes back locks nobody out for longer than the bucket takes to fill. */
    f.now_ms -= 3600 * 1000;
    ask_credentials(&f, "alice", "here");
    assert_string_equal(effects(&f), "CREDENTIALS - too many\n");
    f.now_ms += 1000;
    ask_credentials(&f, "alice", "here");
    assert_string_equal(effects(&f), "CREDENTIALS alice\n");
    fixture_finish(&f);
}

static void who_is_always_on_stays_and_is_saved(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, true);
    f.settings->always_on = POLICY_ALWAYS;
    f.settings->always_on_ms = 1000;
    unsigned alice = have_account(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", CAP_AWAY_NOTIFY);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_stored(&f);
    fixture_forget(&f);
    fixture_line(&f, alice, "QUIT");
    assert_false(f.sessions[alice].open);
    assert_seen(&f, bob, ":alice!alice@alice.test AWAY :Not connected; will read this later\n");
    assert_non_null(strstr(fixture_stored(&f), " user=alice, in room 2\n"));
    /* It ends when nobody came back, once the clock is known to go right. */
    for (unsigned i = 0; i < 20; i++) {
        f.now_ms += 300 * 1000;
        fixture_line(&f, bob, "PING x");
    }
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, ":alice!alice@alice.test QUIT :Absent for too long\n"));
    assert_non_null(strstr(fixture_stored(&f), "ACCOUNT 2 alice password=keys\n"));
    fixture_finish(&f);
}

static struct account_state *kept(account_id id, const char *name, const struct account_room *rooms,
                                  unsigned n)
{
    return account_state_create(&(struct account_state){
        .id = id,
        .name = str_from(name),
        .folded = str_from(name),
        .skeleton = str_from(name),
        .user = STR("~u"),
        .realname = STR("Real"),
        .always_on = CHOICE_ON,
        .rooms = rooms,
        .n_rooms = n,
    });
}

static void who_stayed_comes_back(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, true);
    const struct account_room of_one = {.room = 5, .since_seq = 40, .rank = RANK_OP};
    const struct account_room of_two = {.room = 5, .since_seq = 30};
    struct account_state *one = kept(3, "one", &of_one, 1);
    struct account_state *two = kept(4, "two", &of_two, 1);
    struct account_state *same = kept(6, "one", NULL, 0);
    fixture_apply(&f, &(struct input){.kind = INPUT_ACCOUNT, .account = one});
    fixture_apply(&f, &(struct input){.kind = INPUT_ACCOUNT, .account = two});
    fixture_apply(&f, &(struct input){.kind = INPUT_ACCOUNT, .account = same});
    static const char closed[] = "the account one stays closed";
    assert_non_null(memmem(f.log.p, f.log.len, closed, sizeof(closed) - 1));
    const struct room_state room = {
        .id = 5, .name = STR("#a"), .folded = STR("#a"), .skeleton = STR("#a"), .modes = STR("nt")};
    fixture_apply(&f, &(struct input){.kind = INPUT_ROOM, .room = &room});
    fixture_apply(
        &f, &(struct input){.kind = INPUT_MARKER, .marker = {3, place_of_room(5), 1795305500000}});
    fixture_apply(&f, &(struct input){.kind = INPUT_MARKER,
                                      .marker = {3, place_between(3, 4), 1795305400000}});
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, carol, "JOIN #a");
    const char *seen = fixture_seen(&f, carol);
    assert_non_null(strstr(seen, "353 carol = #a :two @one carol\n"));
    f.as = 3;
    f.keep_welcome = true;
    unsigned back = fixture_register(&f, "anything", CAP_READ_MARKER | CAP_CHATHISTORY);
    seen = fixture_seen(&f, back);
    assert_non_null(strstr(seen, ":maru.local 001 one "));
    assert_non_null(strstr(seen, ":one!~u@maru.local JOIN #a\n"
                                 ":maru.local MARKREAD #a timestamp="));
    fixture_line(&f, back, "MARKREAD two");
    assert_seen(&f, back, ":maru.local MARKREAD two timestamp=2026-11-21T23:56:40.000Z\n");
    account_state_unref(one);
    account_state_unref(two);
    account_state_unref(same);
    fixture_finish(&f);
}

static void a_marker_is_the_accounts(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, true);
    unsigned alice = have_account(&f, "alice", CAP_READ_MARKER);
    have_account(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_stored(&f);
    fixture_line(&f, alice, "MARKREAD #a timestamp=2026-11-21T00:00:00.000Z");
    assert_stored(&f, "MARKER of 2 in room 2 at 1795219200000\n");
    fixture_line(&f, alice, "MARKREAD #a timestamp=2026-11-20T00:00:00.000Z");
    assert_stored(&f, "");
    fixture_line(&f, alice, "MARKREAD bob timestamp=2026-11-21T00:00:00.000Z");
    assert_non_null(strstr(fixture_stored(&f), "MARKER of 2 in users 2 "));
    fixture_finish(&f);
}

static void the_place_that_was_read_longest_ago_gives_way(void **state)
{
    struct fixture f;
    fixture_init_accounts(&f, true);
    struct account_state *one = kept(3, "one", NULL, 0);
    struct account_state *two = kept(4, "two", NULL, 0);
    fixture_apply(&f, &(struct input){.kind = INPUT_ACCOUNT, .account = one});
    fixture_apply(&f, &(struct input){.kind = INPUT_ACCOUNT, .account = two});
    fixture_apply(&f,
                  &(struct input){.kind = INPUT_MARKER, .marker = {3, place_between(3, 4), 1000}});
    for (unsigned i = 1; i < 500; i++) {
        fixture_apply(&f, &(struct input){.kind = INPUT_MARKER,
                                          .marker = {3, place_of_room(1000 + i), 2000 + i}});
    }
    f.as = 3;
    unsigned session = fixture_register(&f, "one", CAP_READ_MARKER);
    fixture_line(&f, session, "MARKREAD two");
    fixture_line(&f, session, "JOIN #new");
    fixture_forget(&f);
    fixture_line(&f, session, "MARKREAD two");
    assert_seen(&f, session, ":maru.local MARKREAD two timestamp=1970-01-01T00:00:01.000Z\n");
    fixture_line(&f, session, "MARKREAD #new timestamp=2026-11-21T00:00:00.000Z");
    fixture_line(&f, session, "MARKREAD two");
    assert_seen(&f, session,
                ":maru.local MARKREAD #new timestamp=2026-11-21T00:00:00.000Z\n"
                ":maru.local MARKREAD two *\n");
    account_state_unref(one);
    account_state_unref(two);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_waits_for_the_store),
        cmocka_unit_test(what_cannot_be_stored_is_taken_back),
        cmocka_unit_test(who_registers_may_be_gone_before_the_answer),
        cmocka_unit_test(an_account_before_coming_in),
        cmocka_unit_test(attempts_are_limited_by_host_and_by_name),
        cmocka_unit_test(who_is_always_on_stays_and_is_saved),
        cmocka_unit_test(who_stayed_comes_back),
        cmocka_unit_test(a_marker_is_the_accounts),
        cmocka_unit_test(the_place_that_was_read_longest_ago_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
