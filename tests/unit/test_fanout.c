/* fanout.c: who gets what, against a table of who is where. */
#include "unit.h"

#include "cap.h"
#include "chance.h"
#include "fanout.h"
#include "net_limits.h"
#include "ws.h"

#include "alloc.h"

#include <stdlib.h>

enum { EDGE = 3, SLOTS = 40, ROOMS = 12, STEPS = 30000, OUT = -1 };

struct member {
    bool open;
    session_id id;
    uint32_t generation;
    cap_set caps;
    uint8_t traits;
    enum framing framing;
    int ranks[ROOMS + 1]; /* by room id; OUT: not there */
    struct buf got;
    struct buf due;
};

struct table {
    struct fanout fanout;
    struct member members[SLOTS];
    uint64_t seed;
    unsigned number; /* of the next message */
    bool framed;     /* some members are on WebSocket */
    unsigned pieces; /* deliveries since the last check */
};

static void on_deliver(void *ctx, uint32_t slot, struct run *run, size_t offset, size_t len,
                       const struct message *message)
{
    struct table *t = ctx;
    assert_true(slot < SLOTS && t->members[slot].open);
    assert_true(len > 0 && offset + len <= run->bytes.len);
    t->pieces++;
    buf_add(&t->members[slot].got, run->bytes.p + offset, len);
}

/* What is due to a member, as its lines leave. */
static void owe(struct member *m, struct str lines)
{
    if (m->framing == FRAMING_LINES) {
        buf_add_str(&m->due, lines);
    } else {
        ws_add_lines(&m->due, m->framing == FRAMING_TEXT ? WS_TEXT : WS_BINARY, lines);
    }
}

static void begin(struct table *t)
{
    *t = (struct table){.seed = 23};
    fanout_init(&t->fanout, on_deliver, t);
    for (unsigned i = 0; i < SLOTS; i++) {
        for (unsigned r = 0; r <= ROOMS; r++) {
            t->members[i].ranks[r] = OUT;
        }
    }
}

static void check(struct table *t)
{
    fanout_settle(&t->fanout);
    t->pieces = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        struct member *m = &t->members[i];
        assert_int_equal(m->got.len, m->due.len);
        if (m->got.len > 0) {
            assert_memory_equal(m->got.p, m->due.p, m->got.len);
        }
        buf_clear(&m->got);
        buf_clear(&m->due);
    }
}

static void finish(struct table *t)
{
    check(t);
    fanout_finish(&t->fanout);
    for (unsigned i = 0; i < SLOTS; i++) {
        buf_finish(&t->members[i].got);
        buf_finish(&t->members[i].due);
    }
}

static void open_or_close(struct table *t, unsigned slot)
{
    struct member *m = &t->members[slot];
    if (m->open) {
        fanout_close(&t->fanout, m->id);
        assert_null(fanout_session(&t->fanout, m->id));
        m->open = false;
        for (unsigned r = 1; r <= ROOMS; r++) {
            m->ranks[r] = OUT;
        }
        return;
    }
    m->open = true;
    m->caps = 0;
    m->traits = 0;
    m->id = session_id_make(EDGE, ++m->generation, slot);
    m->framing = t->framed ? (enum framing)chance(&t->seed, FRAMINGS) : FRAMING_LINES;
    fanout_open(&t->fanout, m->id);
    if (m->framing != FRAMING_LINES) {
        fanout_set_framing(&t->fanout, m->id, m->framing);
    }
    assert_non_null(fanout_session(&t->fanout, m->id));
    assert_null(fanout_session(&t->fanout, session_id_make(EDGE, m->generation - 1, slot)));
}

static void apply(struct table *t, struct effect effect)
{
    fanout_apply(&t->fanout, &effect);
    message_unref(effect.message);
}

static void move(struct table *t, unsigned slot)
{
    struct member *m = &t->members[slot];
    room_id room = 1 + chance(&t->seed, ROOMS);
    static const uint8_t ranks[] = {0, RANK_VOICE, RANK_HALFOP, RANK_OP, RANK_OP | RANK_VOICE};
    uint8_t rank = ranks[chance(&t->seed, 5)];
    /* Sometimes of a session that has gone: nothing may come of it. */
    session_id id =
        chance(&t->seed, 10) == 0 ? session_id_make(EDGE, m->generation + 5, slot) : m->id;
    bool counts = m->open && id == m->id;
    if (!counts || m->ranks[room] == OUT) {
        apply(t, (struct effect){.kind = EFFECT_JOIN, .session = id, .room = room, .rank = rank});
        m->ranks[room] = counts ? rank : m->ranks[room];
    } else if (chance(&t->seed, 2) == 0) {
        apply(t, (struct effect){.kind = EFFECT_PART, .session = id, .room = room});
        m->ranks[room] = OUT;
    } else {
        apply(t, (struct effect){.kind = EFFECT_RANK, .session = id, .room = room, .rank = rank});
        m->ranks[room] = rank;
    }
}

