/*
 * What an operator may set, as far as sessions and the core need it: one immutable snapshot shared
 * by all threads. A reload makes a new one, which reaches the core and every edge in the order of
 * events.
 */
#ifndef MARU_SETTINGS_H
#define MARU_SETTINGS_H

#include "address.h"
#include "lock.h"
#include "name.h"
#include "str.h"

struct settings_operator {
    char *name;
    char *password_hash; /* as crypto_pwhash_str makes it; checked off the edge's thread */
};

/* Who may say on behalf of whom it connects (WEBIRC). */
struct settings_gateway {
    char *name;
    char *password_hash; /* as an operator's; NULL: its certificate says who it is */
    char *fingerprint;   /* SHA-256 of that, in lower-case hex; NULL: its password is enough */
    struct network *from;
    unsigned n_from;
};

/* IRCv3 "Strict Transport Security". */
struct settings_sts {
    bool on;
    bool preload;
    unsigned port; /* of TLS; 0: none can be told */
    unsigned duration_s;
};

/* What floods are counted by, each in a bucket of its own. */
enum flood_kind { FLOOD_COMMANDS, FLOOD_MESSAGES, FLOOD_NICKS, FLOOD_JOINS, FLOOD_KINDS };

/* Holds `burst` ordinary commands and gains one every refill_ms; a burst of 0 is no limit. */
struct settings_bucket {
    unsigned burst;
    unsigned refill_ms;
};

/* From where on a room's history may be read by whoever is in it. */
enum settings_cutoff {
    CUTOFF_NONE,         /* from its beginning */
    CUTOFF_REGISTRATION, /* from when the reader's account, or the guest's session, began */
    CUTOFF_JOIN,         /* from when the reader joined */
};

/* Who of those with an account has something: the server's word, and how far people may choose. */
enum settings_policy {
    POLICY_NEVER,
    POLICY_OPT_IN,  /* who chose it */
    POLICY_OPT_OUT, /* everybody but who chose otherwise */
    POLICY_ALWAYS,
};

struct settings {
    struct refcount holders;

    /* Owned NUL-terminated strings, never NULL unless said. */
    char *server_name;
    char *network;
    char *description;
    char *icon;         /* a picture's URL (IRCv3 network-icon); empty: none */
    char *admin[3];     /* location 1, location 2, e-mail; any may be empty */
    char *motd;         /* lines separated by '\n'; NULL where there is none */
    char *lobby;        /* the default room, with its '#' */
    char *lobby_folded; /* made by settings_seal(), since the core may not fold by itself */
    char *lobby_skeleton;
    char *password_hash; /* NULL: no password is asked for */
    char *version;
    struct settings_operator *operators;
    unsigned n_operators;
    enum name_casemapping casemapping;

    /* The door: who may speak for others, and who may come. */
    struct network *proxies; /* whose PROXY headers and X-Forwarded-For are believed */
    unsigned n_proxies;
    struct network *exempt; /* not counted by address */
    unsigned n_exempt;
    struct settings_gateway *gateways;
    unsigned n_gateways;
    char **origins; /* whose pages may open a WebSocket, "*" for all; none: this host's own */
    unsigned n_origins;
    struct settings_sts sts;

    /* Numbers of clients; 0 is never "no limit" but really none, except where said. */
    unsigned clients_max; /* registered, of every protocol */

    /* Lengths in bytes. */
    unsigned nick_len;
    unsigned channel_len;
    unsigned topic_len;
    unsigned kick_len;
    unsigned away_len;
    unsigned realname_len;
    unsigned user_len;
    unsigned host_len;
    unsigned key_len;

    /* Counts. */
    unsigned rooms_per_user;
    unsigned list_entries_max; /* of each of b, e and I in a room */
    unsigned modes_per_command;
    unsigned targets_max;     /* of PRIVMSG, NOTICE, TAGMSG */
    unsigned multiline_lines; /* of one message (IRCv3 draft/multiline) … */
    unsigned multiline_bytes; /* … and what its text may have */
    unsigned monitor_max;     /* nicknames that one session may watch */
    unsigned whowas_entries;

    /* Time, all in milliseconds. */
    unsigned registration_ms;
    unsigned ping_interval_ms;
    unsigned ping_timeout_ms; /* after the PING */

    /* Bytes. */
    unsigned sendq_bytes;
    unsigned recvq_bytes;

    struct settings_bucket flood[FLOOD_KINDS];

    /* Classic protocol. */
    unsigned classic_gap_ms;
    unsigned classic_backlog_bytes;

    /* History. */
    bool history; /* what is said is kept; the rest matters only then */
    enum settings_cutoff history_cutoff;
    enum settings_cutoff history_cutoff_guests; /* those without an account */
    unsigned history_limit;                     /* messages in one answer */
    unsigned playback_lines;      /* for clients that cannot ask, when they join; 0: none */
    uint64_t room_keep_ms;        /* how long an emptied room stays what it was */
    unsigned rooms_kept_max;      /* how many of them, at most */
    uint64_t history_room_age_ms; /* what is older, or behind so many newer ones, goes; 0: never */
    uint64_t history_room_count;
    uint64_t history_direct_age_ms;
    uint64_t history_direct_count;

    bool accounts; /* people may have accounts, and rooms may be registered; the rest matters only
                      then */
    bool registration;              /* people may register by themselves */
    bool registration_early;        /* … before they have come in */
    bool registration_custom_names; /* … under another name than their nickname */
    bool email_required;
    bool email_verified;   /* an account is open only when its code was said (VERIFY) */
    uint64_t verify_ms;    /* how long that code is good */
    unsigned password_min; /* bytes */
    bool nick_reserved;    /* a registered nickname, or one like it, is for who is logged in */
    bool nick_is_account;  /* who logs in is called as the account is */
    enum settings_policy multiclient; /* several sessions on one nickname */
    enum settings_policy always_on;   /* stays in its rooms without a session */
    uint64_t always_on_ms;            /* … for so long; 0: for ever */
    unsigned sessions_per_user;
    struct settings_bucket logins;        /* that failed, of one host and of one name */
    struct settings_bucket registrations; /* of one host */
    bool account_required;                /* nobody comes in without logging in */
    bool outside_logins; /* somebody else (a command, a socket) is asked about the passwords of
                            those who have none here … */
    bool outside_create; /* … and an account is made for whom that lets in */
    /* What a new password's keys cost: Argon2id's passes and memory, and PBKDF2's iterations. */
    unsigned password_passes;
    unsigned password_memory_kib;
    unsigned scram_iterations;

    unsigned tls_port; /* of IRC inside TLS, to be told to people; 0: there is none */

    char *user_modes; /* letters of those that everybody begins with, of "iwRT"; never NULL */
    bool roleplay;    /* rooms may have NPC and SCENE (mode E) */

    bool log_chat; /* what is said is shown to the operator, too */
};

/* With one holder and every string an empty one of its own. */
struct settings *settings_create(void);
struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings);

/* Replaces *field (one of the strings above) by a copy. */
void settings_set(char **field, const char *value);

/* REGISTER before coming in is no way around the server's password. */
static inline bool settings_registers_early(const struct settings *settings)
{
    return settings->registration_early && settings->password_hash == NULL;
}

/* Makes what follows from other fields. After the last change, before the settings are shared. */
void settings_seal(struct settings *settings);

/* The defaults that tests and the daemon begin with. */
void settings_set_defaults(struct settings *settings);

#endif
