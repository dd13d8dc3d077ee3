/* The core's mutex and the routing of its effects. Any edge's thread and the main thread. */
#include "hub.h"

#include "alloc.h"
#include "daemon_limits.h"
#include "map.h"
#include "msgid.h"

#include <sodium.h>
#include <stdlib.h>

enum { HUB_AHEAD = 3 }; /* inputs: as long as a fetch from memory takes */

/* Effects of one entry into the core for one target. */
struct stage {
    struct mailbox *mailbox;
    struct effect *effects;
    size_t n;
    size_t cap;
};

/* How many sessions of a room each edge has, so that a message wakes only those that need it. */
struct hub_room {
    room_id id;
    uint32_t sessions; /* on all edges */
    uint32_t on_edge[];
};

struct hub_port {
    struct hub *hub;
    unsigned edge;
};

struct hub {
    struct lock lock;
    struct core *core;
    struct map rooms; /* struct hub_room */
    unsigned n_edges;
    struct stage edges[EDGES_MAX];
    struct hub_port ports[EDGES_MAX];
    struct store *store; /* NULL: nothing is kept */
    bool history;        /* what is said is kept, too */
    struct stage for_store;
    bool closed; /* nothing is taken any more */
    struct stage daemon;
    struct mailbox mailbox; /* the daemon's */
};

_Static_assert((int)CORE_DONE == (int)PORT_DONE && (int)CORE_HELD == (int)PORT_HELD &&
                   (int)CORE_LATER == (int)PORT_LATER,
               "an edge reads the core's results as its port's");

static void stage_add(struct stage *stage, const struct effect *effect)
{
    if (stage->n == stage->cap) {
        stage->cap = stage->cap > 0 ? stage->cap * 2 : 64;
        stage->effects = xrealloc(stage->effects, stage->cap * sizeof(*stage->effects));
    }
    stage->effects[stage->n++] = *effect;
}

/* `own` is that of the edge whose thread this is, or NULL. Returns the edges that fall behind. */
static uint64_t post_all(struct hub *hub, const struct stage *own)
{
    uint64_t behind = 0;
    for (unsigned i = 0; i < hub->n_edges; i++) {
        struct stage *stage = &hub->edges[i];
        if (stage == own) {
            mailbox_post_own(stage->mailbox, stage->effects, stage->n);
        } else {
            bool crowded = mailbox_post(stage->mailbox, stage->effects, stage->n);
            behind |= (uint64_t)crowded << i;
        }
        stage->n = 0;
    }
    mailbox_post(&hub->mailbox, hub->daemon.effects, hub->daemon.n);
    hub->daemon.n = 0;
    /* The store comes last: what it tells an edge must find there what it is about. */
    if (hub->for_store.n > 0) {
        store_post(hub->store, hub->for_store.effects, hub->for_store.n);
        hub->for_store.n = 0;
    }
    return behind;
}

/* ---- routing ---- */

static void count_member(struct hub *hub, const struct effect *effect, int by)
{
    struct hub_room *room = map_get(&hub->rooms, effect->room);
    if (room == NULL) {
        room = xcalloc(1, sizeof(*room) + EDGES_MAX * sizeof(room->on_edge[0]));
        room->id = effect->room;
        map_put(&hub->rooms, room->id, room);
    }
    room->on_edge[session_id_edge(effect->session)] += (uint32_t)by;
    room->sessions += (uint32_t)by;
    if (room->sessions == 0) {
        map_del(&hub->rooms, room->id);
        free(room);
    }
}

static uint64_t edges_of_room(const struct hub *hub, room_id id)
{
    const struct hub_room *room = map_get(&hub->rooms, id);
    uint64_t edges = 0;
    for (unsigned i = 0; room != NULL && i < hub->n_edges; i++) {
        edges |= (uint64_t)(room->on_edge[i] > 0) << i;
    }
    return edges;
}

static uint64_t all_edges(const struct hub *hub)
{
    return hub->n_edges == 64 ? UINT64_MAX : ((uint64_t)1 << hub->n_edges) - 1;
}

static uint64_t edges_of_audience(const struct hub *hub, const struct effect *effect)
{
    const struct audience *audience = &effect->audience;
    uint64_t edges = 0;
    switch (audience->kind) {
    case AUDIENCE_SESSION:
        return (uint64_t)1 << session_id_edge(audience->session);
    case AUDIENCE_ROOM:
        return edges_of_room(hub, audience->room);
    case AUDIENCE_ROOMS:
        for (uint32_t i = 0; i < effect->message->n_rooms; i++) {
            edges |= edges_of_room(hub, effect->message->rooms[i]);
        }
        return edges;
    case AUDIENCE_ALL:
        return all_edges(hub);
    }
    return edges;
}

