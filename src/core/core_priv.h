/* What the files of the core share: users, sessions, rooms, and the state of the input at hand. */
#ifndef MARU_CORE_PRIV_H
#define MARU_CORE_PRIV_H

#include "buf.h"
#include "cap.h"
#include "core.h"
#include "core_limits.h"
#include "map.h"
#include "metadata.h"
#include "name_index.h"
#include "numeric.h"
#include "olist.h"

struct room;
struct walk;

/* One room that a user is in. With its slot in the room's list, 32 bytes. */
struct membership {
    struct room *room;
    uint64_t since_seq;  /* a number of its own of the messages' count: what came later has greater
                            ones. Its id in room->members */
    uint32_t at;         /* its index there */
    uint32_t rank : 6;   /* RANK_OP | RANK_VOICE … */
    uint32_t banned : 1; /* may not speak, as it was found at … */
    uint32_t bans_version : 25; /* … of the room */
};

enum { BANS_VERSION_NONE = (1 << 25) - 1 }; /* no room has it: look again */

enum {
    UMODE_INVISIBLE = 1,        /* i */
    UMODE_OPERATOR = 2,         /* o */
    UMODE_WALLOPS = 4,          /* w */
    UMODE_BOT = 8,              /* B */
    UMODE_REGISTERED_ONLY = 16, /* R: guests may not write to it */
    UMODE_NO_CTCP = 32,         /* T */
};

/* A registered name. Made by accounts.c; lives until it is unregistered (accounts.h). */
struct account {
    account_id id;
    struct account_state *state; /* one reference; replaced whenever something changes */
    struct user *user;      /* who is logged in to it, on however many sessions; NULL: nobody */
    struct name_entry name; /* its texts lie behind the account */
    struct account_pending *pending; /* what the store has not answered yet, or NULL */
    struct account *next_unsaved;
    bool is_absent;  /* its user has no session */
    bool is_unsaved; /* what lasts of its user changed while the input at hand was applied */
};

/* What few users have. */
struct user_extra {
    struct account *account; /* NULL: a guest */
    char *away;              /* NULL: here */
    char *operator_name;     /* NULL: none */
    room_id *invites;        /* oldest first; NULL while there are none */
    unsigned n_invites;
    struct metadata metadata;
    user_id *accepts; /* identities of those who may write to it in spite of R; as above */
    unsigned n_accepts;
};

/* What few sessions have, or for a moment. */
struct session_extra {
    struct monitor *monitor; /* the nicknames it watches, or NULL */
    uint64_t batch;          /* the labelled batch that the answers are in; 0: none */
};

struct session {
    session_id id; /* 0: a user's own_session that is nobody's */
    struct user *user;
    struct session *next;        /* of the same user */
    struct walk *walk;           /* the long answers under way, the first one first, or NULL */
    struct wait *wait;           /* what somebody else must do first, or NULL */
    struct session_extra *extra; /* NULL: it has nothing of that */
    cap_set caps;
    uint16_t cap_version;
    uint8_t kind; /* enum session_kind */
    bool tls : 1;
    bool asking : 1; /* the store answers what `walk` has asked */
};

/* Users are many: one allocation holds all that a usual one has. */
struct user {
    user_id id;
    struct name_entry name; /* its nickname; the texts go on with … */
    uint16_t user_len;      /* mask (nick!user@host, as others see it), the same folded, for bans,
                               where that is another, and real name, each with a NUL behind it */
    uint16_t host_len;
    uint16_t mask_folded_at; /* in the texts */
    uint16_t realname_at;
    uint64_t since_ms : 48;
    uint64_t n_rooms : 16;
    uint64_t active_ms : 48; /* when it last spoke */
    uint64_t umodes : 8;
    struct membership *rooms; /* in the order of joining */
    union {
        struct membership own_room; /* rooms, where that is one … */
        unsigned cap_rooms;         /* … or how much they have room for */
    };
    struct session *sessions; /* at least one; newest first */
    struct session own_session;
    struct user_extra *extra; /* NULL: it has nothing of that */
    char own_texts[];         /* as it came; replaced by a block of their own when they change */
};

/* What a session waits for that is not the core's to do: a password's verdict or keys, the store's
 * word. When that comes, `done` goes on with the command; it may wait again. */
struct wait;
typedef void (*wait_fn)(struct core *core, const struct wait *wait, const struct input *input);

struct wait {
    enum input_kind kind; /* which ends it */
    wait_fn done;
    account_id account;             /* that it is about; 0: none */
    char label[CORE_LABEL_MAX + 1]; /* of that command; empty: none */
    size_t len;
    char text[]; /* strings of its own, each with a NUL behind it */
};

