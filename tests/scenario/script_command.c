/* The steps of a scenario that begin with a word: connect, register, after … Tests only. */
#include "script_priv.h"

#include "alloc.h"
#include "script_settings.h"

#include <stdlib.h>

/* "host=10.0.0.1" among the words: its value, or `otherwise`. */
static struct str option(struct str words, const char *key, struct str otherwise)
{
    size_t len = strlen(key);
    while (words.len > 0) {
        struct str word = script_word(&words);
        if (word.len > len && word.p[len] == '=' && memcmp(word.p, key, len) == 0) {
            return (struct str){word.p + len + 1, word.len - len - 1};
        }
    }
    return otherwise;
}

static bool has_word(struct str words, const char *wanted)
{
    while (words.len > 0) {
        if (str_eq(script_word(&words), str_from(wanted))) {
            return true;
        }
    }
    return false;
}

static bool connect_client(struct script *s, struct str name, struct str words)
{
    struct client *old = script_client(s, name);
    if (name.len == 0 || (old != NULL && !world_is_closed(s->world, old->conn))) {
        return script_fail(s, STR_FMT " is connected already", STR_ARG(name));
    }
    struct buf host = {0};
    buf_printf(&host, STR_FMT ".test", STR_ARG(name));
    struct str from = option(words, "host", buf_str(&host));
    s->clients = xrealloc(s->clients, (s->n_clients + 1) * sizeof(*s->clients));
    unsigned conn = world_connect(s->world, from, has_word(words, "tls"));
    s->clients[s->n_clients++] = (struct client){.name = str_dup(name), .conn = conn};
    world_set_framing(s->world, conn,
                      has_word(words, "ws")       ? 1
                      : has_word(words, "binary") ? 2
                                                  : 0);
    buf_finish(&host);
    struct str certificate = option(words, "certificate", (struct str){0});
    if (certificate.len > 0) {
        world_certificate(s->world, s->clients[s->n_clients - 1].conn, certificate);
    }
    return true;
}

static bool on_connect(struct script *s, struct str words)
{
    struct str name = script_word(&words);
    return connect_client(s, name, words);
}

static bool on_register(struct script *s, struct str words)
{
    struct str name = script_word(&words);
    if (!connect_client(s, name, words)) {
        return false;
    }
    struct client *client = script_client(s, name);
    struct buf lines = {0};
    struct str caps = option(words, "caps", (struct str){0});
    if (caps.len > 0) {
        buf_add_cstr(&lines, "CAP REQ :");
        while (caps.p != NULL) {
            buf_add_str(&lines, str_split(&caps, ','));
            buf_add_char(&lines, ' ');
        }
        buf_add_cstr(&lines, "\r\nCAP END\r\n");
    }
    struct str user = option(words, "user", name);
    buf_printf(&lines, "NICK " STR_FMT "\r\nUSER " STR_FMT " 0 * :Real " STR_FMT "\r\n",
               STR_ARG(name), STR_ARG(user), STR_ARG(name));
    world_send(s->world, client->conn, buf_str(&lines));
    buf_finish(&lines);
    world_run(s->world);
    struct str seen = world_seen(s->world, client->conn);
    bool welcome = seen.len > 0 && memmem(seen.p, seen.len, " 001 ", 5) != NULL;
    if (!welcome) {
        return script_fail(s, STR_FMT " could not register:\n" STR_FMT, STR_ARG(name),
                           STR_ARG(seen));
    }
    world_take_seen(s->world, client->conn, seen.len);
    return true;
}

static bool on_after(struct script *s, struct str words)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    struct str number = words;
    while (number.len > 0 && (number.p[number.len - 1] < '0' || number.p[number.len - 1] > '9')) {
        number.len--;
    }
    struct str unit = {words.p + number.len, words.len - number.len};
    uint64_t value;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_eq(unit, str_from(units[i].unit)) && str_to_u64(number, &value) == STATUS_OK) {
            world_advance(s->world, value * units[i].ms);
            return true;
        }
    }
    return script_fail(s, "not a time: " STR_FMT, STR_ARG(words));
}

static struct client *need_client(struct script *s, struct str *words)
{
    struct str name = script_word(words);
    struct client *client = script_client(s, name);
    if (client == NULL) {
        script_fail(s, "nobody called " STR_FMT " has connected", STR_ARG(name));
    }
    return client;
}

static bool on_disconnect(struct script *s, struct str words)
{
    struct client *client = need_client(s, &words);
    if (client == NULL) {
        return false;
    }
    if (world_is_closed(s->world, client->conn)) {
        return script_fail(s, "%s is disconnected already", client->name);
    }
    client->expected_closed = true;
    world_break(s->world, client->conn, words.len > 0 ? words : STR("Connection closed"));
    return true;
}

static bool on_stall(struct script *s, struct str words)
{
    const struct client *client = need_client(s, &words);
    if (client != NULL) {
        world_stall(s->world, client->conn, true);
    }
    return client != NULL;
}

static bool on_flow(struct script *s, struct str words)
{
    const struct client *client = need_client(s, &words);
    if (client != NULL) {
        world_stall(s->world, client->conn, false);
    }
    return client != NULL;
}

