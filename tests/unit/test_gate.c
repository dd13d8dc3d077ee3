/* gate.c: echoes wait for the disk, in their place; not_stored.c: what comes where it fails. */
#include "unit.h"

#include "cap.h"
#include "chance.h"
#include "gate.h"
#include "net_limits.h"
#include "not_stored.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIDES = 4, STEPS = 20000 };

struct side {
    session_id id;
    struct gate *gate;
    struct outq out;
    struct buf seen;
    unsigned opened, finished, lost;
    uint64_t closed_ms;
};

struct table {
    struct fanout fanout;
    struct gates gates;
    struct settings *settings;
    struct side sides[SIDES];
    uint64_t now_ms;
    uint64_t seed;
};

static struct side *side_of(struct table *t, session_id id)
{
    return &t->sides[session_id_slot(id)];
}

static struct gate **gate_of(void *ctx, session_id id)
{
    struct side *side = side_of(ctx, id);
    return side->id == id ? &side->gate : NULL;
}

static void say(void *ctx, session_id id, struct str bytes, const struct message *message)
{
    struct table *t = ctx;
    if (bytes.len > 0) {
        fanout_say(&t->fanout, session_id_slot(id), FRAMING_LINES, bytes);
    }
}

static void pass(void *ctx, session_id id, struct outq *held, size_t len)
{
    outq_move(held, &side_of(ctx, id)->out, len);
}

static void lost(void *ctx, session_id id)
{
    side_of(ctx, id)->lost++;
}

static void opened(void *ctx, session_id id, uint64_t closed_ms)
{
    side_of(ctx, id)->opened++;
    side_of(ctx, id)->closed_ms = closed_ms;
}

static void finished(void *ctx, session_id id)
{
    side_of(ctx, id)->finished++;
}

static const struct gates_calls calls = {gate_of, say, pass, lost, opened, finished};

static void on_deliver(void *ctx, uint32_t slot, struct run *run, size_t offset, size_t len,
                       const struct message *message)
{
    struct table *t = ctx;
    struct side *side = &t->sides[slot];
    if (side->gate == NULL || !gates_hold(&t->gates, side->gate, run, offset, len, message)) {
        outq_push(&side->out, run, offset, len);
    }
}

static const cap_set CAPS = CAP_ECHO_MESSAGE | CAP_STANDARD_REPLIES;

static void begin(struct table *t, cap_set caps)
{
    *t = (struct table){.seed = 5, .now_ms = 1000};
    t->settings = settings_create();
    settings_set_defaults(t->settings);
    settings_set(&t->settings->server_name, "s");
    fanout_init(&t->fanout, on_deliver, t);
    gates_init(&t->gates, &t->fanout, t->settings, &calls, t);
    for (unsigned i = 0; i < SIDES; i++) {
        t->sides[i].id = session_id_make(0, 1, i);
        fanout_open(&t->fanout, t->sides[i].id);
        fanout_apply(
            &t->fanout,
            &(struct effect){.kind = EFFECT_TRAITS, .session = t->sides[i].id, .caps = caps});
    }
}

static void finish(struct table *t)
{
    for (unsigned i = 0; i < SIDES; i++) {
        gates_forget(&t->gates, &t->sides[i].gate);
        outq_finish(&t->sides[i].out);
        buf_finish(&t->sides[i].seen);
    }
    gates_finish(&t->gates);
    fanout_finish(&t->fanout);
    settings_unref(t->settings);
}

static struct message *make(const char *id, const char *body)
{
    return message_create(&(struct message_parts){.msgid = str_from(id), .body = str_from(body)});
}

static void record_kind(struct table *t, unsigned who, uint64_t seq, const char *body,
                        enum record_kind kind, bool refused)
{
    char id[32];
    snprintf(id, sizeof(id), "m%llu", (unsigned long long)seq);
    const struct effect effect = {
        .kind = EFFECT_RECORD,
        .session = t->sides[who].id,
        .record = {.seq = seq, .message_seq = seq, .kind = kind, .refused = refused},
        .message = make(id, body),
    };
    assert_true(gates_record(&t->gates, &effect, false, t->now_ms));
}

