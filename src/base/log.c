/*
 * Renders events and hands them to the sink. Any thread: rendering uses memory of the calling
 * thread only, and the sinks lock for themselves. Knows nothing of what the events mean.
 */
#include "log.h"

#include "base_limits.h"
#include "clock.h"
#include "escape.h"
#include "log_priv.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum sink {
    SINK_LINES,  /* a file or pipe: date, level, sentence, fields */
    SINK_TTY,    /* a person: time and sentence */
    SINK_COLOUR, /* the same, on a terminal that has colours */
    SINK_JOURNAL,
};

static atomic_int log_level_min = LOG_LEVEL_INFO;
static atomic_int log_sink = SINK_LINES;

static enum sink choose_sink(int fd)
{
    if (log_journal_owns(fd)) {
        return SINK_JOURNAL;
    }
    if (isatty(fd) == 0) {
        return SINK_LINES;
    }
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool plain =
        (no_colour != NULL && *no_colour != '\0') || term == NULL || strcmp(term, "dumb") == 0;
    return plain ? SINK_TTY : SINK_COLOUR;
}

void log_init(int fd)
{
    signal(SIGPIPE, SIG_IGN);
    log_stream_open(fd);
    atomic_store(&log_sink, (int)choose_sink(fd));
}

void log_finish(void)
{
    log_stream_close();
    atomic_store(&log_sink, SINK_LINES);
}

void log_set_level(enum log_level level)
{
    atomic_store(&log_level_min, (int)level);
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return names[level];
}

static void add_time(struct buf *line, const char *format, bool utc)
{
    uint64_t now_ms = clock_wall_ms();
    time_t now = (time_t)(now_ms / 1000);
    struct tm parts;
    char text[40];
    if (utc) {
        gmtime_r(&now, &parts);
    } else {
        localtime_r(&now, &parts);
    }
    strftime(text, sizeof(text), format, &parts);
    buf_add_cstr(line, text);
    if (utc) {
        buf_printf(line, ".%03uZ", (unsigned)(now_ms % 1000));
    }
}

/* key=value, in quotes where a space or quote would make the end of the value unclear. */
static void add_field(struct buf *line, const struct log_field *field)
{
    struct str value = field->value;
    bool quoted = value.len == 0;
    for (size_t i = 0; i < value.len; i++) {
        quoted = quoted || value.p[i] == ' ' || value.p[i] == '"';
    }
    buf_printf(line, quoted ? " %s=\"" : " %s=", field->key);
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] == '"') {
            buf_add_char(line, '\\');
        }
        buf_add_char(line, value.p[i]);
    }
    if (quoted) {
        buf_add_char(line, '"');
    }
}

static void write_for_person(enum log_level level, struct str sentence, bool colour)
{
    static const char *const colours[] = {"\x1b[2m", "", "\x1b[33m", "\x1b[31m"};
    struct buf line = {0};
    buf_add_cstr(&line, colour ? "\x1b[2m" : "");
    add_time(&line, "%H:%M:%S", false);
    buf_add_cstr(&line, colour ? "\x1b[0m " : " ");
    buf_add_cstr(&line, colour ? colours[level] : "");
    if (level != LOG_LEVEL_INFO) {
        buf_printf(&line, "%s: ", level_name(level));
    }
    buf_add_str(&line, sentence);
    buf_add_cstr(&line, colour && *colours[level] != '\0' ? "\x1b[0m\n" : "\n");
    log_stream_write(buf_str(&line));
    buf_finish(&line);
}

static void write_for_file(enum log_level level, struct str sentence,
                           const struct log_field *fields, size_t n)
{
    struct buf line = {0};
    add_time(&line, "%Y-%m-%dT%H:%M:%S", true);
    buf_printf(&line, " %s: ", level_name(level));
    buf_add_str(&line, sentence);
    for (size_t i = 0; i < n; i++) {
        add_field(&line, &fields[i]);
    }
    buf_add_char(&line, '\n');
    log_stream_write(buf_str(&line));
    buf_finish(&line);
}

static void write_event(enum log_level level, struct str sentence, const struct log_field *fields,
                        size_t n)
{
    switch ((enum sink)atomic_load(&log_sink)) {
    case SINK_LINES:
        write_for_file(level, sentence, fields, n);
        break;
    case SINK_TTY:
        write_for_person(level, sentence, false);
        break;
    case SINK_COLOUR:
        write_for_person(level, sentence, true);
        break;
    case SINK_JOURNAL:
        log_journal_send(level, sentence, fields, n);
        break;
    }
}

void log_event(enum log_level level, const struct log_field *fields, size_t n, const char *format,
               ...)
{
    if ((int)level < atomic_load(&log_level_min)) {
        return;
    }
    char raw[LOG_SENTENCE_MAX + 1];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    struct str whole = str_make(raw, len > 0 ? strlen(raw) : 0);
    struct buf sentence = {0};
    escape_add(&sentence, len > LOG_SENTENCE_MAX ? str_cut_utf8(whole, whole.len - 3) : whole);

    struct log_field safe[LOG_FIELDS_MAX];
    struct buf values[LOG_FIELDS_MAX];
    size_t count = n < LOG_FIELDS_MAX ? n : LOG_FIELDS_MAX;
    for (size_t i = 0; i < count; i++) {
        buf_init(&values[i], 0);
        escape_add(&values[i], str_cut_utf8(fields[i].value, LOG_VALUE_MAX));
        safe[i] = (struct log_field){fields[i].key, buf_str(&values[i])};
    }
    write_event(level, buf_str(&sentence), safe, count);
    for (size_t i = 0; i < count; i++) {
        buf_finish(&values[i]);
    }
    buf_finish(&sentence);
}
