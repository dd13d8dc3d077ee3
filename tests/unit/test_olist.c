/* olist.c: order, ids, and walks that pause while entries come and go. */
#include "unit.h"

#include "chance.h"
#include "olist.h"

enum { ENTRIES = 4000 };

struct item {
    uint64_t id;
    uint32_t at; /* as olist_ops.moved says */
};

static struct item values[ENTRIES + 1];
static bool in[ENTRIES + 1];

static struct item *with_id(uint64_t id)
{
    values[id].id = id;
    return &values[id];
}

static void check_all(const struct olist *list, uint64_t last)
{
    uint64_t cursor = 0;
    size_t at = 0;
    size_t len = 0;
    for (uint64_t id = 1; id <= last; id++) {
        assert_ptr_equal(olist_get(list, id), in[id] ? &values[id] : NULL);
        if (in[id]) {
            assert_ptr_equal(olist_next(list, &cursor), &values[id]);
            assert_int_equal(cursor, id);
            assert_ptr_equal(olist_step(list, &at), &values[id]);
            len++;
        }
    }
    assert_null(olist_next(list, &cursor));
    assert_null(olist_step(list, &at));
    assert_int_equal(list->len, len);
}

static void keeps_order_while_entries_come_and_go(void **state)
{
    struct olist list = {0};
    uint64_t seed = 3;
    uint64_t last = 0;
    memset(in, 0, sizeof(in));
    check_all(&list, 0);
    while (last < ENTRIES) {
        uint64_t id = 1 + chance(&seed, last + 1);
        if (chance(&seed, 5) < 3) {
            last++;
            olist_append(&list, with_id(last));
            in[last] = true;
        } else if (id <= last) {
            assert_ptr_equal(olist_remove(&list, id), in[id] ? &values[id] : NULL);
            in[id] = false;
        }
        if (last % 256 == 0) {
            check_all(&list, last);
        }
    }
    check_all(&list, last);
    for (uint64_t id = last; id > 0; id--) {
        olist_remove(&list, id);
        in[id] = false;
    }
    check_all(&list, last);
    olist_finish(&list);
}

static void a_paused_walk_sees_what_stays_exactly_once(void **state)
{
    struct olist list = {0};
    uint64_t seed = 9;
    unsigned seen[ENTRIES + 1] = {0};
    bool stays[ENTRIES + 1] = {false};
    uint64_t last = 0;
    for (; last < 1000; last++) {
        olist_append(&list, with_id(last + 1));
        stays[last + 1] = chance(&seed, 3) == 0;
    }
    uint64_t cursor = 0;
    uint64_t before = 0;
    const struct item *value;
    while ((value = olist_next(&list, &cursor)) != NULL) {
        assert_true(cursor > before);
        before = cursor;
        seen[value - values]++;
        for (int i = 0; i < 2; i++) {
            uint64_t id = 1 + chance(&seed, last);
            if (!stays[id]) {
                olist_remove(&list, id);
            }
        }
        if (last < ENTRIES && chance(&seed, 2) == 0) {
            last++;
            olist_append(&list, with_id(last));
        }
    }
    for (uint64_t id = 1; id <= last; id++) {
        assert_true(seen[id] <= 1);
        assert_true(!stays[id] || seen[id] == 1);
    }
    olist_finish(&list);
}

static void each_may_remove_the_current_entry(void **state)
{
    struct olist list = {0};
    for (uint64_t id = 1; id <= 100; id++) {
        olist_append(&list, with_id(id));
    }
    const struct item *value;
    size_t n = 0;
    OLIST_EACH (&list, value) {
        n++;
        assert_ptr_equal(olist_remove(&list, value->id), value);
    }
    assert_int_equal(n, 100);
    assert_int_equal(list.len, 0);
    olist_finish(&list);
}

/* Told by their index, and not beginning with their id. */
static uint64_t odd_id(const struct olist *list, const void *item)
{
    return ((const struct item *)item)->id * 2 + 1;
}

static void odd_moved(const struct olist *list, void *item, uint32_t at)
{
    ((struct item *)item)->at = at;
}

static void items_know_where_they_stand(void **state)
{
    static const struct olist_ops ops = {odd_id, odd_moved};
    struct olist list = {.ops = &ops};
    uint64_t seed = 17;
    uint64_t last = 0;
    memset(in, 0, sizeof(in));
    /* Growing, shrinking, and growing again. */
    for (unsigned most = ENTRIES / 2; most <= ENTRIES; most += ENTRIES / 2) {
        while (last < most) {
            last++;
            olist_append(&list, with_id(last));
            in[last] = true;
        }
        for (unsigned i = 0; i < 4 * ENTRIES; i++) {
            uint64_t id = 1 + chance(&seed, last);
            if (in[id] && (i < ENTRIES || id % 50 != 0)) {
                assert_ptr_equal(olist_get(&list, odd_id(&list, &values[id])), &values[id]);
                olist_remove_at(&list, values[id].at);
                assert_null(olist_get(&list, odd_id(&list, &values[id])));
                in[id] = false;
            }
        }
    }
    uint64_t cursor = 0;
    for (uint64_t id = 1; id <= last; id++) {
        if (in[id]) {
            assert_ptr_equal(olist_next(&list, &cursor), &values[id]);
            assert_int_equal(cursor, id * 2 + 1);
            olist_remove_at(&list, values[id].at);
        }
    }
    assert_int_equal(list.len, 0);
    assert_null(list.slots);
    assert_ptr_equal(list.ops, &ops);
}

static void memory_follows_what_is_there(void **state)
{
    struct olist list = {0};
    for (uint64_t id = 1; id < ENTRIES; id++) {
        olist_append(&list, with_id(id));
        assert_in_range(list.cap, list.len, list.len + list.len / 4 + 2);
    }
    for (uint64_t id = 1; id < ENTRIES - 10; id++) {
        assert_non_null(olist_remove(&list, id));
    }
    olist_append(&list, with_id(ENTRIES));
    assert_in_range(list.cap, list.len, 20);
    olist_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_while_entries_come_and_go),
        cmocka_unit_test(a_paused_walk_sees_what_stays_exactly_once),
        cmocka_unit_test(each_may_remove_the_current_entry),
        cmocka_unit_test(items_know_where_they_stand),
        cmocka_unit_test(memory_follows_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
