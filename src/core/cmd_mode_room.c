/*
 * MODE of rooms: o v b e I k l i m n t s (Modern IRC, "MODE message", "Channel Modes"). Pure; under
 * the core's mutex. What really changes is announced in one line, or in several where one is too
 * short.
 */
#include "reply.h"

#include "mask.h"

#include <stdlib.h>

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

/* One command on its way through the letters. */
struct change {
    struct core *core;
    struct room *room;
    const struct input_line *in;
    bool on;
    bool from_outside; /* the power is that of a server operator; known before it takes its own */
    bool lasting;      /* what has changed is of the room, not of its members */
    bool powerless;    /* 482 was said; nothing is changed any more */
    unsigned param;    /* the next parameter */
    unsigned n_params_used;
    unsigned listed;     /* bits of lists that were shown */
    uint64_t unknown[2]; /* ASCII letters that 472 was said about */
    bool unknown_other;  /* … and of others */
    struct buf letters;  /* "+o-v", what has changed */
    struct buf params;   /* "철수 영희" */
    char sign;           /* the last one in `letters` */
};

static void announce(struct change *c)
{
    if (c->letters.len == 0) {
        return;
    }
    const struct user *user = c->core->who->user;
    if (c->from_outside) {
        core_log(c->core, LOG_OPERATOR, c->core->who->id,
                 "%s changed modes of %s as server operator: " STR_FMT STR_FMT, user_mask(user),
                 c->room->name.raw, STR_ARG(buf_str(&c->letters)), STR_ARG(buf_str(&c->params)));
    }
    struct buf *line = cast_from_user(c->core, user);
    buf_printf(line, "MODE %s ", c->room->name.raw);
    buf_add_str(line, buf_str(&c->letters));
    buf_add_str(line, buf_str(&c->params));
    cast_room(c->core, c->room, RECORD_MODE);
    buf_clear(&c->letters);
    buf_clear(&c->params);
    c->sign = '\0';
}

static void changed(struct change *c, char letter, struct str param)
{
    size_t head =
        strlen(user_mask(c->core->who->user)) + room_name(c->room).len + sizeof(": MODE  ");
    size_t more = 2 + (param.len > 0 ? param.len + 1 : 0);
    if (head + c->letters.len + c->params.len + more > CORE_LINE_MAX) {
        announce(c);
    }
    c->lasting = c->lasting || (letter != 'o' && letter != 'v');
    char sign = c->on ? '+' : '-';
    if (c->sign != sign) {
        buf_add_char(&c->letters, sign);
        c->sign = sign;
    }
    buf_add_char(&c->letters, letter);
    if (param.len > 0) {
        buf_add_char(&c->params, ' ');
        buf_add_str(&c->params, param);
    }
}

static bool check_power(struct change *c)
{
    if (c->powerless) {
        return false;
    }
    c->powerless = !room_is_run_by(c->room, c->core->who->user);
    if (c->powerless) {
        reply_need_op(c->core, c->room);
    }
    return !c->powerless;
}

static void invalid(struct change *c, char letter, struct str param, const char *why)
{
    reply_numeric(c->core, ERR_INVALIDMODEPARAM, "%s %c " STR_FMT " :%s", c->room->name.raw, letter,
                  STR_ARG(reply_word(param)), why);
}

/* Takes the next parameter's index; false, and answered, where there is none. */
static bool take_param(struct change *c, char letter, const char *missing, unsigned *ret_index)
{
    if (c->param >= c->in->line.n_params) {
        invalid(c, letter, (struct str){0}, missing);
        return false;
    }
    *ret_index = c->param++;
    /* What is over the number that 005 tells is left out (RFC 2812 section 3.2.3). */
    return c->n_params_used++ < c->core->settings->modes_per_command;
}

