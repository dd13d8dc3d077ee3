/* The window. Main thread. */
#include "maru_window.h"

#include "chat_client.h"
#include "maru_join_page.h"
#include "maru_room_page.h"
#include "problem_dialog.h"

#include <glib/gi18n.h>
#include <stdbool.h>

struct _MaruWindow {
    AdwApplicationWindow parent_instance;
    GtkStack *pages;
    MaruJoinPage *join_page;
    MaruRoomPage *room_page;

    struct client_settings *settings;
    MaruChatClient *client;
};

G_DEFINE_FINAL_TYPE(MaruWindow, maru_window, ADW_TYPE_APPLICATION_WINDOW)

static bool in_room_page(MaruWindow *self)
{
    return strcmp(gtk_stack_get_visible_child_name(self->pages), "room") == 0;
}

static void show_room(MaruWindow *self)
{
    if (!in_room_page(self)) {
        gtk_stack_set_visible_child_name(self->pages, "room");
        maru_room_page_begin(self->room_page);
        maru_room_page_focus_entry(self->room_page);
    }
}

static void show_join(MaruWindow *self)
{
    if (in_room_page(self)) {
        gtk_stack_set_visible_child_name(self->pages, "join");
        maru_join_page_focus_nick(self->join_page);
    }
}

static void on_state_changed(MaruWindow *self)
{
    enum chat_state state = maru_chat_client_state(self->client);
    maru_join_page_set_busy(self->join_page, state == CHAT_JOINING);
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.leave", state != CHAT_IDLE);
    if (state == CHAT_IDLE) {
        show_join(self);
        gtk_window_set_title(GTK_WINDOW(self), "Maru");
    } else if (state == CHAT_IN_ROOM) {
        show_room(self);
    }
}

static void on_room_changed(MaruWindow *self)
{
    if (maru_chat_client_state(self->client) == CHAT_IN_ROOM) {
        g_autofree char *title =
            g_strdup_printf("%s · Maru", maru_chat_client_room(self->client)->name);
        gtk_window_set_title(GTK_WINDOW(self), title);
    }
}

static void join(MaruWindow *self)
{
    if (maru_chat_client_state(self->client) == CHAT_IDLE) {
        g_autofree char *address = g_strdup(maru_join_page_address(self->join_page));
        g_autofree char *nick = g_strdup(maru_join_page_nick(self->join_page));
        maru_chat_client_join(self->client, address, nick);
    }
}

static void on_answered(const char *response, const char *typed,
                        const struct client_problem *problem, gpointer data)
{
    MaruWindow *self = data;
    if (strcmp(response, "password") == 0) {
        maru_chat_client_give_password(self->client, typed);
    } else if (strcmp(response, "trust") == 0) {
        maru_chat_client_trust(self->client, problem->fingerprint);
    } else if (strcmp(response, "again") == 0) {
        if (in_room_page(self)) {
            maru_chat_client_retry(self->client);
        } else {
            join(self);
        }
    } else if (in_room_page(self)) {
        maru_room_page_focus_entry(self->room_page);
    } else if (problem->kind == PROBLEM_NICK_EMPTY || problem->kind == PROBLEM_NICK_TAKEN ||
               problem->kind == PROBLEM_NICK_INVALID) {
        maru_join_page_focus_nick(self->join_page);
    } else {
        maru_join_page_focus_address(self->join_page);
    }
}

static void on_problem(MaruWindow *self, const struct client_problem *problem)
{
    const char *address = in_room_page(self) ? maru_chat_client_address(self->client)
                                             : maru_join_page_address(self->join_page);
    problem_dialog_show(GTK_WINDOW(self), problem, address, on_answered, self);
}

/* Who is looking at the room needs no notification. */
static void on_attention(MaruWindow *self, const char *sender, const char *text)
{
    if (gtk_window_is_active(GTK_WINDOW(self))) {
        return;
    }
    GApplication *application = G_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
    if (application == NULL) {
        return;
    }
    g_autoptr(GNotification) notification = g_notification_new(sender);
    g_notification_set_body(notification, text);
    g_application_send_notification(application, "attention", notification);
}

static void on_active(MaruWindow *self)
{
    GApplication *application = G_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
    if (application != NULL && gtk_window_is_active(GTK_WINDOW(self))) {
        g_application_withdraw_notification(application, "attention");
    }
}

static void action_leave(GtkWidget *widget, const char *name, GVariant *parameter)
{
    maru_chat_client_leave(MARU_WINDOW(widget)->client);
}

static void action_focus_entry(GtkWidget *widget, const char *name, GVariant *parameter)
{
    MaruWindow *self = MARU_WINDOW(widget);
    if (in_room_page(self)) {
        maru_room_page_focus_entry(self->room_page);
    }
}

