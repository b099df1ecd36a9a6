#include "unit/unit.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/regex.h"

#include <string.h>

/* What PocketBase 0.40.6 says of each pattern; NULL: it takes it. */
static const struct {
    const char *pattern, *why;
} patterns[] = {
    /* clang-format off */
    {"a**", "invalid nested repetition operator: `**`"},
    {"(a", "missing closing ): `(a`"},
    {"a)", "unexpected ): `a)`"},
    {"[a", "missing closing ]: `[a`"},
    {"[z-a]", "invalid character class range: `z-a`"},
    {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"},
    {"(?<=a)b", "invalid named capture: `(?<=a)b`"},
    {"\\1", "invalid escape sequence: `\\1`"},
    {"\\Z", "invalid escape sequence: `\\Z`"},
    {"a\\", "trailing backslash at end of expression: ``"},
    {"*a", "missing argument to repetition operator: `*`"},
    {"x{1001}", "invalid repeat count: `{1001}`"},
    {"(x{50}){50}", "invalid repeat count: `{50}`"},
    {"\\p{Foo}", "invalid character class range: `\\p{Foo}`"},
    {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
    {"(?i", "invalid or unsupported Perl syntax: `(?i`"},
    {"(?P<a>x)(?P<a>y)", NULL},
    {"\\8", "invalid escape sequence: `\\8`"},
    {"(?P<a", "invalid named capture: `(?P<a`"},
    {"(?P<1-2>a)", "invalid named capture: `(?P<1-2>`"},
    {"(?P=a)", "invalid or unsupported Perl syntax: `(?P`"},
    {"(?i-", "invalid or unsupported Perl syntax: `(?i-`"},
    {"(?-)a", "invalid or unsupported Perl syntax: `(?-)`"},
    {"(?z)", "invalid or unsupported Perl syntax: `(?z`"},
    {"[[:alpha:]", "missing closing ]: `[[:alpha:]`"},
    {"[a-\\d]", "invalid escape sequence: `\\d`"},
    {"\\pX", "invalid character class range: `\\pX`"},
    {"\\p", "invalid character class range: `\\p`"},
    {"(?i)*", "missing argument to repetition operator: `*`"},
    {"a|*", "missing argument to repetition operator: `*`"},
    {"(*a)", "missing argument to repetition operator: `*`"},
    {"^*", NULL},
    {"x{2}{3}", "invalid nested repetition operator: `{2}{3}`"},
    {"x{2}*", "invalid nested repetition operator: `{2}*`"},
    {"\\x{110000}", "invalid escape sequence: `\\x{110000`"},
    {"\\xg1", "invalid escape sequence: `\\xg1`"},
    {"[\\8]", "invalid escape sequence: `\\8`"},
    {"\\Q*", NULL},
    {"(?:", "missing closing ): `(?:`"},
    {"(?#c)", "invalid or unsupported Perl syntax: `(?#`"},
    {"(?>a)", "invalid or unsupported Perl syntax: `(?>`"},
    {"\\p{^Lu}", NULL},
    {"\\p{greek}", NULL},
    {"\\p{Letter}", NULL},
    {"\\p{Latin}x", NULL},
    {"(?i)(?s", "invalid or unsupported Perl syntax: `(?s`"},
    {"a{2,1}", "invalid repeat count: `{2,1}`"},
    {"\\C", "invalid escape sequence: `\\C`"},
    {"\\_", NULL},
    {"\\\303\251", "invalid escape sequence: `\\\303\251`"},
    {"(?U)a+", NULL},
    {"(?<n>a)", NULL},
    {"\\07", NULL},
    {"\\x{}", "invalid escape sequence: `\\x{}`"},
    {"\\p{Any}", NULL},
    {"\\p{ASCII}", NULL},
    {"\\p{Assigned}", NULL},
    {"\\p{LC}", NULL},
    {"\\p{lu}", NULL},
    {"\\p{Lowercase_Letter}", NULL},
    {"\\p{lowercase letter}", NULL},
    {"\\p{Old_Italic}", NULL},
    {"\\p{olditalic}", NULL},
    {"\\p{digit}", NULL},
    {"\\p{Script=Greek}", "invalid character class range: `\\p{Script=Greek}`"},
    {"\\p{}", "invalid character class range: `\\p{}`"},
    {"\\p{^}", "invalid character class range: `\\p{^}`"},
    {"\\p{sc:Greek}", "invalid character class range: `\\p{sc:Greek}`"},
    {"\\p{Nd2}", "invalid character class range: `\\p{Nd2}`"},
    {"\\p{L&}", "invalid character class range: `\\p{L&}`"},
    {"\\p{Cn}", NULL},
    {"\\p{Grek}", "invalid character class range: `\\p{Grek}`"},
    {"\\p{Zyyy}", "invalid character class range: `\\p{Zyyy}`"},
    {"\\p{Kawi}", NULL},
    {"\\p\303\251", "invalid character class range: `\\p\303\251`"},
    {"\\p{punct}", NULL},
    {"\\p{White_Space}", "invalid character class range: `\\p{White_Space}`"},
    {"[\\p{Foo}]", "invalid character class range: `\\p{Foo}`"},
    {"\\p{Foo", "invalid character class range: `\\p{Foo`"},
    {"\\pl", NULL},
    {"\\x1", "invalid escape sequence: `\\x1`"},
    {"\\x", "invalid escape sequence: `\\x`"},
    {"\\x{", "invalid escape sequence: `\\x{`"},
    {"\\x{1", "invalid escape sequence: `\\x{1`"},
    {"\\x{1g}", "invalid escape sequence: `\\x{1g`"},
    {"\\x{00000000000041}", NULL},
    /* clang-format on */
};

static void patterns_are_taken_or_refused(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct str why = STR_NONE;
        struct regex *re;
        bool ok = regex_compile(a, str_of(patterns[i].pattern), &re, &why);
        struct str want = patterns[i].why
                              ? arena_printf(a, "error parsing regexp: %s", patterns[i].why)
                              : STR_NONE;

        if (ok != !patterns[i].why || !str_eq(why, want))
            fail_msg("%s: \"%s\"", patterns[i].pattern, arena_cstr(a, why));
    }
}

static const struct {
    const char *pattern;
    struct str text;
    bool match;
} matches[] = {
    {"^[a-z0-9]+$", STR_INIT("abc"), true},
    {"^[a-z0-9]+$", STR_INIT("abc\n"), false}, /* $ is the end of the text alone */
    {"^[a-z0-9]+$", STR_INIT("abC"), false},
    {"b", STR_INIT("abc"), true}, /* not anchored */
    {"", STR_INIT(""), true},
    {"", STR_INIT("x"), true},
    {"\\w", STR_INIT("\xc3\xa9"), false}, /* ASCII */
    {"\\d", STR_INIT("\xd9\xa1"), false},
    {"\\s", STR_INIT("\v"), false},
    {"[[:space:]]", STR_INIT("\v"), true},
    {"\\W", STR_INIT("\xc3\xa9"), true},
    {"\\bb",
     STR_INIT("\xc3\xa9"
              "b"),
     true},
    {"^\\pL+$", STR_INIT("\xc3\xa9t\xc3\xa9"), true},
    {"^\\p{Greek}$", STR_INIT("\xce\xb1"), true},
    {"^[\\P{Greek}]$", STR_INIT("\xce\xb1"), false},
    {"^\\p{^Lu}$", STR_INIT("A"), false},
    {"^.$", STR_INIT("\xf0\x9f\x98\x80"), true},
    {".", STR_INIT("\n"), false},
    {"(?s).", STR_INIT("\n"), true},
    {"(?m)^b$", STR_INIT("a\nb\nc"), true},
    {"(?m)^$", STR_INIT("a\n"), true},
    {"^b", STR_INIT("a\nb"), false},
    {"(?i)K", STR_INIT("\xe2\x84\xaa"), true}, /* the Kelvin sign */
    {"a(?i)b|c", STR_INIT("C"), true},
    {"(?i:a)b", STR_INIT("AB"), false},
    {"(?i)a(?-i)b", STR_INIT("Ab"), true},
    {"(?i)[^a]", STR_INIT("A"), false},
    {"(?:(?i)a)b", STR_INIT("AB"), false},
    {"^x{2,3}$", STR_INIT("xxxx"), false},
    {"^x{2,}?$", STR_INIT("xxxx"), true},
    {"^a{,2}$", STR_INIT("a{,2}"), true}, /* braces that repeat nothing are text */
    {"^\\Qa.b\\E+$", STR_INIT("a.bb"), true},
    {"\\Qa.b", STR_INIT("axb"), false},
    {"^(?P<n>a)(?<m>b)$", STR_INIT("ab"), true},
    {"[]a]", STR_INIT("]"), true},
    {"[^]a]", STR_INIT("]"), false},
    {"[a-]", STR_INIT("-"), true},
    {"[[:^alpha:]]", STR_INIT("a"), false},
    {"[^\\x00-\\x{10FFFF}]", STR_INIT("a"), false},
    {"\\x{D800}", STR_INIT("a"), false},
    {"^[\\x{D000}-\\x{E000}]$", STR_INIT("\xed\x80\x80"), true},
    {"\\x41\\102\\.", STR_INIT("AB."), true},
    {"^\xef\xbf\xbd$", STR_INIT("\xff"), true}, /* a bad byte counts as U+FFFD */
    {"^..$", STR_INIT("\xffz"), true},
    {"a\\z", STR_INIT("ba"), true},
    {"\\Aa", STR_INIT("ba"), false},
    {"^a\\x00b$", STR_INIT("a\0b"), true},
};

static void matching(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        struct regex *re;

        assert_true(regex_compile(a, str_of(matches[i].pattern), &re, NULL));
        if (regex_match(re, matches[i].text) != matches[i].match)
            fail_msg("%s, case %zu", matches[i].pattern, i);
    }
}

