/* The room. Main thread. */
#include "maru_room_page.h"

#include "maru_member_view.h"
#include "maru_message_view.h"
#include "maru_search_view.h"

#include <glib/gi18n.h>
#include <stdbool.h>

struct _MaruRoomPage {
    GtkBox parent_instance;
    AdwWindowTitle *title;
    GtkToggleButton *members_button;
    GtkLabel *members_count;
    GtkRevealer *announcement;
    GtkLabel *announcement_title;
    GtkLabel *announcement_text;
    GtkWidget *announcement_close;
    GtkRevealer *status;
    GtkSpinner *status_spinner;
    GtkLabel *status_text;
    GtkButton *status_button;
    AdwFlap *flap;
    GtkToggleButton *search_button;
    GtkSearchBar *search_bar;
    GtkSearchEntry *search_entry;
    GtkWidget *results_button;
    GtkStack *pages;
    MaruSearchView *results;
    MaruMessageView *messages;
    MaruMemberView *members;
    GtkEntry *entry;
    GtkWidget *send;

    MaruChatClient *client; /* borrowed */
    char *completion;       /* what was typed before Tab completed it; NULL when Tab is new */
    char *completed;        /* the name that Tab put in last */
    char *looked_for;       /* NULL where nothing is */
};

G_DEFINE_FINAL_TYPE(MaruRoomPage, maru_room_page, GTK_TYPE_BOX)

enum { PROP_0, PROP_MEMBERS_SHOWN, N_PROPS };
static GParamSpec *props[N_PROPS];
static guint signal_abilities;

static void show_title(MaruRoomPage *self)
{
    struct chat_room *room = maru_chat_client_room(self->client);
    adw_window_title_set_title(self->title, room->name);
    g_autofree char *subtitle =
        room->topic[0] != '\0' ? g_strdup(room->topic)
                               : g_strdup_printf(_("%s on %s"), maru_chat_client_nick(self->client),
                                                 maru_chat_client_address(self->client));
    adw_window_title_set_subtitle(self->title, subtitle);
}

/* A banner that is not shown is no part of the window for screen readers either; the revealer alone
 * would leave it there. */
static void reveal(GtkRevealer *banner, bool shown)
{
    if (shown) {
        gtk_widget_set_visible(GTK_WIDGET(banner), TRUE);
    }
    gtk_revealer_set_reveal_child(banner, shown);
}

static void on_child_revealed(GtkRevealer *banner)
{
    if (!gtk_revealer_get_child_revealed(banner) && !gtk_revealer_get_reveal_child(banner)) {
        gtk_widget_set_visible(GTK_WIDGET(banner), FALSE);
    }
}

static void show_status(MaruRoomPage *self, const char *text, const char *button, bool spinning)
{
    reveal(self->status, text != NULL);
    gtk_spinner_set_spinning(self->status_spinner, spinning);
    gtk_widget_set_visible(GTK_WIDGET(self->status_spinner), spinning);
    gtk_widget_set_visible(GTK_WIDGET(self->status_button), button != NULL);
    if (text != NULL) {
        gtk_label_set_text(self->status_text, text);
    }
    if (button != NULL) {
        gtk_button_set_label(self->status_button, button);
    }
}

static void show_state(MaruRoomPage *self)
{
    enum chat_state state = maru_chat_client_state(self->client);
    unsigned seconds = maru_chat_client_seconds_left(self->client);
    g_autofree char *waiting = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "The connection was lost. Trying again in %u second.",
                    "The connection was lost. Trying again in %u seconds.", seconds),
        seconds);
    switch (state) {
    case CHAT_WAITING:
        show_status(self, waiting, _("_Try Now"), true);
        break;
    case CHAT_RETURNING:
        show_status(self, _("The connection was lost. Trying again…"), NULL, true);
        break;
    case CHAT_STRANDED:
        show_status(self, _("You are no longer connected."), _("_Connect Again"), false);
        break;
    case CHAT_OUTSIDE:
        show_status(self, _("You are no longer in this room."), _("_Join Again"), false);
        break;
    default:
        show_status(self, NULL, NULL, false);
    }
    gtk_widget_set_sensitive(self->send, state == CHAT_IN_ROOM || state == CHAT_OUTSIDE);
}

