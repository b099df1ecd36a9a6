/*
 * The storage of a data directory (data-dir.md 12): a key is a path below <dir>/storage, with a
 * side-car <path>.attrs.
 *
 * Invariants
 *  1. Nothing outside <dir>/storage/ is written, and no link is followed to what is read.
 *  2. A file has its side-car and its whole content on disk before it has its name.
 *  3. Content in a file stays where it is: it can be stored again.
 */
#include "files/local.h"

#include "base/id.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_LEN 10
#define FOLDER_TRIES 20 /* its last file may be removed while the next is on its way */
#define FOLDER_DEPTH 8  /* below storage/ there are four levels */

/* --- folders ---------------------------------------------------------------------------------- */

/* Makes one folder; a new one is on disk in its parent when this returns. */
static struct err *make_folder(struct arena *a, const char *path, const char *parent)
{
    if (mkdir(path, 0777) == 0)
        return disk_sync(a, parent);
    return errno == EEXIST ? NULL : disk_failed(a, "making", path);
}

/* Those that the key is in. */
static struct err *make_folders(struct arena *a, const struct local *local, struct str key)
{
    const char *parent = arena_cstr(a, local->dir);
    const char *path = local_path(a, local, STR_NONE);
    struct err *err = make_folder(a, path, parent);

    for (size_t i = 0; i < key.n && !err; i++) {
        if (key.p[i] != '/')
            continue;
        parent = path;
        path = local_path(a, local, str_sub(key, 0, i));
        err = make_folder(a, path, parent);
    }
    return err;
}

/* Folders with something in them stay, and new ones are made by whoever needs them. */
static void remove_empty_folders(struct arena *a, const struct local *local, struct str key)
{
    size_t end = str_find_last_byte(key, '/');

    for (; end < key.n; end = str_find_last_byte(key, '/')) {
        key = str_sub(key, 0, end);
        if (rmdir(local_path(a, local, key)) != 0 && errno != ENOENT)
            return;
    }
}

/* --- storing ---------------------------------------------------------------------------------- */

/* Gets the content to where it can be renamed from, on disk. There are no links to another file
 * system, nor on every one. */
static struct err *bring(struct arena *a, const struct file_content *content, const char *temp)
{
    const char *from;

    if (content->data.p)
        return disk_write(a, temp, content->data);
    from = arena_cstr(a, content->path);
    return link(from, temp) == 0 ? disk_sync(a, temp) : disk_copy(a, from, temp);
}

static struct err *give_name(struct arena *a, const char *temp, const char *path)
{
    return rename(temp, path) == 0 ? NULL : disk_failed(a, "naming", path);
}

static struct err *put_once(struct arena *a, const struct local *local, struct str key,
                            const struct file_content *content, struct str car, bool *ret_vanished)
{
    struct str tag = random_text(a, TAG_LEN, ALPHABET_ID); /* others may store under the same key */
    const char *path = local_path(a, local, key);
    const char *side = local_car_path(a, path);
    const char *temp = arena_cstr(a, arena_printf(a, "%s.%.*s.tmp", path, STR_ARG(tag)));
    const char *side_temp = arena_cstr(a, arena_printf(a, "%s.%.*s.tmp", side, STR_ARG(tag)));
    bool side_named = false;
    struct err *err;

    err = make_folders(a, local, key);
    if (!err)
        err = disk_write(a, side_temp, car);
    if (!err)
        err = bring(a, content, temp);
    if (!err) {
        err = give_name(a, side_temp, side);
        side_named = !err;
    }
    if (!err)
        err = give_name(a, temp, path);
    *ret_vanished = err && errno == ENOENT;
    (void)unlink(
        temp); /* after a failure; or rename() left it, where the content was there already */
    if (!err)
        return NULL;
    (void)unlink(side_temp);
    if (side_named)
        (void)unlink(side);
    return err;
}

