/* WHO (Modern IRC, "WHO message"). Pure; under the core's mutex. */
#include "reply.h"

#include "mask.h"
#include "whox.h"

enum { WHO_OPERATORS = 1 };

/* A room to show beside a user whom no room was named for: one that both are in, or one that
 * anybody may see; NULL where there is none. */
static const struct room *any_room(const struct user *user, const struct user *viewer)
{
    const struct room *shown = NULL;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        const struct room *room = user->rooms[i].room;
        if (!room_shows(room, user, &user->rooms[i], viewer) && !room_shows_all(room, viewer)) {
            continue;
        }
        if (user_membership(viewer, room) != NULL) {
            return room;
        }
        bool hidden = (room->modes & RMODE_SECRET) != 0 || (user->umodes & UMODE_INVISIBLE) != 0;
        if (shown == NULL && (!hidden || user_is_operator(viewer))) {
            shown = room;
        }
    }
    return shown;
}

/* Here or gone, operator, what it is in the room. */
static void add_flags(const struct core *core, const struct user *user, const struct room *room,
                      struct buf *out)
{
    buf_add_char(out, user_away(user) != NULL ? 'G' : 'H');
    if (user_is_operator(user)) {
        buf_add_char(out, '*');
    }
    if ((user->umodes & UMODE_BOT) != 0) {
        buf_add_char(out, 'B');
    }
    if (room != NULL) {
        room_add_prefix(user_membership(user, room)->rank,
                        (core->who->caps & CAP_MULTI_PREFIX) != 0, out);
    }
}

static void add_user(struct core *core, const struct whox *whox, const struct user *user,
                     const struct room *room)
{
    struct buf flags = {0};
    add_flags(core, user, room, &flags);
    if (whox->fields != 0) {
        whox_add_user(core, whox, user, room, buf_str(&flags));
    } else {
        reply_numeric(core, RPL_WHOREPLY, "%s " STR_FMT " " STR_FMT " %s %s " STR_FMT " :0 %s",
                      room != NULL ? room->name.raw : "*", STR_ARG(user_ident(user)),
                      STR_ARG(user_host(user)), core->settings->server_name, user->name.raw,
                      STR_ARG(buf_str(&flags)), user_realname(user));
    }
    buf_finish(&flags);
}

/* Beside its text a walk keeps only numbers. */
static void keep_whox(struct walk *walk, const struct whox *whox)
{
    walk->number[0] = whox->fields;
    memcpy(&walk->number[1], whox->token, sizeof(whox->token));
}

static struct whox whox_of(const struct walk *walk)
{
    struct whox whox = {.fields = walk->number[0]};
    memcpy(whox.token, &walk->number[1], sizeof(whox.token));
    return whox;
}

/* The walk's text is the mask as it was given, a NUL, and the folded mask. */
static bool end(struct core *core, const struct walk *walk)
{
    reply_numeric(core, RPL_ENDOFWHO, "%s :End of WHO list", walk->text);
    return true;
}

static bool who_room_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    const struct room *room = room_by_id(core, walk->room);
    if (room == NULL || !room_visible_to(room, viewer)) {
        return end(core, walk);
    }
    bool inside = user_membership(viewer, room) != NULL || user_is_operator(viewer);
    bool all = room_shows_all(room, viewer);
    const struct user *last = NULL;
    const struct whox whox = whox_of(walk);
    size_t at = olist_seek(&room->members, walk->cursor);
    while (!core_piece_full(core)) {
        const struct user *user = olist_step(&room->members, &at);
        if (user == NULL) {
            return end(core, walk);
        }
        last = user;
        core->piece_work++;
        bool wanted = (walk->flags & WHO_OPERATORS) == 0 || user_is_operator(user);
        bool shown = all || room_shows(room, user, user_membership(user, room), viewer);
        if (wanted && shown && (inside || (user->umodes & UMODE_INVISIBLE) == 0)) {
            add_user(core, &whox, user, room);
        }
    }
    if (last != NULL) {
        walk->cursor = user_membership(last, room)->since_seq;
    }
    return false;
}

/* A mask with '!' or '@' is one of nick!user@host; another is of a nickname or a host. */
static bool fits(const struct user *user, struct str mask)
{
    struct str whole = str_from(user_mask_folded(user));
    if (mask.len == 0) {
        return true;
    }
    if (memchr(mask.p, '!', mask.len) != NULL || memchr(mask.p, '@', mask.len) != NULL) {
        return mask_match(mask, whole);
    }
    const char *at = memrchr(whole.p, '@', whole.len);
    return mask_match(mask, name_entry_folded(&user->name)) || mask_match(mask, str_from(at + 1));
}

static bool who_all_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    const struct whox whox = whox_of(walk);
    size_t raw_len = strlen(walk->text);
    struct str mask = {walk->text + raw_len + 1, walk->text_len - raw_len - 1};
    size_t at = olist_seek(&core->users, walk->cursor);
    while (!core_piece_full(core)) {
        const struct user *user = olist_step(&core->users, &at);
        if (user == NULL) {
            return end(core, walk);
        }
        walk->cursor = user->id;
        /* Looking for a room in common takes the product of both numbers of rooms. */
        core->piece_work += 1 + (size_t)user->n_rooms * viewer->n_rooms / 16;
        bool wanted = (walk->flags & WHO_OPERATORS) == 0 || user_is_operator(user);
        if (wanted && fits(user, mask) && user_visible_to(user, viewer)) {
            add_user(core, &whox, user, any_room(user, viewer));
        }
    }
    return false;
}

void cmd_WHO(struct core *core, const struct input_line *in)
{
    struct str raw = line_param(&in->line, 0);
    struct str folded = in->folded[0];
    struct walk start = {0};
    struct str wanted = line_param(&in->line, 1);
    const struct whox whox = whox_parse(wanted);
    keep_whox(&start, &whox);
    wanted = str_split(&wanted, '%');
    if (str_eq(wanted, STR("o"))) {
        start.flags = WHO_OPERATORS;
    }
    struct buf text = {0};
    buf_add_str(&text, reply_word(raw));
    buf_add_char(&text, '\0');
    const struct user *exact = user_find(core, folded);
    if (folded.len > 0 && folded.p[0] == '#') {
        const struct room *room = room_find(core, folded);
        start.room = room != NULL ? room->id : 0;
        walk_begin(core, who_room_more, &start, buf_str(&text));
    } else if (exact != NULL) {
        if (start.flags == 0 || user_is_operator(exact)) {
            add_user(core, &whox, exact, any_room(exact, core->who->user));
        }
        reply_numeric(core, RPL_ENDOFWHO, STR_FMT " :End of WHO list", STR_ARG(reply_word(raw)));
    } else {
        /* "0" and "*" are everybody (RFC 2812 section 3.6.1). */
        if (!str_eq(folded, STR("0")) && !str_eq(folded, STR("*"))) {
            buf_add_str(&text, folded);
        }
        walk_begin(core, who_all_more, &start, buf_str(&text));
    }
    buf_finish(&text);
}