/* Patterns and texts that cost a matcher which tries one way after the other seconds to ages. */
static void matching_is_linear(void **state)
{
    static const struct {
        const char *pattern, *piece, *end;
        size_t n;
        bool match;
    } cases[] = {
        {"^(a+)+$", "a", "!", 1000000, false},
        {"\\S+@\\S+\\.\\S+", "@", "", 1000000, false},
        {"^(a|b)+$", "ab", "", 500000, true},
        {"^[a-z]+$", "a", "", 1000000, true},
        {"(x+x+)+y", "x", "", 1000000, false},
        {"(.*)(.*)(.*)(.*)[bc]$", "a", "", 1000000, false},
        {"(?:a?){30}a{30}$", "a", "b", 100000, false},
        {"([a-z]*[0-9])*!", "a1", "", 500000, false},
        {"(a|b)*a(a|b){200}c", "ab", "", 20000, false}, /* more states than are kept */
    };
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF struct buf text;
        uint64_t start, took;
        struct regex *re;

        buf_init(&text, MIB);
        for (size_t j = 0; j < cases[i].n; j++)
            buf_add(&text, str_of(cases[i].piece));
        buf_add(&text, str_of(cases[i].end));
        assert_true(regex_compile(a, str_of(cases[i].pattern), &re, NULL));
        start = clock_thread_cpu_us();
        if (regex_match(re, buf_str(&text)) != cases[i].match)
            fail_msg("%s", cases[i].pattern);
        took = clock_thread_cpu_us() - start;
        if (took > 1500000)
            fail_msg("%s took %d ms", cases[i].pattern, (int)(took / 1000));
    }
}

