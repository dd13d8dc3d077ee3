/* The program. Main thread. */
#include "maru_application.h"

#include "maru_window.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

struct _MaruApplication {
    AdwApplication parent_instance;
    char *nick;
    char **address;
};

G_DEFINE_FINAL_TYPE(MaruApplication, maru_application, ADW_TYPE_APPLICATION)

static void maru_application_activate(GApplication *application)
{
    MaruApplication *self = MARU_APPLICATION(application);
    const char *address = self->address != NULL ? self->address[0] : NULL;
    MaruWindow *window = maru_window_new(GTK_APPLICATION(application), address, self->nick);
    gtk_window_present(GTK_WINDOW(window));
}

static int maru_application_handle_local_options(GApplication *application, GVariantDict *options)
{
    MaruApplication *self = MARU_APPLICATION(application);
    if (g_variant_dict_contains(options, "version")) {
        g_print("maru " MARU_VERSION "\n");
        return 0;
    }
    if (self->address != NULL && g_strv_length(self->address) > 1) {
        g_printerr("%s\n", _("maru: one address at most; see maru --help"));
        return 2;
    }
    return -1;
}

static void show_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    GtkWindow *parent = gtk_application_get_active_window(GTK_APPLICATION(data));
    adw_show_about_window(parent, "application-name", "Maru", "application-icon", MARU_ID,
                          "version", MARU_VERSION, "developer-name", _("The Maru developers"),
                          "license-type", GTK_LICENSE_MIT_X11, "comments",
                          _("A chat room that people host themselves"), "translator-credits",
                          _("translator-credits"), NULL);
}

/* Closing the windows, rather than just ending, says goodbye to the servers. Dialogs go with them.
 */
static void close_windows(gpointer data)
{
    g_autoptr(GList) windows = g_list_copy(gtk_application_get_windows(GTK_APPLICATION(data)));
    for (GList *each = windows; each != NULL; each = each->next) {
        if (MARU_IS_WINDOW(each->data)) {
            gtk_window_close(GTK_WINDOW(each->data));
        }
    }
}

static void quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    close_windows(data);
}

static gboolean on_signal(gpointer data)
{
    close_windows(data);
    return G_SOURCE_CONTINUE;
}

static const GActionEntry entries[] = {
    {.name = "about", .activate = show_about},
    {.name = "quit", .activate = quit},
};

static void maru_application_startup(GApplication *application)
{
    G_APPLICATION_CLASS(maru_application_parent_class)->startup(application);
    GtkApplication *gtk = GTK_APPLICATION(application);
    g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
                                    application);
    gtk_application_set_accels_for_action(gtk, "app.quit", (const char *[]){"<Primary>q", NULL});
    gtk_application_set_accels_for_action(gtk, "window.close",
                                          (const char *[]){"<Primary>w", NULL});
    gtk_application_set_accels_for_action(gtk, "win.members", (const char *[]){"F9", NULL});
    gtk_application_set_accels_for_action(gtk, "win.search", (const char *[]){"<Primary>f", NULL});
    gtk_application_set_accels_for_action(gtk, "win.leave", (const char *[]){"<Primary>l", NULL});
    gtk_application_set_accels_for_action(gtk, "win.focus-entry",
                                          (const char *[]){"<Primary>e", NULL});
    gtk_application_set_accels_for_action(gtk, "win.show-help-overlay",
                                          (const char *[]){"<Primary>question", NULL});
    gtk_window_set_default_icon_name(MARU_ID);
    g_unix_signal_add(SIGINT, on_signal, application);
    g_unix_signal_add(SIGTERM, on_signal, application);
    g_unix_signal_add(SIGHUP, on_signal, application);
}

static void maru_application_finalize(GObject *object)
{
    MaruApplication *self = MARU_APPLICATION(object);
    g_free(self->nick);
    g_strfreev(self->address);
    G_OBJECT_CLASS(maru_application_parent_class)->finalize(object);
}

static void maru_application_class_init(MaruApplicationClass *class)
{
    GApplicationClass *application_class = G_APPLICATION_CLASS(class);
    G_OBJECT_CLASS(class)->finalize = maru_application_finalize;
    application_class->activate = maru_application_activate;
    application_class->startup = maru_application_startup;
    application_class->handle_local_options = maru_application_handle_local_options;
}

static void maru_application_init(MaruApplication *self)
{
    const GOptionEntry options[] = {
        {"nick", 'n', 0, G_OPTION_ARG_STRING, &self->nick, N_("The nickname to join with"),
         N_("NICK")},
        {"version", 'v', 0, G_OPTION_ARG_NONE, NULL, N_("Show the version and exit"), NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->address, NULL,
         N_("[ADDRESS[:PORT]]")},
        {NULL},
    };
    g_application_add_main_option_entries(G_APPLICATION(self), options);
    g_application_set_option_context_summary(
        G_APPLICATION(self),
        _("A chat room that people host themselves. With an address and a nickname it joins at "
          "once; with less it asks."));
}

/* Every start is a program of its own, so that two people can share a computer and a test can run
 * two of them. */
MaruApplication *maru_application_new(void)
{
    return g_object_new(MARU_TYPE_APPLICATION, "application-id", MARU_ID, "flags",
                        G_APPLICATION_NON_UNIQUE, "resource-base-path", "/chat/maru/Maru", NULL);
}
