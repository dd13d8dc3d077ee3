/*
 * BATCH of clients (IRCv3 draft/multiline, with draft "Client batch"): a message of several lines
 * is gathered until its end and then said as one. Pure; under the core's mutex.
 */
#include "multiline.h"

#include "reply.h"

#include "alloc.h"
#include "msgid.h"
#include "tags.h"

#include <stdlib.h>

struct multiline_line {
    size_t at; /* in the texts */
    size_t len;
    bool concat; /* goes on where the line before ended */
};

struct multiline {
    char *ref;
    char *target;
    char *target_folded;
    char *tags;        /* client-only, as the opening line had them */
    char *label;       /* of that line; NULL: none */
    enum verb_id verb; /* of its lines, as soon as there is one */
    struct buf texts;
    struct multiline_line *lines;
    unsigned n;
    size_t bytes; /* of the combined value */
    bool refused; /* what still comes of it is passed over */
};

static struct multiline *find(const struct core *core, const struct session *session)
{
    return map_get(&core->multilines, session->id);
}

static void destroy(struct multiline *m)
{
    if (m != NULL) {
        free(m->ref);
        free(m->target);
        free(m->target_folded);
        free(m->tags);
        free(m->label);
        buf_finish(&m->texts);
        free(m->lines);
        free(m);
    }
}

void multiline_forget(struct core *core, const struct session *session)
{
    destroy(map_del(&core->multilines, session->id));
}

void multiline_core_finish(struct core *core)
{
    for (size_t i = 0; i < core->multilines.cap; i++) {
        destroy(core->multilines.slots[i].value);
    }
    map_finish(&core->multilines);
}

/* The label of the opening line stands on the answer to the whole. */
static void use_label(struct core *core, const struct multiline *m)
{
    core->label[0] = '\0';
    if (m->label != NULL) {
        memcpy(core->label, m->label, strlen(m->label) + 1);
    }
}

static void refuse(struct core *core, struct multiline *m, const char *code, const char *context,
                   const char *text)
{
    use_label(core, m);
    m->refused = true;
    reply_standard(core, "FAIL", "BATCH", code, context, text);
}

/* ---- lines ---- */

/* One of its lines; false: nothing is to be said of it. */
static void add_line(struct core *core, struct multiline *m, const struct input_line *in,
                     enum verb_id verb)
{
    const struct settings *settings = core->settings;
    struct str value;
    struct str text = line_param(&in->line, 1);
    bool concat = tags_find(in->line.tags, STR("draft/multiline-concat"), &value);
    size_t bytes = m->bytes + text.len + (m->n > 0 && !concat);
    char limit[16];
    if (!str_eq(in->folded[0], str_from(m->target_folded))) {
        struct buf context = {0};
        buf_printf(&context, "%s " STR_FMT, m->target, STR_ARG(reply_word(in->line.params[0])));
        buf_add_char(&context, '\0');
        refuse(core, m, "MULTILINE_INVALID_TARGET", context.p, "Invalid multiline target");
        buf_finish(&context);
    } else if (m->n > 0 && verb != m->verb) {
        refuse(core, m, "MULTILINE_INVALID", "", "All lines must be of one command");
    } else if (concat && (text.len == 0 || m->n == 0)) {
        refuse(core, m, "MULTILINE_INVALID", "", "There is nothing to be joined");
    } else if (m->n == settings->multiline_lines) {
        snprintf(limit, sizeof(limit), "%u", settings->multiline_lines);
        refuse(core, m, "MULTILINE_MAX_LINES", limit, "Too many lines");
    } else if (bytes > settings->multiline_bytes) {
        snprintf(limit, sizeof(limit), "%u", settings->multiline_bytes);
        refuse(core, m, "MULTILINE_MAX_BYTES", limit, "Too many bytes");
    } else {
        m->lines = xrealloc(m->lines, (m->n + 1) * sizeof(*m->lines));
        m->lines[m->n++] = (struct multiline_line){m->texts.len, text.len, concat};
        buf_add_str(&m->texts, text);
        m->bytes = bytes;
        m->verb = verb;
    }
}

bool multiline_takes(struct core *core, const struct input_line *in, enum verb_id verb)
{
    struct str ref;
    struct multiline *m = find(core, core->who);
    if ((core->who->caps & CAP_MULTILINE) == 0 || !tags_find(in->line.tags, STR("batch"), &ref)) {
        return false;
    }
    /* What belongs to it is not answered by itself. */
    core->label[0] = '\0';
    if (m == NULL) {
        reply_standard(core, "FAIL", "BATCH", "MULTILINE_INVALID", "", "There is no such batch");
    } else if (m->refused) {
        return true;
    } else if (!str_eq(ref, str_from(m->ref))) {
        refuse(core, m, "MULTILINE_INVALID", "", "This line is of another batch");
    } else if (in->line.n_params < 2) {
        refuse(core, m, "MULTILINE_INVALID", "", "A line has a target and a text");
    } else {
        add_line(core, m, in, verb);
    }
    return true;
}

/* ---- the message ---- */

static struct str text_of(const struct multiline *m, unsigned i)
{
    return (struct str){m->texts.p + m->lines[i].at, m->lines[i].len};
}

