/*
 * What goes into the core: one struct input for each thing that happens. All views point into
 * memory that lives until core_apply() returns. Time comes in here; the core has no clock.
 */
#ifndef MARU_INPUT_H
#define MARU_INPUT_H

#include "account_state.h"
#include "cap.h"
#include "ids.h"
#include "line.h"
#include "metadata.h"
#include "name.h"
#include "record.h"
#include "room_state.h"
#include "settings.h"
#include "verb.h"

enum input_kind {
    INPUT_REGISTER, /* the session has said who it is: admit it, or refuse */
    INPUT_LINE,     /* a line of a registered session */
    INPUT_REJECT,   /* a line that the edge could not accept; the core answers, to keep the order */
    INPUT_CONTINUE, /* the reader has drained: go on with its long answer */
    INPUT_VERDICT,  /* of a password that EFFECT_VERIFY asked about */
    INPUT_HASHED,   /* the keys that EFFECT_HASH asked for */
    INPUT_CREDENTIALS,   /* somebody, perhaps no user yet, wants to log in: EFFECT_CREDENTIALS */
    INPUT_LOGIN,         /* a user has proved to own an account */
    INPUT_ENROL,         /* a session that is no user yet wants an account: EFFECT_SIGNUP */
    INPUT_CONFIRM,       /* … says the code that it was sent (VERIFY): EFFECT_SIGNUP */
    INPUT_ROSTER,        /* a classic client wants the members of the lobby: EFFECT_ROSTER */
    INPUT_CLOSE,         /* the session is gone */
    INPUT_SETTINGS,      /* there are new settings */
    INPUT_ANNOUNCE,      /* the operator of the machine speaks to everybody */
    INPUT_KICK,          /* the operator of the machine disconnects a user */
    INPUT_ACCOUNT_ORDER, /* … or does something with an account */
    INPUT_ROOM,          /* at the start: a room that was kept; in the order of their ids */
    INPUT_ACCOUNT,       /* at the start: an account; in the order of their ids, before the rooms */
    INPUT_MARKER,        /* at the start: a read marker; after the accounts and rooms */
    INPUT_ACCOUNT_STORED, /* what became of EFFECT_ACCOUNT */
    INPUT_ANSWERED,       /* what EFFECT_QUERY asked for has left: the session goes on */
    INPUT_REDACTED,       /* what became of EFFECT_REDACT */
    INPUT_WARN, /* something that the server's operators should know, or that one session asked
                   the daemon about */
};

/* What a connection speaks. */
enum session_kind { SESSION_IRC, SESSION_CLASSIC };

/* Why a line was not accepted. */
enum reject {
    REJECT_TOO_LONG,     /* 417 */
    REJECT_INVALID_UTF8, /* FAIL * INVALID_UTF8 */
    REJECT_MALFORMED,    /* not a line: nothing can be said but that */
};

/* A name that a client wrote, with all that the core may not compute for itself. */
struct name {
    struct str raw;
    struct str folded;
    struct str skeleton;
    enum name_verdict verdict; /* for what the verb makes of it: a nickname or a room */
};

struct input_register {
    struct name nick;
    struct str user;
    struct str realname;
    struct str host; /* as others see it */
    struct str host_folded;
    cap_set caps;
    unsigned cap_version;
    enum session_kind kind;
    bool tls;
    struct str operator_name;             /* of a verified PASS name:password; else empty */
    account_id account;                   /* that it has proved to own; 0: none */
    struct str away;                      /* empty: it is here */
    const struct metadata *metadata;      /* what it says of itself; NULL: nothing … */
    const struct metadata *subscriptions; /* … and the keys that it wants to hear of */
    struct str fingerprint;               /* of its TLS certificate; empty: none */
};

/* What a worker makes of a password. */
struct password_keys {
    struct str hash;  /* account_state.password_hash … */
    struct str scram; /* … and .scram; both empty: it failed */
};

/* By name, or, where that is empty, by the fingerprint of a certificate. */
struct input_credentials {
    struct str name_folded;
    struct str fingerprint;
    struct str host; /* whose attempts are counted */
};

struct input_login {
    account_id account;
    bool sasl; /* AUTHENTICATE is answered, too */
};

/* All that REGISTER says before registration. */
struct input_enrol {
    struct name name;
    struct str email; /* empty: none */
    struct str code;  /* random, for VERIFY */
    struct password_keys keys;
    struct str nick; /* of the session so far; "*" where it has none */
    struct str host; /* whose registrations are counted */
    bool outside;    /* somebody else has checked the password: no keys, no VERIFY, no lines */
};

struct input_confirm {
    struct str name_folded;
    struct str code;
    struct str nick; /* as in input_enrol */
    struct str host; /* whose attempts are counted */
};

enum account_order {
    ORDER_SUSPEND, /* with the reason; again: another reason */
    ORDER_UNSUSPEND,
    ORDER_PASSWORD, /* with the keys */
    ORDER_UNREGISTER,
};

/* Nothing happens where there is no such account. */
struct input_account_order {
    enum account_order order;
    struct str name_folded;
    struct str reason;
    struct password_keys keys;
};

struct input_stored {
    account_id account;
    bool failed;
};

struct input_line {
    const struct verb *verb; /* NULL: unknown command */
    struct line line;
    struct str folded[LINE_PARAMS_MAX]; /* those that the verb asks for; the others are empty */
    const struct name *names; /* of a VERB_NEW_NAMES: NICK one, JOIN one for each of its list */
    unsigned n_names;
};

enum redact_outcome {
    REDACT_DONE,
    REDACT_UNKNOWN,   /* there is no such message */
    REDACT_FORBIDDEN, /* it is somebody else's */
    REDACT_FAILED,    /* the store could not write */
};

struct input_redacted {
    enum redact_outcome outcome;
    struct place place;
    uint64_t seq;
    struct str reason;
};

struct input {
    enum input_kind kind;
    session_id session; /* 0 where no session is named */
    uint64_t now_ms;    /* wall clock, milliseconds since 1970 */
    union {
        struct input_register reg;
        struct input_line line;
        struct {
            enum reject why;
            struct str tags; /* the line's, where they could be read: they may hold a label */
            const struct verb *verb; /* INVALID_UTF8: the line's; NULL where it is unknown */
        } reject;
        struct {
            bool right;
            bool unavailable; /* too many are waiting, or who had to be asked did not answer */
        } verdict;
        struct {
            struct password_keys keys;
            struct str code; /* random, for VERIFY */
        } hashed;
        struct input_credentials credentials;
        struct input_login login;
        struct input_enrol enrol;
        struct input_confirm confirm;
        struct input_stored stored;
        struct input_account_order account_order;
        struct account_state *account; /* borrowed; who keeps it takes a reference */
        struct read_marker marker;
        struct str text; /* CLOSE: the reason; ANNOUNCE; WARN */
        const struct room_state *room;
        struct input_redacted redacted;
        struct settings *settings;
        struct {
            struct str nick_folded;
            struct str reason;
        } kick;
    };
};

#endif
