/* The messages of a room, scrolled. Main thread. */
#include "maru_message_view.h"

#include "bound_rows.h"
#include "frame_flush.h"
#include "maru_message_menu.h"
#include "maru_message_row.h"
#include "message_words.h"

#include <stdbool.h>

/* So near to the end counts as being there, in pixels. */
#define NEAR_END 48.0

/* Over the text of every kind of row, in pixels from the left. */
#define TEXT_POINT_X 80.0

struct _MaruMessageView {
    GtkWidget parent_instance;
    GtkWidget *overlay;
    GtkScrolledWindow *scroller;
    GtkListView *list;
    GtkRevealer *jump;
    GtkButton *jump_button;
    GMenuModel *row_menu;

    MaruMessageList *messages;
    MaruMessageMenu *menu;
    struct bound_rows *bound;
    MaruMessageRow *select_row; /* weak: where text is selected */
    char *lit_id;               /* msgid of what the person was looking for; NULL is none */
    guint going;                /* tick callback: on the way to that row, or to the end */
    unsigned going_tries;
    unsigned there;  /* frames in which it seemed to be there */
    guint look;      /* tick callback: looks for gaps in view when the rows have their places */
    bool look_again; /* what is in view changed since */
    bool look_ready; /* the next tick comes after a layout */
    bool following;
    double last_value;
    double last_upper;
    double last_page;
    guint settle; /* source: goes to the end after the list has measured its rows */
};

G_DEFINE_FINAL_TYPE(MaruMessageView, maru_message_view, GTK_TYPE_WIDGET)

enum { WRITE_AGAIN, SEND_AGAIN, REMOVE, LOAD, N_SIGNALS };
static guint signals[N_SIGNALS];

static GtkAdjustment *adjustment(MaruMessageView *self)
{
    return gtk_scrolled_window_get_vadjustment(self->scroller);
}

static guint n_rows(MaruMessageView *self)
{
    return self->messages != NULL ? g_list_model_get_n_items(G_LIST_MODEL(self->messages)) : 0;
}

static void show_jump(MaruMessageView *self, bool shown)
{
    gtk_widget_set_visible(GTK_WIDGET(self->jump), shown);
    gtk_revealer_set_reveal_child(self->jump, shown);
}

static void pull_to_end(MaruMessageView *self)
{
    GtkAdjustment *adj = adjustment(self);
    gtk_adjustment_set_value(adj,
                             gtk_adjustment_get_upper(adj) - gtk_adjustment_get_page_size(adj));
}

/* The list guesses the heights of rows that it has not measured. Going to the last item makes it
 * measure the end; only then can the end be pulled to, with what stands behind the last row.
 * Before, the list would take the wrong row for the one at the end. */
static gboolean on_settle(gpointer data)
{
    MaruMessageView *self = data;
    double top;
    double bottom;
    self->settle = 0;
    guint n = n_rows(self);
    if (!self->following || n == 0) {
        return G_SOURCE_REMOVE;
    }
    GtkListItem *last = bound_rows_at(self->bound, n - 1);
    if (last != NULL && bound_rows_extent(self->bound, last, &top, &bottom)) {
        pull_to_end(self);
    } else {
        gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", n - 1);
    }
    return G_SOURCE_REMOVE;
}

static void settle_soon(MaruMessageView *self)
{
    if (self->settle == 0) {
        self->settle = g_idle_add_full(GTK_PRIORITY_RESIZE - 1, on_settle, self, NULL);
    }
}

/* A gap to be loaded that is in view or some pages from it, and whether the person looks at what is
 * below it. */
static bool find_gap(MaruMessageView *self, guint *ret_position, bool *ret_older)
{
    enum { AHEAD = 60 };
    guint first;
    guint last;
    if (self->messages == NULL || !bound_rows_visible(self->bound, &first, &last)) {
        return false;
    }
    for (guint i = first > AHEAD ? first - AHEAD : 0; i <= last + AHEAD && i < n_rows(self); i++) {
        const struct message *gap = maru_message_list_gap(self->messages, i);
        if (gap != NULL && gap->gap == GAP_IDLE) {
            *ret_position = i;
            *ret_older = i < (first + last) / 2;
            return true;
        }
    }
    return false;
}

/* The first tick comes before the rows get their places, the second after it. While the person goes
 * on scrolling it goes on looking. */
