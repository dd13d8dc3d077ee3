/* peer_signup.c and peer.c: what a connection says before it is a session, and after. */
#include "unit.h"

#include "alloc.h"
#include "cap.h"
#include "peer.h"
#include "peer_fixture.h"
#include "session_limits.h"

#include <stdlib.h>

struct rig {
    struct settings *settings;
    struct arena arena;
    struct buf scratch;
    struct buf out;
    struct peer_env env;
    struct peer peer;
    struct input input;
};

static void begin(struct rig *r, enum session_kind kind)
{
    *r = (struct rig){.settings = settings_create()};
    r->settings->operators = xcalloc(1, sizeof(*r->settings->operators));
    r->settings->n_operators = 1;
    r->settings->operators[0].name = str_dup(STR("root"));
    r->settings->operators[0].password_hash = str_dup(STR("root's hash"));
    r->env = (struct peer_env){
        .settings = r->settings,
        .now_ms = 5000,
        .wall_ms = 1795305600000,
        .session = session_id_make(1, 2, 3),
        .arena = &r->arena,
        .scratch = &r->scratch,
        .out = &r->out,
        .calls = &fixture_peer_calls,
    };
    peer_init(&r->peer, kind, true, STR("Host.test"), &r->env);
}

static void finish(struct rig *r)
{
    peer_finish(&r->peer);
    peer_finish(&r->peer); /* harmless */
    settings_unref(r->settings);
    arena_finish(&r->arena);
    buf_finish(&r->scratch);
    buf_finish(&r->out);
}

static enum peer_act line(struct rig *r, const char *text)
{
    buf_clear(&r->out);
    return peer_line(&r->peer, &r->env, str_from(text), &r->input);
}

static void admit(struct rig *r)
{
    assert_int_equal(line(r, "NICK 철수"), PEER_NOTHING);
    assert_int_equal(line(r, "USER cs 0 * :김철수"), PEER_INPUT);
    assert_int_equal(r->peer.state, PEER_ASKING);
    peer_admitted(&r->peer, &r->env);
    assert_int_equal(r->peer.state, PEER_OPEN);
    assert_null(r->peer.signup);
}

static void asks_the_core_with_all_it_may_not_compute(void **state)
{
    struct rig r;
    begin(&r, SESSION_IRC);
    line(&r, "CAP LS 302");
    line(&r, "CAP REQ :batch server-time");
    line(&r, "NICK Ünal");
    line(&r, "USER a.b-c!d 0 * :Ü N");
    assert_int_equal(line(&r, "CAP END"), PEER_INPUT);
    assert_int_equal(r.input.kind, INPUT_REGISTER);
    assert_int_equal(r.input.session, r.env.session);
    assert_int_equal(r.input.now_ms, r.env.wall_ms);
    assert_str(r.input.reg.nick.raw, "Ünal");
    assert_str(r.input.reg.nick.folded, "ünal");
    assert_true(r.input.reg.nick.skeleton.len > 0);
    assert_int_equal(r.input.reg.nick.verdict, NAME_OK);
    assert_str(r.input.reg.user, "~a.b-cd");
    assert_str(r.input.reg.realname, "Ü N");
    assert_str(r.input.reg.host, "Host.test");
    assert_str(r.input.reg.host_folded, "host.test");
    assert_int_equal(r.input.reg.caps, CAP_BATCH | CAP_SERVER_TIME | CAP_CAP_NOTIFY);
    assert_int_equal(r.input.reg.cap_version, 302);
    assert_true(r.input.reg.tls);
    assert_int_equal(r.input.reg.operator_name.len, 0);
    finish(&r);
}

static void another_nickname_after_a_refusal(void **state)
{
    struct rig r;
    begin(&r, SESSION_IRC);
    line(&r, "NICK a");
    assert_int_equal(line(&r, "USER u 0 * :x"), PEER_INPUT);
    peer_refused(&r.peer);
    assert_int_equal(r.peer.state, PEER_SIGNUP);
    assert_int_equal(line(&r, "PING x"), PEER_NOTHING);
    assert_int_equal(line(&r, "NICK b"), PEER_INPUT);
    assert_str(r.input.reg.nick.raw, "b");
    finish(&r);
}

