/*
 * How many connections there are, in all and from where: what is refused here costs nothing more.
 * Shared by all edges; any thread.
 */
#ifndef MARU_ADMISSION_H
#define MARU_ADMISSION_H

#include "address.h"
#include "status.h"

struct admission;

/* Each 0 is no limit. */
struct admission_limits {
    unsigned unregistered_max;
    unsigned per_address;
    unsigned per_network; /* /24 or /64 */
    unsigned unregistered_per_address;
    bool loopback; /* whether the last three count for loopback too */
};

struct admission *admission_create(const struct admission_limits *limits);
void admission_destroy(struct admission *admission);
void admission_set_limits(struct admission *admission, const struct admission_limits *limits);

/* A connection came: STATUS_FULL where there are too many unregistered ones, STATUS_DENIED where
 * too many are from its address or network; otherwise it counts, as unregistered. Of one that is
 * `exempt` the address does not matter. */
int admission_enter(struct admission *admission, const struct address *address,
                    bool exempt) MARU_CHECK;
/* An unregistered one turns out to come from elsewhere: as if it had come from there. Where that is
 * refused, it still counts as it did. */
int admission_move(struct admission *admission, const struct address *from,
                   const struct address *to, bool exempt) MARU_CHECK;
/* It is registered now. */
void admission_registered(struct admission *admission, const struct address *address);
/* It is gone. */
void admission_leave(struct admission *admission, const struct address *address, bool registered);

unsigned admission_unregistered(struct admission *admission);

#endif