/* Modes of rooms that are on or off, in the order in which they are shown (room_modes.c). */
enum {
    RMODE_INVITE_ONLY = 1 << 0,      /* i */
    RMODE_MODERATED = 1 << 1,        /* m */
    RMODE_NO_EXTERNAL = 1 << 2,      /* n */
    RMODE_SECRET = 1 << 3,           /* s */
    RMODE_TOPIC_LOCK = 1 << 4,       /* t */
    RMODE_NO_CTCP = 1 << 5,          /* C: but ACTION */
    RMODE_ROLEPLAY = 1 << 6,         /* E: NPC and SCENE may be used */
    RMODE_REGISTERED_SPEAK = 1 << 7, /* M: guests may not speak */
    RMODE_REGISTERED_JOIN = 1 << 8,  /* R: guests may not enter */
    RMODE_OP_MODERATED = 1 << 9,     /* U: what those without a rank say goes to its operators */
    RMODE_AUDITORIUM = 1 << 10,      /* u: those without a rank don't see each other */
};

/* An entry of the lists b, e and I: a mask, perhaps one with more to say (extban.h). */
struct mask_entry {
    uint64_t id;
    char *mask;        /* as it was given, completed to nick!user@host */
    char *mask_folded; /* the same, folded */
    char *by;          /* who set it */
    uint64_t set_ms;
    uint64_t until_ms;   /* it ends by itself then; 0: never */
    struct room *room;   /* that it is of */
    size_t end_at;       /* of one that ends: its place in core->ends */
    struct str compared; /* in mask_folded: what a user is compared with */
    struct str forward;  /* … and the room to which it sends those whom it bans; empty: none */
    bool of_account;     /* `compared` is for the account's name */
    bool mutes;          /* it forbids to speak, not to enter */
    uint8_t list;        /* enum room_list */
};

/* Those that end by themselves: a heap by until_ms (mask_ends.c). */
struct mask_ends {
    struct mask_entry **at;
    size_t n;
    size_t cap;
};

enum { ROOM_MODES_NEW = RMODE_NO_EXTERNAL | RMODE_TOPIC_LOCK };

#define USER_UNKNOWN UINT64_MAX

enum room_list { ROOM_BANS, ROOM_EXCEPTS, ROOM_INVEXES, ROOM_LISTS };

struct room {
    room_id id;
    /* Of an emptied one that is kept (room_keep.c). */
    struct room *older;
    struct room *newer;
    uint64_t empty_ms; /* since when nobody is in it */
    bool is_kept;
    bool is_marked;         /* somebody has read it up to some time */
    bool is_solid;          /* several people's, or with settings of its own: others go first */
    bool is_stated;         /* the store knows it */
    bool is_shared;         /* more than one has spoken there … */
    user_id speaker;        /* … this one last; 0: nobody */
    struct name_entry name; /* its texts lie behind the room */
    char *renamed;          /* the texts of its name, where it has another than at first; or NULL */
    uint32_t modes;         /* RMODE_… */
    bool is_lobby;          /* stays when it is empty, and its first member is nobody special */
    char *key;              /* NULL: none */
    unsigned limit;         /* of members; 0: none */
    struct room_limits *limits; /* modes f, F, j, W (room_limits.c); NULL: it has none of them */
    uint64_t knocked_ms;        /* when somebody last knocked */
    uint64_t renamed_ms;        /* when it got its name; 0: with its beginning */
    /* Of a registered room. It is never forgotten, and nobody runs it for being the first in it:
     * whoever enters has the rank of its account (room_rank_of), which these say. Who changes them
     * calls room_changed(). */
    account_id founder; /* 0: it is not registered */
    uint64_t registered_ms;
    struct room_state_rank *ranks; /* owned; without the founder's own */
    unsigned n_ranks;
    char *topic; /* NULL: none */
    char *topic_by;
    uint64_t topic_ms;
    uint64_t since_ms;
    struct names_cache *names;      /* NULL: nothing of NAMES is kept */
    struct olist members;           /* struct user, by membership.since_seq */
    struct olist lists[ROOM_LISTS]; /* struct mask_entry */
    struct metadata metadata;
    uint32_t bans_version; /* counts the changes of them */
};

struct whowas;

struct room_queue {
    struct room *oldest;
    struct room *newest;
};

/* Sessions by their ids: edges number them densely, so pages by slot cost half of what a hashed
 * table does. */
