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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_have_fields),
                                       cmocka_unit_test(levels_are_chosen)};

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
