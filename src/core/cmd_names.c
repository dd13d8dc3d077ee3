/* NAMES, also at the end of a JOIN (Modern IRC, "NAMES message"). Pure; under the core's mutex. */
#include "names_cache.h"
#include "reply.h"

/* All signs, and the space before. */
enum { NAMES_EXTRA = sizeof(ROOM_RANK_SIGNS) };

static unsigned form_of(cap_set caps)
{
    return ((caps & CAP_MULTI_PREFIX) != 0 ? NAMES_ALL_PREFIXES : 0) |
           ((caps & CAP_USERHOST_IN_NAMES) != 0 ? NAMES_MASKS : 0);
}

static struct buf *begin_line(struct core *core, const struct room *room)
{
    struct buf *line = reply_begin(core, RPL_NAMREPLY);
    buf_add_char(line, room_symbol(room));
    buf_add_char(line, ' ');
    buf_add_str(line, room_name(room));
    buf_add(line, " :", 2);
    return line;
}

/* Lines of the members behind *cursor up to the one with id `until`, or until the piece is full;
 * false where some are left. */
static bool add_lines(struct core *core, const struct room *room, bool inside, uint64_t *cursor,
                      uint64_t until)
{
    const struct user *viewer = core->who->user;
    bool all = room_shows_all(room, viewer);
    const struct olist *members = &room->members;
    unsigned form = form_of(core->who->caps);
    struct buf *line = NULL;
    size_t head = 0;
    bool complete = false;
    size_t at = olist_seek(members, *cursor);
    while (core->piece_work < CORE_PIECE_WORK) {
        const struct user *user = olist_step(members, &at);
        const struct membership *membership = user != NULL ? user_membership(user, room) : NULL;
        if (membership == NULL || membership->since_seq > until) {
            complete = true;
            break;
        }
        core->piece_work++;
        if ((!inside && (user->umodes & UMODE_INVISIBLE) != 0) || (!all && membership->rank == 0)) {
            *cursor = membership->since_seq;
            continue;
        }
        size_t name_len = (form & NAMES_MASKS) != 0 ? user_mask_str(user).len : user_nick(user).len;
        if (line != NULL &&
            line->len - core->reply_start + name_len + NAMES_EXTRA > CORE_LINE_MAX) {
            reply_end(core);
            line = NULL;
        }
        if (line == NULL) {
            if (core_piece_full(core)) {
                return false; /* This one begins the next piece. */
            }
            line = begin_line(core, room);
            head = line->len;
        }
        if (line->len > head) {
            buf_add_char(line, ' ');
        }
        names_add(line, user, membership->rank, form);
        *cursor = membership->since_seq;
    }
    if (line != NULL) {
        reply_end(core);
    }
    return complete;
}

/* The same of all members behind *cursor for one of them, with what is kept of it. */
static bool add_kept_lines(struct core *core, struct room *room, uint64_t *cursor)
{
    unsigned form = form_of(core->who->caps);
    while (!core_piece_full(core)) {
        struct names_piece piece;
        enum names_source source = names_cache_next(core, room, form, *cursor, &piece);
        if (source == NAMES_COMPLETE) {
            return true;
        }
        if (source == NAMES_READY) {
            struct buf *line = begin_line(core, room);
            core->piece_work++;
            if (line->len - core->reply_start + piece.names.len <= CORE_LINE_MAX) {
                buf_add_str(line, piece.names);
                reply_end(core);
                *cursor = piece.last;
                continue;
            }
            /* Its own nickname is longer than is permitted today. */
            line->len = core->reply_start;
        }
        if (!add_lines(core, room, true, cursor, piece.last)) {
            return false;
        }
    }
    return false;
}

static bool names_more(struct core *core, struct walk *walk)
{
    const struct user *viewer = core->who->user;
    struct room *room = room_by_id(core, walk->room);
    if (room != NULL && room_visible_to(room, viewer)) {
        bool inside = user_membership(viewer, room) != NULL || user_is_operator(viewer);
        /* What is kept is what those read who see everybody. */
        bool complete = inside && room_shows_all(room, viewer)
                            ? add_kept_lines(core, room, &walk->cursor)
                            : add_lines(core, room, inside, &walk->cursor, UINT64_MAX);
        if (!complete) {
            return false;
        }
    }
    reply_numeric(core, RPL_ENDOFNAMES, "%s :End of /NAMES list", walk->text);
    return true;
}

void names_begin(struct core *core, struct room *room)
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