static void record(struct table *t, unsigned who, uint64_t seq, const char *body)
{
    record_kind(t, who, seq, body, RECORD_PRIVMSG, false);
}

static void reply(struct table *t, unsigned who, uint64_t seq, const char *body)
{
    const struct effect effect = {
        .kind = EFFECT_REPLY, .session = t->sides[who].id, .seq = seq, .message = make("", body)};
    assert_true(gates_reply(&t->gates, &effect, t->now_ms));
}

/* A message with its echo, as core makes them. */
static void speak(struct table *t, unsigned who, uint64_t seq, const char *body)
{
    record(t, who, seq, body);
    reply(t, who, seq, body);
}

static void line(struct table *t, unsigned who, const char *bytes)
{
    fanout_say(&t->fanout, who, FRAMING_LINES, str_from(bytes));
}

static void stored(struct table *t, uint64_t seq, bool failed)
{
    gates_stored(&t->gates, seq, failed, t->now_ms);
}

static void assert_seen(struct table *t, unsigned who, const char *expected)
{
    struct side *side = &t->sides[who];
    const char *front;
    size_t len;
    buf_clear(&side->seen);
    while ((len = outq_front(&side->out, &front)) > 0) {
        buf_add(&side->seen, front, len);
        outq_consume(&side->out, len);
    }
    buf_add_char(&side->seen, '\0');
    assert_string_equal(side->seen.p, expected);
}

static void a_gate_is_a_place(void **state)
{
    struct table t;
    begin(&t, CAPS);
    line(&t, 0, "before\r\n");
    speak(&t, 0, 7, ":a!a@h PRIVMSG #r :one\r\n");
    line(&t, 0, "behind\r\n");
    line(&t, 1, "others\r\n");
    assert_seen(&t, 0, "before\r\n");
    assert_seen(&t, 1, "others\r\n");
    assert_true(gate_is_closed(t.sides[0].gate));
    assert_false(gate_is_closed(t.sides[1].gate));
    t.now_ms += 30;
    stored(&t, 6, false);
    assert_seen(&t, 0, "");
    stored(&t, 7, false);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :one\r\nbehind\r\n");
    assert_int_equal(t.sides[0].opened, 1);
    assert_int_equal(t.sides[0].closed_ms, 30);
    assert_int_equal(t.sides[0].finished, 1);
    assert_null(t.sides[0].gate);
    finish(&t);
}

static void cast(struct table *t, const char *body)
{
    struct effect effect = {.kind = EFFECT_CAST,
                            .audience = {.kind = AUDIENCE_ROOM, .room = 1},
                            .message = make("", body)};
    fanout_apply(&t->fanout, &effect);
    message_unref(effect.message);
}

/* What is said to a room reaches its members later than it is said, but in its place. */
static void a_room_keeps_its_place(void **state)
{
    struct table t;
    begin(&t, CAPS);
    for (unsigned i = 0; i < 2; i++) {
        fanout_apply(&t.fanout,
                     &(struct effect){.kind = EFFECT_JOIN, .session = t.sides[i].id, .room = 1});
    }
    cast(&t, "before\r\n");
    speak(&t, 0, 7, ":a!a@h PRIVMSG #r :one\r\n");
    cast(&t, "behind\r\n");
    fanout_settle(&t.fanout);
    assert_seen(&t, 0, "before\r\n");
    assert_seen(&t, 1, "before\r\nbehind\r\n");
    cast(&t, "later\r\n");
    stored(&t, 7, false);
    cast(&t, "at last\r\n");
    fanout_settle(&t.fanout);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :one\r\nbehind\r\nlater\r\nat last\r\n");
    finish(&t);
}