struct session_table {
    struct session_edge {
        struct session_page **pages; /* by slot; NULL where nobody is */
        size_t n_pages;
    } edges[EDGES_MAX];
    size_t len;
};

/* Accounts (accounts.c). */
struct account_table {
    struct olist list;
    struct name_index names;
    struct strmap fingerprints; /* of certificates */
    struct account *unsaved;    /* newest first */
    uint64_t n_absent;          /* users that stay without a session */
    uint64_t n_unverified;
    uint64_t cursor;           /* of accounts_expire() */
    struct attempts *attempts; /* attempts.c */
};

struct core {
    struct settings *settings;
    core_emit_fn emit;
    void *ctx;
    char server_part[12];
    uint64_t started_ms;
    uint64_t hash_seed[2];

    uint64_t next_id; /* of rooms, mask entries */
    /* Of messages, users and memberships: their ids say after which messages they came. */
    uint64_t next_message;
    uint64_t next_batch;

    struct session_table sessions;
    struct name_index nicks;
    struct name_index room_names;
    struct olist users;
    struct olist rooms;
    struct account_table accounts;
    struct map partners; /* by identity */
    struct map markers;
    struct room_queue kept_slight; /* emptied rooms, in the order in which they were emptied */
    struct room_queue kept_solid;
    struct room_queue kept_registered; /* never forgotten */
    uint64_t n_kept;                   /* of all three … */
    uint64_t n_kept_registered;        /* … and of the last one */
    struct mask_ends ends;
    room_id last_restored; /* by INPUT_ROOM */
    bool has_begun;        /* no more of those come; the lobby is there */
    uint64_t steady_ms;    /* since when the clock goes without jumps */
    struct whowas *whowas;
    struct names_cache *names_oldest; /* by when they were used */
    struct names_cache *names_newest;
    size_t names_bytes;       /* of them all */
    struct map multilines;    /* that sessions are about to say, by session_id (cmd_batch.c) */
    struct map subscriptions; /* to metadata keys, by session_id (metadata_cast.c) */
    struct strmap watches;    /* nicknames that sessions watch (monitor.c) */
    struct buf isupport; /* the 005 lines' tokens, one token a line; made again with new settings */

    uint64_t n_operators;
    uint64_t n_invisible;
    uint64_t users_max;
    uint64_t n_commands;
    uint64_t n_messages;
    uint64_t n_verbs[VERB_COUNT]; /* commands by verb, for STATS m */

    /* The input at hand. */
    uint64_t now_ms;
    struct session *who;     /* whose line it is, or NULL */
    struct buf line;         /* the line being made for a cast */
    struct str line_account; /* whose it is, for account-tag; empty: nobody's */
    bool line_of_bot;        /* … and whether that is a bot */
    struct buf reply;        /* the lines for `who`, sent together when the command ends */
    size_t reply_start;      /* of its last line */
    uint64_t reply_seq;      /* of the message that must be on disk before they leave; 0: none */
    unsigned reply_lines;
    size_t piece_bytes;             /* flushed already while this input is at hand */
    size_t piece_work;              /* users or rooms that a walk has looked at */
    char label[CORE_LABEL_MAX + 1]; /* of the line at hand; empty: none */
};

