/*
 * The swap of data directories as a state machine on disk.
 *
 *   (none)    → out       swap_begin(): the new content is whole in new/
 *   out       → in        what is there was moved into old/
 *   in        → trial     what is in new/ was moved here; the start that follows tries it
 *   trial     → done      swap_settle(): it has started
 *   trial     → back-out  it has not: swap_go_back(), or a start that finds a trial nobody is in
 *   back-out  → back-in   what was tried was moved into failed/
 *   back-in   → (none)    what is in old/ was moved back
 *   out, in   → back-in, back-out: something could not be moved
 *
 * Invariants
 *  1. The state is replaced whole, and is on disk before the first step of what it stands for; what
 *     it stands for is on disk before the next one.
 *  2. Each state's moves go one way and take what is still there: they can be begun again anywhere.
 *     Nothing is written over: a name that is in the way is an error.
 *  3. While there is a state old/ may hold the only copy of what was; it gets another name before
 *     `done` goes, and is empty before `back-in` does. So a folder without a state whose old/ is
 * not empty was not left by us, and is not touched.
 *  4. The folder is locked while a process prepares a restore in it or tries one. A start that
 * finds it so is that process's neighbour, not its successor, and moves nothing.
 */
#include "backup/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE "state"
#define STATE_FRESH "state.new"
#define STATE_MAX 16
#define OLD "old"
#define NEW "new"
#define FAILED "failed"
#define DOOMED "done-" /* and a number: what old/ and others are called from `done` on */
#define DOOMED_MOST 100000

enum state {
    STATE_NONE,
    STATE_OUT,
    STATE_IN,
    STATE_TRIAL,
    STATE_BACK_OUT,
    STATE_BACK_IN,
    STATE_DONE
};

static const char *const state_names[] = {
    [STATE_NONE] = "",       [STATE_OUT] = "out",           [STATE_IN] = "in",
    [STATE_TRIAL] = "trial", [STATE_BACK_OUT] = "back-out", [STATE_BACK_IN] = "back-in",
    [STATE_DONE] = "done"};

static const char *const staying[] = {"backups", ".pb_temp_to_delete", ".autocert_cache",
                                      "lost+found", SWAP_FOLDER};

struct names {
    const char **items;
    size_t n, cap;
};

struct swap {
    struct arena *a;
    const char *path; /* of the data directory, for errors */
    int dir;
    int folder; /* -1: there is none */
    enum state state;
};

void (*swap_step)(void);

/* --- folders ---------------------------------------------------------------------------------- */

static struct err *failed(const struct swap *swap, const char *what, const char *name)
{
    return err_new(swap->a, E_INTERNAL, NULL, "restore: %s %s/%s: %s", what, swap->path, name,
                   strerror(errno));
}

static struct err *failed_inside(const struct swap *swap, const char *what, const char *name)
{
    int e = errno;
    const char *path = arena_printf(swap->a, "%s/%s", SWAP_FOLDER, name).p;

    errno = e;
    return failed(swap, what, path);
}

int swap_open(int in, const char *name)
{
    return openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

DIR *swap_list(int folder)
{
    int fd = swap_open(folder, ".");
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int e = errno;

    if (!list && fd >= 0)
        (void)close(fd); /* nothing was written */
    errno = e;
    return list;
}

const char *swap_next(DIR *list)
{
    const struct dirent *entry;

    do
        entry = readdir(list); /* no other thread has this list */
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry ? entry->d_name : NULL;
}

static bool stays(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(staying); i++)
        if (strcmp(name, staying[i]) == 0)
            return true;
    return false;
}

/* Of the folder's entries those that are moved. */
static struct err *list_moved(const struct swap *swap, int folder, struct names *ret)
{
    DIR *list = swap_list(folder);
    const char *name;

    *ret = (struct names){0};
    if (!list)
        return failed(swap, "listing", "");
    for (errno = 0; (name = swap_next(list)) != NULL; errno = 0)
        if (!stays(name))
            *VEC_PUSH(swap->a, ret) = arena_dup(swap->a, str_of(name)).p;
    if (errno != 0) {
        struct err *err = failed(swap, "listing", "");

        (void)closedir(list); /* nothing was written */
        return err;
    }
    (void)closedir(list); /* the same */
    return NULL;
}

static struct err *sync_folder(const struct swap *swap, int folder, const char *name)
{
    swap_next_step();
    return fsync(folder) == 0 ? NULL : failed(swap, "syncing", name);
}

