/* Gates: echoes wait for the disk. The edge's thread. */
#include "gate.h"

#include "alloc.h"
#include "net_limits.h"
#include "not_stored.h"

#include <stdlib.h>

/* An answer that is held back. */
struct gate_echo {
    uint64_t seq;
    struct message *reply; /* counted */
    uint64_t at;           /* how much was held back before it, ever */
    unsigned waits;        /* for so many records */
    unsigned n_lost;
    struct message **lost; /* those of them that failed; counted */
};

struct gate {
    struct gate *next; /* while it is a spare one */
    session_id session;
    cap_set caps; /* when it last spoke: a closing session has none any more */
    bool classic;
    bool passing;       /* what is said now passes */
    bool is_over;       /* listed in gates->over */
    bool is_warm;       /* listed in gates->warm */
    unsigned records;   /* unfinished */
    unsigned loose;     /* of these: neither told nor behind an echo */
    uint64_t closed_ms; /* since when */
    uint64_t told_ms;   /* when it got the last FAIL without a label; 0: never */
    struct gate_echo *echoes;
    uint32_t first; /* echoes before have left */
    uint32_t n;
    uint32_t cap;
    uint64_t held_in; /* bytes, or messages of a classic client, ever held back */
    uint64_t held_out;
    struct outq held;
    struct message **messages; /* held_out … held_in of a classic client; counted */
    size_t cap_messages;
    size_t bytes; /* in `held`, `messages` and replies */
};

void gates_init(struct gates *gates, struct fanout *fanout, const struct settings *settings,
                const struct gates_calls *calls, void *ctx)
{
    *gates = (struct gates){.fanout = fanout, .settings = settings, .calls = calls, .ctx = ctx};
}

void gates_finish(struct gates *gates)
{
    for (size_t i = gates->first; i < gates->n; i++) {
        message_unref(gates->records[i].message);
    }
    for (size_t i = 0; i < gates->n_refused; i++) {
        message_unref(gates->refused[i].message);
    }
    while (gates->spare != NULL) {
        struct gate *gate = gates->spare;
        gates->spare = gate->next;
        free(gate);
    }
    free(gates->records);
    free(gates->refused);
    free(gates->over.ids);
    free(gates->warm.ids);
    *gates = (struct gates){0};
}

static void list_add(struct session_list *list, session_id id)
{
    if (list->n == list->cap) {
        list->cap = list->cap > 0 ? list->cap * 2 : 8;
        list->ids = xrealloc(list->ids, list->cap * sizeof(*list->ids));
    }
    list->ids[list->n++] = id;
}

static struct gate *find(const struct gates *gates, session_id session)
{
    struct gate **at = gates->calls->gate_of(gates->ctx, session);
    return at != NULL ? *at : NULL;
}

bool gate_is_closed(const struct gate *gate)
{
    return gate != NULL && gate->first < gate->n;
}

size_t gate_bytes(const struct gate *gate)
{
    return gate != NULL ? gate->bytes : 0;
}

static void finish_echo(struct gate_echo *echo)
{
    message_unref(echo->reply);
    for (unsigned i = 0; i < echo->n_lost; i++) {
        message_unref(echo->lost[i]);
    }
    free(echo->lost);
}

static void empty(struct gate *gate)
{
    for (uint32_t i = gate->first; i < gate->n; i++) {
        finish_echo(&gate->echoes[i]);
    }
    for (uint64_t i = gate->held_out; gate->classic && i < gate->held_in; i++) {
        message_unref(gate->messages[i - gate->held_out]);
    }
    outq_finish(&gate->held);
    free(gate->messages);
    free(gate->echoes);
}

void gates_forget(struct gates *gates, struct gate **at)
{
    if (*at != NULL) {
        gates->n_closed -= gate_is_closed(*at) ? 1 : 0;
        empty(*at);
        free(*at);
        *at = NULL;
    }
}

/* Whoever speaks has a gate with each message until that is on disk: some are kept for the next. */
static struct gate *take_gate(struct gates *gates)
{
    struct gate *gate = gates->spare;
    if (gate == NULL) {
        return xcalloc(1, sizeof(*gate));
    }
    gates->spare = gate->next;
    gates->n_spare--;
    *gate = (struct gate){0};
    return gate;
}

static void give_back(struct gates *gates, struct gate **at)
{
    if (gates->n_spare == GATES_SPARE_MAX) {
        gates_forget(gates, at);
        return;
    }
    struct gate *gate = *at;
    empty(gate);
    gate->next = gates->spare;
    gates->spare = gate;
    gates->n_spare++;
    *at = NULL;
}

