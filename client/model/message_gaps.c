/* History that is put into the message list: gaps, and the pages that fill them. Main thread. */
#include "message_list_priv.h"

#include <string.h>

enum {
    /* A row whose echo never came is looked for among so many last rows, and so far apart in time,
     * when history has the same words of ours. */
    UNSURE_AMONG = 500,
    UNSURE_WITHIN_S = 600,
};

const struct message *maru_message_list_gap(MaruMessageList *self, unsigned position)
{
    if (position >= self->rows->len) {
        return NULL;
    }
    const struct message *row = message_list_row(self, position);
    return row->kind == MESSAGE_GAP ? row : NULL;
}

bool maru_message_list_loading(MaruMessageList *self, unsigned *ret_position)
{
    for (unsigned i = 0; i < self->gaps->len; i++) {
        unsigned position = g_array_index(self->gaps, unsigned, i);
        if (message_list_row(self, position)->gap == GAP_LOADING) {
            *ret_position = position;
            return true;
        }
    }
    return false;
}

static void tell_before(MaruMessageList *self, unsigned position, bool below)
{
    g_signal_emit_by_name(self, "before-page", position, (gboolean)below);
}

void maru_message_list_set_gap(MaruMessageList *self, unsigned position, enum message_gap state)
{
    maru_message_list_flush(self);
    const struct message *gap = maru_message_list_gap(self, position);
    if (gap != NULL && gap->gap != state) {
        struct message changed = *gap;
        changed.gap = state;
        tell_before(self, position, position + 1 < self->rows->len);
        message_list_splice(self, position, 1, &changed, 1);
    }
}

