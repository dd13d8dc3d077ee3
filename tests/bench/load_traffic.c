/*
 * What is said and who hears it. Every delivery is checked: that it is the next message of its
 * sender, whole, to the right room, once; nothing more is measured than what was proved.
 */
#include "load.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    RING = 64, /* at least every window */
    HEAD = 192,
    MARK = '~', /* first byte of every text: ~ sender(6) . sequence(8) space padding */
    SENDER_AT = 1,
    SENDER_LEN = 6,
    SEQUENCE_AT = 8,
    SEQUENCE_LEN = 8,
    PAD_AT = 16,
    WARM_UP_MS = 300,
    RATE_TIMES = 3, /* so much longer is measured what has a rate */
    MS_NS = 1000000,
};

static const char pad[] =
    " the floor of a house where everybody gathers, wide, wooden and open to the courtyar";

_Static_assert(sizeof(pad) == LOAD_TEXT - PAD_AT + 1, "the text is as long as it says");

static const struct shape shapes[] = {
    {"burst", 10, 16, false, 0}, {"one", 1, 1, true, 0},     {"sixteen", 1, 16, true, 0},
    {"rooms4", 0, 4, false, 0},  {"rooms1", 0, 1, false, 0}, {"calm", 1, RING, false, 50},
};

struct sender {
    struct client *client;
    uint32_t sent;
    uint32_t in_flight;
    bool ready;          /* listed: it may say more */
    uint32_t left[RING]; /* by sequence: who does not have it yet */
    uint64_t sent_ns[RING];
    uint64_t next_ns; /* with a rate */
    uint16_t head_len;
    char head[HEAD]; /* what stands before the text for everyone else; learnt from the first */
};

struct traffic {
    const struct shape *shape;
    unsigned senders; /* of a room */
    unsigned n_senders;
    struct sender *all;
    struct sender **ready;
    unsigned n_ready;
    uint32_t *heard; /* by client, then by sender of its room: the last sequence */
    uint64_t messages;
    uint64_t deliveries;
    uint32_t *latency_us;
    size_t n_latency;
    size_t cap_latency;
    struct buf line;
};

const struct shape *shape_find(const char *name)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].name, name) == 0) {
            return &shapes[i];
        }
    }
    return NULL;
}

/* ---- hearing ---- */

