/* The messages of a room, scrolled. Main thread. */
#include "maru_message_view.h"

#include "frame_flush.h"
#include "irc_text.h"
#include "maru_message_row.h"

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
    GSimpleActionGroup *actions;
    GtkWidget *popover;
    MaruMessageRow *menu_row;   /* weak: what the menu is about */
    MaruMessageRow *select_row; /* weak: where text is selected */
    char *menu_link;
    bool following;
    double last_value;
    double last_upper;
    double last_page;
    guint settle; /* source: goes to the end after the list has measured its rows */
};

G_DEFINE_FINAL_TYPE(MaruMessageView, maru_message_view, GTK_TYPE_WIDGET)

static guint signal_write_again;

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

/* The list guesses the heights of rows that it has not measured; going to the last item makes it
 * measure the end, and the adjustment's following changes do the rest. */
static gboolean on_settle(gpointer data)
{
    MaruMessageView *self = data;
    self->settle = 0;
    guint n = n_rows(self);
    if (self->following && n > 0) {
        gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", n - 1);
        pull_to_end(self);
    }
    return G_SOURCE_REMOVE;
}

static void settle_soon(MaruMessageView *self)
{
    if (self->settle == 0) {
        self->settle = g_idle_add_full(GTK_PRIORITY_RESIZE - 1, on_settle, self, NULL);
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
    } else if (same_room && value < self->last_value && self->settle == 0) {
        self->following = false;
    }
    self->last_value = value;
    show_jump(self, !self->following);
}

static void on_items_changed(MaruMessageView *self)
{
    if (self->following) {
        settle_soon(self);
    }
}

void maru_message_view_to_end(MaruMessageView *self)
{
    self->following = true;
    show_jump(self, false);
    settle_soon(self);
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
    MaruMessage *message = gtk_list_item_get_item(item);
    maru_message_row_set_message(MARU_MESSAGE_ROW(row), message);
    /* Focus is on the list's own widget around the row, so that one needs the name too. */
    GtkWidget *around = gtk_widget_get_parent(row);
    if (around != NULL) {
        g_autofree char *name = maru_message_row_describe(maru_message_record(message));
        gtk_accessible_update_property(GTK_ACCESSIBLE(around), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    maru_message_row_set_message(MARU_MESSAGE_ROW(gtk_list_item_get_child(item)), NULL);
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

static void copy(MaruMessageView *self, const char *text)
{
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
}

static void copy_row(MaruMessageView *self, MaruMessageRow *row)
{
    g_autofree char *selection = maru_message_row_selection(row);
    MaruMessage *message = maru_message_row_message(row);
    if (selection != NULL) {
        copy(self, selection);
    } else if (message != NULL) {
        copy(self, maru_message_record(message)->text);
    }
}

static void open_link(MaruMessageView *self, const char *link)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    gtk_show_uri(GTK_WINDOW(root), link, GDK_CURRENT_TIME);
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
    if (link != NULL) {
        open_link(self, link);
    }
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, MaruMessageView *self)
{
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    g_autofree char *link = row != NULL ? maru_message_row_link_at(row, row_x, row_y) : NULL;
    gtk_widget_set_cursor_from_name(GTK_WIDGET(self->list), link != NULL ? "pointer" : NULL);
}

static void enable(MaruMessageView *self, const char *name, bool enabled)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), name);
    g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static void show_menu(MaruMessageView *self, MaruMessageRow *row, double x, double y)
{
    MaruMessage *message = maru_message_row_message(row);
    if (message == NULL) {
        return;
    }
    const struct message *record = maru_message_record(message);
    g_set_weak_pointer(&self->menu_row, row);
    g_clear_pointer(&self->menu_link, g_free);
    size_t at = 0;
    struct str link;
    if (irc_text_next_link(str_from(record->text), &at, &link)) {
        self->menu_link = g_strndup(link.p, link.len);
    }
    enable(self, "open-link", self->menu_link != NULL);
    enable(self, "write-again", record->state == MESSAGE_FAILED || record->state == MESSAGE_UNSURE);
    if (self->popover == NULL) {
        self->popover = gtk_popover_menu_new_from_model(self->row_menu);
        gtk_widget_set_parent(self->popover, GTK_WIDGET(self));
        gtk_popover_set_has_arrow(GTK_POPOVER(self->popover), FALSE);
        gtk_widget_set_halign(self->popover, GTK_ALIGN_START);
    }
    double view_x;
    double view_y;
    gtk_widget_translate_coordinates(GTK_WIDGET(row), GTK_WIDGET(self), x, y, &view_x, &view_y);
    gtk_popover_set_pointing_to(GTK_POPOVER(self->popover),
                                &(GdkRectangle){(int)view_x, (int)view_y, 1, 1});
    gtk_popover_popup(GTK_POPOVER(self->popover));
}

