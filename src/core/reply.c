/* Answers and messages of the core. Pure; called with the core's mutex held. */
#include "reply.h"

#include "alloc.h"
#include "mask.h"
#include "msgid.h"
#include "tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void core_emit(struct core *core, const struct effect *effect)
{
    core->emit(core->ctx, effect);
}

static struct message *plain_message(struct core *core, struct str body)
{
    return message_create(&(struct message_parts){.time_ms = core->now_ms, .body = body});
}

void core_log(struct core *core, enum log_topic topic, session_id session, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_LOG,
                        .log = topic,
                        .session = session,
                        .message = plain_message(core, buf_str(&text)),
                    });
    buf_finish(&text);
}

/* ---- answers ---- */

bool reply_is_labelled(const struct core *core)
{
    return core->label[0] != '\0';
}

void reply_open(struct core *core, struct session *session, struct str tags)
{
    const cap_set needed = CAP_LABELED_RESPONSE | CAP_BATCH;
    core->who = session;
    buf_clear(&core->reply);
    core->reply_lines = 0;
    core->reply_seq = 0;
    core->label[0] = '\0';
    core->piece_bytes = core->piece_work = 0;
    struct str value;
    if (session != NULL && (session->caps & needed) == needed &&
        tags_find(tags, STR("label"), &value) && value.len > 0 && value.len <= CORE_LABEL_MAX) {
        memcpy(core->label, value.p, value.len);
        core->label[value.len] = '\0';
    }
}

static void emit_reply(struct core *core, struct str bytes)
{
    if (bytes.len == 0) {
        return;
    }
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REPLY,
                        .session = core->who->id,
                        .seq = core->reply_seq,
                        .message = plain_message(core, bytes),
                    });
    core->reply_seq = 0;
}

enum { BATCH_NAME_SIZE = 24 };

static void batch_name(uint64_t batch, char ret_name[BATCH_NAME_SIZE])
{
    snprintf(ret_name, BATCH_NAME_SIZE, "%llu", (unsigned long long)batch);
}

/* Each line of the answer with "batch=…" or "label=…" before its own tags. */
static void add_tagged_lines(struct buf *out, struct str lines, const char *tag, const char *value)
{
    while (lines.len > 0) {
        const char *end = memchr(lines.p, '\n', lines.len);
        CHECK(end != NULL);
        struct str line = {lines.p, (size_t)(end - lines.p) + 1};
        lines.p += line.len;
        lines.len -= line.len;
        if (line.len > 7 && memcmp(line.p, "@batch=", 7) == 0) {
            /* It is in an inner batch, which is in this one. */
            buf_add_str(out, line);
            continue;
        }
        buf_printf(out, "@%s=%s", tag, value);
        if (line.p[0] == '@') {
            buf_add_char(out, ';');
            line.p++;
            line.len--;
        } else {
            buf_add_char(out, ' ');
        }
        buf_add_str(out, line);
    }
}

void reply_flush(struct core *core)
{
    if (core->reply.len == 0) {
        return;
    }
    core->piece_bytes += core->reply.len;
    if (session_batch(core->who) != 0) {
        char batch[BATCH_NAME_SIZE];
        batch_name(session_batch(core->who), batch);
        struct buf out = {0};
        add_tagged_lines(&out, buf_str(&core->reply), "batch", batch);
        emit_reply(core, buf_str(&out));
        buf_finish(&out);
    } else {
        emit_reply(core, buf_str(&core->reply));
    }
    buf_clear(&core->reply);
    core->reply_lines = 0;
}

/* The answer of a labelled command, whole or its beginning where a walk goes on. */
static void close_labelled(struct core *core)
{
    struct walk *walk = core->who->walk;
    struct buf out = {0};
    const char *server = core->settings->server_name;
    if (walk != NULL || core->reply_lines > 1) {
        char batch[BATCH_NAME_SIZE];
        batch_name(++core->next_batch, batch);
        buf_printf(&out, "@label=%s :%s BATCH +%s labeled-response\r\n", core->label, server,
                   batch);
        add_tagged_lines(&out, buf_str(&core->reply), "batch", batch);
        if (walk != NULL) {
            session_set_batch(core->who, core->next_batch);
        } else {
            buf_printf(&out, ":%s BATCH -%s\r\n", server, batch);
        }
    } else if (core->reply_lines == 1) {
        add_tagged_lines(&out, buf_str(&core->reply), "label", core->label);
    } else {
        buf_printf(&out, "@label=%s :%s ACK\r\n", core->label, server);
    }
    emit_reply(core, buf_str(&out));
    buf_finish(&out);
}

