/* Flushing once a frame. Main thread. */
#include "frame_flush.h"

/* A window that draws nothing (minimised, on another desktop) has no frames: then the batch waits
 * so long at most. */
enum { WITHOUT_FRAMES_MS = 250 };

struct frame_flush {
    GtkWidget *widget; /* borrowed: the struct goes before it does */
    GObject *list;     /* owned */
    frame_flush_fn *flush;
    guint tick;
    guint timeout;
};

static const char key[] = "maru-frame-flush";

static void stop(struct frame_flush *self)
{
    if (self->tick != 0) {
        gtk_widget_remove_tick_callback(self->widget, self->tick);
        self->tick = 0;
    }
    g_clear_handle_id(&self->timeout, g_source_remove);
}

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    struct frame_flush *self = data;
    self->tick = 0;
    g_clear_handle_id(&self->timeout, g_source_remove);
    self->flush(self->list);
    return G_SOURCE_REMOVE;
}

static gboolean on_timeout(gpointer data)
{
    struct frame_flush *self = data;
    self->timeout = 0;
    stop(self);
    self->flush(self->list);
    return G_SOURCE_REMOVE;
}

static void on_dirty(struct frame_flush *self)
{
    if (self->tick == 0) {
        self->tick = gtk_widget_add_tick_callback(self->widget, on_tick, self, NULL);
    }
    if (self->timeout == 0) {
        self->timeout = g_timeout_add(WITHOUT_FRAMES_MS, on_timeout, self);
    }
}

static void destroy(gpointer data)
{
    struct frame_flush *self = data;
    stop(self);
    g_signal_handlers_disconnect_by_data(self->list, self);
    g_object_unref(self->list);
    g_free(self);
}

void frame_flush_attach(GtkWidget *widget, GObject *list, frame_flush_fn *flush)
{
    struct frame_flush *self = g_new0(struct frame_flush, 1);
    self->widget = widget;
    self->list = g_object_ref(list);
    self->flush = flush;
    g_signal_connect_swapped(list, "dirty", G_CALLBACK(on_dirty), self);
    g_object_set_data_full(G_OBJECT(widget), key, self, destroy);
    flush(list);
}

void frame_flush_detach(GtkWidget *widget)
{
    g_object_set_data(G_OBJECT(widget), key, NULL);
}
