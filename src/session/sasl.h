/*
 * One SASL exchange, from its mechanism to the verdict: pieces of base64 come in, messages and
 * questions come out. It knows nothing of numerics, connections or whether its client is a user
 * yet (peer_sasl.c does). Pure; one thread at a time. IRCv3 SASL 3.1 and 3.2; RFC 4616 (PLAIN),
 * RFC 4422 appendix A (EXTERNAL), scram.h.
 */
#ifndef MARU_SASL_H
#define MARU_SASL_H

#include "account_state.h"
#include "peer.h"
#include "scram.h"

enum sasl_mechanism {
    SASL_PLAIN,
    SASL_EXTERNAL,
    SASL_SCRAM_SHA_256,
    SASL_SCRAM_SHA_256_PLUS,
    SASL_MECHANISMS
};

enum sasl_step {
    SASL_FIRST,     /* its first message is awaited */
    SASL_SEEKING,   /* the core looks for its account */
    SASL_CHECKING,  /* somebody looks at its password */
    SASL_PROOF,     /* its last message of SCRAM is awaited … */
    SASL_CONFIRM,   /* … and its empty answer to ours */
    SASL_ENROLLING, /* somebody else let it in, and its account is being made */
};

struct sasl {
    enum sasl_mechanism mechanism;
    enum sasl_step step;
    bool tls;           /* its client came through TLS */
    struct buf message; /* the base64 that came of it so far */
    char *name;         /* that it wants to log in to; NULL: known by its certificate */
    char *folded;
    char *fingerprint;
    char *password;
    struct account_state *account; /* NULL: there is none, or none yet */
    struct scram scram;
};

enum sasl_next {
    SASL_WAIT,   /* for more of its message */
    SASL_SAY,    /* *out is our message, perhaps an empty one; wait for its answer */
    SASL_SEEK,   /* find ->folded or, where that is NULL, ->fingerprint: sasl_found() */
    SASL_CHECK,  /* check ->password against ->account: sasl_checked() */
    SASL_PROVEN, /* it is ->account, which may be NULL where somebody else has said so */
    SASL_REFUSED,
    SASL_TOO_LONG,
};

/* STATUS_NOT_FOUND where it is none that this client may use now. */
int sasl_mechanism_find(const struct settings *settings, bool tls, struct str name,
                        enum sasl_mechanism *ret) MARU_CHECK;

void sasl_init(struct sasl *sasl, enum sasl_mechanism mechanism, bool tls);
/* Leaves nothing of it in memory. */
void sasl_finish(struct sasl *sasl);

/* A parameter of AUTHENTICATE. */
enum sasl_next sasl_take(struct sasl *sasl, const struct peer_env *env, struct str piece,
                         struct buf *out);

/* What was found, borrowed; NULL: nothing, and the exchange goes on as if there were something. */
enum sasl_next sasl_found(struct sasl *sasl, const struct peer_env *env,
                          struct account_state *account, struct buf *out);

#endif
