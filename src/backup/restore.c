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

#include <unistd.h>

#define DELAY_US 1000000 /* as PocketBase's: the answer goes out first */

static struct err *check_there(struct arena *a, struct backups *backups,
                               const struct settings *settings, struct str key)
{
    bool has = false;
    struct err *err = backups_has(a, backups, settings, key, &has);

    if (err || has)
        return err;
    return err_new(a, E_BAD_REQUEST, "Missing or invalid backup file.",
                   "there is no backup \"%.*s\"", STR_ARG(key));
}

/* The folder is locked meanwhile: else another process would take it for what a crash has left. */
static struct err *prepare(struct arena *a, struct backups *backups,
                           const struct settings *settings, struct str key)
{
    const struct str dir = backups->conf.dir;
    struct backup_checked checked;
    int lock = -1;
    struct err *err = check_there(a, backups, settings, key);

    if (!err)
        err = swap_prepare(a, arena_cstr(a, dir), &lock);
    if (!err)
        err = backup_unpack(a, backups, settings, key,
                            arena_concat(a, dir, STR("/" SWAP_NEW), STR_NONE), &checked);
    if (!err)
        err = swap_begin(a, arena_cstr(a, dir));
    if (lock >= 0)
        (void)close(lock); /* nothing was written */
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
    struct err *err;

    if (!backups_take(backups, key))
        return err_new(a, E_BAD_REQUEST, BACKUP_BUSY, "another backup or restore is under way");
    err = check_there(a, backups, settings, key);
    if (!err && !backups->conf.alone(backups->conf.user))
        err = err_new(a, E_BAD_REQUEST,
                      "Another process has the data directory open: stop it, then try again.",
                      "the data directory is shared");
    if (!err)
        err = start(a, backups, settings, key);
    if (err)
        backups_give(backups);
    return err;
}
