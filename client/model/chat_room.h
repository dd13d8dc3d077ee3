/* A room as the client knows it: its name, topic, members and messages. Main thread; no GTK. */
#ifndef MARU_CHAT_ROOM_H
#define MARU_CHAT_ROOM_H

#include "member_list.h"
#include "message_list.h"

struct chat_room {
    char *name;  /* as the server spells it; owned */
    char *topic; /* owned; "" where there is none */
    bool joined;
    MaruMemberList *members;
    MaruMessageList *messages;
    GListStore *found; /* MaruMessage: the results of a search, the newest first */
};

struct chat_room *chat_room_create(const char *name);
void chat_room_destroy(struct chat_room *room);

void chat_room_set_name(struct chat_room *room, const char *name);
void chat_room_set_topic(struct chat_room *room, const char *topic);

#endif
