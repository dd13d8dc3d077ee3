/* SEARCH (soju.im/search): who looks for what, and where; the store answers. Pure; under the core's
 * mutex. */
#include "reply.h"

#include "alloc.h"
#include "tags.h"
#include "timestamp.h"

#include <stdlib.h>

struct search {
    struct query query;
    struct buf text;
    bool in; /* only in one place */
    bool from;
    bool after;
};

static void fail(struct core *core, struct str word)
{
    struct buf context = {0};
    if (word.len > 0) {
        buf_add_str(&context, reply_word(word));
    }
    buf_add_char(&context, '\0');
    reply_standard(core, "FAIL", "SEARCH", "INVALID_PARAMS", context.p, "Invalid parameters");
    buf_finish(&context);
}

/* Both bounds are of what is found, those of a query are not. */
static bool take_time(struct str value, int by, struct query_bound *bound)
{
    bound->kind = BOUND_TIME;
    if (timestamp_parse(value, &bound->value) != STATUS_OK) {
        return false;
    }
    bound->value += (uint64_t)(by < 0 && bound->value > 0 ? -1 : by > 0 ? 1 : 0);
    return true;
}

static bool take_attribute(const struct core *core, struct search *search, struct str key,
                           struct str value)
{
    if (str_eq(key, STR("text"))) {
        buf_clear(&search->text);
        buf_add_str(&search->text, value);
        return true;
    }
    if (str_eq(key, STR("in"))) {
        search->in = true;
        return value.len > 0;
    }
    if (str_eq(key, STR("from"))) {
        search->from = true;
        return value.len > 0;
    }
    if (str_eq(key, STR("after"))) {
        search->after = true;
        return take_time(value, -1, &search->query.from);
    }
    if (str_eq(key, STR("before"))) {
        return take_time(value, 1, &search->query.to);
    }
    return str_eq(key, STR("limit")) && history_limit(core, value, &search->query.limit);
}

/* False, and answered, where something of it cannot be. */
static bool take_attributes(struct core *core, struct str attributes, struct search *search)
{
    struct str key;
    struct str value;
    if (attributes.len == 0) {
        fail(core, attributes);
        return false;
    }
    while (tags_next(&attributes, &key, &value)) {
        struct buf plain = {0};
        tags_add_unescaped(&plain, value);
        bool taken = take_attribute(core, search, key, buf_str(&plain));
        buf_finish(&plain);
        if (!taken) {
            fail(core, key);
            return false;
        }
    }
    return true;
}

static void search_in(struct core *core, const struct input_line *in, struct search *search)
{
    const struct user *user = core->who->user;
    struct query *query = &search->query;
    query->text = buf_str(&search->text);
    if (search->from) {
        query->from_folded = in->folded[1];
    }
    query->order = search->after ? QUERY_FIRST : QUERY_LAST;
    if (search->in) {
        struct query_place place;
        if (!history_place(core, user, in->folded[0], &place)) {
            fail(core, STR("in"));
            return;
        }
        query->places = &place;
        query->n_places = 1;
        ask(core, query);
        return;
    }
    struct query_place *places = history_rooms(core, user);
    query->places = places;
    query->n_places = user->n_rooms;
    query->direct = true;
    ask(core, query);
    free(places);
}

void cmd_SEARCH(struct core *core, const struct input_line *in)
{
    if (!core->settings->history || (core->who->caps & CAP_SEARCH) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "SEARCH :Unknown command");
        return;
    }
    struct search search = {
        .query = {.kind = QUERY_SEARCH,
                  .limit = core->settings->history_limit,
                  .command = STR("SEARCH")},
    };
    if (take_attributes(core, line_param(&in->line, 0), &search)) {
        search_in(core, in, &search);
    }
    buf_finish(&search.text);
}
