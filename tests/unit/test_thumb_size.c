#include "base/compiler.h"
#include "base/limits.h"
#include "files/thumb_size.h"
#include "unit/unit.h"

static void sizes_are_read(void **state)
{
    static const struct {
        struct str text;
        struct thumb_size size;
    } cases[] = {
        {STR_INIT("100x50"), {100, 50, IMAGE_CENTRE}},
        {STR_INIT("1x1t"), {1, 1, IMAGE_TOP}},
        {STR_INIT("7x3b"), {7, 3, IMAGE_BOTTOM}},
        {STR_INIT("640x480f"), {640, 480, IMAGE_FIT}},
        {STR_INIT("0x50"), {0, 50, IMAGE_CENTRE}},
        {STR_INIT("50x0f"), {50, 0, IMAGE_FIT}},
        {STR_INIT("007x0050"), {7, 50, IMAGE_CENTRE}},
        {STR_INIT("10000x10000"), {LIMIT_THUMB_SIDE, LIMIT_THUMB_SIDE, IMAGE_CENTRE}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct thumb_size size;

        assert_true(thumb_size_is(cases[i].text));
        assert_true(thumb_size_read(cases[i].text, &size));
        assert_int_equal(size.width, cases[i].size.width);
        assert_int_equal(size.height, cases[i].size.height);
        assert_int_equal(size.cut, cases[i].size.cut);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const struct str cases[] = {
        STR_INIT(""),       STR_INIT("x"),     STR_INIT("0x0"),        STR_INIT("0x0t"),
        STR_INIT("0x0f"),   STR_INIT("100"),   STR_INIT("100x"),       STR_INIT("x100"),
        STR_INIT("100x t"), STR_INIT("-1x5"),  STR_INIT("+1x5"),       STR_INIT("1X5"),
        STR_INIT("1x5T"),   STR_INIT("1x5tb"), STR_INIT("1x5x5"),      STR_INIT(" 1x5"),
        STR_INIT("1x5\n"),  STR_INIT("1x5\0"), STR_INIT("1.5x5"),      STR_INIT("t"),
        STR_INIT("1xt"),    STR_INIT("1x5 "),  STR_INIT("\xd9\xa1x5"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct thumb_size size = {1, 2, IMAGE_FIT};

        assert_false(thumb_size_is(cases[i]));
        assert_false(thumb_size_read(cases[i], &size));
        assert_int_equal(size.width, 1);
    }
}

/* A field may name them, no thumb has them. */
static void some_sizes_have_no_thumb(void **state)
{
    static const struct str cases[] = {
        STR_INIT("00x0"),    STR_INIT("0x000t"),       STR_INIT("10001x1"),
        STR_INIT("1x10001"), STR_INIT("4294967297x1"), STR_INIT("1x99999999999999999999999999f"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct thumb_size size;

        assert_true(thumb_size_is(cases[i]));
        assert_false(thumb_size_read(cases[i], &size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(some_sizes_have_no_thumb),
    };

    return cmocka_run_group_tests_name("thumb_size", tests, NULL, NULL);
}
