/* The virtual server: turns, effects, time. Tests only; one thread. */
#include "world_priv.h"

#include "alloc.h"

#include <stdlib.h>

static const uint64_t BEGIN_WALL_MS = 1795305600000;
static const uint64_t BEGIN_MS = 1000000;

/* ---- memory in other places ---- */

static void scatter(struct world *world)
{
    if (world->scatter == 0) {
        return;
    }
    world->scatter = world->scatter * 6364136223846793005u + 1442695040888963407u;
    void **hole = &world->scattered[(world->scatter >> 33) % WORLD_SCATTERED];
    free(*hole);
    *hole = xmalloc(16 + (world->scatter >> 40) % 2000);
}

/* ---- effects go to their edges ---- */

void world_post(struct world_edge *edge, const struct effect *effect)
{
    if (edge->n_effects == edge->cap_effects) {
        edge->cap_effects = edge->cap_effects > 0 ? edge->cap_effects * 2 : 64;
        edge->effects = xrealloc(edge->effects, edge->cap_effects * sizeof(*edge->effects));
    }
    edge->effects[edge->n_effects++] = *effect;
}

/* To the store, and to the edge of whoever said it. */
static void route_record(struct world *world, const struct effect *effect)
{
    struct effect record = *effect;
    record.record.refused = world->store.mode == WORLD_STORE_FULL;
    bool kept = !record.record.refused;
    if (effect->session != 0) {
        if (kept) {
            refcount_up(&effect->message->holders);
        }
        world_post(&world->edges[session_id_edge(effect->session)], &record);
    } else if (!kept) {
        message_unref(effect->message);
    }
    if (kept) {
        world_store_take(world, &record);
    }
}

static void take_effect(void *ctx, const struct effect *effect)
{
    struct world *world = ctx;
    trace_effect(world, effect);
    switch (effect->kind) {
    case EFFECT_LOG:
        buf_add_str(&world->log, effect->message->body);
        buf_add_char(&world->log, '\n');
        message_unref(effect->message);
        return;
    case EFFECT_REHASH:
        buf_add_cstr(&world->log, "rehash\n");
        message_unref(effect->message);
        return;
    case EFFECT_RECORD:
        route_record(world, effect);
        return;
    case EFFECT_ROOM:
    case EFFECT_ROOM_GONE:
    case EFFECT_QUERY:
    case EFFECT_REDACT:
    case EFFECT_ACCOUNT:
    case EFFECT_ACCOUNT_GONE:
    case EFFECT_MARKER:
        world_store_take(world, effect);
        return;
    case EFFECT_CAST:
    case EFFECT_SETTINGS:
    case EFFECT_STOP:
        for (unsigned i = 0; i < world->n_edges; i++) {
            if (i > 0 && effect->message != NULL) {
                refcount_up(&effect->message->holders);
            }
            if (effect->settings != NULL) {
                settings_ref(effect->settings);
            }
            world_post(&world->edges[i], effect);
        }
        return;
    default:
        world_post(&world->edges[session_id_edge(effect->session)], effect);
    }
}

/* ---- life ---- */

struct world *world_create(const struct world_options *options)
{
    struct world *world = xcalloc(1, sizeof(*world));
    world->now_ms = BEGIN_MS;
    world->wall_ms = BEGIN_WALL_MS;
    world->scatter = options->scatter;
    world->n_edges = options->n_edges;
    world->edges = xcalloc(options->n_edges, sizeof(*world->edges));
    for (unsigned i = 0; i < world->n_edges; i++) {
        struct world_edge *edge = &world->edges[i];
        edge->world = world;
        edge->settings = settings_ref(options->settings);
        fanout_init(&edge->fanout, conn_deliver, edge);
        gates_init(&edge->gates, &edge->fanout, edge->settings, &world_gates_calls, edge);
    }
    world->core = core_create(&(struct core_options){
        .settings = options->settings,
        .hash_seed = {options->hash_seed[0], options->hash_seed[1]},
        .server_part = WORLD_SERVER_PART,
        .started_ms = BEGIN_WALL_MS,
        .emit = take_effect,
        .ctx = world,
    });
    return world;
}

