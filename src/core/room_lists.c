/* A room's lists of masks: bans, exceptions, invitations. Pure; under the core's mutex. */
#include "core_priv.h"

#include "alloc.h"
#include "extban.h"
#include "mask.h"

#include <stdlib.h>

static bool fits(const struct mask_entry *entry, const struct user *user)
{
    if (!entry->of_account) {
        return mask_match(entry->compared, str_from(user_mask_folded(user)));
    }
    const struct account *account = user_account(user);
    return account != NULL && mask_match(entry->compared, account->state->folded);
}

const struct mask_entry *room_list_find(const struct room *room, enum room_list list,
                                        const struct user *user, enum mask_use use)
{
    const struct mask_entry *entry;
    OLIST_EACH (&room->lists[list], entry) {
        if ((use == MASK_TO_SPEAK || !entry->mutes) && fits(entry, user)) {
            return entry;
        }
    }
    return NULL;
}

const struct mask_entry *room_ban_of(const struct room *room, const struct user *user,
                                     enum mask_use use)
{
    const struct mask_entry *ban = room_list_find(room, ROOM_BANS, user, use);
    return ban != NULL && room_list_find(room, ROOM_EXCEPTS, user, use) == NULL ? ban : NULL;
}

bool room_silences(const struct room *room, const struct user *user, struct membership *membership)
{
    if (membership->bans_version != room->bans_version) {
        membership->banned = room_ban_of(room, user, MASK_TO_SPEAK) != NULL;
        membership->bans_version = room->bans_version;
    }
    return membership->banned;
}

static void lists_changed(struct room *room)
{
    room->bans_version = (room->bans_version + 1) % BANS_VERSION_NONE;
}

/* The folded form says what it means: it was checked when it came. */
static void interpret(struct mask_entry *entry)
{
    struct extban ban;
    if (!extban_parse(str_from(entry->mask_folded), &ban)) {
        /* One of the store that nobody would be let set today fits nobody's mask but its own. */
        ban = (struct extban){.compared = str_from(entry->mask_folded)};
    }
    entry->of_account = ban.of_account;
    entry->mutes = ban.mutes;
    entry->forward = ban.forward;
    entry->compared = ban.compared;
    entry->until_ms = ban.minutes > 0 ? entry->set_ms + ban.minutes * 60 * 1000 : 0;
}

struct mask_entry *room_list_add(struct core *core, struct room *room, enum room_list list,
                                 struct str mask, struct str folded, struct str by, uint64_t set_ms)
{
    struct mask_entry *entry = xcalloc(1, sizeof(*entry));
    *entry = (struct mask_entry){
        .id = ++core->next_id,
        .mask = str_dup(mask),
        .mask_folded = str_dup(folded),
        .by = str_dup(by),
        .set_ms = set_ms,
        .room = room,
        .list = (uint8_t)list,
    };
    interpret(entry);
    olist_append(&room->lists[list], entry);
    if (entry->until_ms > 0) {
        mask_ends_add(&core->ends, entry);
    }
    lists_changed(room);
    return entry;
}

static void entry_destroy(struct core *core, struct mask_entry *entry)
{
    if (entry->until_ms > 0) {
        mask_ends_remove(&core->ends, entry);
    }
    free(entry->mask);
    free(entry->mask_folded);
    free(entry->by);
    free(entry);
}

void room_list_remove(struct core *core, struct room *room, enum room_list list, uint64_t id)
{
    struct mask_entry *entry = olist_remove(&room->lists[list], id);
    if (entry != NULL) {
        lists_changed(room);
        entry_destroy(core, entry);
    }
}

void room_lists_destroy(struct core *core, struct room *room)
{
    for (unsigned i = 0; i < ROOM_LISTS; i++) {
        struct mask_entry *entry;
        OLIST_EACH (&room->lists[i], entry) {
            entry_destroy(core, entry);
        }
        olist_finish(&room->lists[i]);
    }
}