static void several_gates_open_one_by_one(void **state)
{
    struct table t;
    begin(&t, CAPS);
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    line(&t, 0, "x\r\n");
    speak(&t, 1, 2, ":b!b@h PRIVMSG #r :other\r\n");
    speak(&t, 0, 3, ":a!a@h PRIVMSG #r :two\r\n");
    speak(&t, 0, 4, ":a!a@h PRIVMSG #r :three\r\n");
    line(&t, 0, "y\r\n");
    stored(&t, 1, false);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :one\r\nx\r\n");
    assert_seen(&t, 1, "");
    assert_int_equal(t.sides[0].opened, 0);
    stored(&t, 3, false);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :two\r\n");
    assert_seen(&t, 1, ":b!b@h PRIVMSG #r :other\r\n");
    stored(&t, 9, false);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :three\r\ny\r\n");
    assert_int_equal(t.sides[0].opened, 1);
    assert_int_equal(t.sides[0].finished, 1);
    finish(&t);
}

static void a_failure_takes_the_place_of_the_echo(void **state)
{
    struct table t;
    begin(&t, CAPS);
    record(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    reply(&t, 0, 1, "@time=x :a!a@h PRIVMSG #r :one\r\n");
    line(&t, 0, "x\r\n");
    record_kind(&t, 0, 2, ":a!a@h NOTICE b :two\r\n", RECORD_NOTICE, false);
    stored(&t, 1, true);
    assert_seen(&t, 0,
                ":s FAIL PRIVMSG NOT_STORED #r m1 :Delivered to who is here, but not "
                "stored\r\nx\r\n");
    /* Without an echo; a second must pass before the next is told. */
    stored(&t, 2, true);
    assert_seen(&t, 0, "");
    t.now_ms += GATE_FAIL_MS;
    gates_tick(&t.gates, t.now_ms);
    assert_null(t.sides[0].gate);
    record_kind(&t, 0, 3, ":a!a@h TAGMSG #r\r\n", RECORD_TAGMSG, false);
    stored(&t, 3, true);
    assert_seen(&t, 0,
                ":s FAIL TAGMSG NOT_STORED #r m3 :Delivered to who is here, but not stored\r\n");
    finish(&t);
}

static void old_clients_read_a_notice(void **state)
{
    struct table t;
    begin(&t, CAP_ECHO_MESSAGE);
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    stored(&t, 1, true);
    assert_seen(&t, 0, ":s NOTICE a :PRIVMSG: #r Delivered to who is here, but not stored\r\n");
    finish(&t);
}

static void events_fail_in_silence(void **state)
{
    struct table t;
    begin(&t, CAPS);
    record_kind(&t, 0, 1, ":a!a@h JOIN #r\r\n", RECORD_JOIN, false);
    reply(&t, 0, 1, "@label=1 :a!a@h JOIN #r\r\n");
    stored(&t, 1, true);
    assert_seen(&t, 0, "@label=1 :a!a@h JOIN #r\r\n");
    finish(&t);
}

static void labels_are_answered(void **state)
{
    struct table t;
    begin(&t, CAPS);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        record(&t, 0, seq, ":a!a@h PRIVMSG #r :one\r\n");
        reply(&t, 0, seq, "@label=L;msgid=m :a!a@h PRIVMSG #r :one\r\n");
    }
    stored(&t, 3, true);
    assert_seen(&t, 0,
                "@label=L :s FAIL PRIVMSG NOT_STORED #r m1 :Delivered to who is here, but not "
                "stored\r\n"
                "@label=L :s FAIL PRIVMSG NOT_STORED #r m2 :Delivered to who is here, but not "
                "stored\r\n"
                "@label=L :s FAIL PRIVMSG NOT_STORED #r m3 :Delivered to who is here, but not "
                "stored\r\n");
    /* Without an echo an acknowledgement waits, and is none any more. */
    record(&t, 0, 4, ":a!a@h PRIVMSG #r :one\r\n");
    reply(&t, 0, 4, "@label=L :s ACK\r\n");
    assert_seen(&t, 0, "");
    stored(&t, 4, true);
    assert_seen(&t, 0,
                "@label=L :s FAIL PRIVMSG NOT_STORED #r m4 :Delivered to who is here, but not "
                "stored\r\n");
    finish(&t);
}