/* user.c */
struct user *user_create(struct core *core, const struct input_register *reg);
void user_destroy(struct core *core, struct user *user);
void user_rename(struct core *core, struct user *user, const struct name *name);
void user_set_realname(struct user *user, struct str realname);
/* Empty: it is here. */
void user_set_away(struct user *user, struct str text);
/* Empty: none. */
void user_set_operator_name(struct user *user, struct str name);
/* Made where there was none. */
struct user_extra *user_extra(struct user *user);
/* The user with this folded nickname, or NULL. */
struct user *user_find(const struct core *core, struct str folded);
static inline struct str user_nick(const struct user *user)
{
    return name_entry_raw(&user->name);
}
/* nick!user@host, as others see it; NUL-terminated. */
static inline const char *user_mask(const struct user *user)
{
    return user->name.raw + user->name.size;
}
static inline struct str user_mask_str(const struct user *user)
{
    return str_make(user_mask(user),
                    (size_t)user->name.raw_len + 1 + user->user_len + 1 + user->host_len);
}
static inline const char *user_mask_folded(const struct user *user)
{
    return user->name.raw + user->mask_folded_at;
}
/* The parts of the mask. */
static inline struct str user_ident(const struct user *user)
{
    return str_make(user_mask(user) + user->name.raw_len + 1, user->user_len);
}
static inline struct str user_host(const struct user *user)
{
    return str_make(user_ident(user).p + user->user_len + 1, user->host_len);
}
static inline const char *user_realname(const struct user *user)
{
    return user->name.raw + user->realname_at;
}
/* NULL: here. Who has no session is away, whatever it said. */
static inline const char *user_away(const struct user *user)
{
    if (user->extra != NULL && user->extra->away != NULL) {
        return user->extra->away;
    }
    return user->sessions == NULL ? "Not connected; will read this later" : NULL;
}
/* What it is logged in to, or NULL. */
static inline struct account *user_account(const struct user *user)
{
    return user->extra != NULL ? user->extra->account : NULL;
}
/* "" for a guest. */
static inline struct str user_account_name(const struct user *user)
{
    const struct account *account = user_account(user);
    return account != NULL ? name_entry_raw(&account->name) : STR("");
}
/* Under which what it says is kept, and by which it may read it again. */
static inline user_id user_identity(const struct user *user)
{
    const struct account *account = user_account(user);
    return account != NULL ? account->state->id : user->id;
}
static inline struct user *user_by_id(const struct core *core, user_id id)
{
    return olist_get(&core->users, id);
}
/* Its place in a room, or NULL. Valid until the user joins or leaves a room. */
struct membership *user_membership(const struct user *user, const struct room *room);
bool user_is_operator(const struct user *user);
/* Appends the letters of user modes; and the modes of letters, unknown ones left out. */
void user_add_modes(uint8_t umodes, struct buf *out);
uint8_t user_parse_modes(struct str letters);
/* Gives the modes that everybody begins with, and tells of them. */
void user_begin_modes(struct core *core, struct user *user);
void user_tell_modes(struct core *core, const struct user *user);
/* Its mask or its account is another: which bans fit it must be looked up again. */
void user_masks_changed(struct user *user);
/* They share a room, or are one. */
bool user_shares_room(const struct user *a, const struct user *b);
/* Whether `viewer` may learn of `user` when no room is named: not invisible, or a room in common.
 */
bool user_visible_to(const struct user *user, const struct user *viewer);
/* Tells every edge that has a session of the user of changed user modes. */
void user_emit_traits(struct core *core, struct user *user);
/* With this identity, if it is here. */
struct user *user_by_identity(const struct core *core, user_id id);
/* One of its sessions ends: the user goes with the last one, unless it is always on. `is_gone`: it
 * is closed already. */
void session_end(struct core *core, struct session *session, struct str reason, bool is_gone);
/* Takes the user out: others see QUIT with the reason, its sessions get ERROR and close, all but
 * `gone`, which is closed already (or NULL). */
void user_quit(struct core *core, struct user *user, struct str reason, const struct session *gone);

/* session_core.c */
struct session *session_find(const struct core *core, session_id id);
void session_table_finish(struct session_table *table);
struct session *session_create(struct core *core, struct user *user, const struct input *input);
void session_destroy(struct core *core, struct session *session);
void session_emit_traits(struct core *core, struct session *session);
/* Takes it out of its user's rooms on its edge; the user stays in them. */
void session_leave_edge_rooms(struct core *core, const struct session *session);
/* Made where there was none. */
struct session_extra *session_extra(struct session *session);
/* Freed where nothing is in it any more. */
void session_extra_drop_empty(struct session *session);
static inline struct monitor *session_monitor(const struct session *session)
{
    return session->extra != NULL ? session->extra->monitor : NULL;
}
static inline uint64_t session_batch(const struct session *session)
{
    return session->extra != NULL ? session->extra->batch : 0;
}
void session_set_batch(struct session *session, uint64_t batch);
/* Its later commands wait: an answer is under way. */
static inline bool session_is_busy(const struct session *session)
{
    return session->walk != NULL || session->wait != NULL;
}
/* What its edge is told of it. */
static inline enum core_result session_state(const struct session *session)
{
    if (!session_is_busy(session)) {
        return CORE_DONE;
    }
    return session->walk != NULL && !session->asking ? CORE_HELD : CORE_AWAIT;
}

/* wait.c */

/* The command at hand ends here; `done` goes on with it when an input of that kind comes for the
 * session. `text` is copied: strings, each with a NUL behind it. */
void wait_begin(struct core *core, enum input_kind kind, wait_fn done, account_id account,
                struct str text);
/* String i. */
struct str wait_text(const struct wait *wait, unsigned i);
enum core_result wait_end(struct core *core, const struct input *input);
void wait_destroy(struct session *session);

