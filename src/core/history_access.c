/*
 * Who may read what: a room's history belongs to those who are in it now, back to what the
 * operator of the server allows; what two users said to each other alone belongs to those two, by
 * identity and never by nickname. Pure; under the core's mutex.
 */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"

static uint64_t since_of(const struct core *core, const struct user *user,
                         const struct membership *membership)
{
    const struct settings *settings = core->settings;
    switch (user_account(user) != NULL ? settings->history_cutoff
                                       : settings->history_cutoff_guests) {
    case CUTOFF_NONE:
        return 0;
    case CUTOFF_REGISTRATION:
        return user_identity(user);
    case CUTOFF_JOIN:
        break;
    }
    return membership->since_seq;
}

bool history_room(const struct core *core, const struct user *user, const struct room *room,
                  struct query_place *ret_place)
{
    const struct membership *membership = room != NULL ? user_membership(user, room) : NULL;
    if (membership == NULL) {
        return false;
    }
    *ret_place = (struct query_place){
        .place = place_of_room(room->id),
        .name = room_name(room),
        .since_seq = since_of(core, user, membership),
    };
    return true;
}

bool history_place(const struct core *core, const struct user *user, struct str folded,
                   struct query_place *ret_place)
{
    if (folded.len > 0 && folded.p[0] == '#') {
        return history_room(core, user, room_find(core, folded), ret_place);
    }
    /* Who has the nickname now; else who had it when the two last spoke; else whose it is. */
    const struct user *other = user_find(core, folded);
    struct str nick = {0};
    user_id id = 0;
    if (other != NULL) {
        id = user_identity(other);
        nick = user_nick(other);
    } else {
        id = partners_find(core, user, folded, &nick);
    }
    const struct account *account = id == 0 ? account_find(core, folded) : NULL;
    if (account != NULL) {
        id = account->id;
        nick = account_name(account);
    }
    if (id == 0) {
        return false;
    }
    *ret_place =
        (struct query_place){.place = place_between(user_identity(user), id), .name = nick};
    return true;
}

struct query_place *history_rooms(const struct core *core, const struct user *user)
{
    struct query_place *places = xcalloc(user->n_rooms, sizeof(*places));
    for (unsigned i = 0; i < user->n_rooms; i++) {
        bool inside = history_room(core, user, user->rooms[i].room, &places[i]);
        CHECK(inside);
    }
    return places;
}
