#include "unit/unit.h"

#include "base/compiler.h"
#include "base/str.h"

static void assert_str(struct str got, const char *want)
{
    assert_true(str_eq(got, str_of(want)));
}

static void comparing(void **state)
{
    (void)state;
    assert_true(str_eq(STR_NONE, STR("")));
    assert_false(str_eq(STR("a"), STR("b")));
    assert_true(str_eq_nocase(STR("aZ[9"), STR("Az[9")));
    assert_false(str_eq_nocase(STR("\xc3\xa9"), STR("\xc3\x89")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
    assert_true(str_starts(STR("abc"), STR("ab")) && str_ends(STR("abc"), STR("bc")));
    assert_false(str_starts(STR("a"), STR("ab")) || str_ends(STR("a"), STR("ba")));
    assert_true(str_starts_nocase(STR("BEARER x"), STR("bearer ")));
    assert_true(str_eq_secret(STR("abc"), STR("abc")));
    assert_false(str_eq_secret(STR("abc"), STR("abd")));
    assert_false(str_eq_secret(STR("abc"), STR("ab")));
}

static void finding_and_cutting(void **state)
{
    (void)state;
    assert_int_equal(str_find_byte(STR("a.b.c"), '.'), 1);
    assert_int_equal(str_find_last_byte(STR("a.b.c"), '.'), 3);
    assert_int_equal(str_find_byte(STR("abc"), '.'), 3);
    assert_int_equal(str_find_byte(STR_NONE, '.'), 0);
    assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_true(str_has(STR("abc"), STR("c")) && str_has(STR_NONE, STR_NONE));
    assert_false(str_has(STR("abc"), STR("x")));
    assert_str(str_sub(STR("hello"), 1, 3), "ell");
    assert_str(str_sub(STR("hello"), 4, 99), "o");
    assert_str(str_sub(STR("hello"), 9, 9), "");
    assert_str(str_from(STR_NONE, 3), "");
    assert_str(str_trim_space(STR(" \t a b\r\n\v\f")), "a b");
    assert_str(str_trim(STR("--a-"), STR("-")), "a");
    assert_str(str_trim_space(STR("  ")), "");
}

static void splitting(void **state)
{
    static const struct {
        struct str text;
        size_t n;
        const char *parts[4];
    } cases[] = {{STR_INIT("a,b,c"), 3, {"a", "b", "c"}},
                 {STR_INIT("a"), 1, {"a"}},
                 {STR_INIT(""), 1, {""}},
                 {STR_INIT(","), 2, {"", ""}},
                 {STR_INIT("a,,"), 3, {"a", "", ""}}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str rest = cases[i].text;
        size_t n = 0;

        while (rest.p) {
            assert_true(n < cases[i].n);
            assert_str(str_split(&rest, ','), cases[i].parts[n++]);
        }
        assert_int_equal(n, cases[i].n);
    }
}

static void hashes_differ(void **state)
{
    char text[40] = {0};
    uint64_t seen[41];

    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        seen[n] = str_hash((struct str){text, n});
        assert_true(seen[n] == str_hash((struct str){text, n}));
        for (size_t i = 0; i < n; i++)
            assert_true(seen[i] != seen[n]);
    }
    for (size_t i = 0; i < sizeof(text); i++) { /* every byte counts */
        text[i] = 1;
        assert_true(str_hash((struct str){text, sizeof(text)}) != seen[40]);
        text[i] = 0;
    }
}

static void utf8_is_strict(void **state)
{
    static const struct {
        struct str text;
        bool valid;
        size_t count;
    } cases[] = {
        {STR_INIT(""), true, 0},
        {STR_INIT("plain ASCII, longer than eight"), true, 30},
        {STR_INIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), true, 3},
        {STR_INIT("12345678\xc3\xa9"), true, 9},
        {STR_INIT("\x80"), false, 1},
        {STR_INIT("\xc0\x80"), false, 2},         /* overlong */
        {STR_INIT("\xe0\x80\x80"), false, 3},     /* overlong */
        {STR_INIT("\xf0\x80\x80\x80"), false, 4}, /* overlong */
        {STR_INIT("\xed\xa0\x80"), false, 3},     /* surrogate */
        {STR_INIT("\xf4\x90\x80\x80"), false, 4}, /* beyond U+10FFFF */
        {STR_INIT("\xe2\x82"), false, 2},         /* cut off */
        {STR_INIT("a\xff"), false, 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(utf8_valid(cases[i].text), cases[i].valid);
        assert_int_equal(utf8_count(cases[i].text), cases[i].count);
    }
}

static void utf8_round_trip(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x900 ? 1 : 97) {
        char out[4];
        size_t n = utf8_encode(code, out);
        uint32_t back = 0;
        bool surrogate = code >= 0xd800 && code <= 0xdfff;

        assert_int_equal(utf8_decode((struct str){out, n}, &back), surrogate ? 0 : n);
        assert_int_equal(back, surrogate ? 0 : code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),      cmocka_unit_test(finding_and_cutting),
        cmocka_unit_test(splitting),      cmocka_unit_test(hashes_differ),
        cmocka_unit_test(utf8_is_strict), cmocka_unit_test(utf8_round_trip),
    };

    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
