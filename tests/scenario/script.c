/* Steps through a scenario. Tests only; one thread. */
#include "script_priv.h"

#include "alloc.h"
#include "script_settings.h"

#include <stdarg.h>
#include <stdlib.h>

/* ---- what went wrong ---- */

bool script_fail(struct script *s, const char *format, ...)
{
    fprintf(stderr, "%s:%u: (%u edge%s) ", s->options->path, s->line, s->options->n_edges,
            s->options->n_edges == 1 ? "" : "s");
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

/* ---- words ---- */

struct str script_word(struct str *rest)
{
    struct str word = str_split(rest, ' ');
    while (rest->len > 0 && rest->p[0] == ' ') {
        rest->p++;
        rest->len--;
    }
    return word;
}

struct client *script_client(struct script *s, struct str name)
{
    for (unsigned i = s->n_clients; i-- > 0;) {
        if (str_eq(str_from(s->clients[i].name), name)) {
            return &s->clients[i];
        }
    }
    return NULL;
}

/* The next line that the client has, without its end; false where there is none. */
static bool next_line(const struct script *s, const struct client *client, struct str *ret_line)
{
    struct str seen = world_seen(s->world, client->conn);
    if (seen.len == 0) {
        return false;
    }
    const char *end = memchr(seen.p, '\n', seen.len);
    size_t len = end != NULL ? (size_t)(end - seen.p) : seen.len;
    *ret_line = (struct str){seen.p, len > 0 && seen.p[len - 1] == '\r' ? len - 1 : len};
    return true;
}

static void take_line(struct script *s, const struct client *client)
{
    struct str seen = world_seen(s->world, client->conn);
    const char *end = memchr(seen.p, '\n', seen.len);
    world_take_seen(s->world, client->conn, end != NULL ? (size_t)(end - seen.p) + 1 : seen.len);
}

/* ---- steps with a client first ---- */

static bool do_send(struct script *s, struct client *client, struct str text, bool more,
                    const char *end)
{
    struct buf bytes = {0};
    if (world_is_closed(s->world, client->conn)) {
        return script_fail(s, "%s sends, but is no longer connected", client->name);
    }
    if (!pattern_expand(text, s->n, &s->captures, true, &bytes)) {
        buf_finish(&bytes);
        return script_fail(s, "a capture has no value yet: " STR_FMT, STR_ARG(text));
    }
    buf_add_cstr(&bytes, end);
    world_send(s->world, client->conn, buf_str(&bytes));
    buf_finish(&bytes);
    if (!more) {
        world_run(s->world);
    }
    return true;
}

static bool do_see_closed(struct script *s, struct client *client)
{
    struct str line;
    if (next_line(s, client, &line)) {
        return script_fail(s, "%s should be disconnected\n    but reads: " STR_FMT, client->name,
                           STR_ARG(line));
    }
    if (!world_is_closed(s->world, client->conn)) {
        return script_fail(s, "%s should be disconnected, but is not", client->name);
    }
    client->expected_closed = true;
    return true;
}

static bool do_see(struct script *s, struct client *client, struct str text)
{
    struct str line;
    bool there = next_line(s, client, &line);
    if (str_eq(text, STR("nothing"))) {
        return !there || script_fail(s, "%s should read nothing more\n    came:     " STR_FMT,
                                     client->name, STR_ARG(line));
    }
    if (str_eq(text, STR("closed"))) {
        return do_see_closed(s, client);
    }
    struct buf pattern = {0};
    pattern_expand(text, s->n, &s->captures, false, &pattern);
    bool fits = there && pattern_match(buf_str(&pattern), line, &s->captures);
    if (fits) {
        take_line(s, client);
    } else {
        script_fail(s, "%s reads something else\n    expected: " STR_FMT "\n    came:     " STR_FMT,
                    client->name, STR_ARG(buf_str(&pattern)),
                    STR_ARG(there ? line : STR("(nothing)")));
    }
    buf_finish(&pattern);
    return fits;
}

static bool do_skip(struct script *s, struct client *client, struct str text)
{
    struct buf pattern = {0};
    pattern_expand(text, s->n, &s->captures, false, &pattern);
    struct str line;
    struct buf last = {0};
    bool fits = false;
    while (!fits && next_line(s, client, &line)) {
        fits = pattern_match(buf_str(&pattern), line, &s->captures);
        buf_clear(&last);
        buf_add_str(&last, line);
        take_line(s, client);
    }
    if (!fits) {
        script_fail(s, "%s never reads: " STR_FMT "\n    the last line was: " STR_FMT, client->name,
                    STR_ARG(buf_str(&pattern)), STR_ARG(buf_str(&last)));
    }
    buf_finish(&pattern);
    buf_finish(&last);
    return fits;
}

/* "alice> …": true where it is such a step, whose result is in *ret_ok. */
static bool client_step(struct script *s, struct str text, bool *ret_ok)
{
    static const struct {
        const char *mark;
        char what;
    } marks[] = {{">>", '+'}, {">|", '|'}, {">", '>'}, {"<", '<'}};
    struct str rest = text;
    struct str name = script_word(&rest);
    char what = 0;
    if (str_starts(rest, STR("... "))) {
        script_word(&rest);
        what = '.';
    }
    for (size_t i = 0; what == 0 && i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t len = strlen(marks[i].mark);
        if (name.len > len && memcmp(name.p + name.len - len, marks[i].mark, len) == 0) {
            name.len -= len;
            what = marks[i].what;
        }
    }
    if (what == 0) {
        return false;
    }
    struct buf expanded = {0};
    pattern_expand(name, s->n, &s->captures, false, &expanded);
    struct client *client = script_client(s, buf_str(&expanded));
    if (client == NULL) {
        *ret_ok =
            script_fail(s, "nobody called " STR_FMT " has connected", STR_ARG(buf_str(&expanded)));
    } else if (what == '<') {
        *ret_ok = do_see(s, client, rest);
    } else if (what == '.') {
        *ret_ok = do_skip(s, client, rest);
    } else {
        *ret_ok = do_send(s, client, rest, what == '+', what == '|' ? "" : "\r\n");
    }
    buf_finish(&expanded);
    return true;
}

/* ---- running ---- */

static bool step(struct script *s, struct str text)
{
    bool ok;
    if (!client_step(s, text, &ok)) {
        ok = script_command(s, text);
    }
    world_check(s->world);
    return ok;
}

static bool run_line(struct script *s, struct str text)
{
    struct str rest = text;
    uint64_t times = 1;
    if (str_eq(script_word(&rest), STR("repeat"))) {
        if (str_to_u64(script_word(&rest), &times) != STATUS_OK || rest.len == 0) {
            return script_fail(s, "repeat needs a number and a step");
        }
        text = rest;
    }
    for (uint64_t n = 1; n <= times; n++) {
        s->n = (unsigned)n;
        if (!step(s, text)) {
            return false;
        }
    }
    return true;
}

/* Surprises fail: whatever was read and not looked at, whoever was closed and nobody said so. */
static bool check_end(struct script *s)
{
    bool ok = true;
    for (unsigned i = 0; i < s->n_clients; i++) {
        struct client *client = &s->clients[i];
        struct str line;
        while (next_line(s, client, &line)) {
            ok = script_fail(s, "%s read a line that the scenario does not expect: " STR_FMT,
                             client->name, STR_ARG(line));
            take_line(s, client);
        }
        if (world_is_closed(s->world, client->conn) && !client->expected_closed) {
            ok = script_fail(s, "%s was disconnected, which the scenario does not expect",
                             client->name);
        }
    }
    return ok;
}

/* Writes what everybody reads now as steps that expect it. */
static void record_seen(struct script *s)
{
    for (unsigned i = 0; i < s->n_clients; i++) {
        struct client *client = &s->clients[i];
        struct str line;
        while (next_line(s, client, &line)) {
            printf("%s< ", client->name);
            for (size_t at = 0; at < line.len; at++) {
                printf(line.p[at] == '{' ? "{{" : "%c", line.p[at]);
            }
            printf("\n");
            take_line(s, client);
        }
        if (world_is_closed(s->world, client->conn) && !client->expected_closed) {
            printf("%s< closed\n", client->name);
            client->expected_closed = true;
        }
    }
}

/* "alice< …": written anew when a scenario is recorded. */
static bool is_look(struct str text)
{
    struct str name = script_word(&text);
    return name.len > 1 && name.p[name.len - 1] == '<';
}

/* A step that skips what is there, so that it need not be recorded. */
static bool skips_next(struct str text)
{
    struct str name = script_word(&text);
    return str_eq(name, STR("forget")) || str_starts(text, STR("... "));
}

static bool run_text(struct script *s)
{
    struct str rest = s->options->text;
    while (rest.p != NULL) {
        struct str text = str_split(&rest, '\n');
        if (rest.p == NULL && text.len == 0) {
            break;
        }
        s->line++;
        while (text.len > 0 && text.p[0] == ' ') {
            text.p++;
            text.len--;
        }
        bool looks = s->options->record && is_look(text);
        bool is_step = text.len > 0 && text.p[0] != '#';
        if (s->options->record && !looks) {
            printf(STR_FMT "\n", STR_ARG(text));
        }
        if (is_step && !looks && !run_line(s, text)) {
            return false;
        }
        if (s->options->record && !skips_next(rest)) {
            record_seen(s);
        }
    }
    return check_end(s);
}

bool script_run(const struct script_options *options, struct buf *ret_trace)
{
    struct settings *settings = script_settings_create();
    struct script s = {.options = options};
    s.world = world_create(&(struct world_options){
        .n_edges = options->n_edges,
        .hash_seed = {options->hash_seed[0], options->hash_seed[1]},
        .scatter = options->scatter,
        .settings = settings,
    });
    settings_unref(settings);
    bool ok = run_text(&s);
    if (ok) {
        buf_add_str(ret_trace, world_trace(s.world));
    }
    world_destroy(s.world);
    for (unsigned i = 0; i < s.n_clients; i++) {
        free(s.clients[i].name);
    }
    free(s.clients);
    captures_finish(&s.captures);
    buf_finish(&s.changes);
    return ok;
}
