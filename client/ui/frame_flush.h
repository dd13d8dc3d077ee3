/* Flushes a batching list model at most once a frame of the widget that shows it. Main thread. */
#ifndef MARU_FRAME_FLUSH_H
#define MARU_FRAME_FLUSH_H

#include <gtk/gtk.h>

typedef void frame_flush_fn(gpointer list);

/* From now on `flush` follows each "dirty" of the list, in the widget's next frame. A widget shows
 one list: an

 * earlier attachment ends. To be detached at the latest when the widget is disposed of. */
void frame_flush_attach(GtkWidget *widget, GObject *list, frame_flush_fn *flush);
void frame_flush_detach(GtkWidget *widget);

#endif