static void show_messages(MaruRoomPage *self)
{
    gtk_stack_set_visible_child_name(self->pages, "messages");
    gtk_widget_set_visible(self->results_button,
                           maru_chat_client_search_state(self->client) != SEARCH_NONE);
}

static void show_results(MaruRoomPage *self)
{
    gtk_stack_set_visible_child_name(self->pages, "results");
    gtk_widget_set_visible(self->results_button, FALSE);
}

/* What the server can do comes with the connection. */
static void show_abilities(MaruRoomPage *self)
{
    bool can_search = maru_chat_client_can_search(self->client);
    gtk_widget_set_visible(GTK_WIDGET(self->search_button), can_search);
    g_signal_emit(self, signal_abilities, 0, (gboolean)can_search);
    maru_message_view_set_can_remove(self->messages, maru_chat_client_can_remove(self->client));
    if (!can_search && maru_chat_client_search_state(self->client) == SEARCH_NONE) {
        gtk_search_bar_set_search_mode(self->search_bar, FALSE);
    }
}

/* Enter asks at once, a pause in writing too; Enter once more leads back to what was found. */
static void look_for(MaruRoomPage *self)
{
    g_autofree char *text =
        g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->search_entry))));
    if (g_strcmp0(text, self->looked_for) != 0) {
        g_free(self->looked_for);
        self->looked_for = g_strdup(text);
        maru_chat_client_search(self->client, text);
    }
    if (text[0] != '\0') {
        show_results(self);
    } else {
        show_messages(self);
    }
}

static void on_search_mode(MaruRoomPage *self)
{
    bool on = gtk_search_bar_get_search_mode(self->search_bar);
    /* Folded away, it is not there for screen readers either. */
    gtk_widget_set_visible(GTK_WIDGET(self->search_bar), on);
    if (self->client == NULL || on) {
        return;
    }
    g_clear_pointer(&self->looked_for, g_free);
    maru_chat_client_search(self->client, "");
    show_messages(self);
    maru_room_page_focus_entry(self);
}

static void on_result(MaruRoomPage *self, const char *id, gint64 time_us)
{
    show_messages(self);
    maru_chat_client_go_to(self->client, id, time_us);
}

static void on_show_row(MaruRoomPage *self, guint position)
{
    show_messages(self);
    maru_message_view_show(self->messages, position);
}

static void on_load(MaruRoomPage *self, guint position, gboolean older, gboolean asked)
{
    maru_chat_client_load(self->client, position, older, asked);
}

static void on_send_again(MaruRoomPage *self, guint position)
{
    maru_chat_client_send_again(self->client, position);
    maru_message_view_to_end(self->messages);
}

static void on_remove_answer(MaruRoomPage *self, const char *response, AdwMessageDialog *dialog)
{
    if (strcmp(response, "remove") == 0) {
        maru_chat_client_remove(self->client, g_object_get_data(G_OBJECT(dialog), "id"));
    }
}

static void on_remove(MaruRoomPage *self, const char *id)
{
    GtkWindow *window = GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self)));
    GtkWidget *dialog = adw_message_dialog_new(
        window, _("Remove This Message?"),
        _("It is taken out of the room’s history. Who has seen it with another program may still "
          "have it."));
    AdwMessageDialog *message = ADW_MESSAGE_DIALOG(dialog);
    adw_message_dialog_add_responses(message, "cancel", _("_Cancel"), "remove", _("_Remove"), NULL);
    adw_message_dialog_set_response_appearance(message, "remove", ADW_RESPONSE_DESTRUCTIVE);
    adw_message_dialog_set_close_response(message, "cancel");
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    g_object_set_data_full(G_OBJECT(dialog), "id", g_strdup(id), g_free);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_remove_answer), self,
                            G_CONNECT_SWAPPED);
    gtk_window_present(GTK_WINDOW(dialog));
}