static gboolean on_look(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    MaruMessageView *self = data;
    guint position;
    bool older;
    self->look_ready = !self->look_ready;
    if (self->look_ready || self->settle != 0 || self->going != 0) {
        return G_SOURCE_CONTINUE;
    }
    bool again = self->look_again;
    self->look_again = false;
    if (find_gap(self, &position, &older)) {
        g_signal_emit(self, signals[LOAD], 0, position, (gboolean)older, FALSE);
    }
    if (again) {
        return G_SOURCE_CONTINUE;
    }
    self->look = 0;
    return G_SOURCE_REMOVE;
}

static void look_soon(MaruMessageView *self)
{
    self->look_again = true;
    if (self->look == 0) {
        self->look_ready = false;
        self->look = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_look, self, NULL);
    }
}

static void on_adjustment_changed(MaruMessageView *self)
{
    GtkAdjustment *adj = adjustment(self);
    double upper = gtk_adjustment_get_upper(adj);
    double page = gtk_adjustment_get_page_size(adj);
    bool changed = upper != self->last_upper || page != self->last_page;
    self->last_upper = upper;
    self->last_page = page;
    if (changed && self->following) {
        settle_soon(self);
    }
    if (changed) {
        look_soon(self);
    }
}

static void on_value_changed(MaruMessageView *self)
{
    GtkAdjustment *adj = adjustment(self);
    double value = gtk_adjustment_get_value(adj);
    double upper = gtk_adjustment_get_upper(adj);
    double page = gtk_adjustment_get_page_size(adj);
    bool same_room = upper == self->last_upper && page == self->last_page;
    bool at_end = value + page >= upper - NEAR_END;
    /* The list moves the value by itself when its guesses change; only a move in an unchanged list
     * is the person's. */
    if (at_end) {
        self->following = true;
    } else if (same_room && value < self->last_value && self->settle == 0 && self->going == 0) {
        self->following = false;
    }
    self->last_value = value;
    show_jump(self, !self->following);
    look_soon(self);
}

/* Whether a row begins a day or a group depends on the one before it. */
static void refresh(MaruMessageView *self, guint position)
{
    GtkListItem *item = bound_rows_at(self->bound, position);
    if (item != NULL) {
        g_autoptr(MaruMessage) message =
            g_list_model_get_item(G_LIST_MODEL(self->messages), position);
        maru_message_row_set_message(MARU_MESSAGE_ROW(gtk_list_item_get_child(item)), message);
    }
}

static void on_items_changed(MaruMessageView *self, guint position, guint removed, guint added)
{
    if (position + added < n_rows(self)) {
        refresh(self, position + added);
    }
    if (self->following) {
        settle_soon(self);
    }
    look_soon(self);
}

static MaruMessageRow *focused_row(MaruMessageView *self);

static void on_before_page(MaruMessageView *self, guint position, gboolean below)
{
    double top;
    double bottom;
    GtkListItem *item = bound_rows_at(self->bound, position);
    GtkListItem *beside = bound_rows_at(self->bound, below ? position + 1 : position - 1);
    MaruMessageRow *focused = focused_row(self);
    if (item != NULL && beside != NULL && focused != NULL &&
        GTK_WIDGET(focused) == gtk_list_item_get_child(item)) {
        /* The gap's row goes; the keyboard stays where the person is. */
        gtk_widget_grab_focus(gtk_widget_get_parent(gtk_list_item_get_child(beside)));
    }
    /* Out of view, the list keeps everything in place by itself. */
    if (!self->following && item != NULL && bound_rows_extent(self->bound, item, &top, &bottom) &&
        bottom > 0 && top < gtk_widget_get_height(GTK_WIDGET(self->list))) {
        bound_rows_pin(self->bound, position, below);
    }
}

static void light(MaruMessageView *self, const char *id)
{
    GtkListItem *item = self->lit_id != NULL ? bound_rows_with_id(self->bound, self->lit_id) : NULL;
    if (item != NULL) {
        maru_message_row_set_lit(MARU_MESSAGE_ROW(gtk_list_item_get_child(item)), false);
    }
    g_free(self->lit_id);
    self->lit_id = g_strdup(id);
    item = id != NULL ? bound_rows_with_id(self->bound, id) : NULL;
    if (item != NULL) {
        maru_message_row_set_lit(MARU_MESSAGE_ROW(gtk_list_item_get_child(item)), true);
    }
}