static uint64_t targets(struct hub *hub, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CAST:
        return edges_of_audience(hub, effect);
    case EFFECT_SETTINGS:
    case EFFECT_STOP:
        return all_edges(hub);
    case EFFECT_JOIN:
        count_member(hub, effect, 1);
        break;
    case EFFECT_PART:
        count_member(hub, effect, -1);
        break;
    default:
        break;
    }
    return (uint64_t)1 << session_id_edge(effect->session);
}

/* The store's share of an effect: its references and what it owns go along. */
static void to_store(struct hub *hub, const struct effect *effect)
{
    if (hub->store != NULL) {
        stage_add(&hub->for_store, effect);
        return;
    }
    message_unref(effect->message);
    account_state_unref(effect->account);
    if (effect->kind == EFFECT_ROOM) {
        free(effect->room_state);
    } else if (effect->kind == EFFECT_QUERY) {
        free(effect->query);
    }
}

/* To the store, and to the edge of whoever said it, which waits for the store. */
static void route_record(struct hub *hub, const struct effect *effect)
{
    struct effect record = *effect;
    record.record.refused = !hub->history || store_is_full(hub->store);
    bool kept = !record.record.refused;
    bool said = effect->session != 0;
    if (kept && said) {
        refcount_up(&effect->message->holders);
    } else if (!kept && !said) {
        message_unref(effect->message);
    }
    if (said) {
        stage_add(&hub->edges[session_id_edge(effect->session)], &record);
    }
    if (kept) {
        stage_add(&hub->for_store, &record);
    }
}

static void to_edges(struct hub *hub, const struct effect *effect)
{
    uint64_t edges = targets(hub, effect);
    unsigned n = (unsigned)__builtin_popcountll(edges);
    if (effect->message != NULL) {
        if (n == 0) {
            message_unref(effect->message);
            return;
        }
        for (unsigned i = 1; i < n; i++) {
            refcount_up(&effect->message->holders);
        }
    }
    for (unsigned i = 0; i < hub->n_edges; i++) {
        if ((edges & (uint64_t)1 << i) != 0) {
            if (effect->settings != NULL) {
                settings_ref(effect->settings);
            }
            stage_add(&hub->edges[i], effect);
        }
    }
}

static void emit(void *ctx, const struct effect *effect)
{
    struct hub *hub = ctx;
    switch (effect->kind) {
    case EFFECT_LOG:
    case EFFECT_REHASH:
    case EFFECT_MAIL:
        stage_add(&hub->daemon, effect);
        break;
    case EFFECT_RECORD:
        route_record(hub, effect);
        break;
    case EFFECT_ROOM:
    case EFFECT_ROOM_GONE:
    case EFFECT_QUERY:
    case EFFECT_REDACT:
    case EFFECT_ACCOUNT:
    case EFFECT_ACCOUNT_GONE:
    case EFFECT_MARKER:
        to_store(hub, effect);
        break;
    case EFFECT_SETTINGS:
        if (hub->store != NULL) {
            settings_ref(effect->settings);
            to_store(hub, effect);
        }
        to_edges(hub, effect);
        break;
    default:
        to_edges(hub, effect);
        break;
    }
}

/* ---- entering ---- */

static void submit(void *ctx, const struct input *inputs, size_t n, enum port_result *ret_results)
{
    const struct hub_port *port = ctx;
    struct hub *hub = port->hub;
    lock_enter(&hub->lock);
    for (size_t i = 0; i < n; i++) {
        if (i + HUB_AHEAD < n) {
            core_expect(hub->core, &inputs[i + HUB_AHEAD]);
        }
        ret_results[i] =
            hub->closed ? PORT_DONE : (enum port_result)core_apply(hub->core, &inputs[i]);
    }
    uint64_t behind = post_all(hub, &hub->edges[port->edge]);
    lock_leave(&hub->lock);
    for (unsigned i = 0; behind >> i != 0; i++) {
        if ((behind >> i & 1) != 0) {
            /* Two that wait for each other both go on after a moment. */
            mailbox_wait(hub->edges[i].mailbox, HUB_NAP_MS);
        }
    }
}

