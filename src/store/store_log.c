/*
 * The checkpointer: copies the write-ahead log into the database on a thread and a connection of
 * its own, while the writer goes on. What comes in meanwhile is left to the writer, who copies it
 * when nothing waits, since only a log that was copied whole begins again from its start.
 */
#include "store_priv.h"

#include "store_limits.h"
#include "thread.h"

static bool wait_for_work(struct store_writer *writer)
{
    lock_enter(&writer->lock);
    while (!writer->checkpoint_wanted && !writer->stopping) {
        cond_wait(&writer->log_wake, &writer->lock, STORE_IDLE_MS);
    }
    bool wanted = !writer->stopping;
    writer->checkpoint_wanted = false;
    writer->checkpoint_runs = wanted;
    lock_leave(&writer->lock);
    return wanted;
}

void *store_log_run(void *ctx)
{
    struct store_writer *writer = ctx;
    thread_be_patient();
    while (wait_for_work(writer)) {
        /* Where it fails, the log grows until the writer tries itself, and says so. */
        int status = writer->log_db.suspect ? store_db_reopen(&writer->log_db) : 0;
        if (status == 0) {
            status = store_db_checkpoint(&writer->log_db, false, NULL);
        }
        lock_enter(&writer->lock);
        writer->checkpoint_runs = false;
        writer->checkpoint_near = status == 0;
        cond_wake(&writer->wake);
        cond_wake_all(&writer->done);
        lock_leave(&writer->lock);
    }
    return NULL;
}