static void change_rank(struct change *c, char letter, uint8_t bit)
{
    unsigned i;
    if (!check_power(c) || !take_param(c, letter, "This mode needs a nickname", &i)) {
        return;
    }
    struct user *target = user_find(c->core, c->in->folded[i]);
    if (target == NULL) {
        reply_no_such_nick(c->core, c->in->line.params[i]);
        return;
    }
    const struct membership *membership = user_membership(target, c->room);
    if (membership == NULL) {
        reply_numeric(c->core, ERR_USERNOTINCHANNEL, "%s %s :They aren't on that channel",
                      target->name.raw, c->room->name.raw);
        return;
    }
    uint8_t rank = membership->rank;
    rank = c->on ? rank | bit : rank & (uint8_t)~bit;
    if (rank != membership->rank) {
        room_set_rank(c->core, c->room, target, rank);
        changed(c, letter, user_nick(target));
    }
}

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
            changed(c, lists[which].letter, str_from(entry->mask));
            room_list_remove(room, which, id);
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
    room_list_add(c->core, room, which, mask, folded, user_nick(c->core->who->user));
    changed(c, lists[which].letter, mask);
}

static void change_list(struct change *c, enum room_list which)
{
    if (c->param >= c->in->line.n_params) {
        show_list(c, which);
        return;
    }
    unsigned i;
    if (!check_power(c) || !take_param(c, lists[which].letter, "", &i)) {
        return;
    }
    struct str raw = c->in->line.params[i];
    /* Nothing would be completed to everybody: a slip that must not empty the room. */
    if (raw.len == 0 || (unsigned char)raw.p[0] <= ' ') {
        invalid(c, lists[which].letter, raw, "This mode needs a mask such as nick!user@host");
        return;
    }
    struct buf mask = {0};
    struct buf folded = {0};
    mask_normalise(raw, &mask);
    mask_normalise(c->in->folded[i], &folded);
    change_entry(c, which, buf_str(&mask), buf_str(&folded));
    buf_finish(&mask);
    buf_finish(&folded);
}

/* What JOIN can give again: one word, no comma. */
static bool is_valid_key(struct str key, size_t max)
{
    if (key.len == 0 || key.len > max || key.p[0] == ':') {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        unsigned char byte = (unsigned char)key.p[i];
        if (byte <= ' ' || byte == 0x7F || byte == ',') {
            return false;
        }
    }
    return true;
}

static void change_key(struct change *c)
{
    struct room *room = c->room;
    unsigned i;
    if (!check_power(c)) {
        return;
    }
    if (!c->on) {
        /* The key itself may be given, and need not be right. */
        if (c->param < c->in->line.n_params) {
            c->param++;
            c->n_params_used++;
        }
        if (room->key != NULL) {
            free(room->key);
            room->key = NULL;
            changed(c, 'k', STR("*"));
        }
        return;
    }
    if (!take_param(c, 'k', "This mode needs a key", &i)) {
        return;
    }
    struct str key = c->in->line.params[i];
    if (!is_valid_key(key, c->core->settings->key_len)) {
        invalid(c, 'k', STR("*"), "A key is one word without commas, and not too long");
    } else if (!str_eq(str_from(room->key), key)) {
        free(room->key);
        room->key = str_dup(key);
        changed(c, 'k', key);
    }
}

static void change_limit(struct change *c)
{
    struct room *room = c->room;
    unsigned i;
    if (!check_power(c)) {
        return;
    }
    if (!c->on) {
        if (room->limit > 0) {
            room->limit = 0;
            changed(c, 'l', (struct str){0});
        }
        return;
    }
    if (!take_param(c, 'l', "This mode needs a number", &i)) {
        return;
    }
    uint64_t limit;
    if (str_to_u64(c->in->line.params[i], &limit) != STATUS_OK || limit == 0 ||
        limit > CORE_ROOM_LIMIT_MAX) {
        invalid(c, 'l', c->in->line.params[i], "The limit is a number of members, 1 to 1000000");
    } else if (limit != room->limit) {
        room->limit = (unsigned)limit;
        struct buf number = {0};
        buf_add_u64(&number, limit);
        changed(c, 'l', buf_str(&number));
        buf_finish(&number);
    }
}

