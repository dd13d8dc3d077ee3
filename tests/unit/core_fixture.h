/*
 * A core with a small edge around it, for unit tests: lines go in as a client writes them, effects
 * are delivered as a real edge would, and what every session has seen can be read as text. One
 * thread; no sockets.
 */
#ifndef MARU_CORE_FIXTURE_H
#define MARU_CORE_FIXTURE_H

#include "buf.h"
#include "core.h"

struct fixture_session {
    session_id id;
    bool open;
    cap_set caps;
    uint8_t traits;
    room_id *rooms; /* in the order of joining */
    uint8_t *ranks;
    unsigned n_rooms;
    struct buf seen;         /* lines with '\n' instead of CR LF */
    enum core_result result; /* of its last input */
};

struct fixture {
    struct core *core;
    struct settings *settings;
    uint64_t now_ms;
    struct fixture_session *sessions;
    unsigned n_sessions;
    struct buf
        effects;      /* what is for nobody's screen: VERIFY, REHASH, CLOSE, REFUSED; a line each */
    struct buf log;   /* sentences of EFFECT_LOG, a line each */
    struct buf store; /* what the store is told: fixture_stored() */
    struct record last_record;
    bool show_casts;            /* in `store`, among the rest */
    struct redaction redaction; /* the last one that was asked for … */
    session_id redactor;        /* … by this session; 0: none, or it was answered */
    unsigned operator_index;    /* of the last EFFECT_VERIFY */
    unsigned verifying;         /* the session that waits for a verdict, plus 1; 0: none */
    unsigned deaf_from;         /* sessions from this one on see nothing, for crowds; 0: all see */
    account_id account;         /* of the last EFFECT_ACCOUNT */
    session_id account_for;     /* who waits for it; 0: nobody */
    account_id as;              /* that fixture_register() logs in to; 0: none */
    unsigned hashing;           /* the session that waits for keys, plus 1; 0: none */
    bool fold_nothing; /* folded parameters stay empty, as those of a strange name may be */
    bool keep_welcome; /* do not throw away what registration answers */
};

/* Two operators are configured: "root" and "admin". Time begins at 2026-11-22T00:00:00Z. */
void fixture_init(struct fixture *f);
/* The same with history. */
void fixture_init_kept(struct fixture *f);
/* With accounts. */
void fixture_init_accounts(struct fixture *f, bool history);
void fixture_finish(struct fixture *f);

/* Registers nick!nick@nick.test, real name "Real <nick>"; returns the session's index, which is
 * what the other functions take. The session is there even where it was refused. */
unsigned fixture_register(struct fixture *f, const char *nick, cap_set caps);

/* A line without CR LF, as the session would send it. Long answers are fetched to their end. */
void fixture_line(struct fixture *f, unsigned session, const char *line);
/* The same without fetching the rest; the result is in f->sessions[session].result. */
void fixture_line_piece(struct fixture *f, unsigned session, const char *line);
void fixture_continue(struct fixture *f, unsigned session);
/* Answers the last EFFECT_VERIFY. */
void fixture_verdict(struct fixture *f, bool verdict);
/* OPER and its verdict; everybody forgets what was seen. */
void fixture_make_operator(struct fixture *f, unsigned session);
/* Answers the last EFFECT_HASH with keys that are `hash`. */
void fixture_hashed(struct fixture *f, const char *hash);
/* The store's word on the last EFFECT_ACCOUNT. */
void fixture_account_stored(struct fixture *f, bool failed);
/* Any other input. */
enum core_result fixture_apply(struct fixture *f, const struct input *input);

/* The store's part: an answer is complete. */
void fixture_answered(struct fixture *f, unsigned session);
/* Answers the last EFFECT_REDACT, as the store would, and the session goes on. */
void fixture_redacted(struct fixture *f, enum redact_outcome outcome, const char *reason);
/* What the store was told since the last call: records, rooms, questions, and the answers that are
 * held back for it, a line each. Valid until the next call. */
const char *fixture_stored(struct fixture *f);
/* True where the effect is the store's alone. */
bool fixture_store(struct fixture *f, const struct effect *e);
#define assert_stored(f, want) fixture_compare(fixture_stored(f), (want), __FILE__, __LINE__)

/* What the session saw since the last call. Valid until the next call for this session. */
const char *fixture_seen(struct fixture *f, unsigned session);
void fixture_forget(struct fixture *f); /* what all sessions saw, and effects and log */

/* Like assert_string_equal on fixture_seen(), but shows both texts whole. */
#define assert_seen(f, session, want)                                                              \
    fixture_compare(fixture_seen((f), (session)), (want), __FILE__, __LINE__)
void fixture_compare(const char *got, const char *want, const char *file, int line);

#endif
