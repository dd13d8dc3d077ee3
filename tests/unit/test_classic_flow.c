/*
 * classic_out.c against a fake socket, a network and a model of the original client, in virtual
 * time, over thousands of random schedules from fixed seeds. The socket fails the test when a frame
 * begins while another is unacknowledged or before the gap has passed. The client shows what one
 * recv(1024) returns, so two frames that met in its buffer would be seen as a text that differs.
 */
#include "unit.h"

#include <stdlib.h>

#include "classic_out.h"
#include "session_limits.h"
#include "status.h"

enum {
    GAP_MS = CLASSIC_GAP_MS_DEFAULT,
    CLIENT_LATE_MS_MAX = 60, /* between arrival and recv; with the jitter less than the gap */
    JITTER_MS_MAX = 10,
    DELAYED_ACK_MS_MAX = 40,
    RETRANSMIT_MS = 200,
    BUSY_MS = 4000,  /* while lines are said */
    QUIET_MS = 5000, /* behind the last line: at least one more list */
    DRAIN_MS_MAX = 120000,
    NEVER = INT32_MAX,
};

static uint64_t random_state;

static uint64_t random_below(uint64_t end)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % end;
}

static bool one_in(uint64_t n)
{
    return random_below(n) == 0;
}

/* The socket, the way to the client, and the client. At most one frame is on the way, and that is
 * what the socket asserts. */
struct world {
    struct classic_out out;
    uint64_t now_ms;
    uint64_t delay_ms; /* of the network, one way */
    uint64_t loss_one_in;
    uint64_t burst_one_in;

    struct buf sending; /* of the frame that is being written */
    bool unacked;
    bool was_sent;
    uint64_t sent_ms;
    uint64_t arrives_ms; /* NEVER while nothing is on the way */
    uint64_t acked_ms;
    struct buf on_the_way;

    struct buf received; /* the client's receive buffer */
    uint64_t reads_ms;
    struct buf shown;   /* everything the client showed, without line ends */
    struct buf members; /* as the client last saw them */
    uint64_t members_ms;

    struct buf said; /* the lines, '\n' behind each */
    unsigned n_said;
};

static void socket_frame_sent(struct world *world)
{
    assert_true(world->arrives_ms == NEVER);
    world->sent_ms = world->now_ms;
    world->was_sent = true;
    world->arrives_ms = world->now_ms + world->delay_ms + random_below(JITTER_MS_MAX + 1);
    while (one_in(world->loss_one_in)) {
        world->arrives_ms += RETRANSMIT_MS + random_below(RETRANSMIT_MS);
    }
    world->acked_ms = world->arrives_ms + random_below(DELAYED_ACK_MS_MAX + 1) + world->delay_ms;
    buf_add_str(&world->on_the_way, buf_str(&world->sending));
    buf_clear(&world->sending);
}

/* What send() would do: takes all of it, or only a part. */
static size_t socket_send(struct world *world, struct str bytes)
{
    if (world->sending.len == 0) {
        assert_false(world->unacked);
        assert_true(!world->was_sent || world->now_ms >= world->sent_ms + GAP_MS);
        assert_true(bytes.len <= CLASSIC_FRAME_BYTES_MAX);
        assert_true(str_is_utf8(bytes));
    }
    size_t len = one_in(8) ? random_below(bytes.len + 1) : bytes.len;
    buf_add(&world->sending, bytes.p, len);
    world->unacked = world->unacked || len > 0;
    return len;
}

static void driver_poll(struct world *world)
{
    struct str frame;
    while (classic_out_poll(&world->out, world->now_ms, !world->unacked, &frame)) {
        size_t len = socket_send(world, frame);
        classic_out_wrote(&world->out, len, world->now_ms);
        if (len == frame.len) {
            socket_frame_sent(world);
        }
    }
}

static void client_read(struct world *world)
{
    struct str got = buf_str(&world->received);
    /* What is longer would be left for the next recv(1024). */
    assert_true(got.len <= CLASSIC_FRAME_BYTES_MAX);
    struct str body = {got.p + 4, got.len - 4};
    if (str_starts(got, STR("mem)"))) {
        buf_clear(&world->members);
        buf_add_str(&world->members, body);
        assert_true(world->now_ms <=
                    world->members_ms + CLASSIC_MEMBERS_MS + CLASSIC_MEMBERS_YIELD_MS + 4000);
        world->members_ms = world->now_ms;
    } else {
        assert_true(str_starts(got, STR("msg)")));
        while (body.p != NULL) {
            buf_add_str(&world->shown, str_split(&body, '\n'));
        }
    }
    buf_clear(&world->received);
}

static void network_step(struct world *world)
{
    if (world->now_ms >= world->arrives_ms) {
        if (world->received.len == 0) {
            world->reads_ms = world->now_ms + random_below(CLIENT_LATE_MS_MAX + 1);
        }
        buf_add_str(&world->received, buf_str(&world->on_the_way));
        buf_clear(&world->on_the_way);
        world->arrives_ms = NEVER;
    }
    if (world->received.len > 0 && world->now_ms >= world->reads_ms) {
        client_read(world);
    }
    if (world->unacked && world->arrives_ms == NEVER && world->now_ms >= world->acked_ms &&
        world->sending.len == 0) {
        world->unacked = false;
    }
}

