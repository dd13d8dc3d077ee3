/* store_write.c, store_db.c, store_line.c: what is written is there, whole, after opening again. */
#include "store_fixture.h"

#include "msgid.h"
#include "store_room.h"

#include <sqlite3.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

static void keeps_across_opening(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "a.db");
    struct store_fixture f;
    fixture_open(&f, path);
    char server_part[12];
    memcpy(server_part, f.db.server_part, sizeof(server_part));
    assert_int_equal(strlen(server_part), MSGID_SERVER_LEN);
    assert_true(server_part[0] >= 'a' && server_part[0] <= 'z');
    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    fixture_add(&f, 11, room, RECORD_NOTICE, "NOTICE #r :two");
    fixture_close(&f);
    fixture_open(&f, path);
    assert_string_equal(f.db.server_part, server_part);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "one two ");
    free(texts);
    fixture_close(&f);
    free(path);
    fixture_remove(folder);
}

static void a_database_has_its_own_identity(void **state)
{
    struct store_fixture a;
    struct store_fixture b;
    fixture_open(&a, ":memory:");
    fixture_open(&b, ":memory:");
    assert_string_not_equal(a.db.server_part, b.db.server_part);
    fixture_close(&a);
    fixture_close(&b);
}

static void refuses_other_databases(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "other.db");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE t(x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    struct store_db db;
    struct buf error = {0};
    assert_true(store_db_open(&db, path, STORE_WRITER, &error) < 0);
    assert_non_null(memmem(error.p, error.len, "something else", 14));
    buf_finish(&error);
    free(path);
    path = fixture_path(folder, "newer.db");
    struct store_fixture f;
    fixture_open(&f, path);
    assert_int_equal(store_db_exec(&f.db, "PRAGMA user_version = 9999"), 0);
    fixture_close(&f);
    assert_true(store_db_open(&db, path, STORE_WRITER, &error) < 0);
    assert_non_null(memmem(error.p, error.len, "newer", 5));
    buf_finish(&error);
    free(path);
    fixture_remove(folder);
}

/* ---- rooms ---- */

static struct effect room_effect(room_id id, const char *topic, unsigned n_masks)
{
    static const struct room_state_mask masks[] = {
        {'b', {"Bad!*@*", 7}, {"bad!*@*", 7}, {"op!o@h", 6}, 5},
        {'e', {"Good!*@*", 8}, {"good!*@*", 8}, {"", 0}, 6, 99},
    };
    static const struct room_state_rank ranks[] = {{50, 8}, {51, 1}};
    struct room_state room_now = {
        .id = id,
        .name = STR("#방"),
        .folded = STR("#방"),
        .skeleton = STR("#skel"),
        .modes = STR("ntf"),
        .params = STR("#elsewhere"),
        .founder = 50,
        .registered_ms = 55,
        .ranks = ranks,
        .n_ranks = 2,
        .key = STR("secret"),
        .limit = 12,
        .topic = str_from(topic),
        .topic_by = STR("n1"),
        .topic_ms = 77,
        .since_ms = 66,
        .empty_ms = 88,
        .masks = masks,
        .n_masks = n_masks,
    };
    return (struct effect){.kind = EFFECT_ROOM, .room_state = room_state_copy(&room_now)};
}

struct seen {
    unsigned n;
    room_id ids[8];
    char topic[64];
    unsigned n_masks;
};

static void see_room(void *ctx, const struct room_state *state)
{
    struct seen *seen = ctx;
    seen->ids[seen->n++] = state->id;
    snprintf(seen->topic, sizeof(seen->topic), STR_FMT, STR_ARG(state->topic));
    seen->n_masks = state->n_masks;
    assert_str(state->name, "#방");
    assert_str(state->skeleton, "#skel");
    assert_str(state->modes, "ntf");
    assert_str(state->params, "#elsewhere");
    assert_int_equal(state->founder, 50);
    assert_int_equal(state->registered_ms, 55);
    assert_int_equal(state->n_ranks, 2);
    assert_int_equal(state->ranks[0].account, 50);
    assert_int_equal(state->ranks[0].rank, 8);
    assert_int_equal(state->ranks[1].account, 51);
    assert_int_equal(state->ranks[1].rank, 1);
    assert_str(state->key, "secret");
    assert_str(state->topic_by, "n1");
    assert_int_equal(state->limit, 12);
    assert_int_equal(state->topic_ms, 77);
    assert_int_equal(state->since_ms, 66);
    assert_int_equal(state->empty_ms, 88);
    if (state->n_masks == 2) {
        assert_int_equal(state->masks[0].list, 'b');
        assert_str(state->masks[0].mask, "Bad!*@*");
        assert_str(state->masks[0].mask_folded, "bad!*@*");
        assert_str(state->masks[0].by, "op!o@h");
        assert_int_equal(state->masks[0].set_ms, 5);
        assert_int_equal(state->masks[0].until_ms, 0);
        assert_str(state->masks[1].mask, "Good!*@*");
        assert_int_equal(state->masks[1].until_ms, 99);
    }
}

