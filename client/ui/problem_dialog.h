/* A dialog for each thing that can go wrong, which says what to do. Main thread. */
#ifndef MARU_PROBLEM_DIALOG_H
#define MARU_PROBLEM_DIALOG_H

#include "client_problem.h"

#include <gtk/gtk.h>

/* Responses beside "close": "trust", "again", and "password" with what was typed. */
typedef void problem_dialog_fn(const char *response, const char *typed,
                               const struct client_problem *problem, gpointer data);

/* `address` is what the person typed. `answered` is called once, unless the parent goes first. */
void problem_dialog_show(GtkWindow *parent, const struct client_problem *problem,
                         const char *address, problem_dialog_fn *answered, gpointer data);

#endif
