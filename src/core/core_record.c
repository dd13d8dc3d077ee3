/*
 * What is said becomes a record for the store, before anybody is told of it. Pure; under the core's
 * mutex. Knows nothing of what becomes of a record.
 */
#include "core_priv.h"

#include "reply.h"

static void emit(struct core *core, struct message *message, const struct record *record,
                 session_id by)
{
    refcount_up(&message->holders);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_RECORD,
                        .session = by,
                        .record = *record,
                        .message = message,
                    });
}

bool record_message(struct core *core, struct message *message, enum record_kind kind,
                    struct place place, user_id sender, session_id by)
{
    if (!core->settings->history) {
        return false;
    }
    uint64_t seq = core_last_seq(core);
    const struct record record = {
        .seq = seq, .message_seq = seq, .place = place, .sender = sender, .kind = kind};
    emit(core, message, &record, by);
    return true;
}

void record_in_rooms(struct core *core, struct message *message, enum record_kind kind,
                     user_id sender)
{
    uint64_t message_seq = core_last_seq(core);
    for (uint32_t i = 0; core->settings->history && i < message->n_rooms - message->n_closed; i++) {
        const struct record record = {
            .seq = i == 0 ? message_seq : ++core->next_message,
            .message_seq = message_seq,
            .place = place_of_room(message->rooms[i]),
            .sender = sender,
            .kind = kind,
        };
        emit(core, message, &record, 0);
    }
}
