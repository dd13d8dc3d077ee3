/* The bounds of a session beside those that are settings. */
#ifndef MARU_SESSION_LIMITS_H
#define MARU_SESSION_LIMITS_H

enum {
    PEER_TAGS_MAX = 4096,  /* '@', client tags and the space (IRCv3 message-tags, "Size limit") */
    PEER_BODY_MAX = 510,   /* the rest without CR LF (Modern IRC) */
    PEER_LINE_MAX = PEER_TAGS_MAX + PEER_BODY_MAX,
    PEER_PASSWORD_MAX = 300,
    PEER_NAMES_MAX = 64,   /* names in one list; a line holds no more that are of use */
    PEER_SKIP_MAX = 65536, /* bytes of one over-long line that are passed over before it is closed */
    PEER_SIGNUP_LINES_MAX = 100, /* lines before registration */
};

#endif
