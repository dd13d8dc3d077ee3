/*
 * The server's configuration: a plain struct that is loaded whole, checked, and from then on only
 * read. A reload loads another one and compares the two. Main thread; a finished struct may be read
 * by any thread that the owner keeps it alive for.
 *
 * The file is in libconfig's format. Every mistake in it is reported, not only the first.
 */
#ifndef MARU_CONFIG_H
#define MARU_CONFIG_H

#include "buf.h"
#include "daemon_limits.h"
#include "listener_kind.h"
#include "status.h"

enum config_casemapping {
    CONFIG_CASEMAPPING_RFC8265,
    CONFIG_CASEMAPPING_ASCII,
    CONFIG_CASEMAPPING_RFC1459,
};

enum config_cutoff {
    CONFIG_CUTOFF_NONE,
    CONFIG_CUTOFF_REGISTRATION,
    CONFIG_CUTOFF_JOIN,
};

enum config_policy {
    CONFIG_POLICY_NEVER,
    CONFIG_POLICY_OPT_IN,
    CONFIG_POLICY_OPT_OUT,
    CONFIG_POLICY_ALWAYS,
};

/* A token bucket: it holds at most `burst` tokens and gains one every `refill_ms`. Where burst is
 * 0 there is no limit. */
struct config_bucket {
    uint32_t burst;
    uint32_t refill_ms;
};

/* A list of short texts. */
struct config_words {
    char **items; /* owned, as each of them is */
    size_t n;
};

struct config_listener {
    enum listener_kind kind;
    char *address; /* "*" (IPv6 and IPv4), or a numeric address without brackets; owned */
    uint16_t port; /* 0, from the command line only: whichever is free */
    enum listener_proxy proxy;
};

struct config_operator {
    char *name;
    char *password; /* Argon2id, as crypto_pwhash_str() writes it */
};

/* Who may say by WEBIRC for whom it connects. */
struct config_gateway {
    char *name;
    char *password;    /* hash, or "" */
    char *fingerprint; /* SHA-256 of its certificate in lower-case hex, or "" */
    struct config_words from;
};

/* Strings are owned, NUL-terminated and never NULL; "" means not set. Members are named like the
 * file's settings, whose comments (config_keys.c) say what they do. Counts of 0 mean no limit where
 * the comment here says so. */
struct config {
    struct {
        char *name;
        char *network;
        char *description;
        char *icon;
        char *admin[CONFIG_ADMIN_LINES];
        char *motd; /* the text, lines separated by \n, from motd or from motd_file */
        char *motd_file;
        char *lobby;
        char *password; /* hash, or "" */
        char *data;     /* a folder; always set after config_load() */
        uint32_t edges; /* as configured; see config_edges() */
        enum config_casemapping casemapping;
        char *user_modes;
        bool roleplay;
    } server;
    struct {
        uint32_t max_clients;
        uint32_t max_unregistered;
        uint32_t per_address;              /* 0: no limit */
        uint32_t per_network;              /* of one IPv4 /24 or IPv6 /64; 0: no limit */
        uint32_t unregistered_per_address; /* 0: no limit */
        bool loopback;                     /* whether the three above count for loopback too */
        struct config_words exempt;        /* networks for which they do not count */
        uint32_t registration_timeout_s;
        uint32_t ping_interval_s;
        uint32_t ping_timeout_s;
        uint32_t sendq_bytes;
        uint32_t recvq_bytes;
        uint32_t rooms_per_user;
        uint32_t list_entries;
        uint32_t multiline_lines;
        uint32_t multiline_bytes;
        uint32_t monitor;
        uint32_t whowas;
    } limits;
    struct {
        struct config_bucket commands;
        struct config_bucket messages;
        struct config_bucket nicks;
        struct config_bucket joins;
    } flood;
    struct {
        uint32_t nick;
        uint32_t user;
        uint32_t realname;
        uint32_t room;
        uint32_t topic;
        uint32_t kick;
        uint32_t away;
    } lengths; /* bytes */
    struct {
        char *certificate; /* paths; always set after config_load() */
        char *key;
        bool own; /* neither was configured: the server makes its own in the data folder */
    } tls;
    struct {
        struct config_words proxy_from; /* networks */
        struct config_words websocket_origins;
    } door;
    struct {
        bool offered;
        uint32_t duration_s;
        uint32_t tls_port; /* 0: of the first listener with TLS */
        bool preload;
    } sts;
    struct {
        uint32_t gap_ms;
        uint32_t backlog_bytes;
    } classic;
    struct {
        bool on;
        enum config_cutoff cutoff;
        enum config_cutoff cutoff_guests;
        uint32_t limit;
        uint32_t playback_lines;  /* 0: none */
        uint32_t room_days;       /* 0: for ever */
        uint32_t room_messages;   /* 0: all */
        uint32_t direct_days;     /* 0: for ever */
        uint32_t direct_messages; /* 0: all */
        uint32_t empty_rooms_days;
        uint32_t empty_rooms;
    } history;
    struct {
        bool on;
        bool self_registration;
        bool before_connect;
        bool custom_names;
        bool required;
        bool nick_reservation;
        bool nick_is_account;
        enum config_policy multiclient;
        enum config_policy always_on;
        uint32_t always_on_days; /* 0: for ever */
        uint32_t sessions;
        bool email_required;
        bool email_verification;
        char *email_command; /* "": no mail is sent */
        char *email_sender;
        uint32_t verify_hours;
        uint32_t password_length; /* bytes, at least */
        uint32_t password_passes;
        uint32_t password_memory_kib;
        uint32_t scram_iterations;
        struct config_bucket logins;
        struct config_bucket registrations;
        char *outside_command; /* "": nobody else is asked about passwords … */
        char *outside_socket;  /* … nor here */
        uint32_t outside_timeout_s;
        bool outside_create;
    } accounts;
    struct {
        bool show_chat;
    } log;
    struct config_listener *listeners;
    size_t listeners_n;
    struct config_operator *operators;
    size_t operators_n;
    struct config_gateway *gateways;
    size_t gateways_n;
};

