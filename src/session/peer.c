/* A connection as a state machine: lines, flood bucket, time. Pure; one thread at a time. */
#include "peer_priv.h"

#include "alloc.h"
#include "session_limits.h"
#include "tags.h"

#include <stdlib.h>

enum { MS = 1000 };

void peer_init(struct peer *peer, enum session_kind kind, bool tls, struct str host,
               const struct peer_env *env)
{
    *peer = (struct peer){
        .signup = xcalloc(1, sizeof(struct peer_signup)),
        .state = PEER_SIGNUP,
        .kind = (uint8_t)kind,
        .tls = tls,
        .heard_ms = env->now_ms,
        .quiet_from_ms = env->now_ms,
    };
    peer->signup->host = str_dup(host);
}

static void signup_free(struct peer *peer)
{
    struct peer_signup *signup = peer->signup;
    if (signup != NULL) {
        enrol_free(peer);
        free(signup->account_name);
        free(signup->nick);
        free(signup->user);
        free(signup->realname);
        free(signup->password);
        free(signup->host);
        free(signup->away);
        metadata_finish(&signup->metadata);
        metadata_finish(&signup->subscriptions);
        signup_webirc_free(signup);
        free(signup);
        peer->signup = NULL;
    }
}

void peer_finish(struct peer *peer)
{
    login_free(peer);
    if (peer->signup != NULL) {
        signup_free(peer);
        peer->login = NULL;
    }
    peer->state = PEER_CLOSED;
}

/* A bucket is one moment: when it would be full again. A line moves it by what it costs, and while
 * there is less than one token in it, the next line waits. */
static uint64_t full_ms(const struct peer *peer, unsigned kind)
{
    const uint16_t *bits = peer->full_ms[kind];
    return bits[0] | (uint64_t)bits[1] << 16 | (uint64_t)bits[2] << 32;
}

static void set_full_ms(struct peer *peer, unsigned kind, uint64_t ms)
{
    uint16_t *bits = peer->full_ms[kind];
    bits[0] = (uint16_t)ms;
    bits[1] = (uint16_t)(ms >> 16);
    bits[2] = (uint16_t)(ms >> 32);
}

static void charge(struct peer *peer, const struct peer_env *env, enum flood_kind kind,
                   unsigned cost)
{
    const struct settings_bucket *bucket = &env->settings->flood[kind];
    if (bucket->burst > 0) {
        uint64_t full = full_ms(peer, kind);
        full = full > env->now_ms ? full : env->now_ms;
        set_full_ms(peer, kind, full + bucket->refill_ms * cost / 10);
    }
}

static enum flood_kind flood_kind(const struct verb *verb)
{
    if (verb == NULL) {
        return FLOOD_COMMANDS;
    }
    switch (verb->id) {
    case VERB_PRIVMSG:
    case VERB_NOTICE:
    case VERB_TAGMSG:
        return FLOOD_MESSAGES;
    case VERB_NICK:
        return FLOOD_NICKS;
    case VERB_JOIN:
        return FLOOD_JOINS;
    default:
        return FLOOD_COMMANDS;
    }
}

/* How many recipients or rooms a line names, as far as the core would look at them. */
static unsigned count_targets(const struct input_line *in)
{
    struct str list = line_param(&in->line, 0);
    unsigned n = 0;
    while (list.p != NULL && n < PEER_NAMES_MAX) {
        str_split(&list, ',');
        n++;
    }
    return n;
}

/* What peer_line() charges an open session for this input. */
static unsigned cost_of(const struct input *input, enum flood_kind *ret_kind)
{
    const struct verb *verb = input->kind == INPUT_LINE ? input->line.verb : NULL;
    struct str ref;
    *ret_kind = flood_kind(verb);
    if (verb == NULL) {
        return 10;
    }
    switch (*ret_kind) {
    case FLOOD_MESSAGES:
        if (tags_find(input->line.line.tags, STR("batch"), &ref)) {
            /* A part of one message. */
            return PEER_BATCHED_COST;
        }
        return verb->cost * count_targets(&input->line);
    case FLOOD_JOINS:
        /* Whoever comes back joins all of their rooms with one line: a further room costs less. */
        return verb->cost + verb->cost * (count_targets(&input->line) - 1) / PEER_JOIN_REBATE;
    default:
        return verb->cost;
    }
}

void peer_refund(struct peer *peer, const struct settings *settings, const struct input *input)
{
    enum flood_kind kind;
    unsigned cost = cost_of(input, &kind);
    uint64_t ms = settings->flood[kind].refill_ms * cost / 10;
    uint64_t full = full_ms(peer, kind);
    if (settings->flood[kind].burst > 0 && ms < full) {
        set_full_ms(peer, kind, full - ms);
    }
}

uint64_t peer_wait_ms(const struct peer *peer, const struct peer_env *env)
{
    uint64_t wait = 0;
    for (unsigned i = 0; i < FLOOD_KINDS; i++) {
        const struct settings_bucket *bucket = &env->settings->flood[i];
        if (bucket->burst == 0) {
            continue;
        }
        uint64_t full = full_ms(peer, i);
        uint64_t ready = env->now_ms + (bucket->burst - 1ull) * bucket->refill_ms;
        if (full > ready && full - ready > wait) {
            wait = full - ready;
        }
    }
    return wait;
}