/* Brings the row into the middle. True when it is there, or as near as the ends allow. */
static bool centre(MaruMessageView *self, GtkListItem *item)
{
    double top;
    double bottom;
    if (!bound_rows_extent(self->bound, item, &top, &bottom)) {
        return false;
    }
    GtkAdjustment *adj = adjustment(self);
    double before = gtk_adjustment_get_value(adj);
    double off = (top + bottom - gtk_adjustment_get_page_size(adj)) / 2;
    gtk_adjustment_set_value(adj, before + off);
    return gtk_adjustment_get_value(adj) == before || (off < 1 && off > -1);
}

static bool reached_end(MaruMessageView *self)
{
    GtkAdjustment *adj = adjustment(self);
    double to = gtk_adjustment_get_upper(adj) - gtk_adjustment_get_page_size(adj);
    if (gtk_adjustment_get_value(adj) >= to - 1 && self->settle == 0) {
        return true;
    }
    settle_soon(self);
    return false;
}

/* The list guesses heights, so it takes more than one frame to get anywhere, and what seems to be
 * the place may turn out otherwise when the rows around it have been measured. */
static gboolean on_going(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    enum { THERE_FRAMES = 3 };
    MaruMessageView *self = data;
    GtkListItem *item = self->lit_id != NULL ? bound_rows_with_id(self->bound, self->lit_id) : NULL;
    bool there = self->following ? reached_end(self) : item != NULL && centre(self, item);
    self->there = there ? self->there + 1 : 0;
    if (self->there < THERE_FRAMES && --self->going_tries > 0) {
        return G_SOURCE_CONTINUE;
    }
    self->going = 0;
    if (item != NULL) {
        gtk_widget_grab_focus(gtk_widget_get_parent(gtk_list_item_get_child(item)));
    }
    show_jump(self, !self->following);
    look_soon(self);
    return G_SOURCE_REMOVE;
}

static void go(MaruMessageView *self)
{
    enum { GOING_TRIES = 30 };
    self->going_tries = GOING_TRIES;
    self->there = 0;
    if (self->going == 0) {
        self->going = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_going, self, NULL);
    }
}

void maru_message_view_show(MaruMessageView *self, guint position)
{
    g_autoptr(MaruMessage) message = g_list_model_get_item(G_LIST_MODEL(self->messages), position);
    if (message == NULL) {
        return;
    }
    light(self, maru_message_record(message)->id);
    self->following = false;
    show_jump(self, true);
    g_clear_handle_id(&self->settle, g_source_remove);
    gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", position);
    go(self);
}

void maru_message_view_to_end(MaruMessageView *self)
{
    self->following = true;
    light(self, NULL);
    show_jump(self, false);
    settle_soon(self);
    go(self);
}