static bool on_drain(struct script *s, struct str words)
{
    const struct client *client = need_client(s, &words);
    if (client != NULL) {
        world_drain(s->world, client->conn);
    }
    return client != NULL;
}

static bool on_forget(struct script *s, struct str words)
{
    if (str_eq(words, STR("all"))) {
        for (unsigned i = 0; i < s->n_clients; i++) {
            unsigned conn = s->clients[i].conn;
            world_take_seen(s->world, conn, world_seen(s->world, conn).len);
        }
        return true;
    }
    while (words.len > 0) {
        const struct client *client = need_client(s, &words);
        if (client == NULL) {
            return false;
        }
        world_take_seen(s->world, client->conn, world_seen(s->world, client->conn).len);
    }
    return true;
}

static bool on_verdict(struct script *s, struct str words)
{
    const struct client *client = need_client(s, &words);
    if (client == NULL) {
        return false;
    }
    if (!world_is_verifying(s->world, client->conn)) {
        return script_fail(s, "no password of %s is being checked", client->name);
    }
    bool right = str_eq(words, STR("right"));
    if (!right && !str_eq(words, STR("wrong"))) {
        return script_fail(s, "a verdict is right or wrong");
    }
    world_verdict(s->world, client->conn, right);
    return true;
}

static bool on_oper(struct script *s, struct str words)
{
    struct client *client = need_client(s, &words);
    if (client == NULL) {
        return false;
    }
    world_send(s->world, client->conn, STR("OPER root secret\r\n"));
    world_run(s->world);
    world_verdict(s->world, client->conn, true);
    world_take_seen(s->world, client->conn, world_seen(s->world, client->conn).len);
    return true;
}

/* A new set of settings: the defaults and all changes so far. */
static bool on_settings(struct script *s, struct str words)
{
    buf_add_str(&s->changes, words);
    buf_add_char(&s->changes, '\n');
    struct settings *settings = script_settings_create();
    struct str rest = buf_str(&s->changes);
    bool ok = true;
    while (ok && rest.len > 0) {
        struct str value = str_split(&rest, '\n');
        struct str key = script_word(&value);
        ok = script_settings_set(settings, key, value) ||
             script_fail(s, "no such setting, or no such value: " STR_FMT, STR_ARG(words));
    }
    if (ok) {
        world_apply(s->world, &(struct input){.kind = INPUT_SETTINGS, .settings = settings});
    }
    settings_unref(settings);
    return ok;
}

static bool on_announce(struct script *s, struct str words)
{
    world_apply(s->world, &(struct input){.kind = INPUT_ANNOUNCE, .text = words});
    return true;
}

static bool on_kick(struct script *s, struct str words)
{
    struct buf folded = {0};
    name_fold(world_settings(s->world)->casemapping, script_word(&words), &folded);
    world_apply(s->world, &(struct input){
                              .kind = INPUT_KICK,
                              .kick = {.nick_folded = buf_str(&folded), .reason = words},
                          });
    buf_finish(&folded);
    return true;
}

/* What the store does from now on, or with what it has. */
static bool on_store(struct script *s, struct str words)
{
    static const char *const modes[] = {"works", "slow", "fails", "full"};
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (str_eq(words, str_from(modes[i]))) {
            world_store(s->world, (enum world_store_mode)i);
            return true;
        }
    }
    if (str_eq(words, STR("done")) || str_eq(words, STR("lost"))) {
        world_store_end(s->world, words.p[0] == 'l');
    } else if (str_eq(words, STR("pressed")) || str_eq(words, STR("eased"))) {
        world_press(s->world, words.p[0] == 'p');
    } else {
        return script_fail(s, "not a state of the store: " STR_FMT, STR_ARG(words));
    }
    return true;
}

/* Goes on in the log to a sentence that fits. */
static bool on_log(struct script *s, struct str words)
{
    struct str log = buf_str(world_log(s->world));
    while (s->log_at < log.len) {
        struct str rest = {log.p + s->log_at, log.len - s->log_at};
        struct str line = str_split(&rest, '\n');
        s->log_at += line.len + 1;
        if (pattern_match(words, line, &s->captures)) {
            return true;
        }
    }
    return script_fail(s, "the log does not say: " STR_FMT, STR_ARG(words));
}

bool script_command(struct script *s, struct str text)
{
    static const struct {
        const char *name;
        bool (*run)(struct script *s, struct str words);
    } commands[] = {
        {"after", on_after},       {"announce", on_announce},
        {"connect", on_connect},   {"disconnect", on_disconnect},
        {"drain", on_drain},       {"flow", on_flow},
        {"forget", on_forget},     {"kick", on_kick},
        {"log", on_log},           {"oper", on_oper},
        {"register", on_register}, {"settings", on_settings},
        {"stall", on_stall},       {"store", on_store},
        {"verdict", on_verdict},
    };
    struct buf expanded = {0};
    pattern_expand(text, s->n, &s->captures, false, &expanded);
    struct str rest = buf_str(&expanded);
    struct str name = script_word(&rest);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (str_eq(name, str_from(commands[i].name))) {
            bool ok = commands[i].run(s, rest);
            buf_finish(&expanded);
            return ok;
        }
    }
    script_fail(s, "not a step: " STR_FMT, STR_ARG(text));
    buf_finish(&expanded);
    return false;
}
