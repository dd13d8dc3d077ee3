/* The table of settings, from which the file is read, printed and compared. */
#ifndef MARU_CONFIG_PRIV_H
#define MARU_CONFIG_PRIV_H

#include "config.h"

enum config_key_type {
    CONFIG_KEY_NUMBER, /* uint32_t */
    CONFIG_KEY_SWITCH, /* bool */
    CONFIG_KEY_STRING, /* char *, owned */
    CONFIG_KEY_CHOICE, /* an enum that indexes choices */
    CONFIG_KEY_LINES,  /* char *[max] */
    CONFIG_KEY_WORDS,  /* struct config_words */
};

struct config_key {
    const char *group;
    const char *name;
    enum config_key_type type;
    bool restart; /* a change takes effect at the next start only */
    size_t offset;
    uint32_t min;                    /* numbers: the range */
    uint32_t max;                    /* numbers: the range; strings: bytes; lines and words: their
                                        number */
    uint32_t number;                 /* default of a number, switch or choice */
    const char *string;              /* default of a string */
    bool (*valid)(struct str value); /* strings: NULL where any text of one line is right; words */
    const char *expected;            /* strings and words: what valid() asks for */
    const char *const *choices;      /* NULL-terminated */
    const char *comment;             /* one paragraph */
};

extern const struct config_key config_keys[];
extern const size_t config_keys_n;

/* What stands above the first key of a group. */
struct config_group {
    const char *name;
    const char *comment;
};

extern const struct config_group config_groups[];
extern const size_t config_groups_n;

extern const char config_listeners_comment[];
extern const char config_operators_comment[];
extern const char config_gateways_comment[];

static inline void *config_member(const struct config *config, const struct config_key *key)
{
    return (char *)config + key->offset;
}

/* Frees what `slot` points to and puts a copy of `value` there. */
void config_set_string(char **slot, struct str value);

/* A struct with every default, paths not yet resolved. */
void config_init_defaults(struct config *config);

/* Adds what the command line says and decides what was left open: folders and paths. `overrides`
 * may be NULL. */
void config_complete(struct config *config, const struct config_overrides *overrides);

/* Names the certificate in the data folder that the server makes itself. */
void config_own_tls(struct config *config);

void config_words_add(struct config_words *words, struct str word);
void config_words_finish(struct config_words *words);
bool config_words_same(const struct config_words *a, const struct config_words *b);
void config_gateways_finish(struct config *config);

void config_listeners_finish(struct config *config);
void config_listeners_copy(struct config *config, const struct config_listener *from, size_t n);

/* Whether somebody else listens on the same address and port. */
bool config_listener_taken(const struct config *config, const struct config_listener *listener);

/* "*", an IPv4 address, or an IPv6 address without brackets, in its usual spelling, so that two
 * spellings of one address count as the same; NULL for anything else. */
char *config_address_dup(struct str text);

/* Checks of strings, for the table. */
bool config_valid_line(struct str value);
bool config_valid_text(struct str value);
bool config_valid_url(struct str value);
bool config_valid_server_name(struct str value);
bool config_valid_network(struct str value);
bool config_valid_room(struct str value);
bool config_valid_user_modes(struct str value);
bool config_valid_hash(struct str value);
bool config_valid_hash_or_empty(struct str value);
bool config_valid_operator_name(struct str value);
bool config_valid_network_range(struct str value);
bool config_valid_origin(struct str value);

/* SHA-256 in hex, with colons or without, becomes 64 lower-case digits; NULL for anything else. */
char *config_fingerprint_dup(struct str text);

#endif
