/*
 * LIST (Modern IRC, "LIST message" and ELIST=CMNTU): rooms by name, or all of them through
 * conditions. Pure; under the core's mutex.
 */
#include "reply.h"

#include "mask.h"

static void add_room(struct core *core, const struct room *room)
{
    reply_numeric(core, RPL_LIST, "%s %llu :%s", room->name.raw,
                  (unsigned long long)room->members.len, room->topic != NULL ? room->topic : "");
}

/* "<5" and ">5": less or more than the number of `unit`s. */
static bool compare(struct str condition, uint64_t value, uint64_t unit)
{
    uint64_t number;
    struct str digits = {condition.p + 1, condition.len - 1};
    if (str_to_u64(digits, &number) != STATUS_OK) {
        return false;
    }
    uint64_t bound = number > UINT64_MAX / unit ? UINT64_MAX : number * unit;
    return condition.p[0] == '<' ? value < bound : value > bound;
}

static bool is_comparison(struct str item)
{
    return item.len > 0 && (item.p[0] == '<' || item.p[0] == '>');
}

static uint64_t age(const struct core *core, uint64_t since_ms)
{
    return core->now_ms > since_ms ? core->now_ms - since_ms : 0;
}

enum { MINUTE_MS = 60000 };

/* All conditions of a folded list hold; of several masks, any. */
static bool fits(struct core *core, const struct room *room, struct str list)
{
    struct str name = name_entry_folded(&room->name);
    bool masked = false;
    bool matched = false;
    while (list.p != NULL) {
        struct str item = str_split(&list, ',');
        struct str tail = item.len > 0 ? (struct str){item.p + 1, item.len - 1} : item;
        core->piece_work++;
        if (item.len == 0) {
            continue;
        }
        bool fit = true;
        if (is_comparison(item)) {
            fit = compare(item, room->members.len, 1);
        } else if (item.p[0] == 'c' && is_comparison(tail)) {
            fit = compare(tail, age(core, room->since_ms), MINUTE_MS);
        } else if (item.p[0] == 't' && is_comparison(tail)) {
            fit = room->topic != NULL && compare(tail, age(core, room->topic_ms), MINUTE_MS);
        } else if (item.p[0] == '!') {
            fit = !mask_match(tail, name);
        } else {
            masked = true;
            matched = matched || mask_match(item, name);
        }
        if (!fit) {
            return false;
        }
    }
    return matched || !masked;
}

static bool list_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    struct str conditions = {walk->text, walk->text_len};
    size_t at = olist_seek(&core->rooms, walk->cursor);
    while (!core_piece_full(core)) {
        const struct room *room = olist_step(&core->rooms, &at);
        if (room == NULL) {
            reply_numeric(core, RPL_LISTEND, ":End of /LIST");
            return true;
        }
        walk->cursor = room->id;
        core->piece_work++;
        /* The lobby is there even when nobody is in it; for a list that is as good as not. */
        if (room->members.len > 0 && room_visible_to(room, viewer) &&
            fits(core, room, conditions)) {
            add_room(core, room);
        }
    }
    return false;
}

/* Whether the folded list names rooms, without wildcards or conditions. */
static bool names_rooms(struct str list)
{
    while (list.p != NULL) {
        struct str item = str_split(&list, ',');
        if (item.len == 0 || item.p[0] != '#' || memchr(item.p, '*', item.len) != NULL ||
            memchr(item.p, '?', item.len) != NULL) {
            return false;
        }
    }
    return true;
}

static void list_named(struct core *core, struct str list, struct str conditions)
{
    for (unsigned n = 0; list.p != NULL; n++) {
        struct str name = str_split(&list, ',');
        if (n == core->settings->targets_max) {
            reply_numeric(core, ERR_TOOMANYTARGETS, STR_FMT " :Too many targets",
                          STR_ARG(reply_word(name)));
            break;
        }
        const struct room *room = room_find(core, name);
        if (room != NULL && room_visible_to(room, core->who->user) &&
            fits(core, room, conditions)) {
            add_room(core, room);
        }
    }
    reply_numeric(core, RPL_LISTEND, ":End of /LIST");
}

void cmd_LIST(struct core *core, const struct input_line *in)
{
    struct str first = in->folded[0];
    struct str second = in->folded[1];
    reply_numeric(core, RPL_LISTSTART, "Channel :Users  Name");
    if (first.len > 0 && names_rooms(first)) {
        list_named(core, first, second);
        return;
    }
    struct buf conditions = {0};
    buf_add_str(&conditions, first);
    if (second.len > 0) {
        buf_add_char(&conditions, ',');
        buf_add_str(&conditions, second);
    }
    walk_begin(core, list_more, &(struct walk){0}, buf_str(&conditions));
    buf_finish(&conditions);
}