/* Enter and the button come here. The entry keeps what was not sent. */
static void send_entry(MaruRoomPage *self)
{
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    if (text[0] == '\0') {
        return;
    }
    g_autofree char *copy = g_strdup(text);
    if (maru_chat_client_enter(self->client, copy) != CLIENT_ENTRY_KEEP) {
        gtk_editable_set_text(GTK_EDITABLE(self->entry), "");
        show_messages(self);
        maru_message_view_to_end(self->messages);
    } else if (maru_chat_client_state(self->client) != CHAT_IN_ROOM) {
        gtk_widget_error_bell(GTK_WIDGET(self->entry));
    }
    maru_room_page_focus_entry(self);
}

static void on_announcement(MaruRoomPage *self, const char *sender, const char *text)
{
    g_autofree char *title = sender[0] != '\0' ? g_strdup_printf(_("Announcement from %s"), sender)
                                               : g_strdup(_("Announcement"));
    gtk_label_set_text(self->announcement_title, title);
    gtk_label_set_text(self->announcement_text, text);
    reveal(self->announcement, true);
}

static void close_announcement(MaruRoomPage *self)
{
    reveal(self->announcement, false);
    maru_room_page_focus_entry(self);
}

static void on_status_clicked(MaruRoomPage *self)
{
    maru_chat_client_retry(self->client);
    maru_room_page_focus_entry(self);
}

