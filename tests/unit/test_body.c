#include "base/arena.h"
#include "http/body.h"
#include "unit/unit.h"

#define TYPE "multipart/form-data; boundary=b"
#define DISP "Content-Disposition: form-data; "

static void forms_are_read_as_go_reads_them(void **state)
{
    static const struct {
        const char *type, *body;
        bool ok;
        size_t n;
        const char *name, *filename, *value; /* of the first part */
    } cases[] = {
        {TYPE, "--b\r\n" DISP "name=\"t\"\r\n\r\nx\r\n--b--\r\n", true, 1, "t", NULL, "x"},
        {TYPE, "--b\r\n" DISP "name=\"t\"\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
        {TYPE, "--b\n" DISP "name=\"t\"\n\nx\n--b--\n", true, 1, "t", NULL, "x"},
        {TYPE, "junk\r\n--b\r\n" DISP "name=t\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
        {TYPE, "--b \t\r\n" DISP "name=t\r\n\r\nx\r\n--b-- \r\n", true, 1, "t", NULL, "x"},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\n\r\n--b--", true, 1, "t", NULL, ""},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\n--b--", true, 1, "t", NULL, ""},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--bc\r\n--b--", true, 1, "t", NULL, "x\r\n--bc"},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b\r\n" DISP "name=u\r\n\r\ny\r\n--b--", true, 2,
         "t", NULL, "x"},
        {TYPE, "--b\r\n" DISP "name=f; filename=\"a/b\\\"c.txt\"\r\n\r\nx\r\n--b--", true, 1, "f",
         "b\"c.txt", "x"},
        {TYPE, "--b\r\n" DISP "name=f; filename=\"C:\\dir\\x\"\r\n\r\nx\r\n--b--", true, 1, "f",
         "C:\\dir\\x", "x"},
        {TYPE, "--b\r\n" DISP "name=f; filename=\"\"\r\n\r\nx\r\n--b--", true, 1, "f", NULL, "x"},
        {TYPE, "--b\r\n" DISP "filename=f\r\n\r\nx\r\n--b--", true, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n\r\nx\r\n--b--\r\n", true, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\nContent-Disposition: attachment; name=t\r\n\r\nx\r\n--b--", true, 0, NULL,
         NULL, NULL},
        {TYPE, "--b\r\n" DISP "name=a; name=b\r\n\r\nx\r\n--b--", true, 0, NULL, NULL, NULL},
        {TYPE, "--b--\r\n", true, 0, NULL, NULL, NULL},
        {"multipart/form-data; charset=x; boundary=\"b\"",
         "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
        {TYPE, "", false, 0, NULL, NULL, NULL},
        {TYPE, "{}", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nno end", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b-x", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\nno colon\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n" DISP "name=t", false, 0, NULL, NULL, NULL},
        {TYPE, "--b\r\n", false, 0, NULL, NULL, NULL},
        {"multipart/form-data", "--b--", false, 0, NULL, NULL, NULL},
        {"multipart/form-data; boundary=", "--b--", false, 0, NULL, NULL, NULL},
        {"multipart/form-data; boundary=\"b", "--b--", false, 0, NULL, NULL, NULL},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct body_parts parts = {0};
        bool ok = body_parse_multipart(a, str_of(cases[i].type), str_of(cases[i].body), &parts);

        assert_int_equal(ok, cases[i].ok);
        if (!ok)
            continue;
        assert_int_equal(parts.n, cases[i].n);
        if (parts.n == 0)
            continue;
        assert_string_equal(arena_cstr(a, parts.items[0].name), cases[i].name);
        assert_string_equal(arena_cstr(a, parts.items[0].value), cases[i].value);
        assert_int_equal(parts.items[0].filename.p != NULL, cases[i].filename != NULL);
        if (cases[i].filename)
            assert_string_equal(arena_cstr(a, parts.items[0].filename), cases[i].filename);
    }
    arena_free(a);
}

static void parts_are_counted(void **state)
{
    static const struct {
        size_t n;
        bool ok;
    } cases[] = {{1000, true}, {1001, false}};
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct body_parts parts = {0};
        struct buf body;

        buf_init(&body, 1 << 20);
        for (size_t k = 0; k < cases[i].n; k++)
            BUF_ADD(&body, "--b\r\n" DISP "name=t\r\n\r\nx\r\n");
        BUF_ADD(&body, "--b--\r\n");
        assert_int_equal(body_parse_multipart(a, STR(TYPE), buf_str(&body), &parts), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(parts.n, cases[i].n);
        buf_done(&body);
    }
    arena_free(a);
}

/* What is kept of a header does not grow with how often its rest is looked at. */
static void parameters_cost_what_they_hold(void **state)
{
    struct arena *a = arena_new();
    struct body_parts parts;
    struct buf type;

    (void)state;
    buf_init(&type, 1 << 20);
    BUF_ADD(&type, "multipart/form-data");
    for (int i = 0; i < 100000; i++)
        BUF_ADD(&type, "; a=\"\\\\\"");
    assert_false(body_parse_multipart(a, buf_str(&type), STR("--b--"), &parts));
    assert_in_range(arena_used(a), 0, 1 << 20);
    buf_done(&type);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read_as_go_reads_them),
        cmocka_unit_test(parts_are_counted),
        cmocka_unit_test(parameters_cost_what_they_hold),
    };

    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
