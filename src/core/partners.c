/*
 * With whom a user has spoken alone, newest last: so that what was said can be read when the other
 * has gone or has another nickname. Few users have a list, and it is bounded. Pure; under the
 * core's mutex.
 */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

struct partner {
    user_id id;
    char *nick; /* as it was when they last spoke */
    char *folded;
};

struct partners {
    unsigned n;
    unsigned cap;
    struct partner *items;
};

static void finish_partner(struct partner *partner)
{
    free(partner->nick);
    free(partner->folded);
}

static void set_name(struct partner *partner, const struct user *other)
{
    struct str folded = name_entry_folded(&other->name);
    if (partner->nick != NULL && str_eq(str_from(partner->folded), folded)) {
        return;
    }
    finish_partner(partner);
    partner->nick = str_dup(user_nick(other));
    partner->folded = str_dup(folded);
}

static struct partners *make(struct core *core, user_id id)
{
    struct partners *partners = map_get(&core->partners, id);
    if (partners == NULL) {
        partners = xcalloc(1, sizeof(*partners));
        map_put(&core->partners, id, partners);
    }
    return partners;
}

/* The place behind the newest, for a new one; the oldest gives way. */
static struct partner *append(struct partners *partners)
{
    if (partners->n == CORE_PARTNERS_MAX) {
        finish_partner(&partners->items[0]);
        partners->n--;
        memmove(partners->items, partners->items + 1, partners->n * sizeof(*partners->items));
    } else if (partners->n == partners->cap) {
        partners->cap = partners->cap > 0 ? partners->cap * 2 : 2;
        partners->items = xrealloc(partners->items, partners->cap * sizeof(*partners->items));
    }
    struct partner *partner = &partners->items[partners->n++];
    *partner = (struct partner){0};
    return partner;
}

static void met(struct core *core, const struct user *user, const struct user *other)
{
    struct partners *partners = make(core, user_identity(user));
    for (unsigned i = partners->n; i-- > 0;) {
        if (partners->items[i].id != user_identity(other)) {
            continue;
        }
        struct partner partner = partners->items[i];
        memmove(partners->items + i, partners->items + i + 1,
                (partners->n - i - 1) * sizeof(partner));
        partners->items[partners->n - 1] = partner;
        set_name(&partners->items[partners->n - 1], other);
        return;
    }
    struct partner *partner = append(partners);
    partner->id = user_identity(other);
    set_name(partner, other);
}

void partners_met(struct core *core, const struct user *user, const struct user *other)
{
    met(core, user, other);
    if (user != other) {
        met(core, other, user);
    }
}

user_id partners_find(const struct core *core, const struct user *user, struct str folded,
                      struct str *ret_nick)
{
    const struct partners *partners = map_get(&core->partners, user_identity(user));
    for (unsigned i = partners != NULL ? partners->n : 0; i-- > 0;) {
        const struct partner *partner = &partners->items[i];
        if (str_eq(str_from(partner->folded), folded)) {
            *ret_nick = str_from(partner->nick);
            return partner->id;
        }
    }
    return 0;
}

user_id partners_next(const struct core *core, const struct user *user, unsigned *at,
                      struct str *ret_nick)
{
    const struct partners *partners = map_get(&core->partners, user_identity(user));
    if (partners == NULL || *at >= partners->n) {
        return 0;
    }
    const struct partner *partner = &partners->items[(*at)++];
    *ret_nick = str_from(partner->nick);
    return partner->id;
}

void partners_forget(struct core *core, user_id id)
{
    struct partners *partners = map_del(&core->partners, id);
    if (partners != NULL) {
        for (unsigned i = 0; i < partners->n; i++) {
            finish_partner(&partners->items[i]);
        }
        free(partners->items);
        free(partners);
    }
}
