/* NAMES, also at the end of a JOIN (Modern IRC, "NAMES message"). Pure; under the core's mutex. */
#include "reply.h"

static void add_name(const struct core *core, struct buf *line, const struct user *user,
                     const struct room *room)
{
    uint8_t rank = user_membership(user, room)->rank;
    uint32_t caps = core->who->caps;
    if ((rank & RANK_OP) != 0) {
        buf_add_char(line, '@');
    }
    if ((rank & RANK_VOICE) != 0 && ((rank & RANK_OP) == 0 || (caps & CAP_MULTI_PREFIX) != 0)) {
        buf_add_char(line, '+');
    }
    buf_add_cstr(line, (caps & CAP_USERHOST_IN_NAMES) != 0 ? user->mask : user->name.raw);
}

static bool names_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    const struct room *room = room_by_id(core, walk->room);
    if (room != NULL && room_visible_to(room, viewer)) {
        bool inside = user_membership(viewer, room) != NULL || user_is_operator(viewer);
        const struct user *user = olist_next(&room->members, &walk->cursor);
        while (user != NULL) {
            if (core_piece_full(core)) {
                walk->cursor--; /* This one begins the next piece. */
                return false;
            }
            struct buf *line = reply_begin(core, RPL_NAMREPLY);
            buf_printf(line, "%c %s :", room_symbol(room), room->name.raw);
            size_t head = line->len - core->reply_start;
            for (size_t used = head; user != NULL;
                 user = olist_next(&room->members, &walk->cursor)) {
                size_t need = strlen(user->mask) + 3;
                if (used > head && used + need > CORE_LINE_MAX) {
                    break;
                }
                if (!inside && (user->umodes & UMODE_INVISIBLE) != 0) {
                    continue;
                }
                if (used > head) {
                    buf_add_char(line, ' ');
                }
                add_name(core, line, user, room);
                used = line->len - core->reply_start;
            }
            reply_end(core);
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
               str_cut_utf8(name, 100));
}
