/*
 * select, file, relation.
 */
#include "unit/fields.h"

#define MULTI "\"type\":\"select\",\"values\":[\"a\",\"b\",\"c\"],\"maxSelect\":3"
#define SINGLE "\"type\":\"select\",\"values\":[\"a\",\"b\"],\"maxSelect\":1"

static void many(void **state)
{
    static const struct accept_case cases[] = {
        {"[\"a\",\"b\"]", "[\"a\",\"b\"]", 0, 0, 0},
        {"\"a\"", "[\"a\"]", 0, 0, 0},
        {"\"[\\\"a\\\",\\\"b\\\"]\"", "[\"a\",\"b\"]", 0, 0, 0},
        {"[\"a\",\"a\",\"\"]", "[\"a\"]", 0, 0, 0},
        {"[\"a\",[\"b\"]]", "[]", 0, 0, 0},
        {"{\"a\":1}", "[]", 0, 0, 0},
        {"null", "[]", 0, 0, 0},
        {"\"\"", "[]", 0, 0, 0},
        {NULL, "[]", 0, 0, 0},
        {"5", "[\"5\"]", "validation_invalid_value", "Invalid value 5.", "{\"value\":\"5\"}"},
        {"true", "[\"true\"]", "validation_invalid_value", 0, "{\"value\":\"true\"}"},
        {"[\"a\",null,1]", "[\"a\",\"1\"]", "validation_invalid_value", 0, "{\"value\":\"1\"}"},
        {"[\"a\",\"d\"]", 0, "validation_invalid_value", "Invalid value d.", "{\"value\":\"d\"}"},
        {"[\"a\",\"b\",\"c\",\"d\"]", 0, "validation_too_many_values", "Select no more than 3.",
         "{\"maxSelect\":3}"},
        {"\"[\\\"a\\\",1]\"", "[\"a\",\"[\\\"a\\\",1]\"]", "validation_invalid_value",
         "Invalid value [\"a\",1].", "{\"value\":\"[\\\"a\\\",1]\"}"},
        {"\"[\\\"a\\\",\\\"b\\\"\"", 0, "validation_invalid_value", "Invalid value [\"a\",\"b\".",
         "{\"value\":\"[\\\"a\\\",\\\"b\\\"\"}"},
    };

    (void)state;
    ACCEPT(MULTI, cases);
}

static void single(void **state)
{
    static const struct accept_case cases[] = {
        {"\"a\"", "a", 0, 0, 0},
        {"[\"a\",\"b\"]", "b", 0, 0, 0},
        {"[\"a\",null]", "a", 0, 0, 0},
        {"\"[\\\"b\\\",\\\"a\\\"]\"", "a", 0, 0, 0},
        {"[\"[\\\"a\\\"]\"]", "a", 0, 0, 0},
        {"[\"x\"]", "x", "validation_invalid_value", "Invalid value x.", "{\"value\":\"x\"}"},
        {"\"[\\\"a\\\",1]\"", "[\"a\",1]", "validation_too_many_values", "Select no more than 1.",
         "{\"maxSelect\":1}"},
        {"null", "", 0, 0, 0},
    };
    static const struct accept_case required[] = {{"[\"\"]", "", "validation_required", 0, 0}};

    (void)state;
    ACCEPT(SINGLE, cases);
    ACCEPT(SINGLE ",\"required\":true", required);
}

static void many_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_TEXT("[\"a\",\"b\"]"), "[\"a\",\"b\"]"},
        {CELL_TEXT("[]"), "[]"},
        {CELL_TEXT(""), "[]"},
        {CELL_NULL, "[]"},
        {CELL_TEXT("[\"\\u003ca\"]"), "[\"<a\"]"},
        {CELL_TEXT(" [\"a\" , \"b\"] "), "[\"a\",\"b\"]"},
        {CELL_TEXT("[\"a\",\"a\",\"\"]"), "[\"a\"]"},
        {CELL_TEXT("[\"a\",null,\"b\"]"), "[\"a\",\"b\"]"},
        {CELL_TEXT("[\"é\"]"), "[\"é\"]"},
        {CELL_TEXT("[\"a\",1]"), "[\"a\",\"[\\\"a\\\",1]\"]"},
        {CELL_TEXT("[\"a\",\"b\""), "[\"a\",\"b\",\"[\\\"a\\\",\\\"b\\\"\"]"},
        {CELL_TEXT("[\"a\"] x"), "[\"a\",\"[\\\"a\\\"] x\"]"},
        {CELL_TEXT("[\"a\",]"), "[\"a\",\"[\\\"a\\\",]\"]"},
        {CELL_TEXT("{\"a\":[\"x\"]}"), "[\"{\\\"a\\\":[\\\"x\\\"]}\"]"},
        {CELL_TEXT("[\"\\ud800\"]"), "[\"[\\\"\\\\ud800\\\"]\"]"},
        {CELL_TEXT("[\"a\",\"b\x01\"]"), "[\"a\",\"[\\\"a\\\",\\\"b\\u0001\\\"]\"]"},
        {CELL_TEXT("[\"a\xff\"]"), "[\"[\\\"a\xef\xbf\xbd\\\"]\"]"},
        {CELL_TEXT("["), "[\"[\"]"},
        {CELL_TEXT("[null]"), "[]"},
        {CELL_TEXT("null"), "[\"null\"]"},
        {CELL_TEXT("x"), "[\"x\"]"},
        {CELL_INT(123), "[\"123\"]"},
        {CELL_TEXT("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\","
                   "\"13\",\"14\",\"15\",\"16\",\"17\",\"17\"]"),
         "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\","
         "\"13\",\"14\",\"15\",\"16\",\"17\"]"},
    };

    (void)state;
    WRITE(MULTI, cases);
}

