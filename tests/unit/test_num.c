#include "unit/unit.h"

#include "base/compiler.h"
#include "base/id.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forms(void **state)
{
    static const struct {
        double x;
        const char *json, *general, *plain;
    } cases[] = {
        {0, "0", "0", "0"},
        {-0.0, "-0", "-0", "-0"},
        {1, "1", "1", "1"},
        {-17, "-17", "-17", "-17"},
        {100, "100", "100", "100"},
        {0.1, "0.1", "0.1", "0.1"},
        {-2.5, "-2.5", "-2.5", "-2.5"},
        {1234567.5, "1234567.5", "1.2345675e+06", "1234567.5"},
        {123456, "123456", "123456", "123456"},
        {1000000, "1000000", "1e+06", "1000000"},
        {0.0001, "0.0001", "0.0001", "0.0001"},
        {0.00001, "0.00001", "1e-05", "0.00001"},
        {1e-6, "0.000001", "1e-06", "0.000001"},
        {1.5e-6, "0.0000015", "1.5e-06", "0.0000015"},
        {1e-7, "1e-7", "1e-07", "0.0000001"},
        {1.25e-10, "1.25e-10", "1.25e-10", "0.000000000125"},
        {1e20, "100000000000000000000", "1e+20", "100000000000000000000"},
        {1e21, "1e+21", "1e+21", "1000000000000000000000"},
        {-1.5e300, "-1.5e+300", "-1.5e+300", NULL},
        {9007199254740993.0, "9007199254740992", "9.007199254740992e+15", "9007199254740992"},
        {123456789012345678.0, "123456789012345680", "1.2345678901234568e+17",
         "123456789012345680"},
        {1 / 3.0, "0.3333333333333333", "0.3333333333333333", "0.3333333333333333"},
        {5e-324, "5e-324", "5e-324", NULL},
        {1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308", NULL},
        {2.2250738585072014e-308, "2.2250738585072014e-308", "2.2250738585072014e-308", NULL},
        {0.3, "0.3", "0.3", "0.3"},
        {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"},
        {5e-7, "5e-7", "5e-07", "0.0000005"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[NUM_TEXT_MAX];
        size_t n;

        assert_int_equal(num_format_json(text, cases[i].x), strlen(cases[i].json));
        assert_string_equal(text, cases[i].json);
        assert_int_equal(num_format_general(text, cases[i].x, 6), strlen(cases[i].general));
        assert_string_equal(text, cases[i].general);
        n = num_format_plain(text, cases[i].x);
        assert_int_equal(n, strlen(text));
        if (cases[i].plain)
            assert_string_equal(text, cases[i].plain);
        assert_true(strtod(text, NULL) == cases[i].x);
    }
}

/* Any finite double: it comes back, and no text of fewer digits would bring it back. */
static void round_trips_shortest(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[NUM_TEXT_MAX], other[64];
        double x, back = 0;
        uint64_t bits;
        size_t digits = 0;
        int least = 1;

        random_bytes(&bits, sizeof(bits));
        if (i % 2)
            x = (double)(int64_t)(bits % 2000000000000) / 1000;
        else
            memcpy(&x, &bits, sizeof(x));
        if (!isfinite(x) || x == 0)
            continue;
        assert_true(num_parse_json((struct str){text, num_format_json(text, x)}, &back));
        assert_true(back == x);
        (void)num_format_general(text, x, -400); /* always with an exponent */
        for (const char *p = text; *p && *p != 'e'; p++)
            digits += *p >= '0' && *p <= '9';
        for (; least < 17; least++) {
            (void)snprintf(other, sizeof(other), "%.*e", least - 1, x);
            if (strtod(other, NULL) == x)
                break;
        }
        assert_int_equal(digits, least);
    }
}

static void json_numbers(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {{"0", 1},  {"-0", 2},  {"12", 2},  {"1.5", 3},  {"1e5", 3},       {"1E+05", 5},
                 {"01", 0}, {"+1", 0},  {".5", 0},  {"1.", 0},   {"1e", 0},        {"-", 0},
                 {"", 0},   {"NaN", 0}, {"0x1", 1}, {"1.5x", 3}, {"-1.25e-3,", 8}, {"1 ", 1}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str s = str_of(cases[i].text);
        double x = 0;

        assert_int_equal(num_scan_json(s), cases[i].n);
        assert_int_equal(num_parse_json(s, &x), cases[i].n == s.n && s.n > 0);
        if (cases[i].n == s.n && s.n > 0)
            assert_true(x == strtod(cases[i].text, NULL));
    }
}

static void long_numbers(void **state)
{
    char digits[5000];
    double x = 0;

    (void)state;
    memset(digits, '9', sizeof(digits));
    assert_true(num_parse_json((struct str){digits, sizeof(digits)}, &x));
    assert_true(isinf(x));
    assert_true(num_parse_json((struct str){digits, 300}, &x));
    assert_true(x == 1e300);
    assert_true(num_parse_json(STR("1e999999999999999999999"), &x));
    assert_true(isinf(x));
    digits[1] = '_';
    assert_false(num_parse_loose((struct str){digits, sizeof(digits)}, &x));
}

/* What PocketBase 0.40.6 makes of each in a number field; want NaN: no number. */
static void loose_numbers(void **state)
{
    static const struct {
        const char *text;
        double want;
    } cases[] = {{"1_000", 1000},
                 {"0x1p4", 16},
                 {"0x_1p4", 16},
                 {"0x1_0p4", 256},
                 {"1e1_0", 1e10},
                 {"1e-400", 0},
                 {"1_000.5", 1000.5},
                 {"0x1.8p1", 3},
                 {"0X1P+4", 16},
                 {"0x.8p1", 1},
                 {"1.", 1},
                 {".5", 0.5},
                 {"+5", 5},
                 {"0_1", 1},
                 {"0x1p-2000", 0},
                 {"0x1p4_0", 1099511627776},
                 {"+0x1p4", 16},
                 {"-1_0", -10},
                 {"00012", 12},
                 {"1e+05", 100000},
                 {"_1", (double)NAN},
                 {"1_", (double)NAN},
                 {"1__0", (double)NAN},
                 {"0x1p_4", (double)NAN},
                 {"1e400", (double)NAN},
                 {"0x10", (double)NAN},
                 {"0b1", (double)NAN},
                 {"1._5", (double)NAN},
                 {".", (double)NAN},
                 {"--5", (double)NAN},
                 {"1e", (double)NAN},
                 {"e5", (double)NAN},
                 {" 1", (double)NAN},
                 {"1 ", (double)NAN},
                 {"0x1_p4", (double)NAN},
                 {"0o7", (double)NAN},
                 {"inf_", (double)NAN},
                 {"+nan", (double)NAN},
                 {"", (double)NAN},
                 {"1,5", (double)NAN}};
    double x = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool want = !isnan(cases[i].want);

        if (num_parse_loose(str_of(cases[i].text), &x) != want || (want && x != cases[i].want))
            fail_msg("\"%s\"", cases[i].text);
    }
    assert_true(num_parse_loose(STR("InfinitY"), &x) && isinf(x) && x > 0);
    assert_true(num_parse_loose(STR("-inf"), &x) && isinf(x) && x < 0);
    assert_true(num_parse_loose(STR("nan"), &x) && isnan(x));
}

static void integers(void **state)
{
    int64_t i = 0;
    uint64_t u = 0;

    (void)state;
    assert_true(num_parse_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(num_parse_i64(STR("+9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(num_parse_i64(STR("9223372036854775808"), &i));
    assert_false(num_parse_i64(STR("-9223372036854775809"), &i));
    assert_false(num_parse_i64(STR("-"), &i) || num_parse_i64(STR(""), &i));
    assert_false(num_parse_i64(STR("1 "), &i) || num_parse_i64(STR("1.0"), &i));
    assert_true(num_parse_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(num_parse_u64(STR("18446744073709551616"), &u));
    assert_false(num_parse_u64(STR("-1"), &u) || num_parse_u64(STR("+1"), &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),         cmocka_unit_test(round_trips_shortest),
        cmocka_unit_test(json_numbers),  cmocka_unit_test(long_numbers),
        cmocka_unit_test(loose_numbers), cmocka_unit_test(integers),
    };

    return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
