/*
 * The answer to a message that reached who is here, but not the disk: the echo, or the answer that
 * holds it, with a FAIL in its place. IRCv3 standard-replies, labeled-response. Pure; any thread.
 */
#ifndef MARU_NOT_STORED_H
#define MARU_NOT_STORED_H

#include "message.h"

/* What the sender's lines look like. */
struct not_stored_form {
    const char *server;
    cap_set caps;
};

/* Appends ":server FAIL PRIVMSG NOT_STORED #room id :…", or a NOTICE where the sender knows no
 * standard replies. */
void not_stored_add(struct buf *out, const struct not_stored_form *form,
                    const struct message *lost);

/* Whether this answer has a label, or is part of a batch that has. */
bool not_stored_is_labelled(struct str answer);

/* Appends the answer without the echoes of `lost`: with a FAIL in the place of each, or, where
 * `quiet`, nothing. The FAIL carries the label; where more lines than one do, they get a batch,
 * whose reference is made of `seq`. */
void not_stored_answer(struct buf *out, const struct not_stored_form *form, struct str answer,
                       struct message *const *lost, unsigned n_lost, bool quiet, uint64_t seq);

#endif