static void passwords(void **state)
{
    struct rig r;
    struct str password;
    const char *hash;
    begin(&r, SESSION_IRC);
    settings_set(&r.settings->password_hash, "the server's hash");
    line(&r, "PASS plain");
    line(&r, "NICK a");
    assert_int_equal(line(&r, "USER u 0 * :x"), PEER_VERIFY);
    assert_int_equal(r.peer.state, PEER_VERIFYING);
    peer_password(&r.peer, r.settings, &password, &hash);
    assert_str(password, "plain");
    assert_string_equal(hash, "the server's hash");
    assert_int_equal(peer_verdict(&r.peer, &r.env, false, &r.input), PEER_CLOSE);
    finish(&r);

    begin(&r, SESSION_IRC);
    settings_set(&r.settings->password_hash, "the server's hash");
    line(&r, "PASS root:se:cret");
    line(&r, "NICK a");
    assert_int_equal(line(&r, "USER u 0 * :x"), PEER_VERIFY);
    peer_password(&r.peer, r.settings, &password, &hash);
    assert_str(password, "se:cret");
    assert_string_equal(hash, "root's hash");
    assert_int_equal(peer_verdict(&r.peer, &r.env, true, &r.input), PEER_INPUT);
    assert_str(r.input.reg.operator_name, "root");
    /* The verdict holds for another nickname, too. */
    peer_refused(&r.peer);
    assert_int_equal(line(&r, "NICK b"), PEER_INPUT);
    assert_str(r.input.reg.operator_name, "root");
    finish(&r);

    /* No such operator: it is the server's password, if there is one; none is asked for here. */
    begin(&r, SESSION_IRC);
    line(&r, "PASS nobody:x");
    line(&r, "NICK a");
    assert_int_equal(line(&r, "USER u 0 * :x"), PEER_INPUT);
    assert_int_equal(r.input.reg.operator_name.len, 0);
    finish(&r);
}

static void lines_of_a_session_are_inputs(void **state)
{
    struct rig r;
    begin(&r, SESSION_IRC);
    admit(&r);
    assert_int_equal(line(&r, ""), PEER_NOTHING);
    assert_int_equal(line(&r, "@a=b privmsg #ROOM,Bob :Hi THERE"), PEER_INPUT);
    assert_int_equal(r.input.kind, INPUT_LINE);
    assert_int_equal(r.input.line.verb->id, VERB_PRIVMSG);
    assert_str(r.input.line.folded[0], "#room,bob");
    assert_int_equal(r.input.line.folded[1].len, 0);
    assert_str(r.input.line.line.params[1], "Hi THERE");
    assert_int_equal(line(&r, "JOIN #A,,#\xe2\x80\x8b,b,#C x"), PEER_INPUT);
    assert_int_equal(r.input.line.n_names, 4);
    assert_str(r.input.line.names[0].raw, "#A");
    assert_str(r.input.line.names[0].folded, "#a");
    assert_int_equal(r.input.line.names[0].verdict, NAME_OK);
    assert_int_not_equal(r.input.line.names[1].verdict, NAME_OK);
    assert_int_not_equal(r.input.line.names[2].verdict, NAME_OK);
    assert_str(r.input.line.names[3].folded, "#c");
    assert_int_equal(line(&r, "NICK A,b"), PEER_INPUT);
    assert_int_equal(r.input.line.n_names, 1);
    assert_int_not_equal(r.input.line.names[0].verdict, NAME_OK);
    assert_int_equal(line(&r, "NOSUCH thing"), PEER_INPUT);
    assert_null(r.input.line.verb);
    assert_int_equal(line(&r, ":"), PEER_INPUT);
    assert_int_equal(r.input.kind, INPUT_REJECT);
    assert_int_equal(r.input.reject.why, REJECT_MALFORMED);
    assert_int_equal(line(&r, "PRIVMSG a :\xff"), PEER_INPUT);
    assert_int_equal(r.input.reject.why, REJECT_INVALID_UTF8);
    assert_int_equal(r.out.len, 0);
    finish(&r);
}

