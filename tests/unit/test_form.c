/*
 * What a body of a fixed structure may look like: as auth.md 1.3 and records.md 3.3 say.
 */
#include "unit/unit.h"

#include "base/form.h"

#include "base/compiler.h"
#include "base/md5.h"

struct target {
    struct str text;
    bool truth;
    int64_t number;
    double decimal;
    struct form_texts list;
    const struct json *json;
};

static const struct form_field fields[] = {
    {"text", FORM_TEXT, offsetof(struct target, text)},
    {"task", FORM_BOOL, offsetof(struct target, truth)},
    {"number", FORM_INT, offsetof(struct target, number)},
    {"decimal", FORM_NUMBER, offsetof(struct target, decimal)},
    {"list", FORM_TEXTS, offsetof(struct target, list)},
    {"json", FORM_JSON, offsetof(struct target, json)},
};

static bool decode_json(struct arena *a, const char *text, struct target *ret)
{
    struct form_input input = {0};

    assert_true(json_read(a, str_of(text), &json_limits_body, &input.body, NULL));
    return form_decode(a, fields, COUNT_OF(fields), &input, ret);
}

static bool decode_pair(struct arena *a, const char *name, const char *value, struct target *ret)
{
    const struct form_pair pair = {str_of(name), str_of(value)};
    const struct form_input input = {.pairs = &pair, .n_pairs = 1};

    return form_decode(a, fields, COUNT_OF(fields), &input, ret);
}

