/*
 * text, editor, password.
 */
#include "unit/fields.h"

static void text_conversions(void **state)
{
    static const struct accept_case cases[] = {
        {"\"a\"", "a", 0, 0, 0},        {NULL, "", 0, 0, 0},
        {"null", "", 0, 0, 0},          {"5", "5", 0, 0, 0},
        {"1.5", "1.5", 0, 0, 0},        {"1e21", "1000000000000000000000", 0, 0, 0},
        {"1e-7", "0.0000001", 0, 0, 0}, {"12345678901234567890", "12345678901234567000", 0, 0, 0},
        {"-0", "-0", 0, 0, 0},          {"true", "true", 0, 0, 0},
        {"false", "false", 0, 0, 0},    {"[1]", "", 0, 0, 0},
        {"{\"a\":1}", "", 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"text\"", cases);
}

static void text_checks(void **state)
{
    static const struct accept_case cases[] = {
        {"\"\"", 0, "validation_required", "Cannot be blank.", 0},
        {"\"é\"", 0, "validation_min_text_constraint", "Must be at least 2 character(s).",
         "{\"min\":2}"},
        {"\"éé\"", 0, "validation_invalid_format", "Invalid value format.", 0},
        {"\"ab\"", 0, 0, 0, 0},
        {"\"xaby\"", 0, 0, 0, 0},
        {"\"abcde\"", 0, "validation_max_text_constraint", "Must be no more than 4 character(s).",
         "{\"max\":4}"},
    };
    static const struct accept_case optional[] = {{"\"\"", "", 0, 0, 0}};

    (void)state;
    ACCEPT("\"type\":\"text\",\"required\":true,\"min\":2,\"max\":4,\"pattern\":\"ab\"", cases);
    ACCEPT("\"type\":\"text\",\"min\":2,\"pattern\":\"ab\"", optional);
}

static void text_default_maximum(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct schema_field *field = make_field(a, "\"type\":\"text\"");
    char *text = arena_zalloc(a, 5001);
    struct value value = value_text((struct str){memset(text, 'x', 5001), 5000});
    struct err *err = NULL;

    (void)state;
    field->type->check(a, field, &value, &err);
    assert_null(err);
    value.text.n = 5001;
    field->type->check(a, field, &value, &err);
    assert_non_null(err);
    assert_string_equal(arena_cstr(a, err->items->params), "{\"max\":5000}");
}

static void primary_keys(void **state)
{
    static const struct accept_case free_form[] = {
        {"\"\"", 0, "validation_required", 0, 0},
        {"\"aB-_+\"", "aB-_+", 0, 0, 0},
        {"\"a/b\"", 0, "validation_forbidden_pk_character",
         "'/' is not a valid primary key character.", "{\"ch\":\"/\"}"},
        {"\"a b\"", 0, "validation_forbidden_pk_character", 0, "{\"ch\":\" \"}"},
        {"\"a\\u0000b\"", 0, "validation_forbidden_pk_character", 0, "{\"ch\":\"\\u0000\"}"},
        {"\"lpt9\"", 0, "validation_reserved_pk",
         "The primary key 'LPT9' is reserved and cannot be used.", "{\"reserved\":\"LPT9\"}"},
    };
    static const struct accept_case limited[] = {
        {"\"a.\"", 0, "validation_min_text_constraint", 0, "{\"min\":3}"},
        {"\"a.b.c.d\"", 0, "validation_max_text_constraint", 0, "{\"max\":6}"},
        {"\"a/b\"", 0, "validation_invalid_format", 0, 0},
        {"\"com1\"", 0, "validation_invalid_format", 0, 0},
        {"\"a.b\"", 0, "validation_forbidden_pk_character", 0, "{\"ch\":\".\"}"},
        {"\"con\"", 0, "validation_reserved_pk", 0, "{\"reserved\":\"CON\"}"},
    };
    static const struct accept_case plain[] = {
        {"\"abc1\"", "abc1", 0, 0, 0},
        {"\"con\"", "con", 0, 0, 0},
        {"\"A\"", "A", "validation_invalid_format", 0, 0},
        {"\"a.b\"", "a.b", "validation_invalid_format", 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"text\",\"primaryKey\":true,\"pattern\":\".\"", free_form);
    ACCEPT("\"type\":\"text\",\"primaryKey\":true,\"min\":3,\"max\":6,\"pattern\":\"^[a-z.]+$\"",
           limited);
    ACCEPT("\"type\":\"text\",\"primaryKey\":true,\"pattern\":\"^[a-z0-9]+$\"", plain);
}

static void broken_pattern_matches_nothing(void **state)
{
    static const struct accept_case cases[] = {
        {"\"a\"", "a", "validation_invalid_format", 0, 0},
        {"\"\"", "", 0, 0, 0},
    };

    (void)state;
    ACCEPT("\"type\":\"text\",\"pattern\":\"a(\"", cases);
}

static void text_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_TEXT("a\"b\n"), "\"a\\\"b\\n\""},
        {CELL_NULL, "\"\""},
        {CELL_INT(5), "\"5\""},
        {CELL_REAL(1.5), "\"1.5\""},
        {CELL_REAL(1e21), "\"1e+21\""},
        {CELL_TEXT("a\xff"), "\"a\xef\xbf\xbd\""},
    };

    (void)state;
    WRITE("\"type\":\"text\"", cases);
}