static void finish_conn(struct world *world, struct world_conn *conn)
{
    if (!conn->gone) {
        gates_forget(&world_edge_of(world, conn)->gates, &conn->gate);
        outq_finish(&conn->out);
        peer_finish(&conn->peer);
    }
    buf_finish(&conn->kernel);
    buf_finish(&conn->pending);
    buf_finish(&conn->seen);
    buf_finish(&conn->due);
    free(conn->certificate);
    free(conn->places);
    free(conn->marks);
    free(conn);
}

void world_destroy(struct world *world)
{
    core_destroy(world->core);
    world_store_finish(world);
    for (unsigned i = 0; i < world->n_conns; i++) {
        finish_conn(world, world->conns[i]);
    }
    for (unsigned i = 0; i < world->n_edges; i++) {
        struct world_edge *edge = &world->edges[i];
        CHECK(edge->n_effects == 0);
        gates_finish(&edge->gates);
        fanout_finish(&edge->fanout);
        settings_unref(edge->settings);
        free(edge->by_slot);
        free(edge->generations);
        free(edge->effects);
    }
    for (unsigned i = 0; i < WORLD_SCATTERED; i++) {
        free(world->scattered[i]);
    }
    arena_finish(&world->arena);
    buf_finish(&world->scratch);
    buf_finish(&world->out);
    buf_finish(&world->log);
    buf_finish(&world->trace);
    free(world->inputs);
    free(world->origins);
    free(world->edges);
    free(world->conns);
    free(world);
}

/* The lowest slot that is free, so that slots are used again soon. */
static uint32_t take_slot(struct world_edge *edge)
{
    uint32_t slot = 0;
    while (slot < edge->n_slots && edge->by_slot[slot] != NULL) {
        slot++;
    }
    if (slot == edge->n_slots) {
        edge->n_slots++;
        edge->by_slot = xrealloc(edge->by_slot, edge->n_slots * sizeof(struct world_conn *));
        edge->generations = xrealloc(edge->generations, edge->n_slots * sizeof(uint32_t));
        edge->generations[slot] = 0;
    }
    edge->generations[slot]++;
    return slot;
}

unsigned world_connect(struct world *world, struct str host, bool tls)
{
    unsigned number = world->n_conns++;
    unsigned index = number % world->n_edges;
    struct world_edge *edge = &world->edges[index];
    world->conns = xrealloc(world->conns, world->n_conns * sizeof(struct world_conn *));
    struct world_conn *conn = xcalloc(1, sizeof(*conn));
    world->conns[number] = conn;
    conn->number = number;
    conn->reading = true;
    uint32_t slot = take_slot(edge);
    conn->id = session_id_make(index, edge->generations[slot], slot);
    edge->by_slot[slot] = conn;
    struct peer_env env = conn_env(world, conn);
    peer_init(&conn->peer, SESSION_IRC, tls, host, &env);
    return number;
}

unsigned world_conns(const struct world *world)
{
    return world->n_conns;
}

struct world_conn *world_find(const struct world *world, session_id id)
{
    unsigned edge = session_id_edge(id);
    uint32_t slot = session_id_slot(id);
    if (edge >= world->n_edges || slot >= world->edges[edge].n_slots) {
        return NULL;
    }
    struct world_conn *conn = world->edges[edge].by_slot[slot];
    return conn != NULL && conn->id == id ? conn : NULL;
}

struct world_edge *world_edge_of(struct world *world, const struct world_conn *conn)
{
    return &world->edges[session_id_edge(conn->id)];
}

/* ---- a turn, as src/net/turn.c has it ---- */

