/* A database with its writer and shorthands to fill and ask it, for tests of the store. */
#ifndef MARU_STORE_FIXTURE_H
#define MARU_STORE_FIXTURE_H

#include "unit.h"

#include "cap.h"
#include "store_read.h"
#include "store_write.h"

enum { CAPS_ALL = CAP_BATCH | CAP_SERVER_TIME | CAP_MESSAGE_TAGS | CAP_STANDARD_REPLIES };

struct store_fixture {
    struct store_db db;
    struct store_write write;
    uint64_t now_ms; /* of what is said next */
};

/* A new database; ":memory:" or a path. */
void fixture_open(struct store_fixture *f, const char *path);
void fixture_close(struct store_fixture *f);

/* An effect that records "NICK says TEXT" and the like; its message is the caller's. */
struct effect fixture_record(uint64_t seq, struct place place, user_id sender,
                             enum record_kind kind, uint64_t time_ms, const char *tags,
                             const char *body);

/* Writes one record: "a!a@h" says `body` ("PRIVMSG #r :hello") at f->now_ms. */
void fixture_add(struct store_fixture *f, uint64_t seq, struct place place, enum record_kind kind,
                 const char *body);
/* The same with tags. */
void fixture_add_tagged(struct store_fixture *f, uint64_t seq, struct place place,
                        enum record_kind kind, const char *tags, const char *body);

/* Gives the whole answer, piece by piece; *ret_pieces may be NULL. The caller frees the text. */
char *fixture_ask(struct store_fixture *f, const struct query *query, unsigned *ret_pieces);

/* The texts of the answer's messages, each followed by a space: "one two ". */
char *fixture_texts(struct store_fixture *f, const struct query *query);

/* A question about room 7, called #r. */
struct query fixture_query(enum query_order order, unsigned limit);

/* A new folder, and a path in it; removed with all that is there. */
char *fixture_folder(void);
char *fixture_path(const char *folder, const char *name);
void fixture_remove(char *folder);

#endif
