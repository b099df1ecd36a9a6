/* Ranges (RFC 9110 14) and dates (5.6.7), as Go reads both. */
#include "unit/unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "http/range.h"
#include "http/when.h"

#define SIZE 100

/* "at+n at+n", or what else it says. */
static const char *read_ranges(struct arena *a, const char *header, uint64_t size)
{
    struct http_range *ranges;
    struct str text = STR("");
    size_t n;

    switch (http_range_read(a, header ? str_of(header) : STR_NONE, size, &ranges, &n)) {
    case RANGE_WHOLE:
        return "whole";
    case RANGE_OUTSIDE:
        return "outside";
    case RANGE_NO_SENSE:
        return "nonsense";
    case RANGE_PARTS:
        break;
    }
    for (size_t i = 0; i < n; i++)
        text = arena_printf(a, "%.*s%s%llu+%llu", STR_ARG(text), i ? " " : "",
                            (unsigned long long)ranges[i].at, (unsigned long long)ranges[i].n);
    return arena_cstr(a, text);
}

static void ranges_are_read(void **state)
{
    static const struct {
        const char *header, *ranges;
    } cases[] = {
        {NULL, "whole"},
        {"", "whole"},
        {"bytes=", "whole"},
        {"bytes=,", "whole"},
        {"bytes=0-", "0+100"},
        {"bytes=0-0", "0+1"},
        {"bytes=10-19", "10+10"},
        {"bytes= 10 - 19 ", "10+10"},
        {"bytes=90-200", "90+10"},
        {"bytes=99-", "99+1"},
        {"bytes=100-", "outside"},
        {"bytes=100-50", "outside"},
        {"bytes=-1", "99+1"},
        {"bytes=-200", "0+100"},
        {"bytes=-0", "100+0"},
        {"bytes=0-9,20-29", "0+10 20+10"},
        {"bytes=,0-9,,20-29,", "0+10 20+10"},
        {"bytes=200-,20-29", "20+10"},
        {"bytes=200-,300-", "outside"},
        {"bytes=0-,0-0", "whole"}, /* more than there is */
        {"bytes=0-49,50-", "0+50 50+50"},
        {"bytes=5-4", "nonsense"},
        {"bytes=-", "nonsense"},
        {"bytes=--1", "nonsense"},
        {"bytes=5", "nonsense"},
        {"bytes=a-b", "nonsense"},
        {"bytes=+1-+2", "1+2"},
        {"bytes=++1-2", "nonsense"},
        {"bytes=0-,0-,x", "nonsense"}, /* though it is too much before that */
        {"bytes=0-9,x", "nonsense"},
        {"bytes=9223372036854775807-", "outside"},
        {"bytes=9223372036854775808-", "nonsense"},
        {"bytes=0-99999999999999999999", "nonsense"},
        {"Bytes=0-1", "nonsense"},
        {"lines=0-1", "nonsense"},
        {"0-1", "nonsense"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(read_ranges(a, cases[i].header, SIZE), cases[i].ranges);
    assert_string_equal(read_ranges(a, "bytes=0-5", 0), "whole"); /* of an empty file */
    assert_string_equal(read_ranges(a, "bytes=-5", 0), "0+0");
    arena_free(a);
}

/* So many of one byte each. */
static const char *read_many(struct arena *a, size_t n, uint64_t size)
{
    AUTO_BUF struct buf header;

    buf_init(&header, 1 * MIB);
    BUF_ADD(&header, "bytes=");
    for (size_t i = 0; i < n; i++)
        buf_addf(&header, "%zu-%zu,", i, i);
    return read_ranges(a, arena_cstr(a, buf_str(&header)), size);
}

static void ranges_are_bounded(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_not_equal(read_many(a, LIMIT_RANGES, MIB), "whole");
    assert_string_equal(read_many(a, LIMIT_RANGES + 1, MIB), "whole");
    arena_free(a);
}

static void dates_are_written(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char text[HTTP_WHEN_LEN + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        http_when_write(text, cases[i].s);
        assert_string_equal(text, cases[i].text);
    }
}

static void dates_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t s; /* -1: none */
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Mon, 06 nov 1994 08:49:37 GMT", 784111777}, /* the day's name is not looked at */
        {"Friday, 01-Jan-38 00:00:00 GMT", 2145916800},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Wed, 29 Feb 2023 00:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 PST", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT x", -1},
        {"Son, 06 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Now 1994 08:49:37 GMT", -1},
        {"Sun", -1},
        {"", -1},
        {"1994-11-06", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t s = -1;

        assert_int_equal(http_when_read(str_of(cases[i].text), &s), cases[i].s >= 0);
        assert_int_equal(s, cases[i].s);
    }
    assert_false(http_when_read(STR_NONE, &(int64_t){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(ranges_are_bounded),
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(dates_are_read),
    };

    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
