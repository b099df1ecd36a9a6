#include "unit/unit.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static const struct json *must_read(struct arena *a, struct str text)
{
    const struct json *value = NULL;
    struct json_fault fault = {0};

    if (!json_read(a, text, &json_limits_body, &value, &fault))
        fail_msg("%s", fault.what);
    return value;
}

/* Which limits take a text; `normal` is what it is written as. */
static const struct {
    struct str text;
    bool body, strict, stored;
    const char *normal, *rewritten;
} texts[] = {
    /* clang-format off */
    {STR_INIT("{}"), true, true, true, "{}", "{}"},
    {STR_INIT(" \t\r\n[ ] "), true, true, true, "[]", "[]"},
    {STR_INIT("null"), true, true, true, "null", "null"},
    {STR_INIT("{\"b\":1.50,\"a\":[true,false,null,\"x\"] , \"\":{}}"), true, true, true,
     "{\"\":{},\"a\":[true,false,null,\"x\"],\"b\":1.5}", "{\"b\":1.50,\"a\":[true,false,null,\"x\"],\"\":{}}"},
    {STR_INIT("\"\\u003c\\/\\u0041\\u001f\\u0022\\u005c\\n\\ud83d\\ude00\""), true, true, true,
     "\"</A\\u001f\\\"\\\\\\n\xf0\x9f\x98\x80\"", "\"</A\\u001f\\\"\\\\\\n\xf0\x9f\x98\x80\""},
    {STR_INIT("[1e2,-0,0.10,1E-7,12345678901234567890]"), true, true, true,
     "[100,-0,0.1,1e-7,12345678901234567000]", "[1e2,-0,0.10,1E-7,12345678901234567890]"},
    {STR_INIT("{\"a\":1} x"), true, false, false, "{\"a\":1}", NULL},
    {STR_INIT("[1]\xff"), true, false, false, "[1]", NULL},
    {STR_INIT("{\"a\":1,\"a\":2}"), false, false, true, NULL, "{\"a\":1,\"a\":2}"},
    {STR_INIT("[{\"x\":{\"a\":1,\"b\":0,\"a\":2}}]"), false, false, true, NULL, "[{\"x\":{\"a\":1,\"b\":0,\"a\":2}}]"},
    {STR_INIT("{\"a\":1,\"\\u0061\":2}"), false, false, true, NULL, "{\"a\":1,\"a\":2}"},
    {STR_INIT("[1e400]"), false, false, true, NULL, "[1e400]"},
    {STR_INIT("[-1e999999999]"), false, false, true, NULL, "[-1e999999999]"},
    {STR_INIT("\"\\ud800\""), false, false, true, NULL, "\"\xef\xbf\xbd\""},
    {STR_INIT("\"\\udc00\\ud800x\""), false, false, true, NULL, "\"\xef\xbf\xbd\xef\xbf\xbdx\""},
    {STR_INIT("\"\\ud800\\ud83d\\ude00\""), false, false, true, NULL, "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
    {STR_INIT("\"\xff\""), false, false, true, NULL, "\"\xef\xbf\xbd\""},
    {STR_INIT("\"\xed\xa0\x80\""), false, false, true, NULL, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {STR_INIT("{\"\xff\":1}"), false, false, true, NULL, "{\"\xef\xbf\xbd\":1}"},
    {STR_INIT(""), false, false, false, NULL, NULL},
    {STR_INIT("  "), false, false, false, NULL, NULL},
    {STR_INIT("\xef\xbb\xbf{}"), false, false, false, NULL, NULL},
    {STR_INIT("{/**/}"), false, false, false, NULL, NULL},
    {STR_INIT("[1,]"), false, false, false, NULL, NULL},
    {STR_INIT("{\"a\":1,}"), false, false, false, NULL, NULL},
    {STR_INIT("[,1]"), false, false, false, NULL, NULL},
    {STR_INIT("[1 2]"), false, false, false, NULL, NULL},
    {STR_INIT("{\"a\" 1}"), false, false, false, NULL, NULL},
    {STR_INIT("{a:1}"), false, false, false, NULL, NULL},
    {STR_INIT("{1:2}"), false, false, false, NULL, NULL},
    {STR_INIT("[01]"), false, false, false, NULL, NULL},
    {STR_INIT("[+1]"), false, false, false, NULL, NULL},
    {STR_INIT("[.5]"), false, false, false, NULL, NULL},
    {STR_INIT("[1.]"), false, false, false, NULL, NULL},
    {STR_INIT("[NaN]"), false, false, false, NULL, NULL},
    {STR_INIT("[Infinity]"), false, false, false, NULL, NULL},
    {STR_INIT("nul"), false, false, false, NULL, NULL},
    {STR_INIT("[True]"), false, false, false, NULL, NULL},
    {STR_INIT("\"a\x01\""), false, false, false, NULL, NULL},
    {STR_INIT("\"a\0\""), false, false, false, NULL, NULL},
    {STR_INIT("\"\\x41\""), false, false, false, NULL, NULL},
    {STR_INIT("\"\\u00g0\""), false, false, false, NULL, NULL},
    {STR_INIT("\"\\u00"), false, false, false, NULL, NULL},
    {STR_INIT("\"\\"), false, false, false, NULL, NULL},
    {STR_INIT("\"abc"), false, false, false, NULL, NULL},
    {STR_INIT("[1"), false, false, false, NULL, NULL},
    {STR_INIT("{\"a\""), false, false, false, NULL, NULL},
    {STR_INIT("[}"), false, false, false, NULL, NULL},
    {STR_INIT("]"), false, false, false, NULL, NULL},
    /* clang-format on */
};

static void reading_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        const struct json *value = NULL;
        AUTO_BUF struct buf out;

        buf_init(&out, 10000);
        if (json_valid(texts[i].text, &json_limits_body) != texts[i].body ||
            json_valid(texts[i].text, &json_limits_strict) != texts[i].strict ||
            json_valid(texts[i].text, &json_limits_stored) != texts[i].stored)
            fail_msg("%.*s", STR_ARG(texts[i].text));
        assert_int_equal(json_read(a, texts[i].text, &json_limits_stored, &value, NULL),
                         texts[i].stored);
        if (!texts[i].normal)
            continue;
        json_write(&out, must_read(a, texts[i].text), true);
        assert_string_equal(out.p, texts[i].normal);
    }
}