static void on_secondary_press(GtkGestureClick *gesture, int n, double x, double y,
                               MaruMessageView *self)
{
    double row_x;
    double row_y;
    MaruMessageRow *row = row_at(self, x, y, &row_x, &row_y);
    if (row != NULL) {
        show_menu(self, row, row_x, row_y);
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
        copy_row(self, row);
        return GDK_EVENT_STOP;
    }
    if (menu) {
        show_menu(self, row, 60, gtk_widget_get_height(GTK_WIDGET(row)));
        return GDK_EVENT_STOP;
    }
    return GDK_EVENT_PROPAGATE;
}

static void action_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageView *self = data;
    if (self->menu_row != NULL) {
        copy_row(self, self->menu_row);
    }
}

static void action_copy_all(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageView *self = data;
    MaruMessage *message = self->menu_row != NULL ? maru_message_row_message(self->menu_row) : NULL;
    if (message != NULL) {
        g_autofree char *text = maru_message_row_describe(maru_message_record(message));
        copy(self, text);
    }
}

static void action_open_link(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageView *self = data;
    if (self->menu_link != NULL) {
        open_link(self, self->menu_link);
    }
}

static void action_write_again(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageView *self = data;
    MaruMessage *message = self->menu_row != NULL ? maru_message_row_message(self->menu_row) : NULL;
    if (message != NULL) {
        g_signal_emit(self, signal_write_again, 0, maru_message_record(message)->text);
    }
}

static const GActionEntry action_entries[] = {
    {.name = "copy", .activate = action_copy},
    {.name = "copy-all", .activate = action_copy_all},
    {.name = "open-link", .activate = action_open_link},
    {.name = "write-again", .activate = action_write_again},
};

static void maru_message_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MaruMessageView *self = MARU_MESSAGE_VIEW(widget);
    gtk_widget_size_allocate(self->overlay, &(GtkAllocation){0, 0, width, height}, baseline);
    if (self->popover != NULL) {
        gtk_popover_present(GTK_POPOVER(self->popover));
    }
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
    g_clear_weak_pointer(&self->menu_row);
    g_clear_weak_pointer(&self->select_row);
    g_clear_pointer(&self->popover, gtk_widget_unparent);
    g_clear_pointer(&self->overlay, gtk_widget_unparent);
    g_clear_object(&self->actions);
    g_clear_pointer(&self->menu_link, g_free);
    G_OBJECT_CLASS(maru_message_view_parent_class)->dispose(object);
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
    signal_write_again = g_signal_new("write-again", MARU_TYPE_MESSAGE_VIEW, G_SIGNAL_RUN_LAST, 0,
                                      NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
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
    self->actions = g_simple_action_group_new();
    g_action_map_add_action_entries(G_ACTION_MAP(self->actions), action_entries,
                                    G_N_ELEMENTS(action_entries), self);
    gtk_widget_insert_action_group(GTK_WIDGET(self), "message", G_ACTION_GROUP(self->actions));

    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
    gtk_list_view_set_factory(self->list, factory);
    g_object_unref(factory);

    g_signal_connect_swapped(adjustment(self), "changed", G_CALLBACK(on_adjustment_changed), self);
    g_signal_connect_swapped(adjustment(self), "value-changed", G_CALLBACK(on_value_changed), self);
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
        frame_flush_attach(GTK_WIDGET(self), G_OBJECT(list), flush);
        maru_message_view_to_end(self);
    }
}
