/* The first page. Main thread. */
#include "maru_join_page.h"

#include <glib/gi18n.h>

struct _MaruJoinPage {
    GtkBox parent_instance;
    GtkWidget *fields;
    AdwEntryRow *address;
    AdwEntryRow *nick;
    GtkWidget *join;
    GtkWidget *busy;
    GtkSpinner *spinner;
    GtkWidget *cancel;
};

G_DEFINE_FINAL_TYPE(MaruJoinPage, maru_join_page, GTK_TYPE_BOX)

enum { JOIN, CANCEL, N_SIGNALS };
static guint signals[N_SIGNALS];

static void on_join(MaruJoinPage *self)
{
    g_autofree char *address = g_strdup(maru_join_page_address(self));
    g_autofree char *nick = g_strdup(maru_join_page_nick(self));
    g_signal_emit(self, signals[JOIN], 0, address, nick);
}

static void on_cancel(MaruJoinPage *self)
{
    g_signal_emit(self, signals[CANCEL], 0);
}

/* Enter in the first field goes on to the second while that is empty, and joins otherwise. */
static void on_address_activated(MaruJoinPage *self)
{
    if (maru_join_page_nick(self)[0] == '\0') {
        maru_join_page_focus_nick(self);
    } else {
        on_join(self);
    }
}

static void maru_join_page_class_init(MaruJoinPageClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    signals[JOIN] = g_signal_new("join", MARU_TYPE_JOIN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
    signals[CANCEL] = g_signal_new("cancel", MARU_TYPE_JOIN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/chat/maru/Maru/ui/maru_join_page.ui");
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, fields);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, address);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, nick);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, join);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, busy);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, spinner);
    gtk_widget_class_bind_template_child(widget_class, MaruJoinPage, cancel);
}

/* libadwaita leaves the parts of its rows without names for screen readers. */
static void name_parts(GtkWidget *widget)
{
    if (GTK_IS_LIST_BOX(widget)) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       _("Where and who"), -1);
    } else if (GTK_IS_IMAGE(widget)) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       _("Can be edited"), -1);
    }
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        name_parts(child);
    }
}

static void maru_join_page_init(MaruJoinPage *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    name_parts(self->fields);
    g_signal_connect_swapped(self->join, "clicked", G_CALLBACK(on_join), self);
    g_signal_connect_swapped(self->cancel, "clicked", G_CALLBACK(on_cancel), self);
    g_signal_connect_swapped(self->address, "entry-activated", G_CALLBACK(on_address_activated),
                             self);
    g_signal_connect_swapped(self->nick, "entry-activated", G_CALLBACK(on_join), self);
}

void maru_join_page_fill(MaruJoinPage *self, const char *address, const char *nick)
{
    gtk_editable_set_text(GTK_EDITABLE(self->address), address);
    gtk_editable_set_text(GTK_EDITABLE(self->nick), nick);
}

const char *maru_join_page_address(MaruJoinPage *self)
{
    return gtk_editable_get_text(GTK_EDITABLE(self->address));
}

const char *maru_join_page_nick(MaruJoinPage *self)
{
    return gtk_editable_get_text(GTK_EDITABLE(self->nick));
}

void maru_join_page_set_busy(MaruJoinPage *self, gboolean busy)
{
    if (gtk_widget_get_visible(self->busy) == busy) {
        return;
    }
    gtk_widget_set_visible(self->busy, busy);
    gtk_spinner_set_spinning(self->spinner, busy);
    /* The focus moves before what has it is switched off. */
    if (busy) {
        gtk_widget_grab_focus(self->cancel);
    }
    gtk_widget_set_sensitive(self->fields, !busy);
    gtk_widget_set_visible(self->join, !busy);
}

void maru_join_page_focus_address(MaruJoinPage *self)
{
    gtk_widget_grab_focus(GTK_WIDGET(self->address));
}

void maru_join_page_focus_nick(MaruJoinPage *self)
{
    gtk_widget_grab_focus(GTK_WIDGET(self->nick));
}
