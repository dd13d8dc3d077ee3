/* map.c: tables by id and by string, against arrays. */
#include "unit.h"

#include "chance.h"
#include "map.h"

enum { IDS = 600, STEPS = 40000 };

static void ids_as_an_array_has_them(void **state)
{
    static int values[IDS];
    bool in[IDS] = {false};
    size_t len = 0;
    uint64_t seed = 1;
    struct map map = {0};
    assert_null(map_get(&map, 1));
    assert_null(map_del(&map, 1));
    for (int i = 0; i < STEPS; i++) {
        /* Ids that differ in high bits only, too. */
        size_t at = chance(&seed, IDS);
        uint64_t id = at % 2 == 0 ? at : (uint64_t)at << 40;
        switch (chance(&seed, 3)) {
        case 0:
            if (!in[at]) {
                map_put(&map, id, &values[at]);
                in[at] = true;
                len++;
            }
            break;
        case 1:
            assert_ptr_equal(map_del(&map, id), in[at] ? &values[at] : NULL);
            len -= in[at];
            in[at] = false;
            break;
        default:
            assert_ptr_equal(map_get(&map, id), in[at] ? &values[at] : NULL);
        }
        assert_int_equal(map.len, len);
    }
    for (size_t at = 0; at < IDS; at++) {
        uint64_t id = at % 2 == 0 ? at : (uint64_t)at << 40;
        assert_ptr_equal(map_get(&map, id), in[at] ? &values[at] : NULL);
    }
    map_finish(&map);
    assert_int_equal(map.len, 0);
}

struct item {
    char name[16];
    bool in;
};

static struct str item_key(const void *value)
{
    return str_from(((const struct item *)value)->name);
}

static void strings_whatever_the_seed(void **state)
{
    static struct item items[IDS];
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct strmap map;
        strmap_init(&map, item_key, (uint64_t[]){seed, ~seed});
        uint64_t numbers = 7;
        for (size_t i = 0; i < IDS; i++) {
            snprintf(items[i].name, sizeof(items[i].name), "%zu", i * i);
            items[i].in = false;
        }
        for (int i = 0; i < STEPS; i++) {
            struct item *item = &items[chance(&numbers, IDS)];
            struct str key = str_from(item->name);
            if (chance(&numbers, 2) == 0 && !item->in) {
                strmap_put(&map, item);
                item->in = true;
            } else if (chance(&numbers, 2) == 0) {
                assert_ptr_equal(strmap_del(&map, key), item->in ? item : NULL);
                item->in = false;
            }
            assert_ptr_equal(strmap_get(&map, key), item->in ? item : NULL);
        }
        assert_null(strmap_get(&map, STR("")));
        strmap_finish(&map);
    }
}

/* What CPython 3.11, which hashes bytes with SipHash-1-3, says to the key 0 (PYTHONHASHSEED=0) for
 * the messages 00 01 … of these lengths; and the empty message under the key 00 01 … 0f. */
static void hash_is_siphash_1_3(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {1, 0x68a914128e01e473},  {7, 0x2f098ab0c751325a},  {8, 0xead411e67ebe2eea},
        {15, 0xf30eb725bb91c9ea}, {16, 0x8972188433a5c5b7}, {33, 0x7fb71d24dfa4c9f6},
    };
    const uint64_t zero[2] = {0, 0};
    const uint64_t counted[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[33];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_int_equal(str_hash((struct str){bytes, vectors[i].len}, zero), vectors[i].hash);
    }
    assert_int_equal(str_hash((struct str){bytes, 0}, counted), 0xabac0158050fc4dc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_as_an_array_has_them),
        cmocka_unit_test(strings_whatever_the_seed),
        cmocka_unit_test(hash_is_siphash_1_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
