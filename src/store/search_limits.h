/* Every bound of searching. */
#ifndef MARU_SEARCH_LIMITS_H
#define MARU_SEARCH_LIMITS_H

enum {
    /* A text as tokens. */
    TOKEN_MAX = 64,      /* bytes of a token: the rest of a longer word does not count */
    TOKEN_UNIT_MAX = 24, /* bytes of a syllable with its marks */

    /* What a person asks for. */
    SEARCH_TOKENS_MAX = 128,     /* what comes after them does not count */
    SEARCH_FTS_TOKENS_MAX = 32,  /* that the index is asked for; the text decides about the rest */
    SEARCH_PREFIX_BYTES_MIN = 2, /* of a word that also finds longer ones */

    /* The work of an answer. */
    SEARCH_FOUND_MAX = 1000, /* messages of one answer */
    SEARCH_NEAR_PLACES = 64, /* of so few places the newest messages are read first: … */
    SEARCH_NEAR_ALL = 2000,  /* … all, where there are no more than these, … */
    SEARCH_NEAR_ROWS = 512,  /* … else so many */
    SEARCH_PROBE_MAX = 512,  /* messages of one shard that are read rather than looked up … */
    SEARCH_PROBE_WORDS = 64, /* … where the sender is not looked up */
    SEARCH_CHEAP_US = 400,   /* of a shard: no other way is tried */
    SEARCH_STEP_ROWS = 2048, /* messages read between two pauses */
    SEARCH_STEP_LOOKUPS = 8, /* … and times that the index is asked */
    SEARCH_READ_MAX = 300 * 1000, /* messages read for one answer */
    SEARCH_TAIL_MAX = 20 * 1000,  /* of the newest messages that are not indexed yet */

    /* The index. */
    SEARCH_SHARD_MESSAGES = 1 << 18, /* a further message begins a new shard */
    SEARCH_NUMBER_BITS = 20,         /* of a row's id, for the message; the rest is its place */
    SEARCH_NUMBERS = 1 << 20,        /* of a shard; a further one begins a new shard, too */
    SEARCH_GAP_MAX = 1024,        /* sequence numbers without a message that numbers are left for */
    SEARCH_BATCH_MIN = 32,        /* messages written at a time, however little time there is … */
    SEARCH_BATCH_MAX = 4096,      /* … and however much */
    SEARCH_BATCH_BYTES = 1 << 20, /* … of text */
    SEARCH_MERGE_PAGES = 16,      /* of a merge, at least */
    SEARCH_MERGE_ROWS = 16,       /* a further page for so many indexed messages */
    SEARCH_MERGE_SEGMENTS = 4,    /* of one size become one */
    SEARCH_CRISIS_SEGMENTS = 256, /* FTS5 merges so many by itself, all at once: never */
    SEARCH_WAL_PAGES = 2000,      /* from which on the log is copied into the index */

    SEARCH_STEP_MS = 10,      /* of indexing: who wants something forgotten may wait so long */
    SEARCH_GATHER_MS = 500,   /* from the first new message on */
    SEARCH_TIDY_MS = 20,      /* between two steps of tidying up */
    SEARCH_RETRY_MS = 5000,   /* after a failure */
    SEARCH_BEHIND_MS = 30000, /* of being behind without end before operators are told */
    SEARCH_IDLE_MS = 60000,

    SEARCH_CACHE_WRITER_KB = 16 * 1024,
    SEARCH_CACHE_READER_KB = 8 * 1024,
    SEARCH_BUSY_MS = 2000,
};

#endif
