/* Every bound of this folder. */
#ifndef MARU_DAEMON_LIMITS_H
#define MARU_DAEMON_LIMITS_H

enum {
    SERVER_TRIM_BYTES = 1024 * 1024, /* kept by the allocator of each thread for the next turn */
    HUB_EDGE_EFFECTS_MAX = 32768,    /* wait for an edge before those that cause them are slowed */
    HUB_NAP_MS = 20,                 /* … by so much for each of their turns */
    SERVER_FLUSH_MS = 5000,          /* the last commit may take when the server stops */
    CONFIG_FILE_BYTES_MAX = 1024 * 1024,
    CONFIG_MISTAKES_MAX = 100, /* reported at once; more are counted in the last line */
    CONFIG_ADMIN_LINES = 3,
    CONFIG_LISTENERS_MAX = 32,
    CONFIG_OPERATORS_MAX = 100,
    CONFIG_GATEWAYS_MAX = 100,
    CONFIG_WORDS_MAX = 200, /* in one list of networks or origins */
    CONFIG_MOTD_BYTES_MAX = 32 * 1024,
    CONFIG_EDGES_MAX = 16,        /* that may be asked for */
    CONFIG_EDGES_DEFAULT_MAX = 8, /* that are chosen for a machine with many processors */
    CONFIG_CLIENTS_MAX = 100000,

    PASSWORD_BYTES_MAX = 256,

    MAILS_MAX = 8,                 /* on their way at once; what comes then is not sent */
    MAIL_MS_MAX = 60000,           /* one may take, then its command is killed */
    OUTSIDE_QUESTIONS_MAX = 256,   /* without an answer at once */
    OUTSIDE_LINE_BYTES_MAX = 4096, /* of an answer */
    OUTSIDE_RESTART_MS = 1000,     /* between the end of who is asked and the next try */

    CONTROL_CLIENTS_MAX = 16,               /* connections of operators' tools at once */
    CONTROL_REQUEST_BYTES_MAX = 16384,      /* one line */
    CONTROL_PAGE_MAX = 100,                 /* clients or rooms in one response */
    CONTROL_OUTPUT_BYTES_MAX = 1024 * 1024, /* not yet read by the tool */
    CONTROL_PULSE_MS = 500,                 /* between two words on how far a job is */
    CONTROL_JOBS_MAX = 4,                   /* under way at once */
    CONTROL_TEXT_MAX = 400,                 /* bytes of an announcement or a reason */
};

#endif
