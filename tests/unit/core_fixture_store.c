/* What a core tells the store, as text that tests can read. Tests only; one thread. */
#include "unit.h"

#include "core_fixture.h"

#include "alloc.h"

#include <stdlib.h>

static const char *const kinds[] = {"?",    "PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART",
                                    "QUIT", "NICK",    "TOPIC",  "MODE",   "KICK"};
static const char *const queries[] = {"HISTORY", "TARGETS", "SEARCH"};
static const char *const orders[] = {"first", "last", "around"};

static void add_place(struct buf *out, const struct place *place)
{
    if (place->room != 0) {
        buf_printf(out, "room %llu", (unsigned long long)place->room);
    } else {
        buf_printf(out, "users %llu %llu", (unsigned long long)place->a,
                   (unsigned long long)place->b);
    }
}

static void add_body(struct buf *out, struct str body)
{
    while (body.len > 0 && (body.p[body.len - 1] == '\n' || body.p[body.len - 1] == '\r')) {
        body.len--;
    }
    buf_add_str(out, body);
    buf_add_char(out, '\n');
}

static void add_record(struct fixture *f, const struct effect *e)
{
    const struct record *record = &e->record;
    struct buf *out = &f->store;
    assert_true(record->seq > f->last_record.seq);
    assert_true(record->message_seq <= record->seq);
    buf_printf(out, "RECORD %s ", kinds[record->kind]);
    add_place(out, &record->place);
    buf_printf(out, " by %llu", (unsigned long long)record->sender);
    if (record->message_seq != record->seq) {
        buf_printf(out, " like %llu", (unsigned long long)(record->seq - record->message_seq));
    }
    if (e->session != 0) {
        buf_printf(out, " for %u", session_id_slot(e->session) - 1);
    }
    if (e->message->tags.len > 0) {
        buf_printf(out, " " STR_FMT, STR_ARG(e->message->tags));
    }
    buf_add_cstr(out, ": ");
    add_body(out, e->message->body);
    f->last_record = *record;
}

static void add_room(struct fixture *f, const struct room_state *room)
{
    struct buf *out = &f->store;
    buf_printf(out, "ROOM %llu " STR_FMT " +" STR_FMT, (unsigned long long)room->id,
               STR_ARG(room->name), STR_ARG(room->modes));
    if (room->key.len > 0) {
        buf_printf(out, " key " STR_FMT, STR_ARG(room->key));
    }
    if (room->limit > 0) {
        buf_printf(out, " limit %u", room->limit);
    }
    if (room->topic.len > 0) {
        buf_printf(out, " topic " STR_FMT " by " STR_FMT, STR_ARG(room->topic),
                   STR_ARG(room->topic_by));
    }
    for (unsigned i = 0; i < room->n_masks; i++) {
        buf_printf(out, " %c " STR_FMT " by " STR_FMT, room->masks[i].list,
                   STR_ARG(room->masks[i].mask), STR_ARG(room->masks[i].by));
    }
    buf_add_cstr(out, room->empty_ms != 0 ? " empty\n" : "\n");
}

static void add_bound(struct buf *out, const char *word, const struct query_bound *bound)
{
    if (bound->kind != BOUND_NONE) {
        buf_printf(out, " %s %s %llu", word, bound->kind == BOUND_SEQ ? "seq" : "time",
                   (unsigned long long)bound->value);
    }
}

static void add_word(struct buf *out, const char *word, struct str value)
{
    if (value.len > 0) {
        buf_printf(out, " %s=" STR_FMT, word, STR_ARG(value));
    }
}

static void add_query(struct fixture *f, const struct query *query)
{
    struct buf *out = &f->store;
    assert_true(query->fence_seq >= f->last_record.seq);
    assert_true(query->batch.len > 0 && query->limit > 0);
    buf_printf(out, "QUERY %s %s %u for %u", queries[query->kind], orders[query->order],
               query->limit, session_id_slot(query->session) - 1);
    add_bound(out, "from", &query->from);
    add_bound(out, "to", &query->to);
    for (unsigned i = 0; i < query->n_places; i++) {
        const struct query_place *place = &query->places[i];
        buf_add_cstr(out, ", ");
        add_place(out, &place->place);
        buf_printf(out, " " STR_FMT, STR_ARG(place->name));
        if (place->since_seq != 0) {
            buf_printf(out, " since %llu", (unsigned long long)place->since_seq);
        }
    }
    buf_add_cstr(out, query->direct ? ", direct" : "");
    buf_add_cstr(out, query->playback ? ", playback" : "");
    add_word(out, "label", query->label);
    add_word(out, "text", query->text);
    add_word(out, "from", query->from_folded);
    add_word(out, "for", query->command);
    add_word(out, "sub", query->subcommand);
    add_word(out, "target", query->target);
    buf_add_char(out, '\n');
}

