/*
 * The capabilities that Maru speaks: one list for the server, for negotiation before and after
 * registration, and for tests. Pure; any thread. IRCv3 "Client Capability Negotiation".
 */
#ifndef MARU_CAP_H
#define MARU_CAP_H

#include "buf.h"
#include "str.h"

/* X(IDENTIFIER, "name"): the order is the order of CAP LS. */
#define CAP_LIST(X)                                                                                \
    X(ACCOUNT_NOTIFY, "account-notify")                                                            \
    X(ACCOUNT_TAG, "account-tag")                                                                  \
    X(AWAY_NOTIFY, "away-notify")                                                                  \
    X(BATCH, "batch")                                                                              \
    X(CAP_NOTIFY, "cap-notify")                                                                    \
    X(ACCOUNT_REGISTRATION, "draft/account-registration")                                          \
    X(CHATHISTORY, "draft/chathistory")                                                            \
    X(EVENT_PLAYBACK, "draft/event-playback")                                                      \
    X(MESSAGE_REDACTION, "draft/message-redaction")                                                \
    X(READ_MARKER, "draft/read-marker")                                                            \
    X(PRE_AWAY, "draft/pre-away")                                                                  \
    X(ECHO_MESSAGE, "echo-message")                                                                \
    X(EXTENDED_ISUPPORT, "draft/extended-isupport")                                                \
    X(EXTENDED_JOIN, "extended-join")                                                              \
    X(EXTENDED_MONITOR, "extended-monitor")                                                        \
    X(INVITE_NOTIFY, "invite-notify")                                                              \
    X(LABELED_RESPONSE, "labeled-response")                                                        \
    X(METADATA_2, "draft/metadata-2")                                                              \
    X(METADATA_3, "draft/metadata-3")                                                              \
    X(MESSAGE_TAGS, "message-tags")                                                                \
    X(MULTILINE, "draft/multiline")                                                                \
    X(MULTI_PREFIX, "multi-prefix")                                                                \
    X(SASL, "sasl")                                                                                \
    X(NO_IMPLICIT_NAMES, "no-implicit-names")                                                      \
    X(SERVER_TIME, "server-time")                                                                  \
    X(SETNAME, "setname")                                                                          \
    X(SEARCH, "soju.im/search")                                                                    \
    X(STANDARD_REPLIES, "standard-replies")                                                        \
    X(USERHOST_IN_NAMES, "userhost-in-names")                                                      \
    X(PLAYBACK, "znc.in/playback")

enum {
#define X(id, name) CAP_BIT_##id,
    CAP_LIST(X)
#undef X
        CAP_COUNT
};

/* A set of capabilities: CAP_SERVER_TIME | CAP_BATCH … An edge keeps the lowest CAP_SET_BITS. */
typedef uint64_t cap_set;

enum { CAP_SET_BITS = 40 };

_Static_assert((int)CAP_COUNT <= (int)CAP_SET_BITS,
               "a session on an edge has so many bits for them");

/* There will be more of them than an int has bits. */
__extension__ enum {
#define X(id, name) CAP_##id = 1ull << CAP_BIT_##id,
    CAP_LIST(X)
#undef X
        CAP_ALL = (1ull << CAP_COUNT) - 1,
    CAPS_OF_METADATA = CAP_METADATA_2 | CAP_METADATA_3,
    /* They say with a value what they can do, or are younger than that: clients of before version
     * 302, whose list must fit into one line, are not told of them. */
    CAPS_OF_302 = CAPS_OF_METADATA | CAP_MULTILINE | CAP_ACCOUNT_REGISTRATION |
                  CAP_EXTENDED_ISUPPORT | CAP_PRE_AWAY,
    /* Those that mean something only where what is said is kept. */
    CAP_OF_HISTORY =
        CAP_CHATHISTORY | CAP_EVENT_PLAYBACK | CAP_MESSAGE_REDACTION | CAP_SEARCH | CAP_PLAYBACK,
    /* … and those that do where people may have accounts. */
    CAP_OF_ACCOUNTS = CAP_ACCOUNT_NOTIFY | CAP_ACCOUNT_TAG | CAP_ACCOUNT_REGISTRATION |
                      CAP_READ_MARKER | CAP_SASL,
};

/* Who negotiated any of these understands FAIL: the drafts answer with nothing else. */
__extension__ enum {
    CAPS_THAT_KNOW_FAIL = CAP_STANDARD_REPLIES | CAP_ACCOUNT_REGISTRATION | CAP_CHATHISTORY |
                          CAP_MESSAGE_REDACTION | CAP_READ_MARKER | CAP_SEARCH | CAPS_OF_METADATA |
                          CAP_MULTILINE,
};

/* The set with just this capability, or 0 where the name is unknown. */
cap_set cap_find(struct str name);

/* Of one of CAP_BIT_… */
struct str cap_name(unsigned bit);

/* Appends the names in the set, separated by spaces. */
void cap_add_names(struct buf *out, cap_set caps);

/* Takes as many whole words from the front of a list as fit into `max` bytes (a word that is longer
 * is cut), for one of several lines. Leaves *words empty behind the last one. */
struct str cap_take_words(struct str *words, size_t max);

/* Applies a CAP REQ list ("a -b c") to *caps as a whole: true and *caps changed, or false and
 * unchanged where any name is unknown or not `offered`. `version` is the client's CAP version:
 * cap-notify cannot be switched off from 302 on. */
bool cap_apply(struct str list, unsigned version, cap_set offered, cap_set *caps);

#endif
