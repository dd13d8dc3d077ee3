/* Shorthands for tests of the store. */
#include "store_fixture.h"

#include "alloc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void fixture_open(struct store_fixture *f, const char *path)
{
    struct buf error = {0};
    *f = (struct store_fixture){.now_ms = 1000000};
    if (store_db_open(&f->db, path, STORE_WRITER, &error) != 0) {
        fail_msg(STR_FMT, STR_ARG(buf_str(&error)));
    }
    assert_int_equal(store_write_init(&f->write, &f->db), 0);
    buf_finish(&error);
}

void fixture_close(struct store_fixture *f)
{
    store_write_finish(&f->write);
    store_db_close(&f->db);
}

struct effect fixture_record(uint64_t seq, struct place place, user_id sender,
                             enum record_kind kind, uint64_t time_ms, const char *tags,
                             const char *body)
{
    struct buf line = {0};
    buf_printf(&line, ":n%llu!u@h %s\r\n", (unsigned long long)sender, body);
    struct message *message = message_create(&(struct message_parts){
        .time_ms = time_ms, .tags = str_from(tags), .body = buf_str(&line)});
    buf_finish(&line);
    return (struct effect){
        .kind = EFFECT_RECORD,
        .session = session_id_make(1, 1, 1),
        .record = {.seq = seq, .message_seq = seq, .place = place, .sender = sender, .kind = kind},
        .message = message,
    };
}

void fixture_add_tagged(struct store_fixture *f, uint64_t seq, struct place place,
                        enum record_kind kind, const char *tags, const char *body)
{
    user_id sender = place.room != 0 ? 1 : place.a;
    struct effect effect = fixture_record(seq, place, sender, kind, f->now_ms, tags, body);
    assert_int_equal(store_write_batch(&f->write, &effect, 1), 0);
    message_unref(effect.message);
}

void fixture_add(struct store_fixture *f, uint64_t seq, struct place place, enum record_kind kind,
                 const char *body)
{
    fixture_add_tagged(f, seq, place, kind, "", body);
}

char *fixture_ask(struct store_fixture *f, const struct query *query, unsigned *ret_pieces)
{
    struct store_answer *answer = store_answer_create(query_copy(query));
    struct buf whole = {0};
    unsigned pieces = 0;
    bool more = true;
    while (more) {
        struct buf piece = {0};
        more = store_answer_piece(answer, &f->db, &piece);
        buf_add_str(&whole, buf_str(&piece));
        buf_finish(&piece);
        pieces++;
    }
    store_answer_destroy(answer);
    char *text = str_dup(buf_str(&whole));
    buf_finish(&whole);
    if (ret_pieces != NULL) {
        *ret_pieces = pieces;
    }
    return text;
}

char *fixture_texts(struct store_fixture *f, const struct query *query)
{
    char *answer = fixture_ask(f, query, NULL);
    struct buf out = {0};
    struct str rest = str_from(answer);
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        const char *colon = memmem(line.p, line.len, " :", 2);
        if (colon == NULL || line.p[0] == ':') {
            continue;
        }
        const char *text = memmem(colon + 2, (size_t)(line.p + line.len - colon - 2), " :", 2);
        if (text != NULL) {
            buf_add(&out, text + 2, (size_t)(line.p + line.len - text) - 3);
            buf_add_char(&out, ' ');
        }
    }
    free(answer);
    char *texts = str_dup(buf_str(&out));
    buf_finish(&out);
    return texts;
}

struct query fixture_query(enum query_order order, unsigned limit)
{
    static const struct query_place place = {.place = {.room = 7}, .name = {"#r", 2}};
    return (struct query){
        .kind = QUERY_HISTORY,
        .order = order,
        .session = session_id_make(1, 1, 1),
        .asker = 1,
        .fence_seq = UINT64_MAX,
        .caps = CAPS_ALL,
        .limit = limit,
        .server = STR("maru.test"),
        .nick = STR("n1"),
        .batch = STR("b1"),
        .command = STR("CHATHISTORY"),
        .subcommand = STR("LATEST"),
        .target = STR("#r"),
        .places = &place,
        .n_places = 1,
    };
}

char *fixture_folder(void)
{
    /* In memory where there is such a place: a file that is made and removed again costs the disk
     * much, and none of these tests is about a real one. */
    bool in_memory = access("/dev/shm", W_OK) == 0;
    char *folder =
        str_dup(str_from(in_memory ? "/dev/shm/maru-store-XXXXXX" : "/tmp/maru-store-XXXXXX"));
    assert_non_null(mkdtemp(folder));
    return folder;
}

char *fixture_path(const char *folder, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    buf_add_char(&path, '\0');
    return path.p;
}

void fixture_remove(char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            char *path = fixture_path(folder, entry->d_name);
            unlink(path);
            free(path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}