static void say_something(struct world *world)
{
    static const char *const words[] = {"안녕하세요", " ", "ok", "😀", "가나다라마바사", "ㅋㅋㅋ"};
    struct buf line = {0};
    buf_printf(&line, "<%u>철수 : ", world->n_said++);
    uint64_t n_words = one_in(20) ? random_below(300) : random_below(12);
    for (uint64_t i = 0; i < n_words; i++) {
        buf_add_cstr(&line, words[random_below(sizeof(words) / sizeof(words[0]))]);
    }
    classic_out_say(&world->out, CLASSIC_LINE_CHAT, buf_str(&line));
    buf_add_str(&world->said, buf_str(&line));
    buf_add_char(&world->said, '\n');
    buf_finish(&line);
}

/* Takes a line that counts what was skipped off *shown; 0 where there is none. */
static uint64_t take_skipped(struct str *shown)
{
    struct str mark = STR("개의 메시지를 건너뜀]");
    uint64_t skipped = 0;
    if (!str_starts(*shown, STR("["))) {
        return 0;
    }
    size_t digits = 1;
    while (digits < shown->len && shown->p[digits] >= '0' && shown->p[digits] <= '9') {
        digits++;
    }
    assert_int_equal(str_to_u64(str_make(shown->p + 1, digits - 1), &skipped), STATUS_OK);
    *shown = str_make(shown->p + digits, shown->len - digits);
    assert_true(str_starts(*shown, mark));
    *shown = str_make(shown->p + mark.len, shown->len - mark.len);
    assert_true(skipped > 0);
    return skipped;
}

/* Everything that was said is shown in order, or counted as skipped. Returns how many were. */
static uint64_t compare(struct world *world)
{
    uint64_t total = 0;
    struct str shown = buf_str(&world->shown);
    struct str said = buf_str(&world->said);
    while (said.len > 0) {
        uint64_t skipped = take_skipped(&shown);
        for (uint64_t i = 0; i < skipped; i++) {
            assert_true(said.len > 0);
            str_split(&said, '\n');
        }
        total += skipped;
        if (skipped == 0) {
            struct str line = str_split(&said, '\n');
            assert_true(str_starts(shown, line));
            shown = str_make(shown.p + line.len, shown.len - line.len);
        }
    }
    assert_int_equal(shown.len, 0);
    return total;
}

static void world_init(struct world *world, uint64_t seed)
{
    static const uint64_t delays[] = {0, 1, 10, 60, 150};
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    *world = (struct world){.now_ms = 1000, .arrives_ms = NEVER, .members_ms = 1000};
    world->delay_ms = delays[random_below(sizeof(delays) / sizeof(delays[0]))];
    world->loss_one_in = one_in(2) ? 10 : 100000;
    world->burst_one_in = one_in(8) ? 20 : 100000;
    classic_out_init(&world->out, GAP_MS, CLASSIC_BACKLOG_BYTES_DEFAULT);
}

static void world_finish(struct world *world)
{
    classic_out_finish(&world->out);
    buf_finish(&world->sending);
    buf_finish(&world->on_the_way);
    buf_finish(&world->received);
    buf_finish(&world->shown);
    buf_finish(&world->members);
    buf_finish(&world->said);
}

/* One schedule; returns how many lines were skipped. */
static uint64_t run_schedule(uint64_t seed)
{
    static const struct str lists[] = {{"/철수", 7}, {"/철수/영희", 14}, {"/철수/bob", 11}};
    struct world world;
    world_init(&world, seed);
    uint64_t say_one_in = 5 + random_below(200);
    struct str list = lists[0];
    uint64_t stalled_until_ms = 0;
    uint64_t end = BUSY_MS + QUIET_MS;
    for (uint64_t t = 0; t < end; t++) {
        bool is_quiet = t >= BUSY_MS;
        if (is_quiet && world.out.lines.len > 0) {
            assert_true(t < DRAIN_MS_MAX);
            end = t + QUIET_MS;
        }
        network_step(&world);
        bool changed = false;
        if (!is_quiet && one_in(say_one_in)) {
            uint64_t n = one_in(world.burst_one_in) ? 400 : 1;
            for (uint64_t i = 0; i < n; i++) {
                say_something(&world);
            }
            changed = true;
        }
        if (t == 0 || (!is_quiet && one_in(500))) {
            list = lists[random_below(3)];
            classic_out_members(&world.out, list, world.now_ms);
            changed = true;
        }
        /* The driver comes when something changed or at the deadline, and is late at times. */
        if (one_in(2000)) {
            stalled_until_ms = world.now_ms + random_below(400);
        }
        if (world.now_ms >= stalled_until_ms &&
            (changed || world.now_ms >= classic_out_deadline(&world.out) + random_below(3))) {
            driver_poll(&world);
        }
        world.now_ms++;
    }
    uint64_t skipped = compare(&world);
    assert_memory_equal(world.members.p, list.p, list.len);
    assert_int_equal(world.members.len, list.len);
    world_finish(&world);
    return skipped;
}

static void nothing_is_lost_over_many_schedules(void **state)
{
    enum { SCHEDULES = 2000 };
    uint64_t skipped = 0;
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        skipped += run_schedule(seed);
    }
    /* The schedules do reach the bound of the backlog. */
    assert_true(skipped > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_over_many_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
