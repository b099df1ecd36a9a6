/*
 * A folder for each piece of work, below that for temporary files: what is copied, packed or
 * unpacked lies in it until the work is done.
 *
 * Invariants
 *  1. It has a name of its own: another process may do the same at the same time.
 *  2. Its owner has it locked (flock) as long as it works. So a start of the server knows a folder
 *     that a killed process left from one that is in use.
 */
#include "backup/internal.h"
#include "backup/swap.h"
#include "backup/sweep.h"

#include "base/id.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_FOLDER "/.pb_temp_to_delete"
#define PREFIX "reeve_" /* of what we make in there; files/internal.h removes the files */
#define TAG_LEN 10
#define TRIES 5 /* a start that looks right then may take a new folder for a leftover */

/* Waits for whoever takes it away. The folder may be gone then. */
static bool lock(int fd)
{
    int rc;

    do
        rc = flock(fd, LOCK_EX);
    while (rc != 0 && errno == EINTR);
    return rc == 0 || errno == ENOLCK || errno == EOPNOTSUPP || errno == EBADF; /* it has none */
}

static bool is_there(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* *ret_fd: -1 where it is gone again. */
static struct err *make(struct arena *a, struct str path, int *ret_fd)
{
    const char *c = arena_cstr(a, path);
    struct err *err = backup_make_folder(a, path);

    *ret_fd = -1;
    if (err)
        return err;
    *ret_fd = open(c, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_fd < 0)
        return errno == ENOENT ? NULL : backup_failed(a, "opening", c);
    if (!lock(*ret_fd))
        err = backup_failed(a, "locking", c);
    if (err || !is_there(*ret_fd)) {
        close(*ret_fd);
        *ret_fd = -1;
    }
    return err;
}

struct err *backup_work_begin(struct arena *a, struct backups *backups, const char *what,
                              struct backup_work *ret)
{
    struct str prefix;
    struct err *err = file_store_temp_dir(a, backups->conf.files, &prefix);

    ret->fd = -1;
    for (int i = 0; i < TRIES && !err && ret->fd < 0; i++) {
        ret->path = arena_printf(a, "%.*s%s_%.*s", STR_ARG(prefix), what,
                                 STR_ARG(random_text(a, TAG_LEN, ALPHABET_ID)));
        err = make(a, ret->path, &ret->fd);
    }
    if (!err && ret->fd < 0)
        err = err_new(a, E_INTERNAL, NULL, "%.*s: somebody removes it again and again",
                      STR_ARG(ret->path));
    return err;
}

void backup_work_end(struct arena *a, struct backup_work *work)
{
    struct err *err;

    if (work->fd < 0)
        return;
    err = backup_remove_tree(a, work->path);
    if (err)
        log_warn("backup.leftovers", LOG_STR("cause", err->cause));
    close(work->fd);
    work->fd = -1;
}

/* --- leftovers -------------------------------------------------------------------------------- */

/* A folder that its owner has locked stays. */
static struct err *remove_left(struct arena *a, struct str path)
{
    const char *c = arena_cstr(a, path);
    int fd = open(c, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct err *err = NULL;

    if (fd < 0) /* no folder, or somebody was faster */
        return errno == ENOTDIR || errno == ELOOP || errno == ENOENT
                   ? NULL
                   : backup_failed(a, "opening", c);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        err = backup_remove_tree(a, path);
    close(fd);
    return err;
}

void backup_work_left(struct backups *backups)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct str temp = arena_concat(a, backups->conf.dir, STR(TEMP_FOLDER), STR_NONE);
    DIR *folder = opendir(arena_cstr(a, temp));
    const char *name;

    if (!folder)
        return; /* there is none */
    while ((name = swap_next(folder)) != NULL) {
        struct err *err;

        if (!str_starts(str_of(name), STR(PREFIX)))
            continue;
        err = remove_left(a, arena_concat(a, temp, STR("/"), str_of(name)));
        if (err)
            log_warn("backup.leftovers", LOG_STR("cause", err->cause));
    }
    closedir(folder);
}
