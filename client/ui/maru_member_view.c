/* The members of a room with their count. Main thread. */
#include "maru_member_view.h"

#include "frame_flush.h"
#include "maru_avatar.h"

#include <glib/gi18n.h>

struct _MaruMemberView {
    GtkBox parent_instance;
    GtkLabel *title;
    GtkListView *list;
    MaruMemberList *members;
};

G_DEFINE_FINAL_TYPE(MaruMemberView, maru_member_view, GTK_TYPE_BOX)

enum { PROP_0, PROP_COUNT, N_PROPS };
static GParamSpec *props[N_PROPS];
static guint signal_member_activated;

/* What a row is made of, kept on the list item. */
struct row {
    GtkWidget *box;
    GtkWidget *avatar;
    GtkLabel *nick;
    GtkLabel *rank;
    gulong away_handler;
};

static const char row_key[] = "maru-member-row";

static int count(MaruMemberView *self)
{
    return self->members != NULL ? (int)g_list_model_get_n_items(G_LIST_MODEL(self->members)) : 0;
}

static void on_items_changed(MaruMemberView *self)
{
    int n = count(self);
    g_autofree char *text =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%d member", "%d members", (gulong)n), n);
    gtk_label_set_text(self->title, text);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_COUNT]);
}

static const char *rank_text(MaruMember *member)
{
    unsigned ranks = maru_member_ranks(member);
    if ((ranks & ((1u << MEMBER_VOICE) - 1)) != 0) {
        return _("operator");
    }
    return (ranks & (1u << MEMBER_VOICE)) != 0 ? _("voice") : "";
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    struct row *row = g_new0(struct row, 1);
    row->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
    row->avatar = maru_avatar_new(28);
    row->nick = GTK_LABEL(gtk_label_new(NULL));
    gtk_label_set_ellipsize(row->nick, PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(row->nick, 0);
    gtk_widget_set_hexpand(GTK_WIDGET(row->nick), TRUE);
    row->rank = GTK_LABEL(gtk_label_new(NULL));
    gtk_widget_add_css_class(GTK_WIDGET(row->rank), "caption");
    gtk_widget_add_css_class(GTK_WIDGET(row->rank), "dim-label");
    gtk_box_append(GTK_BOX(row->box), row->avatar);
    gtk_box_append(GTK_BOX(row->box), GTK_WIDGET(row->nick));
    gtk_box_append(GTK_BOX(row->box), GTK_WIDGET(row->rank));
    gtk_list_item_set_child(item, row->box);
    g_object_set_data_full(G_OBJECT(item), row_key, row, g_free);
}

static void show_away(MaruMember *member, GParamSpec *pspec, gpointer data)
{
    struct row *row = data;
    bool away = maru_member_is_away(member);
    gtk_widget_set_opacity(row->box, away ? 0.5 : 1);
    gtk_label_set_text(row->rank, away ? _("away") : rank_text(member));
    g_autofree char *name =
        away ? g_strdup_printf(_("%s, away"), maru_member_nick(member))
        : maru_member_ranks(member) != 0
            ? g_strdup_printf("%s, %s", maru_member_nick(member), rank_text(member))
            : g_strdup(maru_member_nick(member));
    GtkWidget *around = gtk_widget_get_parent(row->box);
    if (around != NULL) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(around), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
    }
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    struct row *row = g_object_get_data(G_OBJECT(item), row_key);
    MaruMember *member = gtk_list_item_get_item(item);
    maru_avatar_set_nick(MARU_AVATAR(row->avatar), maru_member_nick(member));
    gtk_label_set_text(row->nick, maru_member_nick(member));
    row->away_handler = g_signal_connect(member, "notify::away", G_CALLBACK(show_away), row);
    show_away(member, NULL, row);
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    struct row *row = g_object_get_data(G_OBJECT(item), row_key);
    g_clear_signal_handler(&row->away_handler, gtk_list_item_get_item(item));
}

static void on_activate(GtkListView *list, guint position, MaruMemberView *self)
{
    g_autoptr(MaruMember) member = g_list_model_get_item(G_LIST_MODEL(self->members), position);
    if (member != NULL) {
        g_signal_emit(self, signal_member_activated, 0, maru_member_nick(member));
    }
}

static void flush(gpointer list)
{
    maru_member_list_flush(list);
}

static void maru_member_view_get_property(GObject *object, guint id, GValue *value,
                                          GParamSpec *pspec)
{
    if (id == PROP_COUNT) {
        g_value_set_int(value, count(MARU_MEMBER_VIEW(object)));
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void maru_member_view_dispose(GObject *object)
{
    maru_member_view_set_list(MARU_MEMBER_VIEW(object), NULL);
    G_OBJECT_CLASS(maru_member_view_parent_class)->dispose(object);
}

static void maru_member_view_class_init(MaruMemberViewClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    object_class->dispose = maru_member_view_dispose;
    object_class->get_property = maru_member_view_get_property;
    props[PROP_COUNT] = g_param_spec_int("count", NULL, NULL, 0, G_MAXINT, 0,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/chat/maru/Maru/ui/maru_member_view.ui");
    gtk_widget_class_bind_template_child(widget_class, MaruMemberView, title);
    gtk_widget_class_bind_template_child(widget_class, MaruMemberView, list);
    signal_member_activated =
        g_signal_new("member-activated", MARU_TYPE_MEMBER_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                     NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void maru_member_view_init(MaruMemberView *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
    gtk_list_view_set_factory(self->list, factory);
    g_object_unref(factory);
    g_signal_connect(self->list, "activate", G_CALLBACK(on_activate), self);
}

void maru_member_view_set_list(MaruMemberView *self, MaruMemberList *list)
{
    if (self->members == list) {
        return;
    }
    if (self->members != NULL) {
        g_signal_handlers_disconnect_by_data(self->members, self);
        frame_flush_detach(GTK_WIDGET(self));
        g_clear_object(&self->members);
        gtk_list_view_set_model(self->list, NULL);
    }
    if (list != NULL) {
        self->members = g_object_ref(list);
        GtkNoSelection *model = gtk_no_selection_new(g_object_ref(G_LIST_MODEL(list)));
        gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(model));
        g_object_unref(model);
        g_signal_connect_swapped(list, "items-changed", G_CALLBACK(on_items_changed), self);
        frame_flush_attach(GTK_WIDGET(self), G_OBJECT(list), flush);
        on_items_changed(self);
    }
}
