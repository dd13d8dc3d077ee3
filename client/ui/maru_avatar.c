/* A disc with a person's first letter. Main thread. */
#include "maru_avatar.h"

#include "nick_color.h"

struct _MaruAvatar {
    GtkWidget parent_instance;
    int size;
    char *nick;
    PangoLayout *letter;
};

G_DEFINE_FINAL_TYPE(MaruAvatar, maru_avatar, GTK_TYPE_WIDGET)

PangoLayout *maru_avatar_letter(GtkWidget *widget, const char *nick, int size)
{
    g_autofree char *first = g_utf8_substring(nick, 0, nick[0] != '\0' ? 1 : 0);
    g_autofree char *letter = g_utf8_strup(first, -1);
    PangoLayout *layout = gtk_widget_create_pango_layout(widget, letter);
    PangoAttrList *attrs = pango_attr_list_new();
    pango_attr_list_insert(attrs, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
    pango_attr_list_insert(attrs, pango_attr_size_new_absolute(size * PANGO_SCALE * 45 / 100));
    pango_layout_set_attributes(layout, attrs);
    pango_attr_list_unref(attrs);
    return layout;
}

void maru_avatar_draw(GtkSnapshot *snapshot, const char *nick, PangoLayout *letter, int size)
{
    GskRoundedRect disc;
    graphene_rect_t bounds = GRAPHENE_RECT_INIT(0, 0, (float)size, (float)size);
    gsk_rounded_rect_init_from_rect(&disc, &bounds, (float)size / 2);
    GdkRGBA color = nick_color_disc(nick);
    gtk_snapshot_push_rounded_clip(snapshot, &disc);
    gtk_snapshot_append_color(snapshot, &color, &bounds);
    gtk_snapshot_pop(snapshot);

    PangoRectangle ink;
    pango_layout_get_pixel_extents(letter, &ink, NULL);
    GdkRGBA white = {1, 1, 1, 1};
    gtk_snapshot_save(snapshot);
    gtk_snapshot_translate(snapshot,
                           &GRAPHENE_POINT_INIT((float)(size - ink.width) / 2 - (float)ink.x,
                                                (float)(size - ink.height) / 2 - (float)ink.y));
    gtk_snapshot_append_layout(snapshot, letter, &white);
    gtk_snapshot_restore(snapshot);
}

static void maru_avatar_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                int *minimum, int *natural, int *minimum_baseline,
                                int *natural_baseline)
{
    *minimum = *natural = MARU_AVATAR(widget)->size;
}

static void maru_avatar_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MaruAvatar *self = MARU_AVATAR(widget);
    if (self->nick == NULL) {
        return;
    }
    if (self->letter == NULL) {
        self->letter = maru_avatar_letter(widget, self->nick, self->size);
    }
    maru_avatar_draw(snapshot, self->nick, self->letter, self->size);
}

static void maru_avatar_dispose(GObject *object)
{
    MaruAvatar *self = MARU_AVATAR(object);
    g_clear_object(&self->letter);
    g_clear_pointer(&self->nick, g_free);
    G_OBJECT_CLASS(maru_avatar_parent_class)->dispose(object);
}

static void maru_avatar_class_init(MaruAvatarClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = maru_avatar_dispose;
    widget_class->measure = maru_avatar_measure;
    widget_class->snapshot = maru_avatar_snapshot;
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void maru_avatar_init(MaruAvatar *self)
{
    gtk_widget_set_valign(GTK_WIDGET(self), GTK_ALIGN_CENTER);
}

GtkWidget *maru_avatar_new(int size)
{
    MaruAvatar *self = g_object_new(MARU_TYPE_AVATAR, NULL);
    self->size = size;
    return GTK_WIDGET(self);
}

void maru_avatar_set_nick(MaruAvatar *self, const char *nick)
{
    g_free(self->nick);
    self->nick = g_strdup(nick);
    g_clear_object(&self->letter);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}
