/*
 * Events for the operator: a sentence for people and fields for programs. Any thread may log.
 *
 * Where they go is decided once, by log_init(): to journald with the fields as MARU_KEY when the
 * descriptor is the journal's stream, otherwise one line an event. Control characters in sentences
 * and values are written as escapes. Logging never waits: while a terminal or pipe does not take
 * the lines, they queue in bounded memory, and what does not fit is counted and reported. Only
 * programs log; libraries return errors.
 */
#ifndef MARU_LOG_H
#define MARU_LOG_H

#include "str.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
};

/* One fact about an event: a key of lower-case ASCII letters, digits and '_', and any bytes. */
struct log_field {
    const char *key;
    struct str value;
};

/* Begins writing to `fd`, which stays the caller's and must outlive log_finish(). Makes SIGPIPE
 * ignored in the whole process, since a log whose reader went away must not end a server. Call it
 * once, before other threads log; what is logged earlier goes to stderr. */
void log_init(int fd);

/* Writes what is queued, waiting at most a second for a reader, and stops. Later events are written
 * as before log_init(). */
void log_finish(void);

/* Events below `level` are left out; LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level level);

/* The sentence has no final newline; over 2 KiB it is cut. `fields` may be NULL when n is 0; values
 * over 1 KiB are cut, and so are fields over the sixteenth. */
void log_event(enum log_level level, const struct log_field *fields, size_t n, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

#define log_debug(...) log_event(LOG_LEVEL_DEBUG, NULL, 0, __VA_ARGS__)
#define log_info(...)  log_event(LOG_LEVEL_INFO, NULL, 0, __VA_ARGS__)
#define log_warn(...)  log_event(LOG_LEVEL_WARN, NULL, 0, __VA_ARGS__)
#define log_error(...) log_event(LOG_LEVEL_ERROR, NULL, 0, __VA_ARGS__)

/* Fields written in place: log_event(LOG_LEVEL_INFO, LOG_FIELDS({"nick", nick}), "…"). */
#define LOG_FIELDS(...)                                                                            \
    ((struct log_field[]){__VA_ARGS__}),                                                           \
        sizeof((struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)

#endif