void reply_close(struct core *core)
{
    /* A session that is gone, or that waits, gets nothing now. */
    if (core->who != NULL && core->who->wait == NULL) {
        if (reply_is_labelled(core)) {
            close_labelled(core);
        } else {
            reply_flush(core);
        }
    }
    core->who = NULL;
    core->label[0] = '\0';
    core->reply_seq = 0;
    buf_clear(&core->reply);
    core->reply_lines = 0;
}

struct reply_aside reply_turn_to(struct core *core, struct session *session)
{
    struct reply_aside aside = {
        .who = core->who,
        .reply = core->reply,
        .start = core->reply_start,
        .seq = core->reply_seq,
        .lines = core->reply_lines,
        .batch = session_batch(session),
    };
    memcpy(aside.label, core->label, sizeof(aside.label));
    core->who = session;
    core->reply = (struct buf){0};
    core->reply_seq = 0;
    core->reply_lines = 0;
    core->label[0] = '\0';
    session_set_batch(session, 0);
    return aside;
}

void reply_turn_back(struct core *core, struct reply_aside *aside)
{
    struct session *session = core->who;
    reply_flush(core);
    session_set_batch(session, aside->batch);
    if (session_state(session) == CORE_HELD) {
        /* Its edge does not know that there is more. */
        core_emit(core, &(struct effect){.kind = EFFECT_ANSWERED, .session = session->id});
    }
    buf_finish(&core->reply);
    core->who = aside->who;
    core->reply = aside->reply;
    core->reply_start = aside->start;
    core->reply_seq = aside->seq;
    core->reply_lines = aside->lines;
    memcpy(core->label, aside->label, sizeof(core->label));
}

void reply_echo(struct core *core, const struct message *message, uint64_t seq)
{
    bool labelled = reply_is_labelled(core);
    if (!labelled && message == NULL) {
        return;
    }
    if (!labelled) {
        /* What was answered before need not wait. */
        reply_flush(core);
    }
    if (message != NULL) {
        reply_message(core, message);
    }
    if (seq != 0) {
        core->reply_seq = seq;
    }
    if (!labelled) {
        reply_flush(core);
    }
}

void reply_echo_multiline(struct core *core, const struct message *message, uint64_t seq)
{
    if (message == NULL || !reply_is_labelled(core)) {
        reply_echo(core, message, seq);
        return;
    }
    char label[CORE_LABEL_MAX + 1];
    memcpy(label, core->label, sizeof(label));
    core->label[0] = '\0'; /* It is answered with that. */
    reply_flush(core);
    struct buf lines = {0};
    message_render(message, core->who->caps, &lines);
    struct str rest = buf_str(&lines);
    buf_printf(&core->reply, "@label=%s%c", label, rest.p[0] == '@' ? ';' : ' ');
    if (rest.p[0] == '@') {
        rest.p++;
        rest.len--;
    }
    buf_add_str(&core->reply, rest);
    buf_finish(&lines);
    core->reply_seq = seq;
    reply_flush(core);
}

/* Cuts the line that begins at `start` to the permitted length and ends it. */
static void end_line(struct buf *out, size_t start)
{
    struct str line = str_cut_utf8((struct str){out->p + start, out->len - start}, CORE_LINE_MAX);
    out->len = start + line.len;
    buf_add(out, "\r\n", 2);
}

struct buf *reply_begin(struct core *core, enum numeric numeric)
{
    core->reply_start = core->reply.len;
    buf_printf(&core->reply, ":%s %03d %s ", core->settings->server_name, (int)numeric,
               core->who->user->name.raw);
    return &core->reply;
}

void reply_end(struct core *core)
{
    end_line(&core->reply, core->reply_start);
    core->reply_lines++;
}

void reply_numeric(struct core *core, enum numeric numeric, const char *format, ...)
{
    if (core->who == NULL) {
        return;
    }
    struct buf *out = reply_begin(core, numeric);
    va_list args;
    va_start(args, format);
    buf_vprintf(out, format, args);
    va_end(args);
    reply_end(core);
}

