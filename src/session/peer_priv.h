/* What peer.c and peer_signup.c share. */
#ifndef MARU_PEER_PRIV_H
#define MARU_PEER_PRIV_H

#include "metadata.h"
#include "peer.h"
#include "sasl.h"

/* What is known before registration; freed with it. */
struct peer_signup {
    char *nick; /* as it was given and checked; NULL until then */
    char *user;
    char *realname;
    char *password;
    char *host;
    char *away; /* NULL: not away */
    struct metadata metadata;
    struct metadata subscriptions; /* to keys of it; without values */
    unsigned lines;
    unsigned enrolments; /* REGISTER so far */
    bool negotiating;    /* CAP LS or REQ came, CAP END did not */
    int operator_index;  /* whose password is being checked; -1: the server's own */
    bool verified;
    struct peer_webirc *webirc; /* while it is being checked */
    account_id account;         /* that it has proved to own; 0: none */
    char *account_name;
    struct peer_login *login; /* while it logs in, or NULL */
    unsigned login_failures;
    uint64_t work_from_ms;       /* since when somebody looks at a password of it; 0: nobody does */
    struct enrolment *enrolment; /* what REGISTER or VERIFY waits for, or NULL */
};

/* REGISTER before registration, while its keys are made and until the core has answered. */
struct enrolment {
    char *name; /* NULL in that of VERIFY, as the others */
    char *email;
    char *password; /* NULL once its keys are there */
};

/* An exchange, and whose it is. */
struct peer_login {
    struct sasl sasl;
    bool begun;   /* its mechanism is known */
    bool outside; /* somebody else is asked where there is no password here */
    char *nick;   /* of who is a user already */
};

/* Before registration or after. */
static inline struct peer_login **peer_login(struct peer *peer)
{
    return peer->signup != NULL ? &peer->signup->login : &peer->login;
}
static inline struct peer_login *peer_logs_in(const struct peer *peer)
{
    return peer->signup != NULL ? peer->signup->login : peer->login;
}

enum peer_act signup_line(struct peer *peer, const struct peer_env *env, const struct line *line,
                          struct input *ret_input);
/* AWAY, ISUPPORT or METADATA. */
void signup_early(struct peer *peer, const struct peer_env *env, enum verb_id verb,
                  const struct line *line);
/* peer_webirc.c */
enum peer_act signup_webirc(struct peer *peer, const struct peer_env *env, const struct line *line);
void signup_webirc_free(struct peer_signup *signup);
/* The last line of a peer that is no user. */
enum peer_act signup_close(struct peer *peer, const struct peer_env *env, const char *why);
/* Everything that a registration needs is there: ask for the password's verdict, or the core. */
enum peer_act signup_complete(struct peer *peer, const struct peer_env *env,
                              struct input *ret_input);
/* ":server NNN nick " + format, before registration or after. */
void peer_numeric(const struct peer *peer, const struct peer_env *env, int numeric,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What an answer may repeat of a parameter: one word that does not begin the last one. */
struct str signup_word(struct str raw, size_t max);
/* It will be a while until the answer comes; and now it is there. */
void signup_work_begins(struct peer *peer, const struct peer_env *env);
void signup_work_ends(struct peer *peer, const struct peer_env *env);
/* It is logged in now, before registration. */
void signup_log_in(struct peer *peer, const struct account_state *account);

/* peer_sasl.c */
/* An exchange under way ends with 906, since its client goes on without it. */
void login_abort(struct peer *peer, const struct peer_env *env);
void login_free(struct peer *peer);
enum peer_act login_worked(struct peer *peer, const struct peer_env *env,
                           const struct peer_result *result, struct input *ret_input);
enum peer_act login_signed_up(struct peer *peer, const struct peer_env *env,
                              const struct account_state *account, struct input *ret_input);

/* peer_enrol.c */
enum peer_act enrol_register(struct peer *peer, const struct peer_env *env,
                             const struct line *line);
enum peer_act enrol_verify(struct peer *peer, const struct peer_env *env, const struct line *line,
                           struct input *ret_input);
enum peer_act enrol_worked(struct peer *peer, const struct peer_env *env,
                           const struct peer_result *result, struct input *ret_input);
void enrol_free(struct peer *peer);

/* Fills raw, folded, skeleton; the verdict is the caller's. */
struct name peer_make_name(const struct peer_env *env, struct str raw);

#endif
