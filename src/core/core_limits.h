/* The core's bounds beside those that are settings. */
#ifndef MARU_CORE_LIMITS_H
#define MARU_CORE_LIMITS_H

enum {
    CORE_LINE_MAX = 510, /* bytes of a line without tags and CR LF (Modern IRC, "Message Format") */
    CORE_PIECE_BYTES = 8192, /* a long answer pauses after this much until the reader has drained */
    CORE_PIECE_WORK = 2000,  /* … and after this many users or rooms were looked at */
    CORE_WORD_MAX = 100,     /* bytes of a peer's word that an answer repeats */
    CORE_WHOWAS_MAX = 20,    /* entries in one answer to WHOWAS */
    CORE_USERHOST_MAX = 5,   /* nicknames in one USERHOST (Modern IRC) */
    CORE_ROOM_LIMIT_MAX = 1000000, /* the greatest number that +l takes */
    CORE_RATE_COUNT_MAX = 10000,   /* the greatest numbers that +F, +j and … */
    CORE_RATE_SECONDS_MAX = 86400, /* … +W take */
    CORE_BAN_MINUTES_MAX = 525600, /* how long a ban with an end may last: a year */
    CORE_MASKS_EXPIRE = 16,        /* of those that end in one step; there is one for each input */
    CORE_LABEL_MAX = 64,           /* IRCv3 labeled-response */
    CORE_INVITES_MAX = 32,         /* open invitations of one user; the oldest gives way */
    CORE_ACCEPTS_MAX = 100,        /* whom one user has let write to it; the oldest gives way */
    CORE_CLIENT_TAGS_MAX = 4094,   /* IRCv3 message-tags: client-only tags of one message */
    CORE_ROSTER_BYTES = 1000,      /* the members that fit into one frame of the classic protocol */
    CORE_PARTNERS_MAX = 100,       /* people whom a user spoke with alone; the oldest gives way */
    CORE_MARKERS_MAX = 500,        /* read markers of one user */
    CORE_EXPIRE_ROOMS = 4, /* emptied rooms forgotten in one step; there is one for each input */
    CORE_NAMES_BYTES = 1 << 20,          /* of text that is kept for NAMES, of all rooms together */
    CORE_NAMES_MEMBERS = 32,             /* smaller rooms have none */
    CORE_NAMES_IDLE_MS = 10000,          /* what nobody asked for so long is dropped */
    CORE_CLOCK_STEP_MS = 10 * 60 * 1000, /* a clock that moves further at once has jumped … */
    CORE_CLOCK_TRUST_MS = 60 * 60 * 1000, /* … and ends no kept room for so long after it */
    CORE_BATCH_REF_MAX = 64,              /* bytes of the name that a client gives to a batch */
    CORE_METADATA_ROOM = 100,        /* members of a room whose metadata a newcomer gets unasked */
    CORE_ATTEMPTS_MAX = 4096,        /* hosts and names whose attempts to log in are counted */
    CORE_SEEN_MS = 24 * 3600 * 1000, /* an account's last use is written so often */
    CORE_TEXT_MAX = 2000,            /* an announcement as it comes in; cut to a line */
};

#endif
