#include "files/copy.h"
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/md5.h"
#include "support/temp.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LARGE_BYTES ((size_t)3 << 20) /* does not fit in the memory of a copy */

/* Two data directories, and what is done between them. */
static struct {
    struct arena *a;
    struct str from_dir, to_dir;
    struct blob_place *from, *to;
    struct file_copy copy;
    struct file_copy_report report;
    /* of the source whose calls are in between */
    struct blob_ops ops;
    struct blob_place between;
    const char *target; /* the file that something happens to, below a storage/ */
} here;

static void no_err(const struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}

static struct str new_dir(void)
{
    char folder[TEMP_SIZE];

    assert_non_null(mkdtemp(temp_path(folder, "copy")));
    return arena_dup(here.a, str_of(folder));
}

static int setup(void **state)
{
    (void)state;
    here.a = arena_new();
    here.from_dir = new_dir();
    here.to_dir = new_dir();
    here.from = local_place(here.from_dir);
    here.to = local_place(here.to_dir);
    here.copy = (struct file_copy){.from = here.from,
                                   .to = here.to,
                                   .temp = arena_concat(here.a, here.to_dir, STR("/t_"), STR_NONE),
                                   .md5 = local_md5};
    return 0;
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(name);
}

static int teardown(void **state)
{
    (void)state;
    blob_place_unref(here.from);
    blob_place_unref(here.to);
    assert_int_equal(nftw(arena_cstr(here.a, here.from_dir), remove_one, 16, FTW_DEPTH | FTW_PHYS),
                     0);
    assert_int_equal(nftw(arena_cstr(here.a, here.to_dir), remove_one, 16, FTW_DEPTH | FTW_PHYS),
                     0);
    arena_free(here.a);
    return 0;
}

static const char *path(struct str dir, const char *key)
{
    return arena_cstr(here.a, arena_printf(here.a, "%.*s/storage/%s", STR_ARG(dir), key));
}

static void put_bytes(const struct blob_place *place, const char *key, struct str data,
                      struct str type, struct str original)
{
    struct file_content content = {.data = data, .size = data.n};
    const struct blob_info info = {.type = type, .original = original};

    md5(content.md5, data);
    no_err(place->ops->put(here.a, place->own, str_of(key), &content, &info));
}

static void put(const struct blob_place *place, const char *key, const char *text)
{
    put_bytes(place, key, str_of(text), STR("text/plain"), STR("A.txt"));
}

