#include "base/arena.h"
#include "http/internal.h"
#include "unit/unit.h"

static void targets_are_taken_as_go_takes_them(void **state)
{
    static const struct {
        const char *method, *text;
        bool ok;
        const char *path, *query;
    } cases[] = {
        {"GET", "/api/health", true, "/api/health", NULL},
        {"GET", "/a?b=c?d", true, "/a", "b=c?d"},
        {"GET", "/a?", true, "/a", ""},
        {"GET", "/a?%zz", true, "/a", "%zz"},
        {"GET", "/a#b", true, "/a%23b", NULL},
        {"GET", "//a//b", true, "//a//b", NULL},
        {"GET", "/%2e%2e/%2F", true, "/%2e%2e/%2F", NULL},
        {"GET", "/\xc3\xbc", true, "/%C3%BC", NULL},
        {"GET", "/%41\"", true, "/A%22", NULL},
        {"GET", "http://localhost:80/a?b", true, "/a", "b"},
        {"GET", "http://localhost", true, "", NULL},
        {"GET", "http://u:p@[::1]:8/a", true, "/a", NULL},
        {"GET", "http:///a", true, "/a", NULL},
        {"GET", "x:80", true, "", NULL},
        {"GET", "*", true, "*", NULL},
        {"CONNECT", "localhost:80", true, "", NULL},
        {"GET", "", false, NULL, NULL},
        {"GET", "a/b", false, NULL, NULL},
        {"GET", ":a", false, NULL, NULL},
        {"GET", "?a", false, NULL, NULL},
        {"GET", "/%", false, NULL, NULL},
        {"GET", "/%4", false, NULL, NULL},
        {"GET", "/%zz", false, NULL, NULL},
        {"GET", "/a\x01", false, NULL, NULL},
        {"GET", "/a\x7f", false, NULL, NULL},
        {"GET", "http://h:x/a", false, NULL, NULL},
        {"GET", "http://[::1/a", false, NULL, NULL},
        {"GET", "http://a{b/", false, NULL, NULL},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct target target;
        bool ok = target_parse(a, str_of(cases[i].method), str_of(cases[i].text), &target);

        assert_int_equal(ok, cases[i].ok);
        if (!ok)
            continue;
        assert_string_equal(arena_cstr(a, target.path), cases[i].path);
        assert_int_equal(target.query.p != NULL, cases[i].query != NULL);
        if (cases[i].query)
            assert_string_equal(arena_cstr(a, target.query), cases[i].query);
    }
    arena_free(a);
}

/* Wherever it stands: they are looked for eight at once. */
static void controls_are_refused(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct target target;

    (void)state;
    for (int c = 1; c < 256; c++) {
        for (size_t at = 1; at < 20; at++) {
            char text[] = "/abcdefghijklmnopqrs";
            bool control = c < 0x20 || c == 0x7f;

            text[at] = (char)c;
            if (c != '%' && c != '?' &&
                target_parse(a, STR("GET"), str_of(text), &target) == control)
                fail_msg("byte %d at %zu", c, at);
        }
    }
}

static void paths_are_cleaned(void **state)
{
    static const struct {
        const char *path, *clean;
    } cases[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"", "/"},
        {"//", "/"},
        {"//a///b", "/a/b"},
        {"/a//", "/a/"},
        {"/.", "/"},
        {"/./", "/"},
        {"/a/.", "/a"},
        {"/a/./b", "/a/b"},
        {"/..", "/"},
        {"/../../a", "/a"},
        {"/a/b/..", "/a"},
        {"/a/b/../", "/a/"},
        {"/a/../..//b", "/b"},
        {"/a/.../..b/.c", "/a/.../..b/.c"},
        {"/%2e%2e//%2F", "/%2e%2e/%2F"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str path = str_of(cases[i].path);
        struct str clean = target_clean(a, path);

        assert_string_equal(arena_cstr(a, clean), cases[i].clean);
        assert_int_equal(clean.p == path.p, str_eq(path, str_of(cases[i].clean)));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_taken_as_go_takes_them),
        cmocka_unit_test(controls_are_refused),
        cmocka_unit_test(paths_are_cleaned),
    };

    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
