/*
 * The store as the daemon sees it: what is posted goes to the writer, what is asked to the readers.
 * Any thread may post and ask; the main thread opens and closes.
 */
#include "store_priv.h"

#include "alloc.h"
#include "store_account.h"
#include "store_limits.h"
#include "store_room.h"

#include <stdlib.h>

/* It is derived, and nothing that was said is in it alone: without it SEARCH fails, and nothing
 * else. */
static void open_index(struct store *store)
{
    const struct store_options *options = &store->options;
    struct buf why = {0};
    if (search_indexer_create(store->path, options->notice, options->ctx, &store->indexer, &why) !=
        0) {
        store->indexer = NULL;
        if (options->notice != NULL) {
            struct buf text = {0};
            buf_printf(&text, "nothing can be searched: " STR_FMT, STR_ARG(buf_str(&why)));
            options->notice(options->ctx, buf_str(&text));
            buf_finish(&text);
        }
    }
    buf_finish(&why);
}

int store_open(const struct store_options *options, struct store **ret_store, struct buf *error)
{
    struct store *store = xcalloc(1, sizeof(*store));
    store->path = str_dup(str_from(options->path));
    store->options = *options;
    store->options.path = store->path;
    int status = store_writer_init(&store->writer, &store->options, &store->identity, error);
    if (status != 0) {
        store_writer_finish(&store->writer);
        goto failed;
    }
    if (options->settings != NULL) {
        store_retain_set(&store->writer.retain, options->settings);
    }
    store->options.settings = NULL;
    store->writer.readers = &store->readers;
    status = store_readers_init(&store->readers, &store->options, error);
    if (status != 0) {
        store_readers_finish(&store->readers);
        store_writer_finish(&store->writer);
        goto failed;
    }
    if (options->history && options->search) {
        open_index(store);
    }
    store->writer.db.indexer = store->indexer;
    *ret_store = store;
    return 0;

failed:
    free(store->path);
    free(store);
    return status;
}

struct store_identity store_identity(const struct store *store)
{
    return store->identity;
}

int store_each_room(struct store *store, void (*each)(void *ctx, const struct room_state *room),
                    void *ctx)
{
    CHECK(!store->writer.running);
    return store_rooms_each(&store->writer.db, each, ctx);
}

int store_each_account(struct store *store, void (*each)(void *ctx, struct account_state *account),
                       void *ctx)
{
    CHECK(!store->writer.running);
    return store_accounts_each(&store->writer.db, each, ctx);
}

int store_each_marker(struct store *store,
                      void (*each)(void *ctx, const struct read_marker *marker), void *ctx)
{
    CHECK(!store->writer.running);
    return store_markers_each(&store->writer.db, each, ctx);
}

void store_start(struct store *store)
{
    store_readers_start(&store->readers);
    store_writer_start(&store->writer);
    if (store->indexer != NULL) {
        search_indexer_start(store->indexer);
    }
}

void store_post(struct store *store, const struct effect *effects, size_t n)
{
    /* What is written goes in runs, so that one lock is taken for all. */
    size_t begin = 0;
    for (size_t i = 0; i < n; i++) {
        if (effects[i].kind != EFFECT_QUERY) {
            continue;
        }
        store_writer_post(&store->writer, effects + begin, i - begin);
        begin = i + 1;
        message_unref(effects[i].message);
        store_readers_ask(&store->readers, effects[i].query, store_writer_posted(&store->writer));
    }
    store_writer_post(&store->writer, effects + begin, n - begin);
}

bool store_is_pressed(const struct store *store)
{
    return store_writer_bytes((struct store_writer *)&store->writer) > STORE_QUEUE_BYTES / 2;
}

bool store_is_full(const struct store *store)
{
    return store_writer_bytes((struct store_writer *)&store->writer) > STORE_QUEUE_BYTES;
}

void store_drained(struct store *store, session_id session)
{
    store_readers_drained(&store->readers, session);
}

void store_abandon(struct store *store, session_id session)
{
    store_readers_abandon(&store->readers, session);
}

bool store_flush(struct store *store, unsigned ms_max)
{
    return store_writer_flush(&store->writer, ms_max);
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    /* The writer tells the readers what it has finished, so it ends first. */
    store_writer_stop(&store->writer);
    store_readers_stop(&store->readers);
    search_indexer_destroy(store->indexer);
    store_readers_finish(&store->readers);
    store_writer_finish(&store->writer);
    free(store->path);
    free(store);
}
