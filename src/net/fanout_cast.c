/* Whom an effect is meant for, and one rendering for each variant. The edge's thread. */
#include "fanout_priv.h"

#include "net_limits.h"
#include "ws.h"

enum { FORM_TIME = 1, FORM_TAGS = 2, FORM_ACCOUNT = 4, FORM_MULTILINE = 8 };

static unsigned variant_of(const struct message *message, cap_set caps, unsigned framing)
{
    const cap_set batched = CAP_MULTILINE | CAP_BATCH;
    bool as_batch = message->multi.len > 0 && (caps & batched) == batched;
    return framing * FANOUT_FORMS | ((caps & CAP_SERVER_TIME) != 0 ? FORM_TIME : 0) |
           ((caps & CAP_MESSAGE_TAGS) != 0 ? FORM_TAGS : 0) |
           ((caps & CAP_ACCOUNT_TAG) != 0 ? FORM_ACCOUNT : 0) | (as_batch ? FORM_MULTILINE : 0);
}

/* One message while it is delivered, and where it was rendered for each variant. */
struct delivery {
    const struct message *message;
    const struct audience *audience;
    struct run *runs[FANOUT_VARIANTS]; /* NULL: not yet rendered; borrowed */
    size_t offset[FANOUT_VARIANTS];
    size_t len[FANOUT_VARIANTS];
};

static void add_framed(struct run *run, unsigned framing, struct str lines)
{
    if (framing == FRAMING_LINES) {
        buf_add_str(&run->bytes, lines);
    } else {
        ws_add_lines(&run->bytes, framing == FRAMING_TEXT ? WS_TEXT : WS_BINARY, lines);
    }
}

/* Adds the message to the end of a run: rendered, or a copy of what was rendered before. */
static void render(struct fanout *fanout, struct delivery *d, cap_set caps, unsigned framing,
                   struct run *run)
{
    unsigned variant = variant_of(d->message, caps, framing);
    if (d->runs[variant] != NULL) {
        const struct run *from = d->runs[variant];
        buf_add(&run->bytes, from->bytes.p + d->offset[variant], d->len[variant]);
        return;
    }
    size_t offset = run->bytes.len;
    if (framing == FRAMING_LINES) {
        message_render(d->message, caps, &run->bytes);
    } else {
        buf_clear(&fanout->lines);
        message_render(d->message, caps, &fanout->lines);
        add_framed(run, framing, buf_str(&fanout->lines));
    }
    d->runs[variant] = run;
    d->offset[variant] = offset;
    d->len[variant] = run->bytes.len - offset;
}

static struct run *scratch_run(struct fanout *fanout, unsigned variant)
{
    struct run **run = &fanout->scratch[variant];
    if (*run != NULL && (*run)->bytes.len > FANOUT_RUN_MAX) {
        run_unref(*run);
        *run = NULL;
    }
    if (*run == NULL) {
        *run = run_take(&fanout->pool);
    }
    return *run;
}

static bool wanted(const struct audience *a, cap_set caps, uint8_t traits)
{
    return (caps & a->caps_with) == a->caps_with && (caps & a->caps_without) == 0 &&
           (traits & a->traits) == a->traits;
}

/* To one session by itself, behind what it has of its room. */
static void deliver(struct fanout *fanout, struct delivery *d, uint32_t slot)
{
    struct fan_session *session = &fanout->sessions[slot];
    if (!wanted(d->audience, session->caps, session->traits)) {
        return;
    }
    unsigned v = variant_of(d->message, session->caps, session->framing);
    if (d->runs[v] == NULL) {
        render(fanout, d, session->caps, session->framing, scratch_run(fanout, v));
    }
    stream_settle(fanout, session);
    fanout->deliver(fanout->ctx, slot, d->runs[v], d->offset[v], d->len[v], d->message);
}

/* Some of a room's members, by their rank. */
static void to_ranks(struct fanout *fanout, struct delivery *d, const struct fan_room *room,
                     const struct fan_session *except)
{
    for (uint32_t i = 0; i < room->n; i++) {
        const struct fan_member *member = &room->members[i];
        if (&fanout->sessions[member->slot] != except && member->rank >= d->audience->rank_min) {
            deliver(fanout, d, member->slot);
        }
    }
}

