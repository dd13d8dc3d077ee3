/* Questions to a full database, each answered as a reader does, lines included. */
#include "store_bench.h"

#include "alloc.h"
#include "cap.h"
#include "search_index.h"
#include "store.h"
#include "store_read.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READS = 1000,
    SEARCHES = 100, /* of each kind */
    COLD = 30,
    ERASED_MAX = 1000, /* at the end, by store_tools.py */
    FIRST_PAGE = 50,
    LIMIT_READ_MS = 2,
    LIMIT_RARE_MS = 20,
    LIMIT_COMMON_MS = 100,
    LIMIT_START_MS = 1000,
    COMMON = 20,    /* the first words are common */
    RARE = 20000,   /* … and those from here on rare */
    SMALL_ROOMS = 8 /* the last ones are small */
};

static struct query question(enum query_kind kind, enum query_order order)
{
    return (struct query){
        .kind = kind,
        .order = order,
        .session = session_id_make(1, 1, 1),
        .asker = 1,
        .fence_seq = UINT64_MAX,
        .caps = CAP_BATCH | CAP_SERVER_TIME | CAP_MESSAGE_TAGS | CAP_STANDARD_REPLIES,
        .limit = kind == QUERY_SEARCH ? FIRST_PAGE : 100,
        .server = STR("bench.example"),
        .nick = STR("asker"),
        .batch = STR("b"),
        .command = kind == QUERY_SEARCH ? STR("SEARCH") : STR("CHATHISTORY"),
    };
}

/* Asks, and counts the lines with messages. */
static unsigned ask(struct store_db *db, const struct query *query)
{
    struct store_answer *answer = store_answer_create(query_copy(query));
    struct buf out = {0};
    unsigned lines = 0;
    bool more = true;
    while (more) {
        buf_clear(&out);
        more = store_answer_piece(answer, db, &out);
        for (size_t i = 0; i < out.len; i++) {
            lines += out.p[i] == '\n' ? 1 : 0;
        }
        if (out.len > 0 && memmem(out.p, out.len, "FAIL", 4) != NULL) {
            bench_die("the store", buf_str(&out));
        }
    }
    buf_finish(&out);
    store_answer_destroy(answer);
    return lines >= 2 ? lines - 2 : 0;
}

static void open_reader(struct bench *bench, struct store_db *db)
{
    struct buf error = {0};
    uint64_t last = BENCH_FIRST_SEQ + bench->messages - 1;
    if (store_db_open(db, bench->path, STORE_READER, &error) != 0) {
        bench_die(bench->path, buf_str(&error));
    }
    /* Of an empty database everything is quick. */
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MESSAGE_LAST, "i", last);
    if (stmt_step(db, stmt) != 1 || last - stmt_u64(stmt, 0) > ERASED_MAX) {
        bench_die(bench->path, STR("it is not filled"));
    }
    stmt_end(stmt);
    buf_finish(&error);
}

/* ---- start ---- */

static void nothing_to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
}

static void nothing_to_core(void *ctx, const struct input *input)
{
}

static void no_trouble(void *ctx, bool failing, struct str reason)
{
}

void bench_start(struct bench *bench)
{
    struct buf error = {0};
    struct store *store = NULL;
    struct search_index *index = NULL;
    const struct store_options options = {
        .path = bench->path,
        .history = true,
        .to_edge = nothing_to_edge,
        .to_core = nothing_to_core,
        .trouble = no_trouble,
    };
    double started = bench_now_ms();
    if (store_open(&options, &store, &error) != 0 ||
        search_index_open(bench->path, &index, &error) != 0) {
        bench_die(bench->path, buf_str(&error));
    }
    store_start(store);
    double took = bench_now_ms() - started;
    search_index_close(index);
    store_close(store);
    buf_finish(&error);
    printf("start-up with this database: %.0f ms", took);
    char limit[40];
    snprintf(limit, sizeof(limit), "; under %d ms: ", LIMIT_START_MS);
    bench_judge(limit, took < LIMIT_START_MS);
}

/* ---- history ---- */

/* A message that exists: its number and room. */
static uint64_t any_seq(struct bench *bench)
{
    return BENCH_FIRST_SEQ + bench_below(&bench->words, bench->messages);
}

/* A page of history that somebody asks for. */
struct page {
    const char *what;
    enum query_order order;
    bool bounded;
    bool by_time;
    bool uniform; /* any room, not one that is used much */
};

/* `place` must outlive the question. */
static struct query page_question(struct bench *bench, const struct page *page,
                                  struct query_place *place)
{
    unsigned room = page->uniform ? (unsigned)bench_below(&bench->words, bench->rooms)
                                  : bench_room(&bench->words);
    *place = (struct query_place){.place = place_of_room(1 + room), .name = STR("#room")};
    struct query query = question(QUERY_HISTORY, page->order);
    struct query_bound bound = {.kind = BOUND_SEQ, .value = any_seq(bench)};
    if (page->by_time) {
        /* Time and number go together in this database: see store_bench_fill.c. */
        bound.kind = BOUND_TIME;
        bound.value = UINT64_C(1672531200000) + (bound.value - BENCH_FIRST_SEQ) * 1500;
    }
    if (page->bounded) {
        *(page->order == QUERY_LAST ? &query.to : &query.from) = bound;
    }
    query.subcommand = STR("LATEST");
    query.places = place;
    query.n_places = 1;
    return query;
}