void peer_heard(struct peer *peer, uint64_t now_ms)
{
    peer->heard_ms = now_ms;
    peer->pinged = false;
}

void peer_paused(struct peer *peer, uint64_t ms, uint64_t now_ms)
{
    if (peer->state == PEER_OPEN) {
        peer->heard_ms = peer->heard_ms + ms < now_ms ? peer->heard_ms + ms : now_ms;
        peer->quiet_from_ms = peer->quiet_from_ms + ms < now_ms ? peer->quiet_from_ms + ms : now_ms;
    }
}

uint64_t peer_deadline_ms(const struct peer *peer, const struct settings *settings)
{
    if (peer->state != PEER_OPEN) {
        bool works = peer->signup != NULL && peer->signup->work_from_ms != 0;
        return peer->quiet_from_ms + settings->registration_ms + (works ? PEER_WORK_MS_MAX : 0);
    }
    return peer->pinged ? peer->quiet_from_ms + settings->ping_timeout_ms
                        : peer->heard_ms + settings->ping_interval_ms;
}

void peer_timeout_text(const struct peer *peer, const struct settings *settings, struct buf *out)
{
    if (peer->state == PEER_OPEN) {
        buf_printf(out, "Ping timeout: %u seconds",
                   (settings->ping_interval_ms + settings->ping_timeout_ms) / MS);
    } else {
        buf_add_cstr(out, "Registration timed out");
    }
}

enum peer_act peer_tick(struct peer *peer, const struct peer_env *env)
{
    if (peer->state == PEER_CLOSED || env->now_ms < peer_deadline_ms(peer, env->settings)) {
        return PEER_NOTHING;
    }
    if (peer->state == PEER_OPEN && !peer->pinged) {
        peer->pinged = true;
        peer->quiet_from_ms = env->now_ms;
        if (peer->kind == SESSION_IRC) {
            buf_printf(env->out, "PING :%s\r\n", env->settings->server_name);
        } else {
            /* A classic client cannot answer; TCP_USER_TIMEOUT finds it dead. */
            peer_heard(peer, env->now_ms);
        }
        return PEER_NOTHING;
    }
    if (peer->state == PEER_OPEN) {
        struct buf why = {0};
        peer_timeout_text(peer, env->settings, &why);
        buf_printf(env->out, "ERROR :Closing link: [" STR_FMT "]\r\n", STR_ARG(buf_str(&why)));
        buf_finish(&why);
        return PEER_CLOSE;
    }
    return signup_close(peer, env, "Registration timed out");
}

struct name peer_make_name(const struct peer_env *env, struct str raw)
{
    struct name name = {.raw = arena_copy(env->arena, raw)};
    buf_clear(env->scratch);
    name_fold(env->settings->casemapping, raw, env->scratch);
    name.folded = arena_copy(env->arena, buf_str(env->scratch));
    buf_clear(env->scratch);
    name_skeleton(raw, env->scratch);
    name.skeleton = arena_copy(env->arena, buf_str(env->scratch));
    return name;
}

/* The names of a list that may become new: parameter 0 of JOIN and NICK. */
static void make_names(const struct peer_env *env, struct input_line *in)
{
    bool rooms = in->verb->id == VERB_JOIN;
    struct str list = in->line.params[0];
    struct name *names = arena_take(env->arena, PEER_NAMES_MAX * sizeof(*names));
    if (!rooms) {
        /* A nickname is one name, whatever is in it. */
        names[0] = peer_make_name(env, list);
        names[0].verdict = name_check_nick(list);
        in->n_names = 1;
    }
    while (rooms && list.p != NULL && in->n_names < PEER_NAMES_MAX) {
        struct str raw = str_split(&list, ',');
        if (raw.len > 0) {
            struct name *name = &names[in->n_names++];
            *name = peer_make_name(env, raw);
            name->verdict = name_check_channel(raw);
        }
    }
    in->names = names;
}

/* The values of two attributes, which are names, as if they were parameters 0 and 1. */
static void fold_attributes(const struct peer_env *env, struct input_line *in)
{
    static const struct str keys[] = {{"in", 2}, {"from", 4}};
    struct buf plain = {0};
    for (unsigned i = 0; i < 2; i++) {
        struct str value;
        if (tags_find(in->line.params[0], keys[i], &value)) {
            buf_clear(&plain);
            buf_clear(env->scratch);
            tags_add_unescaped(&plain, value);
            name_fold(env->settings->casemapping, buf_str(&plain), env->scratch);
            in->folded[i] = arena_copy(env->arena, buf_str(env->scratch));
        }
    }
    buf_finish(&plain);
}

