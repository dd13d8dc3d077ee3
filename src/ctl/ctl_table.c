/* Lines up columns by what a terminal shows. Main thread. */
#include "ctl_table.h"

#include "alloc.h"
#include "escape.h"

#include <stdlib.h>
#include <wchar.h>

enum { GAP = 2 };

size_t ctl_text_width(struct str text)
{
    size_t width = 0;
    mbstate_t state = {0};
    while (text.len > 0) {
        wchar_t c;
        size_t len = mbrtowc(&c, text.p, text.len, &state);
        if (len == 0 || len > text.len) {
            /* Not a character here: a terminal shows one replacement. */
            len = 1;
            width++;
            state = (mbstate_t){0};
        } else {
            int columns = wcwidth(c);
            width += columns > 0 ? (size_t)columns : 0;
        }
        text.p += len;
        text.len -= len;
    }
    return width;
}

void ctl_table_init(struct ctl_table *table, size_t columns, const char *const *titles,
                    const bool *right)
{
    CHECK(columns <= CTL_COLUMNS_MAX);
    *table = (struct ctl_table){.columns = columns};
    for (size_t i = 0; i < columns; i++) {
        table->right[i] = right[i];
        ctl_table_add(table, str_from(titles[i]));
    }
}

void ctl_table_finish(struct ctl_table *table)
{
    for (size_t i = 0; i < table->cells_n; i++) {
        buf_finish(&table->cells[i]);
    }
    free(table->cells);
    *table = (struct ctl_table){0};
}

void ctl_table_add(struct ctl_table *table, struct str text)
{
    /* Powers of two, so that long lists are not moved for each cell. */
    if ((table->cells_n & (table->cells_n - 1)) == 0) {
        size_t room = table->cells_n > 0 ? table->cells_n * 2 : 1;
        table->cells = xrealloc(table->cells, room * sizeof(*table->cells));
    }
    struct buf *cell = &table->cells[table->cells_n];
    buf_init(cell, 0);
    escape_add(cell, text);
    size_t *width = &table->widths[table->cells_n % table->columns];
    size_t own = ctl_text_width(buf_str(cell));
    *width = own > *width ? own : *width;
    table->cells_n++;
}

void ctl_table_add_u64(struct ctl_table *table, uint64_t value)
{
    struct buf digits = {0};
    buf_add_u64(&digits, value);
    ctl_table_add(table, buf_str(&digits));
    buf_finish(&digits);
}

static void add_spaces(struct buf *out, size_t n)
{
    while (n-- > 0) {
        buf_add_char(out, ' ');
    }
}

void ctl_table_render(const struct ctl_table *table, struct buf *out)
{
    for (size_t i = 0; i < table->cells_n; i++) {
        size_t column = i % table->columns;
        struct str cell = buf_str(&table->cells[i]);
        size_t space = table->widths[column] - ctl_text_width(cell);
        bool last = column + 1 == table->columns;
        if (table->right[column]) {
            add_spaces(out, space);
        }
        buf_add_str(out, cell);
        if (last) {
            buf_add_char(out, '\n');
        } else {
            add_spaces(out, (table->right[column] ? 0 : space) + GAP);
        }
    }
}
