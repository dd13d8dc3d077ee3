/* Open invitations, kept with the invited user. Pure; under the core's mutex. */
#include "core_priv.h"

#include "alloc.h"

static unsigned find(const struct user_extra *extra, const struct room *room)
{
    unsigned i = 0;
    while (i < extra->n_invites && extra->invites[i] != room->id) {
        i++;
    }
    return i;
}

bool invite_has(const struct user *user, const struct room *room)
{
    const struct user_extra *extra = user->extra;
    return extra != NULL && find(extra, room) < extra->n_invites;
}

static void remove_at(struct user_extra *extra, unsigned i)
{
    extra->n_invites--;
    memmove(extra->invites + i, extra->invites + i + 1,
            (extra->n_invites - i) * sizeof(*extra->invites));
}

void invite_add(struct user *user, const struct room *room)
{
    struct user_extra *extra = user_extra(user);
    if (invite_has(user, room)) {
        return;
    }
    if (extra->invites == NULL) {
        extra->invites = xcalloc(CORE_INVITES_MAX, sizeof(*extra->invites));
    }
    if (extra->n_invites == CORE_INVITES_MAX) {
        remove_at(extra, 0);
    }
    extra->invites[extra->n_invites++] = room->id;
}

void invite_remove(struct user *user, const struct room *room)
{
    if (invite_has(user, room)) {
        remove_at(user->extra, find(user->extra, room));
    }
}
