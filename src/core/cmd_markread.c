/*
 * MARKREAD (IRCv3 draft/read-marker): up to where somebody has read a place. An account's markers
 * are kept by the store, a guest's go with it. Pure; under the core's mutex.
 */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"
#include "timestamp.h"

#include <stdlib.h>

struct marker {
    uint64_t place; /* a room's id or the other's identity, which are counted apart */
    bool is_room;
    uint64_t time_ms;
};

struct markers {
    unsigned n;
    unsigned cap;
    struct marker *items;
};

/* What a name means to the user. */
struct marked {
    bool is_room;
    uint64_t place; /* 0: nothing */
    struct str name;
};

static struct marker *find(const struct core *core, user_id owner, const struct marked *marked)
{
    const struct markers *markers = map_get(&core->markers, owner);
    for (unsigned i = 0; markers != NULL && i < markers->n; i++) {
        struct marker *marker = &markers->items[i];
        if (marker->place == marked->place && marker->is_room == marked->is_room) {
            return marker;
        }
    }
    return NULL;
}

/* The place that was read longest ago gives way. */
static struct marker *oldest(const struct markers *markers)
{
    struct marker *first = &markers->items[0];
    for (unsigned i = 1; i < markers->n; i++) {
        if (markers->items[i].time_ms < first->time_ms) {
            first = &markers->items[i];
        }
    }
    return first;
}

static struct marker *find_or_add(struct core *core, user_id owner, const struct marked *marked)
{
    struct marker *marker = find(core, owner, marked);
    if (marker != NULL) {
        return marker;
    }
    struct markers *markers = map_get(&core->markers, owner);
    if (markers == NULL) {
        markers = xcalloc(1, sizeof(*markers));
        map_put(&core->markers, owner, markers);
    }
    if (markers->n == CORE_MARKERS_MAX) {
        marker = oldest(markers);
    } else if (markers->n == markers->cap) {
        markers->cap = markers->cap > 0 ? markers->cap * 2 : 4;
        markers->items = xrealloc(markers->items, markers->cap * sizeof(*markers->items));
    }
    if (marker == NULL) {
        marker = &markers->items[markers->n++];
    }
    *marker = (struct marker){.place = marked->place, .is_room = marked->is_room};
    return marker;
}

static void free_markers(struct markers *markers)
{
    free(markers->items);
    free(markers);
}

void markers_forget(struct core *core, user_id id)
{
    struct markers *markers = map_del(&core->markers, id);
    if (markers != NULL) {
        free_markers(markers);
    }
}

void markers_finish(struct core *core)
{
    for (size_t i = 0; i < core->markers.cap; i++) {
        if (core->markers.slots[i].value != NULL) {
            free_markers(core->markers.slots[i].value);
        }
    }
    map_finish(&core->markers);
}

void marker_restore(struct core *core, const struct read_marker *kept)
{
    const struct place *place = &kept->place;
    const struct marked marked = {
        .is_room = place->room != 0,
        .place = place->room != 0            ? place->room
                 : place->a == kept->account ? place->b
                                             : place->a,
    };
    if (account_by_id(core, kept->account) == NULL) {
        return;
    }
    struct marker *marker = find_or_add(core, kept->account, &marked);
    if (kept->time_ms > marker->time_ms) {
        marker->time_ms = kept->time_ms;
    }
}

static void keep(struct core *core, const struct user *user, const struct marker *marker)
{
    const struct account *account = user_account(user);
    if (account != NULL) {
        core_emit(core,
                  &(struct effect){.kind = EFFECT_MARKER,
                                   .marker = {
                                       .account = account->id,
                                       .place = marker->is_room
                                                    ? place_of_room(marker->place)
                                                    : place_between(account->id, marker->place),
                                       .time_ms = marker->time_ms,
                                   }});
    }
}

/* A room, or somebody: who has the nickname, or had it when they last spoke, or whose it is. */
static struct marked look_up(const struct core *core, const struct user *user, struct str name,
                             struct str folded)
{
    struct marked marked = {.name = reply_word(name)};
    struct query_place place;
    if (folded.p[0] == '#') {
        const struct room *room = room_find(core, folded);
        marked.is_room = true;
        if (room != NULL && user_membership(user, room) != NULL) {
            marked.place = room->id;
            marked.name = room_name(room);
        }
    } else if (history_place(core, user, folded, &place)) {
        user_id self = user_identity(user);
        marked.place = place.place.a == self ? place.place.b : place.place.a;
    }
    return marked;
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
        const struct marked marked = {.is_room = true, .place = room->id};
        tell(core, room_name(room), find(core, user_identity(core->who->user), &marked));
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

static void set(struct core *core, const struct marked *marked, struct str value)
{
    const struct user *user = core->who->user;
    uint64_t time_ms;
    struct str word = value;
    if (marked->place == 0) {
        fail(core, "INVALID_PARAMS", marked->name, "Invalid parameters");
        return;
    }
    if (!str_eq(str_split(&value, '='), STR("timestamp")) ||
        timestamp_parse(value, &time_ms) != STATUS_OK) {
        fail(core, "INVALID_PARAMS", word, "Invalid parameters");
        return;
    }
    struct marker *marker = find_or_add(core, user_identity(user), marked);
    /* Nobody has read what will be said. */
    time_ms = time_ms < core->now_ms ? time_ms : core->now_ms;
    bool later = time_ms > marker->time_ms;
    if (later) {
        struct room *room = marked->is_room ? room_by_id(core, marked->place) : NULL;
        if (room != NULL) {
            room->is_marked = true;
        }
        marker->time_ms = time_ms;
        keep(core, user, marker);
    }
    tell(core, marked->name, marker);
    if (later) {
        tell_others(core, marked->name, marker);
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
    const struct marked marked = look_up(core, user, name, folded);
    if (in->line.n_params > 1) {
        set(core, &marked, in->line.params[1]);
    } else {
        tell(core, marked.name, find(core, user_identity(user), &marked));
    }
}
