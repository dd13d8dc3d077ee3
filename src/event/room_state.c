/* A room's lasting state in one piece of memory. Any thread. */
#include "room_state.h"

#include "alloc.h"

struct room_state *room_state_copy(const struct room_state *state)
{
    size_t bytes = state->name.len + state->folded.len + state->skeleton.len + state->modes.len +
                   state->params.len + state->key.len + state->topic.len + state->topic_by.len;
    for (unsigned i = 0; i < state->n_masks; i++) {
        const struct room_state_mask *mask = &state->masks[i];
        bytes += mask->mask.len + mask->mask_folded.len + mask->by.len;
    }
    size_t masks_size = state->n_masks * sizeof(*state->masks);
    size_t ranks_size = state->n_ranks * sizeof(*state->ranks);
    struct room_state *copy = xmalloc(sizeof(*copy) + masks_size + ranks_size + bytes);
    struct room_state_mask *masks = (struct room_state_mask *)(copy + 1);
    struct room_state_rank *ranks = (struct room_state_rank *)((char *)masks + masks_size);
    char *to = (char *)ranks + ranks_size;
    *copy = *state;
    copy->masks = masks;
    copy->ranks = ranks;
    if (ranks_size > 0) {
        memcpy(ranks, state->ranks, ranks_size);
    }
    copy->name = str_place(&to, state->name);
    copy->folded = str_place(&to, state->folded);
    copy->skeleton = str_place(&to, state->skeleton);
    copy->modes = str_place(&to, state->modes);
    copy->params = str_place(&to, state->params);
    copy->key = str_place(&to, state->key);
    copy->topic = str_place(&to, state->topic);
    copy->topic_by = str_place(&to, state->topic_by);
    for (unsigned i = 0; i < state->n_masks; i++) {
        masks[i] = state->masks[i];
        masks[i].mask = str_place(&to, state->masks[i].mask);
        masks[i].mask_folded = str_place(&to, state->masks[i].mask_folded);
        masks[i].by = str_place(&to, state->masks[i].by);
    }
    return copy;
}