/* One line as everybody gets it, without tags; false: it is blank. */
static bool add_plain(struct core *core, const struct multiline *m, unsigned i, struct str target,
                      struct buf *out)
{
    size_t start = out->len;
    buf_printf(out, ":%s " STR_FMT " " STR_FMT " :", user_mask(core->who->user),
               STR_ARG(verb_by_id(m->verb)->name), STR_ARG(target));
    buf_add_str(out, text_of(m, i));
    struct str line = str_cut_utf8((struct str){out->p + start, out->len - start}, CORE_LINE_MAX);
    out->len = start + line.len;
    buf_add(out, "\r\n", 2);
    return m->lines[i].len > 0;
}

struct message *multiline_message(struct core *core, const struct multiline *m, struct str target,
                                  struct str tags)
{
    struct buf body = {0};
    struct buf multi = {0};
    struct buf text = {0};
    char id[MSGID_MAX];
    struct str msgid = msgid_format(core->server_part, ++core->next_message, id);
    buf_printf(&multi, "%c:%s BATCH +" STR_FMT " draft/multiline " STR_FMT "\r\n", MULTI_OPEN,
               user_mask(core->who->user), STR_ARG(msgid), STR_ARG(target));
    for (unsigned i = 0; i < m->n; i++) {
        size_t before = body.len;
        buf_add_char(&multi, m->lines[i].concat ? MULTI_CONCAT : MULTI_LINE);
        (void)add_plain(core, m, i, target, &multi);
        if (!add_plain(core, m, i, target, &body)) {
            body.len = before;
        }
        if (i > 0 && !m->lines[i].concat) {
            buf_add_char(&text, '\n');
        }
        buf_add_str(&text, text_of(m, i));
    }
    buf_printf(&multi, "%c:%s BATCH -" STR_FMT "\r\n", MULTI_CLOSE, core->settings->server_name,
               STR_ARG(msgid));
    struct message *message = message_create(&(struct message_parts){
        .time_ms = core->now_ms,
        .msgid = msgid,
        .account = user_account_name(core->who->user),
        .tags = tags,
        .body = buf_str(&body),
        .multi = buf_str(&multi),
        .text = buf_str(&text),
    });
    buf_finish(&body);
    buf_finish(&multi);
    buf_finish(&text);
    return message;
}

struct str multiline_first(const struct multiline *m)
{
    return text_of(m, 0);
}

/* ---- the command ---- */

static void begin(struct core *core, const struct input_line *in, struct str ref)
{
    struct str type = line_param(&in->line, 1);
    struct str target = line_param(&in->line, 2);
    if (ref.len == 0 || ref.len > CORE_BATCH_REF_MAX || target.len == 0) {
        reply_need_params(core, in->verb);
        return;
    }
    if (!str_eq(type, STR("draft/multiline"))) {
        char word[CORE_WORD_MAX + 1];
        snprintf(word, sizeof(word), STR_FMT, STR_ARG(reply_word(type)));
        reply_standard(core, "FAIL", "BATCH", "UNKNOWN_TYPE", word, "Unknown type of batch");
        return;
    }
    if (find(core, core->who) != NULL) {
        multiline_forget(core, core->who);
        reply_standard(core, "FAIL", "BATCH", "MULTILINE_INVALID", "",
                       "One batch at a time: both were dropped");
        return;
    }
    struct multiline *m = xcalloc(1, sizeof(*m));
    m->ref = str_dup(ref);
    m->target = str_dup(target);
    m->target_folded = str_dup(in->folded[2]);
    m->tags = str_dup(in->line.tags.len > 0 ? in->line.tags : STR(""));
    m->label = reply_is_labelled(core) ? str_dup(str_from(core->label)) : NULL;
    map_put(&core->multilines, core->who->id, m);
    core->label[0] = '\0'; /* The answer comes with its end. */
}

static bool is_blank(const struct multiline *m)
{
    for (unsigned i = 0; i < m->n; i++) {
        if (m->lines[i].len > 0) {
            return false;
        }
    }
    return true;
}

static void end(struct core *core, struct str ref)
{
    struct multiline *m = find(core, core->who);
    if (m == NULL || !str_eq(ref, str_from(m->ref))) {
        reply_standard(core, "FAIL", "BATCH", "MULTILINE_INVALID", "", "There is no such batch");
        return;
    }
    map_del(&core->multilines, core->who->id);
    if (!m->refused && is_blank(m)) {
        refuse(core, m, "MULTILINE_INVALID", "", "There is nothing in it");
    }
    if (!m->refused) {
        use_label(core, m);
        say_multiline(core, m, m->verb, str_from(m->target), str_from(m->target_folded),
                      str_from(m->tags));
    }
    destroy(m);
}

void cmd_BATCH(struct core *core, const struct input_line *in)
{
    struct str ref = in->line.params[0];
    const cap_set needed = CAP_MULTILINE | CAP_BATCH;
    if ((core->who->caps & needed) != needed) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "BATCH :Unknown command");
        return;
    }
    char sign = ref.len > 0 ? ref.p[0] : '\0';
    struct str name = ref.len > 0 ? (struct str){ref.p + 1, ref.len - 1} : ref;
    if (sign == '+') {
        begin(core, in, name);
    } else if (sign == '-') {
        end(core, name);
    } else {
        reply_need_params(core, in->verb);
    }
}