static struct err *local_put(struct arena *a, const void *own, struct str key,
                             const struct file_content *content, const struct blob_info *info)
{
    struct str car = local_write_car(a, content, info);
    struct err *err;

    for (int i = 0;; i++) {
        bool vanished; /* a folder, or what was in it */

        err = put_once(a, own, key, content, car, &vanished);
        if (!vanished || i == FOLDER_TRIES)
            return err;
    }
}

static struct err *local_sync(struct arena *a, const void *own, struct str prefix)
{
    struct err *err = disk_sync(a, local_path(a, own, prefix));

    return err && errno == ENOENT ? NULL : err;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One that is missing says nothing. */
static struct err *read_side_car(struct arena *a, const char *path, struct blob_info *info)
{
    struct str text = STR_NONE;
    struct err *err = disk_read(a, local_car_path(a, path), LOCAL_CAR_MAX, &text);

    if (err && errno != ENOENT)
        return err;
    local_read_car(a, text, info);
    return NULL;
}

static struct err *not_there(struct arena *a, const char *path)
{
    return err_new(a, E_NOT_FOUND, NULL, "no such file: %s", path);
}

static struct err *open_failed(struct arena *a, const char *path)
{
    static const int absent[] = {ENOENT, ENOTDIR, ELOOP, ENXIO, ENAMETOOLONG};

    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (errno == absent[i])
            return not_there(a, path);
    return disk_failed(a, "opening", path);
}

static struct err *local_open(struct arena *a, const void *own, struct str key, int *ret_fd,
                              struct blob_info *ret)
{
    const char *path = local_path(a, own, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* no wait for a pipe */
    struct err *err = NULL;
    struct stat st;

    if (fd < 0)
        return open_failed(a, path);
    if (fstat(fd, &st) != 0)
        err = disk_failed(a, "looking at", path);
    else if (!S_ISREG(st.st_mode))
        err = not_there(a, path);
    else
        err = read_side_car(a, path, ret);
    if (err) {
        (void)close(fd); /* nothing was written */
        return err;
    }
    ret->size = (uint64_t)st.st_size;
    ret->modified_s = st.st_mtim.tv_sec;
    *ret_fd = fd;
    return NULL;
}

static struct err *local_info(struct arena *a, const void *own, struct str key,
                              const atomic_bool *gone, struct blob_info *ret)
{
    struct err *err;
    int fd;

    (void)gone; /* a disk is not waited for so long */
    err = local_open(a, own, key, &fd, ret);
    if (!err)
        (void)close(fd); /* nothing was written */
    return err;
}

/* --- removing --------------------------------------------------------------------------------- */

struct removal {
    struct arena *a;
    int64_t before_ms;
    struct err *err; /* the first */
};

static void failed_to(struct removal *removal, const char *what, const char *name)
{
    bool is_failure = errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST;

    if (is_failure && !removal->err)
        removal->err = disk_failed(removal->a, what, name);
}

static void remove_path(struct removal *removal, const char *path)
{
    if (unlink(path) != 0)
        failed_to(removal, "removing", path);
}

static struct err *local_remove(struct arena *a, const void *own, const struct str *keys, size_t n)
{
    struct removal removal = {.a = a};

