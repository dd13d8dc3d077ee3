/* Dense lists of local members, audiences, and one rendering a variant. The edge's thread. */
#include "fanout.h"

#include "alloc.h"
#include "cap.h"
#include "net_limits.h"

#include <stdlib.h>

void fanout_init(struct fanout *fanout, fanout_deliver_fn deliver, void *ctx)
{
    *fanout = (struct fanout){.deliver = deliver, .ctx = ctx};
}

static struct fan_place *places_of(struct fan_session *session)
{
    return session->cap_places > 0 ? session->many : &session->one;
}

static void free_places(struct fan_session *session)
{
    if (session->cap_places > 0) {
        free(session->many);
    }
}

static void add_place(struct fan_session *session, struct fan_place place)
{
    if (session->n_places > 0 && session->n_places >= session->cap_places) {
        uint16_t cap = session->cap_places > 0 ? (uint16_t)(session->cap_places * 2) : 4;
        struct fan_place *many = xmalloc(cap * sizeof(*many));
        memcpy(many, places_of(session), session->n_places * sizeof(*many));
        free_places(session);
        session->many = many;
        session->cap_places = cap;
    }
    places_of(session)[session->n_places++] = place;
}

void fanout_finish(struct fanout *fanout)
{
    fanout_end_turn(fanout);
    for (uint32_t i = 0; i < fanout->n_slots; i++) {
        free_places(&fanout->sessions[i]);
    }
    for (uint32_t i = 0; i < fanout->n_rooms; i++) {
        free(fanout->rooms[i].members);
    }
    free(fanout->sessions);
    free(fanout->rooms);
    free(fanout->free_rooms);
    free(fanout->spoken);
    map_finish(&fanout->by_id);
}

struct fan_session *fanout_session(struct fanout *fanout, session_id id)
{
    uint32_t slot = session_id_slot(id);
    if (slot >= fanout->n_slots) {
        return NULL;
    }
    struct fan_session *session = &fanout->sessions[slot];
    return session->open && session->id == id ? session : NULL;
}

void fanout_open(struct fanout *fanout, session_id id)
{
    uint32_t slot = session_id_slot(id);
    if (slot >= fanout->n_slots) {
        uint32_t n = fanout->n_slots > 0 ? fanout->n_slots : 64;
        while (n <= slot) {
            n *= 2;
        }
        fanout->sessions = xrealloc(fanout->sessions, n * sizeof(*fanout->sessions));
        memset(fanout->sessions + fanout->n_slots, 0,
               (n - fanout->n_slots) * sizeof(*fanout->sessions));
        fanout->n_slots = n;
    }
    struct fan_session *session = &fanout->sessions[slot];
    CHECK(!session->open);
    session->open = true;
    session->id = id;
}

/* ---- rooms ---- */

static struct fan_room *find_room(const struct fanout *fanout, room_id id)
{
    uintptr_t index = (uintptr_t)map_get(&fanout->by_id, id);
    return index > 0 ? &fanout->rooms[index - 1] : NULL;
}

static uint32_t make_room(struct fanout *fanout, room_id id)
{
    uint32_t index;
    if (fanout->n_free > 0) {
        index = fanout->free_rooms[--fanout->n_free];
    } else {
        if (fanout->n_rooms == fanout->cap_rooms) {
            fanout->cap_rooms = fanout->cap_rooms > 0 ? fanout->cap_rooms * 2 : 16;
            fanout->rooms = xrealloc(fanout->rooms, fanout->cap_rooms * sizeof(*fanout->rooms));
        }
        index = fanout->n_rooms++;
        fanout->rooms[index] = (struct fan_room){0};
    }
    fanout->rooms[index].id = id;
    map_put(&fanout->by_id, id, (void *)(uintptr_t)(index + 1));
    return index;
}

static void forget_runs(struct fan_room *room)
{
    for (int v = 0; v < FANOUT_VARIANTS; v++) {
        run_unref(room->runs[v]);
        room->runs[v] = NULL;
    }
}

static void drop_room(struct fanout *fanout, uint32_t index)
{
    struct fan_room *room = &fanout->rooms[index];
    map_del(&fanout->by_id, room->id);
    forget_runs(room);
    free(room->members);
    bool listed = room->listed;
    *room = (struct fan_room){.listed = listed};
    if (fanout->n_free == fanout->cap_free) {
        fanout->cap_free = fanout->cap_free > 0 ? fanout->cap_free * 2 : 16;
        fanout->free_rooms =
            xrealloc(fanout->free_rooms, fanout->cap_free * sizeof(*fanout->free_rooms));
    }
    fanout->free_rooms[fanout->n_free++] = index;
}

