/*
 * WEBIRC: a gateway says for whom it has connected, before anything else. Who may is the caller's
 * to check. Pure; one thread at a time. IRCv3 "WebIRC Extension".
 */
#include "peer_priv.h"

#include "alloc.h"

#include <stdlib.h>

void signup_webirc_free(struct peer_signup *signup)
{
    if (signup->webirc != NULL) {
        free(signup->webirc->password);
        free(signup->webirc->host);
        free(signup->webirc);
        signup->webirc = NULL;
    }
}

void peer_set_host(struct peer *peer, struct str host)
{
    if (peer->signup != NULL) {
        free(peer->signup->host);
        peer->signup->host = str_dup(host);
    }
}

struct peer_webirc *peer_webirc(const struct peer *peer)
{
    return peer->signup != NULL ? peer->signup->webirc : NULL;
}

/* A name as the DNS has them, which no mask or line would misread. */
static bool is_host(struct str host, size_t max)
{
    bool dot = false;
    for (size_t i = 0; i < host.len; i++) {
        char c = ascii_lower(host.p[i]);
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || (c != '-' && c != '.' && c != '_'))) {
            return false;
        }
        dot = dot || c == '.';
    }
    return dot && host.len <= max;
}

/* "secure", alone or with a value, somewhere in "name[=value] name[=value]". */
static bool has_secure(struct str options)
{
    while (options.p != NULL) {
        struct str option = str_split(&options, ' ');
        if (str_eq(str_split(&option, '='), STR("secure"))) {
            return true;
        }
    }
    return false;
}

enum peer_act signup_webirc(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    struct peer_signup *signup = peer->signup;
    struct address address;
    struct address as_host;
    struct str host = line_param(line, 2);
    if (signup->lines != 1) {
        return signup_close(peer, env, "WEBIRC must come first");
    }
    if (line->n_params < 4 || address_parse(line_param(line, 3), &address) < 0) {
        return signup_close(peer, env, "WEBIRC without a valid address");
    }
    struct buf shown = {0};
    /* A name is the gateway's word; an address in its place is the one that is true. */
    if (is_host(host, env->settings->host_len) && address_parse(host, &as_host) < 0) {
        buf_add_str(&shown, host);
    } else {
        address_add(&address, &shown);
    }
    signup->webirc = xcalloc(1, sizeof(*signup->webirc));
    *signup->webirc = (struct peer_webirc){
        .password = str_dup(line_param(line, 0)),
        .host = str_dup(buf_str(&shown)),
        .address = address,
    };
    for (unsigned i = 4; i < line->n_params; i++) {
        signup->webirc->secure = signup->webirc->secure || has_secure(line->params[i]);
    }
    buf_finish(&shown);
    peer->state = PEER_VERIFYING;
    return PEER_GATEWAY;
}

enum peer_act peer_webirc_verdict(struct peer *peer, const struct peer_env *env, bool right)
{
    struct peer_webirc *webirc = peer_webirc(peer);
    if (webirc == NULL) {
        return PEER_NOTHING;
    }
    peer->state = PEER_SIGNUP;
    if (right) {
        /* Secure is the whole way or none of it. */
        peer->tls = peer->tls && webirc->secure;
        peer_set_host(peer, str_from(webirc->host));
    }
    signup_webirc_free(peer->signup);
    return right ? PEER_NOTHING : signup_close(peer, env, "Invalid WebIRC password");
}
