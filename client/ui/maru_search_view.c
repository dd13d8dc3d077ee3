/* The results of a search. Main thread. */
#include "maru_search_view.h"

#include "maru_message_row.h"
#include "message_words.h"

#include <glib/gi18n.h>

struct _MaruSearchView {
    GtkBox parent_instance;
    GtkSpinner *spinner;
    GtkLabel *status;
    GtkListView *list;
    GtkButton *more;

    MaruChatClient *client; /* borrowed */
};

G_DEFINE_FINAL_TYPE(MaruSearchView, maru_search_view, GTK_TYPE_BOX)

static guint signal_chosen;

static GListModel *found(MaruSearchView *self)
{
    return G_LIST_MODEL(maru_chat_client_room(self->client)->found);
}

static char *state_text(enum search_state state, guint n)
{
    switch (state) {
    case SEARCH_RUNNING:
        return g_strdup(_("Searching…"));
    case SEARCH_FAILED:
        return g_strdup(_("The server could not search. Try again later."));
    case SEARCH_DONE:
    case SEARCH_MORE:
        if (n == 0) {
            return g_strdup(_("Nothing was found"));
        }
        return g_strdup_printf(
            g_dngettext(GETTEXT_PACKAGE, "%u message found", "%u messages found", n), n);
    default:
        return g_strdup("");
    }
}

static void show_state(MaruSearchView *self)
{
    enum search_state state = maru_chat_client_search_state(self->client);
    g_autofree char *text = state_text(state, g_list_model_get_n_items(found(self)));
    gtk_label_set_text(self->status, text);
    gtk_widget_set_visible(GTK_WIDGET(self->spinner), state == SEARCH_RUNNING);
    gtk_spinner_set_spinning(self->spinner, state == SEARCH_RUNNING);
    gtk_widget_set_visible(GTK_WIDGET(self->more), state == SEARCH_MORE);
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    gtk_list_item_set_child(item, maru_message_row_new());
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    GtkWidget *row = gtk_list_item_get_child(item);
    MaruMessage *message = gtk_list_item_get_item(item);
    const struct message *record = maru_message_record(message);
    maru_message_row_set_message(MARU_MESSAGE_ROW(row), message);
    g_autofree char *day = message_words_day(record->time_us);
    g_autofree char *words = message_words_describe(record);
    g_autofree char *name = g_strdup_printf("%s: %s", day, words);
    GtkWidget *around = gtk_widget_get_parent(row);
    if (around != NULL) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(around), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    maru_message_row_set_message(MARU_MESSAGE_ROW(gtk_list_item_get_child(item)), NULL);
}

static void on_activate(MaruSearchView *self, guint position)
{
    g_autoptr(MaruMessage) message = g_list_model_get_item(found(self), position);
    if (message != NULL) {
        const struct message *record = maru_message_record(message);
        g_signal_emit(self, signal_chosen, 0, record->id, record->time_us);
    }
}

static void on_more(MaruSearchView *self)
{
    maru_chat_client_search_more(self->client);
}

static void maru_search_view_dispose(GObject *object)
{
    MaruSearchView *self = MARU_SEARCH_VIEW(object);
    if (self->client != NULL) {
        g_signal_handlers_disconnect_by_data(self->client, self);
        self->client = NULL;
    }
    G_OBJECT_CLASS(maru_search_view_parent_class)->dispose(object);
}

static void maru_search_view_class_init(MaruSearchViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = maru_search_view_dispose;
    signal_chosen = g_signal_new("chosen", MARU_TYPE_SEARCH_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_INT64);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/chat/maru/Maru/ui/maru_search_view.ui");
    gtk_widget_class_bind_template_child(widget_class, MaruSearchView, spinner);
    gtk_widget_class_bind_template_child(widget_class, MaruSearchView, status);
    gtk_widget_class_bind_template_child(widget_class, MaruSearchView, list);
    gtk_widget_class_bind_template_child(widget_class, MaruSearchView, more);
}

static void maru_search_view_init(MaruSearchView *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
    gtk_list_view_set_factory(self->list, factory);
    g_object_unref(factory);
    g_signal_connect_swapped(self->list, "activate", G_CALLBACK(on_activate), self);
    g_signal_connect_swapped(self->more, "clicked", G_CALLBACK(on_more), self);
}

void maru_search_view_set_client(MaruSearchView *self, MaruChatClient *client)
{
    self->client = client;
    g_signal_connect_swapped(client, "search-changed", G_CALLBACK(show_state), self);
}

void maru_search_view_begin(MaruSearchView *self)
{
    GtkNoSelection *model = gtk_no_selection_new(g_object_ref(found(self)));
    gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(model));
    g_object_unref(model);
    show_state(self);
}
