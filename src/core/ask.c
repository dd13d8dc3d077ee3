/*
 * Questions to the store. The answer comes from a reader, straight to the asker's edge; the
 * session waits meanwhile, and questions keep their place among its other long answers. Pure;
 * under the core's mutex.
 */
#include "reply.h"

#include <stdlib.h>

static bool ask_more(struct core *core, struct walk *walk)
{
    struct query *query = walk->query;
    if (query == NULL) {
        return false; /* Asked; ask_answered() ends it. */
    }
    walk->query = NULL;
    query->fence_seq = core_last_seq(core);
    core->who->asking = true;
    core_emit(core,
              &(struct effect){.kind = EFFECT_QUERY, .session = query->session, .query = query});
    return false;
}

void ask(struct core *core, struct query *query)
{
    const struct session *who = core->who;
    struct buf batch = {0};
    buf_add_u64(&batch, ++core->next_batch);
    query->session = who->id;
    query->asker = user_identity(who->user);
    query->caps = who->caps;
    query->server = str_from(core->settings->server_name);
    query->nick = user_nick(who->user);
    query->batch = buf_str(&batch);
    if (!query->playback) {
        /* The reader's lines carry the label; nothing else answers the command. */
        query->label = str_from(core->label);
    }
    struct query *copy = query_copy(query);
    if (!query->playback) {
        core->label[0] = '\0';
    }
    buf_finish(&batch);
    walk_begin(core, ask_more, &(struct walk){.query = copy}, (struct str){0});
}

enum core_result ask_answered(struct core *core, struct session *session)
{
    if (session->walk != NULL && session->walk->more == ask_more && session->asking) {
        walk_answered(session);
    }
    return walk_continue(core, session);
}
