/* The colour of a person, always the same for a name. Main thread. */
#ifndef MARU_NICK_COLOR_H
#define MARU_NICK_COLOR_H

#include <gtk/gtk.h>
#include <stdbool.h>

/* For text on the window's background: readable in light and dark. */
GdkRGBA nick_color_text(const char *nick, bool dark);

/* For the disc behind a white letter. */
GdkRGBA nick_color_disc(const char *nick);

/* Whether the widget is drawn light on dark. */
bool nick_color_is_dark(GtkWidget *widget);

#endif
