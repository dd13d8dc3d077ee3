/* The bounds of a session beside those that are settings. */
#ifndef MARU_SESSION_LIMITS_H
#define MARU_SESSION_LIMITS_H

enum {
    PEER_TAGS_MAX = 4096, /* '@', client tags and the space (IRCv3 message-tags, "Size limit") */
    PEER_BODY_MAX = 510,  /* the rest without CR LF (Modern IRC) */
    PEER_LINE_MAX = PEER_TAGS_MAX + PEER_BODY_MAX,
    PEER_PASSWORD_MAX = 300,
    PEER_CAPS_MIN = 100,      /* bytes of capabilities in one line, however long the names around */
    PEER_NAMES_MAX = 64,      /* names in one list; a line holds no more that are of use */
    PEER_BATCHED_COST = 2,    /* tenths of a message: what one line of several costs */
    PEER_JOIN_REBATE = 4,     /* a further room in one JOIN costs this part of the first */
    PEER_ENROLMENTS_MAX = 10, /* REGISTER before registration: each may cost an Argon2id */
    PEER_SIGNUP_LINES_MAX = 100, /* lines before registration */
    PEER_LOGIN_FAILURES_MAX = 5, /* … and logins that fail; then it is closed */
    PEER_WORK_MS_MAX = 60000,    /* an answer about a password may take so long before then */
};

/* SASL. */
enum {
    SASL_PIECE_BYTES = 400,  /* of base64 in one line (IRCv3 SASL 3.1) */
    SASL_MESSAGE_MAX = 4000, /* of base64 in one message */
    SASL_NAME_MAX = 255,
    SCRAM_NONCE_BYTES = 18, /* of chance in ours */
    SCRAM_NONCE_MAX = 256,  /* of the client's */
};

/* The classic protocol: sizes in bytes, times in milliseconds. */
enum {
    /* Client to server. */
    CLASSIC_SILENCE_MS = 50, /* a nickname or a text ends after this long without a byte */
    /* Where the bytes so far end inside a character or inside the next prefix, what follows is on
     * its way (a lost segment is sent again after 200 ms or more): wait this long instead. */
    CLASSIC_STALL_MS = 1000,
    CLASSIC_IN_NICK_BYTES_MAX = 256,        /* a nickname as typed; over it the client is closed */
    CLASSIC_IN_TEXT_BYTES_MAX = 16 * 1024,  /* one text; over it the client is closed */
    CLASSIC_IN_BACKLOG_BYTES_MAX = 1 << 16, /* fed and not yet taken; over it it is closed */
    CLASSIC_IN_MESSAGE_BYTES_MIN = 16,      /* the least that one message may be cut to */

    /* Server to client. */
    CLASSIC_FRAME_BYTES_MAX = 1024, /* the client's recv(1024) */
    CLASSIC_GAP_MS_DEFAULT = 80,    /* 25 ms was measured to be too short */
    CLASSIC_RESEND_MS = 200,   /* Linux sends a lost segment again after this at the earliest */
    CLASSIC_ACK_POLL_MS = 20,  /* how often an acknowledgement that is late is asked for */
    CLASSIC_MEMBERS_MS = 3000, /* the list of members is sent at least this often */
    CLASSIC_MEMBERS_YIELD_MS = 1000,   /* a list that is due lets chat go first for this long */
    CLASSIC_LINE_BYTES_MAX = 8 * 1024, /* one line to show; the rest is cut off */
    CLASSIC_BACKLOG_BYTES_DEFAULT = 32 * 1024, /* lines that wait; over it the oldest are skipped */
};

#endif
