/*
 * What an asker gets: kept messages as lines, in a batch of theirs, as its capabilities have it.
 * IRCv3 chathistory, batch, server-time, message-ids, labeled-response, standard-replies. Pure; any
 * thread.
 */
#ifndef MARU_STORE_RENDER_H
#define MARU_STORE_RENDER_H

#include "query.h"
#include "store_line.h"

/* The first line of the answer: the batch and what it is about (may be empty), with the label of
 * the command. Nothing for a client without batches. */
void store_render_open(const struct query *query, struct str type, struct str about,
                       struct buf *out);
void store_render_close(const struct query *query, struct buf *out);

/* Whether the asker's client understands what such a message is. */
bool store_render_wants(const struct query *query, enum record_kind kind);

/* One kept message. `target` is where it was said, as the asker knows it now; for direct messages
 * the message's own. */
void store_render_line(const struct query *query, const char *server_part, struct str target,
                       const struct store_line *line, struct buf *out);

/* One line of TARGETS. */
void store_render_target(const struct query *query, struct str name, uint64_t time_ms,
                         struct buf *out);

/* NOTE for who knows standard replies, else a NOTICE: `code` and `text` say what is not as one
 * might expect of the answer. Inside its batch. */
void store_render_note(const struct query *query, const char *code, const char *text,
                       struct buf *out);
/* That nothing can be read; inside the batch where one is open. */
void store_render_fail(const struct query *query, bool is_open, struct buf *out);

#endif
