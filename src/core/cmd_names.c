/* NAMES, also at the end of a JOIN (Modern IRC, "NAMES message"). Pure; under the core's mutex. */
#include "reply.h"

/* A prefix of two signs, and the space before. */
enum { NAMES_EXTRA = 3 };

static struct str shown_name(const struct core *core, const struct user *user)
{
    return (core->who->caps & CAP_USERHOST_IN_NAMES) != 0 ? user_mask_str(user) : user_nick(user);
}

/* Lines until the piece is full; false where members are left. */
static bool add_lines(struct core *core, const struct room *room, bool inside, uint64_t *cursor)
{
    const struct olist *members = &room->members;
    bool all_prefixes = (core->who->caps & CAP_MULTI_PREFIX) != 0;
    struct buf *line = NULL;
    size_t head = 0;
    bool complete = false;
    size_t at = olist_seek(members, *cursor);
    while (core->piece_work < CORE_PIECE_WORK) {
        const struct user *user = olist_step(members, &at);
        if (user == NULL) {
            complete = true;
            break;
        }
        core->piece_work++;
        const struct membership *membership = user_membership(user, room);
        if (!inside && (user->umodes & UMODE_INVISIBLE) != 0) {
            *cursor = membership->since_seq;
            continue;
        }
        struct str name = shown_name(core, user);
        if (line != NULL &&
            line->len - core->reply_start + name.len + NAMES_EXTRA > CORE_LINE_MAX) {
            reply_end(core);
            line = NULL;
        }
        if (line == NULL) {
            if (core_piece_full(core)) {
                return false; /* This one begins the next piece. */
            }
            line = reply_begin(core, RPL_NAMREPLY);
            buf_printf(line, "%c %s :", room_symbol(room), room->name.raw);
            head = line->len;
        }
        if (line->len > head) {
            buf_add_char(line, ' ');
        }
        room_add_prefix(membership->rank, all_prefixes, line);
        buf_add_str(line, name);
        *cursor = membership->since_seq;
    }
    if (line != NULL) {
        reply_end(core);
    }
    return complete;
}

static bool names_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    const struct room *room = room_by_id(core, walk->room);
    if (room != NULL && room_visible_to(room, viewer)) {
        bool inside = user_membership(viewer, room) != NULL || user_is_operator(viewer);
        if (!add_lines(core, room, inside, &walk->cursor)) {
            return false;
        }
    }
    reply_numeric(core, RPL_ENDOFNAMES, "%s :End of /NAMES list", walk->text);
    return true;
}

void names_begin(struct core *core, const struct room *room)
{
    walk_begin(core, names_more, &(struct walk){.room = room->id}, room_name(room));
}

void cmd_NAMES(struct core *core, const struct input_line *in)
{
    struct str raw = line_param(&in->line, 0);
    struct str folded = in->folded[0];
    if (raw.len == 0) {
        reply_numeric(core, RPL_ENDOFNAMES, "* :End of /NAMES list");
        return;
    }
    /* One room a command, as TARGMAX says. */
    struct str name = str_split(&raw, ',');
    const struct room *room = room_find(core, str_split(&folded, ','));
    walk_begin(core, names_more, &(struct walk){.room = room != NULL ? room->id : 0},
               reply_word(name));
}
