/* view.c, account_order.c: what the operator of the machine sees of accounts, and does with them.
 */
#include "unit.h"

#include "core_fixture.h"

static void restore(struct fixture *f, account_id id, const char *name)
{
    struct account_state *state = account_state_create(&(struct account_state){
        .id = id,
        .name = str_from(name),
        .folded = str_from(name),
        .skeleton = str_from(name),
        .created_ms = 5,
        .seen_ms = 6,
        .password_hash = STR("$x"),
        .email = STR("a@b.example"),
    });
    fixture_apply(f, &(struct input){.kind = INPUT_ACCOUNT, .account = state});
    account_state_unref(state);
}

static void order(struct fixture *f, enum account_order order, const char *name, const char *reason)
{
    fixture_apply(f, &(struct input){
                         .kind = INPUT_ACCOUNT_ORDER,
                         .account_order = {.order = order,
                                           .name_folded = str_from(name),
                                           .reason = str_from(reason),
                                           .keys = {STR("$new"), STR("keys")}},
                     });
}

static void shows_each_account_once(void **state)
{
    struct fixture f;
    fixture_init(&f);
    restore(&f, 50, "jin");
    restore(&f, 60, "min");
    uint64_t cursor = 0;
    struct core_account_view view;
    assert_true(core_next_account(f.core, &cursor, &view));
    assert_str(view.name, "jin");
    assert_str(view.email, "a@b.example");
    assert_int_equal(view.created_ms, 5);
    assert_int_equal(view.seen_ms, 6);
    assert_int_equal(view.n_sessions, 0);
    assert_true(view.has_password && view.verified && !view.suspended);
    assert_true(core_next_account(f.core, &cursor, &view));
    assert_str(view.name, "min");
    assert_false(core_next_account(f.core, &cursor, &view));
    assert_true(core_find_account(f.core, STR("min"), &view));
    assert_false(core_find_account(f.core, STR("nobody"), &view));
    fixture_finish(&f);
}

static void orders_are_followed_and_kept(void **state)
{
    struct fixture f;
    fixture_init(&f);
    restore(&f, 50, "jin");
    struct core_account_view view;
    order(&f, ORDER_SUSPEND, "nobody", "");
    assert_string_equal(fixture_stored(&f), "");
    order(&f, ORDER_SUSPEND, "jin", "a reason");
    assert_string_equal(fixture_stored(&f),
                        "ACCOUNT 50 jin password=$x email=a@b.example, suspended\n");
    assert_true(core_find_account(f.core, STR("jin"), &view));
    assert_true(view.suspended);
    assert_str(view.suspended_why, "a reason");
    order(&f, ORDER_UNSUSPEND, "jin", "");
    assert_string_equal(fixture_stored(&f), "ACCOUNT 50 jin password=$x email=a@b.example\n");
    assert_true(core_find_account(f.core, STR("jin"), &view));
    assert_false(view.suspended);
    assert_str(view.suspended_why, "");
    order(&f, ORDER_PASSWORD, "jin", "");
    assert_string_equal(fixture_stored(&f), "ACCOUNT 50 jin password=$new email=a@b.example\n");
    order(&f, ORDER_UNREGISTER, "jin", "");
    assert_string_equal(fixture_stored(&f), "ACCOUNT GONE 50\n");
    assert_false(core_find_account(f.core, STR("jin"), &view));
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_each_account_once),
        cmocka_unit_test(orders_are_followed_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
