/* Shows how far something long is. One thread. */
#include "progress.h"

#include "clock.h"

#include <stdio.h>
#include <unistd.h>

enum { QUIET_MS = 1000, LINE_EVERY_MS = 10000 };

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress){
        .what = what,
        .terminal = isatty(STDERR_FILENO) == 1,
        .began_ms = clock_mono_ms(),
    };
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
    uint64_t now_ms = clock_mono_ms();
    uint64_t took_ms = now_ms - progress->began_ms;
    bool soon =
        progress->shown && !progress->terminal && now_ms - progress->last_ms < LINE_EVERY_MS;
    if (took_ms < QUIET_MS || soon) {
        return;
    }
    progress->shown = true;
    progress->last_ms = now_ms;
    fprintf(stderr, "%s%s: ", progress->terminal ? "\r\x1b[K" : "", progress->what);
    if (total > 0) {
        unsigned percent = (unsigned)(done < total ? (double)done * 100 / (double)total : 100);
        fprintf(stderr, "%u %%, ", percent);
    }
    fprintf(stderr, "%llu s%s", (unsigned long long)(took_ms / 1000),
            progress->terminal ? "" : "\n");
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->terminal) {
        fputs("\r\x1b[K", stderr);
        fflush(stderr);
    }
    progress->shown = false;
}
