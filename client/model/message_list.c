/* The messages of a room as a GListModel with batched signals. Main thread; no GTK. */
#include "message_list.h"

#include "alloc.h"

#include <string.h>

struct _MaruMessageList {
    GObject parent_instance;
    GArray *rows; /* struct message; the last n_pending ones are pending */
    GStringChunk *strings;
    unsigned max;
    unsigned n_pending;
    unsigned published;   /* how many rows listeners know of */
    unsigned first_dirty; /* rows from here on differ from what listeners know */
    bool dirty;
};

static void list_model_init(GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(MaruMessageList, maru_message_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static guint signal_dirty;

static struct message *row_at(MaruMessageList *self, unsigned i)
{
    return &g_array_index(self->rows, struct message, i);
}

static GType get_item_type(GListModel *model)
{
    return MARU_TYPE_MESSAGE;
}

static guint get_n_items(GListModel *model)
{
    return MARU_MESSAGE_LIST(model)->published;
}

static gpointer get_item(GListModel *model, guint i)
{
    MaruMessageList *self = MARU_MESSAGE_LIST(model);
    if (i >= self->published) {
        return NULL;
    }
    struct message *row = row_at(self, i);
    struct message *previous = i > 0 ? row_at(self, i - 1) : NULL;
    bool continued = previous != NULL && message_continues(previous, row);
    bool starts_day = previous == NULL || !message_same_day(previous->time_us, row->time_us);
    return maru_message_new(row, continued, starts_day);
}

static void list_model_init(GListModelInterface *iface)
{
    iface->get_item_type = get_item_type;
    iface->get_n_items = get_n_items;
    iface->get_item = get_item;
}

static void maru_message_list_finalize(GObject *object)
{
    MaruMessageList *self = MARU_MESSAGE_LIST(object);
    g_array_unref(self->rows);
    g_string_chunk_free(self->strings);
    G_OBJECT_CLASS(maru_message_list_parent_class)->finalize(object);
}

static void maru_message_list_class_init(MaruMessageListClass *class)
{
    G_OBJECT_CLASS(class)->finalize = maru_message_list_finalize;
    signal_dirty = g_signal_new("dirty", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

enum { STRING_BLOCK_BYTES = 64 * 1024 };

static void maru_message_list_init(MaruMessageList *self)
{
    self->rows = g_array_new(FALSE, FALSE, sizeof(struct message));
    self->strings = g_string_chunk_new(STRING_BLOCK_BYTES);
    self->first_dirty = G_MAXUINT;
}

MaruMessageList *maru_message_list_new(unsigned max)
{
    CHECK(max >= 4);
    MaruMessageList *self = g_object_new(MARU_TYPE_MESSAGE_LIST, NULL);
    self->max = max;
    return self;
}

static void mark_dirty(MaruMessageList *self, unsigned from)
{
    self->first_dirty = MIN(self->first_dirty, from);
    if (!self->dirty) {
        self->dirty = true;
        g_signal_emit(self, signal_dirty, 0);
    }
}

static const char *keep(GStringChunk *chunk, const char *string)
{
    return string != NULL && string[0] != '\0' ? g_string_chunk_insert(chunk, string) : "";
}

/* Names recur in every message of a person, so they are kept once. */
static const char *keep_name(GStringChunk *chunk, const char *string)
{
    return string != NULL && string[0] != '\0' ? g_string_chunk_insert_const(chunk, string) : "";
}

static struct message kept(GStringChunk *chunk, const struct message *record)
{
    struct message row = *record;
    row.sender = keep_name(chunk, record->sender);
    row.target = keep_name(chunk, record->target);
    row.text = keep(chunk, record->text);
    row.id = keep(chunk, record->id);
    row.label = keep(chunk, record->label);
    row.note = keep(chunk, record->note);
    return row;
}

void maru_message_list_add(MaruMessageList *self, const struct message *record)
{
    struct message row = kept(self->strings, record);
    unsigned at = self->rows->len;
    if (record->state == MESSAGE_PENDING) {
        self->n_pending++;
    } else {
        at -= self->n_pending;
    }
    g_array_insert_val(self->rows, at, row);
    mark_dirty(self, at);
}

static unsigned tail_begin(MaruMessageList *self)
{
    return self->rows->len - self->n_pending;
}

static bool is_pending_echo(const struct message *row, const char *label,
                            const struct message *echo)
{
    if (label != NULL) {
        return strcmp(row->label, label) == 0;
    }
    return echo == NULL || (row->kind == echo->kind && strcmp(row->target, echo->target) == 0 &&
                            strcmp(row->text, echo->text) == 0);
}

static bool find_pending(MaruMessageList *self, const char *label, const struct message *echo,
                         unsigned *ret_at)
{
    for (unsigned i = tail_begin(self); i < self->rows->len; i++) {
        if (is_pending_echo(row_at(self, i), label, echo)) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

/* Moves a pending row to the end of the confirmed ones. */
static struct message *take_from_tail(MaruMessageList *self, unsigned at)
{
    unsigned to = tail_begin(self);
    struct message row = *row_at(self, at);
    memmove(row_at(self, to + 1), row_at(self, to), (at - to) * sizeof(struct message));
    *row_at(self, to) = row;
    self->n_pending--;
    mark_dirty(self, to);
    return row_at(self, to);
}

bool maru_message_list_confirm(MaruMessageList *self, const char *label, const struct message *echo)
{
    unsigned at;
    if (!find_pending(self, label, echo, &at)) {
        return false;
    }
    struct message *row = take_from_tail(self, at);
    *row = kept(self->strings, echo);
    row->state = MESSAGE_DELIVERED;
    return true;
}

bool maru_message_list_settle(MaruMessageList *self, const char *label, enum message_state state,
                              const char *note)
{
    unsigned at;
    if (!find_pending(self, label, NULL, &at)) {
        return false;
    }
    struct message *row = take_from_tail(self, at);
    row->state = state;
    row->note = keep(self->strings, note);
    return true;
}

void maru_message_list_settle_all(MaruMessageList *self)
{
    while (maru_message_list_settle(self, NULL, MESSAGE_UNSURE, NULL)) {
    }
}

bool maru_message_list_mark_not_stored(MaruMessageList *self, const char *id)
{
    if (id[0] == '\0') {
        return false;
    }
    /* The server speaks of a message of the last seconds, so the search begins at the end. */
    for (unsigned i = self->rows->len; i > 0; i--) {
        struct message *row = row_at(self, i - 1);
        if (strcmp(row->id, id) == 0) {
            row->state = MESSAGE_NOT_STORED;
            mark_dirty(self, i - 1);
            return true;
        }
    }
    return false;
}

/* Drops the oldest quarter, with its strings. Only on a list without unpublished changes. */
static void trim(MaruMessageList *self)
{
    unsigned n = self->rows->len - self->max / 4 * 3;
    g_array_remove_range(self->rows, 0, n);
    GStringChunk *strings = g_string_chunk_new(STRING_BLOCK_BYTES);
    for (unsigned i = 0; i < self->rows->len; i++) {
        *row_at(self, i) = kept(strings, row_at(self, i));
    }
    g_string_chunk_free(self->strings);
    self->strings = strings;
    self->published = self->rows->len;
    /* The row that is now the first one starts a day and a group. */
    g_list_model_items_changed(G_LIST_MODEL(self), 0, n + 1, 1);
}

void maru_message_list_flush(MaruMessageList *self)
{
    if (!self->dirty) {
        return;
    }
    unsigned from = MIN(self->first_dirty, self->published);
    unsigned removed = self->published - from;
    self->published = self->rows->len;
    self->first_dirty = G_MAXUINT;
    self->dirty = false;
    g_list_model_items_changed(G_LIST_MODEL(self), from, removed, self->published - from);
    if (self->rows->len > self->max && !self->dirty) {
        trim(self);
    }
}

const struct message *maru_message_list_last(MaruMessageList *self)
{
    unsigned end = tail_begin(self);
    return end > 0 ? row_at(self, end - 1) : NULL;
}
