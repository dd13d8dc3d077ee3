/* What can go wrong, as a value. Any thread; no GTK. */
#include "client_problem.h"

#include <glib.h>

struct client_problem *client_problem_create(enum client_problem_kind kind, const char *detail)
{
    struct client_problem *problem = g_new0(struct client_problem, 1);
    problem->kind = kind;
    problem->detail = g_strdup(detail);
    return problem;
}

void client_problem_destroy(struct client_problem *problem)
{
    if (problem == NULL) {
        return;
    }
    g_free(problem->detail);
    g_free(problem->fingerprint);
    g_free(problem->old_fingerprint);
    g_free(problem);
}

bool client_problem_is_passing(enum client_problem_kind kind)
{
    switch (kind) {
    case PROBLEM_HOST_UNKNOWN:
    case PROBLEM_REFUSED:
    case PROBLEM_UNREACHABLE:
    case PROBLEM_NOT_TLS:
    case PROBLEM_FULL:
    case PROBLEM_CLOSED:
    case PROBLEM_LOST:
    case PROBLEM_NO_REPLY:
        return true;
    default:
        return false;
    }
}