static void stored_text_is_rewritten(void **state)
{
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 10000);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_reset(&out);
        BUF_ADD(&out, "<");
        assert_int_equal(json_write_stored(&out, texts[i].text), texts[i].stored);
        assert_string_equal(out.p + 1, texts[i].stored ? texts[i].rewritten : "");
    }
}

static void members_are_found(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct json *v = must_read(a, STR("{\"a\":1,\"B\":\"x\\ty\",\"c\":[2.5]}"));
    const struct json *stored = NULL;

    (void)state;
    assert_true(json_double(json_get(v, STR("a"))) == 1);
    assert_null(json_get(v, STR("b")));
    assert_true(str_eq(json_get_nocase(v, STR("b"))->text, STR("x\ty")));
    assert_true(json_double(&json_get(v, STR("c"))->items[0]) == 2.5);
    assert_true(json_double(json_get(v, STR("B"))) == 0);
    assert_null(json_get(json_get(v, STR("a")), STR("a")));
    assert_null(json_get(NULL, STR("a")));
    assert_true(json_read(a, STR("{\"a\":1,\"a\":2}"), &json_limits_stored, &stored, NULL));
    assert_true(json_double(json_get(stored, STR("a"))) == 2);
}

static void what_is_too_much_is_refused_at_once(void **state)
{
    static char text[3 << 20];
    AUTO(arena_free) struct arena *a = arena_new();
    const struct json *value = NULL;
    struct json_fault fault;
    size_t deep = LIMIT_JSON_DEPTH;

    (void)state;
    memset(text, '[', sizeof(text));
    assert_false(json_read(a, (struct str){text, sizeof(text)}, &json_limits_body, &value, &fault));
    assert_true(fault.byte <= deep + 1 && arena_used(a) < 1000);
    assert_false(json_valid((struct str){text, sizeof(text)}, &json_limits_stored));
    memset(text + deep, ']', deep);
    assert_true(json_read(a, (struct str){text, 2 * deep}, &json_limits_body, &value, &fault));
    assert_true(json_valid((struct str){text, 2 * deep}, &json_limits_stored));
    memset(text + deep + 1, ']', deep + 1);
    text[deep] = '[';
    assert_false(json_read(a, (struct str){text, 2 * deep + 2}, &json_limits_body, &value, &fault));
    assert_false(json_valid((struct str){text, 2 * deep + 2}, &json_limits_stored));
}

