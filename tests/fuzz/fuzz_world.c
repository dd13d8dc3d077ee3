/* Arbitrary bytes as the doings of several clients. */
#include "fuzz_world.h"

#include <stdlib.h>

static struct settings *make_settings(unsigned clients_max)
{
    struct settings *settings = settings_create();
    settings->operators = xcalloc(2, sizeof(*settings->operators));
    settings->n_operators = 2;
    settings->operators[0].name = str_dup(STR("root"));
    settings->operators[1].name = str_dup(STR("a"));
    settings->clients_max = clients_max;
    settings->list_entries_max = 4;
    settings->rooms_per_user = 6;
    settings->whowas_entries = 3;
    settings->sendq_bytes = 16 * 1024;
    settings->recvq_bytes = 8 * 1024;
    settings_set(&settings->motd, "one\n\n두 줄");
    return settings;
}

void fuzz_world_init(struct fuzz_world *f, unsigned n_edges, uint64_t seed)
{
    struct settings *settings = make_settings(7);
    f->world = world_create(&(struct world_options){
        .n_edges = n_edges,
        .hash_seed = {seed, ~seed},
        .scatter = seed,
        .settings = settings,
    });
    settings_unref(settings);
    for (unsigned i = 0; i < 8; i++) {
        f->conns[i] =
            world_connect(f->world, i % 2 == 0 ? STR("h.test") : STR("2001:db8::1"), i == 3);
        world_set_framing(f->world, f->conns[i], i % 3); /* Some over WebSocket. */
    }
}

void fuzz_world_finish(struct fuzz_world *f)
{
    for (unsigned i = 0; i < world_conns(f->world); i++) {
        world_break(f->world, i, STR("Connection closed"));
    }
    world_check(f->world);
    struct core_totals totals = core_totals(world_core(f->world));
    CHECK(totals.sessions == 0 && totals.users == 0 && totals.operators == 0);
    struct core_room_view room;
    uint64_t cursor = 0;
    while (core_next_room(world_core(f->world), &cursor, &room)) {
        CHECK(room.n_members == 0); /* the lobby */
    }
    world_destroy(f->world);
}

void fuzz_world_line(struct fuzz_world *f, unsigned client, const char *line)
{
    world_send(f->world, f->conns[client], str_from(line));
    world_send(f->world, f->conns[client], STR("\r\n"));
    world_run(f->world);
}

/* Lines that a client reads end in CR LF and hold no CR, LF or NUL, are UTF-8 and not too long. */
static void check_seen(struct fuzz_world *f)
{
    for (unsigned i = 0; i < world_conns(f->world); i++) {
        struct str seen = world_seen(f->world, i);
        size_t len = seen.len;
        CHECK(str_is_utf8(seen));
        while (seen.len > 0) {
            const char *end = memchr(seen.p, '\n', seen.len);
            CHECK(end != NULL && end > seen.p && end[-1] == '\r');
            struct str line = {seen.p, (size_t)(end - seen.p) - 1};
            seen.p = end + 1;
            seen.len -= line.len + 2;
            CHECK(line.len > 0 && memchr(line.p, '\r', line.len) == NULL);
            CHECK(memchr(line.p, '\0', line.len) == NULL);
            const char *space = line.p[0] == '@' ? memchr(line.p, ' ', line.len) : NULL;
            CHECK(line.p[0] != '@' || space != NULL);
            size_t tags = space != NULL ? (size_t)(space - line.p) + 1 : 0;
            CHECK(line.len - tags <= 510 && tags <= 8191);
        }
        world_take_seen(f->world, i, len);
    }
}

static void send_raw(struct fuzz_world *f, unsigned conn, struct str text)
{
    struct buf bytes = {0};
    for (size_t i = 0; i < text.len; i++) {
        buf_add_char(&bytes, text.p[i] == 0x1e ? '\n' : text.p[i]);
    }
    world_send(f->world, conn, buf_str(&bytes));
    buf_finish(&bytes);
    world_run(f->world);
}

static void change_settings(struct fuzz_world *f, struct str text)
{
    struct settings *settings = make_settings(text.len > 0 ? (unsigned char)text.p[0] % 12 : 7);
    if (text.len > 1 && text.p[1] == 'p') {
        settings_set(&settings->password_hash, "*");
    }
    if (text.len > 1 && text.p[1] == 'l') {
        settings_set(&settings->lobby, "#a");
    }
    if (text.len > 1 && text.p[1] == 'o') {
        settings->n_operators = 1;
        free(settings->operators[1].name);
    }
    settings->history = text.len > 1 && text.p[1] == 'h';
    world_apply(f->world, &(struct input){.kind = INPUT_SETTINGS, .settings = settings});
    settings_unref(settings);
}

static void change_store(struct world *world, char what)
{
    switch (what) {
    case 'd':
    case 'l':
        world_store_end(world, what == 'l');
        break;
    case 'p':
    case 'e':
        world_press(world, what == 'p');
        break;
    default:
        world_store(world, (enum world_store_mode)((unsigned char)what % 4));
        break;
    }
}

static void kick(struct fuzz_world *f, struct str text)
{
    /* The daemon passes nothing on that is not text. */
    if (!str_is_utf8(text)) {
        return;
    }
    struct buf folded = {0};
    struct str reason = text;
    name_fold(NAME_CASE_RFC8265, str_split(&reason, ' '), &folded);
    world_apply(f->world, &(struct input){
                              .kind = INPUT_KICK,
                              .kick = {.nick_folded = buf_str(&folded), .reason = reason},
                          });
    buf_finish(&folded);
}

static void step(struct fuzz_world *f, unsigned client, char what, struct str text)
{
    unsigned conn = f->conns[client];
    struct world *world = f->world;
    uint64_t factor = text.len > 0 ? (unsigned char)text.p[0] : 1;
    switch (what) {
    case '+':
        world_send(world, conn, text);
        world_send(world, conn, STR("\r\n"));
        break;
    case '|':
        send_raw(f, conn, text);
        break;
    case 'x':
        if (str_is_utf8(text)) {
            world_break(world, conn, STR("Connection reset"));
        }
        break;
    case 'c':
        if (world_is_closed(world, conn) && world_conns(world) < 40) {
            f->conns[client] = world_connect(world, STR("again.test"), false);
            world_set_framing(world, f->conns[client], f->conns[client] % 3);
        }
        break;
    case 't':
        world_advance(world, factor * factor);
        break;
    case 'v':
    case 'w':
        world_verdict(world, conn, what == 'v');
        break;
    case 's':
    case 'f':
        world_stall(world, conn, what == 's');
        break;
    case 'd':
        world_drain(world, conn);
        break;
    case 'A':
        if (str_is_utf8(text)) {
            world_apply(world, &(struct input){.kind = INPUT_ANNOUNCE, .text = text});
        }
        break;
    case 'K':
        kick(f, text);
        break;
    case 'L':
        change_settings(f, text);
        break;
    case 'D':
        change_store(world, text.len > 0 ? text.p[0] : '\0');
        break;
    default:
        world_send(world, conn, text);
        world_send(world, conn, STR("\r\n"));
        world_run(world);
        break;
    }
}

void fuzz_world_run(struct fuzz_world *f, struct str program)
{
    while (program.len > 2) {
        struct str line = str_split(&program, '\n');
        if (line.len >= 2) {
            step(f, (unsigned char)line.p[0] % 8, line.p[1],
                 (struct str){line.p + 2, line.len - 2});
            world_check(f->world);
            check_seen(f);
        }
    }
    world_run(f->world);
    check_seen(f);
}
