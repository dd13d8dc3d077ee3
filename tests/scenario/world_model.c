/*
 * What should happen, worked out the slow way from the effects alone: who is where, and which bytes
 * are due to whom. Also the trace that two runs are compared by. Tests only; one thread.
 */
#include "world_priv.h"

#include "alloc.h"
#include "ws.h"

/* ---- the model ---- */

static unsigned place_of(const struct world_conn *conn, room_id room)
{
    unsigned i = 0;
    while (i < conn->n_places && conn->places[i].room != room) {
        i++;
    }
    return i;
}

static bool is_in_audience(const struct world_conn *conn, const struct effect *effect)
{
    const struct audience *a = &effect->audience;
    if (!conn->open || (conn->caps & a->caps_with) != a->caps_with ||
        (conn->caps & a->caps_without) != 0 || (conn->traits & a->traits) != a->traits) {
        return false;
    }
    if (a->kind == AUDIENCE_SESSION) {
        return conn->id == a->session;
    }
    if (conn->id == a->session) {
        return false;
    }
    if (a->kind == AUDIENCE_ROOM) {
        unsigned at = place_of(conn, a->room);
        return at < conn->n_places && conn->places[at].rank >= a->rank_min;
    }
    if (a->kind == AUDIENCE_ROOMS) {
        for (unsigned i = 0; i < effect->message->n_rooms; i++) {
            unsigned at = place_of(conn, effect->message->rooms[i]);
            if (at < conn->n_places && (i < effect->message->n_rooms - effect->message->n_closed ||
                                        conn->places[at].rank > 0)) {
                return true;
            }
        }
        return false;
    }
    return true;
}

static void add_framed(struct buf *out, enum framing framing, struct str lines)
{
    if (framing == FRAMING_LINES) {
        buf_add_str(out, lines);
        return;
    }
    while (lines.len > 0) {
        struct str line = str_split(&lines, '\n');
        ws_add(out, framing == FRAMING_TEXT ? WS_TEXT : WS_BINARY, str_make(line.p, line.len - 1));
    }
}

void model_said(struct world_conn *conn, struct str lines)
{
    if (!conn->doomed) {
        add_framed(&conn->due, conn->framing, lines);
    }
}

/* A gate counts an echo before it is framed. */
size_t model_due(const struct world_conn *conn)
{
    size_t due = conn->due.len;
    for (unsigned i = 0; i < conn->n_marks; i++) {
        due += conn->marks[i].body_len - conn->marks[i].len;
    }
    return due;
}

/* What waits for the store. */
static void add_mark(struct world_conn *conn, uint64_t seq, struct str lines)
{
    if (!conn->doomed) {
        struct buf framed = {0};
        add_framed(&framed, conn->framing, lines);
        conn->marks = xrealloc(conn->marks, (conn->n_marks + 1) * sizeof(*conn->marks));
        conn->marks[conn->n_marks++] = (struct world_mark){
            .seq = seq, .at = conn->due.len, .len = framed.len, .body_len = lines.len};
        buf_finish(&framed);
    }
}

static struct world_mark take_mark(struct world_conn *conn)
{
    CHECK(conn->n_marks > 0);
    struct world_mark mark = conn->marks[0];
    conn->n_marks--;
    memmove(conn->marks, conn->marks + 1, conn->n_marks * sizeof(*conn->marks));
    return mark;
}

void model_echoed(struct world_conn *conn, uint64_t finished_seq)
{
    CHECK(take_mark(conn).seq <= finished_seq);
}

void model_replaced(struct world_conn *conn, struct str lines)
{
    struct world_mark mark = take_mark(conn);
    struct buf due = {0};
    buf_add(&due, conn->due.p, mark.at);
    add_framed(&due, conn->framing, lines);
    size_t len = due.len - mark.at;
    buf_add(&due, conn->due.p + mark.at + mark.len, conn->due.len - mark.at - mark.len);
    buf_finish(&conn->due);
    conn->due = due;
    for (unsigned i = 0; i < conn->n_marks; i++) {
        conn->marks[i].at += len - mark.len;
    }
}

static void model_cast(struct world_edge *edge, const struct effect *effect)
{
    struct buf line = {0};
    for (uint32_t slot = 0; slot < edge->n_slots; slot++) {
        struct world_conn *conn = edge->by_slot[slot];
        if (conn != NULL && is_in_audience(conn, effect)) {
            buf_clear(&line);
            message_render(effect->message, conn->caps, &line);
            model_said(conn, buf_str(&line));
        }
    }
    buf_finish(&line);
}

void model_apply(struct world_edge *edge, const struct effect *effect)
{
    if (effect->kind == EFFECT_CAST) {
        model_cast(edge, effect);
        return;
    }
    struct world_conn *conn = world_find(edge->world, effect->session);
    if (conn == NULL || (conn->closing && !conn->open && effect->kind != EFFECT_REGISTERED)) {
        return; /* The core does not know yet that it has ended. */
    }
    unsigned at = place_of(conn, effect->room);
    switch (effect->kind) {
    case EFFECT_REGISTERED:
        CHECK(!conn->open);
        conn->open = true;
        break;
    case EFFECT_REPLY:
        CHECK(conn->open && effect->message->body.len > 0);
        if (effect->seq > edge->world->store.finished_seq) {
            add_mark(conn, effect->seq, effect->message->body);
        }
        model_said(conn, effect->message->body);
        break;
    case EFFECT_JOIN:
        CHECK(conn->open && at == conn->n_places);
        conn->places = xrealloc(conn->places, (at + 1) * sizeof(*conn->places));
        conn->places[conn->n_places++] = (struct world_place){effect->room, effect->rank};
        break;
    case EFFECT_PART:
        CHECK(at < conn->n_places);
        conn->places[at] = conn->places[--conn->n_places];
        break;
    case EFFECT_RANK:
        CHECK(at < conn->n_places);
        conn->places[at].rank = effect->rank;
        break;
    case EFFECT_TRAITS:
        CHECK(conn->open);
        conn->caps = effect->caps;
        conn->traits = effect->traits;
        break;
    default:
        break;
    }
}