static void change_flag(struct change *c, char letter, uint8_t flag)
{
    if (!check_power(c)) {
        return;
    }
    uint8_t modes = c->on ? c->room->modes | flag : c->room->modes & (uint8_t)~flag;
    if (modes != c->room->modes) {
        c->room->modes = modes;
        changed(c, letter, (struct str){0});
    }
}

/* Once for each letter, so that a long line of nonsense has a short answer. */
static void unknown_mode(struct change *c, struct str letter)
{
    unsigned char byte = (unsigned char)letter.p[0];
    if (byte < 128) {
        uint64_t bit = 1ull << byte % 64;
        if ((c->unknown[byte / 64] & bit) != 0) {
            return;
        }
        c->unknown[byte / 64] |= bit;
    } else if (c->unknown_other) {
        return;
    } else {
        c->unknown_other = true;
    }
    reply_numeric(c->core, ERR_UNKNOWNMODE, STR_FMT " :is unknown mode char to me",
                  STR_ARG(reply_word(letter)));
}

static void change_one(struct change *c, struct str letter)
{
    switch (letter.p[0]) {
    case 'o':
        change_rank(c, 'o', RANK_OP);
        break;
    case 'v':
        change_rank(c, 'v', RANK_VOICE);
        break;
    case 'b':
        change_list(c, ROOM_BANS);
        break;
    case 'e':
        change_list(c, ROOM_EXCEPTS);
        break;
    case 'I':
        change_list(c, ROOM_INVEXES);
        break;
    case 'k':
        change_key(c);
        break;
    case 'l':
        change_limit(c);
        break;
    case 'i':
        change_flag(c, 'i', RMODE_INVITE_ONLY);
        break;
    case 'm':
        change_flag(c, 'm', RMODE_MODERATED);
        break;
    case 'n':
        change_flag(c, 'n', RMODE_NO_EXTERNAL);
        break;
    case 's':
        change_flag(c, 's', RMODE_SECRET);
        break;
    case 't':
        change_flag(c, 't', RMODE_TOPIC_LOCK);
        break;
    default:
        unknown_mode(c, letter);
        break;
    }
}

static void show_modes(struct core *core, const struct room *room)
{
    struct buf *line = reply_begin(core, RPL_CHANNELMODEIS);
    buf_printf(line, "%s ", room->name.raw);
    room_add_modes(room, core->who->user, line);
    reply_end(core);
    reply_numeric(core, RPL_CREATIONTIME, "%s %llu", room->name.raw,
                  (unsigned long long)room->since_ms / 1000);
}

/* The character at the beginning, of one byte or a whole sequence. */
static struct str first_character(struct str s)
{
    size_t len = 1;
    while (len < s.len && ((unsigned char)s.p[len] & 0xC0) == 0x80) {
        len++;
    }
    return (struct str){s.p, len};
}

void mode_room(struct core *core, struct room *room, const struct input_line *in)
{
    if (in->line.n_params == 1) {
        show_modes(core, room);
        return;
    }
    struct change c = {.core = core, .room = room, .in = in, .on = true, .param = 2};
    const struct membership *membership = user_membership(core->who->user, room);
    c.from_outside = membership == NULL || (membership->rank & RANK_OP) == 0;
    struct str rest = in->line.params[1];
    while (rest.len > 0) {
        struct str letter = first_character(rest);
        rest.p += letter.len;
        rest.len -= letter.len;
        if (letter.p[0] == '+' || letter.p[0] == '-') {
            c.on = letter.p[0] == '+';
        } else {
            change_one(&c, letter);
        }
    }
    announce(&c);
    if (c.lasting) {
        room_changed(core, room);
    }
    buf_finish(&c.letters);
    buf_finish(&c.params);
}
