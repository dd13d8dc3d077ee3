/* peer.c and peer_signup.c: what a connection must say, and what changes around it meanwhile. */
#include "peer.h"
#include "peer_fixture.h"

#include "alloc.h"
#include "unit.h"

#include <stdlib.h>

struct fixture {
    struct settings *settings;
    struct arena arena;
    struct buf scratch;
    struct buf out;
    struct peer peer;
    struct peer_env env;
};

static struct settings *settings_with(const char *first, const char *second)
{
    struct settings *settings = settings_create();
    const char *names[] = {first, second};
    settings->operators = xcalloc(2, sizeof(*settings->operators));
    while (settings->n_operators < 2 && names[settings->n_operators] != NULL) {
        struct settings_operator *one = &settings->operators[settings->n_operators];
        settings_set(&one->name, names[settings->n_operators++]);
        settings_set(&one->password_hash, "hash");
    }
    return settings;
}

static void set_up(struct fixture *f, struct settings *settings)
{
    *f = (struct fixture){.settings = settings};
    f->env = (struct peer_env){
        .settings = settings,
        .now_ms = 1000000,
        .wall_ms = 1000000,
        .session = 1,
        .arena = &f->arena,
        .scratch = &f->scratch,
        .out = &f->out,
        .calls = &fixture_peer_calls,
    };
    peer_init(&f->peer, SESSION_IRC, false, STR("127.0.0.1"), &f->env);
}

static void reload(struct fixture *f, struct settings *settings)
{
    settings_unref(f->settings);
    f->settings = settings;
    f->env.settings = settings;
}

static void tear_down(struct fixture *f)
{
    peer_finish(&f->peer);
    arena_finish(&f->arena);
    buf_finish(&f->scratch);
    buf_finish(&f->out);
    settings_unref(f->settings);
}

static enum peer_act say(struct fixture *f, struct str line, struct input *ret_input)
{
    return peer_line(&f->peer, &f->env, line, ret_input);
}

static void sign_up_as_jin(struct fixture *f)
{
    struct input input;
    assert_int_equal(say(f, STR("PASS jin:secret"), &input), PEER_NOTHING);
    assert_int_equal(say(f, STR("NICK jin"), &input), PEER_NOTHING);
    assert_int_equal(say(f, STR("USER jin 0 * :Jin"), &input), PEER_VERIFY);
}

static void verified_operator_keeps_its_name_over_a_reload(void **state)
{
    struct fixture f;
    struct input input;
    set_up(&f, settings_with("jin", NULL));
    sign_up_as_jin(&f);
    reload(&f, settings_with("boss", "jin"));
    assert_int_equal(peer_verdict(&f.peer, &f.env, true, &input), PEER_INPUT);
    assert_str(input.reg.operator_name, "jin");
    tear_down(&f);
}

static void operator_taken_away_by_a_reload_stays_out(void **state)
{
    struct fixture f;
    struct input input;
    set_up(&f, settings_with("jin", NULL));
    sign_up_as_jin(&f);
    reload(&f, settings_with("boss", NULL));
    assert_int_equal(peer_verdict(&f.peer, &f.env, true, &input), PEER_CLOSE);
    tear_down(&f);
}

static void another_password_is_checked_again(void **state)
{
    struct fixture f;
    struct input input;
    set_up(&f, settings_with("jin", "boss"));
    sign_up_as_jin(&f);
    assert_int_equal(peer_verdict(&f.peer, &f.env, true, &input), PEER_INPUT);
    peer_refused(&f.peer); /* The nickname is taken. */
    assert_int_equal(say(&f, STR("PASS boss:guess"), &input), PEER_NOTHING);
    assert_int_equal(say(&f, STR("NICK jin2"), &input), PEER_VERIFY);
    tear_down(&f);
}

static void line_that_is_given_back_is_charged_once(void **state)
{
    struct fixture f;
    struct input input;
    struct settings *settings = settings_with(NULL, NULL);
    settings->flood[FLOOD_MESSAGES] = (struct settings_bucket){2, 1000};
    set_up(&f, settings);
    peer_admitted(&f.peer, &f.env);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(say(&f, STR("PRIVMSG #a :hi"), &input), PEER_INPUT);
        peer_refund(&f.peer, f.settings, &input);
    }
    assert_int_equal(peer_wait_ms(&f.peer, &f.env), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(say(&f, STR("PRIVMSG #a :hi"), &input), PEER_INPUT);
    }
    assert_int_equal(peer_wait_ms(&f.peer, &f.env), 1000);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verified_operator_keeps_its_name_over_a_reload),
        cmocka_unit_test(operator_taken_away_by_a_reload_stays_out),
        cmocka_unit_test(another_password_is_checked_again),
        cmocka_unit_test(line_that_is_given_back_is_charged_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
