/*
 * The life of one connection as a state machine: what it must say before it is a user, what its
 * lines mean afterwards, how fast they may come and how long it may be silent. Pure: bytes, time
 * and verdicts come in; answers, inputs for the core and deadlines come out. One thread at a time.
 * Modern IRC, "Connection Registration"; IRCv3 capability negotiation.
 */
#ifndef MARU_PEER_H
#define MARU_PEER_H

#include "address.h"
#include "arena.h"
#include "buf.h"
#include "input.h"

struct peer_signup;
struct peer_login;

enum peer_state {
    PEER_SIGNUP,    /* NICK, USER and CAP END are still to come */
    PEER_VERIFYING, /* its password is being checked */
    PEER_ASKING,    /* the core was asked to admit it */
    PEER_OPEN,      /* a registered session */
    PEER_CLOSED,
};

struct peer {
    struct peer_signup *signup; /* until it is registered */
    union {
        cap_set caps;             /* until it is registered; then the core's word counts */
        struct peer_login *login; /* … then, while it logs in again (SASL), or NULL */
    };
    uint16_t cap_version;
    uint8_t state; /* enum peer_state */
    uint8_t kind;  /* enum session_kind */
    bool tls;
    bool pinged;                      /* a PING of ours is unanswered */
    uint16_t full_ms[FLOOD_KINDS][3]; /* when each bucket will be full again: 48 bits suffice */
    uint64_t heard_ms;                /* when it last sent anything */
    uint64_t quiet_from_ms;           /* since when registration or a PONG is awaited */
};

/* What the peer may use during one call. Times are monotonic milliseconds, but wall_ms. */
struct peer_env {
    const struct settings *settings;
    uint64_t now_ms;
    uint64_t wall_ms;
    session_id session;
    struct arena *arena;         /* what an input points to lives here, until the turn ends */
    struct buf *scratch;         /* for folding; holds nothing between calls */
    struct buf *out;             /* answers are appended */
    const unsigned char *secret; /* PEER_SECRET_BYTES, the same for ever: what is made up for names
                                    that nobody has depends on it */
    const struct peer_calls *calls;
    void *ctx; /* of calls */
};

enum { PEER_SECRET_BYTES = 32 };

/* What only the connection knows, or must not be known before. */
struct peer_calls {
    void (*take_chance)(void *ctx, void *to, size_t len);
    /* Appends the SHA-256 of its TLS certificate in lower-case hexadecimal; false: it has none. */
    bool (*add_fingerprint)(void *ctx, struct buf *out);
    /* Appends the channel's binding data of this type ("tls-exporter"); false: there is none. */
    bool (*add_binding)(void *ctx, struct str type, struct buf *out);
};

enum peer_act {
    PEER_NOTHING,
    PEER_INPUT,   /* give *ret_input to the core; for INPUT_REGISTER, INPUT_CREDENTIALS, INPUT_ENROL
                     and INPUT_CONFIRM wait for its answer */
    PEER_GATEWAY, /* check peer_webirc() and call peer_webirc_verdict(); wait for it */
    PEER_VERIFY,  /* check peer_password() and call peer_verdict(); wait for it */
    PEER_WORK,    /* do what peer_order() says and call peer_worked(); wait for it */
    PEER_CLOSE,   /* the last line is in `out`: send it and close */
};

void peer_init(struct peer *peer, enum session_kind kind, bool tls, struct str host,
               const struct peer_env *env);
void peer_finish(struct peer *peer);

/* One line without its line end. */
enum peer_act peer_line(struct peer *peer, const struct peer_env *env, struct str line,
                        struct input *ret_input);

/* A line that was longer than PEER_LINE_MAX; its bytes are gone. */
enum peer_act peer_line_too_long(struct peer *peer, const struct peer_env *env,
                                 struct input *ret_input);

/* The password to be checked, and the hash it must fit. Valid in PEER_VERIFYING. */
void peer_password(const struct peer *peer, const struct settings *settings,
                   struct str *ret_password, const char **ret_hash);