void world_add_input(struct world *world, struct world_conn *conn, const struct input *input,
                     struct str raw)
{
    if (world->n_inputs == world->cap_inputs) {
        world->cap_inputs = world->cap_inputs > 0 ? world->cap_inputs * 2 : 16;
        world->inputs = xrealloc(world->inputs, world->cap_inputs * sizeof(*world->inputs));
        world->origins = xrealloc(world->origins, world->cap_inputs * sizeof(*world->origins));
    }
    world->inputs[world->n_inputs] = *input;
    world->origins[world->n_inputs++] = (struct world_input){conn, raw};
}

static void put_back(struct world_conn *conn, struct str line)
{
    struct buf again = {0};
    buf_add_str(&again, line);
    buf_add_char(&again, '\n');
    buf_add_str(&again, buf_str(&conn->pending));
    buf_finish(&conn->pending);
    conn->pending = again;
}

static void apply_results(struct world *world, const enum core_result *results, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        struct world_conn *conn = world->origins[i].conn;
        if (results[i] == CORE_LATER && conn != NULL && !conn->closing && !conn->doomed) {
            put_back(conn, world->origins[i].raw);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct world_conn *conn = world->origins[i].conn;
        enum input_kind kind = world->inputs[i].kind;
        if (conn == NULL || conn->closing || conn->doomed || kind == INPUT_REGISTER ||
            kind == INPUT_CLOSE || kind == INPUT_CREDENTIALS || kind == INPUT_ENROL ||
            kind == INPUT_CONFIRM) {
            continue;
        }
        bool was_held = conn->held;
        conn->held = results[i] != CORE_DONE;
        conn->walking =
            results[i] == CORE_HELD || (results[i] == CORE_LATER && (conn->walking || !was_held));
        conn->resuming = conn->resuming || (was_held && !conn->held);
    }
}

static void apply_to_conn(struct world_edge *edge, const struct effect *effect)
{
    struct world *world = edge->world;
    struct world_conn *conn = world_find(world, effect->session);
    if (conn == NULL) {
        return;
    }
    bool ended = conn->closing || conn->doomed;
    struct peer_env env = conn_env(world, conn);
    switch (effect->kind) {
    case EFFECT_REGISTERED:
        fanout_open(&edge->fanout, conn->id);
        fanout_set_framing(&edge->fanout, conn->id, conn->framing);
        peer_admitted(&conn->peer, &env);
        conn->held = false;
        conn->resuming = !ended;
        break;
    case EFFECT_REFUSED:
        conn->in_core = false;
        conn->held = false;
        peer_refused(&conn->peer);
        if (!ended && effect->refusal == REFUSED_FULL) {
            conn_close_after(world, conn, effect->message->body);
        } else if (!ended) {
            conn_say(world, conn, effect->message->body);
            conn->resuming = true;
        }
        break;
    case EFFECT_CLOSE:
        conn->in_core = false;
        conn_close_after(world, conn, effect->message->body);
        break;
    default:
        if (!conn_apply_login(world, conn, effect)) {
            fanout_apply(&edge->fanout, effect);
        }
        break;
    }
}

static void apply_effects(struct world_edge *edge)
{
    for (size_t i = 0; i < edge->n_effects; i++) {
        const struct effect effect = edge->effects[i];
        model_apply(edge, &effect);
        switch (effect.kind) {
        case EFFECT_CAST:
            fanout_apply(&edge->fanout, &effect);
            break;
        case EFFECT_SETTINGS:
            settings_unref(edge->settings);
            edge->settings = effect.settings;
            edge->gates.settings = effect.settings;
            break;
        case EFFECT_RECORD:
            if (conn_record(edge, &effect)) {
                continue;
            }
            break;
        case EFFECT_STORED:
            gates_stored(&edge->gates, effect.seq, effect.failed, edge->world->now_ms);
            break;
        case EFFECT_PIECE:
        case EFFECT_ANSWERED:
            conn_read_answer(edge, &effect);
            break;
        case EFFECT_REPLY:
            if (effect.seq != 0 && gates_reply(&edge->gates, &effect, edge->world->now_ms)) {
                continue;
            }
            fanout_apply(&edge->fanout, &effect);
            break;
        default:
            apply_to_conn(edge, &effect);
            break;
        }
        account_state_unref(effect.account);
        message_unref(effect.message);
    }
    edge->n_effects = 0;
    fanout_settle(&edge->fanout);
    gates_settle(&edge->gates, edge->world->now_ms);
}

