/*
 * The server's half of SCRAM-SHA-256: messages in, messages out, and whether the proof fits. It
 * knows nothing of accounts, connections or IRC; nonces and channel bindings come in. Pure; one
 * thread at a time. RFC 5802, RFC 7677; channel bindings RFC 5929 and RFC 9266.
 */
#ifndef MARU_SCRAM_H
#define MARU_SCRAM_H

#include "secret.h"

enum { SCRAM_HASH_BYTES = SECRET_HASH_BYTES, SCRAM_SALT_BYTES = 16, SCRAM_SALT_MAX = 64 };

/* What stands for a password (account_state.scram). */
struct scram_keys {
    unsigned iterations;
    unsigned char salt[SCRAM_SALT_MAX];
    size_t salt_len;
    unsigned char stored[SCRAM_HASH_BYTES];
    unsigned char server[SCRAM_HASH_BYTES];
};

/* "iterations$salt$stored key$server key", the last three in base64. */
int scram_keys_parse(struct str text, struct scram_keys *ret) MARU_CHECK;
void scram_keys_add(const struct scram_keys *keys, struct buf *out);

/* Fills in the two keys, from the salted password: PBKDF2 (Hi) of the password with `salt` and
 * `iterations`. */
void scram_keys_make(const unsigned char salted[SCRAM_HASH_BYTES], struct scram_keys *keys);

/* Those of a name that nobody has: always the same under one secret, so that they cannot be told
 * from real ones. No proof fits them. */
void scram_keys_pretend(const unsigned char secret[SCRAM_HASH_BYTES], struct str name,
                        unsigned iterations, struct scram_keys *ret);

struct scram {
    char *name;       /* the client's, unescaped; owned */
    char *authzid;    /* owned; "" where it gave none */
    char *binding;    /* "tls-exporter": the channel binding it wants; NULL: none; owned */
    struct buf gs2;   /* the header as it came, with which its binding data begins */
    struct buf auth;  /* what is signed, so far */
    struct buf nonce; /* both halves */
    struct scram_keys keys;
};

/* A zeroed one is a valid empty one; everything of it is overwritten here. */
void scram_finish(struct scram *scram);

/* The client's first message. `plus`: the mechanism is the one with channel binding;
 * `plus_offered`: the client could have chosen that. STATUS_MALFORMED, or STATUS_DENIED where it
 * was led to believe otherwise. Afterwards ->name, ->authzid and ->binding are there. */
int scram_first(struct scram *scram, struct str message, bool plus, bool plus_offered) MARU_CHECK;

/* Appends the server's first message. `nonce` is our half: printable, without a comma. */
void scram_challenge(struct scram *scram, const struct scram_keys *keys, struct str nonce,
                     struct buf *out);

/* The client's last message. `binding` is the channel's binding data where ->binding names one.
 * STATUS_OK: the proof fits, and the server's last message was appended. STATUS_DENIED: it does
 * not. */
int scram_last(struct scram *scram, struct str message, struct str binding,
               struct buf *out) MARU_CHECK;

#endif
