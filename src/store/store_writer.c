/*
 * The writer: one thread that takes whatever has queued while the last transaction was synced,
 * writes it as one, and then says so. In between, where nothing waits, it does a step of what may
 * take long. Knows neither edges nor the core.
 */
#include "store_priv.h"

#include "alloc.h"
#include "clock.h"
#include "store_limits.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>

static size_t weight(const struct effect *effect)
{
    const struct message *message = effect->message;
    return STORE_EFFECT_BYTES +
           (message != NULL ? message->body.len + message->tags.len + message->msgid.len : 0);
}

void store_drop_effect(struct effect *effect)
{
    message_unref(effect->message);
    account_state_unref(effect->account);
    settings_unref(effect->settings);
    if (effect->kind == EFFECT_ROOM) {
        free(effect->room_state);
    } else if (effect->kind == EFFECT_QUERY) {
        free(effect->query);
    }
}

/* ---- the queue ---- */

void store_writer_post(struct store_writer *writer, const struct effect *effects, size_t n)
{
    if (n == 0) {
        return; /* Only questions were posted. */
    }
    lock_enter(&writer->lock);
    if (writer->n_queue + n > writer->cap_queue) {
        while (writer->n_queue + n > writer->cap_queue) {
            writer->cap_queue = writer->cap_queue > 0 ? writer->cap_queue * 2 : 64;
        }
        writer->queue = xrealloc(writer->queue, writer->cap_queue * sizeof(*writer->queue));
    }
    memcpy(writer->queue + writer->n_queue, effects, n * sizeof(*effects));
    for (size_t i = 0; i < n; i++) {
        writer->bytes += weight(&effects[i]);
    }
    bool was_empty = writer->n_queue == 0;
    writer->n_queue += n;
    writer->posted += n;
    if (was_empty) {
        cond_wake(&writer->wake);
    }
    lock_leave(&writer->lock);
}

uint64_t store_writer_posted(struct store_writer *writer)
{
    lock_enter(&writer->lock);
    uint64_t posted = writer->posted;
    lock_leave(&writer->lock);
    return posted;
}

size_t store_writer_bytes(struct store_writer *writer)
{
    lock_enter(&writer->lock);
    size_t bytes = writer->bytes;
    lock_leave(&writer->lock);
    return bytes;
}

bool store_writer_flush(struct store_writer *writer, unsigned ms_max)
{
    uint64_t until = clock_mono_ms() + ms_max;
    lock_enter(&writer->lock);
    uint64_t wanted = writer->posted;
    for (uint64_t now = clock_mono_ms(); writer->finished < wanted && now < until;
         now = clock_mono_ms()) {
        cond_wait(&writer->done, &writer->lock, (unsigned)(until - now));
    }
    bool flushed = writer->finished >= wanted;
    lock_leave(&writer->lock);
    return flushed;
}

int store_writer_do(struct store_writer *writer, struct store_task *task)
{
    CHECK(writer->running);
    task->next = NULL;
    task->done = false;
    lock_enter(&writer->lock);
    struct store_task **at = &writer->tasks;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = task;
    cond_wake(&writer->wake);
    while (!task->done) {
        cond_wait(&writer->done, &writer->lock, STORE_IDLE_MS);
    }
    lock_leave(&writer->lock);
    return task->status;
}

/* ---- a batch ---- */

static void tell_trouble(struct store_writer *writer, int status)
{
    const struct store_options *options = writer->options;
    bool failing = status != 0;
    if (failing) {
        writer->probe_at_ms = clock_mono_ms() + STORE_PROBE_MS;
    }
    if (failing != writer->failing) {
        writer->failing = failing;
        options->trouble(options->ctx, failing, str_from(failing ? writer->db.reason : ""));
    }
}

static void tell_edge(const struct store_writer *writer, unsigned edge, uint64_t seq, bool failed)
{
    const struct effect stored = {.kind = EFFECT_STORED, .seq = seq, .failed = failed};
    writer->options->to_edge(writer->options->ctx, edge, &stored, 1);
}

/* Each edge whose sessions spoke learns what has become of all up to its last record. One that was
 * left out of the batch is told of by itself, between those before it and those behind. */