/* A session of which nothing waits has no gate; but who was just told of a failure keeps it for a
 * moment, so as not to be told of each. */
static void drop_if_idle(struct gates *gates, session_id session)
{
    struct gate **at = gates->calls->gate_of(gates->ctx, session);
    struct gate *gate = at != NULL ? *at : NULL;
    if (gate != NULL && gate->records == 0 && !gate_is_closed(gate) && !gate->is_over &&
        !gate->is_warm) {
        give_back(gates, at);
    }
}

/* ---- what is said meanwhile ---- */

static void hold_message(struct gate *gate, const struct message *message)
{
    size_t n = (size_t)(gate->held_in - gate->held_out);
    if (n == gate->cap_messages) {
        gate->cap_messages = n > 0 ? n * 2 : 4;
        gate->messages = xrealloc(gate->messages, gate->cap_messages * sizeof(*gate->messages));
    }
    struct message *kept = (struct message *)message;
    refcount_up(&kept->holders);
    gate->messages[n] = kept;
    gate->held_in++;
    gate->bytes += message->body.len;
}

static void note_size(struct gates *gates, struct gate *gate)
{
    if (gate->bytes > GATE_BYTES_MAX && !gate->is_over) {
        gate->is_over = true;
        list_add(&gates->over, gate->session);
    }
}

bool gates_hold(struct gates *gates, struct gate *gate, struct run *run, size_t offset, size_t len,
                const struct message *message)
{
    if (!gates_is_closed(gates, gate) || gate->passing) {
        return false;
    }
    if (!gate->classic) {
        outq_push(&gate->held, run, offset, len);
        gate->held_in += len;
        gate->bytes += len;
        if (outq_n_more(&gate->held) >= GATE_SLICES_MAX) {
            outq_detach(&gate->held);
        }
    } else if (message != NULL) {
        hold_message(gate, message);
    }
    note_size(gates, gate);
    return true;
}

static void pass_messages(struct gates *gates, struct gate *gate, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct message *message = gate->messages[i];
        gate->bytes -= message->body.len;
        gates->calls->say(gates->ctx, gate->session, message->body, message);
        message_unref(message);
    }
    size_t left = (size_t)(gate->held_in - gate->held_out) - n;
    if (left > 0) {
        memmove(gate->messages, gate->messages + n, left * sizeof(*gate->messages));
    }
}

/* What was held back up to `at` leaves. */
static void pass(struct gates *gates, struct gate *gate, uint64_t at)
{
    size_t n = (size_t)(at - gate->held_out);
    if (n == 0) {
        return;
    }
    if (gate->classic) {
        pass_messages(gates, gate, n);
    } else {
        gates->calls->pass(gates->ctx, gate->session, &gate->held, n);
        gate->bytes -= n;
    }
    gate->held_out = at;
}

/* ---- opening ---- */

static struct not_stored_form form_of(const struct gates *gates, const struct gate *gate)
{
    return (struct not_stored_form){gates->settings->server_name, gate->caps};
}

/* Whether a FAIL that answers no label may be said now. */
static bool may_tell(struct gates *gates, struct gate *gate)
{
    if (gate->is_warm && gates->now_ms < gate->told_ms + GATE_FAIL_MS) {
        return false;
    }
    gate->told_ms = gates->now_ms;
    if (!gate->is_warm) {
        gate->is_warm = true;
        list_add(&gates->warm, gate->session);
    }
    return true;
}

static void say_lost(struct gates *gates, struct gate *gate, const struct gate_echo *echo)
{
    if (gate->classic) {
        /* The client shows nothing of its own. Without the echo it would look unsent. */
        gates->calls->say(gates->ctx, gate->session, echo->reply->body, echo->reply);
        if (may_tell(gates, gate)) {
            gates->calls->lost(gates->ctx, gate->session);
        }
        return;
    }
    struct str answer = echo->reply->body;
    bool quiet = !not_stored_is_labelled(answer) && !may_tell(gates, gate);
    const struct not_stored_form form = form_of(gates, gate);
    struct buf bytes = {0};
    not_stored_answer(&bytes, &form, answer, echo->lost, echo->n_lost, quiet, echo->seq);
    gates->calls->say(gates->ctx, gate->session, buf_str(&bytes), NULL);
    buf_finish(&bytes);
}

/* The first echo leaves, or what takes its place, and what stood behind it up to the next. */
static void let_out(struct gates *gates, struct gate *gate)
{
    struct gate_echo echo = gate->echoes[gate->first];
    gate->passing = true;
    if (echo.n_lost > 0) {
        say_lost(gates, gate, &echo);
    } else {
        gates->calls->say(gates->ctx, gate->session, echo.reply->body, echo.reply);
    }
    gate->bytes -= echo.reply->body.len;
    gate->first++;
    pass(gates, gate, gate->first < gate->n ? gate->echoes[gate->first].at : gate->held_in);
    gate->passing = false;
    finish_echo(&echo);
}

