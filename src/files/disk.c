/*
 * Whole files on a disk.
 */
#include "files/internal.h"

#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (128 * KIB)
#define COPY_AT_ONCE ((size_t)1 << 30)

struct err *disk_failed(struct arena *a, const char *what, const char *path)
{
    static struct log_pace pace;
    int e = errno;
    bool full = e == ENOSPC || e == EDQUOT;
    struct err *err =
        err_new(a, full ? E_UNAVAILABLE : E_INTERNAL, NULL, "%s %s: %s", what, path, strerror(e));

    if (full) /* every upload fails like this */
        log_seldom(&pace, LOG_ERROR, "files.failed", LOG_STR("cause", err->cause));
    err->logged = full;
    errno = e;
    return err;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct err *disk_read(struct arena *a, const char *path, size_t most, struct str *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* no wait for a pipe */
    struct stat st;
    ssize_t got = 1;
    size_t n = 0;
    char *p;

    if (fd < 0 || fstat(fd, &st) != 0) {
        struct err *err = disk_failed(a, "opening", path);

        if (fd >= 0)
            (void)close(fd); /* nothing was written */
        return err;
    }
    if (st.st_size >= 0 && (size_t)st.st_size < most)
        most = (size_t)st.st_size;
    p = arena_alloc(a, most);
    while (n < most && got != 0) {
        got = read(fd, p + n, most - n);
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd); /* nothing was written */
    if (got < 0)
        return disk_failed(a, "reading", path);
    *ret = (struct str){p, n};
    return NULL;
}

struct err *file_head(struct arena *a, const struct file_content *content, struct str *ret)
{
    if (!content->data.p)
        return disk_read(a, arena_cstr(a, content->path), FILE_HEAD_BYTES, ret);
    *ret = str_sub(content->data, 0, FILE_HEAD_BYTES);
    return NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool write_all(int fd, struct str data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data = str_from(data, (size_t)n);
    }
    return true;
}

/* To the end of `from`. The kernel does it where it can; what it cannot, or has left, is read and
 * written. */
static bool copy_all(struct arena *a, int from, int to)
{
    char *piece;
    ssize_t n;

    do
        n = copy_file_range(from, NULL, to, NULL, COPY_AT_ONCE, 0);
    while (n > 0 || (n < 0 && errno == EINTR));
    piece = arena_alloc(a, COPY_BYTES);
    for (;;) {
        n = read(from, piece, COPY_BYTES);
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || !write_all(to, (struct str){piece, (size_t)n}))
            return false;
    }
}

static int create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static struct err *finish(struct arena *a, const char *path, int fd, bool written)
{
    struct err *err = NULL;

    if (!written || fsync(fd) != 0)
        err = disk_failed(a, "writing", path);
    if (close(fd) != 0 && !err)
        err = disk_failed(a, "closing", path);
    return err;
}

struct err *disk_write(struct arena *a, const char *path, struct str data)
{
    int fd = create(path);

    return fd < 0 ? disk_failed(a, "creating", path) : finish(a, path, fd, write_all(fd, data));
}

struct err *disk_copy(struct arena *a, const char *from, const char *path)
{
    int source = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct err *err;
    int fd;

    if (source < 0)
        return disk_failed(a, "opening", from);
    fd = create(path);
    err = fd < 0 ? disk_failed(a, "creating", path) : finish(a, path, fd, copy_all(a, source, fd));
    (void)close(source); /* nothing was written */
    return err;
}

struct err *disk_sync(struct arena *a, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct err *err = NULL;

    if (fd < 0)
        return disk_failed(a, "opening", path);
    if (fsync(fd) != 0)
        err = disk_failed(a, "syncing", path);
    (void)close(fd); /* fsync() has said what there is to say */
    return err;
}
