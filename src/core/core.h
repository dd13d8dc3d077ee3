/*
 * The chat itself: takes one input at a time and emits effects, in order. No clock, no randomness,
 * no I/O, no threads: the same inputs give the same effects, byte for byte, whatever the hash seed
 * and wherever memory lies. The caller lets one thread in at a time.
 */
#ifndef MARU_CORE_H
#define MARU_CORE_H

#include "effect.h"
#include "input.h"

struct core;

/* Called for each effect, inside core_apply. Takes over the one reference to effect->message (and
 * to effect->settings, which it refs if it keeps it); the struct itself is borrowed. */
typedef void (*core_emit_fn)(void *ctx, const struct effect *effect);

struct core_options {
    struct settings *settings; /* borrowed; the core takes a reference of its own */
    uint64_t hash_seed[2];     /* no effect depends on it */
    char server_part[12];      /* random text in every msgid, NUL-terminated (msgid.h) */
    uint64_t first_id;   /* users, rooms and messages are counted from here: no id is ever used
                            again, whatever became of the server that gave it */
    uint64_t started_ms; /* wall clock, for 003 and uptime */
    core_emit_fn emit;
    void *ctx;
};

struct core *core_create(const struct core_options *options);
void core_destroy(struct core *core);

enum core_result {
    CORE_DONE,  /* applied */
    CORE_HELD,  /* applied; an answer is under way: this session's later lines must wait */
    CORE_LATER, /* not applied: an answer is still under way; give it again after that */
    CORE_AWAIT, /* as CORE_HELD, but somebody else gives the answer */
};

/* After CORE_HELD the session's edge sends INPUT_CONTINUE when its output has drained, after
 * CORE_AWAIT INPUT_VERDICT or INPUT_ANSWERED when that is there, until the result is CORE_DONE. */
enum core_result core_apply(struct core *core, const struct input *input);
/* This input comes soon: what it is about may be fetched from memory meanwhile. Changes nothing. */
void core_expect(const struct core *core, const struct input *input);

/* For maructl and metrics: reads, changes nothing. */
struct core_totals {
    uint64_t users, sessions, rooms, operators, users_max;
    uint64_t commands, messages;
};
struct core_totals core_totals(const struct core *core);

struct core_user_view {
    struct str nick, user, host, realname, away;
    struct str account; /* empty: none */
    session_id session; /* its first, or 0 */
    enum session_kind kind;
    bool tls, is_operator;
    unsigned n_rooms, n_sessions;
    uint64_t since_ms, active_ms;
};
/* The user after *cursor (0 begins), which moves on; false at the end. Views live until core_apply.
 */
bool core_next_user(const struct core *core, uint64_t *cursor, struct core_user_view *ret_view);

struct core_account_view {
    struct str name;
    struct str email;         /* empty: none */
    struct str suspended_why; /* where it is suspended; may be empty */
    uint64_t created_ms;
    uint64_t seen_ms; /* when it last had a session; while it has one, now; 0: never */
    unsigned n_certificates;
    unsigned n_sessions;
    bool has_password;
    bool verified;
    bool suspended;
    bool always_on;
};
/* The account after *cursor, as core_next_user() does it. */
bool core_next_account(const struct core *core, uint64_t *cursor,
                       struct core_account_view *ret_view);
/* By its folded name; false: there is none. */
bool core_find_account(const struct core *core, struct str name_folded,
                       struct core_account_view *ret_view);

/* Whether somebody has that nickname, folded. */
bool core_has_user(const struct core *core, struct str nick_folded);

struct core_room_view {
    struct str name, topic;
    char modes[32]; /* "+nt" */
    unsigned n_members;
    uint64_t since_ms;
};
bool core_next_room(const struct core *core, uint64_t *cursor, struct core_room_view *ret_view);

#endif