static void values_are_counted(void **state)
{
    static const struct json_limits few = {.max_depth = 5, .max_values = 6};
    static const struct json_limits few_stored = {
        .max_depth = 5, .max_values = 6, .allow_duplicates = true};

    (void)state;
    assert_true(json_valid(STR("[1,2,3,4]"), &few));
    assert_false(json_valid(STR("[1,2,3,4,5,6]"), &few));
    assert_true(json_valid(STR("[\",,,,,,,[[[[[[[[\"]"), &few));
    assert_true(json_valid(STR("[1,2,3,4,5]"), &few_stored));
    assert_false(json_valid(STR("[1,2,3,4,5,6]"), &few_stored));
}

static void large_objects_have_distinct_keys(void **state)
{
    AUTO_BUF struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    BUF_ADD(&text, "{\"k\":0");
    for (int i = 0; i < 5000; i++)
        buf_addf(&text, ",\"k%d\":%d", i, i);
    BUF_ADD(&text, "}");
    assert_true(json_valid(buf_str(&text), &json_limits_strict));
    buf_cut(&text, text.n - 1);
    BUF_ADD(&text, ",\"k2500\":1}");
    assert_false(json_valid(buf_str(&text), &json_limits_strict));
}

/* Large enough for what was read to be given back on the way, with texts of both kinds. */
static void large_documents_are_read_whole(void **state)
{
    enum { MANY = 200000, LONG = 3000000 };
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf text;
    const struct json *value;
    char *filler = arena_alloc(a, LONG);

    (void)state;
    memset(filler, 'x', LONG);
    buf_init(&text, 32 << 20);
    BUF_ADD(&text, "[");
    for (int i = 0; i < MANY; i++)
        buf_addf(&text, "{\"k\\n%d\":[%d,\"t\\\"%d\"]},", i, i, i);
    for (int i = 0; i < 3; i++) {
        BUF_ADD(&text, "\"\\t");
        buf_add_bytes(&text, filler, LONG);
        BUF_ADD(&text, "\",");
    }
    BUF_ADD(&text, "\"end\"]");
    value = must_read(a, buf_str(&text));
    assert_int_equal(value->n, MANY + 4);
    for (int i = 0; i < MANY; i++) {
        const struct json_member *member = value->items[i].members;
        const struct json *list = &member->value;

        assert_true(str_eq(member->key, arena_printf(a, "k\n%d", i)));
        assert_true(str_eq(list->items[0].text, arena_printf(a, "%d", i)));
        assert_true(str_eq(list->items[1].text, arena_printf(a, "t\"%d", i)));
    }
    for (int i = MANY; i < MANY + 3; i++) {
        assert_int_equal(value->items[i].text.n, LONG + 1);
        assert_int_equal(value->items[i].text.p[0], '\t');
        assert_memory_equal(value->items[i].text.p + 1, filler, LONG);
    }
    assert_true(str_eq(value->items[MANY + 3].text, STR("end")));
}

/* What a tree takes of its arena, for a byte of its text. */
static void values_take_little_memory(void **state)
{
    static const struct {
        const char *item;
        size_t times;
    } cases[] = {
        {"{\"x\":1}", 8}, {"1", 12}, {"[]", 8}, {"{}", 8}, {"\"twenty-two characters\"", 1}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf text;

        buf_init(&text, 1 << 20);
        BUF_ADD(&text, "[");
        for (int n = 0; n < 10000; n++)
            buf_addf(&text, "%s%s", n ? "," : "", cases[i].item);
        BUF_ADD(&text, "]");
        assert_int_equal(must_read(a, buf_str(&text))->n, 10000);
        assert_in_range(arena_used(a), 1, cases[i].times * text.n + 1000);
    }
}

/* What is behind a value has no part in it. */
static void what_trails_is_not_counted(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    assert_int_equal(must_read(a, STR("1 :::::{{{"))->type, JSON_NUMBER);
    assert_int_equal(must_read(a, STR("\"a:b\" :::::"))->type, JSON_TEXT);
    assert_int_equal(must_read(a, STR("{\"a:b\":\":\"}:::"))->n, 1);
    assert_int_equal(must_read(a, STR("[{\"a\":{}},[]] :::"))->n, 2);
}