static void apply_all(struct world *world)
{
    for (unsigned i = 0; i < world->n_edges; i++) {
        apply_effects(&world->edges[i]);
    }
}

static void submit(struct world *world)
{
    size_t n = world->n_inputs;
    enum core_result *results = xcalloc(n + 1, sizeof(*results));
    for (size_t i = 0; i < n; i++) {
        scatter(world);
        results[i] = core_apply(world->core, &world->inputs[i]);
    }
    apply_results(world, results, n);
    free(results);
    world->n_inputs = 0;
    apply_all(world);
    if (world_store_run(world)) {
        apply_all(world);
    }
}

/* Connections in the order of their numbers, whatever edge they are on: so the core's inputs do not
 * depend on how many edges there are. */
void world_run(struct world *world)
{
    bool busy = true;
    while (busy) {
        submit(world);
        for (unsigned i = 0; i < world->n_conns; i++) {
            struct world_conn *conn = world->conns[i];
            if (conn->resuming) {
                conn->resuming = false;
                conn_resume(world, conn);
            }
            conn_read(world, conn);
        }
        if (world->n_inputs > 0) {
            continue;
        }
        busy = false;
        for (unsigned i = 0; i < world->n_conns; i++) {
            conn_flush(world, world->conns[i]);
            busy = busy || world->conns[i]->resuming;
        }
        busy = busy || world->n_inputs > 0;
    }
    for (unsigned i = 0; i < world->n_conns; i++) {
        conn_reap(world, world->conns[i]);
    }
    for (unsigned i = 0; i < world->n_edges; i++) {
        fanout_end_turn(&world->edges[i].fanout);
    }
    arena_reset(&world->arena);
}

static uint64_t gates_due(const struct world *world)
{
    uint64_t due = UINT64_MAX;
    for (unsigned i = 0; i < world->n_edges; i++) {
        uint64_t of_edge = gates_due_ms(&world->edges[i].gates);
        due = of_edge < due ? of_edge : due;
    }
    return due;
}

void world_advance(struct world *world, uint64_t ms)
{
    uint64_t target = world->now_ms + ms;
    world_run(world);
    for (;;) {
        struct world_conn *next = NULL;
        uint64_t next_ms = target + 1;
        for (unsigned i = 0; i < world->n_conns; i++) {
            struct world_conn *conn = world->conns[i];
            uint64_t due = conn->gone ? UINT64_MAX : conn_due_ms(world, conn);
            if (due < next_ms) {
                next = conn;
                next_ms = due;
            }
        }
        uint64_t gates_ms = gates_due(world);
        if (gates_ms < next_ms) {
            next_ms = gates_ms;
        }
        bool due = next_ms <= target;
        uint64_t now = due ? (next_ms > world->now_ms ? next_ms : world->now_ms) : target;
        world->wall_ms += now - world->now_ms;
        world->now_ms = now;
        if (!due) {
            return;
        }
        for (unsigned i = 0; i < world->n_edges; i++) {
            gates_tick(&world->edges[i].gates, now);
        }
        if (next_ms < gates_ms) {
            conn_tick(world, next);
        }
        world_run(world);
    }
}

void world_apply(struct world *world, const struct input *input)
{
    struct input copy = *input;
    copy.now_ms = world->wall_ms;
    world_add_input(world, NULL, &copy, (struct str){0});
    world_run(world);
}

const struct settings *world_settings(const struct world *world)
{
    return world->edges[0].settings;
}

const struct core *world_core(const struct world *world)
{
    return world->core;
}

struct buf *world_log(struct world *world)
{
    return &world->log;
}

struct str world_trace(const struct world *world)
{
    return buf_str(&world->trace);
}