/* Most are like many others. */
static void change_traits(struct table *t, unsigned slot)
{
    struct member *m = &t->members[slot];
    if (m->open) {
        bool rare = chance(&t->seed, 4) == 0;
        m->caps = rare ? chance(&t->seed, 1u << CAP_COUNT)
                       : (cap_set)(chance(&t->seed, 2) * CAP_SERVER_TIME |
                                   chance(&t->seed, 2) * CAP_EXTENDED_JOIN);
        m->traits = rare ? (uint8_t)chance(&t->seed, 8) : 0;
        apply(t,
              (struct effect){
                  .kind = EFFECT_TRAITS, .session = m->id, .caps = m->caps, .traits = m->traits});
    }
}

static bool is_meant(const struct member *m, const struct audience *a, const room_id *rooms,
                     unsigned n_rooms, unsigned n_closed)
{
    if (!m->open || (m->caps & a->caps_with) != a->caps_with || (m->caps & a->caps_without) != 0 ||
        (m->traits & a->traits) != a->traits) {
        return false;
    }
    if (a->kind == AUDIENCE_SESSION) {
        return m->id == a->session;
    }
    if (m->id == a->session) {
        return false;
    }
    if (a->kind == AUDIENCE_ROOM) {
        return m->ranks[a->room] != OUT && m->ranks[a->room] >= a->rank_min;
    }
    bool found = a->kind == AUDIENCE_ALL;
    for (unsigned i = 0; i < n_rooms; i++) {
        found =
            found || m->ranks[rooms[i]] > 0 || (m->ranks[rooms[i]] == 0 && i < n_rooms - n_closed);
    }
    return found;
}

static void cast(struct table *t)
{
    uint64_t *seed = &t->seed;
    room_id rooms[3];
    unsigned n_rooms = (unsigned)chance(seed, 4);
    for (unsigned i = 0; i < n_rooms; i++) {
        rooms[i] = 1 + chance(seed, ROOMS);
    }
    unsigned n_closed = (unsigned)chance(seed, n_rooms + 1);
    static const uint8_t rank_mins[] = {0, 0, RANK_VOICE, RANK_OP};
    struct audience a = {
        .kind = (enum audience_kind)chance(seed, 4),
        .caps_with = chance(seed, 3) == 0 ? CAP_SETNAME : 0,
        .caps_without = chance(seed, 3) == 0 ? CAP_EXTENDED_JOIN : 0,
        .rank_min = rank_mins[chance(seed, 4)],
        .traits = chance(seed, 4) == 0 ? TRAIT_WALLOPS : 0,
        .session = chance(seed, 2) == 0 ? t->members[chance(seed, SLOTS)].id : 0,
        .room = 1 + chance(seed, ROOMS),
    };
    if (a.session != 0 && chance(seed, 4) == 0) {
        /* Somebody of another edge. */
        a.session =
            session_id_make(EDGE + 1, session_id_generation(a.session), session_id_slot(a.session));
    }
    struct buf body = {0};
    buf_printf(&body, ":x PRIVMSG #r :%u\r\n", ++t->number);
    struct message *message = message_create(&(struct message_parts){
        .time_ms = 1795305600000 + t->number,
        .msgid = STR("m"),
        .body = buf_str(&body),
        .rooms = rooms,
        .n_rooms = n_rooms,
        .n_closed = n_closed,
    });
    buf_finish(&body);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (is_meant(&t->members[i], &a, rooms, n_rooms, n_closed)) {
            struct buf lines = {0};
            message_render(message, t->members[i].caps, &lines);
            owe(&t->members[i], buf_str(&lines));
            buf_finish(&lines);
        }
    }
    apply(t, (struct effect){.kind = EFFECT_CAST, .audience = a, .message = message});
}

static void reply(struct table *t, unsigned slot)
{
    struct member *m = &t->members[slot];
    struct str bytes = STR(":server 001 x :one\r\n:server 002 x :two\r\n");
    if (m->open) {
        owe(m, bytes);
    }
    apply(t, (struct effect){.kind = EFFECT_REPLY,
                             .session = m->id,
                             .message = message_create(&(struct message_parts){.body = bytes})});
    if (m->open) {
        owe(m, STR("said\r\n"));
        fanout_say(&t->fanout, slot, m->framing, STR("said\r\n"));
    }
}

