/*
 * date, autodate.
 */
#include "unit/fields.h"

static void conversions(void **state)
{
    static const struct accept_case cases[] = {
        {"\"2024-01-02 03:04:05.678Z\"", "2024-01-02 03:04:05.678Z", 0, 0, 0},
        {"\"2024-01-02\"", "2024-01-02 00:00:00.000Z", 0, 0, 0},
        {"\"2024-01-02T03:04:05+02:00\"", "2024-01-02 01:04:05.000Z", 0, 0, 0},
        {"\"2024-01-02 03:04:05.6789Z\"", "2024-01-02 03:04:05.678Z", 0, 0, 0},
        {"\"2024-01-02 03:04:05,5\"", "2024-01-02 03:04:05.500Z", 0, 0, 0},
        {"\"Mon Jan  2 15:04:05 2006\"", "2006-01-02 15:04:05.000Z", 0, 0, 0},
        {"\"2024-02-29\"", "2024-02-29 00:00:00.000Z", 0, 0, 0},
        {"\"2023-02-29\"", "", 0, 0, 0},
        {"\"2024-01-01T10:30\"", "", 0, 0, 0},
        {"\"0001-01-01 00:00:00.000Z\"", "", 0, 0, 0},
        {"\"0001-01-01 00:00:00.001Z\"", "0001-01-01 00:00:00.001Z", 0, 0, 0},
        {"\"0000-01-01 00:00:00.000Z\"", "0000-01-01 00:00:00.000Z", 0, 0, 0},
        {"\"0000-01-01T00:00:00+01:00\"", "", 0, 0, 0},
        {"\"9999-12-31T23:59:59-01:00\"", "", 0, 0, 0},
        {"\"\"", "", 0, 0, 0},
        {"\"x\"", "", 0, 0, 0},
        {"null", "", 0, 0, 0},
        {"5", "", 0, 0, 0},
        {"true", "", 0, 0, 0},
        {"[\"2024-01-02\"]", "", 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"date\"", cases);
}

static void checks(void **state)
{
    static const struct accept_case cases[] = {
        {"\"\"", 0, "validation_required", 0, 0},
        {"\"2023-12-31\"", 0, "validation_min_greater_equal_than_required",
         "Must be no less than 2024-01-01 00:00:00 +0000 UTC.",
         "{\"threshold\":\"2024-01-01T00:00:00Z\"}"},
        {"\"2024-01-01\"", 0, 0, 0, 0},
        {"\"2025-06-01 12:00:00.250Z\"", 0, 0, 0, 0},
        {"\"2025-06-01 12:00:00.251Z\"", 0, "validation_max_less_equal_than_required",
         "Must be no greater than 2025-06-01 12:00:00.25 +0000 UTC.",
         "{\"threshold\":\"2025-06-01T12:00:00.25Z\"}"},
    };

    (void)state;
    ACCEPT("\"type\":\"date\",\"required\":true,\"min\":\"2024-01-01\","
           "\"max\":\"2025-06-01 12:00:00.250Z\"",
           cases);
}

static void written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_TEXT("2024-01-02 03:04:05.678Z"), "\"2024-01-02 03:04:05.678Z\""},
        {CELL_TEXT("2024-01-02"), "\"2024-01-02 00:00:00.000Z\""},
        {CELL_TEXT("2024-02-30 00:00:00.000Z"), "\"\""},
        {CELL_TEXT("0001-01-01 00:00:00.000Z"), "\"\""},
        {CELL_TEXT("2024-01-01 00:00:00.000Z "), "\"\""},
        {CELL_TEXT(""), "\"\""},
        {CELL_NULL, "\"\""},
        {CELL_INT(5), "\"\""},
        {CELL_TEXT("10000-01-01 00:59:59.000Z"), "\"\""},
        {CELL_TEXT("-0001-12-31 23:00:00.000Z"), "\"\""},
    };

    (void)state;
    WRITE("\"type\":\"date\"", cases);
    WRITE("\"type\":\"autodate\"", cases);
}

static void autodates_are_not_submitted(void **state)
{
    static const struct accept_case cases[] = {{"\"2024-01-02\"", "", 0, 0, 0}};

    (void)state;
    ACCEPT("\"type\":\"autodate\",\"onCreate\":true", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions),
        cmocka_unit_test(checks),
        cmocka_unit_test(written),
        cmocka_unit_test(autodates_are_not_submitted),
    };

    return cmocka_run_group_tests_name("field_date", tests, NULL, NULL);
}