void maru_message_view_page(MaruMessageView *self, gboolean up)
{
    gboolean handled;
    g_signal_emit_by_name(self->scroller, "scroll-child",
                          up ? GTK_SCROLL_PAGE_BACKWARD : GTK_SCROLL_PAGE_FORWARD, FALSE, &handled);
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    gtk_list_item_set_activatable(item, FALSE);
    gtk_list_item_set_child(item, maru_message_row_new());
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    GtkWidget *row = gtk_list_item_get_child(item);
    MaruMessageView *self = data;
    /* Rows are bound anew when they move, but with the object that they had; whether a row begins a
     * day or a group may have changed since. */
    g_autoptr(MaruMessage) message =
        g_list_model_get_item(G_LIST_MODEL(self->messages), gtk_list_item_get_position(item));
    if (message == NULL) {
        message = g_object_ref(gtk_list_item_get_item(item));
    }
    const struct message *record = maru_message_record(message);
    maru_message_row_set_message(MARU_MESSAGE_ROW(row), message);
    maru_message_row_set_lit(MARU_MESSAGE_ROW(row),
                             self->lit_id != NULL && strcmp(record->id, self->lit_id) == 0);
    gtk_list_item_set_activatable(item, record->kind == MESSAGE_GAP);
    bound_rows_add(self->bound, item);
    /* Focus is on the list's own widget around the row, so that one needs the name too. */
    GtkWidget *around = gtk_widget_get_parent(row);
    if (around != NULL) {
        g_autofree char *name = message_words_describe(record);
        gtk_accessible_update_property(GTK_ACCESSIBLE(around), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    MaruMessageView *self = data;
    bound_rows_remove(self->bound, item);
    /* The row keeps what it shows: mostly it is bound to the same message again. */
}

/* A click or Enter on a gap: the person asks for what is missing. */
static void on_activate(MaruMessageView *self, guint position)
{
    g_signal_emit(self, signals[LOAD], 0, position, FALSE, TRUE);
}

/* The row under a point of the list, and the point in the row. */
static MaruMessageRow *row_at(MaruMessageView *self, double x, double y, double *ret_x,
                              double *ret_y)
{
    GtkWidget *list = GTK_WIDGET(self->list);
    GtkWidget *widget = gtk_widget_pick(list, x, y, GTK_PICK_DEFAULT);
    if (widget == NULL) {
        return NULL;
    }
    if (!MARU_IS_MESSAGE_ROW(widget)) {
        widget = gtk_widget_get_first_child(widget);
    }
    if (widget == NULL || !MARU_IS_MESSAGE_ROW(widget)) {
        return NULL;
    }
    gtk_widget_translate_coordinates(list, widget, x, y, ret_x, ret_y);
    return MARU_MESSAGE_ROW(widget);
}

static MaruMessageRow *focused_row(MaruMessageView *self)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;
    if (focus == NULL || !gtk_widget_is_ancestor(focus, GTK_WIDGET(self->list))) {
        return NULL;
    }
    GtkWidget *child = gtk_widget_get_first_child(focus);
    return child != NULL && MARU_IS_MESSAGE_ROW(child) ? MARU_MESSAGE_ROW(child) : NULL;
}

static void clear_selection(MaruMessageView *self)
{
    if (self->select_row != NULL) {
        maru_message_row_select(self->select_row, 0, 0);
        g_clear_weak_pointer(&self->select_row);
    }
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, MaruMessageView *self)
{
    clear_selection(self);
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    if (row != NULL) {
        g_set_weak_pointer(&self->select_row, row);
    }
}

/* Text is selected within the row where the drag began. */
static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, MaruMessageView *self)
{
    double x;
    double y;
    if (self->select_row == NULL || !gtk_gesture_drag_get_start_point(gesture, &x, &y)) {
        return;
    }
    GtkWidget *row = GTK_WIDGET(self->select_row);
    double from_x;
    double from_y;
    gtk_widget_translate_coordinates(GTK_WIDGET(self->list), row, x, y, &from_x, &from_y);
    int from = maru_message_row_index_at(self->select_row, from_x, from_y);
    int to = maru_message_row_index_at(self->select_row, from_x + dx, from_y + dy);
    maru_message_row_select(self->select_row, from, to);
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, MaruMessageView *self)
{
    if (self->select_row == NULL) {
        return;
    }
    g_autofree char *selection = maru_message_row_selection(self->select_row);
    if (selection != NULL) {
        gdk_clipboard_set_text(gtk_widget_get_primary_clipboard(GTK_WIDGET(self)), selection);
        return;
    }
    double x;
    double y;
    gtk_gesture_drag_get_start_point(gesture, &x, &y);
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    g_autofree char *link = row != NULL ? maru_message_row_link_at(row, row_x, row_y) : NULL;
    guint position;
    if (link != NULL) {
        maru_message_menu_open_link(self->menu, link);
    } else if (row != NULL && maru_message_row_is_again_at(row, row_x, row_y) &&
               bound_rows_position(self->bound, row, &position)) {
        g_signal_emit(self, signals[SEND_AGAIN], 0, position);
    }
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, MaruMessageView *self)
{
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    g_autofree char *link = row != NULL ? maru_message_row_link_at(row, row_x, row_y) : NULL;
    bool active = link != NULL || (row != NULL && maru_message_row_is_again_at(row, row_x, row_y));
    gtk_widget_set_cursor_from_name(GTK_WIDGET(self->list), active ? "pointer" : NULL);
}

