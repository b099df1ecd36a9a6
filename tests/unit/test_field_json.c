/*
 * json, geoPoint.
 */
#include "unit/fields.h"

static void json_conversions(void **state)
{
    static const struct accept_case cases[] = {
        {NULL, "NULL", 0, 0, 0},
        {"null", "NULL", 0, 0, 0},
        {"\"null\"", "null", 0, 0, 0},
        {"\"true\"", "true", 0, 0, 0},
        {"\"\"", "\"\"", 0, 0, 0},
        {"true", "true", 0, 0, 0},
        {"[1,{\"b\":1,\"a\":[]}]", "[1,{\"a\":[],\"b\":1}]", 0, 0, 0},
        {"1.50", "1.5", 0, 0, 0},
        {"\"123\"", "123", 0, 0, 0},
        {"\"-1\"", "-1", 0, 0, 0},
        {"\"-\"", "\"-\"", 0, 0, 0},
        {"\"abc\"", "\"abc\"", 0, 0, 0},
        {"\"tru\"", "\"tru\"", 0, 0, 0},
        {"\"[1, 2]\"", "[1, 2]", 0, 0, 0},
        {"\" [1]\"", "\" [1]\"", 0, 0, 0},
        {"\"\\\"x\\\"\"", "\"x\"", 0, 0, 0},
        {"\"<&>\"", "\"<&>\"", 0, 0, 0},
        {"\"a\\\"b\\\\\\n\\t\"", "\"a\\\"b\\\\\\n\\t\"", 0, 0, 0},
        {"\"é\"", "\"é\"", 0, 0, 0},
        {"\"\\u00a0\"", "\"\\u00a0\"", 0, 0, 0},
        {"\"\\u2028\"", "\"\\u2028\"", 0, 0, 0},
        {"\"\\ufeff\"", "\"\\ufeff\"", 0, 0, 0},
        {"\"\\ue000\"", "\"\\ue000\"", 0, 0, 0},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", 0, 0, 0},
        {"\"{\\\"a\\\":1,\\\"a\\\":2}\"", "{\"a\":1,\"a\":2}", "validation_invalid_json",
         "Must be a valid json value.", 0},
        {"\"[1e400]\"", "[1e400]", "validation_invalid_json", 0, 0},
        {"\"\\\"\\\\ud800\\\"\"", "\"\\ud800\"", 0, 0, 0}, /* raw, an unpaired surrogate */
        {"\"a\\u0007\"", "\"a\\a\"", "validation_invalid_json", 0, 0},
        {"\"a\\u007f\"", "\"a\\x7f\"", "validation_invalid_json", 0, 0},
        {"\"\\u0000\"", "\"\\x00\"", "validation_invalid_json", 0, 0},
        {"\"\\udb40\\udc01\"", "\"\\U000e0001\"", "validation_invalid_json", 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"json\"", cases);
}

static void json_checks(void **state)
{
    static const struct accept_case cases[] = {
        {"[1,2,3]", 0, "validation_json_size_limit", "The maximum allowed JSON size is 6 bytes.",
         "{\"maxSize\":6}"},
        {"[1,2]", 0, 0, 0, 0},
        {"null", 0, "validation_required", 0, 0},
        {"\"null\"", 0, "validation_required", 0, 0},
        {"\"\"", 0, "validation_required", 0, 0},
        {"[]", 0, "validation_required", 0, 0},
        {"\"[ ]\"", 0, 0, 0, 0},
        {"{}", 0, "validation_required", 0, 0},
        {"0", 0, 0, 0, 0},
        {"false", 0, 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"json\",\"required\":true,\"maxSize\":6", cases);
}

static void json_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_NULL, "null"},
        {CELL_TEXT("null"), "null"},
        {CELL_TEXT(""), "\"\""},
        {CELL_TEXT("{\"b\":1, \"a\":2}"), "{\"b\":1,\"a\":2}"},
        {CELL_TEXT("{\"a\":1,\"a\":2}"), "{\"a\":1,\"a\":2}"},
        {CELL_TEXT("[ 1.0 , 1e400 ]"), "[1.0,1e400]"},
        {CELL_TEXT("\"\\u003c\\/\""), "\"</\""},
        {CELL_TEXT("nope"), "\"nope\""},
        {CELL_TEXT(" [1]"), "\" [1]\""},
        {CELL_TEXT("[1"), "\"[1\""},
        {CELL_TEXT("\"x"), "\"\\\"x\""},
        {CELL_TEXT("true"), "true"},
        {CELL_TEXT("nul"), "\"nul\""},
        {CELL_INT(123), "123"},
        {CELL_REAL(1.5), "1.5"},
        {CELL_REAL(1234567.5), "1.2345675e+06"},
        {CELL_REAL(0.00001), "1e-05"},
    };

    (void)state;
    WRITE("\"type\":\"json\"", cases);
}