static struct err *open_inside(const struct swap *swap, const char *name, int *ret)
{
    *ret = swap_open(swap->folder, name);
    return *ret >= 0 ? NULL : failed_inside(swap, "opening", name);
}

/* --- the state -------------------------------------------------------------------------------- */

static struct err *read_state(struct swap *swap)
{
    char text[STATE_MAX + 1];
    int fd = openat(swap->folder, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct str word;
    ssize_t n;
    int e;

    swap->state = STATE_NONE;
    if (fd < 0)
        return errno == ENOENT ? NULL : failed_inside(swap, "opening", STATE_FILE);
    n = read(fd, text, STATE_MAX);
    e = errno;
    (void)close(fd); /* nothing was written */
    errno = e;
    if (n < 0)
        return failed_inside(swap, "reading", STATE_FILE);
    word = str_trim_space((struct str){text, (size_t)n});
    for (enum state state = STATE_OUT; state <= STATE_DONE; state++)
        if (str_eq(word, str_of(state_names[state])))
            swap->state = state;
    if (swap->state != STATE_NONE)
        return NULL;
    return err_new(swap->a, E_INTERNAL, NULL,
                   "restore: %s/%s/%s says \"%.*s\", which is no state of a restore: the content "
                   "before it may be in the folder %s beside it",
                   swap->path, SWAP_FOLDER, STATE_FILE, STR_ARG(word), OLD);
}

static struct err *write_fresh(const struct swap *swap, enum state state)
{
    struct str line = arena_printf(swap->a, "%s\n", state_names[state]);
    int fd;
    bool ok;
    int e;

    swap_next_step();
    fd = openat(swap->folder, STATE_FRESH, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                0600);
    if (fd < 0)
        return failed_inside(swap, "creating", STATE_FRESH);
    swap_next_step();
    ok = write(fd, line.p, line.n) == (ssize_t)line.n; /* so few bytes come whole or not at all */
    swap_next_step();
    ok = ok && fsync(fd) == 0;
    e = errno;
    ok = close(fd) == 0 && ok;
    errno = e;
    return ok ? NULL : failed_inside(swap, "writing", STATE_FRESH);
}

/* On an error it may be either: the state in memory is the one before. */
static struct err *set_state(struct swap *swap, enum state state)
{
    struct err *err = write_fresh(swap, state);

    if (err)
        return err;
    swap_next_step();
    if (renameat(swap->folder, STATE_FRESH, swap->folder, STATE_FILE) != 0)
        return failed_inside(swap, "writing", STATE_FILE);
    err = sync_folder(swap, swap->folder, SWAP_FOLDER);
    if (!err)
        swap->state = state;
    return err;
}

static struct err *clear_state(struct swap *swap)
{
    swap_next_step();
    if (unlinkat(swap->folder, STATE_FILE, 0) != 0 && errno != ENOENT)
        return failed_inside(swap, "removing", STATE_FILE);
    swap->state = STATE_NONE;
    return sync_folder(swap, swap->folder, SWAP_FOLDER);
}

/* --- moving ----------------------------------------------------------------------------------- */

/* Over nothing: where the file system cannot see to that, we look before. */
static bool rename_into(int from, int to, const char *name)
{
    struct stat there;

    swap_next_step();
    if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        errno = EEXIST;
    return errno == ENOENT && renameat(from, name, to, name) == 0;
}

static struct err *move(const struct swap *swap, int from, int to, const char *name)
{
    return rename_into(from, to, name) ? NULL : failed(swap, "moving", name);
}

static struct err *move_all(const struct swap *swap, int from, int to)
{
    struct names names;
    struct err *err = list_moved(swap, from, &names);

    for (size_t i = 0; i < names.n && !err; i++)
        err = move(swap, from, to, names.items[i]);
    if (!err)
        err = sync_folder(swap, to, SWAP_FOLDER);
    return err ? err : sync_folder(swap, from, SWAP_FOLDER);
}

static struct err *move_aside(const struct swap *swap, const char *to)
{
    struct err *err;
    int fd;

    swap_next_step();
    if (mkdirat(swap->folder, to, 0700) != 0 && errno != EEXIST)
        return failed_inside(swap, "creating", to);
    err = open_inside(swap, to, &fd);
    if (err)
        return err;
    err = sync_folder(swap, swap->folder, SWAP_FOLDER);
    if (!err)
        err = move_all(swap, swap->dir, fd);
    (void)close(fd); /* nothing was written */
    return err;
}

static struct err *move_in(const struct swap *swap, const char *from)
{
    struct err *err;
    int fd;

