/* An account's lasting state in one piece of memory. Any thread. */
#include "account_state.h"

#include "alloc.h"

#include <stddef.h>
#include <stdlib.h>

struct account_state account_state_parts(const struct account_state *state)
{
    const size_t at = offsetof(struct account_state, id);
    struct account_state parts = {0};
    memcpy((char *)&parts + at, (const char *)state + at, sizeof(parts) - at);
    return parts;
}

struct account_state *account_state_create(const struct account_state *parts)
{
    const struct str *const texts[] = {
        &parts->name,  &parts->folded, &parts->skeleton, &parts->password_hash, &parts->scram,
        &parts->email, &parts->code,   &parts->user,     &parts->suspended_why, &parts->realname,
    };
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        bytes += texts[i]->len;
    }
    for (unsigned i = 0; i < parts->n_fingerprints; i++) {
        bytes += parts->fingerprints[i].len;
    }
    size_t rooms_size = parts->n_rooms * sizeof(*parts->rooms);
    size_t fingerprints_size = parts->n_fingerprints * sizeof(*parts->fingerprints);
    struct account_state *state = xmalloc(sizeof(*state) + rooms_size + fingerprints_size + bytes);
    struct account_room *rooms = (struct account_room *)(state + 1);
    struct str *fingerprints = (struct str *)((char *)rooms + rooms_size);
    char *to = (char *)fingerprints + fingerprints_size;
    *state = *parts;
    refcount_set(&state->holders, 1);
    state->rooms = rooms;
    if (rooms_size > 0) {
        memcpy(rooms, parts->rooms, rooms_size);
    }
    state->fingerprints = fingerprints;
    for (unsigned i = 0; i < parts->n_fingerprints; i++) {
        fingerprints[i] = str_place(&to, parts->fingerprints[i]);
    }
    state->name = str_place(&to, parts->name);
    state->folded = str_place(&to, parts->folded);
    state->skeleton = str_place(&to, parts->skeleton);
    state->password_hash = str_place(&to, parts->password_hash);
    state->scram = str_place(&to, parts->scram);
    state->email = str_place(&to, parts->email);
    state->code = str_place(&to, parts->code);
    state->user = str_place(&to, parts->user);
    state->suspended_why = str_place(&to, parts->suspended_why);
    state->realname = str_place(&to, parts->realname);
    return state;
}

struct account_state *account_state_ref(struct account_state *state)
{
    refcount_up(&state->holders);
    return state;
}

void account_state_unref(struct account_state *state)
{
    if (state != NULL && refcount_down(&state->holders)) {
        free(state);
    }
}