/* room.c */
/* One that somebody is in, or the lobby; NULL: there is none. */
struct room *room_find(const struct core *core, struct str folded);
/* Also one that was emptied and is kept. */
struct room *room_find_kept(const struct core *core, struct str folded);
struct room *room_create(struct core *core, const struct name *name);
/* With an id that it had before; those come in increasing order. */
struct room *room_create_as(struct core *core, const struct name *name, room_id id);
struct room *room_by_id(const struct core *core, room_id id);
static inline struct str room_name(const struct room *room)
{
    return str_from(room->name.raw);
}
/* Enters without asking; says nothing to anybody but the edges. */
void room_add(struct core *core, struct room *room, struct user *user, uint8_t rank);
/* The same of who has been in it since then, as far as that is possible. */
void room_add_since(struct core *core, struct room *room, struct user *user, uint8_t rank,
                    uint64_t since_seq);
/* Leaves without saying; the room goes with its last member. The room may be gone afterwards. */
void room_remove(struct core *core, struct room *room, struct user *user);
void room_set_rank(struct core *core, struct room *room, struct user *user, uint8_t rank);
void room_destroy(struct core *core, struct room *room);
/* Gives it another name, which must be free. */
void room_rename(struct core *core, struct room *room, const struct name *name);
/* Whether `viewer` may know that the room exists. */
bool room_visible_to(const struct room *room, const struct user *viewer);
/* Whether the user may do what takes this rank there: as a member, or as operator of the server. */
bool room_allows(const struct room *room, const struct user *user, uint8_t rank);
static inline bool room_is_run_by(const struct room *room, const struct user *user)
{
    return room_allows(room, user, RANK_OP);
}
/* Whether the user may take something from a member, or put it out: nobody who stands above, nor,
 * for a halfop, a halfop. */
bool room_outranks(const struct room *room, const struct user *user,
                   const struct membership *target);
/* What the user is there as soon as it enters: by its account where the room is registered, else
 * by being the first. */
uint8_t room_rank_of(const struct room *room, const struct user *user);
/* What an account is in a registered room; 0: nothing. */
uint8_t room_rank_of_account(const struct room *room, account_id account);
/* The same from now on; 0: nothing. The caller says room_changed(). */
void room_set_account_rank(struct room *room, account_id account, uint8_t rank);
/* Those who see the comings and goings of a member of this rank have at least the rank that is
 * returned: 0, or RANK_VOICE where the room is an auditorium. */
uint8_t room_hides(const struct room *room, uint8_t rank);
/* Whether somebody who has, or has not, the sight of all members (room_shows_all) sees this one. */
static inline bool room_shows(const struct room *room, const struct user *user,
                              const struct membership *member, const struct user *viewer)
{
    return (room->modes & RMODE_AUDITORIUM) == 0 || member->rank != 0 || user == viewer;
}
bool room_shows_all(const struct room *room, const struct user *viewer);
/* "=", "@" or "*" of 353. */
char room_symbol(const struct room *room);

/* room_modes.c: the letters of modes and their parameters as text */

#define ROOM_LIST_LETTERS  "beI"         /* in the order of enum room_list */
#define ROOM_FLAG_LETTERS  "imnstCEMRUu" /* in the order of the bits RMODE_ */
#define ROOM_RANK_LETTERS  "qaohv"
#define ROOM_RANK_SIGNS    "~&@%+"
#define ROOM_PARAM_LETTERS "lfFWj"  /* those that need a value only where they are set */
#define USER_MODE_LETTERS  "iowBRT" /* in the order of the bits UMODE_ */
/* All that have a value, and all there are (004). */
#define ROOM_VALUE_LETTERS ROOM_LIST_LETTERS "k" ROOM_PARAM_LETTERS ROOM_RANK_LETTERS
#define ROOM_MODE_LETTERS  ROOM_VALUE_LETTERS ROOM_FLAG_LETTERS

/* The rank of a letter ('o') or sign ('@'); 0: there is none. */
uint8_t rank_of_letter(char letter);
uint8_t rank_of_sign(char sign);
/* Appends the sign of the highest rank; all of them if `all` (multi-prefix). */
void room_add_prefix(uint8_t rank, bool all, struct buf *out);
/* What of modes lasts: "ntf", and "#other" of those that have a value; without k and l. */
void room_add_lasting_modes(const struct room *room, struct buf *letters, struct buf *params);
void room_parse_lasting_modes(struct room *room, struct str letters, struct str params);
/* Appends "+ntk key" as `viewer` (NULL: anybody) may see it. */
void room_add_modes(const struct room *room, const struct user *viewer, struct buf *out);

/* room_limits.c: modes f, F, j and W */

/* So many in so many seconds; 0: no limit. */
struct room_rate {
    unsigned n;
    unsigned seconds;
};

