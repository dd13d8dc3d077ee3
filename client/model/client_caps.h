/* The IRCv3 capabilities that the client asks for. Pure; any thread. */
#ifndef MARU_CLIENT_CAPS_H
#define MARU_CLIENT_CAPS_H

#include "str.h"

enum client_cap {
    CLIENT_CAP_MESSAGE_TAGS = 1 << 0,
    CLIENT_CAP_SERVER_TIME = 1 << 1,
    CLIENT_CAP_ECHO_MESSAGE = 1 << 2,
    CLIENT_CAP_BATCH = 1 << 3,
    CLIENT_CAP_LABELED_RESPONSE = 1 << 4,
    CLIENT_CAP_MULTI_PREFIX = 1 << 5,
    CLIENT_CAP_USERHOST_IN_NAMES = 1 << 6,
    CLIENT_CAP_EXTENDED_JOIN = 1 << 7,
    CLIENT_CAP_AWAY_NOTIFY = 1 << 8,
    CLIENT_CAP_SETNAME = 1 << 9,
    CLIENT_CAP_INVITE_NOTIFY = 1 << 10,
    CLIENT_CAP_CAP_NOTIFY = 1 << 11,
    CLIENT_CAP_STANDARD_REPLIES = 1 << 12,
    CLIENT_CAP_HISTORY = 1 << 13,
    CLIENT_CAP_REDACTION = 1 << 14,
    CLIENT_CAP_SEARCH = 1 << 15,
};

/* The bit of a capability's name, or 0 for one that the client does not use. */
unsigned client_cap_bit(struct str name);

/* The name of one bit; NULL for none. */
const char *client_cap_name(unsigned bit);

#endif