static void one_of_several_targets_fails(void **state)
{
    struct table t;
    begin(&t, CAPS);
    record(&t, 0, 1, ":a!a@h PRIVMSG b :x\r\n");
    record(&t, 0, 2, ":a!a@h PRIVMSG c :x\r\n");
    reply(&t, 0, 2,
          "@label=L :s BATCH +1 labeled-response\r\n"
          "@batch=1;msgid=m1 :a!a@h PRIVMSG b :x\r\n"
          "@batch=1 :s 401 a d :No such nick/channel\r\n"
          "@batch=1;msgid=m2 :a!a@h PRIVMSG c :x\r\n"
          ":s BATCH -1\r\n");
    stored(&t, 1, false);
    assert_seen(&t, 0, "");
    stored(&t, 2, true);
    assert_seen(&t, 0,
                "@label=L :s BATCH +1 labeled-response\r\n"
                "@batch=1;msgid=m1 :a!a@h PRIVMSG b :x\r\n"
                "@batch=1 :s 401 a d :No such nick/channel\r\n"
                "@batch=1 :s FAIL PRIVMSG NOT_STORED c m2 :Delivered to who is here, but not "
                "stored\r\n"
                ":s BATCH -1\r\n");
    finish(&t);
}

static void answer(const char *reply, const char *const *lost, unsigned n, bool quiet,
                   const char *expected)
{
    struct message *messages[4];
    for (unsigned i = 0; i < n; i++) {
        messages[i] = make("m", lost[i]);
    }
    const struct not_stored_form form = {"s", CAPS};
    struct buf out = {0};
    not_stored_answer(&out, &form, str_from(reply), messages, n, quiet, 9);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, expected);
    buf_finish(&out);
    for (unsigned i = 0; i < n; i++) {
        message_unref(messages[i]);
    }
}

#define LOST "Delivered to who is here, but not stored\r\n"

static void answers_are_put_together(void **state)
{
    const char *two[] = {":a!a@h PRIVMSG b :x\r\n", ":a!a@h PRIVMSG c :x\r\n"};
    const char *same[] = {":a!a@h PRIVMSG b :x\r\n", ":a!a@h PRIVMSG b :x\r\n"};
    answer("@label=L :s ACK\r\n", two, 2, false,
           "@label=L :s BATCH +s9 labeled-response\r\n"
           "@batch=s9 :s FAIL PRIVMSG NOT_STORED b m :" LOST
           "@batch=s9 :s FAIL PRIVMSG NOT_STORED c m :" LOST ":s BATCH -s9\r\n");
    answer("@label=L :s 301 a b :away\r\n", two, 1, false,
           "@label=L :s BATCH +s9 labeled-response\r\n"
           "@batch=s9 :s 301 a b :away\r\n"
           "@batch=s9 :s FAIL PRIVMSG NOT_STORED b m :" LOST ":s BATCH -s9\r\n");
    answer("@label=L;msgid=m :a!a@h PRIVMSG b :x\r\n", same, 2, false,
           "@label=L :s BATCH +s9 labeled-response\r\n"
           "@batch=s9 :s FAIL PRIVMSG NOT_STORED b m :" LOST
           "@batch=s9 :s FAIL PRIVMSG NOT_STORED b m :" LOST ":s BATCH -s9\r\n");
    answer("@label=L :s BATCH +1 labeled-response\r\n"
           "@batch=1 :s 301 a b :away\r\n"
           "@batch=1 :s 301 a c :away\r\n"
           ":s BATCH -1\r\n",
           two, 1, false,
           "@label=L :s BATCH +1 labeled-response\r\n"
           "@batch=1 :s 301 a b :away\r\n"
           "@batch=1 :s 301 a c :away\r\n"
           "@batch=1 :s FAIL PRIVMSG NOT_STORED b m :" LOST ":s BATCH -1\r\n");
    answer(":s 401 a d :No such nick/channel\r\n:a!a@h PRIVMSG b :x\r\n", two, 1, false,
           ":s 401 a d :No such nick/channel\r\n:s FAIL PRIVMSG NOT_STORED b m :" LOST);
    answer(":s 401 a d :No such nick/channel\r\n:a!a@h PRIVMSG b :x\r\n", two, 1, true,
           ":s 401 a d :No such nick/channel\r\n");
    answer("@label=L;+a=b :a!a@h TAGMSG b\r\n", (const char *[]){":a!a@h TAGMSG b\r\n"}, 1, false,
           "@label=L :s FAIL TAGMSG NOT_STORED b m :" LOST);
}

