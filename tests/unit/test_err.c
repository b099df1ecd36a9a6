#include "unit/unit.h"

#include "base/buf.h"
#include "base/err.h"

static const char *written(struct arena *a, const struct err *err)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 100000);
    err_write(&out, err);
    return arena_cstr(a, buf_str(&out));
}

static void kinds_know_their_answer(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = err_new(a, E_NOT_FOUND, NULL, "no row in %s", "t");

    (void)state;
    assert_int_equal(err_status(err), 404);
    assert_true(str_eq(err->cause, STR("no row in t")));
    assert_string_equal(
        written(a, err),
        "{\"data\":{},\"message\":\"The requested resource wasn't found.\",\"status\":404}");
    err = err_new(a, E_BAD_REQUEST, "Say \"x\".", NULL);
    assert_string_equal(written(a, err),
                        "{\"data\":{},\"message\":\"Say \\\"x\\\".\",\"status\":400}");
}

static void items_nest_and_sort(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = NULL;

    (void)state;
    err_add_item(a, &err, STR("title"), CODE_MIN_TEXT, STR("{\"min\":3}"));
    err_add_item(a, &err, STR("title"), CODE_REQUIRED, STR_NONE); /* the first one counts */
    err_add_item(a, &err, STR("requests.10.url"), CODE_REQUIRED, STR_NONE);
    err_add_item(a, &err, STR("requests.2.body.x"), CODE_NOT_UNIQUE, STR_NONE);
    err_add_item(a, &err, STR("requests.2.body"), CODE_INVALID, STR_NONE);
    err_add_item(a, &err, STR("a"), CODE_INVALID_FILE, STR("{\"invalidFiles\":[\"x\",\"y\"]}"));
    err->items->next->extra = STR("\"response\":{}");
    assert_string_equal(
        written(a, err),
        "{\"data\":{"
        "\"a\":{\"code\":\"validation_invalid_file\",\"message\":\"Invalid new files: [x y].\","
        "\"params\":{\"invalidFiles\":[\"x\",\"y\"]}},"
        "\"requests\":{\"10\":{\"url\":{\"code\":\"validation_required\",\"message\":"
        "\"Cannot be blank.\",\"response\":{}}},"
        "\"2\":{\"body\":{\"code\":\"validation_invalid_value\",\"message\":\"Invalid value.\"}}},"
        "\"title\":{\"code\":\"validation_min_text_constraint\",\"message\":"
        "\"Must be at least 3 character(s).\",\"params\":{\"min\":3}}},"
        "\"message\":\"Something went wrong while processing your request.\",\"status\":400}");
}

static void messages_are_filled_in(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = NULL;

    (void)state;
    err_add_item(a, &err, STR("a"), CODE_LENGTH_RANGE, STR("{\"min\":1,\"max\":20}"));
    err_add_item(a, &err, STR("b"), CODE_PK_CHARACTER, STR("{\"ch\":\"{\"}"));
    err_add_item(a, &err, STR("c"), CODE_SELECT_VALUE, STR("{\"value\":\"{value} \\\"\"}"));
    err_add_item(a, &err, STR("d"), CODE_MAX_NUMBER, STR("{\"other\":1}"));
    assert_true(str_eq(err->items->message, STR("The length must be between 1 and 20.")));
    assert_true(
        str_eq(err->items->next->message, STR("'{' is not a valid primary key character.")));
    assert_true(str_eq(err->items->next->next->message, STR("Invalid value {value} \".")));
    assert_true(
        str_eq(err->items->next->next->next->message, STR("Must be less or equal than {max}.")));
}

static void sentences(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    static const struct {
        struct str text;
        const char *sentence;
    } cases[] = {{STR_INIT(" must be set "), "Must be set."},
                 {STR_INIT("Really?"), "Really?"},
                 {STR_INIT("no!"), "No!"},
                 {STR_INIT("Done."), "Done."},
                 {STR_INIT("x"), "X."},
                 {STR_INIT("  "), ""}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_eq(err_sentence(a, cases[i].text), str_of(cases[i].sentence)));
}

static void copies_outlive_their_arena(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct arena *first = arena_new();
    struct err *err = err_new(first, E_FORBIDDEN, NULL, "because %d", 1);
    struct err *copy;

    (void)state;
    err_add_item(first, &err, arena_printf(first, "x.%d", 1), CODE_MAX_TEXT, STR("{\"max\":5}"));
    err_add_item(first, &err, STR("y"), CODE_REQUIRED, STR_NONE);
    copy = err_copy(a, err);
    arena_free(first);
    assert_int_equal(err_status(copy), 403);
    assert_true(str_eq(copy->cause, STR("because 1")));
    assert_true(str_eq(copy->items->path, STR("x.1")));
    assert_true(str_eq(copy->items->next->path, STR("y")));
    assert_null(copy->items->next->next);
    assert_null(err_copy(a, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_know_their_answer),    cmocka_unit_test(items_nest_and_sort),
        cmocka_unit_test(messages_are_filled_in),     cmocka_unit_test(sentences),
        cmocka_unit_test(copies_outlive_their_arena),
    };

    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
