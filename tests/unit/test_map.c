#include "unit/unit.h"

#include "base/map.h"

static void finds_what_was_put(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct map m = {0};
    int values[5000];

    (void)state;
    assert_null(map_find(&m, STR("x")));
    for (int i = 0; i < 5000; i++)
        map_put(a, &m, arena_printf(a, "key%d", i), &values[i]);
    assert_int_equal(m.n, 5000);
    for (int i = 0; i < 5000; i++)
        assert_ptr_equal(map_find(&m, arena_printf(a, "key%d", i)), &values[i]);
    assert_null(map_find(&m, STR("key5000")));
    assert_null(map_find(&m, STR("")));
}

static void later_value_replaces(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct map m = {0};
    int one, two;

    (void)state;
    map_put(a, &m, STR(""), &one);
    map_put(a, &m, STR(""), &two);
    assert_int_equal(m.n, 1);
    assert_ptr_equal(map_find(&m, STR_NONE), &two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_was_put),
                                       cmocka_unit_test(later_value_replaces)};

    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