static void add_account(struct fixture *f, const struct effect *e)
{
    const struct account_state *state = e->account;
    struct buf *out = &f->store;
    buf_printf(out, "ACCOUNT %llu " STR_FMT, (unsigned long long)state->id, STR_ARG(state->name));
    add_word(out, "password", state->password_hash);
    add_word(out, "email", state->email);
    add_word(out, "code", state->code);
    add_word(out, "user", state->user);
    buf_add_cstr(out, state->suspended ? ", suspended" : "");
    for (unsigned i = 0; i < state->n_rooms; i++) {
        buf_printf(out, ", in room %llu", (unsigned long long)state->rooms[i].room);
    }
    buf_add_cstr(out, e->session != 0 ? ", awaited\n" : "\n");
}

bool fixture_store(struct fixture *f, const struct effect *e)
{
    struct buf *out = &f->store;
    switch (e->kind) {
    case EFFECT_RECORD:
        add_record(f, e);
        return true;
    case EFFECT_ROOM:
        add_room(f, e->room_state);
        free(e->room_state);
        return true;
    case EFFECT_ROOM_GONE:
        buf_printf(out, "GONE %llu\n", (unsigned long long)e->room);
        return true;
    case EFFECT_QUERY:
        add_query(f, e->query);
        free(e->query);
        return true;
    case EFFECT_REDACT:
        buf_printf(out, "REDACT %llu in ", (unsigned long long)e->redaction.seq);
        add_place(out, &e->redaction.place);
        buf_printf(out, " by %llu%s: ", (unsigned long long)e->redaction.by,
                   e->redaction.any_sender ? " as operator" : "");
        add_body(out, e->message->body);
        f->redaction = e->redaction;
        f->redactor = e->session;
        return true;
    case EFFECT_ACCOUNT:
        f->account = e->account->id;
        f->account_for = e->session;
        add_account(f, e);
        return true;
    case EFFECT_ACCOUNT_GONE:
        buf_printf(out, "ACCOUNT GONE %llu\n", (unsigned long long)e->gone);
        return true;
    case EFFECT_MARKER:
        buf_printf(out, "MARKER of %llu in ", (unsigned long long)e->marker.account);
        add_place(out, &e->marker.place);
        buf_printf(out, " at %llu\n", (unsigned long long)e->marker.time_ms);
        return true;
    case EFFECT_ANSWERED:
        buf_printf(out, "ANSWERED %u\n", session_id_slot(e->session) - 1);
        return true;
    case EFFECT_REPLY:
        if (e->seq != 0) {
            /* What waits for a record follows it at once. */
            assert_int_equal(e->seq, f->last_record.seq);
            buf_printf(out, "HELD %u: ", session_id_slot(e->session) - 1);
            add_body(out, e->message->body);
        }
        return false;
    case EFFECT_CAST:
        if (f->show_casts) {
            buf_add_cstr(out, "CAST ");
            add_body(out, e->message->body);
        }
        return false;
    default:
        return false;
    }
}

const char *fixture_stored(struct fixture *f)
{
    buf_add_char(&f->store, '\0');
    f->store.len = 0;
    return f->store.p;
}

void fixture_redacted(struct fixture *f, enum redact_outcome outcome, const char *reason)
{
    session_id session = f->redactor;
    f->redactor = 0;
    assert_true(session != 0);
    fixture_apply(f, &(struct input){
                         .kind = INPUT_REDACTED,
                         .session = session,
                         .redacted = {.outcome = outcome,
                                      .place = f->redaction.place,
                                      .seq = f->redaction.seq,
                                      .reason = str_from(reason)},
                     });
    fixture_answered(f, session_id_slot(session) - 1);
}

void fixture_answered(struct fixture *f, unsigned session)
{
    f->sessions[session].result = fixture_apply(
        f, &(struct input){.kind = INPUT_ANSWERED, .session = f->sessions[session].id});
}
