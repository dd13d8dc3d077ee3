/*
 * The core's command stream, from clients that are in: with few and many capabilities, one of them
 * an operator, some in a room. The same bytes on one edge and on three, with other hash seeds and
 * memory in other places, must have the same effects: asked of one input in four, since it doubles
 * the time.
 */
#include "fuzz_world.h"

static void begin(struct fuzz_world *f, unsigned n_edges, uint64_t seed)
{
    static const char *const nicks[] = {"alice", "bob", "철수", "영희", "dave"};
    fuzz_world_init(f, n_edges, seed);
    fuzz_world_line(
        f, 0,
        "CAP REQ :away-notify batch echo-message extended-join extended-monitor invite-notify "
        "labeled-response message-tags multi-prefix server-time setname "
        "standard-replies userhost-in-names");
    fuzz_world_line(f, 1, "CAP REQ :batch labeled-response");
    fuzz_world_line(f, 2, "CAP REQ :message-tags echo-message");
    for (unsigned i = 0; i < 5; i++) {
        struct buf line = {0};
        buf_printf(&line, "NICK %s\r\nUSER u 0 * :Real %s\r\nCAP END\r\nJOIN #a%c", nicks[i],
                   nicks[i], '\0');
        fuzz_world_line(f, i, line.p);
        buf_finish(&line);
    }
    fuzz_world_line(f, 1, "OPER root secret");
    world_verdict(f->world, f->conns[1], true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_world one;
    begin(&one, 1, 1);
    fuzz_world_run(&one, fuzz_str(data, size));
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum = sum * 31 + data[i];
    }
    if (sum % 4 == 0) {
        struct fuzz_world other;
        begin(&other, 3, 0x9e3779b97f4a7c15);
        fuzz_world_run(&other, fuzz_str(data, size));
        CHECK(str_eq(world_trace(one.world), world_trace(other.world)));
        fuzz_world_finish(&other);
    }
    fuzz_world_finish(&one);
    return 0;
}
