/* The core's door: one input in, its effects out. Pure; the caller holds the core's mutex. */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

static struct room *find_lobby(const struct core *core)
{
    return room_find_kept(core, str_from(core->settings->lobby_folded));
}

static void update_lobby(struct core *core)
{
    struct room *lobby = find_lobby(core);
    struct room *room;
    OLIST_EACH (&core->rooms, room) {
        if (room->is_lobby && room != lobby) {
            room->is_lobby = false;
            if (room->members.len == 0) {
                room_emptied(core, room);
            }
        }
    }
    if (lobby == NULL) {
        const struct settings *s = core->settings;
        lobby = room_create(core, &(struct name){str_from(s->lobby), str_from(s->lobby_folded),
                                                 str_from(s->lobby_skeleton), NAME_OK});
    }
    if (lobby->is_kept) {
        room_unkeep(core, lobby);
        room_changed(core, lobby);
    }
    lobby->is_lobby = true;
}

/* With history the lobby may be one of the rooms that are given back first. */
static void begin(struct core *core)
{
    if (!core->has_begun) {
        core->has_begun = true;
        update_lobby(core);
        accounts_return(core);
    }
}

struct core *core_create(const struct core_options *options)
{
    struct core *core = xcalloc(1, sizeof(*core));
    core->settings = settings_ref(options->settings);
    core->emit = options->emit;
    core->ctx = options->ctx;
    memcpy(core->server_part, options->server_part, sizeof(core->server_part));
    core->server_part[sizeof(core->server_part) - 1] = '\0';
    core->next_id = core->next_message = options->first_id;
    core->started_ms = core->now_ms = options->started_ms;
    memcpy(core->hash_seed, options->hash_seed, sizeof(core->hash_seed));
    name_index_init(&core->nicks, core->hash_seed);
    name_index_init(&core->room_names, core->hash_seed);
    monitor_init(core);
    accounts_init(core);
    core->whowas = whowas_create();
    core->steady_ms = options->started_ms;
    isupport_update(core);
    if (!core->settings->history && !core->settings->accounts) {
        begin(core);
    }
    return core;
}

/* Without effects: whoever destroys the core has told the clients. */
static void ignore_effect(void *ctx, const struct effect *effect)
{
    if (effect->kind == EFFECT_ROOM) {
        free(effect->room_state);
    }
    CHECK(effect->kind != EFFECT_QUERY);
    message_unref(effect->message);
    account_state_unref(effect->account);
}

void core_destroy(struct core *core)
{
    if (core == NULL) {
        return;
    }
    core->emit = ignore_effect;
    struct user *user;
    OLIST_EACH (&core->users, user) {
        user_destroy(core, user);
    }
    struct room *room;
    OLIST_EACH (&core->rooms, room) {
        room_destroy(core, room);
    }
    accounts_finish(core);
    olist_finish(&core->users);
    olist_finish(&core->rooms);
    session_table_finish(&core->sessions);
    map_finish(&core->partners);
    markers_finish(core);
    monitor_finish(core);
    metadata_core_finish(core);
    multiline_core_finish(core);
    name_index_finish(&core->nicks);
    name_index_finish(&core->room_names);
    whowas_destroy(core->whowas);
    buf_finish(&core->isupport);
    buf_finish(&core->line);
    buf_finish(&core->reply);
    settings_unref(core->settings);
    free(core);
}

static enum core_result state_of(struct core *core, session_id id)
{
    const struct session *session = session_find(core, id);
    return session != NULL ? session_state(session) : CORE_DONE;
}

