/*
 * MARKREAD (IRCv3 draft/read-marker): up to where a user has read. Kept with the user; the
 * capability is offered when users are accounts that stay. Pure; under the core's mutex.
 */
#include "reply.h"

#include "alloc.h"
#include "timestamp.h"

#include <stdlib.h>

struct marker {
    char *folded; /* the room's or other's name */
    uint64_t time_ms;
};

struct markers {
    unsigned n;
    unsigned cap;
    struct marker *items;
};

static struct marker *find(const struct core *core, const struct user *user, struct str folded)
{
    const struct markers *markers = map_get(&core->markers, user->id);
    for (unsigned i = 0; markers != NULL && i < markers->n; i++) {
        if (str_eq(str_from(markers->items[i].folded), folded)) {
            return &markers->items[i];
        }
    }
    return NULL;
}

/* NULL where the user has too many. */
static struct marker *find_or_add(struct core *core, const struct user *user, struct str folded)
{
    struct marker *marker = find(core, user, folded);
    if (marker != NULL) {
        return marker;
    }
    struct markers *markers = map_get(&core->markers, user->id);
    if (markers == NULL) {
        markers = xcalloc(1, sizeof(*markers));
        map_put(&core->markers, user->id, markers);
    }
    if (markers->n == CORE_MARKERS_MAX) {
        return NULL;
    }
    if (markers->n == markers->cap) {
        markers->cap = markers->cap > 0 ? markers->cap * 2 : 4;
        markers->items = xrealloc(markers->items, markers->cap * sizeof(*markers->items));
    }
    marker = &markers->items[markers->n++];
    *marker = (struct marker){.folded = str_dup(folded)};
    return marker;
}

void markers_forget(struct core *core, user_id id)
{
    struct markers *markers = map_del(&core->markers, id);
    if (markers != NULL) {
        for (unsigned i = 0; i < markers->n; i++) {
            free(markers->items[i].folded);
        }
        free(markers->items);
        free(markers);
    }
}

static void add_line(struct buf *line, struct str name, const struct marker *marker)
{
    buf_add_cstr(line, "MARKREAD ");
    buf_add_str(line, name);
    buf_add_char(line, ' ');
    if (marker != NULL) {
        buf_add_cstr(line, "timestamp=");
        message_add_time(line, marker->time_ms);
    } else {
        buf_add_char(line, '*');
    }
}

static void tell(struct core *core, struct str name, const struct marker *marker)
{
    struct buf line = {0};
    add_line(&line, name, marker);
    reply_server(core, STR_FMT, STR_ARG(buf_str(&line)));
    buf_finish(&line);
}

void marker_tell_room(struct core *core, const struct room *room)
{
    if ((core->who->caps & CAP_READ_MARKER) != 0) {
        tell(core, room_name(room), find(core, core->who->user, name_entry_folded(&room->name)));
    }
}

/* The user's other sessions learn of it, too. */
static void tell_others(struct core *core, struct str name, const struct marker *marker)
{
    add_line(cast_from_server(core), name, marker);
    struct message *message = cast_message_like(core, &(struct message){.time_ms = core->now_ms});
    for (const struct session *s = core->who->user->sessions; s != NULL; s = s->next) {
        if (s != core->who && (s->caps & CAP_READ_MARKER) != 0) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    message_unref(message);
}

static void fail(struct core *core, const char *code, struct str word, const char *text)
{
    struct buf context = {0};
    if (word.len > 0) {
        buf_add_str(&context, reply_word(word));
    }
    buf_add_char(&context, '\0');
    reply_standard(core, "FAIL", "MARKREAD", code, context.p, text);
    buf_finish(&context);
}

static void set(struct core *core, struct str name, struct str folded, struct str value)
{
    uint64_t time_ms;
    struct str word = value;
    if (!str_eq(str_split(&value, '='), STR("timestamp")) ||
        timestamp_parse(value, &time_ms) != STATUS_OK) {
        fail(core, "INVALID_PARAMS", word, "Invalid parameters");
        return;
    }
    struct marker *marker = find_or_add(core, core->who->user, folded);
    if (marker == NULL) {
        fail(core, "INTERNAL_ERROR", name, "The read timestamp could not be set");
        return;
    }
    /* Nobody has read what will be said. */
    time_ms = time_ms < core->now_ms ? time_ms : core->now_ms;
    bool later = time_ms > marker->time_ms;
    if (later) {
        marker->time_ms = time_ms;
    }
    tell(core, name, marker);
    if (later) {
        tell_others(core, name, marker);
    }
}

void cmd_MARKREAD(struct core *core, const struct input_line *in)
{
    const struct user *user = core->who->user;
    if ((core->who->caps & CAP_READ_MARKER) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "MARKREAD :Unknown command");
        return;
    }
    struct str name = line_param(&in->line, 0);
    struct str folded = in->folded[0];
    if (name.len == 0 || folded.len == 0) {
        fail(core, "NEED_MORE_PARAMS", (struct str){0}, "Missing parameters");
        return;
    }
    if (folded.p[0] == '#') {
        const struct room *room = room_find(core, folded);
        if (room == NULL || user_membership(user, room) == NULL) {
            fail(core, "INVALID_PARAMS", name, "Invalid parameters");
            return;
        }
        name = room_name(room);
    } else {
        name = reply_word(name);
    }
    if (in->line.n_params > 1) {
        set(core, name, folded, in->line.params[1]);
    } else {
        tell(core, name, find(core, user, folded));
    }
}
