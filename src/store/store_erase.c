/*
 * Erasing what somebody said: a reader looks through everything, in pieces, and the writer deletes
 * what was found, a transaction for each piece. A thread of its own.
 *
 * An event by somebody else may name who is erased. It has the nickname alone, so what counts is
 * who last spoke or came under that nickname before it.
 */
#include "store_admin.h"

#include "alloc.h"
#include "map.h"
#include "mask.h"
#include "record.h"
#include "store_admin_priv.h"
#include "store_limits.h"
#include "store_priv.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/random.h>

struct erase {
    struct store_task task;
    uint64_t seqs[STORE_RETAIN_ROWS];
    unsigned n;
    unsigned rows; /* that went, reactions by others included */
};

struct erase_search {
    struct str mask;
    account_id account; /* 0: the mask counts */
    enum name_casemapping casemapping;
    struct map
        nicks; /* by hash: those that are now of whom the mask fits; the value means nothing */
    uint64_t seed[2];
    struct buf folded;
    struct buf source;
};

/* The writer's thread: one transaction. */
static int erase_step(struct store_task *task, struct store_db *db)
{
    struct erase *erase = (struct erase *)task;
    int status = store_db_begin(db);
    if (status == 0) {
        status = store_forget(db, erase->seqs, erase->n, &erase->rows);
    }
    if (status == 0) {
        status = store_db_commit(db);
    }
    if (status != 0) {
        store_db_rollback(db);
    }
    return status;
}

/* ---- who is meant ---- */

static void note_nick(struct erase_search *search, struct str source, bool fits)
{
    struct str nick = str_split(&source, '!');
    uint64_t hash = str_hash(nick, search->seed);
    bool known = map_get(&search->nicks, hash) != NULL;
    if (fits && !known && search->nicks.len < STORE_ERASE_NICKS) {
        map_put(&search->nicks, hash, search);
    } else if (!fits && known) {
        map_del(&search->nicks, hash);
    }
}

/* Whether `source`, nick!user@host, fits; remembers whose the nickname is. */
static bool fits_source(struct erase_search *search, struct str source, user_id sender)
{
    buf_clear(&search->folded);
    name_fold(search->casemapping, source, &search->folded);
    bool fits = search->account != 0 ? sender == search->account
                                     : mask_match(search->mask, buf_str(&search->folded));
    note_nick(search, buf_str(&search->folded), fits);
    return fits;
}

/* A nickname that an event gives: whose was it? Of one that never spoke only the mask may know. */
static bool fits_nick(struct erase_search *search, struct str nick)
{
    buf_clear(&search->folded);
    name_fold(search->casemapping, nick, &search->folded);
    if (map_get(&search->nicks, str_hash(buf_str(&search->folded), search->seed)) != NULL) {
        return true;
    }
    buf_add_cstr(&search->folded, "!?@?");
    return search->account == 0 && mask_match(search->mask, buf_str(&search->folded));
}

/* A NICK is `source` becoming `nick`. */
static bool fits_new_nick(struct erase_search *search, struct str source, user_id sender,
                          struct str nick)
{
    struct str rest = source;
    str_split(&rest, '!');
    buf_clear(&search->source);
    buf_add_str(&search->source, nick);
    buf_add_char(&search->source, '!');
    buf_add_str(&search->source, rest);
    return fits_source(search, buf_str(&search->source), sender);
}

/* Whether the event's text names somebody who is meant: "nick :reason", ":nick", "+ov nick nick".
 */
static bool names(struct erase_search *search, enum record_kind kind, struct str source,
                  user_id sender, struct str text)
{
    struct str word = str_split(&text, ' ');
    if (word.len > 0 && word.p[0] == ':') {
        word = str_make(word.p + 1, word.len - 1);
    }
    if (kind == RECORD_NICK) {
        return fits_new_nick(search, source, sender, word);
    }
    if (kind == RECORD_KICK) {
        return fits_nick(search, word);
    }
    bool named = false;
    while (kind == RECORD_MODE && text.len > 0 && !named) {
        word = str_split(&text, ' ');
        named = word.len > 0 && fits_nick(search, word);
    }
    return named;
}