static struct fan_place *find_place(struct fanout *fanout, struct fan_session *session, room_id id)
{
    struct fan_place *places = places_of(session);
    for (unsigned i = 0; i < session->n_places; i++) {
        if (fanout->rooms[places[i].room].id == id) {
            return &places[i];
        }
    }
    return NULL;
}

static void join(struct fanout *fanout, struct fan_session *session, room_id id, uint8_t rank)
{
    uintptr_t found = (uintptr_t)map_get(&fanout->by_id, id);
    uint32_t index = found > 0 ? (uint32_t)(found - 1) : make_room(fanout, id);
    struct fan_room *room = &fanout->rooms[index];
    if (room->n == room->cap) {
        room->cap = room->cap > 0 ? room->cap * 2 : 2;
        room->members = xrealloc(room->members, room->cap * sizeof(*room->members));
    }
    uint32_t slot = session_id_slot(session->id);
    room->members[room->n] = (struct fan_member){slot, session->n_places, rank};
    add_place(session, (struct fan_place){index, room->n++});
}

/* The last member and the last place move into the holes. */
static void leave(struct fanout *fanout, struct fan_session *session, struct fan_place *place)
{
    uint32_t index = place->room;
    struct fan_room *room = &fanout->rooms[index];
    uint32_t at = place->at;
    room->members[at] = room->members[--room->n];
    if (at < room->n) {
        struct fan_member *moved = &room->members[at];
        places_of(&fanout->sessions[moved->slot])[moved->place].at = at;
    }
    struct fan_place *places = places_of(session);
    uint16_t hole = (uint16_t)(place - places);
    places[hole] = places[--session->n_places];
    if (hole < session->n_places) {
        struct fan_place *moved = &places[hole];
        fanout->rooms[moved->room].members[moved->at].place = hole;
    }
    if (room->n == 0) {
        drop_room(fanout, index);
    }
}

void fanout_close(struct fanout *fanout, session_id id)
{
    struct fan_session *session = fanout_session(fanout, id);
    if (session == NULL) {
        return;
    }
    while (session->n_places > 0) {
        leave(fanout, session, &places_of(session)[session->n_places - 1]);
    }
    free_places(session);
    *session = (struct fan_session){0};
}

/* ---- delivery ---- */

static uint8_t variant_of(uint32_t caps)
{
    return (uint8_t)(((caps & CAP_SERVER_TIME) != 0 ? 1 : 0) |
                     ((caps & CAP_MESSAGE_TAGS) != 0 ? 2 : 0));
}

static uint32_t variant_caps(int variant)
{
    return ((variant & 1) != 0 ? CAP_SERVER_TIME : 0) | ((variant & 2) != 0 ? CAP_MESSAGE_TAGS : 0);
}

/* One message while it is delivered: rendered for a variant when the first recipient needs it. */
struct delivery {
    const struct message *message;
    const struct audience *audience;
    struct run **runs;
    size_t offset[FANOUT_VARIANTS];
    size_t len[FANOUT_VARIANTS]; /* 0: not yet rendered */
};

static void render(struct delivery *d, int variant)
{
    struct run **run = &d->runs[variant];
    if (*run != NULL && (*run)->bytes.len > FANOUT_RUN_MAX) {
        run_unref(*run);
        *run = NULL;
    }
    if (*run == NULL) {
        *run = run_create();
    }
    d->offset[variant] = (*run)->bytes.len;
    message_render(d->message, variant_caps(variant), &(*run)->bytes);
    d->len[variant] = (*run)->bytes.len - d->offset[variant];
}

static bool wanted(const struct audience *a, const struct fan_session *session)
{
    return (session->caps & a->caps_with) == a->caps_with &&
           (session->caps & a->caps_without) == 0 && (session->traits & a->traits) == a->traits;
}

static void deliver(struct fanout *fanout, struct delivery *d, uint32_t slot)
{
    const struct fan_session *session = &fanout->sessions[slot];
    if (!wanted(d->audience, session)) {
        return;
    }
    int v = session->variant;
    if (d->len[v] == 0) {
        render(d, v);
    }
    fanout->deliver(fanout->ctx, slot, d->runs[v], d->offset[v], d->len[v], d->message);
}

static void mark_spoken(struct fanout *fanout, struct fan_room *room)
{
    if (room->listed) {
        return;
    }
    room->listed = true;
    if (fanout->n_spoken == fanout->cap_spoken) {
        fanout->cap_spoken = fanout->cap_spoken > 0 ? fanout->cap_spoken * 2 : 16;
        fanout->spoken = xrealloc(fanout->spoken, fanout->cap_spoken * sizeof(*fanout->spoken));
    }
    fanout->spoken[fanout->n_spoken++] = (uint32_t)(room - fanout->rooms);
}

