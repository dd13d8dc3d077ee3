/* The menu of a message. Main thread. */
#include "maru_message_menu.h"

#include "irc_text.h"
#include "message_words.h"

struct _MaruMessageMenu {
    GObject parent_instance;
    GtkWidget *owner; /* borrowed; NULL when it is gone */
    GMenuModel *model;
    GSimpleActionGroup *actions;
    GtkWidget *popover;
    MaruMessageRow *row; /* weak: what the menu is about */
    char *link;
    bool can_remove;
};

G_DEFINE_FINAL_TYPE(MaruMessageMenu, maru_message_menu, G_TYPE_OBJECT)

enum { WRITE_AGAIN, SEND_AGAIN, REMOVE, N_SIGNALS };
static guint signals[N_SIGNALS];

static void copy(MaruMessageMenu *self, const char *text)
{
    gdk_clipboard_set_text(gtk_widget_get_clipboard(self->owner), text);
}

void maru_message_menu_copy(MaruMessageMenu *self, MaruMessageRow *row)
{
    g_autofree char *selection = maru_message_row_selection(row);
    MaruMessage *message = maru_message_row_message(row);
    if (selection != NULL) {
        copy(self, selection);
    } else if (message != NULL) {
        copy(self, maru_message_record(message)->text);
    }
}

void maru_message_menu_open_link(MaruMessageMenu *self, const char *link)
{
    GtkRoot *root = gtk_widget_get_root(self->owner);
    gtk_show_uri(GTK_WINDOW(root), link, GDK_CURRENT_TIME);
}

void maru_message_menu_set_can_remove(MaruMessageMenu *self, bool can)
{
    self->can_remove = can;
}

static void enable(MaruMessageMenu *self, const char *name, bool enabled)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), name);
    g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static void make_popover(MaruMessageMenu *self)
{
    if (self->popover == NULL) {
        self->popover = gtk_popover_menu_new_from_model(self->model);
        gtk_widget_set_parent(self->popover, self->owner);
        gtk_popover_set_has_arrow(GTK_POPOVER(self->popover), FALSE);
        gtk_widget_set_halign(self->popover, GTK_ALIGN_START);
    }
}

void maru_message_menu_show(MaruMessageMenu *self, MaruMessageRow *row, double x, double y)
{
    MaruMessage *message = maru_message_row_message(row);
    if (message == NULL) {
        return;
    }
    const struct message *record = maru_message_record(message);
    if (record->kind == MESSAGE_GAP || record->kind == MESSAGE_BEGINNING) {
        return;
    }
    g_set_weak_pointer(&self->row, row);
    g_clear_pointer(&self->link, g_free);
    size_t at = 0;
    struct str link;
    if (irc_text_next_link(str_from(record->text), &at, &link)) {
        self->link = g_strndup(link.p, link.len);
    }
    bool unsent = record->state == MESSAGE_FAILED || record->state == MESSAGE_UNSURE;
    enable(self, "open-link", self->link != NULL);
    enable(self, "write-again", unsent);
    enable(self, "send-again", unsent);
    enable(self, "remove",
           self->can_remove && record->own && !record->removed && record->id[0] != '\0');
    make_popover(self);
    double owner_x;
    double owner_y;
    gtk_widget_translate_coordinates(GTK_WIDGET(row), self->owner, x, y, &owner_x, &owner_y);
    gtk_popover_set_pointing_to(GTK_POPOVER(self->popover),
                                &(GdkRectangle){(int)owner_x, (int)owner_y, 1, 1});
    gtk_popover_popup(GTK_POPOVER(self->popover));
}

void maru_message_menu_present(MaruMessageMenu *self)
{
    if (self->popover != NULL) {
        gtk_popover_present(GTK_POPOVER(self->popover));
    }
}

static const struct message *chosen(MaruMessageMenu *self)
{
    MaruMessage *message = self->row != NULL ? maru_message_row_message(self->row) : NULL;
    return message != NULL ? maru_message_record(message) : NULL;
}

static void action_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    if (self->row != NULL) {
        maru_message_menu_copy(self, self->row);
    }
}

static void action_copy_all(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    const struct message *record = chosen(self);
    if (record != NULL) {
        g_autofree char *text = message_words_describe(record);
        copy(self, text);
    }
}

static void action_open_link(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    if (self->link != NULL) {
        maru_message_menu_open_link(self, self->link);
    }
}

static void action_write_again(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    const struct message *record = chosen(self);
    if (record != NULL) {
        g_signal_emit(self, signals[WRITE_AGAIN], 0, record->text);
    }
}

static void action_send_again(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    if (self->row != NULL) {
        g_signal_emit(self, signals[SEND_AGAIN], 0, self->row);
    }
}

static void action_remove(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MaruMessageMenu *self = data;
    const struct message *record = chosen(self);
    if (record != NULL) {
        g_signal_emit(self, signals[REMOVE], 0, record->id);
    }
}

static const GActionEntry entries[] = {
    {.name = "copy", .activate = action_copy},
    {.name = "copy-all", .activate = action_copy_all},
    {.name = "open-link", .activate = action_open_link},
    {.name = "write-again", .activate = action_write_again},
    {.name = "send-again", .activate = action_send_again},
    {.name = "remove", .activate = action_remove},
};

void maru_message_menu_close(MaruMessageMenu *self)
{
    g_clear_weak_pointer(&self->row);
    g_clear_pointer(&self->popover, gtk_widget_unparent);
    self->owner = NULL;
}

static void maru_message_menu_finalize(GObject *object)
{
    MaruMessageMenu *self = MARU_MESSAGE_MENU(object);
    g_clear_weak_pointer(&self->row);
    g_clear_object(&self->actions);
    g_clear_object(&self->model);
    g_clear_pointer(&self->link, g_free);
    G_OBJECT_CLASS(maru_message_menu_parent_class)->finalize(object);
}

static guint new_signal(const char *name, GType type)
{
    return g_signal_new(name, MARU_TYPE_MESSAGE_MENU, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, 1, type);
}

static void maru_message_menu_class_init(MaruMessageMenuClass *class)
{
    G_OBJECT_CLASS(class)->finalize = maru_message_menu_finalize;
    signals[WRITE_AGAIN] = new_signal("write-again", G_TYPE_STRING);
    signals[SEND_AGAIN] = new_signal("send-again", MARU_TYPE_MESSAGE_ROW);
    signals[REMOVE] = new_signal("remove", G_TYPE_STRING);
}

static void maru_message_menu_init(MaruMessageMenu *self)
{
    self->actions = g_simple_action_group_new();
    g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
                                    self);
}

MaruMessageMenu *maru_message_menu_new(GtkWidget *owner, GMenuModel *model)
{
    MaruMessageMenu *self = g_object_new(MARU_TYPE_MESSAGE_MENU, NULL);
    self->owner = owner;
    self->model = g_object_ref(model);
    gtk_widget_insert_action_group(owner, "message", G_ACTION_GROUP(self->actions));
    return self;
}