/* What the command line says; it wins over the file, after each reload too. Borrowed. */
struct config_overrides {
    const char *data; /* NULL: not given */
    const struct config_listener *listeners;
    size_t listeners_n;   /* 0: not given; otherwise they replace all others */
    uint32_t max_clients; /* 0: not given */
    bool no_limits;       /* lifts flood and per-address limits, and lets max_clients be
                             unregistered at once */
    bool show_chat;
};

/* Lines for the operator: mistakes ("FILE:LINE: KEY: expected …") or keys. Zeroed is empty. */
struct config_report {
    char **lines;
    size_t n;
    size_t left_out; /* over CONFIG_MISTAKES_MAX */
};

void config_report_finish(struct config_report *report);
void config_report_add(struct config_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Loads `path`, or only defaults where it is NULL. Returns STATUS_IO where the file cannot be read
 * and STATUS_MALFORMED where it has mistakes; then *report says which and *ret is untouched.
 * `overrides` may be NULL. */
int config_load(const char *path, const struct config_overrides *overrides, struct config *ret,
                struct config_report *report) MARU_CHECK;

/* The same from memory; `name` stands for the file in messages, and relative paths in it are
 * relative to the working folder. */
int config_load_text(const char *name, struct str text, const struct config_overrides *overrides,
                     struct config *ret, struct config_report *report) MARU_CHECK;

void config_finish(struct config *config);

/* Appends a commented file that loads to the defaults. */
void config_print_defaults(struct buf *out);

/* Adds to `report` each key whose values differ: all of them, or only those that take effect at a
 * restart. Returns how many. */
size_t config_diff(const struct config *before, const struct config *after, bool restart_only,
                   struct config_report *report);

/* Puts the running values of all settings that take effect at a restart into `fresh`, so that a
 * reload changes only what can change. What config_diff() says stays true until the restart. */
void config_keep(struct config *fresh, const struct config *running);

/* How many edges to start: as configured, or one for each processor this process may run on, at
 * most CONFIG_EDGES_DEFAULT_MAX. */
unsigned config_edges(const struct config *config);

/* Parses "[KIND=]ADDR:PORT" (KIND is auto where left out; ADDR is *, an IPv4 address, or an IPv6
 * address in brackets). The address is the caller's to free. On failure *ret_expected is a constant
 * phrase that says what was expected. */
int config_listener_parse(struct str spec, struct config_listener *ret,
                          const char **ret_expected) MARU_CHECK;

#endif
