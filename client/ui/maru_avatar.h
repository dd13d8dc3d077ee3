/* A disc with a person's first letter, in the person's colour. Main thread. */
#ifndef MARU_AVATAR_H
#define MARU_AVATAR_H

#include <gtk/gtk.h>

#define MARU_TYPE_AVATAR (maru_avatar_get_type())
G_DECLARE_FINAL_TYPE(MaruAvatar, maru_avatar, MARU, AVATAR, GtkWidget)

/* A square widget of this many pixels. */
GtkWidget *maru_avatar_new(int size);
void maru_avatar_set_nick(MaruAvatar *avatar, const char *nick);

/* Draws one at the origin, for widgets that draw themselves. `letter` is a layout made by
 * maru_avatar_letter. */
void maru_avatar_draw(GtkSnapshot *snapshot, const char *nick, PangoLayout *letter, int size);
PangoLayout *maru_avatar_letter(GtkWidget *widget, const char *nick, int size);

#endif
