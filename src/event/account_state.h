/*
 * An account as it lasts: one immutable snapshot, shared by reference. The core makes a new one
 * whenever something of it changes and gives it to the store (EFFECT_ACCOUNT), to an edge that has
 * to check a password or a certificate (EFFECT_CREDENTIALS, EFFECT_VERIFY), and it comes back when
 * the server starts (INPUT_ACCOUNT). Names are folded again then: the tables may be newer. Any
 * thread.
 */
#ifndef MARU_ACCOUNT_STATE_H
#define MARU_ACCOUNT_STATE_H

#include "ids.h"
#include "lock.h"
#include "str.h"

#include <stdbool.h>

/* What somebody decided for themselves; the server's settings hold where they did not. Numbers that
 * stand on disk. */
enum account_choice { CHOICE_DEFAULT = 0, CHOICE_ON = 1, CHOICE_OFF = 2 };

/* A room that an account that is always on is in. */
struct account_room {
    room_id room;
    uint64_t since_seq; /* when it joined, in the messages' count */
    uint8_t rank;       /* RANK_… */
};

struct account_state {
    struct refcount holders;
    account_id id;
    struct str name; /* as it was registered: also its nickname */
    struct str folded;
    struct str skeleton;
    uint64_t created_ms;
    struct str password_hash; /* as crypto_pwhash_str makes it; empty: there is no password */
    struct str scram; /* "iterations$salt$stored key$server key" for SCRAM-SHA-256, the last three
                         in base64 (RFC 5802 section 3); empty: there is no password */
    struct str email; /* empty: none */
    struct str code;  /* what VERIFY must say first; empty: verified */
    uint64_t code_ms; /* when the code was made */
    const struct str *fingerprints; /* SHA-256 of certificates, in lower-case hexadecimal */
    unsigned n_fingerprints;
    enum account_choice multiclient; /* several sessions on one nickname */
    enum account_choice always_on;   /* stays without a session */
    bool suspended;                  /* nobody may log in to it */
    struct str suspended_why;
    uint64_t seen_ms; /* when it last had a session, as far as that was written */

    /* Of one that is always on: as whom it stays. Empty where it is not. */
    struct str user;
    struct str realname;
    const struct account_room *rooms;
    unsigned n_rooms;
};

/* What it says, to be changed and made into a new one: all but its holders, which other threads
 * count meanwhile. The texts are borrowed. */
struct account_state account_state_parts(const struct account_state *state);

/* One allocation with copies of everything; it begins with one holder. */
struct account_state *account_state_create(const struct account_state *parts);
struct account_state *account_state_ref(struct account_state *state);
/* NULL is allowed. */
void account_state_unref(struct account_state *state);

#endif