static void long_lines(void **state)
{
    struct rig r;
    char text[PEER_LINE_MAX + 2];
    begin(&r, SESSION_IRC);
    memset(text, 'x', sizeof(text));
    text[PEER_BODY_MAX + 1] = '\0';
    assert_int_equal(line(&r, text), PEER_NOTHING);
    assert_non_null(memmem(r.out.p, r.out.len, " 417 ", 5));
    admit(&r);
    text[PEER_BODY_MAX] = '\0';
    line(&r, text);
    assert_int_equal(r.input.kind, INPUT_LINE);
    text[PEER_BODY_MAX] = 'x';
    line(&r, text);
    assert_int_equal(r.input.kind, INPUT_REJECT);
    assert_int_equal(r.input.reject.why, REJECT_TOO_LONG);
    /* Tags have a limit of their own: '@', what they hold, and the space. */
    memset(text, 'x', sizeof(text));
    text[0] = '@';
    text[PEER_TAGS_MAX - 1] = ' ';
    text[PEER_TAGS_MAX + PEER_BODY_MAX] = '\0';
    line(&r, text);
    assert_int_equal(r.input.kind, INPUT_LINE);
    text[PEER_TAGS_MAX - 1] = 'x';
    text[PEER_TAGS_MAX] = ' ';
    line(&r, text);
    assert_int_equal(r.input.kind, INPUT_REJECT);
    assert_int_equal(peer_line_too_long(&r.peer, &r.env, &r.input), PEER_INPUT);
    assert_int_equal(r.input.reject.why, REJECT_TOO_LONG);
    finish(&r);
}

static void floods_wait(void **state)
{
    struct rig r;
    begin(&r, SESSION_IRC);
    r.settings->flood[FLOOD_MESSAGES] = (struct settings_bucket){3, 1000};
    r.settings->flood[FLOOD_COMMANDS] = (struct settings_bucket){0, 1000};
    admit(&r);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
        line(&r, "PRIVMSG a :x");
    }
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
    line(&r, "NOTICE a :x");
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 1000);
    r.env.now_ms += 400;
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 600);
    r.env.now_ms += 600;
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
    /* A bucket of 0 is no limit, and other kinds do not count here. */
    for (int i = 0; i < 100; i++) {
        line(&r, "PING x");
    }
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
    /* It is full again after its time, and holds no more than before. */
    r.env.now_ms += 1000000;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
        line(&r, "TAGMSG a");
    }
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 1000);
    finish(&r);

    /* A cost is in tenths of an ordinary command. */
    begin(&r, SESSION_IRC);
    admit(&r);
    r.settings->flood[FLOOD_COMMANDS] = (struct settings_bucket){1, 1000};
    const unsigned ping = verb_find(STR("PING"))->cost;
    const unsigned list = verb_find(STR("LIST"))->cost;
    assert_true(ping < 10 && list > 10);
    line(&r, "PING x");
    line(&r, "LIST");
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), ping * 100 + list * 100);
    finish(&r);

    /* Each recipient costs what one does, a further room of a JOIN less. */
    begin(&r, SESSION_IRC);
    admit(&r);
    r.settings->flood[FLOOD_MESSAGES] = (struct settings_bucket){1, 1000};
    r.settings->flood[FLOOD_JOINS] = (struct settings_bucket){1, 100000};
    line(&r, "PRIVMSG a,b,c :x");
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 3000);
    r.env.now_ms += 3000;
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 0);
    line(&r, "JOIN #a,#b,#c,#d,#e");
    assert_int_equal(peer_wait_ms(&r.peer, &r.env), 200000);
    finish(&r);
}

