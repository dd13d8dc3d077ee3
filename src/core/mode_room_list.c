/* MODE of rooms: the lists b, e and I, with extended masks (extban.h). Pure. */
#include "mode_room.h"

#include "extban.h"

/* The lists, in the order of enum room_list. */
static const struct {
    char letter;
    enum numeric entry;
    enum numeric end;
    const char *end_text;
} lists[ROOM_LISTS] = {
    {'b', RPL_BANLIST, RPL_ENDOFBANLIST, "End of channel ban list"},
    {'e', RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST, "End of channel exception list"},
    {'I', RPL_INVEXLIST, RPL_ENDOFINVEXLIST, "End of Channel Invite Exception List"},
};

static bool list_more(struct core *core, struct walk *walk)
{
    const struct room *room = room_by_id(core, walk->room);
    unsigned which = walk->flags;
    const struct mask_entry *entry;
    while (room != NULL) {
        if (core_piece_full(core)) {
            return false;
        }
        entry = olist_next(&room->lists[which], &walk->cursor);
        if (entry == NULL) {
            break;
        }
        reply_numeric(core, lists[which].entry, "%s %s %s %llu", room->name.raw, entry->mask,
                      entry->by, (unsigned long long)entry->set_ms / 1000);
    }
    reply_numeric(core, lists[which].end, "%s :%s", walk->text, lists[which].end_text);
    return true;
}

/* Bans are for everybody who may know the room, the other lists for its members. */
static void show_list(struct change *c, enum room_list which)
{
    const struct user *user = c->core->who->user;
    if ((c->listed & 1u << which) != 0) {
        return;
    }
    c->listed |= 1u << which;
    if (which != ROOM_BANS && user_membership(user, c->room) == NULL && !user_is_operator(user)) {
        reply_not_on_channel(c->core, room_name(c->room));
        return;
    }
    walk_begin(c->core, list_more, &(struct walk){.room = c->room->id, .flags = which},
               room_name(c->room));
}

static const struct mask_entry *find_entry(const struct room *room, enum room_list which,
                                           struct str folded, uint64_t *ret_id)
{
    const struct mask_entry *entry;
    uint64_t cursor = 0;
    while ((entry = olist_next(&room->lists[which], &cursor)) != NULL) {
        if (str_eq(str_from(entry->mask_folded), folded)) {
            *ret_id = cursor;
            return entry;
        }
    }
    return NULL;
}

static void change_entry(struct change *c, enum room_list which, struct str mask, struct str folded)
{
    struct room *room = c->room;
    uint64_t id = 0;
    const struct mask_entry *entry = find_entry(room, which, folded, &id);
    if (!c->on) {
        if (entry != NULL) {
            mode_changed(c, lists[which].letter, str_from(entry->mask));
            room_list_remove(c->core, room, which, id);
        }
        return;
    }
    if (entry != NULL) {
        return;
    }
    if (room->lists[which].len >= c->core->settings->list_entries_max) {
        reply_numeric(c->core, ERR_BANLISTFULL, "%s %c :Channel list is full", room->name.raw,
                      lists[which].letter);
        return;
    }
    room_list_add(c->core, room, which, mask, folded, user_nick(c->core->who->user),
                  c->core->now_ms);
    mode_changed(c, lists[which].letter, mask);
}

/* An exception forbids nothing, and sends nobody anywhere. */
static bool is_fit(enum room_list which, const struct extban *ban)
{
    return (which != ROOM_INVEXES || !ban->mutes) && (which == ROOM_BANS || ban->forward.len == 0);
}

static void change_mask(struct change *c, const struct room_mode *mode, struct str raw,
                        struct str raw_folded)
{
    enum room_list which = (enum room_list)mode->value;
    struct extban ban;
    struct extban ban_folded;
    if (!extban_parse(raw, &ban) || !extban_parse(raw_folded, &ban_folded) ||
        !is_fit(which, &ban)) {
        mode_invalid(c, mode->letter, raw,
                     raw.len > 0 && raw.p[0] == '~'
                         ? "This is no mask that can stand here: HELP EXTBANS"
                         : "This mode needs a mask such as nick!user@host");
        return;
    }
    if (c->on && ban.forward.len > 0 &&
        !mode_check_forward(c, mode->letter, ban.forward, ban_folded.forward)) {
        return;
    }
    struct buf mask = {0};
    struct buf folded = {0};
    extban_add(&ban, &mask);
    extban_add(&ban_folded, &folded);
    change_entry(c, which, buf_str(&mask), buf_str(&folded));
    buf_finish(&mask);
    buf_finish(&folded);
}

void mode_change_list(struct change *c, const struct room_mode *mode)
{
    enum room_list which = (enum room_list)mode->value;
    if (c->param >= c->in->line.n_params) {
        show_list(c, which);
        return;
    }
    unsigned i;
    if (mode_check_power(c, mode->rank) && mode_take_param(c, mode->letter, "", &i)) {
        change_mask(c, mode, c->in->line.params[i], c->in->folded[i]);
    }
}
