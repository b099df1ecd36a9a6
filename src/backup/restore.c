/*
 * A backup made ready to be the data directory of the next start.
 *
 * Nothing of the directory in use is touched here. It is unpacked into .reeve_restore/new, and
 * swap_begin() leaves word of it: what then happens is for the next start (swap.h).
 */
#include "backup/internal.h"

#include "backup/swap.h"
#include "base/log.h"
#include "base/thread.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define DELAY_US 1000000 /* as PocketBase's: the answer goes out first */

/* Into a folder that is locked meanwhile: else another process's start would take it for a
 * leftover.
 */
static struct err *unpack_locked(struct arena *a, struct backups *backups,
                                 const struct settings *settings, struct str key,
                                 struct backup_checked *ret)
{
    const struct str dir = backups->conf.dir;
    const char *folder = arena_cstr(a, arena_concat(a, dir, STR("/" SWAP_FOLDER), STR_NONE));
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct err *err;

    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0)
        err = backup_failed(a, "locking", folder);
    else
        err = backup_unpack(a, backups, settings, key,
                            arena_concat(a, dir, STR("/" SWAP_NEW), STR_NONE), ret);
    if (!err)
        err = swap_begin(a, arena_cstr(a, dir));
    if (lock >= 0)
        close(lock);
    return err;
}

static struct err *prepare(struct arena *a, struct backups *backups,
                           const struct settings *settings, struct str key)
{
    const struct str folder = arena_concat(a, backups->conf.dir, STR("/" SWAP_FOLDER), STR_NONE);
    struct backup_checked checked;
    struct err *err = backup_remove_tree(a, folder); /* of one that was broken off */

    if (!err)
        err = backup_make_folder(a, folder);
    if (!err)
        err = unpack_locked(a, backups, settings, key, &checked);
    if (err)
        return err;
    log_info("restore.ready", LOG_STR("key", key), LOG_U64("files", checked.files),
             LOG_U64("rows", checked.rows));
    return NULL;
}

struct err *backup_prepare(struct arena *a, struct backups *backups,
                           const struct settings *settings, struct str key)
{
    struct err *err;

    if (!backups_take(backups, key))
        return err_new(a, E_BAD_REQUEST, BACKUP_BUSY, "another backup or restore is under way");
    err = prepare(a, backups, settings, key);
    backups_give(backups);
    return err;
}

struct restoring {
    struct arena *arena;
    struct backups *backups;
    struct settings *settings;
    struct str key;
};

/* Once it is ready it stays busy: nothing may begin until the program starts anew. */
static void restore_main(void *arg)
{
    struct restoring *restoring = arg;
    struct backups *backups = restoring->backups;
    struct err *err;

    usleep(DELAY_US);
    err = prepare(restoring->arena, backups, restoring->settings, restoring->key);
    if (err) {
        log_error("restore.failed", LOG_STR("key", restoring->key), LOG_STR("cause", err->cause));
        backups_give(backups);
    } else {
        backups->conf.restart(backups->conf.user);
    }
    settings_unref(restoring->settings);
    arena_free(restoring->arena);
}

static struct err *start(struct arena *a, struct backups *backups, struct settings *settings,
                         struct str key)
{
    struct arena *own = arena_new();
    struct restoring *restoring = ARENA_NEW(own, struct restoring);

    *restoring = (struct restoring){own, backups, settings_ref(settings), arena_dup(own, key)};
    if (backups->has_thread)
        pthread_join(backups->thread, NULL); /* of one that has failed */
    backups->has_thread = thread_start("restore", restore_main, restoring, &backups->thread);
    if (backups->has_thread)
        return NULL;
    settings_unref(settings);
    arena_free(own);
    return err_new(a, E_UNAVAILABLE, NULL, "the system has no thread left");
}

struct err *backup_restore(struct arena *a, struct backups *backups, struct settings *settings,
                           struct str key)
{
    bool has = false;
    struct err *err;

    if (!backups_take(backups, key))
        return err_new(a, E_BAD_REQUEST, BACKUP_BUSY, "another backup or restore is under way");
    err = backups_has(a, backups, settings, key, &has);
    if (!err && !has)
        err = err_new(a, E_BAD_REQUEST, "Missing or invalid backup file.", "there is none");
    if (!err)
        err = start(a, backups, settings, key);
    if (err)
        backups_give(backups);
    return err;
}