void reply_server(struct core *core, const char *format, ...)
{
    if (core->who == NULL) {
        return;
    }
    core->reply_start = core->reply.len;
    buf_printf(&core->reply, ":%s ", core->settings->server_name);
    va_list args;
    va_start(args, format);
    buf_vprintf(&core->reply, format, args);
    va_end(args);
    reply_end(core);
}

void reply_standard(struct core *core, const char *type, const char *command, const char *code,
                    const char *context, const char *text)
{
    if (core->who == NULL) {
        return;
    }
    const char *space = context[0] != '\0' ? " " : "";
    if ((core->who->caps & CAPS_THAT_KNOW_FAIL) != 0) {
        reply_server(core, "%s %s %s%s%s :%s", type, command, code, space, context, text);
    } else {
        reply_server(core, "NOTICE %s :%s: %s%s%s", core->who->user->name.raw, command, context,
                     space, text);
    }
}

void reply_message(struct core *core, const struct message *message)
{
    message_render(message, core->who->caps, &core->reply);
    core->reply_lines++;
}

struct reply_batch reply_batch_begin(struct core *core, const char *type, struct str parameter)
{
    uint64_t id = ++core->next_batch;
    reply_server(core, "BATCH +%llu %s%s" STR_FMT, (unsigned long long)id, type,
                 parameter.len > 0 ? " " : "", STR_ARG(parameter));
    return reply_batch_resume(core, id);
}

struct reply_batch reply_batch_resume(const struct core *core, uint64_t id)
{
    return (struct reply_batch){id, core->reply.len};
}

void reply_batch_pause(struct core *core, struct reply_batch *batch)
{
    CHECK(batch->at <= core->reply.len); /* Nothing was cast in between. */
    char name[BATCH_NAME_SIZE];
    batch_name(batch->id, name);
    struct buf out = {0};
    struct str lines = {core->reply.p + batch->at, core->reply.len - batch->at};
    add_tagged_lines(&out, lines, "batch", name);
    core->reply.len = batch->at;
    buf_add_str(&core->reply, buf_str(&out));
    buf_finish(&out);
    batch->at = core->reply.len;
}

void reply_batch_end(struct core *core, struct reply_batch *batch)
{
    reply_batch_pause(core, batch);
    reply_server(core, "BATCH -%llu", (unsigned long long)batch->id);
}

struct str reply_word(struct str raw)
{
    const char *space = raw.len > 0 ? memchr(raw.p, ' ', raw.len) : NULL;
    if (space != NULL) {
        raw.len = (size_t)(space - raw.p);
    }
    return raw.len > 0 && raw.p[0] != ':' ? str_cut_utf8(raw, CORE_WORD_MAX) : STR("*");
}

void reply_need_params(struct core *core, const struct verb *verb)
{
    reply_numeric(core, ERR_NEEDMOREPARAMS, STR_FMT " :Not enough parameters", STR_ARG(verb->name));
}

void reply_no_such_nick(struct core *core, struct str nick)
{
    reply_numeric(core, ERR_NOSUCHNICK, STR_FMT " :No such nick/channel",
                  STR_ARG(reply_word(nick)));
}

void reply_no_such_channel(struct core *core, struct str channel)
{
    reply_numeric(core, ERR_NOSUCHCHANNEL, STR_FMT " :No such channel",
                  STR_ARG(reply_word(channel)));
}

void reply_not_on_channel(struct core *core, struct str channel)
{
    reply_numeric(core, ERR_NOTONCHANNEL, STR_FMT " :You're not on that channel",
                  STR_ARG(reply_word(channel)));
}

void reply_need_op(struct core *core, const struct room *room)
{
    reply_numeric(core, ERR_CHANOPRIVSNEEDED, "%s :You're not channel operator", room->name.raw);
}

void reply_need_rank(struct core *core, const struct room *room, uint8_t rank)
{
    if (rank <= RANK_OP) {
        reply_need_op(core, room);
    } else {
        reply_numeric(core, ERR_CHANOPRIVSNEEDED, "%s :You're not the founder of this room",
                      room->name.raw);
    }
}

void reply_outranked(struct core *core, const struct room *room, const struct user *target)
{
    reply_numeric(core, ERR_CHANOPRIVSNEEDED, "%s :%s stands above you here", room->name.raw,
                  target->name.raw);
}

