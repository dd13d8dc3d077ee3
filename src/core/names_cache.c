/*
 * The kept text of NAMES: for each form of a room's names the lines, without their heads, in the
 * order of joining. Who joins is appended when somebody asks; who leaves or changes takes away the
 * lines from its own on. Pure; under the core's mutex.
 */
#include "names_cache.h"

#include "alloc.h"

#include <stdlib.h>

/* A line is begun anew where a name of this length would not fit: what is shorter waits. */
enum { NAMES_LINE_REST = 40 };

struct names_line {
    uint64_t first; /* ids of members */
    uint64_t last;
    size_t end; /* of its names in the text */
};

struct names_form {
    struct buf text;
    struct names_line *lines;
    size_t n;
    size_t cap;
};

struct names_cache {
    struct room *room;
    struct names_cache *older; /* in the order of use */
    struct names_cache *newer;
    uint64_t used_ms;
    size_t bytes;
    struct names_form forms[NAMES_FORMS];
};

void names_add(struct buf *out, const struct user *user, uint8_t rank, unsigned form)
{
    room_add_prefix(rank, (form & NAMES_ALL_PREFIXES) != 0, out);
    buf_add_str(out, (form & NAMES_MASKS) != 0 ? user_mask_str(user) : user_nick(user));
}

/* ---- the caches, by use ---- */

static void unlink_cache(struct core *core, struct names_cache *cache)
{
    *(cache->older != NULL ? &cache->older->newer : &core->names_oldest) = cache->newer;
    *(cache->newer != NULL ? &cache->newer->older : &core->names_newest) = cache->older;
}

static void link_newest(struct core *core, struct names_cache *cache)
{
    cache->older = core->names_newest;
    cache->newer = NULL;
    *(cache->older != NULL ? &cache->older->newer : &core->names_oldest) = cache;
    core->names_newest = cache;
}

void names_cache_drop(struct core *core, struct room *room)
{
    struct names_cache *cache = room->names;
    if (cache == NULL) {
        return;
    }
    unlink_cache(core, cache);
    for (unsigned i = 0; i < NAMES_FORMS; i++) {
        buf_finish(&cache->forms[i].text);
        free(cache->forms[i].lines);
    }
    core->names_bytes -= cache->bytes;
    free(cache);
    room->names = NULL;
}

void names_cache_clear(struct core *core)
{
    while (core->names_oldest != NULL) {
        names_cache_drop(core, core->names_oldest->room);
    }
}

void names_cache_expire(struct core *core)
{
    /* A clock that went back makes the difference huge, which does no harm. */
    while (core->names_oldest != NULL &&
           core->now_ms - core->names_oldest->used_ms > CORE_NAMES_IDLE_MS) {
        names_cache_drop(core, core->names_oldest->room);
    }
}

static struct names_cache *use(struct core *core, struct room *room)
{
    if (room->names == NULL) {
        room->names = xcalloc(1, sizeof(*room->names));
        room->names->room = room;
    } else {
        unlink_cache(core, room->names);
    }
    link_newest(core, room->names);
    room->names->used_ms = core->now_ms;
    return room->names;
}

/* Others give way to the one that is in use; false where it is too large alone. */
static bool account(struct core *core, struct names_cache *cache)
{
    size_t bytes = sizeof(*cache);
    for (unsigned i = 0; i < NAMES_FORMS; i++) {
        bytes += cache->forms[i].text.cap + cache->forms[i].cap * sizeof(struct names_line);
    }
    core->names_bytes += bytes - cache->bytes;
    cache->bytes = bytes;
    while (core->names_bytes > CORE_NAMES_BYTES && core->names_oldest != cache) {
        names_cache_drop(core, core->names_oldest->room);
    }
    return core->names_bytes <= CORE_NAMES_BYTES;
}

/* ---- lines ---- */

/* Bytes of names in a line, whatever permitted nickname it is for; 0 where too little is left. */
static size_t line_budget(const struct core *core, const struct room *room)
{
    size_t head = sizeof(":  353  = :") + strlen(core->settings->server_name) +
                  core->settings->nick_len + room_name(room).len;
    return head + CORE_LINE_MAX / 2 <= CORE_LINE_MAX ? CORE_LINE_MAX - head : 0;
}

