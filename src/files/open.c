/*
 * Stored files, opened to be read.
 */
#include "files/internal.h"

#include "base/json.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CAR_MAX (64 * KIB)
#define CAR_BYTES 4096 /* a longer side-car is read by who may wait */

static struct str car_type(struct arena *a, struct str text)
{
    const struct json *car, *type;

    if (!json_read(a, text, &json_limits_body, &car, NULL) || car->type != JSON_OBJECT)
        return STR_NONE; /* as if it were not there */
    type = json_get(car, STR("user.content_type"));
    return type && type->type == JSON_TEXT ? type->text : STR_NONE;
}

/* NULL: nothing is stored under such a key. */
static const char *path_of(struct arena *a, const struct file_store *store,
                           const struct file_key *key, struct str thumb)
{
    struct str path = file_store_path(a, store, key->col, key->rec, key->name);
    struct str name = arena_concat(a, thumb, STR("_"), key->name);
    struct str folder = arena_concat(a, STR("thumbs_"), key->name, STR_NONE);

    if (!path.p || thumb.n == 0)
        return path.p;
    if (!file_is_segment(name) || !file_is_segment(folder))
        return NULL;
    return store_path(a, store, key->col, key->rec, arena_concat(a, folder, STR("/"), name));
}

/* What its side-car says; the text's p is NULL where it says nothing. Blocks. */
static struct err *read_car(struct arena *a, const char *path, struct str *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *bytes;
    ssize_t n;

    *ret = STR_NONE;
    if (fd < 0)
        return errno == ENOENT
                   ? NULL
                   : err_new(a, E_INTERNAL, NULL, "opening a side-car: %s", strerror(errno));
    bytes = arena_alloc(a, CAR_MAX);
    n = read(fd, bytes, CAR_MAX);
    (void)close(fd); /* it was only read */
    if (n < 0)
        return err_new(a, E_INTERNAL, NULL, "reading a side-car: %s", strerror(errno));
    *ret = car_type(a, (struct str){bytes, (size_t)n});
    return NULL;
}

static const char *car_path(struct arena *a, const char *path)
{
    return arena_cstr(a, arena_concat(a, str_of(path), STR(".attrs"), STR_NONE));
}

/* False: it is no file. */
static bool look(int fd, struct stat *st, struct file_opened *ret)
{
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
        return false;
    *ret = (struct file_opened){.fd = fd,
                                .size = (uint64_t)st->st_size,
                                .modified_s = st->st_mtim.tv_sec,
                                .type = FILE_TYPE_UNKNOWN};
    return true;
}

struct err *file_store_open(struct arena *a, const struct file_store *store,
                            const struct file_key *key, struct str thumb, struct file_opened *ret)
{
    const char *path = path_of(a, store, key, thumb);
    struct str type = STR_NONE;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    struct stat st;
    struct err *err;

    if (fd < 0)
        return err_new(a, E_NOT_FOUND, NULL, "opening a stored file: %s", strerror(errno));
    err = look(fd, &st, ret) ? read_car(a, car_path(a, path), &type)
                             : err_new(a, E_NOT_FOUND, NULL, "no regular file");
    if (err)
        (void)close(fd); /* it was only read */
    else if (type.n)
        ret->type = type;
    return err;
}

/* --- without waiting -------------------------------------------------------------------------- */

/* -1: the kernel would have to look at the disk, or cannot tell, or there is none. */
static int open_cached(const char *path)
{
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                                 .resolve = RESOLVE_CACHED};

    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/*
 * What side-cars have said lately, so that a file that many ask for costs one call less each for
 * opening, reading and closing. A file is known by its inode and times: one that is stored anew is
 * another one.
 */
#define KNOWN_CARS 128
#define KNOWN_TYPE_MAX 72

struct known_car {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    unsigned char n_type;
    char type[KNOWN_TYPE_MAX];
};

static struct known_car *known_place(const struct stat *st)
{
    static _Thread_local struct known_car known[KNOWN_CARS];

    return &known[st->st_ino % KNOWN_CARS];
}

static bool is_known(const struct known_car *car, const struct stat *st)
{
    return car->n_type > 0 && car->inode == st->st_ino && car->device == st->st_dev &&
           car->changed.tv_sec == st->st_ctim.tv_sec && car->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static void remember(struct known_car *car, const struct stat *st, struct str type)
{
    if (type.n == 0 || type.n > KNOWN_TYPE_MAX)
        return;
    *car = (struct known_car){.device = st->st_dev,
                              .inode = st->st_ino,
                              .changed = st->st_ctim,
                              .n_type = (unsigned char)type.n};
    memcpy(car->type, type.p, type.n);
}

static bool read_car_cached(struct arena *a, const char *path, struct str *ret)
{
    char bytes[CAR_BYTES];
    struct iovec all = {bytes, sizeof(bytes)};
    int fd = open_cached(path);
    ssize_t n;

    if (fd < 0)
        return false;
    n = preadv2(fd, &all, 1, 0, RWF_NOWAIT);
    (void)close(fd); /* it was only read */
    if (n <= 0 || n == sizeof(bytes))
        return false;
    *ret = arena_dup(a, (struct str){bytes, (size_t)n});
    return true;
}

/* False: it would have to wait. */
static bool type_cached(struct arena *a, const char *path, const struct stat *st, struct str *ret)
{
    struct known_car *car = known_place(st);
    struct str text;

    if (is_known(car, st)) {
        *ret = arena_dup(a, (struct str){car->type, car->n_type});
        return true;
    }
    if (!read_car_cached(a, car_path(a, path), &text))
        return false;
    *ret = car_type(a, text);
    remember(car, st, *ret);
    return true;
}

bool file_store_open_cached(struct arena *a, const struct file_store *store,
                            const struct file_key *key, struct str thumb, struct file_opened *ret)
{
    const char *path = path_of(a, store, key, thumb);
    int fd = path ? open_cached(path) : -1;
    struct str type;
    struct stat st;

    if (fd < 0)
        return false;
    if (!look(fd, &st, ret) || !type_cached(a, path, &st, &type)) {
        (void)close(fd); /* it was only read */
        return false;
    }
    if (type.n)
        ret->type = type;
    return true;
}
