/* The bounds of the edges beside those that are settings. */
#ifndef MARU_NET_LIMITS_H
#define MARU_NET_LIMITS_H

enum {
    FANOUT_RUN_MAX = 256 * 1024,  /* a run that is longer is followed by a new one */
    FANOUT_STREAMS_KEPT = 256,    /* rooms' streams that are kept for the next turn */
    RUN_POOL_MAX = 128,           /* free runs that an edge keeps … */
    RUN_POOL_BYTES = 32 * 1024,   /* … unless they are longer */
    EDGE_READ_BYTES = 16 * 1024,  /* at most read from one connection at a time */
    EDGE_TURN_BYTES = 512 * 1024, /* read in all before the edge enters the core */
    EDGE_TURN_WORK = 4096,        /* lines taken before then: chat counts 1 */
    EDGE_BITE = 64,               /* lines that the core is given at a time */
    EDGE_ANSWER_WORK = 8,         /* and what may have a long answer so much */
    EDGE_EVENTS = 1024,           /* taken from the kernel at a time */
    EDGE_ROUNDS = 4,              /* polls without waiting before anything is sent */
    EDGE_CROWD_PART = 32,         /* of a turn's length is waited for more of the same … */
    EDGE_CROWD_US_MIN = 15,       /* … where that is not less */
    EDGE_CROWD_US_MAX = 2000,     /* … and at most so long */
    EDGE_CROWD_SKIPS = 63,        /* turns without waiting after it was in vain */
    EDGE_CROWD_SLACK_NS = 5000,   /* that the kernel may add */
    EDGE_SEND_COPY = 64 * 1024,   /* small slices are copied together up to this */
    EDGE_ACCEPTS = 64,            /* taken from a listener at a time */
    SNIFF_PEEK_BYTES = 64,
    GATE_WAIT_MS = 2000,            /* so long an echo waits for the disk, then for nothing */
    GATE_BYTES_MAX = 256 * 1024,    /* … while no more than this waits behind it */
    GATE_FAIL_MS = 1000,            /* between two FAILs that answer no label */
    GATES_SPARE_MAX = 256,          /* kept for who speaks next */
    GATE_SLICES_MAX = 32,           /* that are held back before they are copied together */
    EDGE_RELIEF_BYTES = 256 * 1024, /* what came at once, after a gate or for a question, may lie
                                       in an output over its bound */
    EDGE_LINGER_MS = 2000,          /* for the last line of a connection to leave */
    EDGE_HTTP_HEAD_MS = 10000,
    WEBIRC_DIGEST = 32,     /* bytes */
    WEBIRC_REMEMBERED = 16, /* gateways whose password an edge knows to be right */
    WORKER_QUEUE_MAX = 256, /* connections of an edge for which workers do something about accounts,
                               or will; who comes then is told to try again */
    LISTEN_BACKLOG = 4096,
    CLASSIC_SUFFIX_MAX = 1000, /* how often a taken nickname gets another number */
    CLASSIC_TEXT_BYTES_MIN = 100,
    CLASSIC_END_SILENCE_MS = 60000, /* longer than any silence that is waited for */
};

#endif