static void editor(void **state)
{
    static const struct accept_case cases[] = {
        {"\"<p>a</p>\"", "<p>a</p>", 0, 0, 0},
        {"\"\"", "", "validation_required", 0, 0},
        {"\"<p>éé</p>\"", "<p>éé</p>", "validation_content_size_limit",
         "The maximum allowed content size is 9 bytes.", "{\"maxSize\":9}"},
    };

    (void)state;
    ACCEPT("\"type\":\"editor\",\"required\":true,\"maxSize\":9", cases);
}

static void passwords(void **state)
{
    static const struct accept_case cases[] = {
        {"\"ab\"", "", "validation_min_text_constraint", "Must be at least 3 character(s).", 0},
        {"\"abc\"", "", 0, 0, 0},
        {"\"abcdef\"", "", "validation_max_text_constraint", "Must be less than 5 character(s).",
         0},
        {"\"ab1\"", "", "validation_invalid_format", 0, 0},
        {"\"\"", "", "validation_required", 0, 0},
        {"null", "", "validation_required", 0, 0},
        {"5", "", "validation_min_text_constraint", 0, 0},
    };
    static const struct accept_case no_limits[] = {
        {"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"", "",
         "validation_max_text_constraint", "Must be less than 71 character(s).", 0},
    };
    static const struct write_case written[] = {{CELL_TEXT("$2a$10$x"), "\"\""},
                                                {CELL_NULL, "\"\""}};

    (void)state;
    ACCEPT("\"type\":\"password\",\"required\":true,\"min\":3,\"max\":5,\"pattern\":\"^[a-z]+$\"",
           cases);
    ACCEPT("\"type\":\"password\"", no_limits);
    WRITE("\"type\":\"password\"", written);
}

static void stored_hash_is_enough(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct schema_field *field =
        make_field(a, "\"type\":\"password\",\"required\":true,\"min\":8");
    struct value value = field->type->load(a, field, DB_V_TEXT(STR("$2a$10$x")));
    struct err *err = NULL;

    (void)state;
    field->type->check(a, field, &value, &err);
    assert_null(err);
    assert_false(value.changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_conversions),
        cmocka_unit_test(text_checks),
        cmocka_unit_test(text_default_maximum),
        cmocka_unit_test(primary_keys),
        cmocka_unit_test(broken_pattern_matches_nothing),
        cmocka_unit_test(text_written),
        cmocka_unit_test(editor),
        cmocka_unit_test(passwords),
        cmocka_unit_test(stored_hash_is_enough),
    };

    return cmocka_run_group_tests_name("field_text", tests, NULL, NULL);
}
