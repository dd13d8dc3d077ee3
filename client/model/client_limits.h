/*
 * The bounds of the client: whatever a server can size has its limit here, with what happens at it.
 */
#ifndef MARU_CLIENT_LIMITS_H
#define MARU_CLIENT_LIMITS_H

enum {
    /* A longer line from the server ends the connection: 8191 bytes of tags, a message, and room
     * for servers that exceed the 512 bytes. */
    CLIENT_LINE_MAX = 16384,

    /* Rows kept for a room; the oldest quarter is dropped when it is passed. */
    CLIENT_MESSAGES_MAX = 100000,

    /* Members shown of a room; further ones are not added. */
    CLIENT_MEMBERS_MAX = 100000,

    /* Labelled batches that may be open at once; a further one is treated as unlabelled. */
    CLIENT_BATCHES_MAX = 32,

    /* Messages asked for at once, where the server allows as many; and how many rows of an answer
     * are kept, should it give more. */
    CLIENT_PAGE_ROWS = 100,
    CLIENT_PAGE_ROWS_MAX = 2000,

    /* Pages fetched unasked after a return; what is still missing then is a gap that is filled when
     * it comes into view. */
    CLIENT_RETURN_PAGES = 5,

    /* No answer for so long: the request counts as refused. */
    CLIENT_ANSWER_WITHIN_MS = 30000,

    /* Results of a search that are kept; further ones are not asked for. */
    CLIENT_FOUND_MAX = 2000,

    /* Unsent output; over it the link is closed as lost. */
    CLIENT_OUTPUT_MAX = 1024 * 1024,

    /* One entry gives at most this many messages; a longer one is not sent at all, and says so. */
    CLIENT_SPLIT_MAX = 20,

    /* Bytes of a message on the wire, without tags, where the server names no LINELEN. */
    CLIENT_WIRE_DEFAULT = 512,

    /* Quiet for so long: ask whether the server is there; then no answer for so long: it is not. */
    CLIENT_PING_AFTER_MS = 30000,
    CLIENT_PONG_WITHIN_MS = 20000,

    /* From the open connection to the room. */
    CLIENT_REGISTER_WITHIN_MS = 30000,
};

#endif