static void tell_edges(const struct store_writer *writer, const struct effect *batch, size_t n,
                       bool failed)
{
    const struct store_write *write = &writer->write;
    bool concerned[EDGES_MAX] = {false};
    uint64_t told[EDGES_MAX] = {0};
    uint64_t last = 0;
    size_t refused = 0;
    for (size_t i = 0; i < n; i++) {
        if (batch[i].kind != EFFECT_RECORD) {
            continue;
        }
        bool out = refused < write->n_refused && write->refused[refused] == i;
        unsigned edge = session_id_edge(batch[i].session) % EDGES_MAX;
        refused += out ? 1 : 0;
        if (out && batch[i].session != 0) {
            if (last > told[edge]) {
                tell_edge(writer, edge, last, false);
            }
            tell_edge(writer, edge, batch[i].record.seq, true);
            told[edge] = batch[i].record.seq;
        }
        last = batch[i].record.seq;
        concerned[edge] = concerned[edge] || batch[i].session != 0;
    }
    for (unsigned edge = 0; edge < EDGES_MAX; edge++) {
        if (concerned[edge] && last > told[edge]) {
            tell_edge(writer, edge, last, failed);
        }
    }
}

static void note_refused(const struct store_writer *writer)
{
    const struct store_write *write = &writer->write;
    const struct store_options *options = writer->options;
    if (write->n_refused > 0 && options->notice != NULL) {
        char sentence[240];
        snprintf(sentence, sizeof(sentence), "messages that cannot be kept: %zu (%s)",
                 write->n_refused, write->refusal);
        options->notice(options->ctx, str_from(sentence));
    }
}

static void tell_core(const struct store_writer *writer, const struct input *input)
{
    struct input now = *input;
    now.now_ms = clock_wall_ms();
    writer->options->to_core(writer->options->ctx, &now);
}

static void tell_redacted(const struct store_writer *writer, const struct effect *batch)
{
    for (size_t i = 0; i < writer->write.n_redacted; i++) {
        const struct effect *asked = &batch[writer->write.redacted[i].at];
        tell_core(writer, &(struct input){
                              .kind = INPUT_REDACTED,
                              .session = asked->session,
                              .redacted = {.outcome = writer->write.redacted[i].outcome,
                                           .place = asked->redaction.place,
                                           .seq = asked->redaction.seq,
                                           .reason = asked->message != NULL ? asked->message->body
                                                                            : (struct str){0}},
                          });
    }
}

/* Who waits for an account hears what became of it. */
static void tell_accounts(const struct store_writer *writer, const struct effect *batch, size_t n,
                          bool failed)
{
    for (size_t i = 0; i < n; i++) {
        if (batch[i].kind == EFFECT_ACCOUNT && batch[i].session != 0) {
            tell_core(writer, &(struct input){
                                  .kind = INPUT_ACCOUNT_STORED,
                                  .session = batch[i].session,
                                  .stored = {.account = batch[i].account->id, .failed = failed},
                              });
        }
    }
}

static void run_batch(struct store_writer *writer, size_t n)
{
    struct effect *batch = writer->batch;
    if (writer->failing && !writer->db.suspect) {
        /* A log that was copied begins again from its start, where a full disk has room. Whether
         * that works is seen when the batch is written. */
        int tried = store_db_checkpoint(&writer->db, false, NULL);
        (void)tried;
    }
    int status = store_write_batch(&writer->write, batch, n);
    tell_trouble(writer, status);
    tell_edges(writer, batch, n, status != 0);
    note_refused(writer);
    tell_redacted(writer, batch);
    tell_accounts(writer, batch, n, status != 0);
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (batch[i].kind == EFFECT_SETTINGS) {
            store_retain_set(&writer->retain, batch[i].settings);
        }
        bytes += weight(&batch[i]);
        store_drop_effect(&batch[i]);
    }
    lock_enter(&writer->lock);
    writer->bytes -= bytes;
    writer->finished += n;
    uint64_t finished = writer->finished;
    if (writer->db.wal_pages > STORE_WAL_PAGES && !writer->checkpoint_runs &&
        !writer->checkpoint_near) {
        /* Without history little is written, and nobody's echo waits. */
        *(writer->options->history ? &writer->checkpoint_wanted : &writer->checkpoint_near) = true;
        cond_wake(&writer->log_wake);
    }
    cond_wake_all(&writer->done);
    lock_leave(&writer->lock);
    store_readers_finished(writer->readers, finished);
    search_indexer_wake(writer->db.indexer);
}