static void let_out_all(struct gates *gates, struct gate *gate)
{
    if (!gate_is_closed(gate)) {
        return;
    }
    while (gate->first < gate->n && gate->echoes[gate->first].waits == 0) {
        let_out(gates, gate);
    }
    if (gate->first == gate->n) {
        free(gate->echoes);
        gate->echoes = NULL;
        gate->first = gate->n = gate->cap = 0;
        gates->n_closed--;
        gates->calls->opened(gates->ctx, gate->session, gates->now_ms - gate->closed_ms);
    }
}

/* ---- records ---- */

static struct gate_echo *echo_of(struct gate *gate, uint64_t seq)
{
    uint32_t i = gate->first;
    while (i < gate->n && gate->echoes[i].seq < seq) {
        i++;
    }
    return i < gate->n ? &gate->echoes[i] : NULL;
}

/* Whether this answer is the record's: a labelled command with several targets has one for all of
 * them, but what was said before it without an answer is not its affair. */
static bool answers(const struct gate_echo *echo, const struct gate_record *record)
{
    const struct message *message = record->message;
    struct str reply = echo->reply->body;
    return echo->seq == record->seq ||
           memmem(reply.p, reply.len, message->body.p, message->body.len) != NULL ||
           (echo->reply->time_ms == message->time_ms && not_stored_is_labelled(reply));
}

static void add_lost(struct gate_echo *echo, struct message *message)
{
    echo->lost = xrealloc(echo->lost, (echo->n_lost + 1) * sizeof(*echo->lost));
    echo->lost[echo->n_lost++] = message;
}

/* The sender waits for this record no longer. */
static void tell(struct gates *gates, struct gate *gate, struct gate_record *record, bool failed)
{
    record->told = true;
    struct message *message = record->message;
    struct gate_echo *echo = gate != NULL ? echo_of(gate, record->seq) : NULL;
    if (gate != NULL && failed && message != NULL) {
        if (echo != NULL && answers(echo, record)) {
            add_lost(echo, message);
            message = NULL;
        } else if (gate->classic) {
            if (may_tell(gates, gate)) {
                gates->calls->lost(gates->ctx, gate->session);
            }
        } else if (may_tell(gates, gate)) {
            const struct not_stored_form form = form_of(gates, gate);
            struct buf line = {0};
            not_stored_add(&line, &form, message);
            gates->calls->say(gates->ctx, gate->session, buf_str(&line), NULL);
            buf_finish(&line);
        }
    }
    message_unref(message);
    record->message = NULL;
    if (echo != NULL) {
        echo->waits--;
        let_out_all(gates, gate);
    } else if (gate != NULL) {
        gate->loose--;
    }
}

/* The store is done with it. */
static void finish(struct gates *gates, struct gate_record *record, bool failed)
{
    struct gate *gate = find(gates, record->session);
    if (!record->told) {
        tell(gates, gate, record, failed);
    }
    if (gate != NULL && --gate->records == 0) {
        gates->calls->finished(gates->ctx, record->session);
        drop_if_idle(gates, record->session);
    }
}

static void add_record(struct gate_record **records, size_t *n, size_t *cap,
                       const struct gate_record *record)
{
    if (*n == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 64;
        *records = xrealloc(*records, *cap * sizeof(**records));
    }
    (*records)[(*n)++] = *record;
}

/* Those that are finished make room when they are most of it. */
static void compact(struct gates *gates)
{
    size_t left = gates->n - gates->first;
    if (left == 0 && gates->cap > 1024) {
        free(gates->records);
        gates->records = NULL;
        gates->cap = 0;
    } else if (left > 0 && gates->first < left) {
        return;
    } else if (left > 0) {
        memmove(gates->records, gates->records + gates->first, left * sizeof(*gates->records));
    }
    gates->late -= gates->first;
    gates->n = left;
    gates->first = 0;
}

static bool is_speech(enum record_kind kind)
{
    return kind == RECORD_PRIVMSG || kind == RECORD_NOTICE || kind == RECORD_TAGMSG;
}

