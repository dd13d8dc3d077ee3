/* A dialog for each thing that can go wrong. Main thread. */
#include "problem_dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* The body may have one %s, the address. Order is that of enum client_problem_kind. */
static const struct {
    const char *heading;
    const char *body;
} texts[] = {
    [PROBLEM_NONE] = {"", ""},
    [PROBLEM_NICK_EMPTY] = {N_("A Nickname Is Missing"),
                            N_("Write the name that others shall see into the field Nickname.")},
    [PROBLEM_NICK_TAKEN] = {N_("This Nickname Is Taken"),
                            N_("Somebody with this name is already there. Choose another one.")},
    [PROBLEM_NICK_INVALID] =
        {N_("This Nickname Cannot Be Used"),
         N_("The name has signs that are not allowed there, or is too long. Use letters and "
            "digits, without spaces. Some servers take English letters only.")},
    [PROBLEM_ADDRESS_EMPTY] =
        {N_("An Address Is Missing"),
         N_("Write the address of the server into the field Address. 127.0.0.1 is this computer.")},
    [PROBLEM_ADDRESS_INVALID] =
        {N_("This Is Not an Address"),
         N_("“%s” cannot be read as an address. Write a name or number, for example "
            "chat.example.org or 192.168.0.7, and if you were told one, a port behind a colon: "
            "192.168.0.7:6697.")},
    [PROBLEM_HOST_UNKNOWN] = {N_("The Server Was Not Found"),
                              N_("There is no computer with the name “%s”, or this computer is not "
                                 "connected to the network. Check the spelling.")},
    [PROBLEM_REFUSED] = {N_("No Room Is Open There"),
                         N_("The computer at “%s” answers, but no chat server runs on it at this "
                            "port. Ask whether the server is started and which port it has.")},
    [PROBLEM_UNREACHABLE] =
        {N_("The Server Cannot Be Reached"),
         N_("Nothing answers at “%s”. Check the address and your network, and whether the other "
            "computer is switched on and lets connections through.")},
    [PROBLEM_NOT_TLS] =
        {N_("The Connection Cannot Be Encrypted"),
         N_("What answers at “%s” does not speak TLS, so nothing was sent. Check the port. If you "
            "were told that this server is not encrypted, write irc:// before the address.")},
    [PROBLEM_CERT_UNKNOWN] =
        {N_("Do You Know This Server?"),
         N_("You are at “%s” for the first time, and nobody vouches for it but itself. Compare "
            "this fingerprint with the one that the server printed when it was started, or ask who "
            "runs it:")},
    [PROBLEM_CERT_CHANGED] =
        {N_("The Server Is Not the Same as Before"),
         N_("“%s” shows another certificate than last time. Either it was set up anew, or somebody "
            "else pretends to be it. Ask who runs it before you trust the new one.")},
    [PROBLEM_FULL] = {N_("The Server Is Full"),
                      N_("As many people as it admits are already there. Try again when somebody "
                         "has left, or ask who runs it to raise the limit.")},
    [PROBLEM_BANNED] = {N_("You May Not Come In"),
                        N_("The server at “%s” does not admit you. Ask who runs it.")},
    [PROBLEM_PASSWORD] = {N_("The Server Wants a Password"),
                          N_("The server at “%s” admits only who knows its password. Ask who runs "
                             "it.")},
    [PROBLEM_PASSWORD_WRONG] = {N_("The Password Is Wrong"),
                                N_("The server at “%s” does not admit you with this password. "
                                   "Small and capital letters matter.")},
    [PROBLEM_ROOM_REFUSED] = {N_("The Room Is Closed to You"),
                              N_("The server at “%s” admitted you, but not into its room.")},
    [PROBLEM_REMOVED] = {N_("You Were Removed"),
                         N_("The server at “%s”, or somebody who runs it, ended your connection.")},
    [PROBLEM_CLOSED] = {N_("The Server Said No"),
                        N_("The server at “%s” ended the connection before you were in.")},
    [PROBLEM_LOST] = {N_("The Connection Was Lost"),
                      N_("The connection to “%s” broke off. Try again.")},
    [PROBLEM_NO_REPLY] =
        {N_("That Is No Chat Server"),
         N_("Something at “%s” took the connection but did not answer as a chat server does. Check "
            "the address and the port; encrypted connections usually have port 6697.")},
};

