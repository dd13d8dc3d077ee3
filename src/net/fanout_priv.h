/* What fanout.c (who is where), fanout_stream.c (who follows what) and fanout_cast.c (who is meant)
 * share. The edge's thread. */
#ifndef MARU_FANOUT_PRIV_H
#define MARU_FANOUT_PRIV_H

#include "fanout.h"

/* fanout.c */
struct fan_room *fanout_room(const struct fanout *fanout, room_id id);
/* The session's place in a room, or NULL. */
struct fan_place *fanout_place(struct fanout *fanout, struct fan_session *session, room_id id);
void fanout_join(struct fanout *fanout, struct fan_session *session, room_id id, uint8_t rank);
void fanout_leave(struct fanout *fanout, struct fan_session *session, struct fan_place *place);
void fanout_set_traits(struct fanout *fanout, struct fan_session *session, cap_set caps,
                       uint8_t traits);

/* fanout_stream.c */
/* What is said to the room from now on; its members begin to follow it. */
struct fan_stream *stream_of(struct fanout *fanout, struct fan_room *room);
/* Gives a session what it has not been given of what it follows. */
void stream_settle(struct fanout *fanout, struct fan_session *session);
/* What was just added to the run that the session follows is not for it. */
void stream_skip(struct fanout *fanout, struct fan_session *session);
/* The run of a class, to be added to. */
struct run *stream_run(struct fanout *fanout, struct fan_stream *stream, unsigned class);
/* The session, settled, has another class; is in the room now; is about to leave it. */
void stream_reclassed(struct fanout *fanout, struct fan_session *session);
void stream_joined(struct fanout *fanout, struct fan_session *session, struct fan_room *room);
void stream_leaves(struct fanout *fanout, struct fan_session *session, struct fan_room *room);
/* The room ends. */
void stream_orphan(struct fanout *fanout, struct fan_room *room);
void streams_finish(struct fanout *fanout);

#endif
