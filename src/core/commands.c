/* The handler of every verb: event/verb.h names them, each family has a file cmd_*.c. */
#include "core_priv.h"

static const command_fn handlers[VERB_COUNT] = {
#define X(name, params, cost, flags, fold) [VERB_##name] = cmd_##name,
    VERB_LIST(X)
#undef X
};

command_fn command_handler(enum verb_id id)
{
    return handlers[id];
}
