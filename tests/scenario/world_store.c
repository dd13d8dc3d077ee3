/* The virtual server's store. Tests only; one thread. */
#include "world_priv.h"

#include "alloc.h"

#include <stdlib.h>

static struct store_db *open_db(struct world_store *store)
{
    if (!store->open) {
        struct buf error = {0};
        store->open = true;
        CHECK(store_db_open(&store->db, ":memory:", STORE_WRITER, &error) == STATUS_OK);
        /* That of the core, so that a message has the same msgid live and in its history. */
        memcpy(store->db.server_part, WORLD_SERVER_PART, sizeof(WORLD_SERVER_PART));
        CHECK(store_write_init(&store->write, &store->db) == STATUS_OK);
        buf_finish(&error);
    }
    return &store->db;
}

static void drop_effect(struct effect *effect)
{
    message_unref(effect->message);
    account_state_unref(effect->account);
    if (effect->kind == EFFECT_ROOM) {
        free(effect->room_state);
    }
}

void world_store_finish(struct world *world)
{
    struct world_store *store = &world->store;
    for (size_t i = 0; i < store->n_queue; i++) {
        drop_effect(&store->queue[i]);
    }
    for (size_t i = 0; i < store->n_answers; i++) {
        store_answer_destroy(store->answers[i].answer);
    }
    if (store->open) {
        store_write_finish(&store->write);
        store_db_close(&store->db);
    }
    free(store->queue);
    free(store->answers);
}

void world_store_take(struct world *world, const struct effect *effect)
{
    struct world_store *store = &world->store;
    if (effect->kind == EFFECT_QUERY) {
        store->answers = xrealloc(store->answers, (store->n_answers + 1) * sizeof(*store->answers));
        store->answers[store->n_answers++] =
            (struct world_answer){.answer = store_answer_create(effect->query),
                                  .session = effect->session,
                                  .fence = store->posted};
        return;
    }
    if (store->n_queue == store->cap_queue) {
        store->cap_queue = store->cap_queue > 0 ? store->cap_queue * 2 : 16;
        store->queue = xrealloc(store->queue, store->cap_queue * sizeof(*store->queue));
    }
    store->queue[store->n_queue++] = *effect;
    store->posted++;
}

/* ---- writing ---- */

static void tell_edges(struct world *world, bool failed)
{
    const struct world_store *store = &world->store;
    uint64_t edges = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < store->n_queue; i++) {
        if (store->queue[i].kind == EFFECT_RECORD) {
            last = store->queue[i].record.seq;
            if (store->queue[i].session != 0) {
                edges |= (uint64_t)1 << session_id_edge(store->queue[i].session);
            }
        }
    }
    for (unsigned i = 0; i < world->n_edges; i++) {
        if ((edges & (uint64_t)1 << i) != 0) {
            world_post(&world->edges[i],
                       &(struct effect){.kind = EFFECT_STORED, .seq = last, .failed = failed});
        }
    }
    world->store.finished_seq = last > store->finished_seq ? last : store->finished_seq;
}

static void tell_core(struct world *world, const struct effect *effect, enum redact_outcome outcome)
{
    struct str reason = effect->message != NULL ? effect->message->body : (struct str){0};
    const struct input input = {
        .kind = INPUT_REDACTED,
        .session = effect->session,
        .now_ms = world->wall_ms,
        .redacted = {.outcome = outcome,
                     .place = effect->redaction.place,
                     .seq = effect->redaction.seq,
                     .reason = arena_copy(&world->arena, reason)},
    };
    world_add_input(world, NULL, &input, (struct str){0});
}

/* Who waits for an account hears what became of it. */
static void tell_account(struct world *world, const struct effect *effect, bool failed)
{
    if (effect->kind == EFFECT_ACCOUNT && effect->session != 0) {
        const struct input input = {
            .kind = INPUT_ACCOUNT_STORED,
            .session = effect->session,
            .now_ms = world->wall_ms,
            .stored = {.account = effect->account->id, .failed = failed},
        };
        world_add_input(world, NULL, &input, (struct str){0});
    }
}

/* Whether the real store would write it later, with what can be written. */
static bool stays(const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_ROOM:
    case EFFECT_ROOM_GONE:
    case EFFECT_ACCOUNT_GONE:
    case EFFECT_MARKER:
        return true;
    case EFFECT_ACCOUNT:
        return effect->session == 0;
    default:
        return false;
    }
}

