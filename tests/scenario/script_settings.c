/* Settings by name. Tests only. */
#include "script_settings.h"

#include "alloc.h"
#include "status.h"

#include <stdlib.h>

static void add_operator(struct settings *settings, struct str name)
{
    settings->operators =
        xrealloc(settings->operators, (settings->n_operators + 1) * sizeof(*settings->operators));
    settings->operators[settings->n_operators++] =
        (struct settings_operator){str_dup(name), str_dup(STR("*"))};
}

static void remove_operators(struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_operators; i++) {
        free(settings->operators[i].name);
        free(settings->operators[i].password_hash);
    }
    settings->n_operators = 0;
}

struct settings *script_settings_create(void)
{
    struct settings *settings = settings_create();
    add_operator(settings, STR("root"));
    add_operator(settings, STR("admin"));
    settings->scram_iterations = 16; /* They have to be quick here. */
    return settings;
}

#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct settings, name)                                                     \
    }

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    NUMBER(clients_max),       NUMBER(nick_len),          NUMBER(channel_len),
    NUMBER(topic_len),         NUMBER(kick_len),          NUMBER(away_len),
    NUMBER(realname_len),      NUMBER(user_len),          NUMBER(host_len),
    NUMBER(key_len),           NUMBER(rooms_per_user),    NUMBER(list_entries_max),
    NUMBER(targets_max),       NUMBER(modes_per_command), NUMBER(whowas_entries),
    NUMBER(registration_ms),   NUMBER(ping_interval_ms),  NUMBER(ping_timeout_ms),
    NUMBER(sendq_bytes),       NUMBER(recvq_bytes),       NUMBER(monitor_max),
    NUMBER(multiline_lines),   NUMBER(multiline_bytes),   NUMBER(history_limit),
    NUMBER(playback_lines),    NUMBER(rooms_kept_max),    NUMBER(password_min),
    NUMBER(sessions_per_user), NUMBER(scram_iterations),
};

static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    NUMBER(server_name), NUMBER(network),       NUMBER(description), NUMBER(lobby),
    NUMBER(icon),        NUMBER(password_hash), NUMBER(version),     NUMBER(motd),
    NUMBER(admin[0]),    NUMBER(admin[1]),      NUMBER(admin[2]),    NUMBER(user_modes),
};

static const struct {
    const char *name;
    size_t offset;
} spans[] = {NUMBER(room_keep_ms), NUMBER(verify_ms), NUMBER(always_on_ms)};

static const struct {
    const char *name;
    size_t offset;
} switches[] = {
    NUMBER(history),
    NUMBER(log_chat),
    NUMBER(roleplay),
    NUMBER(accounts),
    NUMBER(registration),
    NUMBER(registration_early),
    NUMBER(registration_custom_names),
    NUMBER(email_required),
    NUMBER(email_verified),
    NUMBER(nick_reserved),
    NUMBER(nick_is_account),
    NUMBER(account_required),
    NUMBER(outside_logins),
    NUMBER(outside_create),
};

static const struct {
    const char *name;
    size_t offset;
} policies[] = {NUMBER(multiclient), NUMBER(always_on)};
static const char *const policy_names[] = {"never", "opt-in", "opt-out", "always"};

static const struct {
    const char *name;
    size_t offset;
} cutoffs[] = {NUMBER(history_cutoff), NUMBER(history_cutoff_guests)};
static const char *const cutoff_names[] = {"none", "registration", "join"};

static const char *const floods[FLOOD_KINDS] = {"flood_commands", "flood_messages", "flood_nicks",
                                                "flood_joins"};
static const char *const casemappings[] = {"rfc8265", "ascii", "rfc1459"};
static const enum name_casemapping casemapping_values[] = {NAME_CASE_RFC8265, NAME_CASE_ASCII,
                                                           NAME_CASE_RFC1459};

static bool set_number(unsigned *field, struct str value)
{
    uint64_t number;
    if (str_to_u64(value, &number) != STATUS_OK || number > UINT32_MAX) {
        return false;
    }
    *field = (unsigned)number;
    return true;
}

/* '|' ends a line of a text. */
static void set_text(char **field, struct str value)
{
    free(*field);
    *field = str_dup(value);
    for (char *c = *field; *c != '\0'; c++) {
        *c = *c == '|' ? '\n' : *c;
    }
}

bool script_settings_set(struct settings *settings, struct str key, struct str value)
{
    char *base = (char *)settings;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (str_eq(key, str_from(numbers[i].name))) {
            return set_number((unsigned *)(base + numbers[i].offset), value);
        }
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (str_eq(key, str_from(texts[i].name))) {
            set_text((char **)(base + texts[i].offset), value);
            settings_seal(settings);
            return true;
        }
    }
    for (unsigned i = 0; i < 6; i++) {
        if (str_eq(key, str_from(cutoffs[i / 3].name)) &&
            str_eq(value, str_from(cutoff_names[i % 3]))) {
            *(enum settings_cutoff *)(base + cutoffs[i / 3].offset) = (enum settings_cutoff)(i % 3);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        if (str_eq(key, str_from(spans[i].name))) {
            return str_to_u64(value, (uint64_t *)(base + spans[i].offset)) == STATUS_OK;
        }
    }
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (str_eq(key, str_from(switches[i].name))) {
            *(bool *)(base + switches[i].offset) = str_eq(value, STR("yes"));
            return true;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (str_eq(key, str_from(policies[i / 4].name)) &&
            str_eq(value, str_from(policy_names[i % 4]))) {
            *(enum settings_policy *)(base + policies[i / 4].offset) =
                (enum settings_policy)(i % 4);
            return true;
        }
    }
    for (unsigned i = 0; i < FLOOD_KINDS; i++) {
        if (str_eq(key, str_from(floods[i]))) {
            struct str burst = str_split(&value, ' ');
            return set_number(&settings->flood[i].burst, burst) &&
                   set_number(&settings->flood[i].refill_ms, value);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        if (str_eq(key, STR("casemapping")) && str_eq(value, str_from(casemappings[i]))) {
            settings->casemapping = casemapping_values[i];
            settings_seal(settings);
            return true;
        }
    }
    if (str_eq(key, STR("operators"))) {
        remove_operators(settings);
        while (value.len > 0) {
            add_operator(settings, str_split(&value, ' '));
        }
        return true;
    }
    return false;
}
