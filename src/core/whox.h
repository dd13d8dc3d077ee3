/* WHOX: WHO that asks for fields (IRCv3 "WHOX"): "%tcna,42". Pure; under the core's mutex. */
#ifndef MARU_WHOX_H
#define MARU_WHOX_H

#include "core_priv.h"

enum { WHOX_TOKEN_MAX = 3 };

/* What a WHO asks for: no field means an ordinary one. Small, so that a walk keeps it as numbers.
 */
struct whox {
    uint64_t fields; /* bits, in the order of a reply */
    char token[WHOX_TOKEN_MAX + 1];
};

/* Of the second parameter of WHO. */
struct whox whox_parse(struct str param);
/* A line of the answer. `room` is the one to show beside the user, or NULL; `flags` are as in 352.
 */
void whox_add_user(struct core *core, const struct whox *whox, const struct user *user,
                   const struct room *room, struct str flags);

#endif
