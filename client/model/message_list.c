/* The messages of a room as a GListModel with batched signals. Main thread; no GTK. */
#include "message_list_priv.h"

#include "alloc.h"
#include "history_page.h"

#include <string.h>

static void list_model_init(GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(MaruMessageList, maru_message_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static guint signal_dirty;

struct message *message_list_row(MaruMessageList *self, unsigned i)
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

static bool is_edge(const struct message *row)
{
    return row->kind == MESSAGE_GAP || row->kind == MESSAGE_BEGINNING;
}

static gpointer get_item(GListModel *model, guint i)
{
    MaruMessageList *self = MARU_MESSAGE_LIST(model);
    if (i >= self->published) {
        return NULL;
    }
    struct message *row = message_list_row(self, i);
    struct message *previous = i > 0 ? message_list_row(self, i - 1) : NULL;
    bool continued = previous != NULL && message_continues(previous, row);
    /* A gap has no time of its own. */
    while (previous != NULL && is_edge(previous)) {
        previous = --i > 0 ? message_list_row(self, i - 1) : NULL;
    }
    bool starts_day =
        !is_edge(row) && (previous == NULL || !message_same_day(previous->time_us, row->time_us));
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
    g_array_unref(self->gaps);
    g_hash_table_unref(self->ids);
    g_string_chunk_free(self->strings);
    g_free(self->room);
    G_OBJECT_CLASS(maru_message_list_parent_class)->finalize(object);
}

static void maru_message_list_class_init(MaruMessageListClass *class)
{
    G_OBJECT_CLASS(class)->finalize = maru_message_list_finalize;
    GType type = G_TYPE_FROM_CLASS(class);
    signal_dirty =
        g_signal_new("dirty", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    g_signal_new("before-page", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                 G_TYPE_UINT, G_TYPE_BOOLEAN);
}

enum { STRING_BLOCK_BYTES = 64 * 1024 };

static void maru_message_list_init(MaruMessageList *self)
{
    self->rows = g_array_new(FALSE, FALSE, sizeof(struct message));
    self->strings = g_string_chunk_new(STRING_BLOCK_BYTES);
    self->ids = g_hash_table_new(g_str_hash, g_str_equal);
    self->gaps = g_array_new(FALSE, FALSE, sizeof(unsigned));
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

struct message message_list_kept(MaruMessageList *self, const struct message *record)
{
    return kept(self->strings, record);
}

bool message_list_knows(MaruMessageList *self, const char *id)
{
    return id != NULL && id[0] != '\0' && g_hash_table_contains(self->ids, id);
}

static void note_id(MaruMessageList *self, const struct message *row)
{
    if (row->id[0] != '\0') {
        g_hash_table_add(self->ids, (gpointer)row->id);
    }
}

unsigned message_list_tail(MaruMessageList *self)
{
    return self->rows->len - self->n_pending;
}

void maru_message_list_add(MaruMessageList *self, const struct message *record)
{
    if (message_list_knows(self, record->id)) {
        return;
    }
    struct message row = kept(self->strings, record);
    unsigned at = self->rows->len;
    if (record->state == MESSAGE_PENDING) {
        self->n_pending++;
    } else {
        at -= self->n_pending;
    }
    g_array_insert_val(self->rows, at, row);
    note_id(self, &row);
    if (record->kind == MESSAGE_GAP) {
        g_array_append_val(self->gaps, at);
        g_free(self->room);
        self->room = g_strdup(record->target);
    }
    mark_dirty(self, at);
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
    for (unsigned i = message_list_tail(self); i < self->rows->len; i++) {
        if (is_pending_echo(message_list_row(self, i), label, echo)) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

/* Moves a pending row to the end of the confirmed ones. */
static struct message *take_from_tail(MaruMessageList *self, unsigned at)
{
    unsigned to = message_list_tail(self);
    struct message row = *message_list_row(self, at);
    memmove(message_list_row(self, to + 1), message_list_row(self, to),
            (at - to) * sizeof(struct message));
    *message_list_row(self, to) = row;
    self->n_pending--;
    mark_dirty(self, to);
    return message_list_row(self, to);
}

bool maru_message_list_confirm(MaruMessageList *self, const char *label, const struct message *echo)
{
    unsigned at;
    if (!find_pending(self, label, echo, &at)) {
        return false;
    }
    struct message *row = take_from_tail(self, at);
    if (message_list_knows(self, echo->id)) {
        /* History was faster than the echo. */
        maru_message_list_flush(self);
        maru_message_list_remove(self, message_list_tail(self) - 1);
        return true;
    }
    *row = kept(self->strings, echo);
    row->state = MESSAGE_DELIVERED;
    note_id(self, row);
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

bool maru_message_list_not_stored(MaruMessageList *self, const char *label, const char *id)
{
    unsigned at;
    if (label != NULL && find_pending(self, label, NULL, &at)) {
        struct message *row = take_from_tail(self, at);
        row->state = MESSAGE_NOT_STORED;
        row->label = "";
        row->id = keep(self->strings, id);
        note_id(self, row);
        return true;
    }
    if (!message_list_knows(self, id)) {
        return false;
    }
    /* The server speaks of a message of the last seconds, so the search begins at the end. */
    for (unsigned i = self->rows->len; i > 0; i--) {
        struct message *row = message_list_row(self, i - 1);
        if (strcmp(row->id, id) == 0) {
            row->state = MESSAGE_NOT_STORED;
            mark_dirty(self, i - 1);
            return true;
        }
    }
    return false;
}

/* What a list with history begins with when its oldest rows have been dropped. */
static struct message gap_before(MaruMessageList *self, unsigned first)
{
    const struct message *next = message_list_row(self, first);
    for (unsigned i = first; i < message_list_tail(self); i++) {
        const struct message *row = message_list_row(self, i);
        if (message_is_said(row) && row->id[0] != '\0') {
            next = row;
            break;
        }
    }
    g_autofree char *before = history_reference(next->id, next->time_us);
    struct message gap = {.kind = MESSAGE_GAP, .time_us = next->time_us, .target = self->room};
    gap.before = before;
    return kept(self->strings, &gap);
}

static void collect_again(MaruMessageList *self)
{
    GStringChunk *strings = g_string_chunk_new(STRING_BLOCK_BYTES);
    g_hash_table_remove_all(self->ids);
    g_array_set_size(self->gaps, 0);
    for (unsigned i = 0; i < self->rows->len; i++) {
        struct message *row = message_list_row(self, i);
        *row = kept(strings, row);
        note_id(self, row);
        if (row->kind == MESSAGE_GAP) {
            g_array_append_val(self->gaps, i);
        }
    }
    g_string_chunk_free(self->strings);
    self->strings = strings;
}

/* Drops the oldest quarter, with its strings. Only on a list without unpublished changes. */
static void trim(MaruMessageList *self)
{
    unsigned n = self->rows->len - self->max / 4 * 3;
    bool with_gap = self->room != NULL;
    if (with_gap) {
        *message_list_row(self, n - 1) = gap_before(self, n);
    }
    g_array_remove_range(self->rows, 0, with_gap ? n - 1 : n);
    collect_again(self);
    self->published = self->rows->len;
    /* The row that is now the first one starts a day and a group. */
    g_list_model_items_changed(G_LIST_MODEL(self), 0, n + 1, with_gap ? 2 : 1);
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

static void move_gaps(MaruMessageList *self, unsigned at, unsigned n_removed,
                      const struct message *rows, unsigned n_added)
{
    GArray *gaps = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < self->gaps->len; i++) {
        unsigned position = g_array_index(self->gaps, unsigned, i);
        if (position < at) {
            g_array_append_val(gaps, position);
        }
    }
    for (unsigned i = 0; i < n_added; i++) {
        unsigned position = at + i;
        if (rows[i].kind == MESSAGE_GAP) {
            g_array_append_val(gaps, position);
        }
    }
    for (unsigned i = 0; i < self->gaps->len; i++) {
        unsigned position = g_array_index(self->gaps, unsigned, i);
        if (position >= at + n_removed) {
            position = position - n_removed + n_added;
            g_array_append_val(gaps, position);
        }
    }
    g_array_unref(self->gaps);
    self->gaps = gaps;
}

void message_list_splice(MaruMessageList *self, unsigned at, unsigned n_removed,
                         const struct message *rows, unsigned n_added)
{
    CHECK(at + n_removed <= message_list_tail(self));
    maru_message_list_flush(self);
    for (unsigned i = at; i < at + n_removed; i++) {
        g_hash_table_remove(self->ids, message_list_row(self, i)->id);
    }
    move_gaps(self, at, n_removed, rows, n_added);
    if (n_removed > 0) {
        g_array_remove_range(self->rows, at, n_removed);
    }
    if (n_added > 0) {
        g_array_insert_vals(self->rows, at, rows, n_added);
    }
    for (unsigned i = 0; i < n_added; i++) {
        note_id(self, &rows[i]);
    }
    self->published = self->rows->len;
    g_list_model_items_changed(G_LIST_MODEL(self), at, n_removed, n_added);
}

bool maru_message_list_find(MaruMessageList *self, const char *id, unsigned *ret_position)
{
    if (!message_list_knows(self, id)) {
        return false;
    }
    for (unsigned i = self->rows->len; i > 0; i--) {
        if (strcmp(message_list_row(self, i - 1)->id, id) == 0) {
            *ret_position = i - 1;
            return true;
        }
    }
    return false;
}

bool maru_message_list_redact(MaruMessageList *self, const char *id, const char *by)
{
    unsigned at;
    maru_message_list_flush(self);
    if (!maru_message_list_find(self, id, &at)) {
        return false;
    }
    struct message row = *message_list_row(self, at);
    message_redact(&row, by);
    row = kept(self->strings, &row);
    message_list_splice(self, at, 1, &row, 1);
    return true;
}

void maru_message_list_remove(MaruMessageList *self, unsigned position)
{
    maru_message_list_flush(self);
    if (position < message_list_tail(self)) {
        message_list_splice(self, position, 1, NULL, 0);
    }
}

const struct message *maru_message_list_last(MaruMessageList *self)
{
    unsigned end = message_list_tail(self);
    return end > 0 ? message_list_row(self, end - 1) : NULL;
}