void reply_need_operator(struct core *core)
{
    reply_numeric(core, ERR_NOPRIVILEGES, ":Permission Denied- You're not an IRC operator");
}

bool reply_check_operator(struct core *core)
{
    bool is_operator = user_is_operator(core->who->user);
    if (!is_operator) {
        reply_need_operator(core);
    }
    return is_operator;
}

bool reply_mask_is_server(const struct core *core, struct str folded)
{
    /* A host name is ASCII: lower case is its folded form. */
    char *name = str_dup(str_from(core->settings->server_name));
    for (char *c = name; *c != '\0'; c++) {
        *c = ascii_lower(*c);
    }
    bool fits = mask_match(folded, str_from(name));
    free(name);
    return fits;
}

bool reply_check_server(struct core *core, const struct input_line *in, unsigned i)
{
    struct str raw = line_param(&in->line, i);
    if (raw.len == 0) {
        return true;
    }
    struct str folded = in->folded[i];
    bool meant = reply_mask_is_server(core, folded) || user_find(core, folded) != NULL;
    if (!meant) {
        reply_numeric(core, ERR_NOSUCHSERVER, STR_FMT " :No such server", STR_ARG(reply_word(raw)));
    }
    return meant;
}

/* ---- messages to audiences ---- */

struct buf *cast_from_user(struct core *core, const struct user *user)
{
    buf_clear(&core->line);
    core->line_account = user_account_name(user);
    core->line_of_bot = (user->umodes & UMODE_BOT) != 0;
    buf_add_char(&core->line, ':');
    buf_add_str(&core->line, user_mask_str(user));
    buf_add_char(&core->line, ' ');
    return &core->line;
}

struct buf *cast_from_server(struct core *core)
{
    buf_clear(&core->line);
    core->line_account = (struct str){0};
    core->line_of_bot = false;
    buf_add_char(&core->line, ':');
    buf_add_cstr(&core->line, core->settings->server_name);
    buf_add_char(&core->line, ' ');
    return &core->line;
}

static struct str make_msgid(struct core *core, char out[MSGID_MAX])
{
    return msgid_format(core->server_part, ++core->next_message, out);
}

/* A bot's lines say so (IRCv3 "bot-mode"). */
static struct message *cast_message_in(struct core *core, struct str client_tags,
                                       const room_id *rooms, uint32_t n_rooms, uint32_t n_closed)
{
    char id[MSGID_MAX];
    struct buf tags = {0};
    if (core->line_of_bot) {
        buf_add_cstr(&tags, client_tags.len > 0 ? "bot;" : "bot");
        buf_add_str(&tags, client_tags);
    }
    end_line(&core->line, 0);
    struct message *message = message_create(&(struct message_parts){
        .time_ms = core->now_ms,
        .msgid = make_msgid(core, id),
        .tags = core->line_of_bot ? buf_str(&tags) : client_tags,
        .account = core->line_account,
        .body = buf_str(&core->line),
        .rooms = rooms,
        .n_rooms = n_rooms,
        .n_closed = n_closed,
    });
    buf_finish(&tags);
    return message;
}

struct message *cast_message_like(struct core *core, const struct message *like)
{
    end_line(&core->line, 0);
    return message_create(&(struct message_parts){
        .time_ms = like->time_ms,
        .msgid = like->msgid,
        .account = core->line_account,
        .tags = like->tags,
        .body = buf_str(&core->line),
    });
}

struct message *cast_message(struct core *core, struct str client_tags)
{
    return cast_message_in(core, client_tags, NULL, 0, 0);
}

void cast(struct core *core, struct message *message, const struct audience *audience)
{
    /* What was answered before comes before: an answer is held back only for the sake of a label.
     */
    if (core->who != NULL && !reply_is_labelled(core)) {
        reply_flush(core);
    }
    core_emit(core,
              &(struct effect){.kind = EFFECT_CAST, .audience = *audience, .message = message});
}

/* What is hidden from most is not kept: nobody knows who they will have been. The member itself and
 * who does it see it all the same. */
static void cast_to_few(struct core *core, const struct room *room, struct message *message,
                        const struct user *member, uint8_t rank_min)
{
    struct session *who = core->who;
    const struct membership *own = user_membership(who->user, room);
    bool seen = own != NULL && (own->rank >= rank_min || who->user == member);
    bool labelled = reply_is_labelled(core) && seen;
    if (labelled) {
        reply_message(core, message);
    }
    for (const struct session *s = member->sessions; s != NULL; s = s->next) {
        if (s != who || !labelled) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ROOM,
                            .room = room->id,
                            .rank_min = rank_min,
                            .session = labelled ? who->id : 0});
}

