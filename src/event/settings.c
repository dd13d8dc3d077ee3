/* The shared snapshot of settings. Any thread: nothing changes once it is shared. */
#include "settings.h"

#include "alloc.h"

#include <stdlib.h>

struct settings *settings_create(void)
{
    struct settings *settings = xcalloc(1, sizeof(*settings));
    refcount_set(&settings->holders, 1);
    settings_set_defaults(settings);
    settings_seal(settings);
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    refcount_up(&settings->holders);
    return settings;
}

void settings_unref(struct settings *settings)
{
    if (settings == NULL || !refcount_down(&settings->holders)) {
        return;
    }
    free(settings->server_name);
    free(settings->network);
    free(settings->description);
    free(settings->icon);
    for (unsigned i = 0; i < 3; i++) {
        free(settings->admin[i]);
    }
    free(settings->motd);
    free(settings->lobby);
    free(settings->lobby_folded);
    free(settings->lobby_skeleton);
    free(settings->password_hash);
    free(settings->version);
    free(settings->user_modes);
    for (unsigned i = 0; i < settings->n_operators; i++) {
        free(settings->operators[i].name);
        free(settings->operators[i].password_hash);
    }
    free(settings->operators);
    for (unsigned i = 0; i < settings->n_gateways; i++) {
        free(settings->gateways[i].name);
        free(settings->gateways[i].password_hash);
        free(settings->gateways[i].fingerprint);
        free(settings->gateways[i].from);
    }
    free(settings->gateways);
    for (unsigned i = 0; i < settings->n_origins; i++) {
        free(settings->origins[i]);
    }
    free(settings->origins);
    free(settings->proxies);
    free(settings->exempt);
    free(settings);
}

void settings_set(char **field, const char *value)
{
    free(*field);
    *field = value != NULL ? str_dup(str_from(value)) : NULL;
}

void settings_seal(struct settings *settings)
{
    struct str lobby = str_from(settings->lobby);
    struct buf text = {0};
    name_fold(settings->casemapping, lobby, &text);
    free(settings->lobby_folded);
    settings->lobby_folded = str_dup(buf_str(&text));
    buf_clear(&text);
    name_skeleton(lobby, &text);
    free(settings->lobby_skeleton);
    settings->lobby_skeleton = str_dup(buf_str(&text));
    buf_finish(&text);
}

void settings_set_defaults(struct settings *settings)
{
    settings_set(&settings->server_name, "maru.local");
    settings_set(&settings->network, "Maru");
    settings_set(&settings->description, "A room where everybody gathers");
    settings_set(&settings->icon, "");
    for (unsigned i = 0; i < 3; i++) {
        settings_set(&settings->admin[i], "");
    }
    settings_set(&settings->lobby, "#lobby");
    settings_set(&settings->version, "maru");
    settings_set(&settings->user_modes, "");
    settings->clients_max = 1000;
    settings->nick_len = 32;
    settings->channel_len = 64;
    settings->topic_len = 390;
    settings->kick_len = 300;
    settings->away_len = 300;
    settings->realname_len = 150;
    settings->user_len = 20;
    settings->host_len = 64;
    settings->key_len = 32;
    settings->rooms_per_user = 100;
    settings->list_entries_max = 100;
    settings->modes_per_command = 6;
    settings->targets_max = 4;
    settings->multiline_lines = 32;
    settings->multiline_bytes = 4096;
    settings->monitor_max = 100;
    settings->whowas_entries = 200;
    settings->registration_ms = 10000;
    settings->ping_interval_ms = 90000;
    settings->ping_timeout_ms = 30000;
    settings->sendq_bytes = 1u << 20;
    settings->recvq_bytes = 16u << 10;
    settings->flood[FLOOD_COMMANDS] = (struct settings_bucket){60, 200};
    settings->flood[FLOOD_MESSAGES] = (struct settings_bucket){40, 250};
    settings->flood[FLOOD_NICKS] = (struct settings_bucket){5, 10000};
    settings->flood[FLOOD_JOINS] = (struct settings_bucket){30, 1000};
    settings->accounts = true;
    settings->registration = true;
    settings->registration_early = true;
    settings->registration_custom_names = true;
    settings->verify_ms = 24ull * 3600 * 1000;
    settings->password_min = 6;
    settings->nick_reserved = true;
    settings->nick_is_account = true;
    settings->multiclient = POLICY_OPT_OUT;
    settings->always_on = POLICY_OPT_IN;
    settings->always_on_ms = 30ull * 86400 * 1000;
    settings->sessions_per_user = 20;
    settings->logins = (struct settings_bucket){5, 20000};
    settings->registrations = (struct settings_bucket){10, 60000};
    settings->history_limit = 500;
    settings->playback_lines = 25;
    settings->room_keep_ms = 30ull * 86400 * 1000;
    settings->rooms_kept_max = 10000;
    settings->password_passes = 2;
    settings->password_memory_kib = 64 * 1024;
    settings->scram_iterations = 100000;
    settings->classic_gap_ms = 80;
    settings->classic_backlog_bytes = 64u << 10;
}