static enum core_result apply_line(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    if (session == NULL) {
        return CORE_DONE; /* It was closed while the line was on its way. */
    }
    if (session_is_busy(session)) {
        return CORE_LATER;
    }
    const struct input_line *in = &input->line;
    core->n_commands++;
    account_spoke(core, session->user);
    reply_open(core, session, in->line.tags);
    if (in->verb == NULL) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, STR_FMT " :Unknown command",
                      STR_ARG(str_cut_utf8(in->line.command, 50)));
    } else if (in->line.n_params < in->verb->params_min) {
        reply_need_params(core, in->verb);
    } else {
        if ((in->verb->flags & VERB_SPEAKS) != 0) {
            session->user->active_ms = core->now_ms;
        }
        core->n_verbs[in->verb->id]++;
        command_handler(in->verb->id)(core, in);
    }
    reply_close(core);
    return state_of(core, input->session);
}

static enum core_result apply_reject(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    if (session == NULL) {
        return CORE_DONE;
    }
    if (session_is_busy(session)) {
        return CORE_LATER;
    }
    reply_open(core, session, input->reject.tags);
    switch (input->reject.why) {
    case REJECT_TOO_LONG:
        reply_numeric(core, ERR_INPUTTOOLONG, ":Input line was too long");
        break;
    case REJECT_INVALID_UTF8:
        /* UTF8ONLY itself defines this reply, so it goes to clients without the capability too. */
        reply_server(core, "FAIL " STR_FMT " INVALID_UTF8 :Message rejected, it is not UTF-8",
                     STR_ARG(input->reject.verb != NULL ? input->reject.verb->name : STR("*")));
        break;
    case REJECT_MALFORMED:
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "* :Not a valid line");
        break;
    }
    reply_close(core);
    return CORE_DONE;
}

static void apply_roster(struct core *core, const struct input *input)
{
    const struct session *session = session_find(core, input->session);
    const struct room *lobby = find_lobby(core);
    if (session == NULL || lobby == NULL) {
        return;
    }
    struct buf names = {0};
    const struct user *user;
    OLIST_EACH (&lobby->members, user) {
        struct str nick = user_nick(user);
        if (names.len + 1 + nick.len > CORE_ROSTER_BYTES) {
            break;
        }
        buf_add_char(&names, '/');
        buf_add_str(&names, nick);
    }
    core_emit(core, &(struct effect){
                        .kind = EFFECT_ROSTER,
                        .session = session->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = buf_str(&names)}),
                    });
    buf_finish(&names);
}

static void apply_close(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    if (session == NULL) {
        return;
    }
    session_end(core, session, input->text, true);
}

/* Text that was no line of IRC: what would end one becomes a space. */
static void add_one_line(struct buf *out, struct str text)
{
    text = str_cut_utf8(text, CORE_TEXT_MAX);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        buf_add_char(out, c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
    }
}

static void apply_announce(struct core *core, struct str text)
{
    struct buf line = {0};
    add_one_line(&line, text);
    buf_printf(cast_from_server(core), "NOTICE $* :" STR_FMT, STR_ARG(buf_str(&line)));
    cast(core, cast_message(core, (struct str){0}), &(struct audience){.kind = AUDIENCE_ALL});
    core_log(core, LOG_ANNOUNCE, 0, "announcement: " STR_FMT, STR_ARG(buf_str(&line)));
    buf_finish(&line);
}

/* To the session, or to all operators where it is 0. */
static void apply_warn(struct core *core, session_id id, struct str text)
{
    const struct session *session = id != 0 ? session_find(core, id) : NULL;
    if (id != 0 && session == NULL) {
        return;
    }
    struct buf line = {0};
    add_one_line(&line, text);
    buf_printf(cast_from_server(core), "NOTICE %s :*** " STR_FMT,
               session != NULL ? session->user->name.raw : core->settings->server_name,
               STR_ARG(buf_str(&line)));
    cast(core, cast_message(core, (struct str){0}),
         &(struct audience){.kind = session != NULL ? AUDIENCE_SESSION : AUDIENCE_ALL,
                            .traits = session != NULL ? 0 : TRAIT_OPERATOR,
                            .session = id});
    buf_finish(&line);
}

