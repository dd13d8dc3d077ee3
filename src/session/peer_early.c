/*
 * What may be said before registration beside who one is: AWAY (IRCv3 draft/pre-away), METADATA of
 * oneself (draft/metadata-2 and -3, "before-connect") and ISUPPORT (draft/extended-isupport). It is
 * kept with the signup and goes to the core with it. Pure; one thread at a time.
 */
#include "peer_priv.h"

#include "alloc.h"
#include "cap.h"
#include "numeric.h"
#include "settings_caps.h"

#include <stdlib.h>

static void not_registered(const struct peer *peer, const struct peer_env *env)
{
    peer_numeric(peer, env, ERR_NOTREGISTERED, ":You have not registered");
}

static const char *nick_of(const struct peer *peer)
{
    return peer->signup->nick != NULL ? peer->signup->nick : "*";
}

static void away(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    if ((peer->caps & CAP_PRE_AWAY) == 0) {
        not_registered(peer, env);
        return;
    }
    struct str text = str_cut_utf8(line_param(line, 0), env->settings->away_len);
    free(peer->signup->away);
    peer->signup->away = text.len > 0 ? str_dup(text) : NULL;
    if (text.len > 0) {
        peer_numeric(peer, env, RPL_NOWAWAY, ":You have been marked as being away");
    } else {
        peer_numeric(peer, env, RPL_UNAWAY, ":You are no longer marked as being away");
    }
}

/* ---- batches: one command's answer is in one ---- */

static const char *begin_batch(const struct peer *peer, const struct peer_env *env,
                               const char *type, const char *parameter)
{
    if ((peer->caps & CAP_BATCH) == 0) {
        return "";
    }
    buf_printf(env->out, ":%s BATCH +1 %s%s\r\n", env->settings->server_name, type, parameter);
    return "@batch=1 ";
}

static void end_batch(const struct peer *peer, const struct peer_env *env)
{
    if ((peer->caps & CAP_BATCH) != 0) {
        buf_printf(env->out, ":%s BATCH -1\r\n", env->settings->server_name);
    }
}

/* Those that help before one is in; the whole list follows with the welcome. */
static void isupport(const struct peer *peer, const struct peer_env *env)
{
    const struct settings *s = env->settings;
    if ((peer->caps & CAP_EXTENDED_ISUPPORT) == 0) {
        not_registered(peer, env);
        return;
    }
    buf_add_cstr(env->out, begin_batch(peer, env, "draft/isupport", ""));
    buf_printf(env->out, ":%s %03d %s NETWORK=", s->server_name, RPL_ISUPPORT, nick_of(peer));
    settings_add_isupport_value(env->out, s->network);
    buf_printf(env->out, " NICKLEN=%u CHANNELLEN=%u CHANTYPES=#", s->nick_len, s->channel_len);
    if (s->icon[0] != '\0') {
        buf_add_cstr(env->out, " draft/ICON=");
        settings_add_isupport_value(env->out, s->icon);
    }
    buf_add_cstr(env->out, " :are supported by this server\r\n");
    end_batch(peer, env);
}

/* ---- METADATA ---- */

static void fail(const struct peer_env *env, const char *tags, const char *code, struct str context,
                 const char *text)
{
    buf_printf(env->out, "%s:%s FAIL METADATA %s " STR_FMT " :%s\r\n", tags,
               env->settings->server_name, code,
               STR_ARG(context.len > 0 ? str_cut_utf8(context, 100) : STR("*")), text);
}

static void add_value(const struct peer *peer, const struct peer_env *env, const char *tags,
                      struct str key)
{
    const char *value = metadata_get(&peer->signup->metadata, key);
    buf_printf(env->out, "%s:%s %03d %s * " STR_FMT, tags, env->settings->server_name,
               value != NULL ? RPL_KEYVALUE : RPL_KEYNOTSET, nick_of(peer), STR_ARG(key));
    if (value != NULL) {
        buf_printf(env->out, " * :%s\r\n", value);
    } else {
        buf_add_cstr(env->out, " :key not set\r\n");
    }
}

