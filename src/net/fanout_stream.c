/*
 * What is said to a room between two settlings, and who has been given how much of it. A session
 * that is in one such room follows its run; where it is in a second one, it gets each message of
 * both by itself, since only so their order is kept. The edge's thread.
 */
#include "fanout_priv.h"

#include "alloc.h"
#include "net_limits.h"

#include <stdlib.h>

static struct fan_stream *followed(const struct fanout *fanout, const struct fan_session *session)
{
    bool follows = session->follows != FOLLOWS_NONE && session->follows != FOLLOWS_SINGLY;
    return follows ? fanout->streams[session->follows - 1] : NULL;
}

static uint32_t slot_of(const struct fanout *fanout, const struct fan_session *session)
{
    return (uint32_t)(session - fanout->sessions);
}

static uint32_t run_end(const struct run *run)
{
    return run != NULL ? (uint32_t)run->bytes.len : 0;
}

void stream_settle(struct fanout *fanout, struct fan_session *session)
{
    struct fan_stream *stream = followed(fanout, session);
    if (stream == NULL) {
        return;
    }
    struct run *run = stream->runs[session->class];
    uint32_t end = run_end(run);
    uint32_t from = session->from;
    if (from < end) {
        session->from = end;
        fanout->deliver(fanout->ctx, slot_of(fanout, session), run, from, end - from, NULL);
    }
}

void stream_skip(struct fanout *fanout, struct fan_session *session)
{
    struct fan_stream *stream = followed(fanout, session);
    if (stream != NULL) {
        session->from = run_end(stream->runs[session->class]);
    }
}

static void add_single(struct fan_stream *stream, uint32_t slot)
{
    if (stream->n_singles == stream->cap_singles) {
        stream->cap_singles = stream->cap_singles > 0 ? stream->cap_singles * 2 : 4;
        stream->singles = xrealloc(stream->singles, stream->cap_singles * sizeof(*stream->singles));
    }
    stream->singles[stream->n_singles++] = slot;
}

static void follow(struct fan_session *session, struct fan_stream *stream, uint32_t index)
{
    session->follows = 1 + index;
    session->from = run_end(stream->runs[session->class]);
    stream->present |= (uint32_t)1 << session->class;
}

static void begin(struct fanout *fanout, struct fan_session *session, uint32_t index)
{
    struct fan_stream *stream = fanout->streams[index];
    if (session->follows == FOLLOWS_NONE && session->class != FANOUT_NO_CLASS) {
        follow(session, stream, index);
        return;
    }
    struct fan_stream *other = followed(fanout, session);
    if (other != NULL) {
        stream_settle(fanout, session);
        add_single(other, slot_of(fanout, session));
    }
    session->follows = FOLLOWS_SINGLY;
    add_single(stream, slot_of(fanout, session));
}

static uint32_t make_stream(struct fanout *fanout)
{
    if (fanout->n_streams == fanout->cap_streams) {
        uint32_t cap = fanout->cap_streams > 0 ? fanout->cap_streams * 2 : 8;
        fanout->streams = xrealloc(fanout->streams, cap * sizeof(*fanout->streams));
        for (uint32_t i = fanout->cap_streams; i < cap; i++) {
            fanout->streams[i] = NULL;
        }
        fanout->cap_streams = cap;
    }
    struct fan_stream **stream = &fanout->streams[fanout->n_streams];
    if (*stream == NULL) {
        *stream = xcalloc(1, sizeof(**stream));
    }
    return fanout->n_streams++;
}

static void forget_runs(struct fan_stream *stream)
{
    for (uint32_t left = stream->present; left != 0; left &= left - 1) {
        struct run **run = &stream->runs[__builtin_ctz(left)];
        run_unref(*run);
        *run = NULL;
    }
}

/* Everybody begins again with empty runs, so that none grows without end. */
static void turn_over(struct fanout *fanout, struct fan_stream *stream)
{
    const struct fan_room *room = &fanout->rooms[stream->room];
    for (uint32_t i = 0; i < room->n; i++) {
        struct fan_session *session = &fanout->sessions[room->members[i].slot];
        if (followed(fanout, session) == stream) {
            stream_settle(fanout, session);
            session->from = 0;
        }
    }
    forget_runs(stream);
}

static bool is_long(const struct fan_stream *stream)
{
    for (uint32_t left = stream->present; left != 0; left &= left - 1) {
        if (run_end(stream->runs[__builtin_ctz(left)]) > FANOUT_RUN_MAX) {
            return true;
        }
    }
    return false;
}

static void prefetch_member(const struct fanout *fanout, const struct fan_room *room, uint32_t i)
{
    if (i < room->n) {
        __builtin_prefetch(&fanout->sessions[room->members[i].slot], 1);
    }
}

