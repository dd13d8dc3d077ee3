/*
 * What a server said of itself in 005 (ISUPPORT), as far as the client uses it, and the comparison
 * of names that follows from it. Pure; any thread. Modern IRC "RPL_ISUPPORT Parameters".
 */
#ifndef MARU_SERVER_FEATURES_H
#define MARU_SERVER_FEATURES_H

#include "line.h"
#include "str.h"

enum server_casemapping { CASEMAPPING_ASCII, CASEMAPPING_RFC1459, CASEMAPPING_UNICODE };

enum {
    SERVER_PREFIXES_MAX = 8, /* ranks of members; further ones are ignored */
    SERVER_MODES_MAX = 64,
};

struct server_features {
    char prefix_modes[SERVER_PREFIXES_MAX + 1];   /* "ov", highest rank first */
    char prefix_symbols[SERVER_PREFIXES_MAX + 1]; /* "@+" */
    char list_modes[SERVER_MODES_MAX + 1];        /* CHANMODES type A: always a parameter */
    char param_modes[SERVER_MODES_MAX + 1];       /* type B: always a parameter */
    char set_param_modes[SERVER_MODES_MAX + 1];   /* type C: a parameter when set */
    char room_types[9];                           /* "#&" */
    char status_targets[SERVER_PREFIXES_MAX + 1]; /* STATUSMSG */
    enum server_casemapping casemapping;
    bool unicode_names; /* UTF8MAPPING was said */
    unsigned wire_max;  /* LINELEN, or 512 */
    unsigned page_max;  /* CHATHISTORY: messages in one answer; 0 is no limit */
    bool by_time_only;  /* MSGREFTYPES without msgid */
    char *network;      /* may be NULL; owned */
    char *lobby;        /* maru.chat/LOBBY; may be NULL; owned */
};

/* What holds until the server says otherwise. */
void server_features_init(struct server_features *features);
void server_features_finish(struct server_features *features);

/* Takes in one line 005. */
void server_features_add(struct server_features *features, const struct line *line);

/* The form under which names are compared; freed with g_free. */
char *server_features_fold(const struct server_features *features, struct str name);
bool server_features_same(const struct server_features *features, struct str a, struct str b);

bool server_features_is_room(const struct server_features *features, struct str target);

#endif