struct room_limits {
    char *forward;             /* f: where those go who may not enter; NULL: nowhere */
    char *forward_folded;      /* … by which it is found */
    struct room_rate messages; /* F: of all members without a rank together */
    struct room_rate joins;    /* j */
    unsigned slow_s; /* W: between two messages of one member without a rank; 0: nothing */
    struct room_count {
        uint64_t since_ms;
        unsigned n;
    } n_messages, n_joins;
    struct room_slow *slow; /* who has spoken lately; NULL: nobody */
};

/* Made where there was none. */
struct room_limits *room_limits(struct room *room);
/* A value of 0 or NULL: no longer. */
void room_set_forward(struct room *room, struct str raw, struct str folded);
void room_set_slow(struct room *room, unsigned seconds);
/* "5:10" as 5 in 10 seconds; false: it is none. */
bool room_rate_parse(struct str text, struct room_rate *ret_rate);
void room_limits_destroy(struct room *room);
/* Counts somebody who enters; false: too many have. */
bool room_count_join(const struct core *core, const struct room *room);
/* Counts what somebody without a rank says; otherwise why it may not be said now. */
const char *room_count_message(const struct core *core, const struct room *room,
                               const struct user *user);

/* room_lists.c: bans, exceptions and invitations by mask */

/* Whom a list is asked about. */
enum mask_use { MASK_TO_ENTER, MASK_TO_SPEAK };

/* The first entry that fits, or NULL. */
const struct mask_entry *room_list_find(const struct room *room, enum room_list list,
                                        const struct user *user, enum mask_use use);
/* The ban that keeps the user from it, unless it is excepted; or NULL. */
const struct mask_entry *room_ban_of(const struct room *room, const struct user *user,
                                     enum mask_use use);
/* Whether a member may not speak, without looking at the lists again while they and its mask stay.
 */
bool room_silences(const struct room *room, const struct user *user, struct membership *membership);
/* Both forms as extban_parse() and extban_add() leave them. The time of its end counts from set_ms.
 */
struct mask_entry *room_list_add(struct core *core, struct room *room, enum room_list list,
                                 struct str mask, struct str folded, struct str by,
                                 uint64_t set_ms);
void room_list_remove(struct core *core, struct room *room, enum room_list list, uint64_t id);
void room_lists_destroy(struct core *core, struct room *room);

/* mask_ends.c */
void mask_ends_add(struct mask_ends *ends, struct mask_entry *entry);
void mask_ends_remove(struct mask_ends *ends, struct mask_entry *entry);
/* Takes away those whose time is over, and tells their rooms. */
void masks_expire(struct core *core);

/* room_keep.c */

/* What lasts of it is another now: the store is told. */
void room_changed(struct core *core, struct room *room);
/* Its last member has left: it is kept or destroyed. Not of the lobby. */
void room_emptied(struct core *core, struct room *room);
/* Somebody has come into it who is alone there. */
void room_entered(struct core *core, struct room *room);
void room_spoken_in(struct room *room, user_id speaker);
/* It is no longer one of the emptied ones. */
void room_unkeep(struct core *core, struct room *room);
/* Forgets some of those whose time is over, or that are too many. */
void rooms_expire(struct core *core);
void room_restore(struct core *core, const struct room_state *state);
/* The rooms that people may know of. */
static inline uint64_t core_n_rooms(const struct core *core)
{
    return core->rooms.len - core->n_kept;
}

/* names_cache.c */
/* The member with this id goes, or its name or rank is another now. */
void names_cache_change(struct room *room, uint64_t member);
void names_cache_drop(struct core *core, struct room *room);
/* Drops what nobody asked for lately. */
void names_cache_expire(struct core *core);
void names_cache_clear(struct core *core);

/* invite.c */
bool invite_has(const struct user *user, const struct room *room);
void invite_add(struct user *user, const struct room *room);
void invite_remove(struct user *user, const struct room *room);

/* accept.c */
bool accept_has(const struct user *user, const struct user *other);
/* The oldest gives way where there are too many. */
void accept_add(struct user *user, const struct user *other);
void accept_remove(struct user *user, const struct user *other);

/* whowas.c */
struct whowas_entry {
    char *folded;
    char *nick;
    char *user;
    char *host;
    char *realname;
    uint64_t left_ms;
};
struct whowas *whowas_create(void);
void whowas_destroy(struct whowas *whowas);
void whowas_add(struct whowas *whowas, unsigned entries_max, const struct user *user,
                uint64_t now_ms);
