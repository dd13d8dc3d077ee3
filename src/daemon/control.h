/*
 * The control socket: operators' tools ask and tell the running server. Main thread, on its libuv
 * loop. Whoever may open the socket (mode 0600) may do everything.
 *
 * One JSON object a line in each direction, in order. A request is {"op": NAME, …}, an answer
 * {"ok": true, …} or {"ok": false, "error": CODE, "message": SENTENCE}. Operations:
 *     status
 *     clients, rooms   "cursor" (0 or left out at first); answers "clients" or "rooms" and "next",
 *                      the next cursor or null
 *     accounts         the same of accounts
 *     account          "name"; answers "account"
 *     suspend          "name", "reason" (may be left out): nobody may log in to the account
 *     unsuspend, unregister  "name"
 *     announce         "text"
 *     kick             "nick", "reason" (may be left out)
 *     set              "max_clients"
 *     reload           answers "messages", an array of lines; ok is false where it failed
 *     stop
 *     history          how the database is
 *     backup           copies it; answers "path"
 *     export           "room", "format": "json" or "html"; answers "path" and "messages"
 *     erase            "who": a nickname or a mask nick!user@host, or "account": the name of one;
 *                      answers "messages"
 * The last four are jobs: while one is under way, {"ok": true, "progress": {"done", "total"}} comes
 * every half second (total is 0 where nobody knows), and the tool's next requests wait. What lies
 * at a "path" is the tool's to move or copy until it asks again or hangs up; then it is removed.
 * Who hangs up ends the job.
 * Lines, answers not yet read, and the numbers of tools and jobs are bounded (daemon_limits.h).
 */
#ifndef MARU_CONTROL_H
#define MARU_CONTROL_H

#include "buf.h"
#include "config.h"
#include "status.h"

#include <uv.h>

/* Names with room for the longest that the configuration allows. NUL-terminated UTF-8. */
enum {
    CONTROL_NAME_SIZE = 136,
    CONTROL_HOST_SIZE = 80,
    CONTROL_TOPIC_SIZE = 400,
    CONTROL_MODES_SIZE = 64,
    CONTROL_EMAIL_SIZE = 260,
};

struct control_status {
    const char *name; /* borrowed until the callback's caller returns; so are all strings here */
    const char *network;
    const char *fingerprint; /* NULL without TLS */
    uint64_t started_wall_ms;
    unsigned edges;
    uint32_t clients; /* registered connections of every protocol */
    uint32_t max_clients;
    uint32_t unregistered;
    uint32_t max_unregistered;
    uint32_t users;
    uint32_t rooms;
    const struct config_listener *listeners; /* with the ports that were bound */
    size_t listeners_n;
};

struct control_client {
    char nick[CONTROL_NAME_SIZE];
    char user[CONTROL_NAME_SIZE];
    char host[CONTROL_HOST_SIZE];    /* the numeric address, or what others see */
    char account[CONTROL_NAME_SIZE]; /* "" without one */
    const char *kind;                /* what it speaks: "irc", "tls", "web", "classic"; constant */
    uint32_t rooms;
    unsigned edge;
    bool is_operator;
    bool away;
    uint64_t since_wall_ms;
    uint64_t idle_s;
};

struct control_room {
    char name[CONTROL_NAME_SIZE];
    char topic[CONTROL_TOPIC_SIZE];
    char modes[CONTROL_MODES_SIZE]; /* "+nt" */
    uint32_t members;
    uint64_t created_wall_ms;
};

struct control_account {
    char name[CONTROL_NAME_SIZE];
    char email[CONTROL_EMAIL_SIZE];     /* "" without one */
    char suspended[CONTROL_TOPIC_SIZE]; /* why; "" also where nobody said so */
    bool is_suspended;
    bool verified;
    bool has_password;
    bool always_on;
    uint32_t certificates;
    uint32_t sessions;
    uint64_t created_wall_ms;
    uint64_t seen_wall_ms; /* 0: never */
};

enum control_account_order {
    CONTROL_ACCOUNT_SUSPEND,
    CONTROL_ACCOUNT_UNSUSPEND,
    CONTROL_ACCOUNT_UNREGISTER,
};