static void rooms_stay_what_they_were(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    struct effect effects[] = {room_effect(7, "old", 2), room_effect(9, "other", 0),
                               room_effect(7, "new", 2)};
    assert_int_equal(store_write_batch(&f.write, effects, 3), 0);
    struct seen seen = {0};
    assert_int_equal(store_rooms_each(&f.db, see_room, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.ids[0], 7);
    assert_int_equal(seen.ids[1], 9);
    assert_string_equal(seen.topic, "other");

    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :here");
    struct effect change[] = {{.kind = EFFECT_ROOM_GONE, .room = 9}, room_effect(7, "newest", 1)};
    assert_int_equal(store_write_batch(&f.write, change, 2), 0);
    seen = (struct seen){0};
    assert_int_equal(store_rooms_each(&f.db, see_room, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.topic, "newest");
    assert_int_equal(seen.n_masks, 1);

    /* What was said in a room that is gone cannot be asked for. */
    struct effect gone = {.kind = EFFECT_ROOM_GONE, .room = 7};
    assert_int_equal(store_write_batch(&f.write, &gone, 1), 0);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "");
    free(texts);
    fixture_close(&f);
}

/* ---- redaction ---- */

static enum redact_outcome redact(struct store_fixture *f, uint64_t seq, struct place place,
                                  user_id by, bool any)
{
    struct effect effect = {
        .kind = EFFECT_REDACT,
        .redaction = {.seq = seq, .place = place, .by = by, .any_sender = any},
    };
    assert_int_equal(store_write_batch(&f->write, &effect, 1), 0);
    assert_int_equal(f->write.n_redacted, 1);
    assert_int_equal(f->write.redacted[0].at, 0);
    return f->write.redacted[0].outcome;
}

static void redacts_what_one_may(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    fixture_add(&f, 11, room, RECORD_PRIVMSG, "PRIVMSG #r :two");
    fixture_add(&f, 12, room, RECORD_JOIN, "JOIN #r");
    assert_int_equal(redact(&f, 10, (struct place){.room = 8}, 1, true), REDACT_UNKNOWN);
    assert_int_equal(redact(&f, 99, room, 1, true), REDACT_UNKNOWN);
    assert_int_equal(redact(&f, 12, room, 1, true), REDACT_UNKNOWN);
    assert_int_equal(redact(&f, 10, room, 2, false), REDACT_FORBIDDEN);
    assert_int_equal(redact(&f, 10, room, 2, true), REDACT_DONE);
    assert_int_equal(redact(&f, 10, room, 2, true), REDACT_UNKNOWN);
    assert_int_equal(redact(&f, 11, room, 1, false), REDACT_DONE);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "");
    free(texts);
    fixture_close(&f);
}

