/* STATS u, m and o (Modern IRC, "STATS message"). Pure; under the core's mutex. */
#include "reply.h"

static void add_uptime(struct core *core)
{
    uint64_t ms = core->now_ms > core->started_ms ? core->now_ms - core->started_ms : 0;
    unsigned long long seconds = ms / 1000;
    reply_numeric(core, RPL_STATSUPTIME, ":Server Up %llu days %llu:%02llu:%02llu", seconds / 86400,
                  seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

static void add_commands(struct core *core)
{
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (core->n_verbs[i] > 0) {
            reply_numeric(core, RPL_STATSCOMMANDS, STR_FMT " %llu",
                          STR_ARG(verb_by_id((enum verb_id)i)->name),
                          (unsigned long long)core->n_verbs[i]);
        }
    }
}

/* Who may become operator, from anywhere: only other operators learn the names. */
static void add_operators(struct core *core)
{
    if (!reply_check_operator(core)) {
        return;
    }
    for (unsigned i = 0; i < core->settings->n_operators; i++) {
        reply_numeric(core, RPL_STATSOLINE, "O *@* * %s", core->settings->operators[i].name);
    }
}

void cmd_STATS(struct core *core, const struct input_line *in)
{
    struct str query = line_param(&in->line, 0);
    if (query.len == 0) {
        reply_need_params(core, in->verb);
        return;
    }
    if (!reply_check_server(core, in, 1)) {
        return;
    }
    switch (query.p[0]) {
    case 'u':
        add_uptime(core);
        break;
    case 'm':
    case 'M':
        add_commands(core);
        break;
    case 'o':
    case 'O':
        add_operators(core);
        break;
    default:
        break;
    }
    /* The letter alone; a longer word, or no ASCII letter, is repeated as it is. */
    reply_numeric(core, RPL_ENDOFSTATS, STR_FMT " :End of /STATS report",
                  STR_ARG(reply_word(query)));
}