static void on_count(MaruRoomPage *self)
{
    int n;
    g_object_get(self->members, "count", &n, NULL);
    g_autofree char *number = g_strdup_printf("%d", n);
    gtk_label_set_text(self->members_count, number);
    g_autofree char *name =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%d member", "%d members", (gulong)n), n);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->members_button),
                                   GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void on_member_activated(MaruRoomPage *self, const char *nick)
{
    g_autofree char *text = g_strdup_printf("/msg %s ", nick);
    gtk_editable_set_text(GTK_EDITABLE(self->entry), text);
    maru_room_page_focus_entry(self);
}

static void on_write_again(MaruRoomPage *self, const char *text)
{
    gtk_editable_set_text(GTK_EDITABLE(self->entry), text);
    maru_room_page_focus_entry(self);
}

static void forget_completion(MaruRoomPage *self)
{
    g_clear_pointer(&self->completion, g_free);
    g_clear_pointer(&self->completed, g_free);
}

/* Tab behind the beginning of a name completes it, and again takes the next such name. False where
 * there is nothing to complete, so that Tab moves on as everywhere. */
static bool complete(MaruRoomPage *self)
{
    GtkEditable *editable = GTK_EDITABLE(self->entry);
    g_autofree char *before =
        gtk_editable_get_chars(editable, 0, gtk_editable_get_position(editable));
    MaruMemberList *members = maru_chat_client_room(self->client)->members;
    if (self->completion == NULL) {
        const char *space = strrchr(before, ' ');
        const char *word = space != NULL ? space + 1 : before;
        if (word[0] == '\0') {
            return false;
        }
        self->completion = g_strdup(word);
    }
    const char *nick = maru_member_list_complete(members, self->completion, self->completed);
    if (nick == NULL) {
        forget_completion(self);
        return false;
    }
    const char *tail = self->completed != NULL ? self->completed : self->completion;
    glong end = g_utf8_strlen(before, -1);
    glong begin = end - g_utf8_strlen(tail, -1);
    int at = (int)MAX(begin, 0);
    g_autofree char *copy = g_strdup(nick);
    gtk_editable_delete_text(editable, at, (int)end);
    gtk_editable_insert_text(editable, copy, -1, &at);
    gtk_editable_set_position(editable, at);
    g_free(self->completed);
    self->completed = g_steal_pointer(&copy);
    return true;
}

static gboolean on_entry_key(GtkEventControllerKey *keys, guint key, guint code,
                             GdkModifierType state, MaruRoomPage *self)
{
    if (key == GDK_KEY_Tab && (state & gtk_accelerator_get_default_mod_mask()) == 0) {
        return complete(self) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
    }
    if (key != GDK_KEY_Shift_L && key != GDK_KEY_Shift_R) {
        forget_completion(self);
    }
    if (key == GDK_KEY_Page_Up || key == GDK_KEY_Page_Down) {
        maru_message_view_page(self->messages, key == GDK_KEY_Page_Up);
        return GDK_EVENT_STOP;
    }
    return GDK_EVENT_PROPAGATE;
}

static void maru_room_page_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    MaruRoomPage *self = MARU_ROOM_PAGE(object);
    if (id == PROP_MEMBERS_SHOWN) {
        /* In a narrow window the members are away because they would cover the room. */
        g_value_set_boolean(value, adw_flap_get_folded(self->flap) ||
                                       adw_flap_get_reveal_flap(self->flap));
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void maru_room_page_set_property(GObject *object, guint id, const GValue *value,
                                        GParamSpec *pspec)
{
    MaruRoomPage *self = MARU_ROOM_PAGE(object);
    if (id == PROP_MEMBERS_SHOWN) {
        adw_flap_set_reveal_flap(self->flap, g_value_get_boolean(value));
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void on_flap(MaruRoomPage *self)
{
    /* Folded away, the members are not there for screen readers and Tab either. */
    gtk_widget_set_visible(GTK_WIDGET(self->members),
                           adw_flap_get_reveal_flap(self->flap) ||
                               adw_flap_get_reveal_progress(self->flap) > 0);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_MEMBERS_SHOWN]);
}

static void maru_room_page_dispose(GObject *object)
{
    MaruRoomPage *self = MARU_ROOM_PAGE(object);
    forget_completion(self);
    g_clear_pointer(&self->looked_for, g_free);
    if (self->client != NULL) {
        g_signal_handlers_disconnect_by_data(self->client, self);
        self->client = NULL;
    }
    G_OBJECT_CLASS(maru_room_page_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *class)
{
    gtk_widget_class_bind_template_child(class, MaruRoomPage, title);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, members_button);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, members_count);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, announcement);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, announcement_title);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, announcement_text);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, announcement_close);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, status);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, status_spinner);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, status_text);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, status_button);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, flap);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, search_button);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, search_bar);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, search_entry);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, results_button);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, pages);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, results);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, messages);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, members);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, entry);
    gtk_widget_class_bind_template_child(class, MaruRoomPage, send);
}