static unsigned count_messages(struct store_fixture *f)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(f->db.sqlite, "SELECT count(*) FROM messages", -1, &stmt, NULL), 0);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    unsigned n = (unsigned)sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static void reactions_go_with_their_message(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    char id[MSGID_MAX];
    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    struct str msgid = msgid_format(f.db.server_part, 10, id);
    for (unsigned i = 0; i < 250; i++) { /* more than are looked up at once */
        struct buf tags = {0};
        buf_printf(&tags, "+draft/react=x;%s=" STR_FMT, i % 2 == 0 ? "+reply" : "+draft/reply",
                   STR_ARG(msgid));
        buf_add_char(&tags, '\0');
        fixture_add_tagged(&f, 20 + i, room, RECORD_TAGMSG, tags.p, "TAGMSG #r");
        buf_finish(&tags);
    }
    struct buf tags = {0};
    buf_printf(&tags, "+draft/react=x;+reply=" STR_FMT, STR_ARG(msgid));
    buf_add_char(&tags, '\0');
    /* Neither from elsewhere, nor an answer in words, nor what is kept for another reason. */
    fixture_add_tagged(&f, 300, (struct place){.room = 8}, RECORD_TAGMSG, tags.p, "TAGMSG #x");
    fixture_add_tagged(&f, 301, room, RECORD_PRIVMSG, tags.p, "PRIVMSG #r :words");
    fixture_add_tagged(&f, 302, room, RECORD_TAGMSG, "+draft/persist", "TAGMSG #r");
    buf_finish(&tags);
    assert_int_equal(count_messages(&f), 254);
    assert_int_equal(redact(&f, 10, room, 1, false), REDACT_DONE);
    assert_int_equal(count_messages(&f), 3);
    fixture_close(&f);
}

/* What is wrong with one record is no matter of the others. */
static void a_bad_record_is_left_out(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    struct place place = {.room = 8};
    struct effect effects[] = {
        fixture_record(11, room, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #r :one"),
        fixture_record(12, place, 1, RECORD_PRIVMSG, 1, "", "NOTICE #x :not what it says"),
        fixture_record(13, room, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #r :two"),
        fixture_record(13, room, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #r :a number of another"),
        {.kind = EFFECT_REDACT, .redaction = {.seq = 11, .place = room, .by = 1}},
        fixture_record(14, place, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #x :three"),
    };
    assert_int_equal(store_write_batch(&f.write, effects, 6), 0);
    assert_int_equal(f.write.n_refused, 2);
    assert_int_equal(f.write.refused[0], 1);
    assert_int_equal(f.write.refused[1], 3);
    assert_int_equal(f.write.redacted[0].outcome, REDACT_DONE);
    assert_int_equal(count_messages(&f), 2);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "two ");
    free(texts);
    /* The next one has nothing to do with it. */
    fixture_add(&f, 15, room, RECORD_PRIVMSG, "PRIVMSG #r :four");
    assert_int_equal(f.write.n_refused, 0);
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
        message_unref(effects[i].message);
    }
    fixture_close(&f);
}

static void a_bad_batch_leaves_nothing_but_rooms(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    struct place place = {.room = 8};
    struct effect effects[] = {
        fixture_record(11, place, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #x :two"),
        room_effect(8, "kept", 0),
        {.kind = EFFECT_REDACT, .redaction = {.seq = 10, .place = room, .by = 1}},
        fixture_record(12, place, 1, RECORD_PRIVMSG, 1, "", "PRIVMSG #x :three"),
    };
    assert_int_equal(store_db_exec(&f.db, "CREATE TEMP TRIGGER full BEFORE INSERT ON messages "
                                          "WHEN new.seq = 12 BEGIN SELECT abs(1 << 63); END"),
                     0);
    assert_true(store_write_batch(&f.write, effects, 4) < 0);
    assert_int_equal(store_db_exec(&f.db, "DROP TRIGGER full"), 0);
    assert_true(store_write_is_behind(&f.write));
    assert_int_equal(f.write.n_redacted, 1);
    assert_int_equal(f.write.redacted[0].at, 2);
    assert_int_equal(f.write.redacted[0].outcome, REDACT_FAILED);
    assert_int_equal(count_messages(&f), 1);
    assert_int_equal(store_write_batch(&f.write, effects, 1), 0); /* the place is made again */
    assert_false(store_write_is_behind(&f.write));
    assert_int_equal(count_messages(&f), 2);
    struct seen seen = {0};
    assert_int_equal(store_rooms_each(&f.db, see_room, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.ids[0], 8);
    message_unref(effects[0].message);
    message_unref(effects[3].message);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_across_opening),
        cmocka_unit_test(a_database_has_its_own_identity),
        cmocka_unit_test(refuses_other_databases),
        cmocka_unit_test(rooms_stay_what_they_were),
        cmocka_unit_test(redacts_what_one_may),
        cmocka_unit_test(reactions_go_with_their_message),
        cmocka_unit_test(a_bad_record_is_left_out),
        cmocka_unit_test(a_bad_batch_leaves_nothing_but_rooms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
