/* MONITOR (IRCv3 "Monitor"). Pure; under the core's mutex. */
#include "reply.h"

/* Names gathered into lines of one numeric. */
struct mon_list {
    struct core *core;
    enum numeric numeric;
    bool open;
};

static void list_add(struct mon_list *list, struct str name)
{
    struct core *core = list->core;
    size_t used = core->reply.len - core->reply_start;
    if (list->open && used + 1 + name.len > CORE_LINE_MAX) {
        reply_end(core);
        list->open = false;
    }
    if (!list->open) {
        buf_add_char(reply_begin(core, list->numeric), ':');
        list->open = true;
    } else {
        buf_add_char(&core->reply, ',');
    }
    buf_add_str(&core->reply, name);
}

static void list_end(struct mon_list *list)
{
    if (list->open) {
        reply_end(list->core);
        list->open = false;
    }
}

/* Those of the list, from `first` on, that are online, or those that are not. */
static void report(struct core *core, unsigned first, bool online)
{
    const struct session *who = core->who;
    struct mon_list list = {.core = core, .numeric = online ? RPL_MONONLINE : RPL_MONOFFLINE};
    for (unsigned i = first; i < monitor_count(who); i++) {
        struct str folded;
        struct str raw = monitor_get(who, i, &folded);
        const struct user *user = user_find(core, folded);
        if ((user != NULL) == online) {
            list_add(&list, online ? user_mask_str(user) : raw);
        }
    }
    list_end(&list);
}

static void report_both(struct core *core, unsigned first)
{
    report(core, first, true);
    report(core, first, false);
}

/* What does not fit any more is named whole, with all that follows it. */
static void refuse_rest(struct core *core, struct str first, struct str rest)
{
    struct str all = first;
    if (rest.p != NULL) {
        all.len = (size_t)(rest.p + rest.len - first.p);
    }
    reply_numeric(core, ERR_MONLISTFULL, "%u " STR_FMT " :Monitor list is full.",
                  core->settings->monitor_max, STR_ARG(str_cut_utf8(all, CORE_LINE_MAX / 2)));
}

static void add(struct core *core, struct str raw, struct str folded)
{
    struct session *who = core->who;
    unsigned first = monitor_count(who);
    while (raw.p != NULL) {
        struct str name = str_split(&raw, ',');
        struct str key = str_split(&folded, ',');
        if (name.len == 0 || name.len > core->settings->nick_len || monitor_has(who, key)) {
            continue;
        }
        if (monitor_count(who) >= core->settings->monitor_max) {
            report_both(core, first);
            refuse_rest(core, name, raw);
            return;
        }
        monitor_add(core, who, name, key);
    }
    report_both(core, first);
    for (unsigned i = first; i < monitor_count(who); i++) {
        struct str key;
        monitor_get(who, i, &key);
        const struct user *user = user_find(core, key);
        if (user != NULL) {
            metadata_show_user(core, user);
        }
    }
}

static void list_all(struct core *core)
{
    struct mon_list list = {.core = core, .numeric = RPL_MONLIST};
    for (unsigned i = 0; i < monitor_count(core->who); i++) {
        struct str folded;
        list_add(&list, monitor_get(core->who, i, &folded));
    }
    list_end(&list);
    reply_numeric(core, RPL_ENDOFMONLIST, ":End of MONITOR list");
}

void cmd_MONITOR(struct core *core, const struct input_line *in)
{
    struct str what = in->line.params[0];
    struct str raw = line_param(&in->line, 1);
    char letter = what.len == 1 ? ascii_upper(what.p[0]) : '\0';
    if ((letter == '+' || letter == '-') && raw.len == 0) {
        reply_need_params(core, in->verb);
        return;
    }
    struct str folded = in->folded[1];
    switch (letter) {
    case '+':
        add(core, raw, folded);
        break;
    case '-':
        while (folded.p != NULL) {
            monitor_remove(core, core->who, str_split(&folded, ','));
        }
        break;
    case 'C':
        monitor_clear(core, core->who);
        break;
    case 'L':
        list_all(core);
        break;
    case 'S':
        report_both(core, 0);
        break;
    default:
        reply_numeric(core, ERR_UNKNOWNERROR, "MONITOR :Use +, -, C, L or S");
        break;
    }
}