void cast_room(struct core *core, const struct room *room, enum record_kind kind)
{
    cast_room_of(core, room, kind, NULL);
}

void cast_room_of(struct core *core, const struct room *room, enum record_kind kind,
                  const struct user *member)
{
    const struct membership *of = member != NULL ? user_membership(member, room) : NULL;
    uint8_t rank_min = of != NULL ? room_hides(room, of->rank) : 0;
    session_id except = 0;
    struct message *message = cast_message(core, (struct str){0});
    if (rank_min != 0) {
        cast_to_few(core, room, message, member, rank_min);
        return;
    }
    record_message(core, message, kind, place_of_room(room->id), user_identity(core->who->user), 0);
    if (core->who != NULL && reply_is_labelled(core) && core->who->user != NULL &&
        user_membership(core->who->user, room) != NULL) {
        reply_message(core, message);
        except = core->who->id;
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ROOM, .room = room->id, .session = except});
}

void cast_room_except(struct core *core, const struct room *room, session_id except)
{
    cast(core, cast_message(core, (struct str){0}),
         &(struct audience){.kind = AUDIENCE_ROOM, .room = room->id, .session = except});
}

void cast_self(struct core *core)
{
    const struct session *who = core->who;
    struct message *message = cast_message(core, (struct str){0});
    reply_message(core, message);
    for (const struct session *s = who->user->sessions; s != NULL; s = s->next) {
        if (s != who) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    message_unref(message);
}

void cast_user(struct core *core, struct message *message, const struct user *user)
{
    if (user->sessions == NULL) {
        message_unref(message);
    }
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        if (s->next != NULL) {
            refcount_up(&message->holders);
        }
        cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
    }
}

void cast_near(struct core *core, const struct user *user, const struct audience *like)
{
    room_id *rooms = xcalloc(user->n_rooms, sizeof(*rooms));
    for (unsigned i = 0; i < user->n_rooms; i++) {
        rooms[i] = user->rooms[i].room->id;
    }
    end_line(&core->line, 0);
    struct message *message = message_create(&(struct message_parts){
        .time_ms = core->now_ms,
        .body = buf_str(&core->line),
        .rooms = rooms,
        .n_rooms = user->n_rooms,
    });
    free(rooms);
    struct audience audience = *like;
    audience.kind = AUDIENCE_ROOMS;
    cast(core, message, &audience);
}

void cast_neighbours(struct core *core, const struct user *user, cap_set caps, bool self,
                     enum record_kind kind)
{
    /* First those where everybody sees it, then those where only who has a rank does. */
    room_id *rooms = xcalloc(user->n_rooms, sizeof(*rooms));
    unsigned n_open = 0;
    unsigned n_closed = 0;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        bool closed = room_hides(user->rooms[i].room, user->rooms[i].rank) != 0;
        room_id id = user->rooms[i].room->id;
        rooms[closed ? user->n_rooms - ++n_closed : n_open++] = id;
    }
    struct message *message =
        cast_message_in(core, (struct str){0}, rooms, user->n_rooms, n_closed);
    free(rooms);
    if (kind != 0) {
        record_in_rooms(core, message, kind, user_identity(user));
    }
    if ((caps & (CAP_ACCOUNT_NOTIFY | CAP_AWAY_NOTIFY | CAP_SETNAME)) != 0) {
        monitor_cast(core, user, message, caps);
    }
    /* Its own sessions share its rooms; only where there is none must they be told one by one. */
    session_id except = 0;
    bool labelled = core->who != NULL && core->who->user == user && reply_is_labelled(core);
    if (labelled && self && (core->who->caps & caps) == caps) {
        reply_message(core, message);
    }
    if (core->who != NULL && core->who->user == user && (labelled || !self)) {
        except = core->who->id;
    }
    for (const struct session *s = user->sessions; self && n_open == 0 && s != NULL; s = s->next) {
        if (s->id != except && (s->caps & caps) == caps) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    if (user->n_rooms == 0) {
        message_unref(message);
        return;
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ROOMS, .caps_with = caps, .session = except});
}