/* The next older entry with this folded nickname, or NULL; *back, 0 at first, moves on. */
const struct whowas_entry *whowas_next(const struct whowas *whowas, struct str folded,
                                       unsigned *back);

/* monitor.c */
void monitor_init(struct core *core);
void monitor_finish(struct core *core);
unsigned monitor_count(const struct session *session);
bool monitor_has(const struct session *session, struct str folded);
/* Entry i of its list: as it was written, and folded. */
struct str monitor_get(const struct session *session, unsigned i, struct str *ret_folded);
/* It must not be there yet. */
void monitor_add(struct core *core, struct session *session, struct str raw, struct str folded);
void monitor_remove(struct core *core, struct session *session, struct str folded);
void monitor_clear(struct core *core, struct session *session);
/* Tell those who watch it: it has its nickname now; it gives it up. */
void monitor_came(struct core *core, const struct user *user);
void monitor_left(struct core *core, const struct user *user);
/* The same news that neighbours get, to those who watch it from elsewhere (IRCv3
 * "extended-monitor"). */
/* The line to those who watch it from elsewhere and want to hear of the metadata key in that form.
 * Takes the reference. */
void monitor_tell(struct core *core, const struct user *user, cap_set form, struct str key,
                  struct message *message);
void monitor_cast(struct core *core, const struct user *user, struct message *message,
                  cap_set caps);

/* metadata_cast.c */

/* The session wants to hear of the key; false: it would be one too many. */
bool metadata_subscribe(struct core *core, struct session *session, struct str key);
void metadata_unsubscribe(struct core *core, struct session *session, struct str key);
void metadata_unsubscribe_all(struct core *core, const struct session *session);
/* The keys that it wants to hear of, as a table without values; never NULL. */
const struct metadata *metadata_subscriptions(const struct core *core,
                                              const struct session *session);
/* Of those, as its edge knows them. */
uint8_t metadata_traits(const struct core *core, const struct session *session);
void metadata_core_finish(struct core *core);
/* In which of the drafts' forms the session hears of changes; 0: in none. */
static inline cap_set metadata_form(const struct session *session)
{
    return (session->caps & CAP_METADATA_3) != 0 ? CAP_METADATA_3 : session->caps & CAP_METADATA_2;
}
/* What the user has set, or an empty table. */
const struct metadata *metadata_of(const struct user *user);
/* Tell others who want to know: the key of the user or of the room is another now; the user has
 * come into the room with all that it set. */
void metadata_user_changed(struct core *core, const struct user *user, struct str key);
void metadata_room_changed(struct core *core, const struct room *room, struct str key);
void metadata_came(struct core *core, const struct room *room, const struct user *user);

/* cmd_metadata.c */

/* Part of the welcome: what the user has set. */
void metadata_welcome(struct core *core);
/* `who` has just come into the room: what is set there, as far as it wants to know. */
void metadata_show_room(struct core *core, struct room *room);
/* … watches the user now. */
void metadata_show_user(struct core *core, const struct user *user);
/* … asked WHOIS. */
void metadata_whois(struct core *core, const struct user *user);

/* cmd_batch.c */
void multiline_forget(struct core *core, const struct session *session);
void multiline_core_finish(struct core *core);

/* core_record.c */

/* The number of the message that was made last. */
static inline uint64_t core_last_seq(const struct core *core)
{
    return core->next_message;
}
/* Has the message that was made last kept, where history is on. `by` waits for it; an event that
 * nobody waits for has 0. Takes no reference. True where it will be kept. */
bool record_message(struct core *core, struct message *message, enum record_kind kind,
                    struct place place, user_id sender, session_id by);
/* The same of a message that was seen in several rooms: once for each, with numbers of their own.
 */
void record_in_rooms(struct core *core, struct message *message, enum record_kind kind,
                     user_id sender);

/* partners.c */

/* They have spoken alone. */
void partners_met(struct core *core, const struct user *user, const struct user *other);
/* The one who had this folded nickname when they last spoke; 0: none. */
user_id partners_find(const struct core *core, const struct user *user, struct str folded,
                      struct str *ret_nick);
/* One after another, the newest last; *at begins with 0. 0: there are no more. */
user_id partners_next(const struct core *core, const struct user *user, unsigned *at,
                      struct str *ret_nick);
void partners_forget(struct core *core, user_id id);

/* history_access.c */

/* What the user may read of the room now; false: nothing. The name is borrowed. */
bool history_room(const struct core *core, const struct user *user, const struct room *room,
                  struct query_place *ret_place);