static void what_was_said_before_is_not_in_the_answer(void **state)
{
    struct table t;
    begin(&t, CAP_STANDARD_REPLIES);
    record(&t, 0, 1, ":a!a@h PRIVMSG b :unlabelled\r\n");
    struct effect later = {.kind = EFFECT_RECORD,
                           .session = t.sides[0].id,
                           .record = {.seq = 2, .kind = RECORD_PRIVMSG}};
    later.message = message_create(&(struct message_parts){
        .time_ms = 5, .msgid = STR("m2"), .body = STR(":a!a@h PRIVMSG b :labelled\r\n")});
    assert_true(gates_record(&t.gates, &later, false, t.now_ms));
    later = (struct effect){.kind = EFFECT_REPLY, .session = t.sides[0].id, .seq = 2};
    later.message =
        message_create(&(struct message_parts){.time_ms = 5, .body = STR("@label=L :s ACK\r\n")});
    assert_true(gates_reply(&t.gates, &later, t.now_ms));
    stored(&t, 2, true);
    assert_seen(&t, 0,
                "@label=L :s FAIL PRIVMSG NOT_STORED b m2 :" LOST
                ":s FAIL PRIVMSG NOT_STORED b m1 :" LOST);
    finish(&t);
}

static void a_slow_disk(void **state)
{
    struct table t;
    begin(&t, CAPS);
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    t.now_ms += GATE_WAIT_MS / 2;
    speak(&t, 0, 2, ":a!a@h PRIVMSG #r :two\r\n");
    line(&t, 0, "x\r\n");
    t.now_ms += GATE_WAIT_MS / 2 - 1;
    gates_tick(&t.gates, t.now_ms);
    assert_seen(&t, 0, "");
    t.now_ms++;
    gates_tick(&t.gates, t.now_ms);
    assert_seen(&t, 0, ":s FAIL PRIVMSG NOT_STORED #r m1 :" LOST);
    t.now_ms += GATE_WAIT_MS / 2;
    gates_tick(&t.gates, t.now_ms);
    assert_seen(&t, 0, ":s FAIL PRIVMSG NOT_STORED #r m2 :" LOST "x\r\n");
    assert_int_equal(t.sides[0].opened, 1);
    assert_int_equal(t.sides[0].finished, 0);
    /* Success that comes too late adds nothing. */
    stored(&t, 2, false);
    assert_seen(&t, 0, "");
    assert_int_equal(t.sides[0].finished, 1);
    finish(&t);
}