    err = open_inside(swap, from, &fd);
    if (err)
        return err;
    err = move_all(swap, fd, swap->dir);
    (void)close(fd); /* nothing was written */
    return err;
}

/* Gives a folder of ours a name under which nothing asks for it. */
static struct err *doom(const struct swap *swap, const char *name)
{
    for (unsigned i = 0; i < DOOMED_MOST; i++) {
        const char *to = arena_printf(swap->a, DOOMED "%u", i).p;

        swap_next_step();
        if (renameat(swap->folder, name, swap->folder, to) == 0 || errno == ENOENT)
            return NULL;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
    }
    return failed_inside(swap, "moving", name);
}

/* From `out` or `in` to `trial`. */
static struct err *go_forward(struct swap *swap)
{
    struct err *err = NULL;

    if (swap->state == STATE_OUT) {
        err = move_aside(swap, OLD);
        if (!err)
            err = set_state(swap, STATE_IN);
    }
    if (!err)
        err = move_in(swap, NEW);
    if (!err)
        err = set_state(swap, STATE_TRIAL);
    return err ? err : doom(swap, NEW); /* the name is for the next restore */
}

/* It is empty once its content is back. */
static struct err *remove_old(const struct swap *swap)
{
    swap_next_step();
    if (unlinkat(swap->folder, OLD, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return failed_inside(swap, "removing", OLD);
    return sync_folder(swap, swap->folder, SWAP_FOLDER);
}

static bool has_old(const struct swap *swap)
{
    struct stat st;

    return fstatat(swap->folder, OLD, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* From any state but `done` to none. What was moved in is in failed/ or still in new/ then. */
static struct err *go_back(struct swap *swap)
{
    struct err *err = NULL;

    if (swap->state == STATE_OUT) /* nothing was moved in: all that is here is old */
        err = set_state(swap, STATE_BACK_IN);
    else if (swap->state == STATE_IN || swap->state == STATE_TRIAL)
        err = set_state(swap, STATE_BACK_OUT);
    if (!err && swap->state == STATE_BACK_OUT) {
        err = move_aside(swap, FAILED);
        if (!err)
            err = set_state(swap, STATE_BACK_IN);
    }
    if (!err && has_old(swap))
        err = move_in(swap, OLD);
    if (!err)
        err = remove_old(swap);
    return err ? err : clear_state(swap);
}

/* --- removing --------------------------------------------------------------------------------- */

/* The folder with all in it; `done` goes last. */
static struct err *remove_folder(struct swap *swap, const atomic_bool *stop)
{
    char what[SWAP_WHAT_MAX];
    struct err *err = NULL;

    if (!swap_sweep(swap->folder, swap->state == STATE_DONE ? STATE_FILE : NULL, stop, what))
        return errno == 0 ? NULL
                          : failed(swap, "removing",
                                   arena_printf(swap->a, "%s (\"%s\")", SWAP_FOLDER, what).p);
    if (swap->state == STATE_DONE)
        err = clear_state(swap);
    if (err)
        return err;
    swap_next_step();
    if (unlinkat(swap->dir, SWAP_FOLDER, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return failed(swap, "removing", SWAP_FOLDER);
    return sync_folder(swap, swap->dir, "");
}

static struct err *remove_doomed(struct swap *swap, const atomic_bool *stop)
{
    for (unsigned i = 0; i < DOOMED_MOST; i++) {
        const char *name = arena_printf(swap->a, DOOMED "%u", i).p;
        char what[SWAP_WHAT_MAX];
        int fd = swap_open(swap->folder, name);
        bool ok;
        int e;

        if (fd < 0)
            return errno == ENOENT ? NULL : failed_inside(swap, "opening", name);
        ok = swap_sweep(fd, NULL, stop, what);
        e = errno;
        (void)close(fd); /* nothing was written */
        errno = e;
        if (!ok)
            return e == 0 ? NULL
                          : failed_inside(swap, "removing",
                                          arena_printf(swap->a, "%s (\"%s\")", name, what).p);
        swap_next_step();
        if (unlinkat(swap->folder, name, AT_REMOVEDIR) != 0)
            return failed_inside(swap, "removing", name);
    }
    return NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void swap_close(struct swap *swap)
{
    if (swap->folder >= 0)
        (void)close(swap->folder); /* it was synced where that counts */
    if (swap->dir >= 0)
        (void)close(swap->dir);
}
AUTO_DEFINE(swap_close, struct swap *)

/* A directory or a folder that is not there is no error: both are -1 then, or the latter. */
static struct err *swap_look(struct arena *a, const char *dir, struct swap *ret)
{
    *ret = (struct swap){.a = a, .path = dir, .dir = -1, .folder = -1};
    ret->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* it may be given as a link */
    if (ret->dir < 0)
        return errno == ENOENT ? NULL : failed(ret, "opening", "");
    ret->folder = swap_open(ret->dir, SWAP_FOLDER);
    if (ret->folder < 0)
        return errno == ENOENT ? NULL : failed(ret, "opening", SWAP_FOLDER);
    return read_state(ret);
}

/* --- beginning -------------------------------------------------------------------------------- */

/* One that cannot be moved. Where the kernel does not tell, another device is one; where it does,
 * that is not asked: a subvolume is another device, and can be moved. */
static bool is_mount(int in, const char *name)
{
    struct statx own, parent;

    if (statx(in, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &own) != 0)
        return false; /* it has gone, or moving it will say more */
    if (own.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
        return (own.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return statx(in, "", AT_EMPTY_PATH, STATX_TYPE, &parent) == 0 &&
           (own.stx_dev_major != parent.stx_dev_major || own.stx_dev_minor != parent.stx_dev_minor);
}

static struct err *check_mounts(const struct swap *swap, int folder, const char *prefix)
{
    struct names names;
    struct err *err = list_moved(swap, folder, &names);

    if (is_mount(swap->dir, SWAP_FOLDER))
        return err_new(swap->a, E_INTERNAL, NULL,
                       "restore: %s/%s is a mount point: nothing can be moved there", swap->path,
                       SWAP_FOLDER);
    for (size_t i = 0; i < names.n && !err; i++)
        if (is_mount(folder, names.items[i]))
            err = err_new(swap->a, E_INTERNAL, NULL,
                          "restore: %s/%s%s is a mount point, which cannot be moved: mount the "
                          "whole data directory instead, or make it a link to where the files are",
                          swap->path, prefix, names.items[i]);
    return err;
}

static struct err *check_new(const struct swap *swap)
{
    struct names names;
    struct err *err;
    int fd;

    err = open_inside(swap, NEW, &fd);
    if (err)
        return err;
    err = check_mounts(swap, fd, SWAP_NEW "/");
    if (!err)
        err = list_moved(swap, fd, &names);
    if (!err && names.n == 0)
        err = err_new(swap->a, E_INTERNAL, NULL, "restore: %s/%s is empty", swap->path, SWAP_NEW);
    if (!err) /* the names that lead to it, too */
        err = sync_folder(swap, fd, SWAP_NEW);
    (void)close(fd); /* nothing was written */
    return err;
}

struct err *swap_begin(struct arena *a, const char *dir)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err = swap_look(a, dir, swap);

    if (!err && swap->folder < 0) {
        errno = ENOENT;
        err = failed(swap, "opening", SWAP_NEW);
    }
    if (!err && swap->state != STATE_NONE)
        err = err_new(a, E_INTERNAL, NULL, "restore: another one is under way in %s/%s: \"%s\"",
                      dir, SWAP_FOLDER, state_names[swap->state]);
    if (!err && has_old(swap)) {
        errno = EEXIST;
        err = failed_inside(swap, "beginning beside", OLD);
    }
    if (!err)
        err = check_mounts(swap, swap->dir, "");
    if (!err)
        err = check_new(swap);
    if (!err)
        err = sync_folder(swap, swap->dir, "");
    return err ? err : set_state(swap, STATE_OUT);
}

/* --- the start that follows ------------------------------------------------------------------- */

static bool is_empty_old(const struct swap *swap)
{
    int fd = swap_open(swap->folder, OLD);
    DIR *list = fd < 0 ? NULL : swap_list(fd);
    bool ok = fd < 0 ? errno == ENOENT : list && !swap_next(list);

    if (list)
        (void)closedir(list); /* nothing was written */
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* The folder is in nobody's way: that it stays is no reason not to start. */
static void remove_what_is_left(struct swap *swap, struct swap_start *ret)
{
    struct err *err = remove_folder(swap, NULL);

    if (err)
        ret->left = err->cause;
}

static struct err *take_back(struct swap *swap, struct str why, struct swap_start *ret)
{
    struct err *err = go_back(swap);

    if (err)
        return err_new(swap->a, E_INTERNAL, NULL, "%.*s; going back: %.*s", STR_ARG(why),
                       STR_ARG(err->cause));
    ret->taken_back = true;
    ret->why = why;
    remove_what_is_left(swap, ret);
    return NULL;
}

/* A file system that has no locks leaves us as we were. */
static bool is_another_process(const struct swap *swap)
{
    return flock(swap->folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static struct err *try_new(struct swap *swap, struct swap_start *ret)
{
    struct err *err = go_forward(swap);

    if (err)
        return take_back(swap, err->cause, ret);
    ret->is_trial = true;
    ret->lock = swap->folder; /* stays open, and so locked */
    swap->folder = -1;
    return NULL;
}

struct err *swap_at_start(struct arena *a, const char *dir, struct swap_start *ret)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err = swap_look(a, dir, swap);

    *ret = (struct swap_start){.lock = -1};
    if (err || swap->folder < 0)
        return err;
    if (is_another_process(swap))
        return swap->state == STATE_NONE /* it prepares a restore */
                   ? NULL
                   : err_new(a, E_INTERNAL, NULL,
                             "restore: another process is starting with what was restored in %s: "
                             "try again once it has",
                             dir);
    err = read_state(swap); /* it may be another one by now */
    if (err)
        return err;
    switch (swap->state) {
    case STATE_NONE:
        if (!is_empty_old(swap))
            return err_new(a, E_INTERNAL, NULL,
                           "restore: %s/%s/%s has content, and no state says whose: move it to "
                           "where it belongs",
                           dir, SWAP_FOLDER, OLD);
        remove_what_is_left(swap, ret);
        return NULL;
    case STATE_DONE:
        remove_what_is_left(swap, ret);
        return NULL;
    case STATE_OUT:
    case STATE_IN:
        return try_new(swap, ret);
    case STATE_TRIAL:
    case STATE_BACK_OUT:
    case STATE_BACK_IN:
        return take_back(swap, STR("restore: the first start with it did not come to its end"),
                         ret);
    }
    BUG("not a state of a restore");
}

/* --- its end ---------------------------------------------------------------------------------- */

/* The folder is another restore's from here on; what is doomed in it is ours still. */
static struct err *settle(struct swap *swap)
{
    struct err *err = set_state(swap, STATE_DONE);

    if (!err)
        err = doom(swap, OLD);
    if (!err)
        err = sync_folder(swap, swap->folder, SWAP_FOLDER);
    return err ? err : clear_state(swap);
}

static struct err *end_trial(struct arena *a, const char *dir, struct swap_start *start,
                             struct swap *ret)
{
    struct err *err = swap_look(a, dir, ret);

    if (!err && ret->state != STATE_TRIAL)
        err = err_new(a, E_INTERNAL, NULL, "restore: %s/%s has gone, or is another one", dir,
                      SWAP_FOLDER);
    if (err)
        return err;
    start->is_trial = false;
    return NULL;
}

static void unlock(struct swap_start *start)
{
    if (start->lock >= 0)
        (void)close(start->lock); /* nothing was written */
    start->lock = -1;
}

struct err *swap_settle(struct arena *a, const char *dir, struct swap_start *start,
                        const atomic_bool *stop)
{
    struct swap opened = {.dir = -1, .folder = -1}, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err;

    if (!start->is_trial)
        return NULL;
    err = end_trial(a, dir, start, swap);
    if (!err)
        err = settle(swap);
    unlock(start);
    if (!err)
        err = remove_doomed(swap, stop);
    if (err)
        return err;
    swap_next_step();
    if (unlinkat(swap->dir, SWAP_FOLDER, AT_REMOVEDIR) == 0)
        return sync_folder(swap, swap->dir, "");
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT /* another restore */
               ? NULL
               : failed(swap, "removing", SWAP_FOLDER);
}

struct err *swap_go_back(struct arena *a, const char *dir, struct swap_start *start)
{
    struct swap opened = {.dir = -1, .folder = -1}, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err;

    if (!start->is_trial)
        return NULL;
    err = end_trial(a, dir, start, swap);
    if (!err)
        err = take_back(swap, STR("restore: the first start with it has failed"), start);
    unlock(start);
    return err;
}