static void drained(void *ctx, session_id session)
{
    const struct hub_port *port = ctx;
    store_drained(port->hub->store, session);
}

static void abandon(void *ctx, session_id session)
{
    const struct hub_port *port = ctx;
    store_abandon(port->hub->store, session);
}

static bool is_pressed(void *ctx)
{
    const struct hub_port *port = ctx;
    return store_is_pressed(port->hub->store);
}

struct port hub_port(struct hub *hub, unsigned edge)
{
    hub->ports[edge] = (struct hub_port){hub, edge};
    struct port port = {.ctx = &hub->ports[edge], .submit = submit};
    if (hub->history) {
        port.drained = drained;
        port.abandon = abandon;
        port.is_pressed = is_pressed;
    }
    return port;
}

void hub_apply(struct hub *hub, const struct input *input)
{
    lock_enter(&hub->lock);
    if (!hub->closed) {
        (void)core_apply(hub->core, input);
        (void)post_all(hub, NULL);
    }
    lock_leave(&hub->lock);
}

void hub_to_edge(struct hub *hub, unsigned edge, const struct effect *effects, size_t n)
{
    mailbox_post(hub->edges[edge].mailbox, effects, n);
}

void hub_close(struct hub *hub)
{
    lock_enter(&hub->lock);
    hub->closed = true;
    lock_leave(&hub->lock);
}

void hub_stop_edges(struct hub *hub, struct str last_line)
{
    lock_enter(&hub->lock);
    emit(hub, &(struct effect){
                  .kind = EFFECT_STOP,
                  .message = message_create(&(struct message_parts){.body = last_line}),
              });
    (void)post_all(hub, NULL);
    lock_leave(&hub->lock);
}

/* Without a database each start is another server: no msgid is given twice. */
static void random_server_part(char part[MSGID_SERVER_LEN + 1])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < MSGID_SERVER_LEN; i++) {
        part[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
    }
    part[MSGID_SERVER_LEN] = '\0';
}

struct hub *hub_create(const struct hub_options *options)
{
    struct hub *hub = xcalloc(1, sizeof(*hub));
    hub->store = options->store;
    hub->history = options->store != NULL && options->settings->history;
    lock_init(&hub->lock);
    mailbox_init(&hub->mailbox, sizeof(struct effect), options->wake, options->ctx);
    struct core_options core = {
        .settings = options->settings,
        .started_ms = options->started_ms,
        .emit = emit,
        .ctx = hub,
    };
    randombytes_buf(core.hash_seed, sizeof(core.hash_seed));
    if (options->store != NULL) {
        const struct store_identity identity = store_identity(options->store);
        memcpy(core.server_part, identity.server_part, sizeof(core.server_part));
        core.first_id = identity.first_id;
    } else {
        random_server_part(core.server_part);
    }
    hub->core = core_create(&core);
    return hub;
}

void hub_add_edge(struct hub *hub, struct edge *edge)
{
    struct mailbox *mailbox = edge_mailbox(edge);
    mailbox->crowd = HUB_EDGE_EFFECTS_MAX;
    hub->edges[hub->n_edges++].mailbox = mailbox;
}

void hub_destroy(struct hub *hub)
{
    if (hub == NULL) {
        return;
    }
    core_destroy(hub->core);
    struct mailbox_batch left = {0};
    mailbox_take(&hub->mailbox, &left);
    for (size_t i = 0; i < left.len; i++) {
        message_unref(((const struct effect *)left.items)[i].message);
        account_state_unref(((const struct effect *)left.items)[i].account);
    }
    mailbox_batch_finish(&left);
    mailbox_finish(&hub->mailbox);
    for (unsigned i = 0; i < hub->n_edges; i++) {
        free(hub->edges[i].effects);
    }
    free(hub->daemon.effects);
    free(hub->for_store.effects);
    for (size_t i = 0; i < hub->rooms.cap; i++) {
        free(hub->rooms.slots[i].value);
    }
    map_finish(&hub->rooms);
    lock_finish(&hub->lock);
    free(hub);
}

struct mailbox *hub_mailbox(struct hub *hub)
{
    return &hub->mailbox;
}

const struct core *hub_lock(struct hub *hub)
{
    lock_enter(&hub->lock);
    return hub->core;
}

void hub_unlock(struct hub *hub)
{
    lock_leave(&hub->lock);
}