static void too_much_is_held_back(void **state)
{
    struct table t;
    begin(&t, CAPS);
    char *text = xcalloc(1, 1001);
    memset(text, 'x', 1000);
    text[999] = '\n';
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    speak(&t, 1, 2, ":b!b@h PRIVMSG #r :other\r\n");
    speak(&t, 0, 3, ":a!a@h PRIVMSG #r :two\r\n");
    for (int i = 0; i <= GATE_BYTES_MAX / 1000; i++) {
        assert_int_equal(t.sides[0].out.bytes, 0);
        line(&t, 0, text);
        fanout_end_turn(&t.fanout);
    }
    assert_true(gate_bytes(t.sides[0].gate) > GATE_BYTES_MAX);
    gates_settle(&t.gates, t.now_ms);
    assert_false(gate_is_closed(t.sides[0].gate));
    assert_true(gate_is_closed(t.sides[1].gate));
    assert_int_equal(gate_bytes(t.sides[0].gate), 0);
    const char *front;
    assert_true(outq_front(&t.sides[0].out, &front) > 0);
    assert_memory_equal(front, ":s FAIL PRIVMSG NOT_STORED #r m1", 32);
    assert_true(t.sides[0].out.bytes > GATE_BYTES_MAX);
    outq_finish(&t.sides[0].out);
    stored(&t, 3, true);
    assert_seen(&t, 0, "");
    free(text);
    finish(&t);
}

static void a_store_that_is_full(void **state)
{
    struct table t;
    begin(&t, CAPS);
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    record_kind(&t, 0, 2, ":a!a@h PRIVMSG #r :two\r\n", RECORD_PRIVMSG, true);
    reply(&t, 0, 2, ":a!a@h PRIVMSG #r :two\r\n");
    record_kind(&t, 1, 3, ":b!b@h PRIVMSG #r :x\r\n", RECORD_PRIVMSG, true);
    reply(&t, 1, 3, ":b!b@h PRIVMSG #r :x\r\n");
    line(&t, 1, "y\r\n");
    record_kind(&t, 2, 4, ":c!c@h PRIVMSG #r :x\r\n", RECORD_PRIVMSG, true);
    gates_settle(&t.gates, t.now_ms);
    assert_seen(&t, 0, ""); /* Its place is behind the first. */
    assert_seen(&t, 1, ":s FAIL PRIVMSG NOT_STORED #r m3 :" LOST "y\r\n");
    assert_seen(&t, 2, ":s FAIL PRIVMSG NOT_STORED #r m4 :" LOST);
    stored(&t, 1, false);
    assert_seen(&t, 0, ":a!a@h PRIVMSG #r :one\r\n:s FAIL PRIVMSG NOT_STORED #r m2 :" LOST);
    finish(&t);
}

