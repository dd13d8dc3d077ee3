/* The colour of a person. Main thread. */
#include "nick_color.h"

/* Discs, names on light, names on dark; the last two have a contrast of at least 4.5 to 1. */
static const char *const palette[][3] = {
    {"#3584e4", "#1a5fb4", "#78aeed"}, {"#2190a4", "#12707f", "#5fc4d6"},
    {"#26a269", "#1b7a4e", "#57d99a"}, {"#8f7a00", "#716000", "#e0c34a"},
    {"#c64600", "#a83c00", "#ffa368"}, {"#c01c50", "#b01648", "#ff8cab"},
    {"#9141ac", "#813d9c", "#d69be8"}, {"#6b5bd2", "#5343bd", "#b1a6ff"},
    {"#865e3c", "#7a4f2c", "#dcb08b"}, {"#4b7f2e", "#3b6b20", "#9bd472"},
    {"#5a7086", "#4a5f75", "#a5bbd2"}, {"#b5477f", "#9c2f68", "#f29ac4"},
    {"#00777b", "#006a6e", "#5ccfc9"},
};

static GdkRGBA color_of(const char *nick, unsigned column)
{
    g_autofree char *folded = g_utf8_casefold(nick, -1);
    GdkRGBA color;
    gdk_rgba_parse(&color, palette[g_str_hash(folded) % G_N_ELEMENTS(palette)][column]);
    return color;
}

GdkRGBA nick_color_text(const char *nick, bool dark)
{
    return color_of(nick, dark ? 2 : 1);
}

GdkRGBA nick_color_disc(const char *nick)
{
    return color_of(nick, 0);
}

bool nick_color_is_dark(GtkWidget *widget)
{
    GdkRGBA text;
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), &text);
    return text.red + text.green + text.blue > 1.5f;
}