static gboolean on_query_tooltip(GtkWidget *list, int x, int y, gboolean keyboard,
                                 GtkTooltip *tooltip, MaruMessageView *self)
{
    double row_x;
    double row_y;
    MaruMessageRow *row = keyboard ? NULL : row_at(self, x, y, &row_x, &row_y);
    const char *text = row != NULL ? maru_message_row_tooltip_at(row, row_x, row_y) : NULL;
    gtk_tooltip_set_text(tooltip, text);
    return text != NULL;
}

static void on_secondary_press(GtkGestureClick *gesture, int n, double x, double y,
                               MaruMessageView *self)
{
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    if (row != NULL) {
        maru_message_menu_show(self->menu, row, row_x, row_y);
    }
}

static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state,
                       MaruMessageView *self)
{
    MaruMessageRow *row = self->select_row != NULL ? self->select_row : focused_row(self);
    bool control = (state & GDK_CONTROL_MASK) != 0;
    bool menu = key == GDK_KEY_Menu || (key == GDK_KEY_F10 && (state & GDK_SHIFT_MASK) != 0);
    if (row == NULL) {
        return GDK_EVENT_PROPAGATE;
    }
    if (control && (key == GDK_KEY_c || key == GDK_KEY_C || key == GDK_KEY_Insert)) {
        maru_message_menu_copy(self->menu, row);
        return GDK_EVENT_STOP;
    }
    if (menu) {
        maru_message_menu_show(self->menu, row, 60, gtk_widget_get_height(GTK_WIDGET(row)));
        return GDK_EVENT_STOP;
    }
    return GDK_EVENT_PROPAGATE;
}

static void on_write_again(MaruMessageView *self, const char *text)
{
    g_signal_emit(self, signals[WRITE_AGAIN], 0, text);
}

static void on_send_again(MaruMessageView *self, MaruMessageRow *row)
{
    guint position;
    if (bound_rows_position(self->bound, row, &position)) {
        g_signal_emit(self, signals[SEND_AGAIN], 0, position);
    }
}

static void on_remove(MaruMessageView *self, const char *id)
{
    g_signal_emit(self, signals[REMOVE], 0, id);
}

void maru_message_view_set_can_remove(MaruMessageView *self, gboolean can)
{
    maru_message_menu_set_can_remove(self->menu, can);
}

static void maru_message_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MaruMessageView *self = MARU_MESSAGE_VIEW(widget);
    gtk_widget_size_allocate(self->overlay, &(GtkAllocation){0, 0, width, height}, baseline);
    maru_message_menu_present(self->menu);
}

/* The list would be entered at its first row, the oldest; a person wants the lowest one in view. */
static GtkWidget *lowest_row(MaruMessageView *self)
{
    GtkWidget *list = GTK_WIDGET(self->list);
    double bottom = gtk_widget_get_height(list) - 16;
    GtkWidget *widget = gtk_widget_pick(list, TEXT_POINT_X, bottom, GTK_PICK_DEFAULT);
    while (widget != NULL && widget != list && gtk_widget_get_parent(widget) != list) {
        widget = gtk_widget_get_parent(widget);
    }
    return widget != NULL && widget != list ? widget : gtk_widget_get_last_child(list);
}

static gboolean maru_message_view_focus(GtkWidget *widget, GtkDirectionType direction)
{
    MaruMessageView *self = MARU_MESSAGE_VIEW(widget);
    bool tab = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;
    if (tab && gtk_widget_get_focus_child(widget) == NULL && n_rows(self) > 0) {
        GtkWidget *row = lowest_row(self);
        if (row != NULL && gtk_widget_grab_focus(row)) {
            return TRUE;
        }
    }
    return GTK_WIDGET_CLASS(maru_message_view_parent_class)->focus(widget, direction);
}

static void flush(gpointer list)
{
    maru_message_list_flush(list);
}

static void maru_message_view_dispose(GObject *object)
{
    MaruMessageView *self = MARU_MESSAGE_VIEW(object);
    maru_message_view_set_list(self, NULL);
    g_clear_handle_id(&self->settle, g_source_remove);
    if (self->look != 0) {
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->look);
        self->look = 0;
    }
    if (self->going != 0) {
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->going);
        self->going = 0;
    }
    g_clear_weak_pointer(&self->select_row);
    if (self->menu != NULL) {
        maru_message_menu_close(self->menu);
    }
    g_clear_pointer(&self->overlay, gtk_widget_unparent);
    g_clear_object(&self->menu);
    g_clear_pointer(&self->bound, bound_rows_destroy);
    g_clear_pointer(&self->lit_id, g_free);
    G_OBJECT_CLASS(maru_message_view_parent_class)->dispose(object);
}

