/*
 * The commands that exist: what each is called, how many parameters it needs, what it costs, and
 * which of its parameters are names, so that the edge can fold them. Pure; any thread.
 * The handlers stand in core/commands.c, one for each verb here.
 */
#ifndef MARU_VERB_H
#define MARU_VERB_H

#include "str.h"

/* X(NAME, parameters needed, cost, flags, folded parameters as bits).
 * A cost is in tenths of an ordinary command (settings_bucket).
 * ALL in the last column folds every parameter. */
#define VERB_LIST(X)                                                                               \
    X(ADMIN, 0, 10, 0, 0x1)                                                                        \
    X(ANNOUNCE, 1, 10, 0, 0)                                                                       \
    X(AUTHENTICATE, 1, 10, 0, 0)                                                                   \
    X(AWAY, 0, 10, 0, 0)                                                                           \
    X(BATCH, 1, 2, 0, 0x4)                                                                         \
    X(CAP, 1, 5, 0, 0)                                                                             \
    X(CHATHISTORY, 0, 20, 0, 0x2)                                                                  \
    X(ERROR, 0, 1, 0, 0)                                                                           \
    X(HELP, 0, 10, 0, 0)                                                                           \
    X(HELPOP, 0, 10, 0, 0)                                                                         \
    X(INFO, 0, 20, 0, 0x1)                                                                         \
    X(INVITE, 0, 10, 0, 0x3)                                                                       \
    X(ISON, 1, 10, 0, VERB_FOLD_ALL)                                                               \
    X(ISUPPORT, 0, 10, 0, 0)                                                                       \
    X(JOIN, 1, 10, VERB_NEW_NAMES, 0x1)                                                            \
    X(KICK, 2, 10, 0, 0x3)                                                                         \
    X(KILL, 1, 10, 0, 0x1)                                                                         \
    X(LINKS, 0, 10, 0, 0x3)                                                                        \
    X(LIST, 0, 20, 0, 0x3)                                                                         \
    X(LUSERS, 0, 10, 0, 0)                                                                         \
    X(MARKREAD, 0, 10, 0, 0x1)                                                                     \
    X(METADATA, 2, 10, 0, 0x1)                                                                     \
    X(MODE, 1, 10, 0, VERB_FOLD_ALL)                                                               \
    X(MONITOR, 1, 10, 0, 0x2)                                                                      \
    X(MOTD, 0, 15, 0, 0x1)                                                                         \
    X(NAMES, 0, 15, 0, 0x1)                                                                        \
    X(NICK, 0, 10, VERB_NEW_NAMES, 0x1)                                                            \
    X(NOTICE, 0, 10, VERB_SPEAKS, 0x1)                                                             \
    X(NPC, 3, 10, VERB_SPEAKS, 0x1)                                                                \
    X(NPCA, 3, 10, VERB_SPEAKS, 0x1)                                                               \
    X(OPER, 2, 30, 0, 0)                                                                           \
    X(PART, 1, 10, 0, 0x1)                                                                         \
    X(PASS, 0, 10, 0, 0)                                                                           \
    X(PING, 0, 5, 0, 0)                                                                            \
    X(PONG, 0, 1, 0, 0)                                                                            \
    X(PRIVMSG, 0, 10, VERB_SPEAKS, 0x1)                                                            \
    X(QUIT, 0, 1, 0, 0)                                                                            \
    X(REDACT, 2, 10, 0, 0x1)                                                                       \
    X(REGISTER, 3, 30, VERB_NEW_NAMES, 0x1)                                                        \
    X(REHASH, 0, 20, 0, 0)                                                                         \
    X(SCENE, 2, 10, VERB_SPEAKS, 0x1)                                                              \
    X(SEARCH, 0, 50, VERB_ATTRIBUTES, 0)                                                           \
    X(SETNAME, 1, 10, 0, 0)                                                                        \
    X(STATS, 0, 15, 0, 0x2)                                                                        \
    X(TAGMSG, 1, 10, 0, 0x1)                                                                       \
    X(TIME, 0, 10, 0, 0x1)                                                                         \
    X(TOPIC, 1, 10, 0, 0x1)                                                                        \
    X(USER, 0, 10, 0, 0)                                                                           \
    X(USERHOST, 1, 10, 0, VERB_FOLD_ALL)                                                           \
    X(VERIFY, 2, 20, 0, 0x1)                                                                       \
    X(VERSION, 0, 10, 0, 0x1)                                                                      \
    X(WALLOPS, 1, 10, 0, 0)                                                                        \
    X(WHO, 0, 15, 0, 0x1)                                                                          \
    X(WHOIS, 0, 10, 0, 0x3)                                                                        \
    X(WHOWAS, 0, 10, 0, 0x1)

enum {
    VERB_NEW_NAMES =
        1, /* parameter 0 lists names that may become new: verdicts and skeletons wanted */
    VERB_SPEAKS = 2, /* carries chat: counts as activity */
    VERB_ATTRIBUTES =
        4, /* parameter 0 is "in=…;from=…;…" as tags are: folded[0] and [1] are those two */
    VERB_FOLD_ALL = 0xffff,
};

enum verb_id {
#define X(name, params, cost, flags, fold) VERB_##name,
    VERB_LIST(X)
#undef X
        VERB_COUNT
};

struct verb {
    struct str name; /* in capitals */
    enum verb_id id;
    uint8_t params_min;
    uint8_t cost;
    uint8_t flags;
    uint16_t fold; /* bit i: parameter i is a name, a mask or a list of them */
};

/* NULL where there is no such command. Not sensitive to ASCII case. */
const struct verb *verb_find(struct str name);

const struct verb *verb_by_id(enum verb_id id);

#endif
