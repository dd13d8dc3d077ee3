/* Dense lists of local members, and the classes of sessions. The edge's thread. */
#include "fanout_priv.h"

#include "alloc.h"

#include <stdlib.h>

void fanout_init(struct fanout *fanout, fanout_deliver_fn deliver, void *ctx)
{
    *fanout = (struct fanout){.deliver = deliver, .ctx = ctx};
}

static struct fan_place *places_of(struct fan_session *session)
{
    return session->cap_log > 0 ? session->many : &session->one;
}

static void free_places(struct fan_session *session)
{
    if (session->cap_log > 0) {
        free(session->many);
    }
}

static void add_place(struct fan_session *session, struct fan_place place)
{
    size_t cap = (size_t)1 << session->cap_log;
    if (session->n_places == cap) {
        struct fan_place *many = xmalloc(2 * cap * sizeof(*many));
        memcpy(many, places_of(session), session->n_places * sizeof(*many));
        free_places(session);
        session->many = many;
        session->cap_log++;
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
    map_finish(&fanout->by_id);
    streams_finish(fanout);
    buf_finish(&fanout->lines);
    run_pool_finish(&fanout->pool);
}

struct fan_session *fanout_session(struct fanout *fanout, session_id id)
{
    uint32_t slot = session_id_slot(id);
    if (slot >= fanout->n_slots || session_id_edge(id) != fanout->edge) {
        return NULL;
    }
    struct fan_session *session = &fanout->sessions[slot];
    bool open = session->generation != 0 && session->generation == session_id_generation(id);
    return open ? session : NULL;
}

/* ---- classes ---- */

static void class_leave(struct fanout *fanout, struct fan_session *session)
{
    if (session->class != FANOUT_NO_CLASS) {
        fanout->classes[session->class].n--;
        session->class = FANOUT_NO_CLASS;
    }
}

static void class_enter(struct fanout *fanout, struct fan_session *session)
{
    int free_class = -1;
    for (int i = FANOUT_CLASSES; i-- > 0;) {
        const struct fan_class *class = &fanout->classes[i];
        if (class->n == 0) {
            free_class = i;
        } else if (class->caps == session->caps && class->traits == session->traits &&
                   class->framing == session->framing) {
            free_class = i;
            break;
        }
    }
    if (session->apart || free_class < 0) {
        return;
    }
    struct fan_class *class = &fanout->classes[free_class];
    class->caps = session->caps;
    class->traits = session->traits;
    class->framing = session->framing;
    class->n++;
    session->class = (uint8_t)free_class;
}

static void change_class(struct fanout *fanout, struct fan_session *session)
{
    stream_settle(fanout, session);
    class_leave(fanout, session);
    class_enter(fanout, session);
    stream_reclassed(fanout, session);
}

void fanout_set_traits(struct fanout *fanout, struct fan_session *session, cap_set caps,
                       uint8_t traits)
{
    session->caps = caps & CAP_ALL;
    session->traits = traits;
    change_class(fanout, session);
}

void fanout_set_apart(struct fanout *fanout, session_id id)
{
    struct fan_session *session = fanout_session(fanout, id);
    if (session != NULL) {
        session->apart = 1;
        change_class(fanout, session);
    }
}

void fanout_set_framing(struct fanout *fanout, session_id id, enum framing framing)
{
    struct fan_session *session = fanout_session(fanout, id);
    if (session != NULL) {
        session->framing = framing & 3;
        change_class(fanout, session);
    }
}

static void make_slots(struct fanout *fanout, uint32_t n)
{
    fanout->sessions = xrealloc(fanout->sessions, n * sizeof(*fanout->sessions));
    memset(fanout->sessions + fanout->n_slots, 0,
           (n - fanout->n_slots) * sizeof(*fanout->sessions));
    fanout->n_slots = n;
}

void fanout_open(struct fanout *fanout, session_id id)
{
    uint32_t slot = session_id_slot(id);
    if (slot >= fanout->n_slots) {
        /* By an eighth: memory follows use. */
        uint32_t n = fanout->n_slots + fanout->n_slots / 8 + 64;
        make_slots(fanout, n > slot ? n : slot + 1);
    }
    struct fan_session *session = &fanout->sessions[slot];
    CHECK(session->generation == 0);
    fanout->edge = session_id_edge(id);
    session->generation = session_id_generation(id);
    session->class = FANOUT_NO_CLASS;
    class_enter(fanout, session);
}

/* ---- rooms ---- */

struct fan_room *fanout_room(const struct fanout *fanout, room_id id)
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

static void drop_room(struct fanout *fanout, uint32_t index)
{
    struct fan_room *room = &fanout->rooms[index];
    map_del(&fanout->by_id, room->id);
    stream_orphan(fanout, room);
    free(room->members);
    *room = (struct fan_room){0};
    if (fanout->n_free == fanout->cap_free) {
        fanout->cap_free = fanout->cap_free > 0 ? fanout->cap_free * 2 : 16;
        fanout->free_rooms =
            xrealloc(fanout->free_rooms, fanout->cap_free * sizeof(*fanout->free_rooms));
    }
    fanout->free_rooms[fanout->n_free++] = index;
}

struct fan_place *fanout_place(struct fanout *fanout, struct fan_session *session, room_id id)
{
    struct fan_place *places = places_of(session);
    for (unsigned i = 0; i < session->n_places; i++) {
        if (fanout->rooms[places[i].room].id == id) {
            return &places[i];
        }
    }
    return NULL;
}

void fanout_join(struct fanout *fanout, struct fan_session *session, room_id id, uint8_t rank)
{
    uintptr_t found = (uintptr_t)map_get(&fanout->by_id, id);
    uint32_t index = found > 0 ? (uint32_t)(found - 1) : make_room(fanout, id);
    struct fan_room *room = &fanout->rooms[index];
    if (room->n == room->cap) {
        room->cap = room->cap > 0 ? room->cap * 2 : 2;
        room->members = xrealloc(room->members, room->cap * sizeof(*room->members));
    }
    uint32_t slot = (uint32_t)(session - fanout->sessions);
    room->members[room->n] = (struct fan_member){slot, session->n_places, rank};
    add_place(session, (struct fan_place){index, room->n++});
    stream_joined(fanout, session, room);
}

/* The last member and the last place move into the holes. */
void fanout_leave(struct fanout *fanout, struct fan_session *session, struct fan_place *place)
{
    uint32_t index = place->room;
    struct fan_room *room = &fanout->rooms[index];
    uint32_t at = place->at;
    stream_leaves(fanout, session, room);
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
        fanout_leave(fanout, session, &places_of(session)[session->n_places - 1]);
    }
    class_leave(fanout, session);
    free_places(session);
    *session = (struct fan_session){0};
}
