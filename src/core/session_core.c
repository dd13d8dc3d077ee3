/* The core's side of a session: whose it is and what it can. Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

struct session *session_find(const struct core *core, session_id id)
{
    return map_get(&core->sessions, id);
}

struct session *session_create(struct core *core, struct user *user, const struct input *input)
{
    struct session *session = xcalloc(1, sizeof(*session));
    session->id = input->session;
    session->user = user;
    session->caps = input->reg.caps;
    session->cap_version = (uint16_t)input->reg.cap_version;
    session->kind = (uint8_t)input->reg.kind;
    session->tls = input->reg.tls;
    session->next = user->sessions;
    user->sessions = session;
    map_put(&core->sessions, session->id, session);
    return session;
}

void session_destroy(struct core *core, struct session *session)
{
    struct session **at = &session->user->sessions;
    while (*at != session) {
        at = &(*at)->next;
    }
    *at = session->next;
    map_del(&core->sessions, session->id);
    if (core->who == session) {
        core->who = NULL;
    }
    walk_destroy(session);
    monitor_clear(core, session);
    session_end_verify(session);
    free(session);
}

void session_leave_edge_rooms(struct core *core, const struct session *session)
{
    const struct user *user = session->user;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        core_emit(core, &(struct effect){.kind = EFFECT_PART,
                                         .session = session->id,
                                         .room = user->rooms[i].room->id});
    }
}

void session_emit_traits(struct core *core, struct session *session)
{
    uint8_t traits = 0;
    if ((session->user->umodes & UMODE_WALLOPS) != 0) {
        traits |= TRAIT_WALLOPS;
    }
    if ((session->user->umodes & UMODE_OPERATOR) != 0) {
        traits |= TRAIT_OPERATOR;
    }
    core_emit(core, &(struct effect){
                        .kind = EFFECT_TRAITS,
                        .session = session->id,
                        .caps = session->caps,
                        .traits = traits,
                    });
}

void session_begin_verify(struct session *session, struct str operator_name, const char *label)
{
    CHECK(session->verify == NULL);
    session->verify = xcalloc(1, sizeof(*session->verify));
    session->verify->operator_name = str_dup(operator_name);
    session->verify->label = label != NULL ? str_dup(str_from(label)) : NULL;
}

void session_end_verify(struct session *session)
{
    if (session->verify != NULL) {
        free(session->verify->operator_name);
        free(session->verify->label);
        free(session->verify);
        session->verify = NULL;
    }
}
