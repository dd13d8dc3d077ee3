/* Shows text on stdout, long text on a terminal through a pager. Main thread. */
#include "ctl_output.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static size_t count_lines(struct str text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.p[i] == '\n';
    }
    return lines;
}

/* $PAGER where the user has one, less where it is installed, otherwise none. */
static const char *find_pager(struct str text)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_row == 0 || count_lines(text) < size.ws_row) {
        return NULL;
    }
    const char *pager = getenv("PAGER");
    if (pager != NULL) {
        return *pager != '\0' && strcmp(pager, "cat") != 0 ? pager : NULL;
    }
    return access("/usr/bin/less", X_OK) == 0 ? "/usr/bin/less" : NULL;
}

int ctl_output(struct str text)
{
    const char *pager = find_pager(text);
    /* A reader that has seen enough is no mistake of ours. */
    signal(SIGPIPE, SIG_IGN);
    if (pager != NULL) {
        FILE *pipe = popen(pager, "w");
        if (pipe != NULL) {
            fwrite(text.p, 1, text.len, pipe);
            return pclose(pipe) == 0 ? 0 : -1;
        }
    }
    size_t written = fwrite(text.p, 1, text.len, stdout);
    return written == text.len && fflush(stdout) == 0 ? 0 : -1;
}
