/* The rows with widgets. Main thread. */
#include "bound_rows.h"

struct bound_rows {
    GtkWidget *list;  /* borrowed */
    GPtrArray *items; /* GtkListItem, borrowed between bind and unbind */
};

struct bound_rows *bound_rows_create(GtkWidget *list)
{
    struct bound_rows *rows = g_new0(struct bound_rows, 1);
    rows->list = list;
    rows->items = g_ptr_array_new();
    return rows;
}

void bound_rows_destroy(struct bound_rows *rows)
{
    if (rows != NULL) {
        g_ptr_array_unref(rows->items);
        g_free(rows);
    }
}

void bound_rows_add(struct bound_rows *rows, GtkListItem *item)
{
    g_ptr_array_add(rows->items, item);
}

void bound_rows_remove(struct bound_rows *rows, GtkListItem *item)
{
    g_ptr_array_remove_fast(rows->items, item);
}

static GtkListItem *item_of(const struct bound_rows *rows, guint i)
{
    return g_ptr_array_index(rows->items, i);
}

static MaruMessageRow *row_of(GtkListItem *item)
{
    return MARU_MESSAGE_ROW(gtk_list_item_get_child(item));
}

GtkListItem *bound_rows_at(const struct bound_rows *rows, guint position)
{
    for (guint i = 0; i < rows->items->len; i++) {
        if (gtk_list_item_get_position(item_of(rows, i)) == position) {
            return item_of(rows, i);
        }
    }
    return NULL;
}

GtkListItem *bound_rows_with_id(const struct bound_rows *rows, const char *id)
{
    for (guint i = 0; i < rows->items->len; i++) {
        MaruMessage *message = maru_message_row_message(row_of(item_of(rows, i)));
        if (message != NULL && strcmp(maru_message_record(message)->id, id) == 0) {
            return item_of(rows, i);
        }
    }
    return NULL;
}

bool bound_rows_position(const struct bound_rows *rows, MaruMessageRow *row, guint *ret_position)
{
    for (guint i = 0; i < rows->items->len; i++) {
        if (row_of(item_of(rows, i)) == row) {
            *ret_position = gtk_list_item_get_position(item_of(rows, i));
            return true;
        }
    }
    return false;
}

bool bound_rows_extent(const struct bound_rows *rows, GtkListItem *item, double *ret_top,
                       double *ret_bottom)
{
    GtkWidget *row = gtk_list_item_get_child(item);
    graphene_rect_t bounds;
    if (row == NULL || !gtk_widget_get_mapped(row) ||
        !gtk_widget_compute_bounds(row, rows->list, &bounds) || bounds.size.height < 1) {
        return false;
    }
    *ret_top = bounds.origin.y;
    *ret_bottom = bounds.origin.y + bounds.size.height;
    return true;
}

/* The list keeps one row in place, its anchor; asking it to scroll to a row that is in view makes
 * that row the anchor and moves nothing. */
void bound_rows_pin(const struct bound_rows *rows, guint position, bool below)
{
    double page = gtk_widget_get_height(rows->list);
    guint best = GTK_INVALID_LIST_POSITION;
    double top;
    double bottom;
    for (guint i = 0; i < rows->items->len; i++) {
        guint at = gtk_list_item_get_position(item_of(rows, i));
        bool right_side = below ? at > position : at < position;
        if (!right_side || !bound_rows_extent(rows, item_of(rows, i), &top, &bottom) || top < 0 ||
            bottom > page) {
            continue;
        }
        if (best == GTK_INVALID_LIST_POSITION || (below ? at < best : at > best)) {
            best = at;
        }
    }
    if (best != GTK_INVALID_LIST_POSITION) {
        gtk_widget_activate_action(rows->list, "list.scroll-to-item", "u", best);
    }
}

bool bound_rows_visible(const struct bound_rows *rows, guint *ret_first, guint *ret_last)
{
    double page = gtk_widget_get_height(rows->list);
    double top;
    double bottom;
    bool found = false;
    *ret_first = 0;
    *ret_last = 0;
    for (guint i = 0; i < rows->items->len; i++) {
        if (!bound_rows_extent(rows, item_of(rows, i), &top, &bottom) || bottom <= 0 ||
            top >= page) {
            continue;
        }
        guint at = gtk_list_item_get_position(item_of(rows, i));
        *ret_first = found ? MIN(*ret_first, at) : at;
        *ret_last = found ? MAX(*ret_last, at) : at;
        found = true;
    }
    return found;
}
