#include "unit/unit.h"

#include "unit/archive.h"

#include "archive/module.h"
#include "support/temp.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int archive_set_up(void **state)
{
    static char module[PATH_MAX + 40];
    char build_dir[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", build_dir, sizeof(build_dir) - 1);

    (void)state;
    if (n <= 0)
        return -1;
    build_dir[n] = '\0';
    for (int up = 0; up < 2; up++) /* from <build>/tests/unit_archive */
        *strrchr(build_dir, '/') = '\0';
    (void)snprintf(module, sizeof(module), "%s/%s", build_dir, ZIP_MODULE_FILE);
    zip_module_path(module);
    return access(module, R_OK);
}

static void close_it(void *arg)
{
    (void)close((int)(intptr_t)arg);
}

int archive_temp_file(struct arena *a)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    arena_defer(a, close_it, (void *)(intptr_t)fd);
    return fd;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(void *path)
{
    (void)nftw(path, remove_one, 20, FTW_DEPTH | FTW_PHYS); /* what stays is in /tmp */
}

int archive_temp_folder(struct arena *a)
{
    char *text = arena_alloc(a, TEMP_SIZE);
    int fd;

    assert_non_null(mkdtemp(temp_path(text, "archive")));
    arena_defer(a, remove_folder, text);
    fd = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    arena_defer(a, close_it, (void *)(intptr_t)fd);
    return fd;
}

struct str archive_file_bytes(struct arena *a, int fd)
{
    struct stat st;
    char *bytes;

    assert_int_equal(fstat(fd, &st), 0);
    bytes = arena_alloc(a, (size_t)st.st_size);
    assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
    return (struct str){bytes, (size_t)st.st_size};
}

void archive_put_bytes(int fd, struct str bytes)
{
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, bytes.p, bytes.n, 0), bytes.n);
}

static int64_t read_text(void *user, void *ret, size_t n)
{
    struct str *rest = user;
    struct str now = str_sub(*rest, 0, n);

    if (now.n > 0)
        memcpy(ret, now.p, now.n);
    *rest = str_from(*rest, now.n);
    return (int64_t)now.n;
}

void archive_add(struct arena *a, struct zip_writer *writer, struct str name, struct str content,
                 struct zip_sum *ret)
{
    struct zip_file file = {.name = name,
                            .size = content.n,
                            .mtime_s = 1700000001,
                            .read = read_text,
                            .user = &content};

    archive_assert_ok(zip_writer_add(a, writer, &file, ret));
}

void archive_assert_err(struct err *err, enum err_kind kind, const char *text)
{
    if (!err)
        fail_msg("no error where \"%s\" was expected", text);
    if (err->kind != kind || !str_has(err->cause, str_of(text)))
        fail_msg("kind %d, \"%.*s\" where kind %d, \"%s\" was expected", (int)err->kind,
                 STR_ARG(err->cause), (int)kind, text);
}

void archive_assert_ok(struct err *err)
{
    if (err)
        fail_msg("%.*s", STR_ARG(err->cause));
}
