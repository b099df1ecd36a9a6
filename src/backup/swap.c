/*
 * What happens to a restore in its states (moves.h), by whom and when.
 */
#include "backup/swap.h"

#include "backup/in_use.h"
#include "backup/moves.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREPARE_TRIES 100

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
        return errno == ENOENT ? NULL : swap_failed(ret, "opening", "");
    ret->folder = swap_open(ret->dir, SWAP_FOLDER);
    if (ret->folder < 0)
        return errno == ENOENT ? NULL : swap_failed(ret, "opening", SWAP_FOLDER);
    return swap_read_state(ret);
}

/* A file system that has no locks leaves us as we were. */
static bool is_another_process(const struct swap *swap)
{
    return flock(swap->folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
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
    struct swap_names names;
    struct err *err = swap_list_moved(swap, folder, &names);

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
    struct swap_names names;
    struct err *err;
    int fd;

    err = swap_open_inside(swap, SWAP_IN_NEW, &fd);
    if (err)
        return err;
    err = check_mounts(swap, fd, SWAP_NEW "/");
    if (!err)
        err = swap_list_moved(swap, fd, &names);
    if (!err && names.n == 0)
        err = err_new(swap->a, E_INTERNAL, NULL, "restore: %s/%s is empty", swap->path, SWAP_NEW);
    if (!err) /* the names that lead to it, too */
        err = swap_sync_folder(swap, fd, SWAP_NEW);
    (void)close(fd); /* nothing was written */
    return err;
}

/* A folder of its own, empty, so that nobody who removes what is left takes the one around it. */
static struct err *make_new(struct swap *swap, bool *ret_again)
{
    struct err *err = swap_doom(swap, SWAP_IN_NEW);

    *ret_again = false;
    if (err)
        return err;
    swap_next_step();
    if (mkdirat(swap->folder, SWAP_IN_NEW, 0700) == 0)
        return NULL;
    *ret_again = errno == ENOENT; /* the folder has gone under our hands */
    return *ret_again ? NULL : swap_failed_inside(swap, "creating", SWAP_IN_NEW);
}

/* In the folder, which is locked. */
static struct err *make_ready(struct swap *swap, bool *ret_again)
{
    struct err *err = swap_read_state(swap);

    *ret_again = false;
    if (err)
        return err;
    if (swap_has_old(swap) || (swap->state != STATE_NONE && swap->state != STATE_OUT))
        return err_new(swap->a, E_INTERNAL, NULL,
                       "restore: another one is under way in %s/%s: \"%s\": start the server first",
                       swap->path, SWAP_FOLDER, swap_state_names[swap->state]);
    if (swap->state == STATE_OUT) /* nothing of it has been moved */
        err = swap_clear_state(swap);
    return err ? err : make_new(swap, ret_again);
}

static struct err *try_to_prepare(struct arena *a, const char *dir, int *ret_lock, bool *ret_again)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err;

    *ret_again = false;
    *swap = (struct swap){.a = a, .path = dir, .dir = -1, .folder = -1};
    swap->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (swap->dir < 0)
        return swap_failed(swap, "opening", "");
    swap_next_step();
    if (mkdirat(swap->dir, SWAP_FOLDER, 0700) != 0 && errno != EEXIST)
        return swap_failed(swap, "creating", SWAP_FOLDER);
    swap->folder = swap_open(swap->dir, SWAP_FOLDER);
    *ret_again = swap->folder < 0 && errno == ENOENT;
    if (swap->folder < 0)
        return *ret_again ? NULL : swap_failed(swap, "opening", SWAP_FOLDER);
    if (is_another_process(swap))
        return err_new(
            a, E_INTERNAL, NULL,
            "restore: another process prepares one, or starts with one, in %s: try again "
            "once it has",
            dir);
    err = make_ready(swap, ret_again);
    if (err || *ret_again)
        return err;
    *ret_lock = swap->folder; /* stays open, and so locked */
    swap->folder = -1;
    return NULL;
}

struct err *swap_prepare(struct arena *a, const char *dir, int *ret_lock)
{
    *ret_lock = -1;
    for (unsigned i = 0; i < PREPARE_TRIES; i++) {
        bool again;
        struct err *err = try_to_prepare(a, dir, ret_lock, &again);

        if (err || !again)
            return err;
    }
    return err_new(a, E_UNAVAILABLE, NULL, "restore: %s/%s is removed again and again", dir,
                   SWAP_FOLDER);
}