static void action_members(GtkWidget *widget, const char *name, GVariant *parameter)
{
    maru_room_page_toggle_members(MARU_WINDOW(widget)->room_page);
}

static void action_search(GtkWidget *widget, const char *name, GVariant *parameter)
{
    maru_room_page_search(MARU_WINDOW(widget)->room_page);
}

static void on_abilities(MaruWindow *self, gboolean can_search)
{
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.search", can_search);
}

static gboolean maru_window_close_request(GtkWindow *window)
{
    MaruWindow *self = MARU_WINDOW(window);
    struct client_settings *settings = self->settings;
    gboolean shown;
    g_object_get(self->room_page, "members-shown", &shown, NULL);
    settings->members_shown = shown;
    settings->maximized = gtk_window_is_maximized(window);
    if (!settings->maximized) {
        gtk_window_get_default_size(window, &settings->width, &settings->height);
    }
    client_settings_save(settings);
    maru_chat_client_leave(self->client);
    return GTK_WINDOW_CLASS(maru_window_parent_class)->close_request(window);
}

static void maru_window_dispose(GObject *object)
{
    MaruWindow *self = MARU_WINDOW(object);
    if (self->client != NULL) {
        g_signal_handlers_disconnect_by_data(self->client, self);
        maru_chat_client_leave(self->client);
    }
    G_OBJECT_CLASS(maru_window_parent_class)->dispose(object);
    g_clear_object(&self->client);
    g_clear_pointer(&self->settings, client_settings_destroy);
}

static void maru_window_class_init(MaruWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = maru_window_dispose;
    GTK_WINDOW_CLASS(class)->close_request = maru_window_close_request;
    g_type_ensure(MARU_TYPE_JOIN_PAGE);
    g_type_ensure(MARU_TYPE_ROOM_PAGE);
    gtk_widget_class_set_template_from_resource(widget_class, "/chat/maru/Maru/ui/maru_window.ui");
    gtk_widget_class_bind_template_child(widget_class, MaruWindow, pages);
    gtk_widget_class_bind_template_child(widget_class, MaruWindow, join_page);
    gtk_widget_class_bind_template_child(widget_class, MaruWindow, room_page);
    gtk_widget_class_install_action(widget_class, "win.leave", NULL, action_leave);
    gtk_widget_class_install_action(widget_class, "win.members", NULL, action_members);
    gtk_widget_class_install_action(widget_class, "win.search", NULL, action_search);
    gtk_widget_class_install_action(widget_class, "win.focus-entry", NULL, action_focus_entry);
}

static void maru_window_init(MaruWindow *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    self->settings = client_settings_load();
    self->client = maru_chat_client_new(self->settings);
    maru_room_page_set_client(self->room_page, self->client);
    g_signal_connect_swapped(self->client, "state-changed", G_CALLBACK(on_state_changed), self);
    g_signal_connect_swapped(self->client, "room-changed", G_CALLBACK(on_room_changed), self);
    g_signal_connect_swapped(self->client, "problem", G_CALLBACK(on_problem), self);
    g_signal_connect_swapped(self->client, "attention", G_CALLBACK(on_attention), self);
    g_signal_connect(self, "notify::is-active", G_CALLBACK(on_active), NULL);
    g_signal_connect_swapped(self->join_page, "join", G_CALLBACK(join), self);
    g_signal_connect_swapped(self->join_page, "cancel", G_CALLBACK(maru_chat_client_leave),
                             self->client);
    g_object_set(self->room_page, "members-shown", (gboolean)self->settings->members_shown, NULL);
    g_signal_connect_swapped(self->room_page, "abilities", G_CALLBACK(on_abilities), self);
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.leave", FALSE);
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.search", FALSE);
    if (self->settings->width > 0 && self->settings->height > 0) {
        gtk_window_set_default_size(GTK_WINDOW(self), self->settings->width,
                                    self->settings->height);
    }
    if (self->settings->maximized) {
        gtk_window_maximize(GTK_WINDOW(self));
    }
    g_autoptr(GtkBuilder) builder =
        gtk_builder_new_from_resource("/chat/maru/Maru/ui/shortcuts.ui");
    gtk_application_window_set_help_overlay(
        GTK_APPLICATION_WINDOW(self),
        GTK_SHORTCUTS_WINDOW(gtk_builder_get_object(builder, "shortcuts")));
}

MaruWindow *maru_window_new(GtkApplication *application, const char *address, const char *nick)
{
    MaruWindow *self = g_object_new(MARU_TYPE_WINDOW, "application", application, NULL);
    const char *known = self->settings->nick[0] != '\0' ? self->settings->nick : g_get_user_name();
    maru_join_page_fill(self->join_page, address != NULL ? address : self->settings->address,
                        nick != NULL ? nick : known);
    maru_join_page_focus_nick(self->join_page);
    if (address != NULL && nick != NULL) {
        join(self);
    }
    return self;
}
