/*
 * The core by itself, with 100,000 users and as many rooms: what each user and membership costs in
 * memory, and how long one piece of a long answer keeps everybody else waiting. One thread.
 *   core_bench [USERS]    prints tables; fails where a piece takes longer than PIECE_US_MAX
 */
#include "alloc.h"
#include "cap.h"
#include "core.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    USERS = 100000,
    READERS = 400,
    ROOM_SIZE = 100,     /* of the rooms in which memory is measured */
    PIECE_US_MAX = 5000, /* what others may be delayed by */
    SETTLE_MS = 60000,
};

static struct {
    struct settings *settings;
    struct core *core;
    uint64_t now_ms;
    uint64_t bytes; /* of answers */
    double *times;  /* of each piece, in microseconds */
    size_t n_times;
    size_t cap_times;
    bool failed;
} bench;

static void take_effect(void *ctx, const struct effect *effect)
{
    (void)ctx;
    if (effect->kind == EFFECT_REPLY) {
        bench.bytes += effect->message->body.len;
    }
    message_unref(effect->message);
}

static void start(void)
{
    bench.now_ms = 1795305600000;
    bench.settings = settings_create();
    settings_set_defaults(bench.settings);
    bench.settings->clients_max = UINT32_MAX;
    settings_seal(bench.settings);
    bench.core = core_create(&(struct core_options){
        .settings = bench.settings,
        .hash_seed = {1, 2},
        .server_part = "bench",
        .started_ms = bench.now_ms,
        .emit = take_effect,
    });
}

static void stop(void)
{
    core_destroy(bench.core);
    settings_unref(bench.settings);
}

static session_id session_of(unsigned user)
{
    return session_id_make(0, 1, user);
}

static enum core_result apply(struct input *input, unsigned user)
{
    input->session = session_of(user);
    input->now_ms = ++bench.now_ms;
    return core_apply(bench.core, input);
}

/* The three forms of an ASCII name. */
struct forms {
    char raw[64];
    struct buf folded;
    struct buf skeleton;
};

static struct name make_name(struct forms *forms)
{
    struct str raw = str_from(forms->raw);
    forms->folded = forms->skeleton = (struct buf){0};
    name_fold(NAME_CASE_RFC8265, raw, &forms->folded);
    name_skeleton(raw, &forms->skeleton);
    return (struct name){raw, buf_str(&forms->folded), buf_str(&forms->skeleton), NAME_OK};
}

static void finish_forms(struct forms *forms)
{
    buf_finish(&forms->folded);
    buf_finish(&forms->skeleton);
}

static void enter(unsigned user, cap_set caps)
{
    struct forms forms;
    snprintf(forms.raw, sizeof(forms.raw), "b%06u", user);
    struct input input = {.kind = INPUT_REGISTER};
    input.reg = (struct input_register){
        .nick = make_name(&forms),
        .user = STR("~bench"),
        .realname = STR("bench"),
        .host = STR("127.0.0.1"),
        .host_folded = STR("127.0.0.1"),
        .caps = caps,
        .cap_version = 302,
        .kind = SESSION_IRC,
    };
    CHECK(apply(&input, user) == CORE_DONE);
    finish_forms(&forms);
}

static enum core_result line(unsigned user, const char *text)
{
    struct input input = {.kind = INPUT_LINE};
    struct input_line *in = &input.line;
    CHECK(line_parse(str_from(text), &in->line) == STATUS_OK);
    in->verb = verb_find(in->line.command);
    CHECK(in->verb != NULL);
    struct buf folded[LINE_PARAMS_MAX] = {0};
    for (unsigned i = 0; i < in->line.n_params; i++) {
        if ((in->verb->fold & 1u << i) != 0) {
            name_fold(NAME_CASE_RFC8265, in->line.params[i], &folded[i]);
            in->folded[i] = buf_str(&folded[i]);
        }
    }
    struct forms forms;
    struct name name;
    if ((in->verb->flags & VERB_NEW_NAMES) != 0) {
        snprintf(forms.raw, sizeof(forms.raw), STR_FMT, STR_ARG(in->line.params[0]));
        name = make_name(&forms);
        in->names = &name;
        in->n_names = 1;
    }
    enum core_result result = apply(&input, user);
    if (in->n_names > 0) {
        finish_forms(&forms);
    }
    for (unsigned i = 0; i < LINE_PARAMS_MAX; i++) {
        buf_finish(&folded[i]);
    }
    return result;
}

static enum core_result go_on(unsigned user)
{
    return apply(&(struct input){.kind = INPUT_CONTINUE}, user);
}

static void join(unsigned user, const char *format, unsigned number)
{
    char text[64];
    snprintf(text, sizeof(text), format, number);
    enum core_result result = line(user, text);
    while (result == CORE_HELD) {
        result = go_on(user);
    }
}

/* ---- memory ---- */

