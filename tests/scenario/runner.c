/*
 * Runs one scenario several times: on one edge and on three, with other hash seeds and memory in
 * other places. Each run must go as written, and all effects and all that clients read must be the
 * same, byte for byte. Tests only; one thread.
 *   scenario FILE
 *   scenario --record FILE    runs it once and writes it with what clients really read
 */
#include "alloc.h"
#include "script.h"

#include <stdlib.h>

static bool read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    size_t got;
    do {
        char *to = buf_reserve(out, 4096);
        got = fread(to, 1, 4096, file);
        out->len += got;
    } while (got > 0);
    bool ok = ferror(file) == 0;
    fclose(file);
    return ok;
}

/* The line of each trace in which they differ. */
static void show_difference(const char *path, struct str a, struct str b, unsigned run)
{
    size_t at = 0;
    while (at < a.len && at < b.len && a.p[at] == b.p[at]) {
        at++;
    }
    while (at > 0 && a.p[at - 1] != '\n') {
        at--;
    }
    struct str rest_a = {a.p + at, a.len - at};
    struct str rest_b = {b.p + at, b.len - at};
    struct str line_a = str_split(&rest_a, '\n');
    struct str line_b = str_split(&rest_b, '\n');
    fprintf(stderr,
            "%s: run %u differs from the first\n    first: " STR_FMT "\n    this:  " STR_FMT "\n",
            path, run, STR_ARG(line_a), STR_ARG(line_b));
}

int main(int argc, char **argv)
{
    static const struct {
        unsigned n_edges;
        uint64_t seed;
        uint64_t scatter;
    } runs[] = {{1, 1, 0}, {1, 0x9e3779b97f4a7c15, 7}, {3, 2, 0}, {3, 0xc2b2ae3d27d4eb4f, 99}};
    bool record = argc == 3 && strcmp(argv[1], "--record") == 0;
    if (argc != 2 && !record) {
        fprintf(stderr, "usage: scenario [--record] FILE\n");
        return 2;
    }
    const char *path = argv[argc - 1];
    struct buf text = {0};
    struct buf first = {0};
    bool ok = read_file(path, &text);
    for (unsigned i = 0; ok && i < (record ? 1 : sizeof(runs) / sizeof(runs[0])); i++) {
        struct buf trace = {0};
        ok = script_run(
            &(struct script_options){
                .path = path,
                .text = buf_str(&text),
                .n_edges = runs[i].n_edges,
                .hash_seed = {runs[i].seed, ~runs[i].seed},
                .scatter = runs[i].scatter,
                .record = record,
            },
            i == 0 ? &first : &trace);
        if (ok && i > 0 && !str_eq(buf_str(&first), buf_str(&trace))) {
            show_difference(path, buf_str(&first), buf_str(&trace), i + 1);
            ok = false;
        }
        buf_finish(&trace);
    }
    buf_finish(&text);
    buf_finish(&first);
    return ok ? 0 : 1;
}
