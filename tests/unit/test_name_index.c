/* name_index.c: names in use, and names that look alike. */
#include "unit.h"

#include "alloc.h"
#include "chance.h"
#include "name_index.h"

#include <stdlib.h>

static struct name make(const char *raw, const char *folded, const char *skeleton)
{
    return (struct name){str_from(raw), str_from(folded), str_from(skeleton), NAME_OK};
}

/* As an object with a name does it. */
static void add(struct name_index *index, struct name_entry *entry, const struct name *name)
{
    char *texts = xmalloc(name_entry_size(name));
    char *at = texts;
    *entry = name_entry_place(&at, name);
    assert_int_equal(at - texts, name_entry_size(name));
    name_index_add(index, entry);
}

static void drop(struct name_index *index, struct name_entry *entry)
{
    name_index_remove(index, entry);
    free(entry->raw);
    *entry = (struct name_entry){0};
}

static void an_entry_has_three_forms(void **state)
{
    struct name_index index;
    struct name_entry entry;
    name_index_init(&index, (uint64_t[]){1, 2});
    const struct name mixed = make("Ace", "ace", "ACE");
    const struct name plain = make("m1", "m1", "rnl");
    add(&index, &entry, &mixed);
    assert_string_equal(entry.raw, "Ace");
    assert_true(str_eq(name_entry_raw(&entry), STR("Ace")));
    assert_true(str_eq(name_entry_folded(&entry), STR("ace")));
    assert_true(str_eq(name_entry_skeleton(&entry), STR("ACE")));
    drop(&index, &entry);
    add(&index, &entry, &plain);
    assert_true(str_eq(name_entry_folded(&entry), STR("m1")));
    assert_true(str_eq(name_entry_skeleton(&entry), STR("rnl")));
    drop(&index, &entry);
    name_index_finish(&index);
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
    add(&index, &latin, &ace);
    assert_string_equal(latin.raw, "Ace");
    assert_ptr_equal(name_index_find(&index, STR("ace")), &latin);
    assert_null(name_index_find(&index, STR("Ace")));
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_EXISTS);
    assert_int_equal(name_index_check(&index, &other, NULL), STATUS_DENIED);
    /* One's own name does not stand in one's way. */
    assert_int_equal(name_index_check(&index, &ace, &latin), STATUS_OK);
    assert_int_equal(name_index_check(&index, &other, &latin), STATUS_OK);
    drop(&index, &latin);
    drop(&index, &latin); /* gone already */
    add(&index, &cyrillic, &other);
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_DENIED);
    assert_int_equal(name_index_check(&index, &ace, &cyrillic), STATUS_OK);
    drop(&index, &cyrillic);
    assert_int_equal(name_index_check(&index, &ace, NULL), STATUS_OK);
    add(&index, &latin, &al);
    assert_int_equal(name_index_check(&index, &a1, NULL), STATUS_OK);
    add(&index, &cyrillic, &a1);
    drop(&index, &latin);
    drop(&index, &cyrillic);
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
            drop(&index, &entries[i]);
            in[i] = false;
        } else if (want == STATUS_OK || chance(&seed, 4) == 0) {
            add(&index, &entries[i], &name);
            in[i] = true;
        }
    }
    for (unsigned i = 0; i < NAMES; i++) {
        if (in[i]) {
            drop(&index, &entries[i]);
        }
    }
    assert_int_equal(index.by_skeleton.len, 0);
    name_index_finish(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_three_forms),
        cmocka_unit_test(confusion_needs_somebody_who_is_not_ascii),
        cmocka_unit_test(random_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