enum control_job_kind {
    CONTROL_JOB_HISTORY,
    CONTROL_JOB_BACKUP,
    CONTROL_JOB_EXPORT,
    CONTROL_JOB_ERASE,
};

struct control_job {
    enum control_job_kind kind;
    struct str room; /* EXPORT */
    bool html;       /* EXPORT: not JSON lines */
    struct str who;  /* ERASE: a nickname, a mask, … */
    bool account;    /* … or an account */
};

struct control_history {
    bool working;        /* what is said is written */
    const char *trouble; /* the last, or NULL where there was none since the start */
    uint64_t trouble_wall_ms;
    uint64_t bytes; /* on disk, all files together */
    uint64_t messages;
    uint64_t events;         /* who came and went, topics, modes */
    uint64_t oldest_wall_ms; /* 0: there is none */
    uint64_t newest_wall_ms;
    bool search_working;
    const char *search_trouble; /* while it does not work; else NULL */
    uint64_t search_behind_ms;  /* how long ago the first was said that the index lacks; 0: none */
};

struct control_job_result {
    int status;
    const char *error; /* a sentence, where status is negative */
    const char *path;  /* BACKUP, EXPORT */
    uint64_t messages; /* EXPORT, ERASE */
    struct control_history history;
};

/* What the server does when it is asked; all on the main thread, and none may wait. `user` is the
 * one given to control_create(). */
struct control_ops {
    void (*status)(void *user, struct control_status *ret);
    /* Fill at most `max` entries, those behind `cursor` (0: from the first), and set *ret_next to
     * the cursor for the next page, or 0 where this is the last. What stays all the time is listed
     * exactly once. Return the number of entries. */
    size_t (*clients)(void *user, uint64_t cursor, struct control_client *page, size_t max,
                      uint64_t *ret_next);
    size_t (*rooms)(void *user, uint64_t cursor, struct control_room *page, size_t max,
                    uint64_t *ret_next);
    size_t (*accounts)(void *user, uint64_t cursor, struct control_account *page, size_t max,
                       uint64_t *ret_next);
    /* STATUS_NOT_FOUND where there is none of that name; here and below. */
    int (*account)(void *user, struct str name, struct control_account *ret);
    /* `reason` may be empty. */
    int (*account_order)(void *user, enum control_account_order order, struct str name,
                         struct str reason);
    /* `text` is one line, 1 to CONTROL_TEXT_MAX bytes of UTF-8 without control characters. */
    void (*announce)(void *user, struct str text);
    /* `reason` may be empty. STATUS_NOT_FOUND where nobody has that nickname. */
    int (*kick)(void *user, struct str nick, struct str reason);
    void (*set_max_clients)(void *user, uint32_t max);
    /* Adds what the operator should know; negative where the old configuration stays. */
    int (*reload)(void *user, struct config_report *messages);
    void (*stop)(void *user);

    /* Begins a job elsewhere; control_job_done() says when it has ended, after this has returned.
     * Negative, with a sentence, where it is not begun. */
    int (*job_begin)(void *user, uint64_t id, const struct control_job *job, struct buf *error);
    void (*job_progress)(void *user, uint64_t id, uint64_t *ret_done, uint64_t *ret_total);
    /* Nobody wants the job or its file any more. Once for each that began. */
    void (*job_forget)(void *user, uint64_t id);
};

struct control;

/* Listens on `path`. A socket that is there already is replaced only if nobody answers on it:
 * STATUS_EXISTS where another server runs there, STATUS_IO with errno in `error` otherwise. `ops`
 * must outlive the control. */
int control_create(uv_loop_t *loop, const char *path, const struct control_ops *ops, void *user,
                   struct control **ret, struct buf *error) MARU_CHECK;

/* A job has ended; nothing happens where its tool has gone. */
void control_job_done(struct control *control, uint64_t id,
                      const struct control_job_result *result);

/* Stops listening, removes the socket, and closes the tools' connections once the answers under way
 * are written or their readers are given up. The loop must run on until it has no more handles of
 * ours; the memory goes with the last of them. NULL is nothing. */
void control_destroy(struct control *control);

#endif
