/* Lists of lines for the operator. Main thread. */
#include "config.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

void config_report_finish(struct config_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        free(report->lines[i]);
    }
    free(report->lines);
    *report = (struct config_report){0};
}

void config_report_add(struct config_report *report, const char *format, ...)
{
    if (report->n >= CONFIG_MISTAKES_MAX) {
        report->left_out++;
        return;
    }
    va_list args;
    va_start(args, format);
    char *line = NULL;
    CHECK(vasprintf(&line, format, args) >= 0);
    va_end(args);
    report->lines = xrealloc(report->lines, (report->n + 1) * sizeof(*report->lines));
    report->lines[report->n++] = line;
}
