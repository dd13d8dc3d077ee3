/*
 * What keeps a room from being flooded: F (messages of all together), W (slow mode, of each), j
 * (who enters); and f, where those go who may not enter. Few rooms have any of it. Pure; time is
 * that of the input at hand.
 */
#include "core_priv.h"

#include "alloc.h"

#include <stdlib.h>

/* Who has spoken within the time of W: a table, and a queue in the order of speaking. */
struct room_slow {
    struct map at; /* by identity: whether it is in the queue */
    struct slow_entry {
        user_id who;
        uint64_t at_ms;
    } * queue; /* a ring of `cap`, a power of two */
    size_t head;
    size_t n;
    size_t cap;
};

struct room_limits *room_limits(struct room *room)
{
    if (room->limits == NULL) {
        room->limits = xcalloc(1, sizeof(*room->limits));
    }
    return room->limits;
}

static void slow_destroy(struct room_limits *limits)
{
    if (limits->slow != NULL) {
        map_finish(&limits->slow->at);
        free(limits->slow->queue);
        free(limits->slow);
        limits->slow = NULL;
    }
}

void room_limits_destroy(struct room *room)
{
    if (room->limits != NULL) {
        slow_destroy(room->limits);
        free(room->limits->forward);
        free(room->limits->forward_folded);
        free(room->limits);
        room->limits = NULL;
    }
}

void room_set_forward(struct room *room, struct str raw, struct str folded)
{
    struct room_limits *limits = room_limits(room);
    free(limits->forward);
    free(limits->forward_folded);
    limits->forward = raw.len > 0 ? str_dup(raw) : NULL;
    limits->forward_folded = raw.len > 0 ? str_dup(folded) : NULL;
}

void room_set_slow(struct room *room, unsigned seconds)
{
    struct room_limits *limits = room_limits(room);
    limits->slow_s = seconds;
    if (seconds == 0) {
        slow_destroy(limits);
    }
}

bool room_rate_parse(struct str text, struct room_rate *ret_rate)
{
    uint64_t n;
    uint64_t seconds;
    struct str first = str_split(&text, ':');
    if (text.p == NULL || str_to_u64(first, &n) != STATUS_OK ||
        str_to_u64(text, &seconds) != STATUS_OK || n == 0 || n > CORE_RATE_COUNT_MAX ||
        seconds == 0 || seconds > CORE_RATE_SECONDS_MAX) {
        return false;
    }
    *ret_rate = (struct room_rate){(unsigned)n, (unsigned)seconds};
    return true;
}

/* One more, in a span that begins with the first that is counted. A clock that goes back begins a
 * new one. */
static bool count(const struct room_rate *rate, struct room_count *counted, uint64_t now_ms)
{
    if (rate->n == 0) {
        return true;
    }
    if (counted->n == 0 || now_ms < counted->since_ms ||
        now_ms - counted->since_ms >= rate->seconds * 1000ull) {
        *counted = (struct room_count){now_ms, 0};
    }
    if (counted->n >= rate->n) {
        return false;
    }
    counted->n++;
    return true;
}

bool room_count_join(const struct core *core, const struct room *room)
{
    struct room_limits *limits = room->limits;
    return limits == NULL || count(&limits->joins, &limits->n_joins, core->now_ms);
}

static struct slow_entry *slow_get(const struct room_slow *slow, size_t i)
{
    return &slow->queue[(slow->head + i) & (slow->cap - 1)];
}

/* Those whose time is over, or that a jump of the clock has left in the future. */
static void slow_drop(struct room_slow *slow, uint64_t now_ms, uint64_t span_ms)
{
    while (slow->n > 0) {
        const struct slow_entry *oldest = slow_get(slow, 0);
        if (oldest->at_ms <= now_ms && now_ms - oldest->at_ms < span_ms) {
            break;
        }
        map_del(&slow->at, oldest->who);
        slow->head = (slow->head + 1) & (slow->cap - 1);
        slow->n--;
    }
}

static void slow_push(struct room_slow *slow, user_id who, uint64_t now_ms)
{
    if (slow->n == slow->cap) {
        size_t cap = slow->cap > 0 ? slow->cap * 2 : 8;
        struct slow_entry *queue = xcalloc(cap, sizeof(*queue));
        for (size_t i = 0; i < slow->n; i++) {
            queue[i] = *slow_get(slow, i);
        }
        free(slow->queue);
        slow->queue = queue;
        slow->head = 0;
        slow->cap = cap;
    }
    slow->n++;
    *slow_get(slow, slow->n - 1) = (struct slow_entry){who, now_ms};
    map_put(&slow->at, who, slow);
}

/* Whether it has spoken too lately. */
static bool slow_has(struct room_limits *limits, user_id who, uint64_t now_ms)
{
    if (limits->slow == NULL) {
        return false;
    }
    slow_drop(limits->slow, now_ms, limits->slow_s * 1000ull);
    return map_get(&limits->slow->at, who) != NULL;
}

const char *room_count_message(const struct core *core, const struct room *room,
                               const struct user *user)
{
    struct room_limits *limits = room->limits;
    if (limits == NULL) {
        return NULL;
    }
    user_id who = user_identity(user);
    if (slow_has(limits, who, core->now_ms)) {
        return "slow mode is on, wait a little (+W)";
    }
    if (!count(&limits->messages, &limits->n_messages, core->now_ms)) {
        return "too much is said at once, wait a little (+F)";
    }
    if (limits->slow_s > 0) {
        if (limits->slow == NULL) {
            limits->slow = xcalloc(1, sizeof(*limits->slow));
        }
        slow_push(limits->slow, who, core->now_ms);
    }
    return NULL;
}
