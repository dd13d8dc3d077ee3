/* An answer to SEARCH: what was found, as lines in a batch (soju.im/search). Synchronous; a
 * reader's thread, not always the same. */
#include "search_answer.h"

#include "alloc.h"
#include "search_query.h"
#include "store_limits.h"
#include "store_write.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { ROOM_COLUMN = 9 }; /* of MESSAGE_AND_ROOM */

struct search_answer {
    struct search *search;
    bool complete; /* all that will be found was found */
    size_t at;     /* of it, was sent */
};

void search_answer_destroy(struct search_answer *answer)
{
    if (answer != NULL) {
        search_end(answer->search);
        free(answer);
    }
}

/* The connection of this thread to the index; another index may have taken its place. */
static int open_index(struct store_db *db)
{
    if (db->search != NULL && !search_db_is_stale(db->search)) {
        return 0;
    }
    search_db_destroy(db->search);
    db->search = NULL;
    struct search_db *search = xcalloc(1, sizeof(*search));
    struct buf error = {0};
    int status = search_db_open(search, db->path, SEARCH_READER, &error);
    buf_finish(&error);
    if (status == 0) {
        db->search = search;
    } else {
        free(search);
    }
    return status;
}

/* As the asker calls where it was said; direct messages have a name of their own. */
static struct str name_of(const struct query *query, room_id room)
{
    for (unsigned i = 0; i < query->n_places; i++) {
        if (room != 0 && query->places[i].place.room == room) {
            return query->places[i].name;
        }
    }
    return (struct str){0};
}

static int render(struct store_answer *answer, struct store_db *db, uint64_t seq, struct buf *out)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MESSAGE_AND_ROOM, "i", seq);
    int status = stmt_step(db, stmt);
    if (status == 1) { /* Or it was taken away in the meantime. */
        struct store_line line;
        store_line_read(stmt, &line);
        struct str target = name_of(answer->query, stmt_u64(stmt, ROOM_COLUMN));
        status = store_answer_line(answer, db, target, &line, out);
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

/* Who searches must not take silence for "there is nothing". */
static void note_cut(const struct store_answer *answer, struct buf *out)
{
    switch (search_is_cut(answer->search->search)) {
    case SEARCH_CUT:
        store_render_note(answer->query, "INCOMPLETE",
                          "There may be more: looking through all takes too long. Ask with more "
                          "words, or with in:, from:, after: or before:",
                          out);
        break;
    case SEARCH_SKIPPED:
        store_render_note(answer->query, "INCOMPLETE",
                          "What was said last is not indexed yet: search again later", out);
        break;
    case SEARCH_WHOLE_ANSWER:
        break;
    }
}

int store_search_piece(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    if (answer->search == NULL) {
        answer->search = xcalloc(1, sizeof(*answer->search));
        answer->search->search = search_begin(answer->query);
    }
    struct search_answer *own = answer->search;
    if (!own->complete) {
        int status = open_index(db);
        if (status == 0) {
            status = search_step(own->search, db->search);
        }
        if (status != 0) {
            return status == 1 ? ANSWER_MORE : status;
        }
        own->complete = true;
    }
    store_answer_open(answer, STR("soju.im/search"), STR(""), out);
    size_t n;
    const uint64_t *found = search_found(own->search, &n);
    while (own->at < n && out->len < STORE_PIECE_BYTES) {
        int status = render(answer, db, found[own->at++], out);
        if (status != 0) {
            return status;
        }
    }
    if (own->at < n) {
        return ANSWER_MORE;
    }
    note_cut(answer, out);
    return ANSWER_DONE;
}