static void slow_matches_are_known(void **state)
{
    static char text[LIMIT_REGEX_INLINE_BYTES + 1];
    AUTO(arena_free) struct arena *a = arena_new();
    struct regex *small, *large;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_true(regex_compile(a, STR("^a+$"), &small, NULL));
    assert_true(regex_compile(a, STR("^(\\pL\\pN?){200}$"), &large, NULL));
    assert_true(regex_is_slow(small, STR("a"))); /* nothing of it is made yet */
    assert_true(regex_fits(small) && regex_fits(large));
    assert_false(regex_is_slow(small, (struct str){text, sizeof(text) - 1}));
    assert_true(regex_is_slow(small, (struct str){text, sizeof(text)}));
    assert_false(regex_is_slow(large, (struct str){text, 1}));
    assert_true(regex_is_slow(large, (struct str){text, sizeof(text) - 1}));
}

static void nesting_is_bounded(void **state)
{
    static char pattern[3 * LIMIT_REGEX_NESTING];
    AUTO(arena_free) struct arena *a = arena_new();
    struct str why = STR_NONE;
    struct regex *re;

    (void)state;
    memset(pattern, '(', LIMIT_REGEX_NESTING);
    pattern[LIMIT_REGEX_NESTING] = 'a';
    memset(pattern + LIMIT_REGEX_NESTING + 1, ')', LIMIT_REGEX_NESTING);
    assert_true(regex_compile(a, (struct str){pattern, 2 * LIMIT_REGEX_NESTING + 1}, &re, &why));
    assert_true(regex_match(re, STR("a")));
    memset(pattern, '(', sizeof(pattern));
    assert_false(regex_compile(a, (struct str){pattern, sizeof(pattern)}, &re, &why));
    assert_true(str_has(why, STR("nests too deeply")));
    assert_false(regex_compile(a, STR("\xff"), &re, &why));
    assert_true(str_has(why, STR("invalid UTF-8")));
}

