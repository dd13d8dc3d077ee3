/*
 * How often somebody has failed lately: a bucket for each host and each name, whether anybody is
 * called so or not. Bounded: the one that was used longest ago gives way. Pure; under the core's
 * mutex.
 */
#include "accounts.h"

#include "alloc.h"

#include <stdlib.h>

struct attempt {
    struct attempt *older; /* in the order of use */
    struct attempt *newer;
    uint64_t full_ms; /* when its bucket is full again */
    size_t len;
    char key[]; /* a letter for its kind, then the name */
};

struct attempts {
    struct strmap by_key;
    struct attempt *oldest;
    struct attempt *newest;
    struct buf key;
};

static struct str key_of(const void *value)
{
    const struct attempt *attempt = value;
    return str_make(attempt->key, attempt->len);
}

struct attempts *attempts_create(const uint64_t seed[2])
{
    struct attempts *attempts = xcalloc(1, sizeof(*attempts));
    strmap_init(&attempts->by_key, key_of, seed);
    return attempts;
}

static void unlink_attempt(struct attempts *attempts, struct attempt *attempt)
{
    *(attempt->older != NULL ? &attempt->older->newer : &attempts->oldest) = attempt->newer;
    *(attempt->newer != NULL ? &attempt->newer->older : &attempts->newest) = attempt->older;
}

static void link_newest(struct attempts *attempts, struct attempt *attempt)
{
    attempt->older = attempts->newest;
    attempt->newer = NULL;
    *(attempt->older != NULL ? &attempt->older->newer : &attempts->oldest) = attempt;
    attempts->newest = attempt;
}

static void forget_oldest(struct attempts *attempts)
{
    struct attempt *attempt = attempts->oldest;
    unlink_attempt(attempts, attempt);
    strmap_del(&attempts->by_key, key_of(attempt));
    free(attempt);
}

void attempts_destroy(struct attempts *attempts)
{
    if (attempts == NULL) {
        return;
    }
    while (attempts->oldest != NULL) {
        forget_oldest(attempts);
    }
    strmap_finish(&attempts->by_key);
    buf_finish(&attempts->key);
    free(attempts);
}

static struct attempt *find(struct attempts *attempts, enum attempt_kind kind, struct str key)
{
    buf_clear(&attempts->key);
    buf_add_char(&attempts->key, "hnr"[kind]);
    buf_add_str(&attempts->key, key);
    return strmap_get(&attempts->by_key, buf_str(&attempts->key));
}

static struct attempt *find_or_add(struct attempts *attempts, enum attempt_kind kind,
                                   struct str key)
{
    struct attempt *attempt = find(attempts, kind, key);
    if (attempt != NULL) {
        unlink_attempt(attempts, attempt);
        link_newest(attempts, attempt);
        return attempt;
    }
    if (attempts->by_key.len == CORE_ATTEMPTS_MAX) {
        forget_oldest(attempts);
    }
    struct str text = buf_str(&attempts->key);
    attempt = xcalloc(1, sizeof(*attempt) + text.len);
    attempt->len = text.len;
    memcpy(attempt->key, text.p, text.len);
    strmap_put(&attempts->by_key, attempt);
    link_newest(attempts, attempt);
    return attempt;
}

bool attempts_take(struct attempts *attempts, enum attempt_kind kind, struct str key,
                   const struct settings_bucket *bucket, uint64_t now_ms)
{
    if (bucket->burst == 0 || key.len == 0) {
        return true;
    }
    struct attempt *attempt = find_or_add(attempts, kind, key);
    uint64_t whole_ms = (uint64_t)bucket->burst * bucket->refill_ms;
    uint64_t full_ms = attempt->full_ms > now_ms ? attempt->full_ms : now_ms;
    /* A clock that went back must not lock anybody out for long. */
    full_ms = full_ms > now_ms + whole_ms ? now_ms + whole_ms : full_ms;
    if (full_ms - now_ms > whole_ms - bucket->refill_ms) {
        attempt->full_ms = full_ms;
        return false;
    }
    attempt->full_ms = full_ms + bucket->refill_ms;
    return true;
}

void attempts_give(struct attempts *attempts, enum attempt_kind kind, struct str key,
                   const struct settings_bucket *bucket)
{
    struct attempt *attempt = find(attempts, kind, key);
    if (attempt != NULL && attempt->full_ms > bucket->refill_ms) {
        attempt->full_ms -= bucket->refill_ms;
    }
}
