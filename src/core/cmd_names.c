/* NAMES, also at the end of a JOIN (Modern IRC, "NAMES message"). Pure; under the core's mutex. */
#include "reply.h"

static void add_name(const struct core *core, struct buf *line, const struct user *user,
                     const struct room *room)
{
    uint32_t caps = core->who->caps;
    room_add_prefix(user_membership(user, room)->rank, (caps & CAP_MULTI_PREFIX) != 0, line);
    buf_add_cstr(line, (caps & CAP_USERHOST_IN_NAMES) != 0 ? user->mask : user->name.raw);
}

/* Lines until the piece is full; false where members are left. */
static bool add_lines(struct core *core, const struct room *room, bool inside, uint64_t *cursor)
{
    struct buf *line = NULL;
    size_t head = 0;
    bool complete = false;
    while (core->piece_work < CORE_PIECE_WORK) {
        uint64_t before = *cursor;
        const struct user *user = olist_next(&room->members, cursor);
        if (user == NULL) {
            complete = true;
            break;
        }
        core->piece_work++;
        if (!inside && (user->umodes & UMODE_INVISIBLE) != 0) {
            continue;
        }
        if (line != NULL &&
            line->len - core->reply_start + strlen(user->mask) + 3 > CORE_LINE_MAX) {
            reply_end(core);
            line = NULL;
        }
        if (line == NULL) {
            if (core_piece_full(core)) {
                *cursor = before; /* This one begins the next piece. */
                return false;
            }
            line = reply_begin(core, RPL_NAMREPLY);
            buf_printf(line, "%c %s :", room_symbol(room), room->name.raw);
            head = line->len;
        }
        if (line->len > head) {
            buf_add_char(line, ' ');
        }
        add_name(core, line, user, room);
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
