#include "files/blob.h"
#include "unit/unit.h"

#include "base/compiler.h"
#include "support/temp.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY(col, rec, name) ((struct file_key){STR(col), STR(rec), STR(name)})

/* A data directory, without a database. */
static struct {
    struct arena *a;
    struct str dir;
    struct file_store *store;
} here;

static void no_err(const struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}

static void start(void)
{
    char folder[TEMP_SIZE];

    here.a = arena_new();
    assert_non_null(mkdtemp(temp_path(folder, "store")));
    here.dir = arena_dup(here.a, str_of(folder));
    here.store = file_store_new(here.dir, true);
}

static const char *path(const char *below)
{
    return arena_cstr(here.a, arena_printf(here.a, "%.*s/%s", STR_ARG(here.dir), below));
}

/* What was to be removed is, when this returns. */
static void reopen(void)
{
    file_store_free(here.store);
    here.store = file_store_new(here.dir, true);
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(name);
}

static void end(void)
{
    file_store_free(here.store);
    assert_int_equal(nftw(arena_cstr(here.a, here.dir), remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(here.a);
}

static bool is_there(const char *below)
{
    struct stat st;

    return lstat(path(below), &st) == 0;
}

static void write_text(const char *below, const char *text)
{
    FILE *file = fopen(path(below), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *read_text(int fd)
{
    char *text = arena_zalloc(here.a, 1000);

    assert_true(read(fd, text, 999) >= 0);
    assert_int_equal(close(fd), 0);
    return text;
}

static void put(struct file_key key, const char *text, struct str original)
{
    const struct file_content content = {.data = str_of(text), .size = strlen(text)};
    const struct file_type type = file_sniff(content.data);

    no_err(file_store_put(here.a, here.store, NULL, &key, &content, &type, original));
}

static enum err_kind open_err(struct file_key key)
{
    struct file_opened opened;
    struct err *err = file_store_open(here.a, here.store, &key, NULL, &opened);

    if (!err)
        fail_msg("%.*s was opened", STR_ARG(key.name));
    return err->kind;
}

/* --- storing and reading ---------------------------------------------------------------------- */

static void what_is_put_is_opened(void **state)
{
    struct file_key key = KEY("c", "r", "a.txt");
    struct file_opened opened;

    (void)state;
    start();
    put(key, "hello", STR("A.txt"));
    no_err(file_store_sync(here.a, here.store, NULL, key.col, key.rec));
    no_err(file_store_open(here.a, here.store, &key, NULL, &opened));
    assert_int_equal(opened.size, 5);
    assert_true(opened.modified_s > 1700000000);
    assert_string_equal(arena_cstr(here.a, opened.type), "text/plain; charset=utf-8");
    assert_string_equal(read_text(opened.fd), "hello");
    end();
}

static void thumbs_have_no_original(void **state)
{
    struct file_key key = KEY("c", "r", "thumbs_a.png/100x100_a.png");
    struct file_opened opened;
    int fd;

    (void)state;
    start();
    put(key, "\x89PNG\r\n\x1a\n", STR_NONE);
    no_err(file_store_open(here.a, here.store, &key, NULL, &opened));
    assert_string_equal(arena_cstr(here.a, opened.type), "image/png");
    assert_int_equal(close(opened.fd), 0);
    fd = open(path("storage/c/r/thumbs_a.png/100x100_a.png.attrs"), O_RDONLY);
    assert_true(fd >= 0);
    assert_non_null(strstr(read_text(fd), "\"user.metadata\":{},"));
    end();
}

/* A batch that begins anew stores the same again, also under the same name. */
static void content_in_a_file_can_be_put_again(void **state)
{
    struct file_content content = {.size = 7};
    const struct file_type type = file_sniff(STR("content"));
    struct file_opened opened;
    struct dirent **names;

    (void)state;
    start();
    write_text("upload", "content");
    content.path = str_of(path("upload"));
    for (int i = 0; i < 4; i++) {
        struct file_key key = KEY("c", "r", "a.txt");

        key.rec = i % 2 ? STR("r") : STR("s");
        no_err(file_store_put(here.a, here.store, NULL, &key, &content, &type, STR("a.txt")));
        no_err(file_store_open(here.a, here.store, &key, NULL, &opened));
        assert_string_equal(read_text(opened.fd), "content");
    }
    assert_true(is_there("upload"));
    assert_int_equal(scandir(path("storage/c/r"), &names, NULL, NULL), 4); /* . .. and two files */
    for (int i = 0; i < 4; i++)
        free(names[i]); /* scandir()'s */
    free(names);
    end();
}

static void what_is_no_file_is_not_found(void **state)
{
    static const struct {
        const char *col, *rec, *name;
    } bad[] = {
        {"c", "r", "none"},
        {"c", "none", "a"},
        {"none", "r", "a"},
        {"c", "r", "folder"},
        {"c", "r", "pipe"},
        {"c", "r", "link"},
        {"c", "r", ".."},
        {"c", "..", "a"},
        {"..", "r", "a"},
        {"c", "r", "a/b"},
        {"c", "r", "thumbs_a/../a"},
        {"c", "r", "thumbs_a/b/c"},
        {"c", "r", "thumbs_a/"},
        {"c", "r", "a.txt.attrs"},
        {"c", "r", ""},
        {"c", "r", "a.txt/b"},
        {"", "r", "a.txt"},
        {"c", "", "a.txt"},
        {"c", "r", "thumbs_a/.hid"},
        {"c", "r", "/a.txt"},
    };

    (void)state;
    start();
    put(KEY("c", "r", "a.txt"), "x", STR("a"));
    assert_int_equal(mkdir(path("storage/c/r/folder"), 0777), 0);
    assert_int_equal(mkfifo(path("storage/c/r/pipe"), 0666), 0);
    assert_int_equal(symlink(path("storage/c/r/a.txt"), path("storage/c/r/link")), 0);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(open_err((struct file_key){str_of(bad[i].col), str_of(bad[i].rec),
                                                    str_of(bad[i].name)}),
                         E_NOT_FOUND);
    end();
}

static void files_without_a_side_car_have_a_type(void **state)
{
    static const char *const cars[] = {NULL,
                                       "",
                                       "{",
                                       "[]",
                                       "{\"user.content_type\":1}",
                                       "{\"user.content_type\":\"\",\"user.metadata\":null}"};
    struct file_key key = KEY("c", "r", "a.txt");
    struct file_opened opened;

    (void)state;
    start();
    put(key, "x", STR("a"));
    assert_int_equal(unlink(path("storage/c/r/a.txt.attrs")), 0);
    for (size_t i = 0; i < COUNT_OF(cars); i++) {
        if (cars[i])
            write_text("storage/c/r/a.txt.attrs", cars[i]);
        no_err(file_store_open(here.a, here.store, &key, NULL, &opened));
        assert_string_equal(arena_cstr(here.a, opened.type), "application/octet-stream");
        assert_int_equal(close(opened.fd), 0);
    }
    end();
}

static void what_cannot_be_put_leaves_nothing(void **state)
{
    struct file_content content = {.path = str_of("/nonexistent/upload"), .size = 1};
    const struct file_type type = file_sniff(STR("x"));
    struct file_key key = KEY("c", "r", "a.txt");
    struct file_key unsafe = KEY("c", "r", "../a.txt");
    struct dirent **names;

    (void)state;
    start();
    assert_non_null(file_store_put(here.a, here.store, NULL, &unsafe, &content, &type, STR("a")));
    assert_false(is_there("storage"));
    assert_non_null(file_store_put(here.a, here.store, NULL, &key, &content, &type, STR("a")));
    assert_int_equal(scandir(path("storage/c/r"), &names, NULL, NULL), 2);
    free(names[0]); /* scandir()'s */
    free(names[1]);
    free(names);
    end();
}

/* --- removing --------------------------------------------------------------------------------- */

static void files_go_with_thumbs_and_folders(void **state)
{
    struct file_key keys[] = {KEY("c", "r", "a.txt"), KEY("c", "s", "b.txt"),
                              KEY("c", "s", "c.txt.attrs")};

    (void)state;
    start();
    put(keys[0], "x", STR("a"));
    put(KEY("c", "r", "thumbs_a.txt/100x100_a.txt"), "x", STR_NONE);
    put(keys[1], "x", STR("a"));
    put(KEY("c", "s", "c.txt"), "x", STR("a"));
    file_store_remove_files(here.store, NULL, keys, COUNT_OF(keys));
    reopen();
    assert_false(is_there("storage/c/r"));
    assert_false(is_there("storage/c/s/b.txt"));
    assert_true(is_there("storage/c/s/c.txt"));
    assert_true(is_there("storage/c/s/c.txt.attrs")); /* no file of its own */
    file_store_remove_files(here.store, NULL, &(struct file_key){STR("c"), STR("s"), STR("c.txt")},
                            1);
    reopen();
    assert_false(is_there("storage/c"));
    assert_true(is_there("storage"));
    end();
}

static void a_collection_goes_but_for_what_is_younger(void **state)
{
    (void)state;
    start();
    put(KEY("c", "r", "a.txt"), "x", STR("a"));
    put(KEY("d", "r", "a.txt"), "x", STR("a"));
    assert_int_equal(symlink(path("storage/d"), path("storage/c/link")), 0);
    file_store_remove_col(here.store, STR("c"), 1000);
    reopen();
    assert_true(is_there("storage/c/r/a.txt"));
    file_store_remove_col(here.store, STR("c"), INT64_MAX);
    file_store_remove_col(here.store, STR(".."), INT64_MAX);
    reopen();
    assert_false(is_there("storage/c"));
    assert_true(is_there("storage/d/r/a.txt"));
    end();
}

/* --- the place -------------------------------------------------------------------------------- */

struct found {
    size_t n, bytes;
};

static struct err *count(void *user, struct str key, const struct blob_info *info)
{
    struct found *found = user;

    assert_true(str_starts(key, STR("c/r/")));
    found->n++;
    found->bytes += (size_t)info->size;
    return NULL;
}

static struct err *stop(void *user, struct str key, const struct blob_info *info)
{
    (void)key;
    (void)info;
    return err_new(user, E_GONE, NULL, "enough");
}

static void a_place_is_looked_through(void **state)
{
    struct blob_place *place;
    struct found found = {0};
    struct blob_info info = {0};
    struct err *err;

    (void)state;
    start();
    put(KEY("c", "r", "a.txt"), "four", STR("A"));
    put(KEY("c", "r", "thumbs_a.txt/100x100_a.txt"), "one", STR_NONE);
    put(KEY("d", "r", "a.txt"), "x", STR("a"));
    place = local_place(here.dir);
    no_err(place->ops->list(here.a, place->own, STR("c/r"), count, &found));
    assert_int_equal(found.n, 2);
    assert_int_equal(found.bytes, 7);
    no_err(place->ops->list(here.a, place->own, STR("none"), count, &found));
    err = place->ops->list(here.a, place->own, STR("c"), stop, here.a);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    no_err(place->ops->info(here.a, place->own, STR("c/r/a.txt"), NULL, &info));
    assert_int_equal(info.size, 4);
    assert_string_equal(arena_cstr(here.a, info.original), "A");
    assert_non_null(place->ops->info(here.a, place->own, STR("c/r/none"), NULL, &info));
    assert_ptr_equal(blob_place_ref(place), place);
    blob_place_unref(place);
    no_err(place->ops->info(here.a, place->own, STR("c/r/a.txt"), NULL, &info));
    blob_place_unref(place);
    blob_place_unref(NULL);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_opened),
        cmocka_unit_test(thumbs_have_no_original),
        cmocka_unit_test(content_in_a_file_can_be_put_again),
        cmocka_unit_test(what_is_no_file_is_not_found),
        cmocka_unit_test(files_without_a_side_car_have_a_type),
        cmocka_unit_test(what_cannot_be_put_leaves_nothing),
        cmocka_unit_test(files_go_with_thumbs_and_folders),
        cmocka_unit_test(a_collection_goes_but_for_what_is_younger),
        cmocka_unit_test(a_place_is_looked_through),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
