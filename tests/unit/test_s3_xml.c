#include "unit/unit.h"

#include "base/id.h"
#include "files/s3_xml.h"

static void elements_come_where_they_end(void **state)
{
    static const struct {
        const char *xml;
        const char *want; /* "name=text;" of each */
    } cases[] = {
        {"<?xml version=\"1.0\"?><a xmlns=\"x\"><b>1</b><c/></a>", "b=1;c=;a=;"},
        {"<a><b> 1\n</b>\n</a>", "b= 1\n;a=\n;"},
        {"<a ><b x='1' /></a >", "b x='1'=;a=;"},
        {"<!-- note --><a>1</a>", "a=1;"},
        {"", ""},
        {"text", ""},
        {"<", ""},
        {"</", ""},
        {"</a", ""},
        {"</>", "=;"},
        {"<>", ""},
        {"</a></a>", "a=;a=;"},
        {"<a>1</b>", "b=1;"},
        {">>><a>1</a>", "a=1;"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct s3_xml xml = {.rest = str_of(cases[i].xml)};
        struct str got = STR("");

        while (s3_xml_next(&xml))
            got = arena_concat(a, got,
                               arena_printf(a, "%.*s=%.*s", STR_ARG(xml.name), STR_ARG(xml.text)),
                               STR(";"));
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: %.*s, want %s", cases[i].xml, STR_ARG(got), cases[i].want);
    }
    arena_free(a);
}

static void entities_are_decoded(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"a&amp;b&lt;&gt;&quot;&apos;", "a&b<>\"'"},
        {"&#38;&#x26;&#xFC;&#x1F600;&#10;", "&&\303\274\360\237\230\200\n"},
        {"&amp;amp;", "&amp;"},
        {"&", "&"},
        {"&;", "&;"},
        {"&#;&#x;&#xg;&#0;&#xD800;&#x110000;", "&#;&#x;&#xg;&#0;&#xD800;&#x110000;"},
        {"&#99999999999999999999;", "&#99999999999999999999;"},
        {"&nbsp;&AMP;", "&nbsp;&AMP;"},
        {"a & b; c", "a & b; c"},
        {"", ""},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str got = s3_xml_text(a, str_of(cases[i].text));

        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: %.*s, want %s", cases[i].text, STR_ARG(got), cases[i].want);
    }
    arena_free(a);
}

static void what_is_written_is_read(void **state)
{
    static const struct str texts[] = {STR_INIT("a&b<c>\"'&amp;]]>"), STR_INIT(" \303\274 "),
                                       STR_INIT("")};
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        AUTO_BUF struct buf out;

        buf_init(&out, 1000);
        BUF_ADD(&out, "<r><Key>");
        s3_xml_add(&out, texts[i]);
        BUF_ADD(&out, "</Key><Key>no</Key></r>");
        assert_true(str_eq(s3_xml_find(a, buf_str(&out), STR("Key")), texts[i]));
        assert_null(s3_xml_find(a, buf_str(&out), STR("key")).p);
    }
    arena_free(a);
}

/* Any bytes are read to their end, and decoding never makes them longer. */
static void any_bytes_are_fine(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct arena *a = arena_new();
        struct str text = random_text(a, random_below(40), STR("<>/&#x;am1 \"\n\xff"));
        struct s3_xml xml = {.rest = text};
        size_t n = 0;

        while (s3_xml_next(&xml))
            n++;
        assert_true(n <= text.n / 3 + 1);
        assert_true(s3_xml_text(a, text).n <= text.n);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_where_they_end),
        cmocka_unit_test(entities_are_decoded),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(any_bytes_are_fine),
    };

    return cmocka_run_group_tests_name("s3_xml", tests, NULL, NULL);
}
