#include "unit/unit.h"

#include "base/buf.h"
#include "base/compiler.h"

#include <string.h>

static void appends(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_string_equal(b.p, "");
    BUF_ADD(&b, "a");
    buf_add(&b, STR("bc"));
    buf_add(&b, STR_NONE);
    buf_add_byte(&b, '\0');
    buf_add_u64(&b, UINT64_MAX);
    buf_add_byte(&b, ' ');
    buf_add_i64(&b, INT64_MIN);
    buf_addf(&b, "|%03d", 7);
    assert_int_equal(b.n, 49);
    assert_memory_equal(b.p, "abc\00018446744073709551615 -9223372036854775808|007", 50);
    assert_false(b.full);
}

static void ceiling_is_exact(void **state)
{
    static const struct {
        size_t max, n;
        bool full;
    } cases[] = {{0, 0, false},     {0, 1, true},     {5, 5, false},     {5, 6, true},
                 {300, 300, false}, {300, 301, true}, {256, 256, false}, {255, 255, false}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF struct buf b;

        buf_init(&b, cases[i].max);
        for (size_t j = 0; j < cases[i].n; j++)
            buf_add_byte(&b, 'x');
        assert_int_equal(b.full, cases[i].full);
        assert_int_equal(b.n, cases[i].full ? 0 : cases[i].n);
        assert_int_equal(b.p[b.n], '\0');
    }
}

static void full_takes_nothing_until_reset(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 4);
    BUF_ADD(&b, "12345");
    BUF_ADD(&b, "1");
    buf_addf(&b, "%d", 1);
    assert_true(b.full);
    assert_string_equal(b.p, "");
    buf_reset(&b);
    BUF_ADD(&b, "1234");
    assert_false(b.full);
    assert_string_equal(b.p, "1234");
}

static void cut_and_reserve(void **state)
{
    AUTO_BUF struct buf b;
    char *room;

    (void)state;
    buf_init(&b, 1000);
    BUF_ADD(&b, "hello");
    buf_cut(&b, 2);
    assert_string_equal(b.p, "he");
    room = buf_reserve(&b, 900);
    assert_non_null(room);
    memset(room, 'y', 900);
    buf_grew(&b, 900);
    assert_int_equal(b.n, 902);
    assert_null(buf_reserve(&b, 99));
    assert_true(b.full);
}

static void long_formats(void **state)
{
    AUTO_BUF struct buf b;
    char text[600];

    (void)state;
    memset(text, 'z', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    buf_init(&b, 10000);
    buf_addf(&b, "<%s>", text);
    buf_addf(&b, "<%s>", text);
    assert_int_equal(b.n, 2 * (sizeof(text) + 1));
    assert_int_equal(strlen(b.p), b.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(ceiling_is_exact),
        cmocka_unit_test(full_takes_nothing_until_reset),
        cmocka_unit_test(cut_and_reserve),
        cmocka_unit_test(long_formats),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
