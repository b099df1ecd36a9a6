/*
 * Entries of the log book that are too long (data-dir.md 4).
 */
#include "unit/unit.h"

#include "telemetry/internal.h"

static void cuts(const char *data, size_t max, const char *wanted)
{
    struct arena *a = arena_new();
    struct str got = entry_cut(a, str_of(data), max);

    assert_int_equal(got.n, strlen(wanted));
    assert_memory_equal(got.p, wanted, got.n);
    arena_free(a);
}

static void keeps_what_fits(void **state)
{
    (void)state;
    cuts("{\"a\":1,\"b\":2}", 13, "{\"a\":1,\"b\":2}");
    cuts("{}", 0, "{\"__pb_truncated__\":true}");
    cuts("no object", 3, "no object");
    cuts("[1,2,3]", 3, "[1,2,3]");
}

static void cuts_members(void **state)
{
    (void)state;
    cuts("{\"a\":\"long text\",\"b\":2}", 8, "{\"__pb_truncated__\":true,\"a\":null}");
    cuts("{\"a\":1,\"b\":{\"c\":[1,2,3]},\"d\":4}", 16,
         "{\"__pb_truncated__\":true,\"a\":1,\"b\":null}");
    cuts("{\"a\":1,\"b\":2,\"c\":3}", 8, "{\"__pb_truncated__\":true,\"a\":1}");
    cuts("{\"abcdef\":1}", 3, "{\"__pb_truncated__\":true}");
    cuts("{\"A\":1,\"b\":\"xxxxxxxx\"}", 14, "{\"A\":1,\"__pb_truncated__\":true,\"b\":null}");
}

/* One that says so already says it once. */
static void says_it_once(void **state)
{
    (void)state;
    cuts("{\"__pb_truncated__\":true,\"a\":\"xxxxxxxxxx\"}", 35,
         "{\"__pb_truncated__\":true,\"a\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_fits),
        cmocka_unit_test(cuts_members),
        cmocka_unit_test(says_it_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
