/*
 * Cron expressions: which values they name, and what is wrong with others.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/cron.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