struct asked {
    struct client_problem *problem;
    GtkWidget *password; /* the field; NULL: none. The dialog's */
    problem_dialog_fn *answered;
    gpointer data;
};

static void asked_destroy(gpointer data, GClosure *closure)
{
    struct asked *asked = data;
    client_problem_destroy(asked->problem);
    g_free(asked);
}

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer data)
{
    struct asked *asked = data;
    g_autofree char *typed = NULL;
    if (asked->password != NULL) {
        typed = g_strdup(gtk_editable_get_text(GTK_EDITABLE(asked->password)));
    }
    asked->answered(response, typed, asked->problem, asked->data);
}

static GtkWidget *fingerprint_label(const char *title, const char *fingerprint)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    GtkWidget *heading = gtk_label_new(title);
    gtk_widget_add_css_class(heading, "caption-heading");
    GtkWidget *label = gtk_label_new(fingerprint);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_CHAR);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_label_set_justify(GTK_LABEL(label), GTK_JUSTIFY_CENTER);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 48);
    gtk_widget_add_css_class(label, "monospace");
    gtk_widget_add_css_class(label, "maru-fingerprint");
    gtk_box_append(GTK_BOX(box), heading);
    gtk_box_append(GTK_BOX(box), label);
    return box;
}

static void add_fingerprints(AdwMessageDialog *dialog, const struct client_problem *problem)
{
    if (problem->fingerprint == NULL) {
        return;
    }
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    if (problem->old_fingerprint != NULL) {
        gtk_box_append(GTK_BOX(box),
                       fingerprint_label(_("Known so far"), problem->old_fingerprint));
    }
    gtk_box_append(GTK_BOX(box),
                   fingerprint_label(problem->old_fingerprint != NULL ? _("Shown now")
                                                                      : _("Fingerprint (SHA-256)"),
                                     problem->fingerprint));
    adw_message_dialog_set_extra_child(dialog, box);
}

static void on_password_changed(GtkEditable *field, AdwMessageDialog *dialog)
{
    adw_message_dialog_set_response_enabled(dialog, "password",
                                            gtk_editable_get_text(field)[0] != '\0');
}

static void show_or_hide(GtkEntry *field)
{
    bool shown = !gtk_entry_get_visibility(field);
    gtk_entry_set_visibility(field, shown);
    gtk_entry_set_icon_from_icon_name(field, GTK_ENTRY_ICON_SECONDARY,
                                      shown ? "view-conceal-symbolic" : "view-reveal-symbolic");
    gtk_entry_set_icon_tooltip_text(field, GTK_ENTRY_ICON_SECONDARY,
                                    shown ? _("Hide the Password") : _("Show the Password"));
}

/* The field for the server's password, which Enter sends. No GtkPasswordEntry: that of GTK 4.8
 * listens to the keyboard after it is gone. */