static void json_names_are_folded(void **state)
{
    static const struct {
        const char *body;
        bool ok;
        const char *text;
    } cases[] = {
        {"{\"text\":\"a\"}", true, "a"},
        {"{\"TEXT\":\"a\"}", true, "a"},
        {"{\"te_x-t\":\"a\"}", true, "a"},
        {"{\"texts\":\"a\"}", true, ""},
        {"{\"tex\":\"a\"}", true, ""},
        {"{\"text\":\"a\",\"Text\":\"b\"}", false, ""},
        {"{\"text\":null,\"Text\":null}", false, ""},
        {"{\"other\":\"a\",\"Other\":\"b\"}", true, ""},
        {"null", true, ""},
        {"[]", false, ""},
        {"\"text\"", false, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct target target;

        assert_int_equal(decode_json(a, cases[i].body, &target), cases[i].ok);
        if (cases[i].ok)
            assert_true(str_eq(target.text, str_of(cases[i].text)));
    }
}

static void letters_beyond_ascii_fold(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct target target;

    (void)state;
    assert_true(decode_json(a, "{\"ta\\u017fk\":true}", &target));
    assert_true(target.truth);
    assert_true(decode_json(a, "{\"tas\\u212a\":true}", &target));
    assert_true(target.truth);
}

static void json_types_fit_exactly(void **state)
{
    static const struct {
        const char *body;
        bool ok;
    } cases[] = {
        {"{\"text\":5}", false},
        {"{\"text\":[]}", false},
        {"{\"text\":null}", true},
        {"{\"task\":true}", true},
        {"{\"task\":1}", false},
        {"{\"task\":\"true\"}", false},
        {"{\"task\":null}", true},
        {"{\"number\":12}", true},
        {"{\"number\":-9223372036854775808}", true},
        {"{\"number\":9223372036854775808}", false},
        {"{\"number\":1.0}", false},
        {"{\"number\":1e2}", false},
        {"{\"number\":\"1\"}", false},
        {"{\"decimal\":1.5}", true},
        {"{\"decimal\":\"1.5\"}", false},
        {"{\"list\":[\"a\",null]}", true},
        {"{\"list\":[1]}", false},
        {"{\"list\":\"a\"}", false},
        {"{\"json\":{\"a\":[1]}}", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct target target;

        assert_int_equal(decode_json(a, cases[i].body, &target), cases[i].ok);
    }
}

static void pairs_parse_integers_like_go(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t number;
    } cases[] = {
        {"", true, 0},
        {"100", true, 100},
        {"+5", true, 5},
        {"-5", true, -5},
        {" 5", false, 0},
        {"0x10", true, 16},
        {"0X1f", true, 31},
        {"017", true, 15},
        {"08", false, 0},
        {"0b101", true, 5},
        {"0o17", true, 15},
        {"1_0", true, 10},
        {"1__0", false, 0},
        {"1_", false, 0},
        {"_1", false, 0},
        {"0x_1", true, 1},
        {"0x", false, 0},
        {"-", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct target target;

        assert_int_equal(decode_pair(a, "number", cases[i].text, &target), cases[i].ok);
        if (cases[i].ok)
            assert_true(target.number == cases[i].number);
    }
}

static void pairs_parse_truths(void **state)
{
    static const struct {
        const char *text;
        bool ok, truth;
    } cases[] = {
        {"", true, false},      {"1", true, true},     {"T", true, true},  {"True", true, true},
        {"false", true, false}, {"F", true, false},    {"0", true, false}, {"tRUE", false, false},
        {"2", false, false},    {"yes", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct target target;

        assert_int_equal(decode_pair(a, "task", cases[i].text, &target), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(target.truth, cases[i].truth);
    }
}

static void first_pair_counts_and_names_are_exact(void **state)
{
    static const struct form_pair pairs[] = {
        {STR_INIT("Text"), STR_INIT("no")},  {STR_INIT("text"), STR_INIT("one")},
        {STR_INIT("text"), STR_INIT("two")}, {STR_INIT("list"), STR_INIT("a")},
        {STR_INIT("list"), STR_INIT("b")},   {STR_INIT("list"), STR_INIT("c")},
    };
    const struct form_input input = {.pairs = pairs, .n_pairs = COUNT_OF(pairs)};
    AUTO(arena_free) struct arena *a = arena_new();
    struct target target;

    (void)state;
    assert_true(form_decode(a, fields, COUNT_OF(fields), &input, &target));
    assert_true(str_eq(target.text, STR("one")));
    assert_int_equal(target.list.n, 3);
    assert_true(str_eq(target.list.items[2], STR("c")));
}

static void payloads_lie_over_pairs(void **state)
{
    static const struct {
        const char *first, *second; /* payloads; second may be NULL */
        bool ok;
        const char *text;
    } cases[] = {
        {"{\"text\":\"b\"}", NULL, true, "b"},
        {"{\"text\":\"\"}", NULL, true, ""},
        {"{\"text\":null}", NULL, true, ""},
        {"{\"Text\":\"b\"}", NULL, true, "a"},
        {"{\"number\":5}", NULL, true, "a"},
        {"{\"text\":5}", NULL, false, ""},
        {"null", NULL, true, ""},
        {"[]", NULL, false, ""},
        {"", NULL, false, ""},
        {"{\"text\":\"b\"} x", NULL, false, ""},
        {"{\"text\":\"b\",\"text\":\"b\"}", NULL, false, ""},
        {"{\"text\":\"b\"}", "{\"text\":\"c\"}", true, "c"},
        {"{\"text\":\"b\"}", "{\"text\":5}", false, ""},
        {"{\"text\":\"b\"}", "null", true, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        const struct form_pair pairs[] = {
            {STR("@jsonPayload"), str_of(cases[i].first)},
            {STR("text"), STR("a")},
            {STR("@jsonPayload"), str_of(cases[i].second)},
        };
        const struct form_input input = {.pairs = pairs, .n_pairs = cases[i].second ? 3 : 2};
        struct target target;

        assert_int_equal(form_decode(a, fields, COUNT_OF(fields), &input, &target), cases[i].ok);
        if (cases[i].ok)
            assert_true(str_eq(target.text, str_of(cases[i].text)));
    }
}

static void nothing_is_all_zeros(void **state)
{
    const struct form_input input = {0};
    AUTO(arena_free) struct arena *a = arena_new();
    struct target target = {.number = 5, .truth = true};

    (void)state;
    assert_true(form_decode(a, fields, COUNT_OF(fields), &input, &target));
    assert_true(target.number == 0 && !target.truth && target.text.n == 0 && !target.json);
}

/* The vector of auth.md 10. */
static void md5_is_md5(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    assert_true(
        str_eq(md5_hex(a, STR("203.0.113.5curl/8.0")), STR("cc78f2f3581065f5304b8c5b9862b4ba")));
    assert_true(str_eq(md5_hex(a, STR("")), STR("d41d8cd98f00b204e9800998ecf8427e")));
}

struct nested {
    struct str outer;
    int64_t port;
    struct str bucket;
    struct form_texts list;
};

static const struct form_field nested_fields[] = {
    {"outer", FORM_TEXT, offsetof(struct nested, outer)},
    {"mail.port", FORM_INT, offsetof(struct nested, port)},
    {"mail.store.bucket", FORM_TEXT, offsetof(struct nested, bucket)},
    {"mail.list", FORM_TEXTS, offsetof(struct nested, list)},
};

static void groups_are_merged(void **state)
{
    static const struct {
        const char *body;
        bool ok;
        const char *outer;
        int64_t port;
        const char *bucket;
        size_t n_list;
    } cases[] = {
        {"{}", true, "o", 1, "b", 2},
        {"{\"mail\":{\"port\":2}}", true, "o", 2, "b", 2},
        {"{\"MA_IL\":{\"Store\":{\"bucket\":\"c\"},\"list\":[\"x\"]}}", true, "o", 1, "c", 1},
        {"{\"mail\":null}", true, "o", 0, "", 0},
        {"{\"mail\":{\"store\":null,\"list\":null}}", true, "o", 1, "", 0},
        {"{\"outer\":null,\"mail\":{}}", true, "", 1, "b", 2},
        {"{\"port\":3,\"store\":1,\"mail.port\":4}", true, "o", 1, "b", 2},
        {"null", true, "", 0, "", 0},
        {"{\"mail\":1}", false, "", 0, "", 0},
        {"{\"mail\":{\"store\":[]}}", false, "", 0, "", 0},
        {"{\"mail\":{},\"MAIL\":{}}", false, "", 0, "", 0},
        {"{\"mail\":{\"port\":1,\"PORT\":2}}", false, "", 0, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct str items[] = {STR("p"), STR("q")};
        struct nested nested = {STR("o"), 1, STR("b"), {items, 2}};
        struct form_input input = {0};

        assert_true(json_read(a, str_of(cases[i].body), &json_limits_body, &input.body, NULL));
        if (form_merge(a, nested_fields, COUNT_OF(nested_fields), &input, &nested) != cases[i].ok)
            fail_msg("%s", cases[i].body);
        if (!cases[i].ok)
            continue;
        assert_string_equal(arena_cstr(a, nested.outer), cases[i].outer);
        assert_int_equal(nested.port, cases[i].port);
        assert_string_equal(arena_cstr(a, nested.bucket), cases[i].bucket);
        assert_int_equal(nested.list.n, cases[i].n_list);
    }
}

static void pairs_name_groups_whole(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct form_pair pairs[] = {{STR_INIT("mail.port"), STR_INIT("7")},
                                      {STR_INIT("mail.list"), STR_INIT("x")},
                                      {STR_INIT("mail.list"), STR_INIT("y")},
                                      {STR_INIT("mail.list"), STR_INIT("z")},
                                      {STR_INIT("port"), STR_INIT("x")}};
    const struct form_input input = {.pairs = pairs, .n_pairs = COUNT_OF(pairs)};
    struct str items[] = {STR("p")};
    struct nested nested = {STR("o"), 1, STR("b"), {items, 1}};

    (void)state;
    assert_true(form_merge(a, nested_fields, COUNT_OF(nested_fields), &input, &nested));
    assert_int_equal(nested.port, 7);
    assert_int_equal(nested.list.n, 3);
    assert_string_equal(arena_cstr(a, nested.bucket), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_names_are_folded),
        cmocka_unit_test(letters_beyond_ascii_fold),
        cmocka_unit_test(json_types_fit_exactly),
        cmocka_unit_test(pairs_parse_integers_like_go),
        cmocka_unit_test(pairs_parse_truths),
        cmocka_unit_test(first_pair_counts_and_names_are_exact),
        cmocka_unit_test(payloads_lie_over_pairs),
        cmocka_unit_test(nothing_is_all_zeros),
        cmocka_unit_test(groups_are_merged),
        cmocka_unit_test(pairs_name_groups_whole),
        cmocka_unit_test(md5_is_md5),
    };

    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