static void maru_room_page_class_init(MaruRoomPageClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->dispose = maru_room_page_dispose;
    object_class->get_property = maru_room_page_get_property;
    object_class->set_property = maru_room_page_set_property;
    props[PROP_MEMBERS_SHOWN] = g_param_spec_boolean("members-shown", NULL, NULL, TRUE,
                                                     G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    g_type_ensure(MARU_TYPE_MESSAGE_VIEW);
    g_type_ensure(MARU_TYPE_MEMBER_VIEW);
    g_type_ensure(MARU_TYPE_SEARCH_VIEW);
    signal_abilities = g_signal_new("abilities", MARU_TYPE_ROOM_PAGE, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
    gtk_widget_class_set_template_from_resource(GTK_WIDGET_CLASS(class),
                                                "/chat/maru/Maru/ui/maru_room_page.ui");
    bind_children(GTK_WIDGET_CLASS(class));
}

static void maru_room_page_init(MaruRoomPage *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    g_signal_connect_swapped(self->entry, "activate", G_CALLBACK(send_entry), self);
    g_signal_connect_swapped(self->send, "clicked", G_CALLBACK(send_entry), self);
    g_signal_connect_swapped(self->announcement_close, "clicked", G_CALLBACK(close_announcement),
                             self);
    g_signal_connect(self->announcement, "notify::child-revealed", G_CALLBACK(on_child_revealed),
                     NULL);
    g_signal_connect(self->status, "notify::child-revealed", G_CALLBACK(on_child_revealed), NULL);
    g_signal_connect_swapped(self->status_button, "clicked", G_CALLBACK(on_status_clicked), self);
    g_signal_connect_swapped(self->members, "notify::count", G_CALLBACK(on_count), self);
    g_signal_connect_swapped(self->members, "member-activated", G_CALLBACK(on_member_activated),
                             self);
    g_signal_connect_swapped(self->messages, "write-again", G_CALLBACK(on_write_again), self);
    g_signal_connect_swapped(self->messages, "send-again", G_CALLBACK(on_send_again), self);
    g_signal_connect_swapped(self->messages, "remove", G_CALLBACK(on_remove), self);
    g_signal_connect_swapped(self->messages, "load", G_CALLBACK(on_load), self);
    gtk_search_bar_connect_entry(self->search_bar, GTK_EDITABLE(self->search_entry));
    g_signal_connect_swapped(self->search_bar, "notify::search-mode-enabled",
                             G_CALLBACK(on_search_mode), self);
    g_signal_connect_swapped(self->search_entry, "search-changed", G_CALLBACK(look_for), self);
    g_signal_connect_swapped(self->search_entry, "activate", G_CALLBACK(look_for), self);
    g_signal_connect_swapped(self->results_button, "clicked", G_CALLBACK(show_results), self);
    g_signal_connect_swapped(self->results, "chosen", G_CALLBACK(on_result), self);
    g_signal_connect_swapped(self->flap, "notify::reveal-flap", G_CALLBACK(on_flap), self);
    g_signal_connect_swapped(self->flap, "notify::reveal-progress", G_CALLBACK(on_flap), self);
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_entry_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self->entry), keys);
}

void maru_room_page_set_client(MaruRoomPage *self, MaruChatClient *client)
{
    self->client = client;
    g_signal_connect_swapped(client, "room-changed", G_CALLBACK(show_title), self);
    g_signal_connect_swapped(client, "state-changed", G_CALLBACK(show_state), self);
    g_signal_connect_swapped(client, "announcement", G_CALLBACK(on_announcement), self);
    g_signal_connect_swapped(client, "room-changed", G_CALLBACK(show_abilities), self);
    g_signal_connect_swapped(client, "state-changed", G_CALLBACK(show_abilities), self);
    g_signal_connect_swapped(client, "show-row", G_CALLBACK(on_show_row), self);
    maru_search_view_set_client(self->results, client);
}

void maru_room_page_begin(MaruRoomPage *self)
{
    struct chat_room *room = maru_chat_client_room(self->client);
    maru_message_view_set_list(self->messages, room->messages);
    maru_member_view_set_list(self->members, room->members);
    maru_search_view_begin(self->results);
    gtk_search_bar_set_search_mode(self->search_bar, FALSE);
    show_messages(self);
    show_abilities(self);
    gtk_editable_set_text(GTK_EDITABLE(self->entry), "");
    reveal(self->announcement, false);
    show_title(self);
    show_state(self);
    on_count(self);
}

void maru_room_page_focus_entry(MaruRoomPage *self)
{
    gtk_entry_grab_focus_without_selecting(self->entry);
}

void maru_room_page_toggle_members(MaruRoomPage *self)
{
    adw_flap_set_reveal_flap(self->flap, !adw_flap_get_reveal_flap(self->flap));
}

void maru_room_page_search(MaruRoomPage *self)
{
    if (maru_chat_client_can_search(self->client)) {
        gtk_search_bar_set_search_mode(self->search_bar, TRUE);
        gtk_widget_grab_focus(GTK_WIDGET(self->search_entry));
    }
}
