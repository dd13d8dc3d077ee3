/* Who wants to know when whom comes and goes: each session's list of nicknames, and for each
 * nickname the sessions that watch it (IRCv3 "Monitor"). Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

/* A nickname that somebody watches, whether anybody has it or not. */
struct watch {
    char *folded;
    struct session **sessions; /* in the order of asking */
    unsigned n;
    unsigned cap;
};

struct monitor_entry {
    struct watch *watch;
    char *raw; /* as the client wrote it */
};

struct monitor {
    struct monitor_entry *entries; /* in the order of asking */
    unsigned n;
    unsigned cap;
};

static struct str watch_key(const void *value)
{
    return str_from(((const struct watch *)value)->folded);
}

void monitor_init(struct core *core)
{
    strmap_init(&core->watches, watch_key, core->hash_seed);
}

void monitor_finish(struct core *core)
{
    strmap_finish(&core->watches); /* Every session has gone, and its watches with it. */
}

static struct watch *watch_make(struct core *core, struct str folded)
{
    struct watch *watch = strmap_get(&core->watches, folded);
    if (watch == NULL) {
        watch = xcalloc(1, sizeof(*watch));
        watch->folded = str_dup(folded);
        strmap_put(&core->watches, watch);
    }
    return watch;
}

static void watch_leave(struct core *core, struct watch *watch, const struct session *session)
{
    unsigned at = 0;
    while (watch->sessions[at] != session) {
        at++;
    }
    watch->n--;
    memmove(watch->sessions + at, watch->sessions + at + 1,
            (watch->n - at) * sizeof(struct session *));
    if (watch->n == 0) {
        strmap_del(&core->watches, str_from(watch->folded));
        free(watch->sessions);
        free(watch->folded);
        free(watch);
    }
}

static struct monitor_entry *find(const struct monitor *monitor, struct str folded)
{
    for (unsigned i = 0; monitor != NULL && i < monitor->n; i++) {
        if (str_eq(str_from(monitor->entries[i].watch->folded), folded)) {
            return &monitor->entries[i];
        }
    }
    return NULL;
}

unsigned monitor_count(const struct session *session)
{
    const struct monitor *monitor = session_monitor(session);
    return monitor != NULL ? monitor->n : 0;
}

bool monitor_has(const struct session *session, struct str folded)
{
    return find(session_monitor(session), folded) != NULL;
}

struct str monitor_get(const struct session *session, unsigned i, struct str *ret_folded)
{
    const struct monitor_entry *entry = &session_monitor(session)->entries[i];
    *ret_folded = str_from(entry->watch->folded);
    return str_from(entry->raw);
}

void monitor_add(struct core *core, struct session *session, struct str raw, struct str folded)
{
    struct session_extra *extra = session_extra(session);
    if (extra->monitor == NULL) {
        extra->monitor = xcalloc(1, sizeof(*extra->monitor));
    }
    struct monitor *monitor = extra->monitor;
    if (monitor->n == monitor->cap) {
        monitor->cap = monitor->cap > 0 ? monitor->cap * 2 : 4;
        monitor->entries = xrealloc(monitor->entries, monitor->cap * sizeof(*monitor->entries));
    }
    struct watch *watch = watch_make(core, folded);
    if (watch->n == watch->cap) {
        watch->cap = watch->cap > 0 ? watch->cap * 2 : 2;
        watch->sessions = xrealloc(watch->sessions, watch->cap * sizeof(struct session *));
    }
    watch->sessions[watch->n++] = session;
    monitor->entries[monitor->n++] = (struct monitor_entry){watch, str_dup(raw)};
}

static void clear_if_empty(struct session *session)
{
    struct monitor *monitor = session_monitor(session);
    if (monitor->n == 0) {
        free(monitor->entries);
        free(monitor);
        session->extra->monitor = NULL;
        session_extra_drop_empty(session);
    }
}

void monitor_remove(struct core *core, struct session *session, struct str folded)
{
    struct monitor_entry *entry = find(session_monitor(session), folded);
    if (entry == NULL) {
        return;
    }
    struct monitor *monitor = session_monitor(session);
    watch_leave(core, entry->watch, session);
    free(entry->raw);
    monitor->n--;
    size_t behind = (size_t)(monitor->entries + monitor->n - entry);
    memmove(entry, entry + 1, behind * sizeof(*entry));
    clear_if_empty(session);
}

void monitor_clear(struct core *core, struct session *session)
{
    while (session_monitor(session) != NULL) {
        struct monitor *monitor = session_monitor(session);
        struct monitor_entry *last = &monitor->entries[--monitor->n];
        watch_leave(core, last->watch, session);
        free(last->raw);
        clear_if_empty(session);
    }
}

/* ---- telling ---- */

static void tell(struct core *core, const struct watch *watch, enum numeric numeric,
                 const char *who)
{
    for (unsigned i = 0; i < watch->n; i++) {
        const struct session *session = watch->sessions[i];
        buf_printf(cast_from_server(core), "%03d %s :%s", (int)numeric, session->user->name.raw,
                   who);
        cast(core, cast_message(core, (struct str){0}),
             &(struct audience){.kind = AUDIENCE_SESSION, .session = session->id});
    }
}

void monitor_came(struct core *core, const struct user *user)
{
    const struct watch *watch = strmap_get(&core->watches, name_entry_folded(&user->name));
    if (watch != NULL) {
        tell(core, watch, RPL_MONONLINE, user_mask(user));
    }
}

void monitor_left(struct core *core, const struct user *user)
{
    const struct watch *watch = strmap_get(&core->watches, name_entry_folded(&user->name));
    if (watch != NULL) {
        tell(core, watch, RPL_MONOFFLINE, user->name.raw);
    }
}

void monitor_cast(struct core *core, const struct user *user, struct message *message, cap_set caps)
{
    const struct watch *watch = strmap_get(&core->watches, name_entry_folded(&user->name));
    for (unsigned i = 0; watch != NULL && i < watch->n; i++) {
        const struct session *session = watch->sessions[i];
        cap_set needed = caps | CAP_EXTENDED_MONITOR;
        if ((session->caps & needed) != needed || user_shares_room(session->user, user)) {
            continue;
        }
        refcount_up(&message->holders);
        cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = session->id});
    }
}

void monitor_tell(struct core *core, const struct user *user, cap_set form, struct str key,
                  struct message *message)
{
    const struct watch *watch = strmap_get(&core->watches, name_entry_folded(&user->name));
    for (unsigned i = 0; watch != NULL && i < watch->n; i++) {
        const struct session *session = watch->sessions[i];
        if (metadata_form(session) == form && session->user != user &&
            !user_shares_room(session->user, user) &&
            metadata_get(metadata_subscriptions(core, session), key) != NULL) {
            refcount_up(&message->holders);
            cast(core, message,
                 &(struct audience){.kind = AUDIENCE_SESSION, .session = session->id});
        }
    }
    message_unref(message);
}
