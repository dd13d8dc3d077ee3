/* name_index.c: names in use, and names that look alike. */
#include "unit.h"

#include "chance.h"
#include "name_index.h"

static struct name make(const char *raw, const char *folded, const char *skeleton)
{
    return (struct name){str_from(raw), str_from(folded), str_from(skeleton), NAME_OK};
}

static void confusion_needs_somebody_who_is_not_ascii(void **state)
{
    struct name_index index;
    struct name_entry latin;
    struct name_entry cyrillic;
    name_index_init(&index, (uint64_t[]){1, 2});
    const struct name ace = make("Ace", "ace", "ace");
    const struct name other = make("асе", "асе", "ace");
    /* l and 1 have one skeleton; both are ASCII. */
    const struct name al = make("al", "al", "al");
    const struct name a1 = make("a1", "a1", "al");
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_OK);
    name_index_add(&index, &latin, &ace);
    assert_string_equal(latin.raw, "Ace");
    assert_ptr_equal(name_index_find(&index, STR("ace")), &latin);
    assert_null(name_index_find(&index, STR("Ace")));
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_EXISTS);
    assert_int_equal(name_index_check(&index, &other, NULL), STATUS_DENIED);
    /* One's own name does not stand in one's way. */
    assert_int_equal(name_index_check(&index, &ace, &latin), STATUS_OK);
    assert_int_equal(name_index_check(&index, &other, &latin), STATUS_OK);
    name_index_remove(&index, &latin);
    name_index_remove(&index, &latin); /* gone already */
    name_index_add(&index, &cyrillic, &other);
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_DENIED);
    assert_int_equal(name_index_check(&index, &ace, &cyrillic), STATUS_OK);
    name_index_remove(&index, &cyrillic);
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_OK);
    name_index_add(&index, &latin, &al);
    assert_int_equal(name_index_check(&index, &a1, NULL), STATUS_OK);
    name_index_add(&index, &cyrillic, &a1);
    name_index_remove(&index, &latin);
    name_index_remove(&index, &cyrillic);
    name_index_finish(&index);
}

enum { NAMES = 200, STEPS = 20000 };

/* Twenty skeletons of ten names, the odd ones not ASCII, against a look at all names. */
static void random_names(void **state)
{
    static struct name_entry entries[NAMES];
    static char folded[NAMES][16];
    static char skeleton[NAMES][16];
    bool in[NAMES] = {false};
    struct name_index index;
    uint64_t seed = 13;
    name_index_init(&index, (uint64_t[]){3, 4});
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(folded[i], sizeof(folded[i]), "%s%u", i % 2 == 0 ? "n" : "н", i);
        snprintf(skeleton[i], sizeof(skeleton[i]), "s%u", i % 20);
        if (i % 3 == 0) {
            snprintf(skeleton[i], sizeof(skeleton[i]), "s%u", (i + 1) % 20);
        }
    }
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)chance(&seed, NAMES);
        struct name name = make(folded[i], folded[i], skeleton[i]);
        bool alike = false;
        for (unsigned k = 0; k < NAMES; k++) {
            alike = alike || (in[k] && k != i && strcmp(skeleton[k], skeleton[i]) == 0 &&
                              (i % 2 != 0 || k % 2 != 0));
        }
        int want = in[i] ? STATUS_EXISTS : alike ? STATUS_DENIED : STATUS_OK;
        assert_int_equal(name_index_check(&index, &name, NULL), want);
        assert_ptr_equal(name_index_find(&index, name.folded), in[i] ? &entries[i] : NULL);
        if (in[i]) {
            assert_int_equal(name_index_check(&index, &name, &entries[i]), STATUS_OK);
            name_index_remove(&index, &entries[i]);
            in[i] = false;
        } else if (want == STATUS_OK || chance(&seed, 4) == 0) {
            name_index_add(&index, &entries[i], &name);
            in[i] = true;
        }
    }
    for (unsigned i = 0; i < NAMES; i++) {
        if (in[i]) {
            name_index_remove(&index, &entries[i]);
        }
    }
    assert_int_equal(index.by_skeleton.map.len, 0);
    name_index_finish(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confusion_needs_somebody_who_is_not_ascii),
        cmocka_unit_test(random_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