static bool check_key(const struct peer_env *env, const char *tags, struct str key)
{
    if (!metadata_key_valid(key)) {
        fail(env, tags, "KEY_INVALID", str_split(&key, ' '), "Invalid key");
        return false;
    }
    return true;
}

static void get(const struct peer *peer, const struct peer_env *env, const struct line *line)
{
    const char *tags = begin_batch(peer, env, "metadata", " *");
    for (unsigned i = 2; i < line->n_params; i++) {
        if (check_key(env, tags, line->params[i])) {
            add_value(peer, env, tags, line->params[i]);
        }
    }
    end_batch(peer, env);
}

static void list(const struct peer *peer, const struct peer_env *env)
{
    const struct metadata *metadata = &peer->signup->metadata;
    const char *tags = begin_batch(peer, env, "metadata", " *");
    for (unsigned i = 0; i < metadata->n; i++) {
        add_value(peer, env, tags, metadata_key(&metadata->entries[i]));
    }
    end_batch(peer, env);
}

static void set(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    struct metadata *metadata = &peer->signup->metadata;
    struct str key = line->params[2];
    if (!check_key(env, "", key)) {
        return;
    }
    if (line->n_params < 4) {
        if (!metadata_unset(metadata, key)) {
            buf_clear(env->scratch);
            buf_printf(env->scratch, "* " STR_FMT, STR_ARG(key));
            fail(env, "", "KEY_NOT_SET", buf_str(env->scratch), "Key not set");
            return;
        }
    } else if (line->params[3].len > METADATA_VALUE_MAX) {
        bool third = (peer->caps & CAP_METADATA_3) != 0;
        fail(env, "", third ? "INVALID_VALUE" : "VALUE_INVALID", key, "Value is too long");
        return;
    } else if (!metadata_set(metadata, key, line->params[3], METADATA_KEYS_MAX)) {
        fail(env, "", "LIMIT_REACHED", STR("*"), "Metadata limit reached");
        return;
    }
    add_value(peer, env, "", key);
}

static void subscribe(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    for (unsigned i = 2; i < line->n_params; i++) {
        struct str key = line->params[i];
        if (!check_key(env, "", key)) {
            continue;
        }
        if (!metadata_set(&peer->signup->subscriptions, key, STR(""), METADATA_SUBS_MAX)) {
            fail(env, "", "TOO_MANY_SUBS", key, "Too many subscriptions");
            return;
        }
        peer_numeric(peer, env, RPL_METADATASUBOK, STR_FMT, STR_ARG(key));
    }
}

static void metadata(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    struct str what = line_param(line, 1);
    if ((peer->caps & CAPS_OF_METADATA) == 0) {
        not_registered(peer, env);
    } else if (!str_eq(line_param(line, 0), STR("*"))) {
        fail(env, "", "INVALID_TARGET", STR("*"), "Before registration only * is a target");
    } else if (str_eq_nocase(what, STR("LIST"))) {
        list(peer, env);
    } else if (!str_eq_nocase(what, STR("GET")) && !str_eq_nocase(what, STR("SET")) &&
               !str_eq_nocase(what, STR("SUB"))) {
        fail(env, "", "SUBCOMMAND_INVALID", str_split(&what, ' '), "Not before registration");
    } else if (line->n_params < 3) {
        peer_numeric(peer, env, ERR_NEEDMOREPARAMS, "METADATA :Not enough parameters");
    } else if (ascii_upper(what.p[0]) == 'G') {
        get(peer, env, line);
    } else if (ascii_upper(what.p[1]) == 'E') {
        set(peer, env, line);
    } else {
        subscribe(peer, env, line);
    }
}

void signup_early(struct peer *peer, const struct peer_env *env, enum verb_id verb,
                  const struct line *line)
{
    if (verb == VERB_AWAY) {
        away(peer, env, line);
    } else if (verb == VERB_ISUPPORT) {
        isupport(peer, env);
    } else {
        metadata(peer, env, line);
    }
}
