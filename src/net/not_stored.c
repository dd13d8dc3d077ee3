/* FAIL NOT_STORED in the place of an echo. Pure; any thread. */
#include "not_stored.h"

#include "alloc.h"
#include "cap.h"
#include "line.h"
#include "status.h"
#include "tags.h"

#include <stdio.h>
#include <stdlib.h>

static const char TEXT[] = "Delivered to who is here, but not stored";

/* Takes the next line off, with its end. */
static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->p, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->p) + 1 : rest->len;
    struct str line = {rest->p, len};
    rest->p += len;
    rest->len -= len;
    return line;
}

void not_stored_add(struct buf *out, const struct not_stored_form *form, const struct message *lost)
{
    struct str rest = lost->body;
    struct str body = take_line(&rest);
    while (body.len > 0 && (body.p[body.len - 1] == '\n' || body.p[body.len - 1] == '\r')) {
        body.len--;
    }
    struct line line;
    if (line_parse(body, &line) != STATUS_OK) {
        return; /* The core makes none such. */
    }
    struct str target = line_param(&line, 0);
    if ((form->caps & CAP_STANDARD_REPLIES) != 0) {
        buf_printf(out, ":%s FAIL " STR_FMT " NOT_STORED " STR_FMT " " STR_FMT " :%s\r\n",
                   form->server, STR_ARG(line.command), STR_ARG(target),
                   STR_ARG(lost->msgid.len > 0 ? lost->msgid : STR("*")), TEXT);
    } else {
        struct str source = line.source;
        struct str nick = str_split(&source, '!');
        buf_printf(out, ":%s NOTICE " STR_FMT " :" STR_FMT ": " STR_FMT " %s\r\n", form->server,
                   STR_ARG(nick), STR_ARG(line.command), STR_ARG(target), TEXT);
    }
}

/* The line without its tags, which go to *ret_tags. */
static struct str without_tags(struct str line, struct str *ret_tags)
{
    *ret_tags = (struct str){0};
    if (line.len > 0 && line.p[0] == '@') {
        *ret_tags = str_split(&line, ' ');
        ret_tags->p++;
        ret_tags->len--;
    }
    return line;
}

/* "label=…" or "batch=…" of the line; empty where it has neither. */
static struct str answer_tag(struct str line)
{
    struct str rest;
    without_tags(line, &rest);
    while (rest.len > 0) {
        struct str tag = str_split(&rest, ';');
        if (str_starts(tag, STR("label=")) || str_starts(tag, STR("batch="))) {
            return tag;
        }
    }
    return (struct str){0};
}

bool not_stored_is_labelled(struct str answer)
{
    return answer.len > 0 && answer_tag(take_line(&answer)).len > 0;
}

/* ":server ACK": there is nothing to say, which is no longer so. */
static bool is_ack(struct str line)
{
    struct str tags;
    struct str rest = without_tags(line, &tags);
    str_split(&rest, ' ');
    return str_eq(rest, STR("ACK\r\n"));
}

static unsigned count_lines(struct str text)
{
    unsigned n = 0;
    for (; text.len > 0; n++) {
        take_line(&text);
    }
    return n;
}

struct rewrite {
    struct buf *out;
    const struct not_stored_form *form;
    struct message *const *lost;
    unsigned n_lost;
    bool *told; /* of each */
    bool quiet;
};

static void add_fail(struct rewrite *r, unsigned i, struct str tag)
{
    r->told[i] = true;
    if (r->quiet) {
        return;
    }
    if (tag.len > 0) {
        buf_printf(r->out, "@" STR_FMT " ", STR_ARG(tag));
    }
    not_stored_add(r->out, r->form, r->lost[i]);
}

static void add_rest(struct rewrite *r, struct str tag)
{
    for (unsigned i = 0; i < r->n_lost; i++) {
        if (!r->told[i]) {
            add_fail(r, i, tag);
        }
    }
}

/* The lines of the answer, with echoes replaced; those that had none follow before the end of the
 * batch, or at the end. */
static void add_lines(struct rewrite *r, struct str answer, struct str batch)
{
    while (answer.len > 0) {
        struct str line = take_line(&answer);
        struct str tags;
        struct str body = without_tags(line, &tags);
        unsigned i = 0;
        while (i < r->n_lost && (r->told[i] || !str_eq(r->lost[i]->body, body))) {
            i++;
        }
        if (batch.len > 0 && answer.len == 0) {
            add_rest(r, batch); /* This line is the end of the batch. */
        }
        if (i < r->n_lost) {
            add_fail(r, i, answer_tag(line));
        } else if (!is_ack(line)) {
            buf_add_str(r->out, line);
        }
    }
    add_rest(r, (struct str){0});
}

/* Each line as one of this batch: its label stands at the batch instead. */
static void add_batched(struct buf *out, struct str lines, const char *batch)
{
    while (lines.len > 0) {
        struct str tags;
        struct str body = without_tags(take_line(&lines), &tags);
        buf_printf(out, "@batch=%s", batch);
        while (tags.len > 0) {
            struct str tag = str_split(&tags, ';');
            if (!str_starts(tag, STR("label="))) {
                buf_printf(out, ";" STR_FMT, STR_ARG(tag));
            }
        }
        buf_add_char(out, ' ');
        buf_add_str(out, body);
    }
}

/* A single line with a label that becomes several. */
static void add_labelled(struct rewrite *r, struct str answer, struct str label, uint64_t seq)
{
    struct buf *out = r->out;
    struct buf lines = {0};
    r->out = &lines;
    add_lines(r, answer, (struct str){0});
    if (count_lines(buf_str(&lines)) == 1) {
        if (lines.p[0] != '@') {
            buf_printf(out, "@" STR_FMT " ", STR_ARG(label));
        }
        buf_add_str(out, buf_str(&lines));
    } else {
        char batch[32];
        snprintf(batch, sizeof(batch), "s%llu", (unsigned long long)seq);
        buf_printf(out, "@" STR_FMT " :%s BATCH +%s labeled-response\r\n", STR_ARG(label),
                   r->form->server, batch);
        add_batched(out, buf_str(&lines), batch);
        buf_printf(out, ":%s BATCH -%s\r\n", r->form->server, batch);
    }
    buf_finish(&lines);
    r->out = out;
}

void not_stored_answer(struct buf *out, const struct not_stored_form *form, struct str answer,
                       struct message *const *lost, unsigned n_lost, bool quiet, uint64_t seq)
{
    if (n_lost == 1 && lost[0]->multi.len > 0) {
        /* Its answer is the echo, or ACK, and nothing else. */
        struct str tag = answer_tag(take_line(&answer));
        if (!quiet && tag.len > 0) {
            buf_printf(out, "@" STR_FMT " ", STR_ARG(tag));
        }
        if (!quiet) {
            not_stored_add(out, form, lost[0]);
        }
        return;
    }
    struct rewrite r = {
        .out = out,
        .form = form,
        .lost = lost,
        .n_lost = n_lost,
        .told = xcalloc(n_lost, sizeof(bool)),
        .quiet = quiet,
    };
    struct str rest = answer;
    struct str first = take_line(&rest);
    struct str tag = answer_tag(first);
    if (rest.len == 0 && tag.len > 0) {
        add_labelled(&r, answer, tag, seq);
    } else {
        /* In a batch every line but the first and the last names it. */
        add_lines(&r, answer, tag.len > 0 ? answer_tag(take_line(&rest)) : (struct str){0});
    }
    free(r.told);
}
