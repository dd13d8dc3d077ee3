/*
 * Measures the store, with the machine's own limits beside it.
 *   store_bench FOLDER MESSAGES ROOMS PHASE...
 * Phases: fill (makes and indexes the database; goes on where it was), warm (reads it into memory),
 * start, read, search, cold (with nothing in memory), commit. The database is FOLDER/bench.db.
 * script/bench store runs it.
 */
#include "store_bench.h"

#include "alloc.h"

#include <stdlib.h>
#include <time.h>

static unsigned missed;

double bench_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void bench_die(const char *what, struct str why)
{
    fprintf(stderr, "%s: " STR_FMT "\n", what, STR_ARG(why));
    exit(1);
}

void bench_times_add(struct bench_times *times, double ms)
{
    if (times->n == times->cap) {
        times->cap = times->cap > 0 ? 2 * times->cap : 256;
        times->ms = xrealloc(times->ms, times->cap * sizeof(*times->ms));
    }
    times->ms[times->n++] = ms;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return one < other ? -1 : one > other;
}

double bench_times_at(struct bench_times *times, double share)
{
    if (times->n == 0) {
        return 0;
    }
    qsort(times->ms, times->n, sizeof(*times->ms), compare);
    size_t at = (size_t)(share * (double)times->n);
    return times->ms[at < times->n ? at : times->n - 1];
}

void bench_times_finish(struct bench_times *times)
{
    free(times->ms);
    *times = (struct bench_times){0};
}

void bench_judge(const char *what, bool kept)
{
    missed += kept ? 0 : 1;
    printf("%s%s\n", what, kept ? "kept" : "MISSED");
    fflush(stdout);
}

void bench_row(const char *what, struct bench_times *times, double limit_ms)
{
    double p50 = bench_times_at(times, 0.50);
    double p99 = bench_times_at(times, 0.99);
    printf("  %-46s %8.2f ms %8.2f ms", what, p50, p99);
    if (limit_ms > 0) {
        char limit[40];
        snprintf(limit, sizeof(limit), "   under %.0f ms: ", limit_ms);
        bench_judge(limit, p99 < limit_ms);
    } else {
        printf("\n");
    }
    bench_times_finish(times);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    uint64_t rooms = 0;
    if (argc < 5 || str_to_u64(str_from(argv[2]), &bench.messages) != 0 ||
        str_to_u64(str_from(argv[3]), &rooms) != 0 || rooms < 16) {
        fprintf(stderr, "usage: store_bench FOLDER MESSAGES ROOMS PHASE...\n");
        return 2;
    }
    struct buf path = {0};
    buf_printf(&path, "%s/bench.db", argv[1]);
    buf_add_char(&path, '\0');
    bench.folder = argv[1];
    bench.path = path.p;
    bench.rooms = (unsigned)rooms;
    bench_words_init(&bench.words, bench.rooms, 1);
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "warm") == 0) {
            bench_warm(&bench);
        } else if (strcmp(argv[i], "fill") == 0) {
            bench_fill(&bench, 0);
        } else if (strcmp(argv[i], "fill-some") == 0) {
            bench_fill(&bench, 120); /* At a time, where others wait for the machine. */
        } else if (strcmp(argv[i], "start") == 0) {
            bench_start(&bench);
        } else if (strcmp(argv[i], "read") == 0) {
            bench_read(&bench);
        } else if (strcmp(argv[i], "search") == 0) {
            bench_search(&bench);
        } else if (strcmp(argv[i], "cold") == 0) {
            bench_cold(&bench);
        } else if (strcmp(argv[i], "commit") == 0) {
            bench_commit(&bench, 2.0);
        } else {
            fprintf(stderr, "%s: no such phase\n", argv[i]);
            return 2;
        }
    }
    bench_words_finish(&bench.words);
    buf_finish(&path);
    return missed > 0 ? 3 : 0;
}