static bool knows_between(MaruMessageList *self, const char *id, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        if (strcmp(message_list_row(self, i)->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the page reaches into the rows of a stretch of the list. */
static bool reaches(MaruMessageList *self, const struct history_page *page, unsigned from,
                    unsigned to)
{
    for (unsigned i = 0; i < page->rows->len; i++) {
        const char *id = g_array_index(page->rows, struct message, i).id;
        if (message_list_knows(self, id) && knows_between(self, id, from, to)) {
            return true;
        }
    }
    return false;
}

/* What was sent when the connection broke did arrive: history has it. */
static void drop_unsure(MaruMessageList *self, const struct message *found)
{
    unsigned end = message_list_tail(self);
    unsigned begin = end > UNSURE_AMONG ? end - UNSURE_AMONG : 0;
    for (unsigned i = begin; i < end; i++) {
        const struct message *row = message_list_row(self, i);
        if (row->state == MESSAGE_UNSURE && row->kind == found->kind &&
            strcmp(row->text, found->text) == 0 &&
            ABS(row->time_us - found->time_us) < UNSURE_WITHIN_S * G_TIME_SPAN_SECOND) {
            maru_message_list_remove(self, i);
            return;
        }
    }
}

static void drop_all_unsure(MaruMessageList *self, const struct history_page *page)
{
    for (unsigned i = 0; i < page->rows->len; i++) {
        const struct message *row = &g_array_index(page->rows, struct message, i);
        if (row->own && !message_list_knows(self, row->id)) {
            drop_unsure(self, row);
        }
    }
}

/* Copies of the page's rows from..to that the list does not know. */
static GArray *fresh_rows(MaruMessageList *self, const struct history_page *page, unsigned from,
                          unsigned to)
{
    GArray *fresh = g_array_new(FALSE, FALSE, sizeof(struct message));
    for (unsigned i = from; i < to; i++) {
        const struct message *row = &g_array_index(page->rows, struct message, i);
        if (!message_list_knows(self, row->id)) {
            struct message kept = message_list_kept(self, row);
            g_array_append_val(fresh, kept);
        }
    }
    return fresh;
}

static void replace_gap(MaruMessageList *self, unsigned at, const GArray *rows, bool below)
{
    tell_before(self, at, below);
    message_list_splice(self, at, 1, (const struct message *)(const void *)rows->data, rows->len);
}

/* Nothing is left between the gap's two sides. */
static bool is_closed(MaruMessageList *self, const struct history_page *page, enum page_side side,
                      unsigned at, bool no_fresh)
{
    const struct message *gap = message_list_row(self, at);
    if (page->n_in == 0) {
        return true;
    }
    if (side == PAGE_OLDER) {
        return (no_fresh && strcmp(page->oldest, gap->before) == 0) || reaches(self, page, 0, at);
    }
    return (no_fresh && strcmp(page->newest, gap->after) == 0) ||
           reaches(self, page, at + 1, self->rows->len);
}

bool maru_message_list_merge(MaruMessageList *self, const struct history_page *page,
                             enum page_side side)
{
    unsigned at;
    maru_message_list_flush(self);
    drop_all_unsure(self, page);
    if (!maru_message_list_loading(self, &at)) {
        return false;
    }
    struct message gap = *message_list_row(self, at);
    g_autoptr(GArray) rows = fresh_rows(self, page, 0, page->rows->len);
    if (at == 0 && rows->len > 0 && self->rows->len + rows->len > self->max) {
        maru_message_list_set_gap(self, at, GAP_FULL);
        return false;
    }
    bool closed = is_closed(self, page, side, at, rows->len == 0);
    gap.gap = GAP_IDLE;
    if (page->n_in > 0 && side == PAGE_OLDER) {
        gap.before = page->oldest;
    } else if (page->n_in > 0) {
        gap.after = page->newest;
    }
    if (closed && gap.after[0] == '\0' && !reaches(self, page, 0, at)) {
        gap.kind = MESSAGE_BEGINNING;
        gap.before = "";
        closed = false;
    }
    bool open = !closed && gap.kind == MESSAGE_GAP;
    if (!closed) {
        gap = message_list_kept(self, &gap);
        g_array_insert_val(rows, side == PAGE_OLDER ? 0 : rows->len, gap);
    }
    replace_gap(self, at, rows, side == PAGE_OLDER);
    return open;
}

/* The last gap before a position, or the first one after it. */
static bool gap_near(MaruMessageList *self, unsigned position, bool before, unsigned *ret_at)
{
    bool found = false;
    for (unsigned i = 0; i < self->gaps->len; i++) {
        unsigned at = g_array_index(self->gaps, unsigned, i);
        if (before && at < position) {
            *ret_at = at;
            found = true;
        } else if (!before && at > position) {
            *ret_at = at;
            return true;
        }
    }
    return found;
}

static int64_t time_above(MaruMessageList *self, unsigned at)
{
    for (unsigned i = at; i > 0; i--) {
        const struct message *row = message_list_row(self, i - 1);
        if (row->id[0] != '\0') {
            return row->time_us;
        }
    }
    return INT64_MIN;
}

/* The gap that messages of this time are missing from: the last one with something older above. */
static bool gap_at_time(MaruMessageList *self, int64_t time_us, unsigned *ret_at)
{
    for (unsigned i = self->gaps->len; i > 0; i--) {
        unsigned at = g_array_index(self->gaps, unsigned, i - 1);
        if (time_above(self, at) <= time_us) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

/* Behind the last message that is not younger. */
static unsigned place_by_time(MaruMessageList *self, int64_t time_us)
{
    unsigned at = message_list_tail(self);
    while (at > 0 && message_list_row(self, at - 1)->time_us > time_us) {
        at--;
    }
    return at;
}

/* A stretch of a page that is new, between two of its messages that are known or its ends. */
struct stretch {
    unsigned from;
    unsigned to;
    bool has_left; /* the message before it is known, at `left` */
    bool has_right;
    unsigned left;
    unsigned right;
};

static bool find_gap_of(MaruMessageList *self, const struct history_page *page,
                        const struct stretch *part, unsigned *ret_at)
{
    if (part->has_left && gap_near(self, part->left, false, ret_at)) {
        return !part->has_right || *ret_at < part->right;
    }
    if (part->has_right && !part->has_left) {
        return gap_near(self, part->right, true, ret_at);
    }
    const struct message *first = &g_array_index(page->rows, struct message, part->from);
    return !part->has_left && gap_at_time(self, first->time_us, ret_at);
}

static void add_gap_row(MaruMessageList *self, GArray *rows, unsigned at, struct message gap)
{
    gap.gap = GAP_IDLE;
    gap = message_list_kept(self, &gap);
    g_array_insert_val(rows, at, gap);
}

static void place_stretch(MaruMessageList *self, const struct history_page *page,
                          const struct stretch *part)
{
    g_autoptr(GArray) rows = fresh_rows(self, page, part->from, part->to);
    const struct message *first = &g_array_index(page->rows, struct message, part->from);
    unsigned at;
    if (!find_gap_of(self, page, part, &at)) {
        at = part->has_right  ? part->right
             : part->has_left ? part->left + 1
                              : place_by_time(self, first->time_us);
        message_list_splice(self, at, 0, (const struct message *)(const void *)rows->data,
                            rows->len);
        return;
    }
    struct message gap = *message_list_row(self, at);
    if (!part->has_right) {
        struct message below = gap;
        below.after = page->newest;
        add_gap_row(self, rows, rows->len, below);
    }
    if (!part->has_left) {
        struct message above = gap;
        above.before = page->oldest;
        add_gap_row(self, rows, 0, above);
    }
    replace_gap(self, at, rows, true);
}

void maru_message_list_merge_around(MaruMessageList *self, const struct history_page *page)
{
    maru_message_list_flush(self);
    for (unsigned i = 0; i < page->rows->len; i++) {
        struct stretch part = {.from = i};
        const struct message *row = &g_array_index(page->rows, struct message, i);
        if (message_list_knows(self, row->id)) {
            continue;
        }
        while (i < page->rows->len &&
               !message_list_knows(self, g_array_index(page->rows, struct message, i).id)) {
            i++;
        }
        part.to = i;
        if (part.from > 0) {
            row = &g_array_index(page->rows, struct message, part.from - 1);
            part.has_left = maru_message_list_find(self, row->id, &part.left);
        }
        if (part.to < page->rows->len) {
            row = &g_array_index(page->rows, struct message, part.to);
            part.has_right = maru_message_list_find(self, row->id, &part.right);
        }
        place_stretch(self, page, &part);
    }
}

void maru_message_list_close_gaps(MaruMessageList *self, const char *text)
{
    maru_message_list_flush(self);
    while (self->gaps->len > 0) {
        unsigned at = g_array_index(self->gaps, unsigned, self->gaps->len - 1);
        struct message row = {
            .kind = MESSAGE_QUIET, .time_us = message_list_row(self, at)->time_us, .text = text};
        row = message_list_kept(self, &row);
        message_list_splice(self, at, 1, &row, at > 0 ? 1 : 0);
    }
}