static void generating(void **state)
{
    static const struct {
        const char *pattern, *fits; /* fits NULL: not supported */
    } cases[] = {{"[a-z0-9]{15}", "^[a-z0-9]{15}$"},
                 {"abc|d", "^(abc|d)$"},
                 {"a*b+c?", "^a{0,5}b{1,5}$"},
                 {"x{2,5}", "^x{2,4}$"},
                 {"x{3,}", "^x{3,5}$"},
                 {"x{7,}", "^x{7}$"},
                 {".{5}", "^[A-Za-z0-9]{5}$"},
                 {"[\\s\\S]", "^[A-Za-z0-9]$"},
                 {"\\d-\\w", "^\\d-\\w$"},
                 {"(?i)[^b-y]", "(?i)^[^b-y]$"},
                 {"\\pL{3}", "^\\pL{3}$"},
                 {"[^a]", "^(?s:[^a])$"},
                 {"^a", NULL},
                 {"a$", NULL},
                 {"a\\b", NULL},
                 {"", NULL},
                 {"(", NULL},
                 {"((((((((((((a{5})*)*)*)*)*)*)*)*)*){900}))", "^a*$"}};
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct regex *re = NULL;

        if (cases[i].fits)
            assert_true(regex_compile(a, str_of(cases[i].fits), &re, NULL));
        for (int j = 0; j < 10; j++) {
            struct str text = STR_NONE;
            bool ok = regex_generate(a, str_of(cases[i].pattern), &text);

            if (i + 1 == COUNT_OF(cases) && !ok)
                continue; /* may reach the bound on length, and must come back */
            if (ok != (re != NULL) || (ok && !regex_match(re, text)))
                fail_msg("%s gave \"%s\"", cases[i].pattern, arena_cstr(a, text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_taken_or_refused),
        cmocka_unit_test(matching),
        cmocka_unit_test(matching_is_linear),
        cmocka_unit_test(slow_matches_are_known),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(generating),
    };

    return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