struct err *swap_begin(struct arena *a, const char *dir)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err = swap_look(a, dir, swap);

    if (!err && swap->folder < 0) {
        errno = ENOENT;
        err = swap_failed(swap, "opening", SWAP_NEW);
    }
    if (!err && swap->state != STATE_NONE)
        err = err_new(a, E_INTERNAL, NULL, "restore: another one is under way in %s/%s: \"%s\"",
                      dir, SWAP_FOLDER, swap_state_names[swap->state]);
    if (!err && swap_has_old(swap)) {
        errno = EEXIST;
        err = swap_failed_inside(swap, "beginning beside", SWAP_IN_OLD);
    }
    if (!err)
        err = check_mounts(swap, swap->dir, "");
    if (!err)
        err = check_new(swap);
    if (!err)
        err = swap_sync_folder(swap, swap->dir, "");
    return err ? err : swap_set_state(swap, STATE_OUT);
}

/* --- the start that follows ------------------------------------------------------------------- */

/* The folder is in nobody's way: that it stays is no reason not to start. */
static void remove_what_is_left(struct swap *swap, struct swap_start *ret)
{
    struct err *err = swap_remove_folder(swap, NULL);

    if (err)
        ret->left = err->cause;
}

static struct err *take_back(struct swap *swap, struct str why, struct swap_start *ret)
{
    struct err *err = swap_undo(swap);

    if (err)
        return err_new(swap->a, E_INTERNAL, NULL, "%.*s; going back: %.*s", STR_ARG(why),
                       STR_ARG(err->cause));
    ret->taken_back = true;
    ret->why = why;
    remove_what_is_left(swap, ret);
    return NULL;
}

static struct err *try_new(struct swap *swap, struct swap_start *ret)
{
    struct err *err = swap_go_forward(swap);

    if (err)
        return take_back(swap, err->cause, ret);
    ret->is_trial = true;
    ret->lock = swap->folder; /* stays open, and so locked */
    swap->folder = -1;
    return NULL;
}

/* Who does not serve works on what the next start will try. */
static struct err *move_for_command(struct swap *swap, struct swap_start *ret)
{
    struct err *err = swap_move_over(swap);

    return err ? take_back(swap, err->cause, ret) : NULL;
}

/* With the directory alone in our hands. */
static struct err *resume(struct swap *swap, enum swap_who who, struct swap_start *ret)
{
    if (swap->state != STATE_OUT && swap->state != STATE_IN)
        return take_back(swap, STR("restore: the first start with it did not come to its end"),
                         ret);
    return who == SWAP_SERVER ? try_new(swap, ret) : move_for_command(swap, ret);
}

/* Nothing has been moved: it is as if it had not been begun. */
static struct err *drop(struct swap *swap, struct swap_start *ret)
{
    struct err *err = swap_clear_state(swap);

    if (err)
        return err;
    ret->taken_back = true;
    ret->why = STR("restore: other processes have the data directory open");
    remove_what_is_left(swap, ret);
    return NULL;
}

static struct err *resume_alone(struct swap *swap, int lock, enum swap_who who,
                                struct swap_start *ret)
{
    const bool is_begun = swap->state != STATE_OUT || swap_has_old(swap);
    struct err *err;

    if (who == SWAP_BACKUPS && !is_begun)
        return NULL;
    if (who != SWAP_SERVER && swap->state == STATE_IN && swap_is_empty(swap, SWAP_IN_NEW))
        return NULL; /* another command has moved it already */
    if (in_use_take(lock)) {
        err = resume(swap, who, ret);
        in_use_give(lock);
        return err;
    }
    if (!is_begun)
        return who == SWAP_SERVER ? drop(swap, ret) : NULL;
    return err_new(swap->a, E_UNAVAILABLE, NULL,
                   "restore: other processes have %s open, which is between two contents: stop "
                   "them, and start the server",
                   swap->path);
}

