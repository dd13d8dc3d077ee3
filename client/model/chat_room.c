/* A room as the client knows it. Main thread; no GTK. */
#include "chat_room.h"

#include "client_limits.h"

struct chat_room *chat_room_create(const char *name)
{
    struct chat_room *room = g_new0(struct chat_room, 1);
    room->name = g_strdup(name);
    room->topic = g_strdup("");
    room->members = maru_member_list_new();
    room->messages = maru_message_list_new(CLIENT_MESSAGES_MAX);
    room->found = g_list_store_new(MARU_TYPE_MESSAGE);
    return room;
}

void chat_room_destroy(struct chat_room *room)
{
    if (room == NULL) {
        return;
    }
    g_free(room->name);
    g_free(room->topic);
    g_clear_object(&room->members);
    g_clear_object(&room->messages);
    g_clear_object(&room->found);
    g_free(room);
}

void chat_room_set_name(struct chat_room *room, const char *name)
{
    char *copy = g_strdup(name);
    g_free(room->name);
    room->name = copy;
}

void chat_room_set_topic(struct chat_room *room, const char *topic)
{
    char *copy = g_strdup(topic);
    g_free(room->topic);
    room->topic = copy;
}