static bool is_meant(struct erase_search *search, sqlite3_stmt *row)
{
    struct str source = stmt_str(row, 1);
    enum record_kind kind = (enum record_kind)stmt_u64(row, 2);
    user_id sender = stmt_u64(row, 4);
    bool fits = fits_source(search, source, sender);
    /* Both are looked at: a NICK says whose the new nickname is. */
    return names(search, kind, source, sender, stmt_str(row, 3)) || fits;
}

/* ---- looking through all ---- */

/* The next messages that are meant; reading goes on behind *after. 1 where it is the end. */
static int find_some(struct erase_search *search, struct store_db *db, struct erase *erase,
                     uint64_t *after)
{
    unsigned looked_at = 0;
    int status;
    erase->n = 0;
    sqlite3_stmt *stmt = stmt_begin(db, STMT_SOURCES, "i", *after);
    while ((status = stmt_step(db, stmt)) == 1) {
        *after = stmt_u64(stmt, 0);
        if (is_meant(search, stmt)) {
            erase->seqs[erase->n++] = *after;
        }
        if (++looked_at == STORE_SCAN_ROWS || erase->n == STORE_RETAIN_ROWS) {
            break;
        }
    }
    stmt_end(stmt);
    return status < 0 ? status : status == 0;
}

static int erase_all(struct store *store, struct store_db *db, struct erase_search *search,
                     const struct store_progress *progress, struct erase *erase)
{
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t after = 0;
    uint64_t ms;
    int status = store_message_at(db, STMT_MESSAGE_FROM, 0, &first, &ms);
    if (status == 0) {
        status = store_message_at(db, STMT_MESSAGE_LAST, INT64_MAX, &last, &ms);
    }
    bool end = false;
    while (status == 0 && !end) {
        status = find_some(search, db, erase, &after);
        end = status == 1;
        status = status < 0 ? status : 0;
        if (status == 0 && erase->n > 0) {
            status = store_writer_do(&store->writer, &erase->task);
            memcpy(db->reason, erase->task.reason, sizeof(db->reason));
        }
        uint64_t at = after > first ? after - first : 0;
        if (status == 0 && !store_goes_on(progress, at, last > first ? last - first : 0)) {
            status = STATUS_CLOSED;
        }
    }
    return status;
}

/* An account by its name, as it is folded today. */
static int find_account(struct store_db *db, struct str folded, enum name_casemapping casemapping,
                        account_id *ret_id)
{
    struct buf name = {0};
    bool found = false;
    int status = 0;
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ACCOUNT_EACH, "");
    while (!found && (status = stmt_step(db, stmt)) == 1) {
        buf_clear(&name);
        name_fold(casemapping, stmt_str(stmt, 1), &name);
        found = str_eq(buf_str(&name), folded);
        *ret_id = stmt_u64(stmt, 0);
    }
    stmt_end(stmt);
    buf_finish(&name);
    return found ? 0 : status < 0 ? status : STATUS_NOT_FOUND;
}

static int begin(struct erase_search *search, struct store_db *db,
                 const struct store_erased *erased, struct buf *error)
{
    if (getrandom(search->seed, sizeof(search->seed), 0) != (ssize_t)sizeof(search->seed)) {
        buf_add_cstr(error, "the system gives no random bytes");
        return STATUS_IO;
    }
    search->mask = erased->mask_folded;
    if (erased->mask_folded.len > 0) {
        return 0;
    }
    int status = find_account(db, erased->account_folded, search->casemapping, &search->account);
    if (status == STATUS_NOT_FOUND) {
        buf_add_cstr(error, "there is no such account");
    }
    return status;
}

int store_admin_erase(struct store *store, const struct store_erased *erased,
                      enum name_casemapping casemapping, const struct store_progress *progress,
                      uint64_t *ret_messages, struct buf *error)
{
    struct store_db db;
    int status = store_db_open(&db, store->path, STORE_READER, error);
    if (status != 0) {
        return status;
    }
    struct erase_search search = {.casemapping = casemapping};
    struct erase *erase = xcalloc(1, sizeof(*erase));
    erase->task.step = erase_step;
    status = begin(&search, &db, erased, error);
    if (status == 0) {
        status = erase_all(store, &db, &search, progress, erase);
    }
    store_say(error, status, db.reason);
    *ret_messages = erase->rows;
    free(erase);
    map_finish(&search.nicks);
    buf_finish(&search.folded);
    buf_finish(&search.source);
    store_db_close(&db);
    return status;
}