static size_t lose_batch(struct world *world)
{
    struct world_store *store = &world->store;
    size_t kept = 0;
    for (size_t i = 0; i < store->n_queue; i++) {
        struct effect effect = store->queue[i];
        tell_account(world, &effect, true);
        if (stays(&effect)) {
            store->queue[kept++] = effect;
        } else {
            if (effect.kind == EFFECT_REDACT) {
                tell_core(world, &effect, REDACT_FAILED);
            }
            drop_effect(&effect);
        }
    }
    return kept;
}

static void write_batch(struct world *world)
{
    struct world_store *store = &world->store;
    open_db(store);
    CHECK(store_write_batch(&store->write, store->queue, store->n_queue) == STATUS_OK);
    for (size_t i = 0; i < store->write.n_redacted; i++) {
        const struct store_redacted *redacted = &store->write.redacted[i];
        tell_core(world, &store->queue[redacted->at], redacted->outcome);
    }
    for (size_t i = 0; i < store->n_queue; i++) {
        tell_account(world, &store->queue[i], false);
        drop_effect(&store->queue[i]); /* The writer has taken the states of rooms. */
    }
}

static void end_batch(struct world *world, bool failed)
{
    struct world_store *store = &world->store;
    store->finished = store->posted;
    if (store->n_queue == 0) {
        return;
    }
    tell_edges(world, failed);
    size_t kept = 0;
    if (failed) {
        kept = lose_batch(world);
    } else {
        write_batch(world);
    }
    store->n_queue = kept;
}

/* ---- reading ---- */

static void forget_answer(struct world_store *store, size_t i)
{
    store_answer_destroy(store->answers[i].answer);
    store->n_answers--;
    memmove(store->answers + i, store->answers + i + 1,
            (store->n_answers - i) * sizeof(*store->answers));
}

/* Whether an older question of the session is not yet answered. */
static bool is_behind(const struct world_store *store, size_t i)
{
    size_t older = 0;
    while (store->answers[older].session != store->answers[i].session) {
        older++;
    }
    return older < i;
}

/* One piece; true where there was no more. */
static bool answer_piece(struct world *world, struct world_answer *answer)
{
    struct world_edge *edge = &world->edges[session_id_edge(answer->session)];
    struct buf out = {0};
    bool more = true;
    while (more && out.len == 0) {
        more = store_answer_piece(answer->answer, open_db(&world->store), &out);
    }
    if (out.len > 0) {
        world_post(edge,
                   &(struct effect){
                       .kind = EFFECT_REPLY,
                       .session = answer->session,
                       .message = message_create(&(struct message_parts){.body = buf_str(&out)}),
                   });
    }
    buf_finish(&out);
    answer->waits = more;
    world_post(edge, &(struct effect){.kind = more ? EFFECT_PIECE : EFFECT_ANSWERED,
                                      .session = answer->session});
    return !more;
}

static bool answer_all(struct world *world)
{
    struct world_store *store = &world->store;
    bool busy = false;
    for (size_t i = 0; i < store->n_answers; i++) {
        struct world_answer *answer = &store->answers[i];
        if (answer->waits || answer->fence > store->finished || is_behind(store, i)) {
            continue;
        }
        busy = true;
        if (answer_piece(world, answer)) {
            forget_answer(store, i--);
        }
    }
    return busy;
}

bool world_store_run(struct world *world)
{
    struct world_store *store = &world->store;
    bool busy = false;
    if (store->mode != WORLD_STORE_SLOW && store->finished < store->posted) {
        end_batch(world, store->mode == WORLD_STORE_FAILS);
        busy = true;
    }
    return answer_all(world) || busy;
}

void world_store_drained(struct world *world, session_id session)
{
    struct world_store *store = &world->store;
    for (size_t i = 0; i < store->n_answers; i++) {
        if (store->answers[i].session == session) {
            store->answers[i].waits = false;
            return;
        }
    }
}

void world_store_abandon(struct world *world, session_id session)
{
    struct world_store *store = &world->store;
    for (size_t i = store->n_answers; i-- > 0;) {
        if (store->answers[i].session == session) {
            forget_answer(store, i);
        }
    }
}

/* ---- what scenarios say ---- */

void world_store(struct world *world, enum world_store_mode mode)
{
    world->store.mode = mode;
    world_run(world);
}

void world_store_end(struct world *world, bool failed)
{
    end_batch(world, failed);
    world_run(world);
}

void world_press(struct world *world, bool pressed)
{
    world->store.pressed = pressed;
    for (unsigned i = 0; i < world->n_conns && !pressed; i++) {
        conn_ease(world->conns[i]);
    }
    world_run(world);
}