static void to_room(struct fanout *fanout, struct delivery *d)
{
    struct fan_room *room = fanout_room(fanout, d->audience->room);
    if (room == NULL) {
        return;
    }
    struct fan_session *except = fanout_session(fanout, d->audience->session);
    if (d->audience->rank_min > 0) {
        to_ranks(fanout, d, room, except);
        return;
    }
    struct fan_stream *stream = stream_of(fanout, room);
    bool skips = except != NULL && except->follows == room->stream;
    if (skips) {
        stream_settle(fanout, except);
    }
    for (uint32_t left = stream->present; left != 0; left &= left - 1) {
        unsigned class = (unsigned)__builtin_ctz(left);
        const struct fan_class *of = &fanout->classes[class];
        if (wanted(d->audience, of->caps, of->traits)) {
            render(fanout, d, of->caps, of->framing, stream_run(fanout, stream, class));
        }
    }
    if (skips) {
        stream_skip(fanout, except);
    }
    for (uint32_t i = 0; i < stream->n_singles; i++) {
        if (&fanout->sessions[stream->singles[i]] != except) {
            deliver(fanout, d, stream->singles[i]);
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
    uint32_t n_open = d->message->n_rooms - d->message->n_closed;
    for (uint32_t r = 0; r < d->message->n_rooms; r++) {
        const struct fan_room *room = fanout_room(fanout, d->message->rooms[r]);
        for (uint32_t i = 0; room != NULL && i < room->n; i++) {
            uint32_t slot = room->members[i].slot;
            bool sees = r < n_open || room->members[i].rank > 0;
            if (sees && fanout->sessions[slot].seen != stamp) {
                fanout->sessions[slot].seen = stamp;
                deliver(fanout, d, slot);
            }
        }
    }
}

static void to_all(struct fanout *fanout, struct delivery *d)
{
    const struct fan_session *except = fanout_session(fanout, d->audience->session);
    for (uint32_t slot = 0; slot < fanout->n_slots; slot++) {
        const struct fan_session *session = &fanout->sessions[slot];
        if (session->generation != 0 && session != except) {
            deliver(fanout, d, slot);
        }
    }
}

static void cast(struct fanout *fanout, const struct effect *effect)
{
    struct delivery d = {.message = effect->message, .audience = &effect->audience};
    const struct fan_session *one;
    switch (effect->audience.kind) {
    case AUDIENCE_SESSION:
        one = fanout_session(fanout, effect->audience.session);
        if (one != NULL) {
            deliver(fanout, &d, session_id_slot(effect->audience.session));
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

static void say(struct fanout *fanout, uint32_t slot, unsigned framing, struct str lines,
                const struct message *message)
{
    if (slot < fanout->n_slots) {
        stream_settle(fanout, &fanout->sessions[slot]);
    }
    struct run *run = scratch_run(fanout, 0);
    size_t offset = run->bytes.len;
    add_framed(run, framing, lines);
    fanout->deliver(fanout->ctx, slot, run, offset, run->bytes.len - offset, message);
}

void fanout_say(struct fanout *fanout, uint32_t slot, enum framing framing, struct str lines)
{
    say(fanout, slot, framing, lines, NULL);
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
        say(fanout, session_id_slot(effect->session), session->framing, effect->message->body,
            effect->message);
        break;
    case EFFECT_JOIN:
        fanout_join(fanout, session, effect->room, effect->rank);
        break;
    case EFFECT_PART:
        place = fanout_place(fanout, session, effect->room);
        if (place != NULL) {
            fanout_leave(fanout, session, place);
        }
        break;
    case EFFECT_RANK:
        place = fanout_place(fanout, session, effect->room);
        if (place != NULL) {
            fanout->rooms[place->room].members[place->at].rank = effect->rank;
        }
        break;
    case EFFECT_TRAITS:
        fanout_set_traits(fanout, session, effect->caps, effect->traits);
        break;
    default:
        break;
    }
}

void fanout_end_turn(struct fanout *fanout)
{
    fanout_settle(fanout);
    for (int v = 0; v < FANOUT_VARIANTS; v++) {
        run_unref(fanout->scratch[v]);
        fanout->scratch[v] = NULL;
    }
}