static bool read_number(const char *at, int digits, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < digits; i++) {
        unsigned digit = (unsigned)at[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

/* ":nick!user@host PRIVMSG #room :" of the first message is checked in full and kept. */
static void learn_head(struct sender *sender, struct str head)
{
    char want[64];
    int len = snprintf(want, sizeof(want), ":b%06u!", sender->client->index);
    struct str start = str_make(want, (size_t)len);
    bool right = head.len < HEAD && str_starts(head, start);
    len = snprintf(want, sizeof(want), " PRIVMSG #bench%u :", sender->client->room);
    right = right && head.len > (size_t)len &&
            memcmp(head.p + head.len - (size_t)len, want, (size_t)len) == 0 &&
            memchr(head.p, ' ', head.len) == head.p + head.len - len;
    if (!right) {
        load_fail("a message came as: " STR_FMT, STR_ARG(head));
    }
    memcpy(sender->head, head.p, head.len);
    sender->head_len = (uint16_t)head.len;
}

static void note_latency(struct traffic *traffic, uint64_t ns)
{
    if (traffic->n_latency == traffic->cap_latency) {
        traffic->cap_latency = traffic->cap_latency > 0 ? traffic->cap_latency * 2 : 65536;
        traffic->latency_us =
            xrealloc(traffic->latency_us, traffic->cap_latency * sizeof(*traffic->latency_us));
    }
    traffic->latency_us[traffic->n_latency++] = (uint32_t)(ns / 1000);
}

static void mark_ready(struct traffic *traffic, struct sender *sender)
{
    if (!sender->ready) {
        sender->ready = true;
        traffic->ready[traffic->n_ready++] = sender;
    }
}

static void delivered(struct load *load, struct traffic *traffic, struct sender *sender,
                      uint32_t sequence)
{
    unsigned at = sequence % RING;
    traffic->deliveries++;
    if (traffic->shape->rate > 0) {
        note_latency(traffic, load->now_ns - sender->sent_ns[at]);
    }
    if (--sender->left[at] == 0) {
        sender->in_flight--;
        if (!traffic->shape->batch || sender->in_flight == 0) {
            mark_ready(traffic, sender);
        }
    }
}

bool traffic_line(struct load *load, struct client *client, struct str line)
{
    struct traffic *traffic = load->traffic;
    if (line.len <= LOAD_TEXT || line.p[line.len - LOAD_TEXT] != MARK) {
        return false;
    }
    const char *text = line.p + line.len - LOAD_TEXT;
    uint32_t from;
    uint32_t sequence;
    if (!read_number(text + SENDER_AT, SENDER_LEN, &from) ||
        !read_number(text + SEQUENCE_AT, SEQUENCE_LEN, &sequence) || from >= load->n_clients ||
        memcmp(text + PAD_AT, pad, LOAD_TEXT - PAD_AT) != 0) {
        load_fail("client %u got a damaged message: " STR_FMT, client->index, STR_ARG(line));
    }
    const struct client *speaker = &load->clients[from];
    if (speaker->room != client->room || speaker == client || speaker->place >= traffic->senders) {
        load_fail("client %u got what %u said to others", client->index, from);
    }
    struct sender *sender = &traffic->all[speaker->room * traffic->senders + speaker->place];
    uint32_t *last = &traffic->heard[client->index * traffic->senders + speaker->place];
    if (sequence != *last + 1 || sequence > sender->sent) {
        load_fail("client %u got message %u of %u after %u", client->index, sequence, from, *last);
    }
    *last = sequence;
    const char *head = line.p;
    if (*head == '@') {
        head = memchr(line.p, ' ', line.len);
        head++;
    }
    if ((head != line.p) != load->options.tagged) {
        load_fail("client %u has tags, or none: " STR_FMT, client->index, STR_ARG(line));
    }
    struct str seen = str_make(head, (size_t)(text - head));
    if (sender->head_len == 0) {
        learn_head(sender, seen);
    } else if (!str_eq(seen, str_make(sender->head, sender->head_len))) {
        load_fail("client %u got: " STR_FMT, client->index, STR_ARG(line));
    }
    delivered(load, traffic, sender, sequence);
    return true;
}

/* ---- saying ---- */

static void compose(struct load *load, struct traffic *traffic, struct sender *sender)
{
    uint32_t sequence = ++sender->sent;
    unsigned at = sequence % RING;
    if (sender->left[at] > 0) {
        load_fail("message %u of %u is still on its way", sequence - RING, sender->client->index);
    }
    sender->left[at] = load->options.members - 1;
    sender->sent_ns[at] = load_clock_ns();
    sender->in_flight++;
    traffic->messages++;
    if (load->options.bare) {
        buf_printf(&traffic->line, ":b%06u!bench@127.0.0.1 ", sender->client->index);
    }
    buf_printf(&traffic->line, "PRIVMSG #bench%u :%c%06u.%08u%s\r\n", sender->client->room, MARK,
               sender->client->index, sequence, pad);
}

static void speak(struct load *load, struct traffic *traffic, struct sender *sender)
{
    buf_clear(&traffic->line);
    while (sender->in_flight < traffic->shape->window) {
        compose(load, traffic, sender);
    }
    client_send(load, sender->client, traffic->line.p, traffic->line.len);
}

static uint64_t speak_on_time(struct load *load, struct traffic *traffic, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < traffic->n_senders; i++) {
        struct sender *sender = &traffic->all[i];
        if (now >= sender->next_ns) {
            buf_clear(&traffic->line);
            compose(load, traffic, sender);
            client_send(load, sender->client, traffic->line.p, traffic->line.len);
            sender->next_ns += 1000000000 / traffic->shape->rate;
        }
        next = sender->next_ns < next ? sender->next_ns : next;
    }
    return next;
}

static bool is_quiet(const struct traffic *traffic)
{
    for (unsigned i = 0; i < traffic->n_senders; i++) {
        if (traffic->all[i].in_flight > 0) {
            return false;
        }
    }
    return true;
}

/* Speaks for so long, then waits until everything has arrived. */
static void go(struct load *load, struct traffic *traffic, uint64_t ns)
{
    uint64_t now = load_clock_ns();
    uint64_t end = now + ns;
    for (unsigned i = 0; i < traffic->n_senders; i++) {
        traffic->all[i].next_ns = now;
        mark_ready(traffic, &traffic->all[i]);
    }
    while (now < end || !is_quiet(traffic)) {
        uint64_t until = now < end ? end : UINT64_MAX;
        if (now < end && traffic->shape->rate > 0) {
            uint64_t next = speak_on_time(load, traffic, now);
            until = next < end ? next : end;
        }
        unsigned n = traffic->n_ready;
        traffic->n_ready = 0;
        for (unsigned i = 0; i < n; i++) {
            traffic->ready[i]->ready = false;
            if (now < end && traffic->shape->rate == 0) {
                speak(load, traffic, traffic->ready[i]);
            }
        }
        load_turn(load, until);
        now = load_clock_ns();
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static struct traffic *traffic_create(struct load *load, const struct shape *shape)
{
    struct traffic *traffic = xcalloc(1, sizeof(*traffic));
    unsigned members = load->options.members;
    traffic->shape = shape;
    traffic->senders = shape->senders > 0 && shape->senders < members ? shape->senders : members;
    traffic->n_senders = traffic->senders * load->options.rooms;
    traffic->all = xcalloc(traffic->n_senders, sizeof(*traffic->all));
    traffic->ready = xcalloc(traffic->n_senders, sizeof(*traffic->ready));
    traffic->heard = xcalloc((size_t)load->n_clients * traffic->senders, sizeof(*traffic->heard));
    for (unsigned i = 0; i < traffic->n_senders; i++) {
        traffic->all[i].client =
            &load->clients[i / traffic->senders * members + i % traffic->senders];
    }
    return traffic;
}

static void traffic_destroy(struct traffic *traffic)
{
    buf_finish(&traffic->line);
    free(traffic->latency_us);
    free(traffic->heard);
    free(traffic->ready);
    free(traffic->all);
    free(traffic);
}

/* Median and 99th percentile, in microseconds. */
static void print_latency(struct traffic *traffic)
{
    if (traffic->n_latency == 0) {
        return;
    }
    qsort(traffic->latency_us, traffic->n_latency, sizeof(*traffic->latency_us), by_size);
    printf(",\"latency_median_us\":%u,\"latency_p99_us\":%u",
           traffic->latency_us[traffic->n_latency / 2],
           traffic->latency_us[traffic->n_latency * 99 / 100]);
}

static void measure(struct load *load, struct traffic *traffic)
{
    struct meter before;
    struct meter after;
    meter_read(load->options.pid, &before);
    uint64_t self = meter_self_ns();
    uint64_t start = load_clock_ns();
    /* One slow moment of the machine in a hundred messages would be their 99th percentile. */
    unsigned times = traffic->shape->rate > 0 ? RATE_TIMES : 1;
    go(load, traffic, (uint64_t)(load->options.seconds * times * 1e9));
    double seconds = (double)(load_clock_ns() - start) / 1e9;
    self = meter_self_ns() - self;
    meter_read(load->options.pid, &after);
    if (traffic->deliveries != traffic->messages * (load->options.members - 1)) {
        load_fail("%s: deliveries are missing", traffic->shape->name);
    }
    printf("{\"phase\":\"%s\",\"seconds\":%.4f,\"messages\":%llu,\"deliveries\":%llu,"
           "\"cpu_us\":%.1f,\"load_cpu_us\":%.1f",
           traffic->shape->name, seconds, (unsigned long long)traffic->messages,
           (unsigned long long)traffic->deliveries, (double)(after.cpu_ns - before.cpu_ns) / 1000,
           (double)self / 1000);
    print_latency(traffic);
    meter_print_threads(&before, &after);
    printf("}\n");
}

void traffic_run(struct load *load, const struct shape *shape)
{
    struct traffic *traffic = traffic_create(load, shape);
    load->traffic = traffic;
    go(load, traffic, (uint64_t)WARM_UP_MS * MS_NS);
    traffic->messages = traffic->deliveries = 0;
    traffic->n_latency = 0;
    measure(load, traffic);
    load->traffic = NULL;
    traffic_destroy(traffic);
}