enum peer_act peer_verdict(struct peer *peer, const struct peer_env *env, bool right,
                           struct input *ret_input);

/* Whom a gateway says that it speaks for (IRCv3 "WebIRC Extension"). */
struct peer_webirc {
    char *password;
    char *host;             /* as others shall see it */
    struct address address; /* where it really comes from */
    bool secure;            /* it speaks TLS with the gateway */
    unsigned tried;         /* the caller's: how many gateways it is none of */
};

/* Valid after PEER_GATEWAY, until the verdict. */
struct peer_webirc *peer_webirc(const struct peer *peer);
/* Whether that was a gateway's word. Where it was, its host is the peer's and its lines go on. */
enum peer_act peer_webirc_verdict(struct peer *peer, const struct peer_env *env, bool right);
/* It comes from elsewhere than it seemed. Before registration. */
void peer_set_host(struct peer *peer, struct str host);

/* What somebody has to do about an account's password. */
enum peer_order_kind {
    ORDER_VERIFY, /* whether `hash` is the password's; an empty one is nobody's and costs as much */
    ORDER_KEYS,   /* make new keys of it */
    ORDER_OUTSIDE, /* ask somebody else about `name` and the password */
};

struct peer_order {
    enum peer_order_kind kind;
    struct str name;
    struct str password;
    struct str hash;
};

struct peer_result {
    bool right;
    bool unavailable; /* too many wait, or who was asked did not answer */
    struct password_keys keys;
};

/* Views into the peer, after PEER_WORK. */
void peer_order(const struct peer *peer, struct peer_order *ret_order);
enum peer_act peer_worked(struct peer *peer, const struct peer_env *env,
                          const struct peer_result *result, struct input *ret_input);

/* Of letters and digits, in the arena: what VERIFY must say. */
struct str peer_make_code(const struct peer_env *env);

/* EFFECT_SASL: a user says AUTHENTICATE. */
enum peer_act peer_authenticate(struct peer *peer, const struct peer_env *env, struct str nick,
                                struct str param, struct input *ret_input);
/* EFFECT_CREDENTIALS; `failed`: there were too many attempts. */
enum peer_act peer_credentials(struct peer *peer, const struct peer_env *env,
                               struct account_state *account, bool failed, struct input *ret_input);
/* EFFECT_SIGNUP. */
enum peer_act peer_signed_up(struct peer *peer, const struct peer_env *env, struct str lines,
                             const struct account_state *account, struct input *ret_input);

/* The core's answer to INPUT_REGISTER. */
void peer_admitted(struct peer *peer, const struct peer_env *env);
void peer_refused(struct peer *peer);

/* A classic client has said its name: all that a registration needs. `nick` is in usable form. */
enum peer_act peer_classic_nick(struct peer *peer, const struct peer_env *env, struct str nick,
                                struct input *ret_input);

/* Makes the INPUT_LINE of a line of our own making, for a session that has no IRC (classic). */
void peer_make_line(const struct peer_env *env, struct str line, struct input *ret_input);

/* The core could not take this input of peer_line() yet and its line will be read again: it is
 * charged once. */
void peer_refund(struct peer *peer, const struct settings *settings, const struct input *input);

/* Milliseconds until the next line may be read; 0: now. */
uint64_t peer_wait_ms(const struct peer *peer, const struct peer_env *env);

/* That bytes came: whatever they say, the peer lives. */
void peer_heard(struct peer *peer, uint64_t now_ms);

/* For so long nothing could be said to it: that was no silence of its own. */
void peer_paused(struct peer *peer, uint64_t ms, uint64_t now_ms);

/* When peer_tick() must be called next. */
uint64_t peer_deadline_ms(const struct peer *peer, const struct settings *settings);
/* Sends PING, or closes for silence. */
enum peer_act peer_tick(struct peer *peer, const struct peer_env *env);

/* Why peer_tick or a flood closed it, for its QUIT: "Ping timeout: 120 seconds". */
void peer_timeout_text(const struct peer *peer, const struct settings *settings, struct buf *out);

#endif
