/* Expressions, from the dearest to leave out to all of it. Pure. */
#include "search_plan.h"

#include "search_limits.h"

#include <stdint.h>

enum { NO_TOKEN = SEARCH_TOKENS_MAX };

static void add_string(struct buf *out, struct str token)
{
    buf_add_cstr(out, out->len > 0 ? " AND \"" : "\"");
    for (size_t i = 0; i < token.len; i++) {
        if (token.p[i] == '"') {
            buf_add_char(out, '"');
        }
        buf_add_char(out, token.p[i]);
    }
    buf_add_char(out, '"');
}

/* The longest beginning of a word: likely the rarest. */
static unsigned longest_beginning(const struct search_terms *terms, unsigned n)
{
    unsigned best = NO_TOKEN;
    for (unsigned i = 0; i < n; i++) {
        if (terms->tokens[i].part == SEARCH_BEGINS &&
            (best == NO_TOKEN || terms->tokens[i].len > terms->tokens[best].len)) {
            best = i;
        }
    }
    return best;
}

bool search_plan_write(const struct search_plans *plans, enum search_plan plan, struct buf *out)
{
    const struct search_terms *terms = plans->terms;
    unsigned n = terms->n_tokens < SEARCH_FTS_TOKENS_MAX ? terms->n_tokens : SEARCH_FTS_TOKENS_MAX;
    unsigned longest = longest_beginning(terms, n);
    unsigned words = 0;
    unsigned beginnings = 0;
    unsigned left_out = 0;
    buf_clear(out);
    for (unsigned i = 0; i < n; i++) {
        enum search_part part = terms->tokens[i].part;
        bool begins = part == SEARCH_BEGINS;
        bool wanted = part == SEARCH_WHOLE ||
                      (begins && (plan == SEARCH_PLAN_ALL || plan == SEARCH_PLAN_WORDS ||
                                  (plan == SEARCH_PLAN_ONE && i == longest)));
        beginnings += begins ? 1 : 0;
        left_out += begins && !wanted ? 1 : 0;
        if (wanted) {
            add_string(out, search_terms_token(terms, i));
            buf_add_cstr(out, begins ? " *" : "");
            words++;
        }
    }
    if (plans->sender.len > 0 && plan != SEARCH_PLAN_WORDS) {
        add_string(out, plans->sender);
    }
    switch (plan) {
    case SEARCH_PLAN_WHOLE:
        return out->len > 0 && beginnings > 0;
    case SEARCH_PLAN_WORDS:
        return words > 0 && plans->sender.len > 0;
    case SEARCH_PLAN_ONE:
        return left_out > 0;
    default:
        return out->len > 0;
    }
}

size_t search_plan_max(enum search_plan plan)
{
    if (plan == SEARCH_PLAN_ALL) {
        return SIZE_MAX;
    }
    return plan == SEARCH_PLAN_WORDS ? SEARCH_PROBE_WORDS : SEARCH_PROBE_MAX;
}

static bool asks(const struct search_plans *plans, enum search_plan plan)
{
    struct buf out = {0};
    bool something = search_plan_write(plans, plan, &out);
    buf_finish(&out);
    return something;
}

/* SEARCH_PLANS where none was tried. */
static enum search_plan cheapest(const struct search_plans *plans)
{
    enum search_plan best = SEARCH_PLANS;
    for (enum search_plan plan = 0; plan < SEARCH_PLANS; plan++) {
        if (plans->cost_us[plan] > 0 &&
            (best == SEARCH_PLANS || plans->cost_us[plan] < plans->cost_us[best])) {
            best = plan;
        }
    }
    return best;
}

enum search_plan search_plan_choose(const struct search_plans *plans)
{
    enum search_plan best = cheapest(plans);
    if (best != SEARCH_PLANS && plans->cost_us[best] <= SEARCH_CHEAP_US) {
        return best;
    }
    for (enum search_plan plan = 0; plan < SEARCH_PLANS; plan++) {
        if (plans->cost_us[plan] == 0 && asks(plans, plan)) {
            return plan;
        }
    }
    return best != SEARCH_PLANS ? best : SEARCH_PLAN_ALL;
}

enum search_plan search_plan_after(const struct search_plans *plans, enum search_plan plan)
{
    enum search_plan best = cheapest(plans);
    if (best != SEARCH_PLANS) {
        /* It was tried in vain, or what was cheapest is not any more: no plan comes twice. */
        return plans->cost_us[plan] == 0 ? best : SEARCH_PLAN_ALL;
    }
    do {
        plan++;
    } while (plan < SEARCH_PLAN_ALL && !asks(plans, plan));
    return plan < SEARCH_PLAN_ALL ? plan : SEARCH_PLAN_ALL;
}

void search_plan_note(struct search_plans *plans, enum search_plan plan, int64_t us)
{
    plans->cost_us[plan] = us > 0 ? us : 1;
    /* All words are in it, too: it is no cheaper. */
    if (plan == SEARCH_PLAN_WORDS && plans->cost_us[SEARCH_PLAN_ALL] == 0) {
        plans->cost_us[SEARCH_PLAN_ALL] = plans->cost_us[plan];
    }
}