static void texts_are_escaped(void **state)
{
    static const struct {
        struct str text;
        const char *json;
    } cases[] = {
        {STR_INIT(""), "\"\""},
        {STR_INIT("a\"b\\c/<>&\x7f"), "\"a\\\"b\\\\c/<>&\x7f\""},
        {STR_INIT("\b\f\n\r\t\x01\x1f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {STR_INIT("\0"), "\"\\u0000\""},
        {STR_INIT("\xe2\x80\xa8\xf0\x9f\x98\x80"), "\"\xe2\x80\xa8\xf0\x9f\x98\x80\""},
        {STR_INIT("x\xff\xc3(\xed\xa0\x80"),
         "\"x\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {STR_INIT("12345678\n12345678\"123456\xc3"),
         "\"12345678\\n12345678\\\"123456\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF struct buf out;

        buf_init(&out, 1000);
        json_write_text(&out, cases[i].text);
        assert_string_equal(out.p, cases[i].json);
    }
}

/* Every byte at every place of the eight that are looked at together. */
static void escapes_are_seen_everywhere(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 24; at++) {
            char text[24];
            AUTO_BUF struct buf out;
            bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

            memset(text, 'x', sizeof(text));
            text[at] = (char)c;
            buf_init(&out, 1000);
            json_write_text(&out, (struct str){text, sizeof(text)});
            assert_int_equal(out.n == sizeof(text) + 2, plain);
            assert_true(json_valid(buf_str(&out), &json_limits_strict));
        }
    }
}

static void made_values_are_written(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct json items[4] = {json_of_null(), json_of_bool(true), json_of_text(STR("t")),
                            json_of_double(a, 1e21)};
    struct json_member members[3] = {{STR("z"), json_of_list(items, 4)},
                                     {STR("a"), json_of_list(NULL, 0)},
                                     {STR("z"), json_of_object(NULL, 0)}};
    struct json object = json_of_object(members, 3);
    struct json odd = json_of_double(a, (double)NAN);
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1000);
    json_write(&out, &object, false);
    assert_string_equal(out.p, "{\"z\":[null,true,\"t\",1e+21],\"a\":[],\"z\":{}}");
    buf_reset(&out);
    json_write(&out, &object, true);
    assert_string_equal(out.p, "{\"a\":[],\"z\":{}}");
    buf_reset(&out);
    json_write_double(&out, -HUGE_VAL);
    json_write(&out, &odd, true);
    assert_string_equal(out.p, "nullnull");
    assert_true(isnan(json_double(&odd)));
}

static void writing_stops_at_the_ceiling(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct json *v = must_read(a, STR("[[1,2,3],[4,5,6],\"some text\"]"));
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 10);
    json_write(&out, v, true);
    assert_true(out.full);
    buf_reset(&out);
    assert_true(json_write_stored(&out, STR("[1,2,3,4,5,6,7,8]")) && out.full);
}

static void asks_for_memory(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf text;
    struct json_limits limits = json_limits_body;
    struct json_fault fault = {0};
    const struct json *value;

    (void)state;
    buf_init(&text, 1 << 20);
    BUF_ADD(&text, "[0");
    for (int i = 0; i < 50000; i++)
        BUF_ADD(&text, ",0");
    BUF_ADD(&text, "]");
    memory_thread_end();
    memory_set_budget(memory_used() + 500000);
    assert_true(json_read(a, buf_str(&text), &limits, &value, &fault));
    arena_reset(a);
    limits.asks = true;
    assert_false(json_read(a, buf_str(&text), &limits, &value, &fault));
    assert_true(fault.starved);
    assert_true(json_read(a, STR("[1]"), &limits, &value, &fault));
    memory_set_budget(UINT64_MAX);
    assert_true(json_read(a, buf_str(&text), &limits, &value, &fault));
    arena_reset(a);
    memory_thread_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_is_strict),
        cmocka_unit_test(stored_text_is_rewritten),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(what_is_too_much_is_refused_at_once),
        cmocka_unit_test(values_are_counted),
        cmocka_unit_test(large_objects_have_distinct_keys),
        cmocka_unit_test(large_documents_are_read_whole),
        cmocka_unit_test(values_take_little_memory),
        cmocka_unit_test(what_trails_is_not_counted),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(escapes_are_seen_everywhere),
        cmocka_unit_test(made_values_are_written),
        cmocka_unit_test(writing_stops_at_the_ceiling),
        cmocka_unit_test(asks_for_memory),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