/* ---- between the batches ---- */

/* The rest of the log, after the checkpointer; or all of it where it grew too long. */
static void end_log(struct store_writer *writer, bool too_long)
{
    lock_enter(&writer->lock);
    while (too_long && writer->checkpoint_runs) {
        cond_wait(&writer->done, &writer->lock, STORE_IDLE_MS);
    }
    writer->checkpoint_near = false;
    lock_leave(&writer->lock);
    int status = store_db_checkpoint(&writer->db, too_long, NULL);
    if (status != 0 && too_long) {
        /* Another process holds it, and would hold us up each time; or the disk fails: then the
         * next batch opens the database anew, and fails where that cannot be done, since a log
         * without bound would end no better. */
        writer->log_at_ms = clock_mono_ms() + STORE_PROBE_MS;
        writer->db.suspect = !writer->db.busy;
    }
}

static void run_task(struct store_writer *writer, struct store_task *task)
{
    int status = writer->db.suspect ? store_db_reopen(&writer->db) : 0;
    if (status == 0) {
        status = task->step(task, &writer->db);
    }
    if (status == 1) {
        return;
    }
    snprintf(task->reason, sizeof(task->reason), "%s", status < 0 ? writer->db.reason : "");
    lock_enter(&writer->lock);
    writer->tasks = task->next;
    task->status = status;
    task->done = true;
    cond_wake_all(&writer->done);
    lock_leave(&writer->lock);
}

static void look_at_clock(struct store_writer *writer)
{
    const struct store_options *options = writer->options;
    int64_t jump = store_clock_look(&writer->clock, clock_wall_ms(), clock_mono_ms());
    if (jump != 0 && options->notice != NULL) {
        char sentence[160];
        snprintf(sentence, sizeof(sentence),
                 "the clock jumped %s by %lld s; for an hour no message goes for its age",
                 jump > 0 ? "ahead" : "back", (long long)(jump > 0 ? jump : -jump) / 1000);
        options->notice(options->ctx, str_from(sentence));
    }
}

static void retain(struct store_writer *writer)
{
    const struct store_clock *clock = &writer->clock;
    uint64_t wall_ms = store_clock_agrees(clock) ? clock->wall_ms : 0;
    int status = store_retain_step(&writer->retain, &writer->db, wall_ms, clock->mono_ms);
    if (status != 0) {
        tell_trouble(writer, status);
    }
}

/* One step of what is due; false where nothing is. */
static bool do_step(struct store_writer *writer, bool idle)
{
    lock_enter(&writer->lock);
    struct store_task *task = writer->tasks;
    bool near = writer->checkpoint_near;
    lock_leave(&writer->lock);
    if (writer->db.wal_pages > STORE_WAL_PAGES_MAX && !writer->db.suspect &&
        clock_mono_ms() >= writer->log_at_ms) {
        end_log(writer, true);
        return true;
    }
    if (idle && near && !writer->db.suspect) {
        end_log(writer, false);
        return true;
    }
    if (task != NULL) {
        run_task(writer, task);
        return true;
    }
    if (idle && (writer->failing || store_write_is_behind(&writer->write)) &&
        clock_mono_ms() >= writer->probe_at_ms) {
        run_batch(writer, 0);
        return true;
    }
    look_at_clock(writer);
    if (idle && !writer->db.suspect && store_retain_is_due(&writer->retain, clock_mono_ms())) {
        retain(writer);
        return true;
    }
    return false;
}