static double used(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

static void measure_memory(unsigned users)
{
    enum { MORE_ROOMS = 9 };
    start();
    double before = used();
    for (unsigned i = 0; i < users; i++) {
        enter(i, 0);
    }
    double entered = used();
    for (unsigned i = 0; i < users; i++) {
        join(i, "JOIN #bench%u", i / ROOM_SIZE);
    }
    /* What was kept only for those who come together goes. */
    bench.now_ms += SETTLE_MS;
    line(0, "PING x");
    double joined = used();
    for (unsigned room = 1; room <= MORE_ROOMS; room++) {
        for (unsigned i = 0; i < users; i++) {
            join(i, "JOIN #more%u", room * users + i / ROOM_SIZE);
        }
    }
    bench.now_ms += SETTLE_MS;
    line(0, "PING x");
    double all = used();
    printf("%u users, bytes of the heap: %.0f each, %.0f in a room of %d; each more membership "
           "%.1f\n",
           users, (entered - before) / users, (joined - before) / users, ROOM_SIZE,
           (all - joined) / users / MORE_ROOMS);
    stop();
}

/* ---- time ---- */

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void keep_time(double since_us)
{
    if (bench.n_times == bench.cap_times) {
        bench.cap_times = bench.cap_times > 0 ? bench.cap_times * 2 : 4096;
        bench.times = xrealloc(bench.times, bench.cap_times * sizeof(*bench.times));
    }
    bench.times[bench.n_times++] = cpu_us() - since_us;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_head(void)
{
    printf("\n| %-34s | pieces | median µs | longest µs | total ms | %-9s |\n", "answer", "MB");
    printf("|%s|--------|-----------|------------|----------|-----------|\n",
           "------------------------------------");
}

static void print_row(const char *what)
{
    double total = 0;
    for (size_t i = 0; i < bench.n_times; i++) {
        total += bench.times[i];
    }
    qsort(bench.times, bench.n_times, sizeof(*bench.times), by_size);
    double longest = bench.times[bench.n_times - 1];
    bool over = longest > PIECE_US_MAX;
    printf("| %-34s | %6zu | %9.1f | %10.1f | %8.1f | %9.2f |%s\n", what, bench.n_times,
           bench.times[bench.n_times / 2], longest, total / 1e3, (double)bench.bytes / 1e6,
           over ? " TOO LONG" : "");
    bench.failed = bench.failed || over;
    bench.n_times = 0;
    bench.bytes = 0;
}

/* The readers begin their answers and go on in turns, each as soon as all others had a piece. */
static void measure(const char *what, unsigned readers, const char *const *lines, unsigned n_lines)
{
    bool held[READERS] = {false};
    bench.n_times = 0;
    bench.bytes = 0;
    for (unsigned i = 0; i < readers; i++) {
        double since = cpu_us();
        held[i] = line(i, lines[i % n_lines]) == CORE_HELD;
        keep_time(since);
    }
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < readers; i++) {
            if (held[i]) {
                double since = cpu_us();
                held[i] = go_on(i) == CORE_HELD;
                keep_time(since);
                more = more || held[i];
            }
        }
    }
    print_row(what);
}

/* Everybody enters, has a room, and is in the room of all. */
static void fill(unsigned users)
{
    start();
    for (unsigned i = 0; i < users; i++) {
        double since = cpu_us();
        /* All that makes the list of names longer or other. */
        enter(i, i % 4 == 1   ? CAP_MULTI_PREFIX
                 : i % 4 == 2 ? CAP_MULTI_PREFIX | CAP_USERHOST_IN_NAMES
                              : 0);
        keep_time(since);
    }
    print_row("(registration)");
    for (unsigned i = 0; i < users; i++) {
        double since = cpu_us();
        join(i, "JOIN #room%u", i);
        keep_time(since);
    }
    print_row("JOIN of a new room");
    /* The readers are among the first, so that theirs are short; who comes later does not read on,
     * but the first piece of the list of names is made for each. */
    for (unsigned i = 0; i < users; i++) {
        double since = cpu_us();
        enum core_result result = line(i, "JOIN #all");
        keep_time(since);
        while (i < READERS && result == CORE_HELD) {
            result = go_on(i);
        }
    }
    print_row("JOIN of the room of all, first piece");
}

static void measure_answers(unsigned users)
{
    static const struct {
        const char *what;
        const char *line;
    } answers[] = {
        {"LIST", "LIST"},
        {"LIST of no room", "LIST *nothing*"},
        {"LIST with many conditions",
         "LIST "
         "!*a*a*a*a*a*x,!*b*b*b*b*x,!*o*o*o*o*x,!*r*o*o*m*x,>0,<99,C>0,!*0*0*0*0*0*x,*o*o*m*x"},
        {"NAMES of the room of all", "NAMES #all"},
        {"WHO of the room of all", "WHO #all"},
        {"WHO of everybody", "WHO *"},
        {"WHO of nobody", "WHO *nothing*"},
        {"WHO with a costly mask", "WHO *b*e*n*c*h*1*2*7*0*0*x"},
        {"WHO of operators", "WHO #all o"},
    };
    enum { ANSWERS = sizeof(answers) / sizeof(answers[0]) };
    const char *lines[ANSWERS];
    print_head();
    fill(users);
    for (unsigned i = 0; i < ANSWERS; i++) {
        lines[i] = answers[i].line;
        measure(answers[i].what, 1, &lines[i], 1);
    }
    const char *names = "NAMES #all";
    measure("NAMES again", 1, &names, 1);
    unsigned readers = users < READERS ? users : READERS;
    measure("all of these, 400 readers in turns", readers, lines, ANSWERS);
    double since = cpu_us();
    stop();
    printf("\n%u users leave: %.1f ms\n", users, (cpu_us() - since) / 1e3);
}

int main(int argc, char **argv)
{
    unsigned users = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : USERS;
    if (users == 0) {
        fputs("usage: core_bench [USERS]\n", stderr);
        return 2;
    }
    measure_memory(users);
    measure_answers(users);
    free(bench.times);
    if (bench.failed) {
        printf("A piece took longer than %d µs.\n", PIECE_US_MAX);
    }
    return bench.failed ? 1 : 0;
}
