/*
 * A message of several lines that a session is about to say (cmd_batch.c), as cmd_message.c says
 * it. Pure; under the core's mutex.
 */
#ifndef MARU_MULTILINE_H
#define MARU_MULTILINE_H

#include "core_priv.h"

struct multiline;

/* The line belongs to such a message, or should: nothing else is to be done with it. */
bool multiline_takes(struct core *core, const struct input_line *in, enum verb_id verb);
/* With a msgid of its own, as cast_message() gives one. */
struct message *multiline_message(struct core *core, const struct multiline *m, struct str target,
                                  struct str tags);
/* The text of its first line. */
struct str multiline_first(const struct multiline *m);

/* cmd_message.c: the whole to its target; `tags` as the client sent them. */
void say_multiline(struct core *core, const struct multiline *m, enum verb_id verb,
                   struct str target, struct str folded, struct str tags);

#endif