static void geo_conversions(void **state)
{
    static const struct accept_case cases[] = {
        {"{\"lon\":1,\"lat\":2}", "{\"lon\":1,\"lat\":2}", 0, 0, 0},
        {"{\"lat\":2,\"lon\":1.5,\"z\":[]}", "{\"lon\":1.5,\"lat\":2}", 0, 0, 0},
        {"{\"lon\":null,\"lat\":1}", "{\"lon\":0,\"lat\":1}", 0, 0, 0},
        {"{\"Lon\":1,\"lat\":3}", "{\"lon\":0,\"lat\":3}", 0, 0, 0},
        {"{\"lon\":\"1\",\"lat\":3}", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"{\"lon\":1e-7,\"lat\":0}", "{\"lon\":1e-7,\"lat\":0}", 0, 0, 0},
        {"[1,2]", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"null", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"5", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"\"\"", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"\"x\"", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\\\"lat\\\":2}\"", "{\"lon\":1,\"lat\":2}", 0, 0, 0},
        {"\" {\\\"lon\\\" : 1, \\\"lat\\\": 2 }\"", "{\"lon\":1,\"lat\":2}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\\\"lat\\\":\\\"x\\\"}\"", "{\"lon\":1,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"lat\\\":\\\"x\\\",\\\"lon\\\":1}\"", "{\"lon\":0,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\\\"lon\\\":2,\\\"lat\\\":3}\"", "{\"lon\":1,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\"", "{\"lon\":1,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\\\"lat\\\":2} x\"", "{\"lon\":1,\"lat\":2}", 0, 0, 0},
        {"\"{\\\"lon\\\":1,\\\"x\\\":{\\\"a\\\":1,\\\"a\\\":2},\\\"lat\\\":3}\"",
         "{\"lon\":1,\"lat\":0}", 0, 0, 0},
        {"\"{\\\"l\\\\u006fn\\\":4,\\\"lat\\\":1}\"", "{\"lon\":4,\"lat\":1}", 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"geoPoint\"", cases);
}

static void geo_checks(void **state)
{
    static const struct accept_case cases[] = {
        {"{\"lon\":0,\"lat\":0}", 0, "validation_required", 0, 0},
        {"{\"lon\":181,\"lat\":91}", 0, "validation_invalid_latitude",
         "Latitude must be between -90 and 90 degrees.", 0},
        {"{\"lon\":-180.5,\"lat\":1}", 0, "validation_invalid_longitude",
         "Longitude must be between -180 and 180 degrees.", 0},
        {"{\"lon\":180,\"lat\":-90}", 0, 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"geoPoint\",\"required\":true", cases);
}

static void geo_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_TEXT("{\"lon\":1.50,\"lat\":2}"), "{\"lon\":1.5,\"lat\":2}"},
        {CELL_TEXT("{\"lat\":2,\"lon\":1,\"x\":[1]}"), "{\"lon\":1,\"lat\":2}"},
        {CELL_TEXT(" {\"lon\":1,\"lat\":2} "), "{\"lon\":1,\"lat\":2}"},
        {CELL_TEXT("{\"lon\":1e-7,\"lat\":1e21}"), "{\"lon\":1e-7,\"lat\":1e+21}"},
        {CELL_TEXT("{}"), "{\"lon\":0,\"lat\":0}"},
        {CELL_TEXT("null"), "{\"lon\":0,\"lat\":0}"},
        {CELL_TEXT(""), "{\"lon\":0,\"lat\":0}"},
        {CELL_NULL, "{\"lon\":0,\"lat\":0}"},
        {CELL_TEXT("{\"lon\":null,\"lat\":2}"), "{\"lon\":0,\"lat\":2}"},
        {CELL_TEXT("[1,2]"), NULL},
        {CELL_TEXT("x"), NULL},
        {CELL_INT(5), NULL},
        {CELL_TEXT("true"), NULL},
        {CELL_TEXT("\"{}\""), NULL},
        {CELL_TEXT("{\"lon\":\"1\",\"lat\":2}"), NULL},
        {CELL_TEXT("{\"lon\":1,\"lon\":2}"), NULL},
        {CELL_TEXT("{\"lon\":1,\"lat\":2} x"), NULL},
        {CELL_TEXT("{\"lon\":1e400,\"lat\":0}"), NULL},
        {CELL_TEXT("{\"lon\":1,\"x\":{\"a\":1,\"a\":2}}"), NULL},
        {CELL_TEXT("{\"lon\":1,\"lat\":2,}"), NULL},
        {CELL_TEXT("{\"lon\":1,\"lat\":}"), NULL},
        {CELL_TEXT("{\"lon"), NULL},
        {CELL_TEXT("{"), NULL},
        {CELL_TEXT("{\"lon\":1,\"lat\":2\\"), NULL},
    };

    (void)state;
    WRITE("\"type\":\"geoPoint\"", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_conversions), cmocka_unit_test(json_checks),
        cmocka_unit_test(json_written),     cmocka_unit_test(geo_conversions),
        cmocka_unit_test(geo_checks),       cmocka_unit_test(geo_written),
    };

    return cmocka_run_group_tests_name("field_json", tests, NULL, NULL);
}