static void overwrite(const char *where, const char *text)
{
    FILE *file = fopen(where, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* p NULL: there is none. */
static struct str read_at(const struct blob_place *place, const char *key, struct blob_info *info)
{
    struct err *err;
    ssize_t n;
    char *p;
    int fd;

    *info = (struct blob_info){0};
    err = place->ops->open(here.a, place->own, str_of(key), &fd, info);
    if (err) {
        assert_int_equal(err->kind, E_NOT_FOUND);
        return STR_NONE;
    }
    p = arena_alloc(here.a, info->size + 1);
    n = read(fd, p, info->size + 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(n, info->size);
    return (struct str){p, info->size};
}

static void holds(const struct blob_place *place, const char *key, struct str data)
{
    struct blob_info info;
    struct str found = read_at(place, key, &info);

    if (!found.p)
        fail_msg("there is no %s", key);
    assert_true(str_eq(found, data));
}

static void lacks(const struct blob_place *place, const char *key)
{
    struct blob_info info;

    if (read_at(place, key, &info).p)
        fail_msg("there is a %s", key);
}

static void run(void)
{
    no_err(file_copy_run(here.a, &here.copy, &here.report));
}

static void failed_with(const char *key, const char *why)
{
    assert_int_equal(here.report.failed, 1);
    assert_string_equal(arena_cstr(here.a, here.report.failures[0].key), key);
    if (!str_has(here.report.failures[0].cause, str_of(why)))
        fail_msg("%.*s", STR_ARG(here.report.failures[0].cause));
}

/* Nothing of a copy lies in the target's directory, whatever came of it. */
static void no_temporary_file(void)
{
    struct str first = arena_concat(here.a, STR("ls "), here.to_dir, STR("/t_* 2>/dev/null"));
    FILE *listed = popen(arena_cstr(here.a, first), "r");

    assert_non_null(listed);
    assert_int_equal(fgetc(listed), EOF);
    (void)pclose(listed); /* there is nothing, which ls calls a failure */
}

/* --- copying ---------------------------------------------------------------------------------- */

static void all_of_a_file_is_copied(void **state)
{
    struct blob_info info;
    unsigned char sum[FILE_MD5_LEN], wanted[FILE_MD5_LEN];

    (void)state;
    put_bytes(here.from, "c/r/a_1.txt", STR("hello"), STR("text/plain; charset=utf-8"),
              STR("My \"A\".txt"));
    put_bytes(here.from, "c/r/thumbs_a.png/100x100_a.png", STR("thumb"), STR("image/png"),
              STR_NONE);
    put(here.from, "d/r/empty.txt", "");
    run();
    assert_int_equal(here.report.total_files, 3);
    assert_int_equal(here.report.total_bytes, 10);
    assert_int_equal(here.report.files, 3);
    assert_int_equal(here.report.bytes, 10);
    assert_int_equal(here.report.done, 3);
    assert_int_equal(here.report.done_bytes, 10);
    assert_int_equal(here.report.failed, 0);
    assert_true(str_eq(read_at(here.to, "c/r/a_1.txt", &info), STR("hello")));
    assert_true(str_eq(info.type, STR("text/plain; charset=utf-8")));
    assert_true(str_eq(info.original, STR("My \"A\".txt")));
    md5(wanted, STR("hello"));
    assert_true(local_md5(here.a, here.to->own, STR("c/r/a_1.txt"), sum));
    assert_memory_equal(sum, wanted, sizeof(sum));
    assert_true(str_eq(read_at(here.to, "c/r/thumbs_a.png/100x100_a.png", &info), STR("thumb")));
    assert_true(str_eq(info.type, STR("image/png")));
    assert_null(info.original.p);
    holds(here.to, "d/r/empty.txt", STR(""));
    holds(here.from, "c/r/a_1.txt", STR("hello"));
}

static void large_ones_are_copied(void **state)
{
    char *p = arena_alloc(here.a, LARGE_BYTES);
    const struct str data = {p, LARGE_BYTES};

    (void)state;
    for (size_t i = 0; i < LARGE_BYTES; i++)
        p[i] = (char)(i * 7 + i / 1000);
    put_bytes(here.from, "c/r/large.bin", data, STR("application/octet-stream"), STR("l"));
    run();
    assert_int_equal(here.report.failed, 0);
    holds(here.to, "c/r/large.bin", data);
    no_temporary_file();
}

static void what_is_there_is_not_copied_again(void **state)
{
    (void)state;
    put(here.from, "c/r/same.txt", "one");
    put(here.to, "c/r/same.txt", "two");
    put(here.from, "c/r/broken_off.txt", "all of it");
    put(here.to, "c/r/broken_off.txt", "all");
    put(here.from, "c/r/other.txt", "x");
    run();
    assert_int_equal(here.report.kept, 1);
    assert_int_equal(here.report.done, 2);
    holds(here.to, "c/r/same.txt", STR("two"));
    holds(here.to, "c/r/broken_off.txt", STR("all of it"));
    run();
    assert_int_equal(here.report.kept, 3);
    assert_int_equal(here.report.done, 0);
}

static void names_are_kept_or_left_alone(void **state)
{
    static const char *const good[] = {"c/r/a.*-+=#_\xc3\xa4 b.txt", "c/r/a.tmp", "c/r/thumbs_x"};
    static const char *const foreign[] = {"c/r/.hidden", "c/lonely", "c/r/x/y.txt"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        put(here.from, good[i], "x");
    assert_int_equal(mkdir(path(here.from_dir, "c/r/x"), 0777), 0);
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        overwrite(path(here.from_dir, foreign[i]), "x");
    assert_int_equal(symlink("/etc/passwd", path(here.from_dir, "c/r/link")), 0);
    assert_int_equal(symlink("/etc", path(here.from_dir, "etc")), 0);
    run();
    assert_int_equal(here.report.total_files, COUNT_OF(good));
    assert_int_equal(here.report.foreign, COUNT_OF(foreign));
    assert_int_equal(here.report.failed, 0);
    for (size_t i = 0; i < COUNT_OF(good); i++)
        holds(here.to, good[i], STR("x"));
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        lacks(here.to, foreign[i]);
    lacks(here.to, "c/r/link");
    lacks(here.to, "etc/passwd");
}

/* --- what goes wrong -------------------------------------------------------------------------- */

static void an_unreadable_one_does_not_end_the_rest(void **state)
{
    (void)state;
    put(here.from, "c/a/a.txt", "a");
    put(here.from, "c/b/b.txt", "b");
    put(here.from, "c/c/c.txt", "c");
    /* its side-car cannot be read, by root neither */
    assert_int_equal(remove(path(here.from_dir, "c/b/b.txt.attrs")), 0);
    assert_int_equal(symlink("/etc/passwd", path(here.from_dir, "c/b/b.txt.attrs")), 0);
    run();
    failed_with("c/b/b.txt", "b.txt.attrs");
    assert_int_equal(here.report.files, 3);
    assert_int_equal(here.report.done, 2);
    holds(here.to, "c/a/a.txt", STR("a"));
    holds(here.to, "c/c/c.txt", STR("c"));
    lacks(here.to, "c/b/b.txt");
}

static void only_the_first_failures_are_told(void **state)
{
    (void)state;
    /* no folder can be made there */
    overwrite(arena_cstr(here.a, arena_concat(here.a, here.to_dir, STR("/storage"), STR_NONE)), "");
    for (int i = 0; i < FILE_COPY_FAILURES + 5; i++)
        put(here.from, arena_cstr(here.a, arena_printf(here.a, "c/r/%d.txt", i)), "x");
    run();
    assert_int_equal(here.report.failed, FILE_COPY_FAILURES + 5);
    assert_int_equal(here.report.done, 0);
    assert_true(here.report.failures[FILE_COPY_FAILURES - 1].cause.n > 0);
}

static void content_that_is_not_what_was_stored_is_not_copied(void **state)
{
    (void)state;
    put(here.from, "c/r/a.txt", "hello");
    overwrite(path(here.from_dir, "c/r/a.txt"), "hallo");
    run();
    failed_with("c/r/a.txt", "its content is not the one that was stored");
    lacks(here.to, "c/r/a.txt");
    here.copy.md5 = NULL;
    run();
    assert_int_equal(here.report.failed, 0);
    holds(here.to, "c/r/a.txt", STR("hallo"));
}

/* --- what happens meanwhile ------------------------------------------------------------------- */

/* A source in whose calls something happens to here.target. */
static void between(struct err *(*open_it)(struct arena *a, const void *own, struct str key,
                                           int *ret_fd, struct blob_info *ret))
{
    here.ops = *here.from->ops;
    here.ops.open = open_it;
    here.between = (struct blob_place){.ops = &here.ops, .own = here.from->own};
    here.copy.from = &here.between;
}

static struct err *goes_before(struct arena *a, const void *own, struct str key, int *ret_fd,
                               struct blob_info *ret)
{
    if (str_eq(key, str_of(here.target)))
        assert_int_equal(remove(path(here.from_dir, here.target)), 0);
    return here.from->ops->open(a, own, key, ret_fd, ret);
}

static struct err *goes_after(struct arena *a, const void *own, struct str key, int *ret_fd,
                              struct blob_info *ret)
{
    struct err *err = here.from->ops->open(a, own, key, ret_fd, ret);

    if (str_eq(key, str_of(here.target)))
        assert_int_equal(remove(path(here.from_dir, here.target)), 0);
    return err;
}

static struct err *grows(struct arena *a, const void *own, struct str key, int *ret_fd,
                         struct blob_info *ret)
{
    struct err *err = here.from->ops->open(a, own, key, ret_fd, ret);

    if (str_eq(key, str_of(here.target)))
        overwrite(path(here.from_dir, here.target), "longer than before");
    return err;
}

static struct err *shrinks(struct arena *a, const void *own, struct str key, int *ret_fd,
                           struct blob_info *ret)
{
    struct err *err = here.from->ops->open(a, own, key, ret_fd, ret);

    if (str_eq(key, str_of(here.target)))
        assert_int_equal(truncate(path(here.from_dir, here.target), 1), 0);
    return err;
}

/* The same size under the same name, and the one that was opened is read. */
static struct err *is_replaced(struct arena *a, const void *own, struct str key, int *ret_fd,
                               struct blob_info *ret)
{
    struct err *err = here.from->ops->open(a, own, key, ret_fd, ret);
    const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    const char *new = path(here.from_dir, "c/r/new");

    if (!str_eq(key, str_of(here.target)))
        return err;
    overwrite(new, "TEXT");
    assert_int_equal(rename(new, path(here.from_dir, here.target)), 0);
    assert_int_equal(utimensat(AT_FDCWD, path(here.from_dir, here.target), times, 0), 0);
    return err;
}

static void what_goes_meanwhile_is_no_failure(void **state)
{
    (void)state;
    put(here.from, "c/r/a.txt", "text");
    put(here.from, "c/r/b.txt", "text");
    here.target = "c/r/a.txt";
    between(goes_before);
    run();
    assert_int_equal(here.report.gone, 1);
    assert_int_equal(here.report.failed, 0);
    lacks(here.to, "c/r/a.txt");
    holds(here.to, "c/r/b.txt", STR("text"));
    put(here.from, "c/r/a.txt", "text");
    between(goes_after);
    run();
    assert_int_equal(here.report.gone, 1);
    assert_int_equal(here.report.failed, 0);
    lacks(here.to, "c/r/a.txt");
}

static void what_changes_meanwhile_is_copied_the_next_time(void **state)
{
    static const struct {
        struct err *(*open)(struct arena *a, const void *own, struct str key, int *ret_fd,
                            struct blob_info *ret);
        const char *now;
    } cases[] = {{grows, "longer than before"}, {shrinks, "t"}, {is_replaced, "TEXT"}};

    (void)state;
    here.target = "c/r/a.txt";
    here.copy.md5 = NULL; /* which would tell, too */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        put(here.from, here.target, "text");
        between(cases[i].open);
        run();
        failed_with(here.target, "it changed while it was ");
        lacks(here.to, here.target);
        here.copy.from = here.from;
        if (cases[i].open == shrinks) /* the file that was read is the one that is there */
            overwrite(path(here.from_dir, here.target), cases[i].now);
        run();
        assert_int_equal(here.report.failed, 0);
        holds(here.to, here.target, str_of(cases[i].now));
        assert_int_equal(remove(path(here.to_dir, here.target)), 0);
    }
}

/* --- progress --------------------------------------------------------------------------------- */

struct seen {
    uint64_t calls, files, bytes;
};

static void see(void *user, const struct file_copy_report *report)
{
    struct seen *seen = user;

    assert_true(report->files >= seen->files && report->files <= report->total_files);
    assert_true(report->bytes >= seen->bytes && report->bytes <= report->total_bytes);
    assert_int_equal(report->total_files, 2);
    seen->calls++;
    seen->files = report->files;
    seen->bytes = report->bytes;
}

static void progress_is_told_inside_of_a_file_too(void **state)
{
    struct seen seen = {0};

    (void)state;
    put_bytes(here.from, "c/r/l.bin", (struct str){arena_zalloc(here.a, LARGE_BYTES), LARGE_BYTES},
              STR("x/y"), STR("l"));
    put(here.from, "c/r/a.txt", "text");
    here.copy.progress = see;
    here.copy.user = &seen;
    run();
    assert_true(seen.calls > 10);
    assert_int_equal(seen.files, 2);
    assert_int_equal(seen.bytes, LARGE_BYTES + 4);
}

/* --- removing --------------------------------------------------------------------------------- */

static void only_what_the_target_has_is_removed(void **state)
{
    struct stat st;

    (void)state;
    for (int i = 0; i < 600; i++) /* more than go at once */
        put(here.from, arena_cstr(here.a, arena_printf(here.a, "c/r%d/a.txt", i)), "x");
    put(here.from, "c/r/thumbs_a.png/1x1_a.png", "x");
    run();
    put(here.from, "d/r/new.txt", "new");
    put(here.from, "d/r/other.txt", "one size");
    put(here.to, "d/r/other.txt", "another");
    no_err(file_copy_remove(here.a, &here.copy, &here.report));
    assert_int_equal(here.report.done, 601);
    assert_int_equal(here.report.done_bytes, 601);
    assert_int_equal(here.report.kept, 2);
    assert_int_equal(here.report.failed, 0);
    assert_int_equal(lstat(path(here.from_dir, "c"), &st), -1);
    holds(here.from, "d/r/new.txt", STR("new"));
    holds(here.from, "d/r/other.txt", STR("one size"));
    holds(here.to, "c/r599/a.txt", STR("x"));
    no_err(file_copy_remove(here.a, &here.copy, &here.report));
    assert_int_equal(here.report.done, 0);
}

/* --- side-cars -------------------------------------------------------------------------------- */

static struct err *collect(void *user, struct str key, const struct blob_info *info)
{
    struct str *all = user;

    assert_true(info->size > 0);
    *all = arena_concat(here.a, *all, key, STR(";"));
    return NULL;
}

static void side_cars_without_files_are_found(void **state)
{
    struct str all = STR("");

    (void)state;
    no_err(local_list_cars(here.a, here.from->own, collect, &all)); /* there is no storage/ */
    put(here.from, "c/r/a.txt", "a");
    put(here.from, "c/r/b.txt", "b");
    assert_int_equal(remove(path(here.from_dir, "c/r/b.txt")), 0);
    assert_int_equal(symlink(arena_cstr(here.a, here.from_dir), path(here.from_dir, "c/loop")), 0);
    no_err(local_list_cars(here.a, here.from->own, collect, &all));
    assert_string_equal(arena_cstr(here.a, all), "c/r/b.txt;");
}

static void a_request_shares_its_content(void **state)
{
    (void)state;
    put(here.from, "c/r/a.txt", "a");
    assert_false(local_is_shared(here.a, here.from->own, STR("c/r/a.txt"), 0));
    assert_int_equal(link(path(here.from_dir, "c/r/a.txt"), path(here.from_dir, "../temporary")),
                     0);
    assert_true(local_is_shared(here.a, here.from->own, STR("c/r/a.txt"), 0));
    assert_false(local_is_shared(here.a, here.from->own, STR("c/r/a.txt"), time(NULL) + 1000));
    assert_false(local_is_shared(here.a, here.from->own, STR("c/r/none"), 0));
}

/* --- keys ------------------------------------------------------------------------------------- */

static void keys_are_read(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        const char *original;
    } cases[] = {
        {"c/r/a.txt", true, "a.txt"},
        {"/c/r/a.txt", false, NULL},
        {"c/r/thumbs_a", true, "thumbs_a"},
        {"c/r/thumbs_a.png/100x100_a.png", true, "a.png"},
        {"c/r/thumbs_a.png/100x100_b.png", true, ""},
        {"c/r/thumbs_a.png/_a.png", true, ""},
        {"c/r/thumbs_a.png/a.png", true, ""},
        {"c/r/thumbs_a.png/100x100_a.png.0123456789.tmp", true, ""},
        {"c/r/x/a.png", false, NULL},
        {"c/r/thumbs_a/b/c", false, NULL},
        {"c/r/a.attrs", false, NULL},
        {"c/r", false, NULL},
        {"c/r/", false, NULL},
        {"c//a", false, NULL},
        {"//r/a", false, NULL},
        {"//c/r/a", false, NULL},
        {"c/../a", false, NULL},
        {"c/r/..", false, NULL},
        {"", false, NULL},
        {"backup.zip", false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct file_key key;

        if (file_key_read(str_of(cases[i].text), &key) != cases[i].ok)
            fail_msg("%s", cases[i].text);
        if (cases[i].ok)
            assert_true(str_eq(file_key_original(&key), str_of(cases[i].original)));
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_of_a_file_is_copied),
        TEST(large_ones_are_copied),
        TEST(what_is_there_is_not_copied_again),
        TEST(names_are_kept_or_left_alone),
        TEST(an_unreadable_one_does_not_end_the_rest),
        TEST(only_the_first_failures_are_told),
        TEST(content_that_is_not_what_was_stored_is_not_copied),
        TEST(what_goes_meanwhile_is_no_failure),
        TEST(what_changes_meanwhile_is_copied_the_next_time),
        TEST(progress_is_told_inside_of_a_file_too),
        TEST(only_what_the_target_has_is_removed),
        TEST(side_cars_without_files_are_found),
        TEST(a_request_shares_its_content),
        TEST(keys_are_read),
    };

    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
