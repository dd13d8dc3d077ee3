/* Counts of connections by address and network, behind one lock. Any thread. */
#include "admission.h"

#include "alloc.h"
#include "lock.h"
#include "map.h"

#include <stdlib.h>
#include <sys/random.h>

struct tally {
    struct address address;
    unsigned connections;
    unsigned unregistered;
};

struct admission {
    struct lock lock;
    struct admission_limits limits;
    unsigned unregistered;
    struct strmap addresses; /* struct tally */
    struct strmap networks;
};

static struct str tally_key(const void *value)
{
    const struct tally *tally = value;
    return (struct str){(const char *)tally->address.bytes, sizeof(tally->address.bytes)};
}

struct admission *admission_create(const struct admission_limits *limits)
{
    struct admission *admission = xcalloc(1, sizeof(*admission));
    uint64_t seed[2] = {0, 0};
    /* A peer may choose its IPv6 address; it must not be able to choose collisions. */
    CHECK(getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
    lock_init(&admission->lock);
    admission->limits = *limits;
    strmap_init(&admission->addresses, tally_key, seed);
    strmap_init(&admission->networks, tally_key, seed);
    return admission;
}

static void finish_tallies(struct strmap *map)
{
    size_t at = 0;
    struct tally *tally;
    while ((tally = strmap_step(map, &at)) != NULL) {
        free(tally);
    }
    strmap_finish(map);
}

void admission_destroy(struct admission *admission)
{
    if (admission != NULL) {
        finish_tallies(&admission->addresses);
        finish_tallies(&admission->networks);
        lock_finish(&admission->lock);
        free(admission);
    }
}

void admission_set_limits(struct admission *admission, const struct admission_limits *limits)
{
    lock_enter(&admission->lock);
    admission->limits = *limits;
    lock_leave(&admission->lock);
}

static struct tally *find(const struct strmap *map, const struct address *address)
{
    return strmap_get(map, (struct str){(const char *)address->bytes, sizeof(address->bytes)});
}

static struct tally *find_or_make(struct strmap *map, const struct address *address)
{
    struct tally *tally = find(map, address);
    if (tally == NULL) {
        tally = xcalloc(1, sizeof(*tally));
        tally->address = *address;
        strmap_put(map, tally);
    }
    return tally;
}

static void forget_empty(struct strmap *map, struct tally *tally)
{
    if (tally->connections == 0) {
        strmap_del(map, tally_key(tally));
        free(tally);
    }
}

static bool over(unsigned count, unsigned max)
{
    return max > 0 && count >= max;
}

/* Whether one more may come from there. Under the lock, as what follows. */
static bool has_room(struct admission *admission, const struct address *address, bool exempt)
{
    struct address net = address_network(address);
    const struct admission_limits *limits = &admission->limits;
    const struct tally *here = find(&admission->addresses, address);
    const struct tally *around = find(&admission->networks, &net);
    if (exempt || (!limits->loopback && address_is_loopback(address))) {
        return true;
    }
    return !(here != NULL && (over(here->connections, limits->per_address) ||
                              over(here->unregistered, limits->unregistered_per_address))) &&
           !(around != NULL && over(around->connections, limits->per_network));
}

static void count(struct admission *admission, const struct address *address)
{
    struct address net = address_network(address);
    struct tally *mine = find_or_make(&admission->addresses, address);
    mine->connections++;
    mine->unregistered++;
    find_or_make(&admission->networks, &net)->connections++;
    admission->unregistered++;
}

static void discount(struct admission *admission, const struct address *address, bool registered)
{
    struct address net = address_network(address);
    struct tally *here = find(&admission->addresses, address);
    struct tally *around = find(&admission->networks, &net);
    CHECK(here != NULL && around != NULL);
    here->connections--;
    around->connections--;
    if (!registered) {
        here->unregistered--;
        admission->unregistered--;
    }
    forget_empty(&admission->addresses, here);
    forget_empty(&admission->networks, around);
}

int admission_enter(struct admission *admission, const struct address *address, bool exempt)
{
    lock_enter(&admission->lock);
    int status = STATUS_OK;
    if (over(admission->unregistered, admission->limits.unregistered_max)) {
        status = STATUS_FULL;
    } else if (!has_room(admission, address, exempt)) {
        status = STATUS_DENIED;
    } else {
        count(admission, address);
    }
    lock_leave(&admission->lock);
    return status;
}

int admission_move(struct admission *admission, const struct address *from,
                   const struct address *to, bool exempt)
{
    lock_enter(&admission->lock);
    int status = has_room(admission, to, exempt) ? STATUS_OK : STATUS_DENIED;
    if (status == STATUS_OK) {
        discount(admission, from, false);
        count(admission, to);
    }
    lock_leave(&admission->lock);
    return status;
}

void admission_registered(struct admission *admission, const struct address *address)
{
    lock_enter(&admission->lock);
    find(&admission->addresses, address)->unregistered--;
    admission->unregistered--;
    lock_leave(&admission->lock);
}

void admission_leave(struct admission *admission, const struct address *address, bool registered)
{
    lock_enter(&admission->lock);
    discount(admission, address, registered);
    lock_leave(&admission->lock);
}

unsigned admission_unregistered(struct admission *admission)
{
    lock_enter(&admission->lock);
    unsigned n = admission->unregistered;
    lock_leave(&admission->lock);
    return n;
}
