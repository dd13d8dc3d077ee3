/* A question in one piece of memory. Any thread. */
#include "query.h"

#include "alloc.h"

struct query *query_copy(const struct query *query)
{
    size_t bytes = query->server.len + query->nick.len + query->label.len + query->batch.len +
                   query->command.len + query->subcommand.len + query->target.len +
                   query->text.len + query->from_folded.len;
    for (unsigned i = 0; i < query->n_places; i++) {
        bytes += query->places[i].name.len;
    }
    size_t places_size = query->n_places * sizeof(*query->places);
    struct query *copy = xmalloc(sizeof(*copy) + places_size + bytes);
    struct query_place *places = (struct query_place *)(copy + 1);
    char *to = (char *)places + places_size;
    *copy = *query;
    copy->places = places;
    copy->server = str_place(&to, query->server);
    copy->nick = str_place(&to, query->nick);
    copy->label = str_place(&to, query->label);
    copy->batch = str_place(&to, query->batch);
    copy->command = str_place(&to, query->command);
    copy->subcommand = str_place(&to, query->subcommand);
    copy->target = str_place(&to, query->target);
    copy->text = str_place(&to, query->text);
    copy->from_folded = str_place(&to, query->from_folded);
    for (unsigned i = 0; i < query->n_places; i++) {
        places[i] = query->places[i];
        places[i].name = str_place(&to, query->places[i].name);
    }
    return copy;
}
