/* The configuration's numbers and names, as the other threads read them. Main thread. */
#include "settings_from.h"

#include "alloc.h"

static struct settings_bucket bucket(const struct config_bucket *from)
{
    return (struct settings_bucket){.burst = from->burst, .refill_ms = from->refill_ms};
}

static void set_names(struct settings *s, const struct config *c)
{
    settings_set(&s->server_name, c->server.name);
    settings_set(&s->network, c->server.network);
    settings_set(&s->description, c->server.description);
    settings_set(&s->icon, c->server.icon);
    for (unsigned i = 0; i < 3 && i < CONFIG_ADMIN_LINES; i++) {
        settings_set(&s->admin[i], c->server.admin[i]);
    }
    settings_set(&s->motd, c->server.motd[0] != '\0' ? c->server.motd : NULL);
    settings_set(&s->lobby, c->server.lobby);
    settings_set(&s->user_modes, c->server.user_modes);
    s->roleplay = c->server.roleplay;
    settings_set(&s->password_hash, c->server.password[0] != '\0' ? c->server.password : NULL);
    settings_set(&s->version, "maru-" MARU_VERSION);
    switch (c->server.casemapping) {
    case CONFIG_CASEMAPPING_RFC8265:
        s->casemapping = NAME_CASE_RFC8265;
        break;
    case CONFIG_CASEMAPPING_ASCII:
        s->casemapping = NAME_CASE_ASCII;
        break;
    case CONFIG_CASEMAPPING_RFC1459:
        s->casemapping = NAME_CASE_RFC1459;
        break;
    }
    s->n_operators = (unsigned)c->operators_n;
    s->operators = xcalloc(c->operators_n, sizeof(*s->operators));
    for (size_t i = 0; i < c->operators_n; i++) {
        settings_set(&s->operators[i].name, c->operators[i].name);
        settings_set(&s->operators[i].password_hash, c->operators[i].password);
    }
}

/* The port that people are told: the first that speaks IRC inside TLS. */
static unsigned tls_port(const struct config *c)
{
    for (size_t i = 0; i < c->listeners_n; i++) {
        enum listener_kind kind = c->listeners[i].kind;
        if (kind == LISTENER_TLS || kind == LISTENER_AUTO) {
            return c->listeners[i].port;
        }
    }
    return 0;
}

