/* Between log.c, which renders events, and its sinks. */
#ifndef MARU_LOG_PRIV_H
#define MARU_LOG_PRIV_H

#include "buf.h"
#include "log.h"

/* Whether `fd` is the stream that systemd gave this process as its journal (JOURNAL_STREAM). */
bool log_journal_owns(int fd);

/* `sentence` and the values are escaped already. Any thread. */
void log_journal_send(enum log_level level, struct str sentence, const struct log_field *fields,
                      size_t n);

/* The descriptor sink: lines that never block. Its functions take its lock themselves. */
void log_stream_open(int fd);
void log_stream_write(struct str line);
void log_stream_close(void);

#endif
