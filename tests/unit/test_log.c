#include "unit/unit.h"

#include "base/compiler.h"
#include "base/log.h"

#include <string.h>
#include <unistd.h>

static int saved_stderr;
static int ends[2];

static void catch_stderr(void)
{
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
}

/* What was written since, without the time of each line; `text` holds `size` bytes. */
static void release_stderr(char *text, size_t size)
{
    ssize_t n;

    (void)close(ends[1]);
    (void)dup2(saved_stderr, STDERR_FILENO);
    (void)close(saved_stderr);
    n = read(ends[0], text, size - 1);
    (void)close(ends[0]);
    text[n > 0 ? n : 0] = '\0';
}

static void lines_have_fields(void **state)
{
    char text[4096];
    const char *line = text;

    (void)state;
    catch_stderr();
    log_info("server.started");
    log_warn("x.y", LOG_STR("plain", STR("a/b")), LOG_CSTR("quoted", "a \"b\"\n"),
             LOG_U64("u", UINT64_MAX), LOG_I64("i", -1), LOG_CSTR("none", NULL));
    log_debug("hidden", LOG_U64("u", 1));
    release_stderr(text, sizeof(text));
    assert_string_equal(strchr(line, 'Z') + 1,
                        strstr(line, " info server.started\n")); /* the time, then this */
    assert_memory_equal(strstr(line, " info "), " info server.started\n", 21);
    line = strchr(line, '\n') + 1;
    assert_string_equal(strstr(line, " warn "), " warn x.y plain=a/b quoted=\"a \\\"b\\\"\\n\" "
                                                "u=18446744073709551615 i=-1 none=\"\"\n");
}

/* What a terminal might take for a command is told, not sent. */
static void odd_characters_are_told(void **state)
{
    char text[4096];

    (void)state;
    catch_stderr();
    log_warn("odd", LOG_CSTR("c1", "a\xc2\x9b[2J"), LOG_CSTR("del", "\x7f"),
             LOG_CSTR("turned", "\xe2\x80\xae\xe2\x81\xa6"),
             LOG_CSTR("fine", "\xc3\xa9\xe2\x82\xac"));
    release_stderr(text, sizeof(text));
    assert_non_null(strstr(text, " c1=\"a\\u009b[2J\" del=\"\\u007f\" turned=\"\\u202e\\u2066\" "
                                 "fine=\"\xc3\xa9\xe2\x82\xac\"\n"));
}

static void levels_are_chosen(void **state)
{
    char text[4096];

    (void)state;
    log_set_level(LOG_ERROR);
    catch_stderr();
    log_warn("no");
    log_error("yes");
    release_stderr(text, sizeof(text));
    log_set_level(LOG_INFO);
    assert_null(strstr(text, "no"));
    assert_non_null(strstr(text, " error yes\n"));
}

static void what_comes_often_is_counted(void **state)
{
    struct log_pace pace = {0};
    const struct {
        uint64_t now_ms;
        bool ok;
        uint64_t left_out;
    } steps[] = {{5000, true, 0},  {5000, false, 9}, {5999, false, 9}, {6000, true, 2},
                 {6999, false, 9}, {9000, true, 1},  {10000, true, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint64_t left_out = 9;

        assert_int_equal(log_pace_take(&pace, steps[i].now_ms, &left_out), steps[i].ok);
        assert_int_equal(left_out, steps[i].left_out);
    }
}

static void a_line_tells_of_those_before(void **state)
{
    struct log_pace pace = {0};
    char text[4096];
    char *line;

    (void)state;
    catch_stderr();
    for (int i = 0; i < 4; i++)
        log_seldom(&pace, LOG_ERROR, "disk.full", LOG_I64("i", i));
    atomic_store(&pace.due_ms, 0);
    log_seldom(&pace, LOG_ERROR, "disk.full", LOG_I64("i", 4));
    release_stderr(text, sizeof(text));
    line = strstr(text, " error ");
    assert_memory_equal(line, " error disk.full i=0\n", 21);
    assert_string_equal(strstr(line + 1, " error "), " error disk.full i=4 suppressed=3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_fields), cmocka_unit_test(odd_characters_are_told),
        cmocka_unit_test(levels_are_chosen), cmocka_unit_test(what_comes_often_is_counted),
        cmocka_unit_test(a_line_tells_of_those_before)};

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
