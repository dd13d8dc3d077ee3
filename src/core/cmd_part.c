/* PART (Modern IRC, "PART message"). Pure; under the core's mutex. */
#include "reply.h"

void part_room(struct core *core, struct room *room, struct str reason)
{
    struct buf *line = cast_from_user(core, core->who->user);
    buf_printf(line, "PART %s", room->name.raw);
    if (reason.len > 0) {
        buf_printf(line, " :" STR_FMT, STR_ARG(str_cut_utf8(reason, core->settings->kick_len)));
    }
    cast_room_of(core, room, RECORD_PART, core->who->user);
    room_remove(core, room, core->who->user);
}

void cmd_PART(struct core *core, const struct input_line *in)
{
    struct str raw = in->line.params[0];
    struct str folded = in->folded[0];
    while (raw.p != NULL) {
        struct str name = str_split(&raw, ',');
        struct room *room = room_find(core, str_split(&folded, ','));
        if (room == NULL) {
            reply_no_such_channel(core, name);
        } else if (user_membership(core->who->user, room) == NULL) {
            reply_not_on_channel(core, name);
        } else {
            part_room(core, room, line_param(&in->line, 1));
        }
    }
}
