/* The core's side of a session: whose it is and what it can. Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

enum { PAGE_SLOTS = 256 };

struct session_page {
    unsigned len;
    struct session *slots[PAGE_SLOTS];
};

static struct session_page **find_page(const struct session_table *table, session_id id)
{
    size_t at = session_id_slot(id) / PAGE_SLOTS;
    unsigned edge = session_id_edge(id);
    return edge < EDGES_MAX && at < table->edges[edge].n_pages ? &table->edges[edge].pages[at]
                                                               : NULL;
}

static void table_put(struct session_table *table, struct session *session)
{
    CHECK(session_id_edge(session->id) < EDGES_MAX);
    struct session_edge *edge = &table->edges[session_id_edge(session->id)];
    uint32_t slot = session_id_slot(session->id);
    size_t needed = slot / PAGE_SLOTS + 1;
    if (edge->n_pages < needed) {
        edge->pages = xrealloc(edge->pages, needed * sizeof(struct session_page *));
        memset(edge->pages + edge->n_pages, 0,
               (needed - edge->n_pages) * sizeof(struct session_page *));
        edge->n_pages = needed;
    }
    struct session_page **page = &edge->pages[slot / PAGE_SLOTS];
    if (*page == NULL) {
        *page = xcalloc(1, sizeof(**page));
    }
    /* An edge gives a slot away again only after it told of the end of the one before. */
    CHECK((*page)->slots[slot % PAGE_SLOTS] == NULL);
    (*page)->slots[slot % PAGE_SLOTS] = session;
    (*page)->len++;
    table->len++;
}

static void table_del(struct session_table *table, session_id id)
{
    struct session_page **page = find_page(table, id);
    (*page)->slots[session_id_slot(id) % PAGE_SLOTS] = NULL;
    table->len--;
    if (--(*page)->len == 0) {
        free(*page);
        *page = NULL;
    }
}

void session_table_finish(struct session_table *table)
{
    for (unsigned i = 0; i < EDGES_MAX; i++) {
        free(table->edges[i].pages);
    }
}

void core_expect(const struct core *core, const struct input *input)
{
    struct session_page **page = find_page(&core->sessions, input->session);
    const char *session =
        page != NULL && *page != NULL
            ? (const char *)(*page)->slots[session_id_slot(input->session) % PAGE_SLOTS]
            : NULL;
    if (session != NULL) {
        /* Usually it lies in its user, most of which will be needed. */
        __builtin_prefetch(session - 64);
        __builtin_prefetch(session);
        __builtin_prefetch(session + 64);
    }
}

struct session *session_find(const struct core *core, session_id id)
{
    struct session_page **page = find_page(&core->sessions, id);
    struct session *session =
        page != NULL && *page != NULL ? (*page)->slots[session_id_slot(id) % PAGE_SLOTS] : NULL;
    return session != NULL && session->id == id ? session : NULL;
}

struct session *session_create(struct core *core, struct user *user, const struct input *input)
{
    struct session *session = &user->own_session;
    if (session->id != 0) {
        session = xcalloc(1, sizeof(*session));
    }
    session->id = input->session;
    session->user = user;
    session->caps = input->reg.caps;
    session->cap_version = (uint16_t)input->reg.cap_version;
    session->kind = (uint8_t)input->reg.kind;
    session->tls = input->reg.tls;
    session->next = user->sessions;
    user->sessions = session;
    table_put(&core->sessions, session);
    return session;
}

void session_destroy(struct core *core, struct session *session)
{
    struct user *user = session->user;
    struct session **at = &user->sessions;
    while (*at != session) {
        at = &(*at)->next;
    }
    *at = session->next;
    table_del(&core->sessions, session->id);
    if (core->who == session) {
        core->who = NULL;
    }
    walk_destroy(session);
    monitor_clear(core, session);
    metadata_unsubscribe_all(core, session);
    multiline_forget(core, session);
    wait_destroy(session);
    free(session->extra);
    if (session == &user->own_session) {
        *session = (struct session){0};
    } else {
        free(session);
    }
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
    uint8_t traits = metadata_traits(core, session);
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

struct session_extra *session_extra(struct session *session)
{
    if (session->extra == NULL) {
        session->extra = xcalloc(1, sizeof(*session->extra));
    }
    return session->extra;
}

void session_set_batch(struct session *session, uint64_t batch)
{
    if (batch != session_batch(session)) {
        session_extra(session)->batch = batch;
        session_extra_drop_empty(session);
    }
}

void session_extra_drop_empty(struct session *session)
{
    const struct session_extra *extra = session->extra;
    if (extra != NULL && extra->monitor == NULL && extra->batch == 0) {
        free(session->extra);
        session->extra = NULL;
    }
}