static void silence(void **state)
{
    struct rig r;
    struct buf why = {0};
    begin(&r, SESSION_IRC);
    const uint64_t start = r.env.now_ms;
    /* Before registration no line puts it off. */
    assert_int_equal(peer_deadline_ms(&r.peer, r.settings), start + r.settings->registration_ms);
    r.env.now_ms += 3000;
    peer_heard(&r.peer, r.env.now_ms);
    assert_int_equal(peer_deadline_ms(&r.peer, r.settings), start + r.settings->registration_ms);
    assert_int_equal(peer_tick(&r.peer, &r.env), PEER_NOTHING);
    admit(&r);
    assert_int_equal(peer_deadline_ms(&r.peer, r.settings),
                     r.env.now_ms + r.settings->ping_interval_ms);
    buf_clear(&r.out);
    r.env.now_ms += r.settings->ping_interval_ms;
    assert_int_equal(peer_tick(&r.peer, &r.env), PEER_NOTHING);
    assert_str(buf_str(&r.out), "PING :maru.local\r\n");
    assert_int_equal(peer_deadline_ms(&r.peer, r.settings),
                     r.env.now_ms + r.settings->ping_timeout_ms);
    r.env.now_ms += 10;
    peer_heard(&r.peer, r.env.now_ms);
    assert_int_equal(peer_deadline_ms(&r.peer, r.settings),
                     r.env.now_ms + r.settings->ping_interval_ms);
    r.env.now_ms += r.settings->ping_interval_ms;
    assert_int_equal(peer_tick(&r.peer, &r.env), PEER_NOTHING);
    r.env.now_ms += r.settings->ping_timeout_ms;
    assert_int_equal(peer_tick(&r.peer, &r.env), PEER_CLOSE);
    peer_timeout_text(&r.peer, r.settings, &why);
    assert_str(buf_str(&why), "Ping timeout: 120 seconds");
    buf_finish(&why);
    finish(&r);

    begin(&r, SESSION_IRC);
    r.env.now_ms += r.settings->registration_ms;
    assert_int_equal(peer_tick(&r.peer, &r.env), PEER_CLOSE);
    assert_str(buf_str(&r.out), "ERROR :Closing link: (Host.test) [Registration timed out]\r\n");
    finish(&r);
}

static void classic_clients_need_a_name_only(void **state)
{
    struct rig r;
    begin(&r, SESSION_CLASSIC);
    assert_int_equal(peer_classic_nick(&r.peer, &r.env, STR("철수"), &r.input), PEER_INPUT);
    assert_int_equal(r.input.reg.kind, SESSION_CLASSIC);
    assert_str(r.input.reg.nick.raw, "철수");
    assert_str(r.input.reg.realname, "철수");
    peer_refused(&r.peer);
    assert_int_equal(peer_classic_nick(&r.peer, &r.env, STR("철수2"), &r.input), PEER_INPUT);
    peer_admitted(&r.peer, &r.env);
    /* It cannot answer a PING and is never asked. */
    buf_clear(&r.out);
    for (int i = 0; i < 5; i++) {
        r.env.now_ms = peer_deadline_ms(&r.peer, r.settings);
        assert_int_equal(peer_tick(&r.peer, &r.env), PEER_NOTHING);
    }
    assert_int_equal(r.out.len, 0);
    peer_make_line(&r.env, STR("PRIVMSG #Lobby :안녕"), &r.input);
    assert_int_equal(r.input.line.verb->id, VERB_PRIVMSG);
    assert_str(r.input.line.folded[0], "#lobby");
    finish(&r);
}

static void too_many_lines_before_registration(void **state)
{
    struct rig r;
    begin(&r, SESSION_IRC);
    for (int i = 0; i < PEER_SIGNUP_LINES_MAX; i++) {
        assert_int_equal(line(&r, "PING x"), PEER_NOTHING);
    }
    assert_int_equal(line(&r, "PING x"), PEER_CLOSE);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_core_with_all_it_may_not_compute),
        cmocka_unit_test(another_nickname_after_a_refusal),
        cmocka_unit_test(passwords),
        cmocka_unit_test(lines_of_a_session_are_inputs),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(floods_wait),
        cmocka_unit_test(silence),
        cmocka_unit_test(classic_clients_need_a_name_only),
        cmocka_unit_test(too_many_lines_before_registration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