/* Takes what waits; sleeps where there is nothing, and `sleepy`. False: it is the end. */
static bool take_batch(struct store_writer *writer, bool sleepy, size_t *ret_n)
{
    lock_enter(&writer->lock);
    if (writer->n_queue == 0 && sleepy && !writer->stopping && writer->tasks == NULL &&
        (!writer->checkpoint_near || writer->db.suspect)) {
        cond_wait(&writer->wake, &writer->lock, writer->failing ? STORE_PROBE_MS : STORE_IDLE_MS);
    }
    bool going = writer->n_queue > 0 || !writer->stopping || writer->tasks != NULL;
    struct effect *queue = writer->queue;
    size_t cap = writer->cap_queue;
    *ret_n = writer->n_queue;
    writer->queue = writer->batch;
    writer->cap_queue = writer->cap_batch;
    writer->n_queue = 0;
    writer->batch = queue;
    writer->cap_batch = cap;
    lock_leave(&writer->lock);
    return going;
}

static void *run(void *ctx)
{
    struct store_writer *writer = ctx;
    bool sleepy = false; /* Something may be due from the last time. */
    size_t n;
    thread_be_patient();
    while (take_batch(writer, sleepy, &n)) {
        if (n > 0) {
            run_batch(writer, n);
        }
        sleepy = !do_step(writer, n == 0);
    }
    return NULL;
}

/* ---- life ---- */

/* Room for the ids of more messages and rooms than any start can need. */
enum { START_SHIFT = 36 };

/* Counts this start: no id of a former one comes again. */
static int count_start(struct store_db *db, uint64_t *ret_starts)
{
    uint64_t starts = 0;
    int status = store_db_begin(db);
    if (status == 0) {
        status = store_db_meta(db, "starts", 0, &starts);
    }
    if (status == 0) {
        status = store_db_set_meta(db, "starts", starts + 1);
    }
    if (status == 0) {
        status = store_db_commit(db);
    }
    if (status != 0) {
        store_db_rollback(db);
        return status;
    }
    *ret_starts = starts + 1;
    return 0;
}

int store_writer_init(struct store_writer *writer, const struct store_options *options,
                      struct store_identity *ret_identity, struct buf *error)
{
    *writer = (struct store_writer){.options = options};
    lock_init(&writer->lock);
    cond_init(&writer->wake);
    cond_init(&writer->done);
    cond_init(&writer->log_wake);
    int status = store_db_open(&writer->db, options->path, STORE_WRITER, error);
    if (status != 0) {
        return status;
    }
    uint64_t starts = 0;
    status = store_write_init(&writer->write, &writer->db);
    if (status == 0) {
        status = count_start(&writer->db, &starts);
    }
    if (status != 0) {
        buf_printf(error, "%s: %s", options->path, writer->db.reason);
        return status;
    }
    if (options->history) {
        status = store_db_open(&writer->log_db, options->path, STORE_WRITER, error);
    }
    if (status == 0) {
        ret_identity->first_id = starts << START_SHIFT;
        memcpy(ret_identity->server_part, writer->db.server_part,
               sizeof(ret_identity->server_part));
    }
    return status;
}

void store_writer_start(struct store_writer *writer)
{
    CHECK(pthread_create(&writer->thread, NULL, run, writer) == 0);
    if (writer->options->history) {
        CHECK(pthread_create(&writer->log_thread, NULL, store_log_run, writer) == 0);
    }
    writer->running = true;
}

void store_writer_stop(struct store_writer *writer)
{
    if (!writer->running) {
        return;
    }
    lock_enter(&writer->lock);
    writer->stopping = true;
    cond_wake(&writer->wake);
    cond_wake(&writer->log_wake);
    lock_leave(&writer->lock);
    CHECK(pthread_join(writer->thread, NULL) == 0);
    if (writer->options->history) {
        CHECK(pthread_join(writer->log_thread, NULL) == 0);
    }
    writer->running = false;
}

void store_writer_finish(struct store_writer *writer)
{
    for (size_t i = 0; i < writer->n_queue; i++) {
        store_drop_effect(&writer->queue[i]);
    }
    free(writer->queue);
    free(writer->batch);
    store_write_finish(&writer->write);
    store_db_close(&writer->log_db);
    store_db_close(&writer->db);
    cond_finish(&writer->log_wake);
    cond_finish(&writer->done);
    cond_finish(&writer->wake);
    lock_finish(&writer->lock);
}
