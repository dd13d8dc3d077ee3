/*
 * What NAMES says of a crowded room, kept while people come in: each newcomer gets the names of
 * everybody, so a thousand who come at once would have each name made a thousand times. The text is
 * that for members, who see everybody. Pure; under the core's mutex.
 */
#ifndef MARU_NAMES_CACHE_H
#define MARU_NAMES_CACHE_H

#include "core_priv.h"

/* How a name is written, as bits. */
enum { NAMES_ALL_PREFIXES = 1, NAMES_MASKS = 2, NAMES_FORMS = 4 };

enum names_source {
    NAMES_READY,     /* `names` are one line's, up to the member with id `last` */
    NAMES_ELSEWHERE, /* the caller makes lines of the members up to `last` */
    NAMES_COMPLETE,  /* there are no more members */
};

struct names_piece {
    struct str names; /* until the room or the core changes */
    uint64_t last;
};

/* What follows the member with id `cursor`. */
enum names_source names_cache_next(struct core *core, struct room *room, unsigned form,
                                   uint64_t cursor, struct names_piece *ret_piece);

/* "@nick" or "@nick!user@host". */
void names_add(struct buf *out, const struct user *user, uint8_t rank, unsigned form);

#endif
