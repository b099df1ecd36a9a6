/*
 * Cron expressions: which values they name, and what is wrong with others.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/cron.h"
#include "base/date.h"

static void values(void **state)
{
    static const struct {
        const char *text;
        uint64_t minutes, hours, days, months, weekdays;
    } cases[] = {
        {"* * * * *", (UINT64_C(1) << 60) - 1, (1 << 24) - 1, 0xfffffffe, 0x1ffe, 0x7f},
        {"0 0 1 1 0", 1, 1, 2, 2, 1},
        {"59 23 31 12 6", UINT64_C(1) << 59, 1 << 23, UINT64_C(1) << 31, 1 << 12, 1 << 6},
        {"1,3,5-7 */6 10-20/5 1 1-3", 0xea, 0x41041, 0x108400, 2, 0xe},
        {"*/59 +1 1 1 1", UINT64_C(1) | UINT64_C(1) << 59, 2, 2, 2, 2},
        {"@hourly", 1, (1 << 24) - 1, 0xfffffffe, 0x1ffe, 0x7f},
        {"@weekly", 1, 1, 0xfffffffe, 0x1ffe, 1},
        {"@yearly", 1, 1, 2, 2, 0x7f},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct cron cron;
        struct str why;

        if (!cron_parse(a, str_of(cases[i].text), &cron, &why))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(why));
        assert_int_equal(cron.minutes, cases[i].minutes);
        assert_int_equal(cron.hours, cases[i].hours);
        assert_int_equal(cron.days, cases[i].days);
        assert_int_equal(cron.months, cases[i].months);
        assert_int_equal(cron.weekdays, cases[i].weekdays);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "exactly 5 space separated segments"},
        {"* * * *", "exactly 5"},
        {"* * * * * *", "exactly 5"},
        {"*  * * *", "parsing \"\": invalid syntax"},
        {"@reboot", "exactly 5"},
        {"60 * * * *", "segment value"},
        {"* * 0 * *", "segment value"},
        {"* * * * 7", "segment value"},
        {"-1 * * * *", "parsing \"\": invalid syntax"},
        {"1-60 * * * *", "range maximum - must be between 1 and 59"},
        {"5-4 * * * *", "range maximum - must be between 5 and 59"},
        {"* * 0-4 * *", "range minimum - must be between 1 and 31"},
        {"1-2-3 * * * *", "range must have 1 or 2 parts"},
        {"*/0 * * * *", "step boundary"},
        {"*/60 * * * *", "step boundary"},
        {"*/1/1 * * * *", "step format"},
        {"5/2 * * * *", "wildcard or range"},
        {"* * * JAN *", "parsing \"JAN\": invalid syntax"},
        {"99999999999999999999 * * * *", "value out of range"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct cron cron;
        struct str why;

        if (cron_parse(a, str_of(cases[i].text), &cron, &why))
            fail_msg("%s passes", cases[i].text);
        if (!str_has(why, str_of(cases[i].why)))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(why));
    }
}

static void expanded(void **state)
{
    static const struct {
        struct str text, wanted;
    } cases[] = {
        {STR_INIT("@hourly"), STR_INIT("0 * * * *")},
        {STR_INIT("@midnight"), STR_INIT("0 0 * * *")},
        {STR_INIT("@annually"), STR_INIT("0 0 1 1 *")},
        {STR_INIT("@Hourly"), STR_INIT("@Hourly")},
        {STR_INIT("*/5 1 * * *"), STR_INIT("*/5 1 * * *")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_eq(cron_expanded(cases[i].text), cases[i].wanted));
}

static struct cron parsed(const char *text)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct cron cron;
    struct str why;

    if (!cron_parse(a, str_of(text), &cron, &why))
        fail_msg("%s: %.*s", text, STR_ARG(why));
    return cron;
}

static int64_t instant(const char *text)
{
    int64_t ms;

    assert_true(date_parse_stored(str_of(text), &ms));
    return ms;
}

/* All five must match: day and weekday, not one of them. */
static void due(void **state)
{
    static const struct {
        const char *cron, *at;
        bool is_due;
    } cases[] = {
        {"* * * * *", "2026-01-01 00:00:00.000Z", true},
        {"* * * * *", "1969-12-31 23:59:59.999Z", true},
        {"5 * * * *", "2026-01-01 00:05:00.000Z", true},
        {"5 * * * *", "2026-01-01 00:05:59.999Z", true},
        {"5 * * * *", "2026-01-01 00:06:00.000Z", false},
        {"0 0 29 2 *", "2028-02-29 00:00:30.000Z", true},
        {"0 0 29 2 *", "2026-03-01 00:00:30.000Z", false},
        {"* * * * 0", "2026-11-29 12:00:00.000Z", true}, /* a Sunday */
        {"* * * * 1-6", "2026-11-29 12:00:00.000Z", false},
        {"* * 29 * 1", "2026-11-29 12:00:00.000Z", false},
        {"* * 28 * 0", "2026-11-29 12:00:00.000Z", false},
        {"59 23 31 12 *", "1969-12-31 23:59:00.000Z", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct cron cron = parsed(cases[i].cron);

        if (cron_matches(&cron, instant(cases[i].at)) != cases[i].is_due)
            fail_msg("%s at %s", cases[i].cron, cases[i].at);
    }
}

static void next(void **state)
{
    static const struct {
        const char *cron, *after, *wanted; /* NULL: never */
    } cases[] = {
        {"* * * * *", "2026-01-01 00:00:00.000Z", "2026-01-01 00:01:00.000Z"},
        {"* * * * *", "2026-12-31 23:59:59.999Z", "2027-01-01 00:00:00.000Z"},
        {"*/20 * * * *", "2026-01-01 00:19:00.000Z", "2026-01-01 00:20:00.000Z"},
        {"*/20 * * * *", "2026-01-01 00:20:00.000Z", "2026-01-01 00:40:00.000Z"},
        {"30 4 * * *", "2026-01-01 04:29:59.000Z", "2026-01-01 04:30:00.000Z"},
        {"30 4 * * *", "2026-01-01 04:30:00.000Z", "2026-01-02 04:30:00.000Z"},
        {"10 4 * * *", "2026-01-01 03:30:00.000Z", "2026-01-01 04:10:00.000Z"},
        {"0 0 31 * *", "2026-01-31 00:00:00.000Z", "2026-03-31 00:00:00.000Z"},
        {"0 0 29 2 *", "2096-02-29 00:00:00.000Z", "2104-02-29 00:00:00.000Z"},
        {"0 0 29 2 1", "2072-02-29 00:00:00.000Z", "2112-02-29 00:00:00.000Z"},
        {"0 0 * * 0", "2026-11-29 00:00:00.000Z", "2026-12-06 00:00:00.000Z"},
        {"0 0 31 2 *", "2026-01-01 00:00:00.000Z", NULL},
        {"0 0 30-31 2 *", "2026-01-01 00:00:00.000Z", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct cron cron = parsed(cases[i].cron);
        const int64_t got = cron_next(&cron, instant(cases[i].after));
        const int64_t wanted = cases[i].wanted ? instant(cases[i].wanted) : -1;

        if (got != wanted)
            fail_msg("%s after %s: %lld", cases[i].cron, cases[i].after, (long long)got);
        if (got >= 0)
            assert_true(cron_matches(&cron, got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values), cmocka_unit_test(refused), cmocka_unit_test(expanded),
        cmocka_unit_test(due),    cmocka_unit_test(next),
    };

    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