static void random_effects(void **state)
{
    struct table *t = xcalloc(1, sizeof(*t));
    begin(t);
    t->framed = true;
    for (int step = 0; step < STEPS; step++) {
        unsigned slot = (unsigned)chance(&t->seed, SLOTS);
        if (chance(&t->seed, 200) == 0) {
            fanout_set_apart(&t->fanout, t->members[slot].id);
        }
        switch (chance(&t->seed, 10)) {
        case 0:
            open_or_close(t, slot);
            break;
        case 1:
            change_traits(t, slot);
            break;
        case 2:
            reply(t, slot);
            break;
        case 3:
            fanout_end_turn(&t->fanout);
            break;
        case 4:
        case 5:
        case 6:
            move(t, slot);
            break;
        default:
            cast(t);
        }
        if (chance(&t->seed, 12) == 0) {
            check(t);
        } else if (chance(&t->seed, 12) == 0) {
            fanout_settle_session(&t->fanout, t->members[slot].id);
            assert_int_equal(t->members[slot].got.len, t->members[slot].due.len);
        }
    }
    check(t);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (t->members[slot].open) {
            open_or_close(t, slot);
        }
    }
    assert_int_equal(t->fanout.by_id.len, 0);
    finish(t);
    free(t);
}

static void enter(struct table *t, room_id room)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (!t->members[slot].open) {
            open_or_close(t, slot);
        }
        apply(t,
              (struct effect){.kind = EFFECT_JOIN, .session = t->members[slot].id, .room = room});
        t->members[slot].ranks[room] = 0;
    }
}

static void say_to(struct table *t, room_id room, session_id except, struct str body)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct member *m = &t->members[slot];
        if (m->ranks[room] != OUT && m->id != except) {
            buf_add_str(&m->due, body);
        }
    }
    apply(t, (struct effect){.kind = EFFECT_CAST,
                             .audience = {.kind = AUDIENCE_ROOM, .room = room, .session = except},
                             .message = message_create(&(struct message_parts){.body = body})});
}

/* What is said to a room is rendered once and given to each member in one piece; to who spoke in
 * two, without the own words. */
static void members_share_one_rendering(void **state)
{
    struct table *t = xcalloc(1, sizeof(*t));
    begin(t);
    enter(t, 1);
    session_id speaker = t->members[3].id;
    say_to(t, 1, 0, STR("one\r\n"));
    say_to(t, 1, speaker, STR("two\r\n"));
    say_to(t, 1, 0, STR("three\r\n"));
    assert_int_equal(t->fanout.n_streams, 1);
    const struct run *run = t->fanout.streams[0]->runs[t->fanout.sessions[0].class];
    assert_int_equal(run->bytes.len, 5 + 5 + 7);
    assert_int_equal(t->pieces, 1);
    fanout_settle(&t->fanout);
    assert_int_equal(t->pieces, 1 + SLOTS);
    check(t);
    assert_int_equal(t->fanout.n_streams, 0);
    finish(t);
    free(t);
}

/* Who is in two rooms that are spoken in gets the lines of both in their order. */
static void two_rooms_keep_their_order(void **state)
{
    struct table *t = xcalloc(1, sizeof(*t));
    begin(t);
    enter(t, 1);
    enter(t, 2);
    for (int i = 0; i < 3; i++) {
        say_to(t, 1, 0, STR("one\r\n"));
        say_to(t, 1, t->members[5].id, STR("more\r\n"));
        say_to(t, 2, t->members[6].id, STR("two\r\n"));
    }
    check(t);
    finish(t);
    free(t);
}

/* A run ends at its bound; what is said goes on in the next. */
static void long_runs_are_followed_by_others(void **state)
{
    struct table *t = xcalloc(1, sizeof(*t));
    begin(t);
    enter(t, 1);
    static char line[8000];
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 100; i++) {
        say_to(t, 1, t->members[i % SLOTS].id, str_make(line, sizeof(line) - (size_t)i));
    }
    const struct run *run = t->fanout.streams[0]->runs[t->fanout.sessions[0].class];
    assert_true(run->bytes.len <= FANOUT_RUN_MAX + sizeof(line));
    check(t);
    finish(t);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_effects),
        cmocka_unit_test(members_share_one_rendering),
        cmocka_unit_test(two_rooms_keep_their_order),
        cmocka_unit_test(long_runs_are_followed_by_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
