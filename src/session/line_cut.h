/*
 * Cuts a peer's bytes into lines, and passes over those that are too long without keeping them.
 * Pure; one thread at a time.
 */
#ifndef MARU_LINE_CUT_H
#define MARU_LINE_CUT_H

#include "str.h"

enum line_cut {
    LINE_CUT_MORE,    /* no line has ended: what is left of the bytes is to be kept */
    LINE_CUT_LINE,    /* a line, without its end */
    LINE_CUT_LONG,    /* one that was longer than PEER_LINE_MAX has ended; its bytes are gone */
    LINE_CUT_ENDLESS, /* one is longer than recvq_bytes: its peer is to be closed */
};

/* Takes a line off the front of *bytes. *skipped is the caller's for each peer, 0 at first: how
 * many bytes of an over-long line were passed over already. */
enum line_cut line_cut(struct str *bytes, uint32_t *skipped, size_t recvq_bytes,
                       struct str *ret_line);

#endif