static void single_written(void **state)
{
    static const struct write_case cases[] = {
        {CELL_TEXT("a"), "\"a\""},
        {CELL_TEXT("[\"a\",\"b\"]"), "\"b\""},
        {CELL_TEXT("[\"a\",1]"), "\"[\\\"a\\\",1]\""},
        {CELL_TEXT("[\"a\""), "\"[\\\"a\\\"\""},
        {CELL_TEXT("[]"), "\"\""},
        {CELL_NULL, "\"\""},
        {CELL_INT(7), "\"7\""},
    };

    (void)state;
    WRITE(SINGLE, cases);
    WRITE("\"type\":\"relation\",\"collectionId\":\"x\"", cases);
    WRITE("\"type\":\"file\"", cases);
}

static void relations(void **state)
{
    static const struct accept_case cases[] = {
        {"[]", "[]", 0, 0, 0},
        {"[\"a\"]", "[\"a\"]", "validation_not_enough_values", "Select at least 2.",
         "{\"minSelect\":2}"},
        {"[\"a\",\"b\",\"c\",\"d\"]", 0, "validation_too_many_values", "Select no more than 3.",
         "{\"maxSelect\":3}"},
        {"[\"a\",\"b\"]", 0, "validation_missing_rel_collection", 0, 0}, /* no target here */
    };
    static const struct accept_case required[] = {{"\"\"", "", "validation_required", 0, 0}};

    (void)state;
    ACCEPT("\"type\":\"relation\",\"collectionId\":\"x\",\"minSelect\":2,\"maxSelect\":3", cases);
    ACCEPT("\"type\":\"relation\",\"collectionId\":\"x\",\"required\":true", required);
}

static void files(void **state)
{
    static const struct accept_case cases[] = {
        {"[\"a\",\"b\",\"c\"]", "[\"a\",\"b\",\"c\"]", "validation_too_many_files",
         "The maximum allowed files is 2.", "{\"maxSelect\":2}"},
        {"[]", "[]", "validation_required", 0, 0},
        {"[\"a\",\"b\"]", "[\"a\",\"b\"]", 0, 0, 0},
        {"[\"a\",[\"b\"]]", "[\"a\",\"b\"]", 0, 0, 0},
        {"[[1,2],[3]]", "[\"3\"]", 0, 0, 0},
        {"[\"a\",{\"k\":1},null]", "[\"a\"]", 0, 0, 0},
        {"[\"a\",\"[\\\"b\\\",\\\"c\\\"]\"]", "[\"a\"]", 0, 0, 0},
        {"\"[\\\"a\\\",1]\"", "[\"a\"]", 0, 0, 0},
        {"5", "[\"5\"]", 0, 0, 0},
    };
    static const struct accept_case one[] = {
        {"[\"a\",[\"b\"]]", "b", 0, 0, 0},
        {"[\"a\",\"[\\\"b\\\",\\\"c\\\"]\"]", "a", 0, 0, 0},
        {"\"[\\\"a\\\",\\\"b\\\"]\"", "b", 0, 0, 0},
        {"{\"a\":1}", "", 0, 0, 0},
    };
    AUTO(arena_free) struct arena *a = arena_new();
    const struct schema_field *field = make_field(a, "\"type\":\"file\",\"maxSelect\":3");
    struct value old = field->type->load(a, field, DB_V_TEXT(STR("[\"a\",\"b\"]")));
    struct value value = field->type->load(a, field, DB_V_TEXT(STR("[\"b\"]")));
    struct err *err = NULL;

    (void)state;
    ACCEPT("\"type\":\"file\",\"required\":true,\"maxSelect\":2", cases);
    ACCEPT("\"type\":\"file\"", one);
    assert_true(field_check_files(a, field, &value, &old, &err));
    assert_null(err);
    value = field->type->load(a, field, DB_V_TEXT(STR("[\"a\",\"x\",\"y\"]")));
    assert_false(field_check_files(a, field, &value, &old, &err));
    assert_string_equal(arena_cstr(a, err->items->code), "validation_invalid_file");
    assert_string_equal(arena_cstr(a, err->items->message), "Invalid new files: [x y].");
    assert_string_equal(arena_cstr(a, err->items->params), "{\"invalidFiles\":[\"x\",\"y\"]}");
}

/* Hostile: a list of many items is made unique in time that grows with its length. */
static void long_lists(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const size_t n = 200000;
    struct str_list list = {ARENA_ARRAY(a, struct str, n), n};

    (void)state;
    for (size_t i = 0; i < n; i++)
        list.items[i] = arena_printf(a, "%zu", i / 2);
    list = str_list_unique(a, list);
    assert_int_equal(list.n, n / 2);
    assert_string_equal(arena_cstr(a, list.items[n / 2 - 1]), "99999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many),         cmocka_unit_test(single),
        cmocka_unit_test(many_written), cmocka_unit_test(single_written),
        cmocka_unit_test(relations),    cmocka_unit_test(files),
        cmocka_unit_test(long_lists),
    };

    return cmocka_run_group_tests_name("field_items", tests, NULL, NULL);
}
