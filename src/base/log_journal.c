/* The journald sink. Any thread; libsystemd sends each entry as one datagram. */
#include "log_priv.h"

#include "base_limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#ifdef MARU_HAVE_JOURNAL

#include <sys/uio.h>
#include <syslog.h>

/* The macros of libsystemd would add this file's name and line to every event. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

bool log_journal_owns(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device;
    unsigned long long inode;
    struct stat st;
    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static int priority(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return LOG_DEBUG;
    case LOG_LEVEL_INFO:
        return LOG_INFO;
    case LOG_LEVEL_WARN:
        return LOG_WARNING;
    case LOG_LEVEL_ERROR:
        return LOG_ERR;
    }
    return LOG_INFO;
}

void log_journal_send(enum log_level level, struct str sentence, const struct log_field *fields,
                      size_t n)
{
    /* All entries in one buffer, their ends noted, since the buffer moves while it grows. */
    struct buf text = {0};
    size_t ends[LOG_FIELDS_MAX + 2];
    size_t count = 0;
    buf_add_cstr(&text, "MESSAGE=");
    buf_add_str(&text, sentence);
    ends[count++] = text.len;
    buf_printf(&text, "PRIORITY=%d", priority(level));
    ends[count++] = text.len;
    for (size_t i = 0; i < n && i < LOG_FIELDS_MAX; i++) {
        buf_add_cstr(&text, "MARU_");
        for (const char *k = fields[i].key; *k != '\0'; k++) {
            buf_add_char(&text, ascii_upper(*k));
        }
        buf_add_char(&text, '=');
        buf_add_str(&text, fields[i].value);
        ends[count++] = text.len;
    }
    struct iovec iov[LOG_FIELDS_MAX + 2];
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        iov[i] = (struct iovec){text.p + start, ends[i] - start};
        start = ends[i];
    }
    /* A journal that refuses has nobody to be told of it. */
    (void)sd_journal_sendv(iov, (int)count);
    buf_finish(&text);
}

#else

bool log_journal_owns(int fd)
{
    return false;
}

void log_journal_send(enum log_level level, struct str sentence, const struct log_field *fields,
                      size_t n)
{
}

#endif
