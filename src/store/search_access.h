/* Which places an asker of a search may read, as the database has them. One thread at a time. */
#ifndef MARU_SEARCH_ACCESS_H
#define MARU_SEARCH_ACCESS_H

#include "query.h"
#include "search_db.h"

struct search_place {
    uint64_t place;
    uint64_t since_seq; /* what is older is not for the asker */
};

struct search_access {
    struct search_place *places; /* ascending, each once */
    size_t n;
    size_t cap;
};

/* Looks up the places of the question; zeroed before. */
int search_access_read(struct search_access *access, struct search_db *db,
                       const struct query *query) MARU_CHECK;
void search_access_finish(struct search_access *access);

bool search_access_allows(const struct search_access *access, uint64_t place, uint64_t seq);

#endif
