/* Every bound of this folder. */
#ifndef MARU_BASE_LIMITS_H
#define MARU_BASE_LIMITS_H

enum {
    LOG_SENTENCE_MAX = 2048,     /* bytes, before escapes */
    LOG_VALUE_MAX = 1024,        /* bytes, before escapes */
    LOG_FIELDS_MAX = 16,         /* of one event */
    LOG_QUEUE_MAX = 1024 * 1024, /* bytes that wait for a terminal or pipe */
    LOG_FINISH_MS_MAX = 1000,    /* how long log_finish() waits for a reader */
};

#endif
