/* CHATHISTORY (IRCv3 draft/chathistory): who asks for what; the store answers. Pure; under the
 * core's mutex. */
#include "reply.h"

#include "alloc.h"
#include "msgid.h"
#include "timestamp.h"

#include <stdlib.h>

struct subcommand {
    struct str name;
    unsigned n_params;
    unsigned n_bounds;
    enum query_order order;
};

enum { SUB_LATEST, SUB_BEFORE, SUB_AFTER, SUB_AROUND, SUB_BETWEEN, SUB_TARGETS, SUBS };

static const struct subcommand subcommands[SUBS] = {
    [SUB_LATEST] = {{"LATEST", 6}, 4, 1, QUERY_LAST},
    [SUB_BEFORE] = {{"BEFORE", 6}, 4, 1, QUERY_LAST},
    [SUB_AFTER] = {{"AFTER", 5}, 4, 1, QUERY_FIRST},
    [SUB_AROUND] = {{"AROUND", 6}, 4, 1, QUERY_AROUND},
    [SUB_BETWEEN] = {{"BETWEEN", 7}, 5, 2, QUERY_FIRST},
    [SUB_TARGETS] = {{"TARGETS", 7}, 4, 2, QUERY_FIRST},
};

/* The words that follow the code: the command as it was given, and up to two more. */
static void fail(struct core *core, const char *code, struct str sub, struct str one,
                 struct str two, const char *text)
{
    const struct str words[] = {sub, one, two};
    struct buf context = {0};
    for (unsigned i = 0; i < 3; i++) {
        if (words[i].p != NULL) {
            buf_add_cstr(&context, context.len > 0 ? " " : "");
            buf_add_str(&context, reply_word(words[i]));
        }
    }
    buf_add_char(&context, '\0');
    reply_standard(core, "FAIL", "CHATHISTORY", code, context.p, text);
    buf_finish(&context);
}

static void fail_params(struct core *core, struct str sub, struct str word, const char *text)
{
    fail(core, "INVALID_PARAMS", sub, word, (struct str){0}, text);
}

/* "timestamp=…", "msgid=…", and for LATEST "*". False, and answered, where it is none of these. */
static bool take_bound(struct core *core, const struct input_line *in, unsigned i, bool is_latest,
                       struct query_bound *ret_bound)
{
    struct str sub = in->line.params[0];
    struct str value = in->line.params[i];
    if (is_latest && str_eq(value, STR("*"))) {
        return true;
    }
    struct str type = str_split(&value, '=');
    if (str_eq(type, STR("timestamp"))) {
        ret_bound->kind = BOUND_TIME;
        if (timestamp_parse(value, &ret_bound->value) == STATUS_OK) {
            return true;
        }
        fail_params(core, sub, in->line.params[i], "Invalid timestamp");
    } else if (str_eq(type, STR("msgid"))) {
        ret_bound->kind = BOUND_SEQ;
        if (msgid_parse(core->server_part, value, &ret_bound->value)) {
            return true;
        }
        /* Of another server, or of this one before it lost its store. */
        fail(core, "MESSAGE_ERROR", sub, in->line.params[1], in->line.params[i],
             "Messages could not be retrieved");
    } else if (value.p == NULL) {
        fail_params(core, sub, in->line.params[i], "Invalid message reference");
    } else {
        fail(core, "INVALID_MSGREFTYPE", sub, in->line.params[1], in->line.params[i],
             "Only timestamp and msgid are supported");
    }
    return false;
}

bool history_limit(const struct core *core, struct str text, unsigned *ret_limit)
{
    uint64_t number;
    unsigned max = core->settings->history_limit;
    if (str_to_u64(text, &number) != STATUS_OK) {
        return false;
    }
    /* None is as many as there may be. */
    *ret_limit = number == 0 || number > max ? max : (unsigned)number;
    return true;
}

/* From the first to the second, which may lie before it. Of a time and a message the store finds
 * out which comes first. */
static void turn_round(struct query *query)
{
    if (query->from.kind == query->to.kind && query->from.value > query->to.value) {
        struct query_bound from = query->to;
        query->to = query->from;
        query->from = from;
        query->order = QUERY_LAST;
    }
}

static void targets(struct core *core, const struct input_line *in, struct query *query)
{
    struct str sub = in->line.params[0];
    struct query_bound *bounds[] = {&query->from, &query->to};
    for (unsigned i = 0; i < 2; i++) {
        struct str value = in->line.params[1 + i];
        struct str type = str_split(&value, '=');
        bounds[i]->kind = BOUND_TIME;
        if (!str_eq(type, STR("timestamp")) ||
            timestamp_parse(value, &bounds[i]->value) != STATUS_OK) {
            fail_params(core, sub, in->line.params[1 + i], "Invalid timestamp");
            return;
        }
    }
    turn_round(query);
    const struct user *user = core->who->user;
    struct query_place *places = history_rooms(core, user);
    query->kind = QUERY_TARGETS;
    query->direct = true;
    query->places = places;
    query->n_places = user->n_rooms;
    ask(core, query);
    free(places);
}

static void messages(struct core *core, const struct input_line *in, unsigned which,
                     struct query *query)
{
    struct query_bound bounds[2] = {{.kind = BOUND_NONE}, {.kind = BOUND_NONE}};
    for (unsigned i = 0; i < subcommands[which].n_bounds; i++) {
        if (!take_bound(core, in, 2 + i, which == SUB_LATEST, &bounds[i])) {
            return;
        }
    }
    struct query_place place;
    query->target = reply_word(in->line.params[1]);
    if (!history_place(core, core->who->user, in->folded[1], &place)) {
        fail(core, "INVALID_TARGET", in->line.params[0], query->target, (struct str){0},
             "Messages could not be retrieved");
        return;
    }
    if (place.place.room == 0) {
        place.name = query->target; /* As it is asked for, so that the client knows it again. */
    }
    if (which == SUB_BEFORE) {
        query->to = bounds[0];
    } else {
        query->from = bounds[0];
        query->to = bounds[1];
    }
    if (which == SUB_BETWEEN) {
        turn_round(query);
    }
    query->kind = QUERY_HISTORY;
    query->places = &place;
    query->n_places = 1;
    ask(core, query);
}

void cmd_CHATHISTORY(struct core *core, const struct input_line *in)
{
    const struct line *line = &in->line;
    if (!core->settings->history || (core->who->caps & CAP_CHATHISTORY) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "CHATHISTORY :Unknown command");
        return;
    }
    struct str sub = line_param(line, 0);
    unsigned which = 0;
    while (which < SUBS && !str_eq_nocase(sub, subcommands[which].name)) {
        which++;
    }
    if (line->n_params == 0) {
        fail_params(core, STR("*"), (struct str){0}, "Insufficient parameters");
    } else if (which == SUBS) {
        fail_params(core, sub, (struct str){0}, "Unknown command");
    } else if (line->n_params < subcommands[which].n_params) {
        fail_params(core, sub, (struct str){0}, "Insufficient parameters");
    } else if (line->n_params > subcommands[which].n_params) {
        fail_params(core, sub, (struct str){0}, "Too many parameters");
    } else {
        struct query query = {
            .order = subcommands[which].order,
            .command = STR("CHATHISTORY"),
            .subcommand = subcommands[which].name,
        };
        struct str limit = line->params[line->n_params - 1];
        if (!history_limit(core, limit, &query.limit)) {
            fail_params(core, sub, limit, "Invalid limit");
        } else if (which == SUB_TARGETS) {
            targets(core, in, &query);
        } else {
            messages(core, in, which, &query);
        }
    }
}