static void to_room(struct fanout *fanout, struct delivery *d)
{
    struct fan_room *room = find_room(fanout, d->audience->room);
    if (room == NULL) {
        return;
    }
    mark_spoken(fanout, room);
    d->runs = room->runs;
    const struct fan_session *except = fanout_session(fanout, d->audience->session);
    uint32_t except_slot = except != NULL ? session_id_slot(except->id) : UINT32_MAX;
    for (uint32_t i = 0; i < room->n; i++) {
        const struct fan_member *member = &room->members[i];
        if (member->slot != except_slot && member->rank >= d->audience->rank_min) {
            deliver(fanout, d, member->slot);
        }
    }
}

static void to_rooms(struct fanout *fanout, struct delivery *d)
{
    uint32_t stamp = ++fanout->stamp;
    if (stamp == 0) { /* wrapped: no old stamp may look new */
        for (uint32_t i = 0; i < fanout->n_slots; i++) {
            fanout->sessions[i].seen = 0;
        }
        stamp = fanout->stamp = 1;
    }
    struct fan_session *except = fanout_session(fanout, d->audience->session);
    if (except != NULL) {
        except->seen = stamp;
    }
    for (uint32_t r = 0; r < d->message->n_rooms; r++) {
        const struct fan_room *room = find_room(fanout, d->message->rooms[r]);
        for (uint32_t i = 0; room != NULL && i < room->n; i++) {
            uint32_t slot = room->members[i].slot;
            if (fanout->sessions[slot].seen != stamp) {
                fanout->sessions[slot].seen = stamp;
                deliver(fanout, d, slot);
            }
        }
    }
}

static void to_all(struct fanout *fanout, struct delivery *d)
{
    for (uint32_t slot = 0; slot < fanout->n_slots; slot++) {
        const struct fan_session *session = &fanout->sessions[slot];
        if (session->open && session->id != d->audience->session) {
            deliver(fanout, d, slot);
        }
    }
}

static void cast(struct fanout *fanout, const struct effect *effect)
{
    struct delivery d = {
        .message = effect->message, .audience = &effect->audience, .runs = fanout->scratch};
    const struct fan_session *one;
    switch (effect->audience.kind) {
    case AUDIENCE_SESSION:
        one = fanout_session(fanout, effect->audience.session);
        if (one != NULL) {
            deliver(fanout, &d, session_id_slot(one->id));
        }
        break;
    case AUDIENCE_ROOM:
        to_room(fanout, &d);
        break;
    case AUDIENCE_ROOMS:
        to_rooms(fanout, &d);
        break;
    case AUDIENCE_ALL:
        to_all(fanout, &d);
        break;
    }
}

static void say(struct fanout *fanout, uint32_t slot, struct str bytes,
                const struct message *message)
{
    struct run **run = &fanout->scratch[0];
    if (*run != NULL && (*run)->bytes.len > FANOUT_RUN_MAX) {
        run_unref(*run);
        *run = NULL;
    }
    if (*run == NULL) {
        *run = run_create();
    }
    size_t offset = (*run)->bytes.len;
    buf_add_str(&(*run)->bytes, bytes);
    fanout->deliver(fanout->ctx, slot, *run, offset, bytes.len, message);
}

void fanout_say(struct fanout *fanout, uint32_t slot, struct str bytes)
{
    say(fanout, slot, bytes, NULL);
}

void fanout_apply(struct fanout *fanout, const struct effect *effect)
{
    if (effect->kind == EFFECT_CAST) {
        cast(fanout, effect);
        return;
    }
    struct fan_session *session = fanout_session(fanout, effect->session);
    if (session == NULL) {
        return;
    }
    struct fan_place *place;
    switch (effect->kind) {
    case EFFECT_REPLY:
        say(fanout, session_id_slot(session->id), effect->message->body, effect->message);
        break;
    case EFFECT_JOIN:
        join(fanout, session, effect->room, effect->rank);
        break;
    case EFFECT_PART:
        place = find_place(fanout, session, effect->room);
        if (place != NULL) {
            leave(fanout, session, place);
        }
        break;
    case EFFECT_RANK:
        place = find_place(fanout, session, effect->room);
        if (place != NULL) {
            fanout->rooms[place->room].members[place->at].rank = effect->rank;
        }
        break;
    case EFFECT_TRAITS:
        session->caps = effect->caps;
        session->traits = effect->traits;
        session->variant = variant_of(effect->caps);
        break;
    default:
        break;
    }
}

void fanout_end_turn(struct fanout *fanout)
{
    for (uint32_t i = 0; i < fanout->n_spoken; i++) {
        struct fan_room *room = &fanout->rooms[fanout->spoken[i]];
        forget_runs(room);
        room->listed = false;
    }
    fanout->n_spoken = 0;
    for (int v = 0; v < FANOUT_VARIANTS; v++) {
        run_unref(fanout->scratch[v]);
        fanout->scratch[v] = NULL;
    }
}
