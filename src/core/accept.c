/* Who may write to a user that hears only those with accounts (mode R). Pure. */
#include "core_priv.h"

#include "alloc.h"

static unsigned find(const struct user_extra *extra, user_id id)
{
    unsigned i = 0;
    while (i < extra->n_accepts && extra->accepts[i] != id) {
        i++;
    }
    return i;
}

bool accept_has(const struct user *user, const struct user *other)
{
    const struct user_extra *extra = user->extra;
    return extra != NULL && find(extra, user_identity(other)) < extra->n_accepts;
}

static void remove_at(struct user_extra *extra, unsigned i)
{
    extra->n_accepts--;
    memmove(extra->accepts + i, extra->accepts + i + 1,
            (extra->n_accepts - i) * sizeof(*extra->accepts));
}

void accept_add(struct user *user, const struct user *other)
{
    struct user_extra *extra = user_extra(user);
    if (accept_has(user, other)) {
        return;
    }
    if (extra->n_accepts == CORE_ACCEPTS_MAX) {
        remove_at(extra, 0);
    }
    extra->accepts = xrealloc(extra->accepts, (extra->n_accepts + 1) * sizeof(*extra->accepts));
    extra->accepts[extra->n_accepts++] = user_identity(other);
}

void accept_remove(struct user *user, const struct user *other)
{
    if (accept_has(user, other)) {
        remove_at(user->extra, find(user->extra, user_identity(other)));
    }
}