struct fan_stream *stream_of(struct fanout *fanout, struct fan_room *room)
{
    if (room->stream > 0) {
        struct fan_stream *stream = fanout->streams[room->stream - 1];
        if (is_long(stream)) {
            turn_over(fanout, stream);
        }
        return stream;
    }
    uint32_t index = make_stream(fanout);
    room->stream = 1 + index;
    fanout->streams[index]->room = (uint32_t)(room - fanout->rooms);
    for (uint32_t i = 0; i < room->n; i++) {
        uint32_t slot = room->members[i].slot;
        prefetch_member(fanout, room, i + 8);
        begin(fanout, &fanout->sessions[slot], index);
        if (fanout->announce != NULL) {
            fanout->announce(fanout->ctx, slot);
        }
    }
    return fanout->streams[index];
}

struct run *stream_run(struct fanout *fanout, struct fan_stream *stream, unsigned class)
{
    if (stream->runs[class] == NULL) {
        stream->runs[class] = run_take(&fanout->pool);
    }
    return stream->runs[class];
}

/* ---- members come, go and change ---- */

void stream_joined(struct fanout *fanout, struct fan_session *session, struct fan_room *room)
{
    if (room->stream > 0) {
        begin(fanout, session, room->stream - 1);
    }
}

static void remove_single(struct fan_stream *stream, uint32_t slot)
{
    for (uint32_t i = 0; i < stream->n_singles; i++) {
        if (stream->singles[i] == slot) {
            stream->singles[i] = stream->singles[--stream->n_singles];
            return;
        }
    }
}

void stream_leaves(struct fanout *fanout, struct fan_session *session, struct fan_room *room)
{
    if (room->stream == 0) {
        return;
    }
    if (session->follows == room->stream) {
        stream_settle(fanout, session);
        session->follows = FOLLOWS_NONE;
        return;
    }
    remove_single(fanout->streams[room->stream - 1], slot_of(fanout, session));
    const struct fan_place *places = fan_session_places(session);
    for (unsigned i = 0; i < session->n_places; i++) {
        const struct fan_room *other = &fanout->rooms[places[i].room];
        if (other != room && other->stream > 0) {
            return;
        }
    }
    session->follows = FOLLOWS_NONE;
}

void stream_reclassed(struct fanout *fanout, struct fan_session *session)
{
    struct fan_stream *stream = followed(fanout, session);
    if (stream == NULL) {
        return;
    }
    if (session->class == FANOUT_NO_CLASS) {
        session->follows = FOLLOWS_SINGLY;
        add_single(stream, slot_of(fanout, session));
    } else {
        follow(session, stream, session->follows - 1);
    }
}

void stream_orphan(struct fanout *fanout, struct fan_room *room)
{
    if (room->stream > 0) {
        fanout->streams[room->stream - 1]->room = UINT32_MAX;
    }
}

/* ---- settling ---- */

static void settle(struct fanout *fanout, struct fan_stream *stream)
{
    if (stream->room != UINT32_MAX) {
        struct fan_room *room = &fanout->rooms[stream->room];
        for (uint32_t i = 0; i < room->n; i++) {
            struct fan_session *session = &fanout->sessions[room->members[i].slot];
            prefetch_member(fanout, room, i + 8);
            if (followed(fanout, session) == stream) {
                stream_settle(fanout, session);
                session->follows = FOLLOWS_NONE;
            }
        }
        room->stream = 0;
    }
    forget_runs(stream);
    stream->present = 0;
}

static void destroy(struct fan_stream *stream)
{
    free(stream->singles);
    free(stream);
}

void fanout_settle(struct fanout *fanout)
{
    for (uint32_t i = 0; i < fanout->n_streams; i++) {
        settle(fanout, fanout->streams[i]);
    }
    for (uint32_t i = 0; i < fanout->n_streams; i++) {
        struct fan_stream *stream = fanout->streams[i];
        for (uint32_t s = 0; s < stream->n_singles; s++) {
            fanout->sessions[stream->singles[s]].follows = FOLLOWS_NONE;
        }
        stream->n_singles = 0;
        if (i >= FANOUT_STREAMS_KEPT) {
            destroy(stream);
            fanout->streams[i] = NULL;
        }
    }
    fanout->n_streams = 0;
}

void fanout_settle_session(struct fanout *fanout, session_id id)
{
    struct fan_session *session = fanout_session(fanout, id);
    if (session != NULL) {
        stream_settle(fanout, session);
    }
}

void streams_finish(struct fanout *fanout)
{
    for (uint32_t i = 0; i < fanout->cap_streams; i++) {
        if (fanout->streams[i] != NULL) {
            destroy(fanout->streams[i]);
        }
    }
    free(fanout->streams);
}