static struct err *look_at_rest(struct swap *swap, enum swap_who who, struct swap_start *ret)
{
    if (swap->state == STATE_NONE && !swap_is_empty(swap, SWAP_IN_OLD))
        return err_new(swap->a, E_INTERNAL, NULL,
                       "restore: %s/%s/%s has content, and no state says whose: move it to where "
                       "it belongs",
                       swap->path, SWAP_FOLDER, SWAP_IN_OLD);
    if (who == SWAP_SERVER)
        remove_what_is_left(swap, ret);
    return NULL;
}

struct err *swap_at_start(struct arena *a, const char *dir, int lock, enum swap_who who,
                          struct swap_start *ret)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err = swap_look(a, dir, swap);

    *ret = (struct swap_start){.lock = -1};
    if (err || swap->folder < 0)
        return err;
    if (is_another_process(swap))
        return swap->state == STATE_NONE ||
                       who != SWAP_SERVER /* it prepares a restore, or tries one */
                   ? NULL
                   : err_new(a, E_INTERNAL, NULL,
                             "restore: another process is starting with what was restored in %s: "
                             "try again once it has",
                             dir);
    err = swap_read_state(swap); /* it may be another one by now */
    if (err)
        return err;
    return swap->state == STATE_NONE || swap->state == STATE_DONE
               ? look_at_rest(swap, who, ret)
               : resume_alone(swap, lock, who, ret);
}

/* --- its end ---------------------------------------------------------------------------------- */

/* From `done` on the folder is another restore's; what is doomed in it is ours still. */
static struct err *tidy(struct swap *swap)
{
    struct err *err = swap_doom(swap, SWAP_IN_OLD);

    if (!err)
        err = swap_sync_folder(swap, swap->folder, SWAP_FOLDER);
    return err ? err : swap_clear_state(swap);
}

/* `done`: it has been settled, but for certainty that it is on disk. */
static struct err *open_trial(struct arena *a, const char *dir, struct swap *ret)
{
    struct err *err = swap_look(a, dir, ret);

    if (!err && (ret->folder < 0 || (ret->state != STATE_TRIAL && ret->state != STATE_DONE)))
        err = err_new(a, E_INTERNAL, NULL, "restore: %s/%s has gone, or is another one", dir,
                      SWAP_FOLDER);
    return err;
}

static void unlock(struct swap_start *start)
{
    if (start->lock >= 0)
        (void)close(start->lock); /* nothing was written */
    start->lock = -1;
}

struct err *swap_settle(struct arena *a, const char *dir, struct swap_start *start)
{
    struct swap opened = {.dir = -1, .folder = -1}, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err;

    if (!start->is_trial)
        return NULL;
    err = open_trial(a, dir, swap);
    if (!err)
        err = swap_set_state(swap, STATE_DONE);
    if (err)
        return err;
    start->is_trial = false;
    start->is_kept = true;
    err = tidy(swap);
    if (err) /* the next start will do it */
        start->left = err->cause;
    unlock(start);
    return NULL;
}

struct err *swap_clean(struct arena *a, const char *dir, const atomic_bool *stop)
{
    struct swap opened, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err = swap_look(a, dir, swap);

    if (err || swap->folder < 0)
        return err;
    err = swap_remove_doomed(swap, stop);
    if (err)
        return err;
    swap_next_step();
    if (unlinkat(swap->dir, SWAP_FOLDER, AT_REMOVEDIR) == 0)
        return swap_sync_folder(swap, swap->dir, "");
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT /* another restore */
               ? NULL
               : swap_failed(swap, "removing", SWAP_FOLDER);
}

struct err *swap_go_back(struct arena *a, const char *dir, int lock, struct swap_start *start)
{
    struct swap opened = {.dir = -1, .folder = -1}, *swap = &opened;
    AUTO(swap_close) struct swap *closing UNUSED = swap;
    struct err *err;

    if (!start->is_trial)
        return NULL;
    err = open_trial(a, dir, swap);
    if (!err && !in_use_take(lock))
        err =
            err_new(a, E_UNAVAILABLE, NULL,
                    "restore: other processes have %s open: stop them, and start the server", dir);
    if (!err) {
        err = take_back(swap, STR("restore: the first start with it has failed"), start);
        in_use_give(lock);
    }
    start->is_trial = start->is_trial && err;
    unlock(start);
    return err;
}
