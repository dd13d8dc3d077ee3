/* The window: the first page and the room, and what leads from one to the other. Main thread. */
#ifndef MARU_WINDOW_H
#define MARU_WINDOW_H

#include <adwaita.h>

#define MARU_TYPE_WINDOW (maru_window_get_type())
G_DECLARE_FINAL_TYPE(MaruWindow, maru_window, MARU, WINDOW, AdwApplicationWindow)

/* `address` and `nick` go before what is remembered; each may be NULL. With both, it joins at once.
 */
MaruWindow *maru_window_new(GtkApplication *application, const char *address, const char *nick);

#endif
