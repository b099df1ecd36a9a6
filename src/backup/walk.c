/*
 * Walking the data directory: what a backup has. And folders that are made, and removed as a whole.
 */
#include "backup/internal.h"
#include "backup/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct err *backup_failed(struct arena *a, const char *what, const char *path)
{
    const int why = errno;
    const bool is_full = why == ENOSPC || why == EDQUOT || why == EFBIG;
    struct err *err = err_new(a, is_full ? E_UNAVAILABLE : E_INTERNAL, NULL, "%s %s: %s", what,
                              path, strerror(why));

    errno = why;
    return err;
}

/* --- what is in a backup ---------------------------------------------------------------------- */

/* In the data directory itself (data-dir.md 1). The databases are in it as copies. */
static bool is_left_out(struct str name)
{
    static const struct str names[] = {
        STR_INIT("backups"),         STR_INIT(".pb_temp_to_delete"), STR_INIT(".notify"),
        STR_INIT(".autocert_cache"), STR_INIT("lost+found"),         STR_INIT(".reeve_restore"),
    };
    static const struct str databases[] = {STR_INIT("data.db"), STR_INIT("auxiliary.db")};
    static const struct str tails[] = {STR_INIT(""), STR_INIT("-wal"), STR_INIT("-shm"),
                                       STR_INIT("-journal")};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(name, names[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(databases); i++)
        for (size_t k = 0; k < COUNT_OF(tails); k++)
            if (name.n == databases[i].n + tails[k].n && str_starts(name, databases[i]) &&
                str_ends(name, tails[k]))
                return true;
    return false;
}

struct walk {
    struct arena *a;
    struct backup_files *found;
};

/* Whatever its times are: a clock is put back, and a file changes hands, while the copy of the
 * database names it. What has come since the copy is taken along, as PocketBase does: no file has a
 * name that a record has before it is whole (files/local.c), and one that no record names harms
 * nobody. */
static void add(struct walk *walk, struct str name, const struct stat *st)
{
    struct backup_file *file = VEC_PUSH(walk->a, walk->found);

    *file = (struct backup_file){name, (uint64_t)st->st_size};
    walk->found->bytes += file->size;
}

static struct err *walk_folder(struct walk *walk, int at, struct str prefix, unsigned depth);

/* What goes meanwhile, or is no file, is left out. */
static struct err *look_at(struct walk *walk, int at, struct str name, const char *entry,
                           unsigned depth)
{
    struct stat st;
    struct err *err;
    int fd;

    if (fstatat(at, entry, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? NULL
                               : backup_failed(walk->a, "looking at", arena_cstr(walk->a, name));
    if (S_ISREG(st.st_mode))
        add(walk, name, &st);
    /* storage/ itself may be a link to another disk */
    if (!S_ISDIR(st.st_mode) && !(S_ISLNK(st.st_mode) && str_eq(name, STR("storage"))))
        return NULL;
    fd = openat(at, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NULL
                               : backup_failed(walk->a, "opening", arena_cstr(walk->a, name));
    err = walk_folder(walk, fd, arena_concat(walk->a, name, STR("/"), STR_NONE), depth + 1);
    return err;
}

/* Takes `at`. */
static struct err *walk_folder(struct walk *walk, int at, struct str prefix, unsigned depth)
{
    DIR *folder = fdopendir(at);
    struct err *err = NULL;

    if (!folder) {
        err = backup_failed(walk->a, "reading", arena_cstr(walk->a, prefix));
        close(at);
        return err;
    }
    if (depth > BACKUP_DEPTH) {
        closedir(folder);
        return err_new(walk->a, E_INTERNAL, NULL, "%.*s: too many folders inside of each other",
                       STR_ARG(prefix));
    }
    for (struct dirent *entry = readdir(folder); entry && !err; entry = readdir(folder)) {
        struct str name = str_of(entry->d_name);

        if (str_eq(name, STR(".")) || str_eq(name, STR("..")) || (depth == 0 && is_left_out(name)))
            continue;
        err = look_at(walk, dirfd(folder), arena_concat(walk->a, prefix, name, STR_NONE),
                      entry->d_name, depth);
    }
    closedir(folder);
    return err;
}

struct err *backup_walk(struct arena *a, struct str dir, struct backup_files *ret)
{
    struct walk walk = {a, ret};
    const char *path = arena_cstr(a, dir);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *ret = (struct backup_files){0};
    if (fd < 0)
        return backup_failed(a, "opening", path);
    return walk_folder(&walk, fd, STR(""), 0);
}

/* --- folders ---------------------------------------------------------------------------------- */

struct err *backup_make_folder(struct arena *a, struct str path)
{
    const char *c = arena_cstr(a, path);

    return mkdir(c, 0700) == 0 || errno == EEXIST ? NULL : backup_failed(a, "making", c);
}

struct err *backup_remove_tree(struct arena *a, struct str path)
{
    const char *c = arena_cstr(a, path);
    char what[SWAP_WHAT_MAX];
    int fd = open(c, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct err *err = NULL;

    if (fd < 0)
        return errno == ENOENT ? NULL : backup_failed(a, "opening", c);
    if (!swap_sweep(fd, NULL, NULL, what))
        err = backup_failed(a, "removing", what);
    close(fd);
    if (!err && rmdir(c) != 0 && errno != ENOENT)
        err = backup_failed(a, "removing", c);
    return err;
}
