/*
 * Tables for people: columns that line up whatever the script, since a Korean syllable is two
 * columns wide. Main thread; the program's locale must know UTF-8.
 */
#ifndef MARU_CTL_TABLE_H
#define MARU_CTL_TABLE_H

#include "buf.h"

enum { CTL_COLUMNS_MAX = 10 };

struct ctl_table {
    size_t columns;
    bool right[CTL_COLUMNS_MAX]; /* numbers stand at the right edge */
    size_t widths[CTL_COLUMNS_MAX];
    struct buf *cells; /* rows × columns, the head first; escaped text */
    size_t cells_n;
};

/* How many columns of a terminal the text takes, without its control characters. */
size_t ctl_text_width(struct str text);

void ctl_table_init(struct ctl_table *table, size_t columns, const char *const *titles,
                    const bool *right);
void ctl_table_finish(struct ctl_table *table);

/* Adds the next cell, row by row. Control characters become escapes. */
void ctl_table_add(struct ctl_table *table, struct str text);
void ctl_table_add_u64(struct ctl_table *table, uint64_t value);

/* Appends all rows as lines. */
void ctl_table_render(const struct ctl_table *table, struct buf *out);

#endif
