/*
 * What is known of a data directory's storage beside its files: side-cars that have lost theirs,
 * the sums in side-cars, and how many names a file has.
 */
#include "files/local.h"

#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_CAR STR(LOCAL_CAR)
#define LEVELS 4 /* of folders and names below storage/ */

/* --- lone side-cars --------------------------------------------------------------------------- */

struct cars {
    blob_each_fn *each;
    void *user;
};

static struct err *look_through(struct arena *a, const struct cars *cars, int at, const char *name,
                                struct str prefix, int level);

static struct err *look_at_car(struct arena *a, const struct cars *cars, int at, struct str key,
                               struct str name, const struct stat *car)
{
    const char *file = arena_cstr(a, str_sub(name, 0, name.n - SIDE_CAR.n));
    struct blob_info info = {0};
    struct stat st;

    if (fstatat(at, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return NULL;
    if (errno != ENOENT)
        return disk_failed(a, "looking at", file);
    info.size = (uint64_t)car->st_size;
    info.modified_s = car->st_mtim.tv_sec;
    return cars->each(cars->user, str_sub(key, 0, key.n - SIDE_CAR.n), &info);
}

static struct err *look_at(struct arena *a, const struct cars *cars, int at, const char *name,
                           struct str prefix, int level)
{
    const struct str key = arena_concat(a, prefix, prefix.n ? STR("/") : STR_NONE, str_of(name));
    struct stat st;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return NULL; /* somebody has removed it */
    if (S_ISDIR(st.st_mode))
        return level < LEVELS ? look_through(a, cars, at, name, key, level + 1) : NULL;
    if (!S_ISREG(st.st_mode) || !str_ends(key, SIDE_CAR))
        return NULL;
    return look_at_car(a, cars, at, key, str_of(name), &st);
}

/* The folder's entries, and what is below it. */
static struct err *look_through(struct arena *a, const struct cars *cars, int at, const char *name,
                                struct str prefix, int level)
{
    AUTO(arena_free) struct arena *turn = NULL;
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    struct err *err = NULL;

    if (!dir) {
        err = errno == ENOENT ? NULL : disk_failed(a, "opening", name);
        if (fd >= 0)
            (void)close(fd); /* nothing was written */
        return err;
    }
    turn = arena_child(a);
    while (!err && (entry = readdir(dir)) != NULL) {
        arena_reset(turn);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            err = err_copy(a, look_at(turn, cars, fd, entry->d_name, prefix, level));
    }
    (void)closedir(dir); /* nothing was written */
    return err;
}

struct err *local_list_cars(struct arena *a, const void *own, blob_each_fn *each, void *user)
{
    const struct cars cars = {each, user};

    return look_through(a, &cars, AT_FDCWD, local_path(a, own, STR_NONE), STR_NONE, 1);
}

/* --- one file --------------------------------------------------------------------------------- */

bool local_is_shared(struct arena *a, const void *own, struct str key, int64_t since_s)
{
    struct stat st;

    return lstat(local_path(a, own, key), &st) == 0 && st.st_nlink > 1 &&
           st.st_ctim.tv_sec > since_s;
}

bool local_md5(struct arena *a, const void *own, struct str key, unsigned char ret[FILE_MD5_LEN])
{
    const char *path = local_car_path(a, local_path(a, own, key));
    const struct json *car, *sum;
    struct str text, bytes;

    if (disk_read(a, path, LOCAL_CAR_MAX, &text) != NULL ||
        !json_read(a, text, &json_limits_body, &car, NULL) || car->type != JSON_OBJECT)
        return false;
    sum = json_get(car, STR("md5"));
    if (!sum || sum->type != JSON_TEXT || !base64_decode(a, sum->text, &bytes) ||
        bytes.n != FILE_MD5_LEN)
        return false;
    memcpy(ret, bytes.p, FILE_MD5_LEN);
    return true;
}