static GtkWidget *add_password(AdwMessageDialog *dialog)
{
    GtkWidget *field = gtk_entry_new();
    gtk_entry_set_input_purpose(GTK_ENTRY(field), GTK_INPUT_PURPOSE_PASSWORD);
    gtk_entry_set_activates_default(GTK_ENTRY(field), TRUE);
    gtk_entry_set_visibility(GTK_ENTRY(field), TRUE);
    show_or_hide(GTK_ENTRY(field));
    g_signal_connect(field, "icon-press", G_CALLBACK(show_or_hide), NULL);
    gtk_accessible_update_property(GTK_ACCESSIBLE(field), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Password"), -1);
    adw_message_dialog_set_extra_child(dialog, field);
    g_signal_connect(field, "changed", G_CALLBACK(on_password_changed), dialog);
    adw_message_dialog_add_response(dialog, "close", _("_Cancel"));
    adw_message_dialog_add_response(dialog, "password", _("_Join"));
    adw_message_dialog_set_response_appearance(dialog, "password", ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_response_enabled(dialog, "password", FALSE);
    adw_message_dialog_set_default_response(dialog, "password");
    adw_message_dialog_set_close_response(dialog, "close");
    return field;
}

static void add_responses(AdwMessageDialog *dialog, const struct client_problem *problem)
{
    switch (problem->kind) {
    case PROBLEM_CERT_UNKNOWN:
        adw_message_dialog_add_response(dialog, "close", _("_Cancel"));
        adw_message_dialog_add_response(dialog, "trust", _("_Trust and Join"));
        adw_message_dialog_set_response_appearance(dialog, "trust", ADW_RESPONSE_SUGGESTED);
        break;
    case PROBLEM_CERT_CHANGED:
        adw_message_dialog_add_response(dialog, "close", _("_Cancel"));
        adw_message_dialog_add_response(dialog, "trust", _("_Trust the New One"));
        adw_message_dialog_set_response_appearance(dialog, "trust", ADW_RESPONSE_DESTRUCTIVE);
        break;
    case PROBLEM_FULL:
    case PROBLEM_UNREACHABLE:
    case PROBLEM_REFUSED:
        adw_message_dialog_add_response(dialog, "close", _("_Close"));
        adw_message_dialog_add_response(dialog, "again", _("Try _Again"));
        adw_message_dialog_set_response_appearance(dialog, "again", ADW_RESPONSE_SUGGESTED);
        break;
    default:
        adw_message_dialog_add_response(dialog, "close", _("_Close"));
    }
    adw_message_dialog_set_default_response(dialog, "close");
    adw_message_dialog_set_close_response(dialog, "close");
}

/* Where the server's or the system's words add something to ours. */
static bool says_detail(enum client_problem_kind kind)
{
    switch (kind) {
    case PROBLEM_NICK_TAKEN:
    case PROBLEM_HOST_UNKNOWN:
    case PROBLEM_REFUSED:
    case PROBLEM_LOST:
    case PROBLEM_NO_REPLY:
    case PROBLEM_PASSWORD:
    case PROBLEM_PASSWORD_WRONG:
        return false;
    default:
        return true;
    }
}

void problem_dialog_show(GtkWindow *parent, const struct client_problem *problem,
                         const char *address, problem_dialog_fn *answered, gpointer data)
{
    g_auto(GStrv) parts = g_strsplit(gettext(texts[problem->kind].body), "%s", 2);
    g_autofree char *body = g_strjoinv(address, parts);
    if (problem->detail != NULL && problem->detail[0] != '\0' && says_detail(problem->kind)) {
        char *longer = g_strdup_printf(_("%s\n\nIt says: %s"), body, problem->detail);
        g_free(body);
        body = longer;
    }
    GtkWidget *widget = adw_message_dialog_new(parent, gettext(texts[problem->kind].heading), body);
    AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(widget);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    struct asked *asked = g_new0(struct asked, 1);
    if (problem->kind == PROBLEM_PASSWORD || problem->kind == PROBLEM_PASSWORD_WRONG) {
        asked->password = add_password(dialog);
    } else {
        add_fingerprints(dialog, problem);
        add_responses(dialog, problem);
    }
    asked->problem = client_problem_create(problem->kind, problem->detail);
    asked->problem->fingerprint = g_strdup(problem->fingerprint);
    asked->answered = answered;
    asked->data = data;
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), asked, asked_destroy, 0);
    gtk_window_present(GTK_WINDOW(dialog));
    if (asked->password != NULL) {
        gtk_widget_grab_focus(asked->password);
    }
}