/* The same of a room or of what was said to somebody alone, by folded name. */
bool history_place(const struct core *core, const struct user *user, struct str folded,
                   struct query_place *ret_place);
/* Of each of user->n_rooms; the caller frees the array. */
struct query_place *history_rooms(const struct core *core, const struct user *user);
/* A number of messages as a client wrote it, cut to what is permitted; false: it is no number. */
bool history_limit(const struct core *core, struct str text, unsigned *ret_limit);

/* ask.c */

/* Asks the store when the answers under way are complete. Fills in what is the session's; the label
 * of the command at hand goes along, unless it is a playback. Borrows the query. */
void ask(struct core *core, struct query *query);
enum core_result ask_answered(struct core *core, struct session *session);

/* playback.c */

/* Shows who has just joined what was said before, where it cannot ask for it. */
void playback_join(struct core *core, const struct room *room, uint64_t join_seq);
/* What was said to *playback. */
void playback_command(struct core *core, struct str text);

/* cmd_redact.c, cmd_markread.c */
void redact_told(struct core *core, const struct input *input);
void marker_tell_room(struct core *core, const struct room *room);
void marker_restore(struct core *core, const struct read_marker *marker);
void markers_forget(struct core *core, user_id id);
void markers_finish(struct core *core);

/* isupport.c */
void isupport_update(struct core *core);
void isupport_send(struct core *core);

/* register.c */
enum core_result core_register(struct core *core, const struct input *input);
/* Makes the user a server operator: modes, traits, 381, log. */
void core_make_operator(struct core *core, struct user *user, struct str operator_name);

/* walk.c: long answers, piece by piece */

/* Adds lines with reply_*() until core_piece_full(), counting what it looks at in piece_work;
 * returns true when the answer is complete. Its state lies behind struct walk; pointers to users
 * and rooms must not be kept there, only ids. */
typedef bool (*walk_fn)(struct core *core, struct walk *walk);

struct walk {
    walk_fn more;
    uint64_t cursor; /* for olist_next */
    room_id room;    /* 0: none */
    uint64_t room_cursor;
    struct walk *next;   /* the answer that follows this one */
    struct query *query; /* owned; to be asked when it is its turn */
    size_t text_len;
    uint32_t flags;
    uint64_t number[4];
    char text[]; /* the walk's own bytes */
};

/* Starts an answer for core->who and produces its first piece, or queues it behind those under way
 * (JOIN of several rooms); `text` is copied into the walk. */
void walk_begin(struct core *core, walk_fn more, const struct walk *start, struct str text);
enum core_result walk_continue(struct core *core, struct session *session);
/* What the first one has asked of others is answered: it has ended. */
void walk_answered(struct session *session);
void walk_destroy(struct session *session);
static inline bool core_piece_full(const struct core *core)
{
    return core->piece_bytes + core->reply.len >= CORE_PIECE_BYTES ||
           core->piece_work >= CORE_PIECE_WORK;
}

/* commands.c */
typedef void (*command_fn)(struct core *core, const struct input_line *in);
command_fn command_handler(enum verb_id id);

/* Parameter i and all that follows it, for people who forget the colon. */
static inline struct str line_rest(const struct input_line *in, unsigned i)
{
    struct str rest = line_param(&in->line, i);
    for (unsigned last = in->line.n_params; last-- > i + 1;) {
        struct str param = in->line.params[last];
        if (param.len > 0) {
            rest.len = (size_t)(param.p + param.len - rest.p);
            break;
        }
    }
    return rest;
}

/* Shared between commands: cmd_mode_room.c, cmd_names.c, cmd_part.c, cmd_message.c */
void mode_room(struct core *core, struct room *room, const struct input_line *in);
void names_begin(struct core *core, struct room *room);
void part_room(struct core *core, struct room *room, struct str reason);
/* What a session that has just come into a room is told beside JOIN. What was said before `seq` is
 * history; 0: it needs none. */
void join_show(struct core *core, struct room *room, uint64_t seq);
/* The line of JOIN in its long form (IRCv3 extended-join), for a cast. */
void join_add_extended(struct core *core, const struct room *room, const struct user *user);
/* Everybody who may sees it; nothing is checked. */
void nick_change(struct core *core, struct user *user, const struct name *name);
/* The text in the room of parameter 0, said as somebody else, where the room has mode E. */
void say_in_role(struct core *core, const struct input_line *in, struct str nick, struct str text);
void announce_by_operator(struct core *core, struct str text);

#define X(name, params, cost, flags, fold)                                                         \
    void cmd_##name(struct core *core, const struct input_line *in);
VERB_LIST(X)
#undef X

#endif