/* ---- what must always hold ---- */

static void check_conn(const struct world_edge *edge, const struct world_conn *conn)
{
    const struct fanout *fanout = &edge->fanout;
    uint32_t slot = session_id_slot(conn->id);
    if (!conn->open) {
        CHECK(slot >= fanout->n_slots || fanout->sessions[slot].generation == 0);
        return;
    }
    CHECK(slot < fanout->n_slots);
    const struct fan_session *session = &fanout->sessions[slot];
    CHECK(fanout_session((struct fanout *)fanout, conn->id) == session &&
          session->caps == conn->caps);
    CHECK(session->traits == conn->traits && session->n_places == conn->n_places);
    const struct fan_place *places = fan_session_places(session);
    for (unsigned i = 0; i < session->n_places; i++) {
        const struct fan_room *room = &fanout->rooms[places[i].room];
        CHECK(places[i].at < room->n);
        const struct fan_member *member = &room->members[places[i].at];
        CHECK(member->slot == slot && member->place == i);
        unsigned at = place_of(conn, room->id);
        CHECK(at < conn->n_places && conn->places[at].rank == member->rank);
    }
    CHECK(conn->doomed || conn->out.bytes + gate_bytes(conn->gate) == model_due(conn));
}

void world_check(const struct world *world)
{
    uint64_t members = 0;
    uint64_t placed = 0;
    uint64_t places = 0;
    uint64_t open = 0;
    for (unsigned i = 0; i < world->n_edges; i++) {
        const struct world_edge *edge = &world->edges[i];
        for (uint32_t slot = 0; slot < edge->n_slots; slot++) {
            if (edge->by_slot[slot] != NULL) {
                check_conn(edge, edge->by_slot[slot]);
                places += edge->by_slot[slot]->n_places;
                open += edge->by_slot[slot]->in_core;
            }
        }
        for (uint32_t r = 0; r < edge->fanout.n_rooms; r++) {
            CHECK((edge->fanout.rooms[r].id == 0) == (edge->fanout.rooms[r].n == 0));
            placed += edge->fanout.rooms[r].n;
        }
        CHECK(edge->n_effects == 0);
    }
    struct core_room_view room;
    uint64_t cursor = 0;
    while (core_next_room(world->core, &cursor, &room)) {
        members += room.n_members;
    }
    /* Each session of a user is in all of its rooms; a user may have none. */
    struct core_user_view user;
    uint64_t in_rooms = 0;
    uint64_t sessions = 0;
    uint64_t wanted = 0;
    cursor = 0;
    while (core_next_user(world->core, &cursor, &user)) {
        in_rooms += user.n_rooms;
        sessions += user.n_sessions;
        wanted += (uint64_t)user.n_rooms * user.n_sessions;
    }
    CHECK(placed == places && places == wanted && members == in_rooms);
    CHECK(core_totals(world->core).sessions == open && sessions == open);
}

/* ---- the trace ---- */

static void add_session(struct world *world, session_id id)
{
    const struct world_conn *conn = id != 0 ? world_find(world, id) : NULL;
    if (conn != NULL) {
        buf_printf(&world->trace, " %u", conn->number);
    } else {
        buf_add_cstr(&world->trace, id != 0 ? " gone" : " -");
    }
}

void trace_effect(struct world *world, const struct effect *effect)
{
    struct buf *out = &world->trace;
    buf_printf(out, "effect %d", (int)effect->kind);
    add_session(world, effect->session);
    buf_printf(out,
               " rank %u traits %u refusal %d log %d caps %llx operator %u clients %u room %llu",
               effect->rank, effect->traits, (int)effect->refusal, (int)effect->log,
               (unsigned long long)effect->caps, effect->operator_index, effect->clients,
               (unsigned long long)effect->room);
    if (effect->kind == EFFECT_CAST) {
        const struct audience *a = &effect->audience;
        buf_printf(out, " to %d with %llx without %llx rank %u traits %u room %llu", (int)a->kind,
                   (unsigned long long)a->caps_with, (unsigned long long)a->caps_without,
                   a->rank_min, a->traits, (unsigned long long)a->room);
        add_session(world, a->session);
    }
    if (effect->kind == EFFECT_RECORD) {
        const struct record *r = &effect->record;
        buf_printf(out, " seq %llu of %llu kind %d by %llu in %llu %llu %llu",
                   (unsigned long long)r->seq, (unsigned long long)r->message_seq, (int)r->kind,
                   (unsigned long long)r->sender, (unsigned long long)r->place.room,
                   (unsigned long long)r->place.a, (unsigned long long)r->place.b);
    } else if (effect->seq != 0) {
        buf_printf(out, " seq %llu", (unsigned long long)effect->seq);
    }
    const struct message *message = effect->message;
    if (message != NULL) {
        buf_printf(out, " at %llu id ", (unsigned long long)message->time_ms);
        buf_add_str(out, message->msgid);
        buf_add_cstr(out, " tags ");
        buf_add_str(out, message->tags);
        for (uint32_t i = 0; i < message->n_rooms; i++) {
            buf_printf(out, " in %llu", (unsigned long long)message->rooms[i]);
        }
        buf_add_cstr(out, ": ");
        buf_add_str(out, message->body);
    }
    buf_add_char(out, '\n');
}
