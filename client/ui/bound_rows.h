/*
 * The rows that a list of messages has widgets for just now, and where they are. Main thread.
 */
#ifndef MARU_BOUND_ROWS_H
#define MARU_BOUND_ROWS_H

#include "maru_message_row.h"

#include <gtk/gtk.h>
#include <stdbool.h>

struct bound_rows;

/* `list` is borrowed; its factory calls _add and _remove. */
struct bound_rows *bound_rows_create(GtkWidget *list);
void bound_rows_destroy(struct bound_rows *rows);

void bound_rows_add(struct bound_rows *rows, GtkListItem *item);
void bound_rows_remove(struct bound_rows *rows, GtkListItem *item);

/* NULL where it has no widget. */
GtkListItem *bound_rows_at(const struct bound_rows *rows, guint position);
GtkListItem *bound_rows_with_id(const struct bound_rows *rows, const char *id);
bool bound_rows_position(const struct bound_rows *rows, MaruMessageRow *row, guint *ret_position);

/* The upper and lower edge in the visible part of the list, in pixels from its top. False where it
 * has no place: it is out of view, or was not measured yet. */
bool bound_rows_extent(const struct bound_rows *rows, GtkListItem *item, double *ret_top,
                       double *ret_bottom);

/* Rows are about to change at `position`: those below, or else above, stay where they are. */
void bound_rows_pin(const struct bound_rows *rows, guint position, bool below);

/* The first and the last row that are at least partly in view. False where there is none. */
bool bound_rows_visible(const struct bound_rows *rows, guint *ret_first, guint *ret_last);

#endif
