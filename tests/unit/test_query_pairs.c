#include "base/arena.h"
#include "base/limits.h"
#include "http/req.h"
#include "unit/unit.h"

static void pairs_are_split_and_decoded(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        size_t n;
        const char *first_name, *first_value;
    } cases[] = {
        {"", true, 0, NULL, NULL},          {"&&", true, 0, NULL, NULL},
        {"a=1", true, 1, "a", "1"},         {"a", true, 1, "a", ""},
        {"=1", true, 1, "", "1"},           {"a=1=2", true, 1, "a", "1=2"},
        {"a=1&a=2", true, 2, "a", "1"},     {"a+b=c+d%2B", true, 1, "a b", "c d+"},
        {"%41%3d=%26", true, 1, "A=", "&"}, {"a=%zz&b=2", false, 1, "b", "2"},
        {"a=%4", false, 0, NULL, NULL},     {"a=%", false, 0, NULL, NULL},
        {"a;b=1&c=2", false, 1, "c", "2"},  {"a=%C3%28", true, 1, "a", "\xc3\x28"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct req_pairs pairs;

        assert_int_equal(req_parse_pairs(a, str_of(cases[i].text), &pairs), cases[i].ok);
        assert_int_equal(pairs.n, cases[i].n);
        if (pairs.n) {
            assert_string_equal(arena_cstr(a, pairs.items[0].name), cases[i].first_name);
            assert_string_equal(arena_cstr(a, pairs.items[0].value), cases[i].first_value);
        }
    }
    arena_free(a);
}

static void plain_texts_are_borrowed(void **state)
{
    static const char text[] = "a=b&c%20d=e+f&&g=%&h=i&j=%6b%6c";
    static const struct {
        const char *name, *value;
        bool borrowed[2];
    } expected[] = {
        {"a", "b", {true, true}},
        {"c d", "e f", {false, false}},
        {"h", "i", {true, true}},
        {"j", "kl", {true, false}},
    };
    struct arena *a = arena_new();
    struct req_pairs pairs;

    (void)state;
    assert_false(req_parse_pairs(a, str_of(text), &pairs));
    assert_int_equal(pairs.n, COUNT_OF(expected));
    for (size_t i = 0; i < pairs.n; i++) {
        const struct str got[] = {pairs.items[i].name, pairs.items[i].value};

        assert_true(str_eq(got[0], str_of(expected[i].name)));
        assert_true(str_eq(got[1], str_of(expected[i].value)));
        for (size_t s = 0; s < 2; s++)
            assert_int_equal(got[s].p >= text && got[s].p < text + sizeof(text),
                             expected[i].borrowed[s]);
    }
    arena_free(a);
}

/* The list in one piece, and what was decoded in another. */
static void pairs_take_little_memory(void **state)
{
    static const char *parts[] = {"a=1&", "&", "a=%41&", "+%20=%41%42+%43&", "a=%&"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf text;
        struct req_pairs pairs;

        buf_init(&text, MIB);
        for (int n = 0; n < LIMIT_FORM_PAIRS; n++)
            buf_add(&text, str_of(parts[i]));
        (void)req_parse_pairs(a, buf_str(&text), &pairs); /* what is broken is left out */
        assert_in_range(arena_used(a), 0,
                        text.n + (LIMIT_FORM_PAIRS + 1) * sizeof(struct req_pair));
    }
}

static void the_query_is_parsed_once(void **state)
{
    struct req req = {.arena = arena_new(), .query = STR("sort=-id&sort=id&page=2&bad=%")};

    (void)state;
    assert_true(str_eq(req_query_get(&req, STR("sort")), STR("-id")));
    assert_true(str_eq(req_query_get(&req, STR("page")), STR("2")));
    assert_null(req_query_get(&req, STR("bad")).p);
    assert_null(req_query_get(&req, STR("SORT")).p);
    assert_ptr_equal(req_query(&req), req_query(&req));
    arena_free(req.arena);
}

static void their_number_is_bounded(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        bool fit;
    } cases[] = {
        {"", 1, true},     {"a=1", 1, true},    {"a&b", 1, false},
        {"a&b", 2, true},  {"a&b&c", 2, false}, {"a&", 1, false},
        {"&&&", 3, false}, {"&&&", 4, true},    {"a;b;c=%26", 1, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(req_pairs_fit(str_of(cases[i].text), cases[i].max), cases[i].fit);
    assert_true(req_pairs_fit(STR_NONE, 1));
}

static void a_query_of_too_many_has_none(void **state)
{
    struct req req = {.arena = arena_new()};
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, MIB);
    BUF_ADD(&text, "page=2");
    for (int i = 1; i < LIMIT_QUERY_PARAMS; i++)
        BUF_ADD(&text, "&a");
    req.query = buf_str(&text);
    assert_int_equal(req_query(&req)->n, LIMIT_QUERY_PARAMS);
    req.query_pairs = NULL;
    BUF_ADD(&text, "&");
    req.query = buf_str(&text);
    assert_null(req_query_get(&req, STR("page")).p);
    arena_free(req.arena);
}

static void bytes_decode(void **state)
{
    struct arena *a = arena_new();
    struct str out;

    (void)state;
    assert_true(req_decode(a, STR("a%00b+"), false, &out));
    assert_true(str_eq(out, ((struct str){"a\0b+", 4})));
    assert_true(req_decode(a, STR("a+b"), true, &out));
    assert_true(str_eq(out, STR("a b")));
    assert_false(req_decode(a, STR("%4g"), false, &out));
    assert_false(req_decode(a, STR("100%"), false, &out));
    arena_free(a);
}

static void no_header_can_end_its_line(void **state)
{
    struct req req = {.arena = arena_new()};

    (void)state;
    buf_init(&req.resp.headers, 1024);
    req_add_header(&req, "Location: %s", "/a\r\nSet-Cookie: x");
    assert_true(str_eq(buf_str(&req.resp.headers), STR("Location: /a  Set-Cookie: x\r\n")));
    buf_done(&req.resp.headers);
    arena_free(req.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_split_and_decoded),
        cmocka_unit_test(plain_texts_are_borrowed),
        cmocka_unit_test(pairs_take_little_memory),
        cmocka_unit_test(the_query_is_parsed_once),
        cmocka_unit_test(their_number_is_bounded),
        cmocka_unit_test(a_query_of_too_many_has_none),
        cmocka_unit_test(bytes_decode),
        cmocka_unit_test(no_header_can_end_its_line),
    };

    return cmocka_run_group_tests_name("query_pairs", tests, NULL, NULL);
}
