/* Open invitations, kept with the invited user. Pure; under the core's mutex. */
#include "core_priv.h"

#include "alloc.h"

static unsigned find(const struct user *user, const struct room *room)
{
    unsigned i = 0;
    while (i < user->n_invites && user->invites[i] != room->id) {
        i++;
    }
    return i;
}

bool invite_has(const struct user *user, const struct room *room)
{
    return find(user, room) < user->n_invites;
}

static void remove_at(struct user *user, unsigned i)
{
    user->n_invites--;
    memmove(user->invites + i, user->invites + i + 1,
            (user->n_invites - i) * sizeof(*user->invites));
}

void invite_add(struct user *user, const struct room *room)
{
    if (invite_has(user, room)) {
        return;
    }
    if (user->invites == NULL) {
        user->invites = xcalloc(CORE_INVITES_MAX, sizeof(*user->invites));
    }
    if (user->n_invites == CORE_INVITES_MAX) {
        remove_at(user, 0);
    }
    user->invites[user->n_invites++] = room->id;
}

void invite_remove(struct user *user, const struct room *room)
{
    unsigned i = find(user, room);
    if (i < user->n_invites) {
        remove_at(user, i);
    }
}