static const struct page pages[] = {
    {"LATEST 100", QUERY_LAST},
    {"BEFORE 100 by msgid", QUERY_LAST, .bounded = true},
    {"BEFORE 100 by time", QUERY_LAST, .bounded = true, .by_time = true},
    {"AROUND 100 by msgid", QUERY_AROUND, .bounded = true},
    {"AROUND 100 by time", QUERY_AROUND, .bounded = true, .by_time = true},
    {"BEFORE 100 by msgid, any room", QUERY_LAST, .bounded = true, .uniform = true},
    {"AROUND 100 by msgid, any room", QUERY_AROUND, .bounded = true, .uniform = true},
};

void bench_read(struct bench *bench)
{
    struct store_db db;
    open_reader(bench, &db);
    printf(
        "history: 100 messages as lines, in rooms as they are used; half of all, and nearly all\n");
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct bench_times times = {0};
        for (int n = 0; n < READS; n++) {
            struct query_place place;
            struct query query = page_question(bench, &pages[i], &place);
            double started = bench_now_ms();
            ask(&db, &query);
            bench_times_add(&times, bench_now_ms() - started);
        }
        bench_row(pages[i].what, &times, LIMIT_READ_MS);
    }
    store_db_close(&db);
}

/* ---- without anything in memory ---- */

/* Lets the kernel forget what it has of the files; they are clean. */
static void forget_file(const struct bench *bench, const char *end)
{
    char name[512];
    snprintf(name, sizeof(name), "%s%s", bench->path, end);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        bench_die(name, STR("it cannot be taken out of memory"));
    }
    close(fd);
}

static void ask_cold(struct bench *bench, const struct query *query, struct bench_times *times)
{
    struct store_db db;
    forget_file(bench, "");
    forget_file(bench, ".search");
    double started = bench_now_ms();
    open_reader(bench, &db);
    ask(&db, query);
    bench_times_add(times, bench_now_ms() - started);
    store_db_close(&db);
}

void bench_cold(struct bench *bench)
{
    struct bench_times times = {0};
    printf("the same with nothing in memory, a new connection each: how fast the disk is\n");
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        for (int n = 0; n < COLD; n++) {
            struct query_place place;
            struct query query = page_question(bench, &pages[i], &place);
            ask_cold(bench, &query, &times);
        }
        bench_row(pages[i].what, &times, 0);
    }
    for (int rare = 0; rare < 2; rare++) {
        for (int n = 0; n < COLD; n++) {
            struct query_place places[2] = {{.place = place_of_room(1), .name = STR("#room")},
                                            {.place = place_of_room(2), .name = STR("#room")}};
            struct query query = question(QUERY_SEARCH, QUERY_LAST);
            unsigned word = (unsigned)bench_below(&bench->words, rare ? 10000 : COMMON);
            query.text = str_from(bench->words.words[BENCH_ENGLISH][(rare ? RARE : 0) + word]);
            query.places = places;
            query.n_places = 2;
            ask_cold(bench, &query, &times);
        }
        bench_row(rare ? "rare word, in two large rooms" : "common word, in two large rooms",
                  &times, 0);
    }
}

/* ---- search ---- */

/* What a person asks: a word of a language from [first, first + n), where, and of whom. */
struct wish {
    const char *what;
    double limit_ms;
    enum bench_language language;
    unsigned first;
    unsigned n;
    unsigned second; /* another word of the language, from here on; 0: none */
    unsigned cut;    /* only so many bytes of the word; 0: all */
    bool quoted;     /* the two as a phrase */
    bool from;       /* of a nickname */
    bool from_rare;  /* … that seldom speaks */
    unsigned rooms;  /* the asker's; 0: all */
    bool small;      /* … and these are small */
};

static void add_word(struct bench *bench, const struct wish *wish, unsigned first, struct buf *out)
{
    /* Korean words of two syllables: six bytes. */
    const char *word;
    bool fits;
    do {
        word = bench->words.words[wish->language][first + bench_below(&bench->words, wish->n)];
        fits = wish->language == BENCH_ENGLISH || strlen(word) == 6;
    } while (!fits);
    struct str text = str_from(word);
    if (wish->cut > 0 && wish->cut < text.len) {
        text.len = wish->cut;
    }
    buf_add_str(out, text);
}

