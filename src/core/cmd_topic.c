/* TOPIC (Modern IRC, "TOPIC message"). Pure; under the core's mutex. */
#include "reply.h"

#include <stdlib.h>

static void show_topic(struct core *core, const struct room *room)
{
    if (room->topic == NULL) {
        reply_numeric(core, RPL_NOTOPIC, "%s :No topic is set", room->name.raw);
        return;
    }
    reply_numeric(core, RPL_TOPIC, "%s :%s", room->name.raw, room->topic);
    reply_numeric(core, RPL_TOPICWHOTIME, "%s %s %llu", room->name.raw, room->topic_by,
                  (unsigned long long)room->topic_ms / 1000);
}

static void set_topic(struct core *core, struct room *room, struct str topic)
{
    const struct user *user = core->who->user;
    free(room->topic);
    free(room->topic_by);
    room->topic = topic.len > 0 ? str_dup(topic) : NULL;
    room->topic_by = topic.len > 0 ? str_dup(user_nick(user)) : NULL;
    room->topic_ms = core->now_ms;
    buf_printf(cast_from_user(core, user), "TOPIC %s :" STR_FMT, room->name.raw, STR_ARG(topic));
    cast_room(core, room, RECORD_TOPIC);
    room_changed(core, room);
}

void cmd_TOPIC(struct core *core, const struct input_line *in)
{
    const struct user *user = core->who->user;
    struct room *room = room_find(core, in->folded[0]);
    if (room == NULL || !room_visible_to(room, user)) {
        reply_no_such_channel(core, in->line.params[0]);
        return;
    }
    if (in->line.n_params == 1) {
        show_topic(core, room);
        return;
    }
    if (user_membership(user, room) == NULL && !user_is_operator(user)) {
        reply_not_on_channel(core, room_name(room));
        return;
    }
    if ((room->modes & RMODE_TOPIC_LOCK) != 0 && !room_allows(room, user, RANK_HALFOP)) {
        reply_need_op(core, room);
        return;
    }
    struct str topic = str_cut_utf8(in->line.params[1], core->settings->topic_len);
    if (!str_eq(topic, str_from(room->topic))) {
        set_topic(core, room, topic);
    }
}