static size_t line_start(const struct names_form *form, size_t i)
{
    return i > 0 ? form->lines[i - 1].end : 0;
}

/* The first line that has a member behind the cursor. */
static size_t find_line(const struct names_form *form, uint64_t cursor)
{
    size_t low = 0;
    size_t high = form->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (form->lines[mid].last <= cursor) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static uint64_t last_member(const struct room *room)
{
    const struct user *user = olist_last(&room->members);
    return user != NULL ? user_membership(user, room)->since_seq : 0;
}

/* Appends to the last line the members behind it, as far as they fit. */
static void fill_last(struct core *core, const struct room *room, struct names_form *form,
                      unsigned number, size_t budget)
{
    struct names_line *line = &form->lines[form->n - 1];
    size_t start = line_start(form, form->n - 1);
    size_t at = olist_seek(&room->members, line->last);
    const struct user *user;
    while ((user = olist_step(&room->members, &at)) != NULL) {
        const struct membership *membership = user_membership(user, room);
        size_t before = form->text.len;
        if (before > start) {
            buf_add_char(&form->text, ' ');
        }
        names_add(&form->text, user, membership->rank, number);
        core->piece_work++;
        if (form->text.len - start > budget) {
            form->text.len = before;
            break;
        }
        if (line->first == 0) {
            line->first = membership->since_seq;
        }
        line->last = membership->since_seq;
        line->end = form->text.len;
    }
}

static void begin_line(struct names_form *form)
{
    if (form->n == form->cap) {
        form->cap = form->cap > 0 ? form->cap * 2 : 4;
        form->lines = xrealloc(form->lines, form->cap * sizeof(*form->lines));
    }
    form->lines[form->n] = (struct names_line){
        .last = form->n > 0 ? form->lines[form->n - 1].last : 0, .end = form->text.len};
    form->n++;
}

enum names_source names_cache_next(struct core *core, struct room *room, unsigned number,
                                   uint64_t cursor, struct names_piece *ret_piece)
{
    size_t budget = line_budget(core, room);
    *ret_piece = (struct names_piece){.last = UINT64_MAX};
    if (cursor >= last_member(room)) {
        return NAMES_COMPLETE;
    }
    if (budget == 0 || room->members.len < CORE_NAMES_MEMBERS) {
        return NAMES_ELSEWHERE;
    }
    struct names_cache *cache = use(core, room);
    struct names_form *form = &cache->forms[number];
    size_t i = find_line(form, cursor);
    if (i == form->n) {
        /* Lines are made one after the other: an answer that goes on behind them, or where the
         * last one could still grow, goes its own way. */
        uint64_t covered = form->n > 0 ? form->lines[form->n - 1].last : 0;
        size_t len = form->n > 0 ? form->text.len - line_start(form, form->n - 1) : budget;
        if (cursor != covered || len + NAMES_LINE_REST < budget || !account(core, cache)) {
            return NAMES_ELSEWHERE;
        }
        begin_line(form);
        fill_last(core, room, form, number, budget);
        if (form->lines[i].first == 0) {
            form->n--; /* Not even one fits. */
            return NAMES_ELSEWHERE;
        }
    } else if (cursor >= form->lines[i].first) {
        ret_piece->last = form->lines[i].last;
        return NAMES_ELSEWHERE;
    } else if (i == form->n - 1 && form->lines[i].last < last_member(room)) {
        fill_last(core, room, form, number, budget);
    }
    account(core, cache);
    size_t start = line_start(form, i);
    ret_piece->names = str_make(form->text.p + start, form->lines[i].end - start);
    ret_piece->last = form->lines[i].last;
    return NAMES_READY;
}

void names_cache_change(struct room *room, uint64_t member)
{
    for (unsigned i = 0; room->names != NULL && i < NAMES_FORMS; i++) {
        struct names_form *form = &room->names->forms[i];
        size_t line = find_line(form, member - 1);
        if (line < form->n) {
            form->n = line;
            form->text.len = line_start(form, line);
        }
    }
}