static void the_end_of_all(void **state)
{
    struct table t;
    begin(&t, CAPS);
    speak(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    line(&t, 0, "x\r\n");
    speak(&t, 1, 2, ":b!b@h PRIVMSG #r :one\r\n");
    gates_forget(&t.gates, &t.sides[1].gate);
    t.sides[1].id = 0; /* It has gone. */
    gates_give_up(&t.gates, t.now_ms);
    assert_seen(&t, 0, ":s FAIL PRIVMSG NOT_STORED #r m1 :" LOST "x\r\n");
    stored(&t, 2, false);
    assert_seen(&t, 0, "");
    finish(&t);
}

/* A classic client's echo comes all the same: it shows nothing of its own. */
static void classic_clients(void **state)
{
    struct table t;
    begin(&t, CAPS);
    struct effect effect = {.kind = EFFECT_RECORD,
                            .session = t.sides[0].id,
                            .record = {.seq = 1, .kind = RECORD_PRIVMSG},
                            .message = make("m1", ":a!a@h PRIVMSG #r :one\r\n")};
    assert_true(gates_record(&t.gates, &effect, true, t.now_ms));
    reply(&t, 0, 1, ":a!a@h PRIVMSG #r :one\r\n");
    effect = (struct effect){.kind = EFFECT_REPLY, .session = t.sides[0].id};
    for (int i = 0; i < 6; i++) {
        effect.message = make("", ":b!b@h PRIVMSG #r :x\r\n");
        fanout_apply(&t.fanout, &effect);
        message_unref(effect.message);
    }
    assert_seen(&t, 0, "");
    assert_true(gate_is_closed(t.sides[0].gate));
    stored(&t, 1, true);
    assert_int_equal(t.sides[0].lost, 1);
    assert_int_equal(gate_bytes(t.sides[0].gate), 0);
    assert_seen(&t, 0,
                ":a!a@h PRIVMSG #r :one\r\n"
                ":b!b@h PRIVMSG #r :x\r\n:b!b@h PRIVMSG #r :x\r\n:b!b@h PRIVMSG #r :x\r\n"
                ":b!b@h PRIVMSG #r :x\r\n:b!b@h PRIVMSG #r :x\r\n:b!b@h PRIVMSG #r :x\r\n");
    finish(&t);
}

/* Much at random against the plain rule: of each session's stream, as the core gave it, leaves what
 * stands before the first echo that is not finished. */
struct model {
    struct buf stream;
    size_t left; /* bytes of it that were seen to leave */
    uint64_t seqs[STEPS];
    size_t at[STEPS]; /* where each echo begins */
    unsigned n;
};

static void at_random(void **state)
{
    struct table t;
    begin(&t, CAPS);
    struct model *models = xcalloc(SIDES, sizeof(*models));
    uint64_t seq = 0;
    uint64_t done = 0;
    for (int i = 0; i < STEPS; i++) {
        unsigned who = (unsigned)chance(&t.seed, SIDES);
        struct model *m = &models[who];
        char text[64];
        snprintf(text, sizeof(text), ":a!a@h PRIVMSG #r :%d\r\n", i);
        switch (chance(&t.seed, 4)) {
        case 0:
            m->seqs[m->n] = ++seq;
            m->at[m->n++] = m->stream.len;
            speak(&t, who, seq, text);
            buf_add_cstr(&m->stream, text);
            break;
        case 1:
            record(&t, who, ++seq, text);
            break;
        case 2:
            line(&t, who, text);
            buf_add_cstr(&m->stream, text);
            break;
        default:
            done += chance(&t.seed, seq - done + 1);
            stored(&t, done, false);
            fanout_end_turn(&t.fanout);
            break;
        }
        for (unsigned s = 0; s < SIDES; s++) {
            m = &models[s];
            unsigned e = 0;
            while (e < m->n && m->seqs[e] <= done) {
                e++;
            }
            size_t due = e < m->n ? m->at[e] : m->stream.len;
            assert_int_equal(m->left + t.sides[s].out.bytes, due);
            const char *front;
            size_t len;
            while ((len = outq_front(&t.sides[s].out, &front)) > 0) {
                assert_memory_equal(front, m->stream.p + m->left, len);
                m->left += len;
                outq_consume(&t.sides[s].out, len);
            }
        }
    }
    for (unsigned s = 0; s < SIDES; s++) {
        buf_finish(&models[s].stream);
    }
    free(models);
    finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gate_is_a_place),
        cmocka_unit_test(a_room_keeps_its_place),
        cmocka_unit_test(several_gates_open_one_by_one),
        cmocka_unit_test(a_failure_takes_the_place_of_the_echo),
        cmocka_unit_test(old_clients_read_a_notice),
        cmocka_unit_test(events_fail_in_silence),
        cmocka_unit_test(labels_are_answered),
        cmocka_unit_test(one_of_several_targets_fails),
        cmocka_unit_test(answers_are_put_together),
        cmocka_unit_test(what_was_said_before_is_not_in_the_answer),
        cmocka_unit_test(a_slow_disk),
        cmocka_unit_test(too_much_is_held_back),
        cmocka_unit_test(a_store_that_is_full),
        cmocka_unit_test(the_end_of_all),
        cmocka_unit_test(classic_clients),
        cmocka_unit_test(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
