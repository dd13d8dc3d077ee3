/*
 * Masks that say more than nick!user@host, as letters between '~' and ':' in front of one:
 *     ~a:account            whoever is logged in to it (IRCv3 "account-extban"); * and ? as in
 * masks ~m:mask               may not speak, but enter ~t:minutes:mask       ends by itself
 *     ~f:#room:mask         who wants to enter goes there instead
 * They may be combined, each once: ~t:60:~m:~a:pest. Words can be written for the letters: account,
 * mute, time, forward. Pure; knows nothing of rooms.
 */
#ifndef MARU_EXTBAN_H
#define MARU_EXTBAN_H

#include "buf.h"
#include "str.h"

#define EXTBAN_LETTERS "afmt"

struct extban {
    bool of_account;
    bool mutes;
    uint64_t minutes;    /* 0: it does not end */
    struct str forward;  /* a room's name; empty: none */
    struct str compared; /* the mask, or what an account's name is compared with */
};

/* False where the text begins with '~' and is none of these, or says something twice. The views
 * are of `text`. What has no '~' is a plain mask. */
bool extban_parse(struct str text, struct extban *ret_ban);

/* Appends it in the one form in which it is kept: letters, in the order t, f, m, a; a mask is made
 * whole (mask_normalise). */
void extban_add(const struct extban *ban, struct buf *out);

#endif
