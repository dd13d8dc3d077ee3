/* Shows text on stdout, long text on a terminal through a pager. Main thread. */
#ifndef MARU_CTL_OUTPUT_H
#define MARU_CTL_OUTPUT_H

#include "str.h"

/* Returns 0, or -1 where stdout refuses. */
int ctl_output(struct str text);

#endif
