#include "base/arena.h"
#include "base/buf.h"
#include "http/body.h"
#include "unit/unit.h"

#define TYPE "multipart/form-data; boundary=b"
#define DISP "Content-Disposition: form-data; "

static const struct form_case {
    const char *type, *body;
    bool ok;
    size_t n;
    const char *name, *filename, *value; /* of the first part */
} form_cases[] = {
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
    {TYPE, "--b\r\nContent-Disposition: attachment; name=t\r\n\r\nx\r\n--b--", true, 0, NULL, NULL,
     NULL},
    {TYPE, "--b\r\n" DISP "name=a; name=b\r\n\r\nx\r\n--b--", true, 0, NULL, NULL, NULL},
    {TYPE, "--b--\r\n", true, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "\r\n\tname=t\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
    {TYPE, "--b\r\n" DISP "name=t\r\n \r\n \r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
    {TYPE, "--b\r\n" DISP "name=t\r\nA b: \xff\t\r\n\r\nx\r\n--b--", true, 1, "t", NULL, "x"},
    {TYPE, "--b\r\n" DISP "name=f; filename=x; filename*=UTF-8''%c3%a4\r\n\r\nx\r\n--b--", true, 1,
     "f", "\xc3\xa4", "x"},
    {TYPE, "--b\r\n" DISP "name*=us-ascii'en'f; filename=y; filename*=koi8-r''z\r\n\r\nx\r\n--b--",
     true, 1, "f", "y", "x"},
    {TYPE, "--b\r\n" DISP "name=f; filename*=utf-8''a%2Fb; filename=y\r\n\r\nx\r\n--b--", true, 1,
     "f", "b", "x"},
    {TYPE, "--b\r\n" DISP "name*=utf-8''f; name*=utf-8''g\r\n\r\nx\r\n--b--", true, 0, NULL, NULL,
     NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b-y\r\n--b--", true, 1, "t", NULL, "x\r\n--b-y"},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\n--b-\r\n--b--", true, 1, "t", NULL, "--b-"},
    {"multipart/form-data; charset=x; boundary=\"b\"", "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b--",
     true, 1, "t", NULL, "x"},
    {TYPE, "", false, 0, NULL, NULL, NULL},
    {TYPE, "{}", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\nno end", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b-x", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\nno colon\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n " DISP "name=t\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n: x\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\nX/Y: x\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\nX: a\rb\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\nX: a\x7f\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\r\n\r\nx\r\n--b--", false, 0, NULL, NULL, NULL},
    {TYPE, "--b\r\n" DISP "name=t\r\n\r\nx\r\n--b-", false, 0, NULL, NULL, NULL},
    {"multipart/form-data", "--b--", false, 0, NULL, NULL, NULL},
    {"multipart/form-data; boundary=", "--b--", false, 0, NULL, NULL, NULL},
    {"multipart/form-data; boundary=\"b", "--b--", false, 0, NULL, NULL, NULL},
};

static void forms_are_read_as_go_reads_them(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(form_cases); i++) {
        struct body_parts parts = {0};
        bool ok =
            body_parse_multipart(a, str_of(form_cases[i].type), str_of(form_cases[i].body), &parts);

        assert_int_equal(ok, form_cases[i].ok);
        if (!ok)
            continue;
        assert_int_equal(parts.n, form_cases[i].n);
        if (parts.n == 0)
            continue;
        assert_string_equal(arena_cstr(a, parts.items[0].name), form_cases[i].name);
        assert_string_equal(arena_cstr(a, parts.items[0].value), form_cases[i].value);
        assert_int_equal(parts.items[0].filename.p != NULL, form_cases[i].filename != NULL);
        if (form_cases[i].filename)
            assert_string_equal(arena_cstr(a, parts.items[0].filename), form_cases[i].filename);
    }
    arena_free(a);
}

/* What a sink was told, written down. */
static bool note_begin(void *user, const struct body_part *head)
{
    buf_addf(user, "[%.*s|%.*s|%.*s:", STR_ARG(head->name), STR_ARG(head->filename),
             STR_ARG(head->content_type));
    return true;
}

static bool note_data(void *user, struct str piece)
{
    buf_add(user, piece);
    return true;
}

static bool note_end(void *user)
{
    BUF_ADD((struct buf *)user, "]");
    return true;
}

/* Fed so many bytes at a time; what is not used is shown again. */
static bool feed(struct arena *a, struct str type, struct str body, size_t step, struct buf *notes)
{
    const struct body_sink sink = {notes, note_begin, note_data, note_end};
    struct body_stream *stream = body_stream_new(a, type, &sink);
    size_t from = 0;

    if (!stream)
        return false;
    for (size_t upto = 0;;) {
        size_t used;

        upto = upto + step < body.n ? upto + step : body.n;
        if (!body_stream_feed(stream, str_sub(body, from, upto - from), upto == body.n, &used))
            return false;
        from += used;
        if (upto == body.n)
            return true;
        assert_true(upto - from <= BODY_STREAM_KEEPS);
    }
}

static void pieces_are_read_as_the_whole(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 20};
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(form_cases); i++) {
        struct str type = str_of(form_cases[i].type), body = str_of(form_cases[i].body);
        struct buf whole, pieces;
        bool ok;

        buf_init(&whole, 1 << 20);
        ok = feed(a, type, body, body.n + 1, &whole);
        assert_int_equal(ok, form_cases[i].ok);
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            buf_init(&pieces, 1 << 20);
            assert_int_equal(feed(a, type, body, steps[k], &pieces), ok);
            if (ok)
                assert_string_equal(pieces.n ? pieces.p : "", whole.n ? whole.p : "");
            buf_done(&pieces);
        }
        buf_done(&whole);
    }
    arena_free(a);
}

/* Wherever a form stops before its closing boundary, it is refused, whole or in pieces. */
static void forms_cut_anywhere_are_refused(void **state)
{
    static const char form[] = "x\r\n--b\r\n" DISP "name=t\r\n\r\nv\r\n--b\r\n" DISP
                               "name=f; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n"
                               "hello\r\n--\r\n--b-\r\n\r\n--b--";
    struct arena *a = arena_new();

    (void)state;
    for (size_t n = 0; n < sizeof(form); n++)
        for (size_t step = 1; step < 40; step += 6) {
            struct buf notes;

            buf_init(&notes, 1 << 16);
            assert_int_equal(feed(a, STR(TYPE), (struct str){form, n}, step, &notes),
                             n == sizeof(form) - 1);
            buf_done(&notes);
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
        cmocka_unit_test(pieces_are_read_as_the_whole),
        cmocka_unit_test(forms_cut_anywhere_are_refused),
        cmocka_unit_test(parts_are_counted),
        cmocka_unit_test(parameters_cost_what_they_hold),
    };

    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