    for (size_t i = 0; i < n; i++) {
        const char *path = local_path(a, own, keys[i]);

        remove_path(&removal, path);
        remove_path(&removal, local_car_path(a, path));
        remove_empty_folders(a, own, keys[i]);
    }
    return removal.err;
}

static void remove_folder(struct removal *removal, int at, const char *name, int depth);

static void remove_entry(struct removal *removal, int at, const char *name, int depth)
{
    struct stat st;
    int64_t changed_ms;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return; /* somebody else has removed it */
    if (S_ISDIR(st.st_mode)) {
        remove_folder(removal, at, name, depth + 1);
        return;
    }
    changed_ms = (int64_t)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000;
    if (changed_ms <= removal->before_ms && unlinkat(at, name, 0) != 0)
        failed_to(removal, "removing", name);
}

/* The folder, for fdopendir(); NULL, errno says why. */
static DIR *open_folder(int at, const char *name, int depth)
{
    int fd;
    DIR *dir;

    if (depth > FOLDER_DEPTH) {
        errno = ELOOP;
        return NULL;
    }
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        (void)close(fd); /* nothing was written */
    return dir;
}

/* The next entry that is neither the folder itself nor its parent. */
static const char *next_name(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    return NULL;
}

/* The folder itself stays where something in it does. */
static void remove_folder(struct removal *removal, int at, const char *name, int depth)
{
    DIR *dir = open_folder(at, name, depth);
    const char *entry;

    if (!dir) {
        failed_to(removal, "opening", name);
        return;
    }
    while ((entry = next_name(dir)) != NULL)
        remove_entry(removal, dirfd(dir), entry, depth);
    (void)closedir(dir); /* nothing was written */
    if (unlinkat(at, name, AT_REMOVEDIR) != 0)
        failed_to(removal, "removing", name);
}

static struct err *local_remove_tree(struct arena *a, const void *own, struct str prefix,
                                     int64_t before_ms)
{
    struct removal removal = {a, before_ms, NULL};

    remove_folder(&removal, AT_FDCWD, local_path(a, own, prefix), 0);
    remove_empty_folders(a, own, prefix);
    return removal.err;
}

/* --- looking through it ---------------------------------------------------------------------- */

struct look {
    blob_each_fn *each;
    void *user;
};

static struct err *list_folder(struct arena *a, const struct look *look, int at, const char *name,
                               struct str prefix, int depth);

static struct err *list_entry(struct arena *a, const struct look *look, int at, const char *name,
                              struct str prefix, int depth)
{
    struct str key = arena_concat(a, prefix, prefix.n ? STR("/") : STR_NONE, str_of(name));
    struct blob_info info = {0};
    struct stat st;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return NULL; /* somebody has removed it */
    if (S_ISDIR(st.st_mode))
        return list_folder(a, look, at, name, key, depth + 1);
    if (!S_ISREG(st.st_mode) || str_ends(key, STR(LOCAL_CAR)))
        return NULL;
    info.size = (uint64_t)st.st_size;
    info.modified_s = st.st_mtim.tv_sec;
    return look->each(look->user, key, &info);
}

static struct err *list_folder(struct arena *a, const struct look *look, int at, const char *name,
                               struct str prefix, int depth)
{
    DIR *dir = open_folder(at, name, depth);
    struct arena *turn;
    struct err *err = NULL;
    const char *entry;

    if (!dir)
        return errno == ENOENT ? NULL : disk_failed(a, "opening", name);
    turn = arena_child(a);
    while (!err && (entry = next_name(dir)) != NULL) {
        arena_reset(turn);
        err = err_copy(a, list_entry(turn, look, dirfd(dir), entry, prefix, depth));
    }
    (void)closedir(dir); /* nothing was written */
    arena_free(turn);
    return err;
}

static struct err *local_list(struct arena *a, const void *own, struct str prefix,
                              blob_each_fn *each, void *user)
{
    const struct look look = {each, user};

    return list_folder(a, &look, AT_FDCWD, local_path(a, own, prefix), prefix, 0);
}

/* --- the place -------------------------------------------------------------------------------- */

static const struct blob_ops local_ops = {
    .put = local_put,
    .sync = local_sync,
    .info = local_info,
    .open = local_open,
    .open_cached = local_open_cached,
    .remove = local_remove,
    .remove_tree = local_remove_tree,
    .list = local_list,
};

static struct blob_place *place_in(struct str dir, const char *folder)
{
    struct arena *a = arena_new();
    struct local *local = ARENA_NEW(a, struct local);

    local->dir = arena_dup(a, dir);
    local->folder = folder;
    return blob_place_new(a, &local_ops, local);
}

struct blob_place *local_place(struct str dir)
{
    return place_in(dir, "storage");
}

struct blob_place *local_backups_place(struct str dir)
{
    return place_in(dir, "backups");
}