/* The configuration was checked: every one of them is a network. */
static unsigned networks(const struct config_words *words, struct network **ret)
{
    unsigned n = 0;
    *ret = words->n > 0 ? xcalloc(words->n, sizeof(**ret)) : NULL;
    for (size_t i = 0; i < words->n; i++) {
        n += network_parse(str_from(words->items[i]), *ret + n) == STATUS_OK;
    }
    return n;
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void set_door(struct settings *s, const struct config *c)
{
    s->n_proxies = networks(&c->door.proxy_from, &s->proxies);
    s->n_exempt = networks(&c->limits.exempt, &s->exempt);
    s->n_origins = (unsigned)c->door.websocket_origins.n;
    s->origins = xcalloc(s->n_origins, sizeof(*s->origins));
    for (unsigned i = 0; i < s->n_origins; i++) {
        settings_set(&s->origins[i], c->door.websocket_origins.items[i]);
    }
    s->n_gateways = (unsigned)c->gateways_n;
    s->gateways = xcalloc(s->n_gateways, sizeof(*s->gateways));
    for (unsigned i = 0; i < s->n_gateways; i++) {
        const struct config_gateway *from = &c->gateways[i];
        struct settings_gateway *gateway = &s->gateways[i];
        settings_set(&gateway->name, from->name);
        settings_set(&gateway->password_hash, or_null(from->password));
        settings_set(&gateway->fingerprint, or_null(from->fingerprint));
        gateway->n_from = networks(&from->from, &gateway->from);
    }
    s->sts = (struct settings_sts){
        .on = c->sts.offered,
        .preload = c->sts.preload,
        .port = c->sts.tls_port > 0 ? c->sts.tls_port : tls_port(c),
        .duration_s = c->sts.duration_s,
    };
}

static void set_history(struct settings *s, const struct config *c)
{
    const uint64_t day_ms = 86400ull * 1000;
    s->history = c->history.on;
    s->history_cutoff = (enum settings_cutoff)c->history.cutoff;
    s->history_cutoff_guests = (enum settings_cutoff)c->history.cutoff_guests;
    s->history_limit = c->history.limit;
    s->playback_lines = c->history.playback_lines;
    s->room_keep_ms = c->history.empty_rooms_days * day_ms;
    s->rooms_kept_max = c->history.empty_rooms;
    s->history_room_age_ms = c->history.room_days * day_ms;
    s->history_room_count = c->history.room_messages;
    s->history_direct_age_ms = c->history.direct_days * day_ms;
    s->history_direct_count = c->history.direct_messages;
}

static void set_accounts(struct settings *s, const struct config *c)
{
    s->accounts = c->accounts.on;
    s->registration = c->accounts.self_registration;
    s->registration_early = c->accounts.before_connect;
    s->registration_custom_names = c->accounts.custom_names;
    s->email_required = c->accounts.email_required;
    s->email_verified = c->accounts.email_verification;
    s->verify_ms = c->accounts.verify_hours * 3600ull * 1000;
    s->password_min = c->accounts.password_length;
    s->nick_reserved = c->accounts.nick_reservation;
    s->nick_is_account = c->accounts.nick_is_account;
    s->multiclient = (enum settings_policy)c->accounts.multiclient;
    s->always_on = (enum settings_policy)c->accounts.always_on;
    s->always_on_ms = c->accounts.always_on_days * 86400ull * 1000;
    s->sessions_per_user = c->accounts.sessions;
    s->logins = bucket(&c->accounts.logins);
    s->registrations = bucket(&c->accounts.registrations);
    s->account_required = c->accounts.on && c->accounts.required;
    s->outside_logins =
        c->accounts.outside_command[0] != '\0' || c->accounts.outside_socket[0] != '\0';
    s->outside_create = c->accounts.outside_create;
    s->password_passes = c->accounts.password_passes;
    s->password_memory_kib = c->accounts.password_memory_kib;
    s->scram_iterations = c->accounts.scram_iterations;
}

_Static_assert((int)CONFIG_POLICY_NEVER == (int)POLICY_NEVER &&
                   (int)CONFIG_POLICY_OPT_IN == (int)POLICY_OPT_IN &&
                   (int)CONFIG_POLICY_OPT_OUT == (int)POLICY_OPT_OUT &&
                   (int)CONFIG_POLICY_ALWAYS == (int)POLICY_ALWAYS,
               "the configuration's words are the settings' values");

_Static_assert((int)CONFIG_CUTOFF_NONE == (int)CUTOFF_NONE &&
                   (int)CONFIG_CUTOFF_REGISTRATION == (int)CUTOFF_REGISTRATION &&
                   (int)CONFIG_CUTOFF_JOIN == (int)CUTOFF_JOIN,
               "the configuration's words are the settings' values");

struct settings *settings_from_config(const struct config *c)
{
    struct settings *s = settings_create();
    set_names(s, c);
    s->clients_max = c->limits.max_clients;
    s->nick_len = c->lengths.nick;
    s->channel_len = c->lengths.room;
    s->topic_len = c->lengths.topic;
    s->kick_len = c->lengths.kick;
    s->away_len = c->lengths.away;
    s->realname_len = c->lengths.realname;
    s->user_len = c->lengths.user;
    s->rooms_per_user = c->limits.rooms_per_user;
    s->list_entries_max = c->limits.list_entries;
    s->multiline_lines = c->limits.multiline_lines;
    s->multiline_bytes = c->limits.multiline_bytes;
    s->monitor_max = c->limits.monitor;
    s->whowas_entries = c->limits.whowas;
    s->registration_ms = c->limits.registration_timeout_s * 1000;
    s->ping_interval_ms = c->limits.ping_interval_s * 1000;
    s->ping_timeout_ms = c->limits.ping_timeout_s * 1000;
    s->sendq_bytes = c->limits.sendq_bytes;
    s->recvq_bytes = c->limits.recvq_bytes;
    s->flood[FLOOD_COMMANDS] = bucket(&c->flood.commands);
    s->flood[FLOOD_MESSAGES] = bucket(&c->flood.messages);
    s->flood[FLOOD_NICKS] = bucket(&c->flood.nicks);
    s->flood[FLOOD_JOINS] = bucket(&c->flood.joins);
    s->classic_gap_ms = c->classic.gap_ms;
    s->classic_backlog_bytes = c->classic.backlog_bytes;
    set_door(s, c);
    set_history(s, c);
    set_accounts(s, c);
    s->log_chat = c->log.show_chat;
    s->tls_port = tls_port(c);
    settings_seal(s);
    return s;
}

struct admission_limits admission_limits_from(const struct config *c)
{
    return (struct admission_limits){
        .unregistered_max = c->limits.max_unregistered,
        .per_address = c->limits.per_address,
        .per_network = c->limits.per_network,
        .unregistered_per_address = c->limits.unregistered_per_address,
        .loopback = c->limits.loopback,
    };
}
