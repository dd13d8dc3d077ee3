/*
 * Shows how far something long is, on stderr: on a terminal one line that changes, elsewhere a line
 * now and then. What ends within a second shows nothing. For the command lines of the server and of
 * its operators' tool; one thread.
 */
#ifndef MARU_PROGRESS_H
#define MARU_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "Copying the history" */
    bool terminal;
    bool shown;
    uint64_t began_ms; /* monotonic */
    uint64_t last_ms;  /* when a line was written */
};

void progress_begin(struct progress *progress, const char *what);
/* `total` is 0 where nobody knows. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);
/* Takes the line away, before anything else is written. */
void progress_end(struct progress *progress);

#endif