static guint new_signal(const char *name, guint n_params, GType first, GType others)
{
    return g_signal_new(name, MARU_TYPE_MESSAGE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, n_params, first, others, others);
}

static void maru_message_view_class_init(MaruMessageViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = maru_message_view_dispose;
    widget_class->size_allocate = maru_message_view_size_allocate;
    widget_class->focus = maru_message_view_focus;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/chat/maru/Maru/ui/maru_message_view.ui");
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, overlay);
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, scroller);
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, list);
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, jump);
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, jump_button);
    gtk_widget_class_bind_template_child(widget_class, MaruMessageView, row_menu);
    signals[WRITE_AGAIN] = new_signal("write-again", 1, G_TYPE_STRING, G_TYPE_NONE);
    signals[SEND_AGAIN] = new_signal("send-again", 1, G_TYPE_UINT, G_TYPE_NONE);
    signals[REMOVE] = new_signal("remove", 1, G_TYPE_STRING, G_TYPE_NONE);
    signals[LOAD] = new_signal("load", 3, G_TYPE_UINT, G_TYPE_BOOLEAN);
}

static void add_controllers(MaruMessageView *self)
{
    GtkWidget *list = GTK_WIDGET(self->list);
    GtkGesture *drag = gtk_gesture_drag_new();
    g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
    g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
    g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), self);
    gtk_widget_add_controller(list, GTK_EVENT_CONTROLLER(drag));

    GtkGesture *secondary = gtk_gesture_click_new();
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(secondary), GDK_BUTTON_SECONDARY);
    g_signal_connect(secondary, "pressed", G_CALLBACK(on_secondary_press), self);
    gtk_widget_add_controller(list, GTK_EVENT_CONTROLLER(secondary));

    GtkEventController *motion = gtk_event_controller_motion_new();
    g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
    gtk_widget_add_controller(list, motion);

    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(list, keys);
}

static void maru_message_view_init(MaruMessageView *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_widget_set_layout_manager(GTK_WIDGET(self), NULL);
    self->following = true;
    self->bound = bound_rows_create(GTK_WIDGET(self->list));
    self->menu = maru_message_menu_new(GTK_WIDGET(self), self->row_menu);
    g_signal_connect_swapped(self->menu, "write-again", G_CALLBACK(on_write_again), self);
    g_signal_connect_swapped(self->menu, "send-again", G_CALLBACK(on_send_again), self);
    g_signal_connect_swapped(self->menu, "remove", G_CALLBACK(on_remove), self);

    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
    gtk_list_view_set_factory(self->list, factory);
    g_object_unref(factory);

    g_signal_connect_swapped(adjustment(self), "changed", G_CALLBACK(on_adjustment_changed), self);
    g_signal_connect_swapped(adjustment(self), "value-changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect_swapped(self->list, "activate", G_CALLBACK(on_activate), self);
    g_signal_connect(self->list, "query-tooltip", G_CALLBACK(on_query_tooltip), self);
    g_signal_connect_swapped(self->jump_button, "clicked", G_CALLBACK(maru_message_view_to_end),
                             self);
    add_controllers(self);
}

void maru_message_view_set_list(MaruMessageView *self, MaruMessageList *list)
{
    if (self->messages == list) {
        return;
    }
    if (self->messages != NULL) {
        g_signal_handlers_disconnect_by_data(self->messages, self);
        frame_flush_detach(GTK_WIDGET(self));
        g_clear_object(&self->messages);
        gtk_list_view_set_model(self->list, NULL);
    }
    if (list != NULL) {
        self->messages = g_object_ref(list);
        GtkNoSelection *model = gtk_no_selection_new(g_object_ref(G_LIST_MODEL(list)));
        gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(model));
        g_object_unref(model);
        g_signal_connect_swapped(list, "items-changed", G_CALLBACK(on_items_changed), self);
        g_signal_connect_swapped(list, "before-page", G_CALLBACK(on_before_page), self);
        frame_flush_attach(GTK_WIDGET(self), G_OBJECT(list), flush);
        maru_message_view_to_end(self);
    }
}
