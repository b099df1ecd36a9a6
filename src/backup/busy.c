/*
 * The one place that there is for a backup or a restore, and what is told of it.
 */
#include "backup/internal.h"

bool backups_take(struct backups *backups, struct str key)
{
    bool taken;

    pthread_mutex_lock(&backups->lock);
    taken = !backups->busy && !atomic_load(&backups->stopping);
    if (taken) {
        backups->busy = true;
        backups->used = arena_new();
        backups->key = arena_dup(backups->used, key);
    }
    pthread_mutex_unlock(&backups->lock);
    return taken;
}

void backups_give(struct backups *backups)
{
    pthread_mutex_lock(&backups->lock);
    atomic_store(&backups->doing, NULL);
    backups->busy = false;
    backups->key = STR_NONE;
    arena_free(TAKE(backups->used));
    pthread_mutex_unlock(&backups->lock);
}

bool backups_are_busy(struct backups *backups)
{
    bool busy;

    pthread_mutex_lock(&backups->lock);
    busy = backups->busy;
    pthread_mutex_unlock(&backups->lock);
    return busy;
}

bool backups_uses(struct backups *backups, struct str key)
{
    bool uses;

    pthread_mutex_lock(&backups->lock);
    uses = backups->busy && str_eq(backups->key, key);
    pthread_mutex_unlock(&backups->lock);
    return uses;
}

bool backups_say(struct backups *backups, const char *doing, double part)
{
    atomic_store(&backups->part, (unsigned)(part * 1000));
    atomic_store(&backups->doing, doing);
    return !atomic_load(&backups->stopping);
}

bool backups_progress(struct backups *backups, struct backup_progress *ret)
{
    ret->what = atomic_load(&backups->doing);
    ret->part = (double)atomic_load(&backups->part) / 1000;
    return ret->what != NULL;
}

struct err *backups_gone(struct arena *a)
{
    return err_new(a, E_GONE, NULL, "the server stops");
}

static bool go_on(void *user, uint64_t bytes)
{
    const struct backup_watch *watch = user;
    const double part =
        watch->bytes > bytes ? (double)bytes / (double)watch->bytes : watch->bytes > 0;

    return backups_say(watch->backups, watch->doing, part);
}

struct zip_watch backup_zip_watch(struct backup_watch *watch)
{
    return (struct zip_watch){go_on, watch};
}
