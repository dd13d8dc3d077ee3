/* arena.c: what is taken stays apart and in place until everything is given back. */
#include "unit.h"

#include "arena.h"
#include "chance.h"

#include <stdalign.h>

enum { PIECES = 3000 };

static void pieces_stay_apart(void **state)
{
    struct arena arena = {0};
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    uint64_t seed = 11;
    arena_reset(&arena); /* nothing there yet */
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < PIECES; i++) {
            sizes[i] = chance(&seed, 100) == 0 ? chance(&seed, 400000) : chance(&seed, 300);
            pieces[i] = arena_take(&arena, sizes[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 251), sizes[i]);
        }
        for (size_t i = 0; i < PIECES; i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(pieces[i][k], i % 251);
            }
        }
        arena_reset(&arena);
    }
    arena_finish(&arena);
    assert_null(arena.block);
    arena_finish(&arena);
}

static void reservations_keep_what_is_committed(void **state)
{
    struct arena arena = {0};
    char *all = arena_reserve(&arena, 16384);
    memset(all, 'x', 16384);
    memcpy(all, "first", 5);
    arena_commit(&arena, 5);
    struct str second = arena_copy(&arena, STR("second"));
    char *nothing = arena_reserve(&arena, 200000);
    memset(nothing, 'y', 200000);
    arena_commit(&arena, 0);
    struct str third = arena_copy(&arena, STR("third"));
    assert_memory_equal(all, "first", 5);
    assert_true(second.p >= all + 5);
    assert_str(second, "second");
    assert_str(third, "third");
    assert_int_equal(arena_copy(&arena, (struct str){0}).len, 0);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stay_apart),
        cmocka_unit_test(reservations_keep_what_is_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
