/* What peer.c and peer_signup.c share. */
#ifndef MARU_PEER_PRIV_H
#define MARU_PEER_PRIV_H

#include "metadata.h"
#include "peer.h"

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
    bool negotiating;   /* CAP LS or REQ came, CAP END did not */
    int operator_index; /* whose password is being checked; -1: the server's own */
    bool verified;
    struct peer_webirc *webirc; /* while it is being checked */
};

/* ":server NNN nick " + format, before registration. */
void signup_reply(const struct peer *peer, const struct peer_env *env, int numeric,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
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
/* Fills raw, folded, skeleton; the verdict is the caller's. */
struct name peer_make_name(const struct peer_env *env, struct str raw);

#endif