bool gates_record(struct gates *gates, const struct effect *effect, bool classic, uint64_t now_ms)
{
    const struct fan_session *session = fanout_session(gates->fanout, effect->session);
    struct gate **at = gates->calls->gate_of(gates->ctx, effect->session);
    if (session == NULL || at == NULL) {
        return false;
    }
    if (*at == NULL) {
        *at = take_gate(gates);
        (*at)->session = effect->session;
        (*at)->classic = classic;
    }
    struct gate *gate = *at;
    gate->caps = session->caps;
    gate->records++;
    gate->loose++;
    bool tells = is_speech(effect->record.kind);
    const struct gate_record record = {
        .seq = effect->record.seq,
        .due_ms = now_ms + GATE_WAIT_MS,
        .session = effect->session,
        .message = tells ? effect->message : NULL,
    };
    if (effect->record.refused) {
        add_record(&gates->refused, &gates->n_refused, &gates->cap_refused, &record);
    } else {
        add_record(&gates->records, &gates->n, &gates->cap, &record);
    }
    if (!tells) {
        message_unref(effect->message);
    }
    return true;
}

bool gates_reply(struct gates *gates, const struct effect *effect, uint64_t now_ms)
{
    fanout_settle_session(gates->fanout, effect->session); /* What came before is not behind it. */
    struct gate *gate = find(gates, effect->session);
    if (gate == NULL || gate->loose == 0) {
        return false;
    }
    if (!gate_is_closed(gate)) {
        gate->closed_ms = now_ms;
        gates->n_closed++;
    }
    if (gate->n == gate->cap) {
        gate->cap = gate->cap > 0 ? gate->cap * 2 : 2;
        gate->echoes = xrealloc(gate->echoes, gate->cap * sizeof(*gate->echoes));
    }
    gate->echoes[gate->n++] = (struct gate_echo){
        .seq = effect->seq,
        .reply = effect->message,
        .at = gate->held_in,
        .waits = gate->loose,
    };
    gate->loose = 0;
    gate->bytes += effect->message->body.len;
    note_size(gates, gate);
    return true;
}

/* All that the session waits for counts as failed. */
static void give_up_session(struct gates *gates, session_id session)
{
    for (size_t i = gates->first; i < gates->n; i++) {
        struct gate_record *record = &gates->records[i];
        if (record->session == session && !record->told) {
            tell(gates, find(gates, session), record, true);
        }
    }
}

void gates_settle(struct gates *gates, uint64_t now_ms)
{
    fanout_settle(gates->fanout);
    gates->now_ms = now_ms;
    for (size_t i = 0; i < gates->n_refused; i++) {
        finish(gates, &gates->refused[i], true);
    }
    gates->n_refused = 0;
    for (size_t i = 0; i < gates->over.n; i++) {
        session_id session = gates->over.ids[i];
        struct gate *gate = find(gates, session);
        if (gate != NULL) {
            give_up_session(gates, session);
            gate->is_over = false;
            drop_if_idle(gates, session);
        }
    }
    gates->over.n = 0;
}

void gates_stored(struct gates *gates, uint64_t seq, bool failed, uint64_t now_ms)
{
    fanout_settle(gates->fanout); /* What came while it was closed is behind it. */
    gates->now_ms = now_ms;
    while (gates->first < gates->n && gates->records[gates->first].seq <= seq) {
        finish(gates, &gates->records[gates->first++], failed);
    }
    if (gates->late < gates->first) {
        gates->late = gates->first;
    }
    compact(gates);
}

/* Who was told of a failure may be told again, or has no need of a gate. */
static void cool(struct gates *gates)
{
    size_t kept = 0;
    for (size_t i = 0; i < gates->warm.n; i++) {
        session_id session = gates->warm.ids[i];
        struct gate *gate = find(gates, session);
        if (gate == NULL) {
            continue;
        }
        if (gates->now_ms < gate->told_ms + GATE_FAIL_MS) {
            gates->warm.ids[kept++] = session;
        } else {
            gate->is_warm = false;
            drop_if_idle(gates, session);
        }
    }
    gates->warm.n = kept;
}

void gates_tick(struct gates *gates, uint64_t now_ms)
{
    fanout_settle(gates->fanout);
    gates->now_ms = now_ms;
    while (gates->late < gates->n && gates->records[gates->late].due_ms <= now_ms) {
        struct gate_record *record = &gates->records[gates->late++];
        if (!record->told) {
            tell(gates, find(gates, record->session), record, true);
        }
    }
    cool(gates);
}

uint64_t gates_due_ms(const struct gates *gates)
{
    return gates->late < gates->n ? gates->records[gates->late].due_ms : UINT64_MAX;
}

void gates_give_up(struct gates *gates, uint64_t now_ms)
{
    gates_settle(gates, now_ms);
    for (; gates->late < gates->n; gates->late++) {
        struct gate_record *record = &gates->records[gates->late];
        if (!record->told) {
            tell(gates, find(gates, record->session), record, true);
        }
    }
}
