/*
 * number, bool.
 */
#include "unit/fields.h"

#include <math.h>

static void number_conversions(void **state)
{
    static const struct accept_case cases[] = {
        {"12", "#12", 0, 0, 0},
        {"\"12\"", "#12", 0, 0, 0},
        {"\"+5\"", "#5", 0, 0, 0},
        {"\".5\"", "#0.5", 0, 0, 0},
        {"\"5.\"", "#5", 0, 0, 0},
        {"\"1e3\"", "#1000", 0, 0, 0},
        {"\"0x1p4\"", "#16", 0, 0, 0},
        {"\"1_000\"", "#1000", 0, 0, 0},
        {"\"1e400\"", "#0", 0, 0, 0},
        {"\" 5\"", "#0", 0, 0, 0},
        {"\"1,5\"", "#0", 0, 0, 0},
        {"\"0x10\"", "#0", 0, 0, 0},
        {"\"1__0\"", "#0", 0, 0, 0},
        {"\"_1\"", "#0", 0, 0, 0},
        {"\"\"", "#0", 0, 0, 0},
        {"true", "#1", 0, 0, 0},
        {"false", "#0", 0, 0, 0},
        {"null", "#0", 0, 0, 0},
        {NULL, "#0", 0, 0, 0},
        {"[1]", "#0", 0, 0, 0},
        {"\"Inf\"", 0, "validation_not_a_number", "The submitted number is not properly formatted.",
         0},
        {"\"-infinity\"", 0, "validation_not_a_number", 0, 0},
        {"\"nan\"", 0, "validation_not_a_number", 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"number\"", cases);
}

static void number_checks(void **state)
{
    static const struct accept_case cases[] = {
        {"0", 0, "validation_required", 0, 0},
        {"-0", 0, "validation_required", 0, 0},
        {"1.5", 0, "validation_only_int_constraint", "Decimal numbers are not allowed.", 0},
        {"1.5e+21", 0, "validation_only_int_constraint", 0, 0}, /* over 64 bits */
        {"4", 0, "validation_min_number_constraint", "Must be greater or equal than 5.",
         "{\"min\":5}"},
        {"5", 0, 0, 0, 0},
        {"10", 0, 0, 0, 0},
        {"11", 0, "validation_max_number_constraint", "Must be less or equal than 10.",
         "{\"max\":10}"},
    };
    static const struct accept_case optional[] = {
        {"0", 0, 0, 0, 0}, /* bounds are not for zero */
        {"0.000001", 0, "validation_min_number_constraint", "Must be greater or equal than 1e-05.",
         "{\"min\":0.00001}"},
    };

    (void)state;
    ACCEPT("\"type\":\"number\",\"required\":true,\"onlyInt\":true,\"min\":5,\"max\":10", cases);
    ACCEPT("\"type\":\"number\",\"min\":0.00001", optional);
}

static void numbers_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_INT(0), "0"},
        {CELL_INT(-12), "-12"},
        {CELL_INT(9007199254740992), "9007199254740992"},
        {CELL_INT(9007199254740993), "9007199254740992"},
        {CELL_INT(INT64_MAX), "9223372036854776000"},
        {CELL_REAL(1.5), "1.5"},
        {CELL_REAL(1e21), "1e+21"},
        {CELL_REAL(1e-7), "1e-7"},
        {CELL_NULL, "0"},
        {CELL_TEXT("abc"), "0"},
        {CELL_TEXT("12.50"), "12.5"},
        {CELL_TEXT(""), "0"},
    };
    const struct write_case infinite[] = {{{.type = DB_REAL, .d = HUGE_VAL}, "null"},
                                          {CELL_TEXT("inf"), "null"},
                                          {CELL_TEXT("-Infinity"), "null"},
                                          {CELL_TEXT("nan"), "null"}};

    (void)state;
    WRITE("\"type\":\"number\"", cases);
    WRITE("\"type\":\"number\"", infinite);
}

static void bools(void **state)
{
    static const struct accept_case cases[] = {
        {"true", "#1", 0, 0, 0},     {"false", "#0", 0, 0, 0},    {"2", "#1", 0, 0, 0},
        {"-1", "#1", 0, 0, 0},       {"0.5", "#1", 0, 0, 0},      {"0", "#0", 0, 0, 0},
        {"\"1\"", "#1", 0, 0, 0},    {"\"t\"", "#1", 0, 0, 0},    {"\"T\"", "#1", 0, 0, 0},
        {"\"TRUE\"", "#1", 0, 0, 0}, {"\"true\"", "#1", 0, 0, 0}, {"\"True\"", "#1", 0, 0, 0},
        {"\"tRue\"", "#0", 0, 0, 0}, {"\"yes\"", "#0", 0, 0, 0},  {"\"2\"", "#0", 0, 0, 0},
        {"null", "#0", 0, 0, 0},     {"[]", "#0", 0, 0, 0},       {"{}", "#0", 0, 0, 0},
    };
    static const struct accept_case required[] = {
        {"false", "#0", "validation_required", 0, 0},
        {"true", "#1", 0, 0, 0},
    };
    static const struct write_case written[] = {
        {CELL_INT(1), "true"},    {CELL_INT(0), "false"},   {CELL_INT(2), "false"},
        {CELL_NULL, "false"},     {CELL_TEXT("t"), "true"}, {CELL_TEXT("yes"), "false"},
        {CELL_REAL(1.0), "true"},
    };

    (void)state;
    ACCEPT("\"type\":\"bool\"", cases);
    ACCEPT("\"type\":\"bool\",\"required\":true", required);
    WRITE("\"type\":\"bool\"", written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_conversions),
        cmocka_unit_test(number_checks),
        cmocka_unit_test(numbers_written),
        cmocka_unit_test(bools),
    };

    return cmocka_run_group_tests_name("field_number", tests, NULL, NULL);
}