static unsigned choose_rooms(struct bench *bench, const struct wish *wish,
                             struct query_place *places)
{
    unsigned n = wish->rooms > 0 && wish->rooms < bench->rooms ? wish->rooms : bench->rooms;
    unsigned first = wish->small ? bench->rooms - n : 0;
    if (n == 1 && wish->small) {
        first -= (unsigned)bench_below(&bench->words, SMALL_ROOMS);
    }
    for (unsigned i = 0; i < n; i++) {
        places[i] = (struct query_place){
            .place = place_of_room(1 + first + i),
            .name = STR("#room"),
        };
    }
    return n;
}

static void search_kind(struct bench *bench, struct store_db *db, const struct wish *wish,
                        struct query_place *places)
{
    struct bench_times times = {0};
    struct buf text = {0};
    double found = 0;
    for (int i = 0; i < SEARCHES; i++) {
        char nick[32];
        struct query query = question(QUERY_SEARCH, QUERY_LAST);
        buf_clear(&text);
        buf_add_cstr(&text, wish->quoted ? "\"" : "");
        if (wish->n > 0) {
            add_word(bench, wish, wish->first, &text);
        }
        if (wish->second > 0 || wish->quoted) {
            buf_add_char(&text, ' ');
            add_word(bench, wish, wish->second, &text);
        }
        buf_add_cstr(&text, wish->quoted ? "\"" : "");
        query.text = buf_str(&text);
        if (wish->from) {
            snprintf(nick, sizeof(nick), "nick%u",
                     wish->from_rare ? BENCH_NICKS - 1 - (unsigned)bench_below(&bench->words, 100)
                                     : (unsigned)bench_below(&bench->words, 20));
            query.from_folded = str_from(nick);
        }
        query.places = places;
        query.n_places = choose_rooms(bench, wish, places);
        query.direct = query.n_places > 1;
        double started = bench_now_ms();
        found += ask(db, &query);
        bench_times_add(&times, bench_now_ms() - started);
    }
    char what[64];
    snprintf(what, sizeof(what), "%s (%.0f)", wish->what, found / SEARCHES);
    bench_row(what, &times, wish->limit_ms);
    buf_finish(&text);
}

void bench_search(struct bench *bench)
{
    static const struct wish wishes[] = {
        {"rare word", LIMIT_RARE_MS, BENCH_ENGLISH, RARE, 10000},
        {"common word", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON},
        {"rare word of two syllables", LIMIT_RARE_MS, BENCH_KOREAN, RARE, 10000},
        {"common word of two syllables", LIMIT_COMMON_MS, BENCH_KOREAN, 0, COMMON},
        {"common word, in: a large room", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON, .rooms = 1},
        {"rare word, in: a large room", LIMIT_RARE_MS, BENCH_ENGLISH, RARE, 10000, .rooms = 1},
        {"common word, in: a small room", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON, .rooms = 1,
         .small = true},
        {"rare word, in: a small room", LIMIT_RARE_MS, BENCH_ENGLISH, RARE, 10000, .rooms = 1,
         .small = true},
        {"two syllables, in: a small room", LIMIT_COMMON_MS, BENCH_KOREAN, 0, COMMON, .rooms = 1,
         .small = true},
        {"common word, from: who often speaks", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON,
         .from = true},
        {"common word, from: who seldom speaks", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON,
         .from = true, .from_rare = true},
        {"rare word, from: who seldom speaks", LIMIT_RARE_MS, BENCH_ENGLISH, RARE, 10000,
         .from = true, .from_rare = true},
        {"all that somebody said", LIMIT_COMMON_MS, .from = true, .from_rare = true},
        {"common word, asker in 5 small rooms", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON,
         .rooms = 5, .small = true},
        {"common word, asker in 50 small rooms", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON,
         .rooms = 50, .small = true},
        {"rare word, asker in 50 small rooms", LIMIT_RARE_MS, BENCH_ENGLISH, RARE, 10000,
         .rooms = 50, .small = true},
        {"common and rare word", LIMIT_COMMON_MS, BENCH_ENGLISH, 100, 100, .second = RARE},
        {"two common words", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON, .second = 1},
        {"\"two common words\"", LIMIT_COMMON_MS, BENCH_ENGLISH, 0, COMMON, .quoted = true},
        {"beginning of two letters", LIMIT_COMMON_MS, BENCH_ENGLISH, 100, 10000, .cut = 2},
        {"one syllable", LIMIT_COMMON_MS, BENCH_KOREAN, 100, 10000, .cut = 3},
    };
    struct store_db db;
    struct query_place *places = xcalloc(bench->rooms, sizeof(*places));
    open_reader(bench, &db);
    printf("search: the first page of %d, as lines; in brackets how many were found on average\n",
           FIRST_PAGE);
    double started = bench_now_ms();
    struct query query = question(QUERY_SEARCH, QUERY_LAST);
    query.text = STR("nothinglikethis");
    query.direct = true;
    ask(&db, &query);
    printf("  the first search of a connection took %.1f ms\n", bench_now_ms() - started);
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        search_kind(bench, &db, &wishes[i], places);
    }
    store_db_close(&db);
    free(places);
}
