/* What a peer may ask of its connection, for tests: no chance, no certificate, no channel. */
#ifndef MARU_PEER_FIXTURE_H
#define MARU_PEER_FIXTURE_H

#include "peer.h"

static void fixture_chance(void *ctx, void *to, size_t len)
{
    memset(to, 'c', len);
}

static bool fixture_no_fingerprint(void *ctx, struct buf *out)
{
    return false;
}

static bool fixture_no_binding(void *ctx, struct str type, struct buf *out)
{
    return false;
}

static const struct peer_calls fixture_peer_calls = {
    .take_chance = fixture_chance,
    .add_fingerprint = fixture_no_fingerprint,
    .add_binding = fixture_no_binding,
};

#endif