static void apply_kick(struct core *core, struct str nick_folded, struct str reason)
{
    struct user *user = user_find(core, nick_folded);
    if (user != NULL) {
        struct buf line = {0};
        add_one_line(&line, reason);
        user_quit(core, user, buf_str(&line), NULL);
        buf_finish(&line);
    }
}

static void apply_settings(struct core *core, struct settings *settings)
{
    settings_unref(core->settings);
    core->settings = settings_ref(settings);
    isupport_update(core);
    names_cache_clear(core); /* The lines' lengths may be others. */
    update_lobby(core);
    struct room *room;
    OLIST_EACH (&core->rooms, room) {
        /* History may have been switched on. */
        if (!room->is_stated && room->members.len > 0) {
            room_changed(core, room);
        }
    }
    core_emit(core, &(struct effect){.kind = EFFECT_SETTINGS, .settings = settings});
}

/* Edges read the clock each for itself: it may go back by a little. */
static void set_time(struct core *core, uint64_t now_ms)
{
    uint64_t step = now_ms > core->now_ms ? now_ms - core->now_ms : core->now_ms - now_ms;
    if (step > CORE_CLOCK_STEP_MS) {
        core->steady_ms = now_ms;
    }
    core->now_ms = now_ms;
}

/* What was kept is given back first. */
static bool is_beginning(const struct input *input)
{
    return input->kind == INPUT_ROOM || input->kind == INPUT_ACCOUNT || input->kind == INPUT_MARKER;
}

static enum core_result apply(struct core *core, const struct input *input)
{
    struct session *session;
    switch (input->kind) {
    case INPUT_REGISTER:
        return core_register(core, input);
    case INPUT_LINE:
        return apply_line(core, input);
    case INPUT_REJECT:
        return apply_reject(core, input);
    case INPUT_CONTINUE:
        session = session_find(core, input->session);
        return session != NULL ? walk_continue(core, session) : CORE_DONE;
    case INPUT_VERDICT:
    case INPUT_HASHED:
        return wait_end(core, input);
    case INPUT_LOGIN:
        return account_proved(core, input);
    case INPUT_CREDENTIALS:
        account_credentials(core, input);
        break;
    case INPUT_ENROL:
        register_enrol(core, input);
        break;
    case INPUT_CONFIRM:
        register_confirm(core, input);
        break;
    case INPUT_ACCOUNT_STORED:
        account_stored(core, input);
        break;
    case INPUT_ACCOUNT:
        account_restore(core, input->account);
        break;
    case INPUT_MARKER:
        marker_restore(core, &input->marker);
        break;
    case INPUT_ROSTER:
        apply_roster(core, input);
        break;
    case INPUT_CLOSE:
        apply_close(core, input);
        break;
    case INPUT_SETTINGS:
        apply_settings(core, input->settings);
        break;
    case INPUT_ANNOUNCE:
        apply_announce(core, input->text);
        break;
    case INPUT_KICK:
        apply_kick(core, input->kick.nick_folded, input->kick.reason);
        break;
    case INPUT_ACCOUNT_ORDER:
        account_ordered(core, &input->account_order);
        break;
    case INPUT_WARN:
        apply_warn(core, input->session, input->text);
        break;
    case INPUT_ROOM:
        room_restore(core, input->room);
        break;
    case INPUT_ANSWERED:
        session = session_find(core, input->session);
        return session != NULL ? ask_answered(core, session) : CORE_DONE;
    case INPUT_REDACTED:
        redact_told(core, input);
        break;
    }
    return CORE_DONE;
}

enum core_result core_apply(struct core *core, const struct input *input)
{
    set_time(core, input->now_ms);
    if (!is_beginning(input)) {
        begin(core);
        rooms_expire(core);
        masks_expire(core);
        accounts_expire(core);
        names_cache_expire(core);
    }
    enum core_result result = apply(core, input);
    accounts_save(core);
    return result;
}