void peer_make_line(const struct peer_env *env, struct str line, struct input *ret_input)
{
    *ret_input =
        (struct input){.kind = INPUT_LINE, .session = env->session, .now_ms = env->wall_ms};
    struct input_line *in = &ret_input->line;
    if (line_parse(line, &in->line) != STATUS_OK) {
        ret_input->kind = INPUT_REJECT;
        ret_input->reject.why = REJECT_MALFORMED;
        return;
    }
    in->verb = verb_find(in->line.command);
    if (in->verb == NULL) {
        return;
    }
    for (unsigned i = 0; i < in->line.n_params; i++) {
        if ((in->verb->fold & 1u << i) != 0) {
            buf_clear(env->scratch);
            name_fold(env->settings->casemapping, in->line.params[i], env->scratch);
            in->folded[i] = arena_copy(env->arena, buf_str(env->scratch));
        }
    }
    if ((in->verb->flags & VERB_NEW_NAMES) != 0 && in->line.n_params > 0) {
        make_names(env, in);
    }
    if ((in->verb->flags & VERB_ATTRIBUTES) != 0 && in->line.n_params > 0) {
        fold_attributes(env, in);
    }
}

static enum peer_act reject(const struct peer_env *env, enum reject why, struct input *ret_input)
{
    *ret_input = (struct input){
        .kind = INPUT_REJECT,
        .session = env->session,
        .now_ms = env->wall_ms,
        .reject = {.why = why},
    };
    return PEER_INPUT;
}

enum peer_act peer_line_too_long(struct peer *peer, const struct peer_env *env,
                                 struct input *ret_input)
{
    charge(peer, env, FLOOD_COMMANDS, 10);
    if (peer->state == PEER_OPEN) {
        return reject(env, REJECT_TOO_LONG, ret_input);
    }
    peer_numeric(peer, env, 417, ":Input line was too long");
    return PEER_NOTHING;
}

/* Tags and the rest have limits of their own. */
static bool is_too_long(struct str line)
{
    size_t tags = 0;
    if (line.p[0] == '@') {
        const char *space = memchr(line.p, ' ', line.len);
        tags = space != NULL ? (size_t)(space - line.p) + 1 : line.len;
    }
    return tags > PEER_TAGS_MAX || line.len - tags > PEER_BODY_MAX;
}

/* A refusal carries the label of the line that is refused (IRCv3 labeled-response). */
static enum peer_act with_label(struct str line, enum peer_act act, struct input *ret_input)
{
    if (act == PEER_INPUT && ret_input->kind == INPUT_REJECT && line.p[0] == '@') {
        struct str tags = str_split(&line, ' ');
        if (tags.len <= PEER_TAGS_MAX && str_is_utf8(tags)) {
            ret_input->reject.tags = (struct str){tags.p + 1, tags.len - 1};
        }
    }
    return act;
}

enum peer_act peer_line(struct peer *peer, const struct peer_env *env, struct str line,
                        struct input *ret_input)
{
    if (line.len == 0) {
        return PEER_NOTHING;
    }
    if (is_too_long(line)) {
        return with_label(line, peer_line_too_long(peer, env, ret_input), ret_input);
    }
    struct str rest = line;
    while (rest.len > 0 && rest.p[0] == ' ') {
        rest.p++;
        rest.len--;
    }
    if (rest.len == 0) {
        /* As empty as one without spaces. */
        return PEER_NOTHING;
    }
    bool open = peer->state == PEER_OPEN;
    if (!str_is_utf8(line)) {
        charge(peer, env, FLOOD_COMMANDS, 10);
        struct line parsed;
        const struct verb *verb =
            line_parse(line, &parsed) == STATUS_OK ? verb_find(parsed.command) : NULL;
        if (open) {
            enum peer_act act = reject(env, REJECT_INVALID_UTF8, ret_input);
            ret_input->reject.verb = verb;
            return with_label(line, act, ret_input);
        }
        buf_printf(env->out,
                   ":%s FAIL " STR_FMT " INVALID_UTF8 :Message rejected, it is not UTF-8\r\n",
                   env->settings->server_name, STR_ARG(verb != NULL ? verb->name : STR("*")));
        return PEER_NOTHING;
    }
    if (open) {
        peer_make_line(env, line, ret_input);
        enum flood_kind kind;
        unsigned cost = cost_of(ret_input, &kind);
        charge(peer, env, kind, cost);
        return with_label(line, PEER_INPUT, ret_input);
    }
    struct line parsed;
    switch (line_parse(line, &parsed)) {
    case STATUS_OK:
        return signup_line(peer, env, &parsed, ret_input);
    case STATUS_INCOMPLETE:
        return PEER_NOTHING;
    default:
        peer_numeric(peer, env, 421, "* :Not a valid line");
        return PEER_NOTHING;
    }
}

void peer_admitted(struct peer *peer, const struct peer_env *env)
{
    login_free(peer);
    signup_free(peer);
    peer->login = NULL; /* where its capabilities were */
    peer->state = PEER_OPEN;
    peer_heard(peer, env->now_ms);
}

void peer_refused(struct peer *peer)
{
    if (peer->state == PEER_ASKING) {
        peer->state = PEER_SIGNUP;
        free(peer->signup->nick);
        peer->signup->nick = NULL;
    }
}
