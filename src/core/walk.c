/* Long answers: produced piece by piece, as fast as their reader drains. Pure. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

void walk_destroy(struct session *session)
{
    while (session->walk != NULL) {
        struct walk *walk = session->walk;
        session->walk = walk->next;
        free(walk->query);
        free(walk);
    }
}

void walk_answered(struct session *session)
{
    struct walk *walk = session->walk;
    session->asking = false;
    session->walk = walk->next;
    free(walk);
}

void walk_begin(struct core *core, walk_fn more, const struct walk *start, struct str text)
{
    struct session *session = core->who;
    struct walk *walk = xcalloc(1, sizeof(*walk) + text.len + 1);
    memcpy(walk, start, sizeof(*walk));
    walk->more = more;
    walk->text_len = text.len;
    if (text.len > 0) {
        memcpy(walk->text, text.p, text.len);
    }
    if (session->walk == NULL && more(core, walk)) {
        free(walk);
        return;
    }
    struct walk **last = &session->walk;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = walk;
}

enum core_result walk_continue(struct core *core, struct session *session)
{
    if (session->asking || (session->walk == NULL && session_batch(session) == 0)) {
        return session_state(session);
    }
    core->who = session;
    core->piece_bytes = core->piece_work = 0;
    while (session->walk != NULL && !session->asking && !core_piece_full(core)) {
        struct walk *walk = session->walk;
        if (walk->more(core, walk)) {
            session->walk = walk->next;
            free(walk);
        }
    }
    reply_flush(core);
    if (session->walk == NULL && session_batch(session) != 0) {
        /* The end of the batch is no line of the batch. */
        unsigned long long batch = session_batch(session);
        session_set_batch(session, 0);
        reply_server(core, "BATCH -%llu", batch);
        reply_flush(core);
    }
    core->who = NULL;
    return session_state(session);
}
