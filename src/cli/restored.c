#include "cli/restored.h"

#include "backup/in_use.h"
#include "base/log.h"
#include "base/thread.h"

struct err *restored_look(struct arena *a, struct str dir, enum swap_who who, struct restored *ret)
{
    struct err *err;

    *ret = (struct restored){.dir = arena_cstr(a, dir), .lock = -1, .start = {.lock = -1}};
    err = in_use_share(a, ret->dir, &ret->lock);
    if (!err)
        err = swap_at_start(a, ret->dir, ret->lock, who, &ret->start);
    if (err)
        return err;
    if (ret->start.taken_back)
        log_error("restore.taken_back", LOG_STR("why", ret->start.why));
    if (ret->start.left.n > 0)
        log_warn("restore.leftovers", LOG_STR("what", ret->start.left));
    if (ret->start.is_trial)
        log_info("restore.begun");
    return NULL;
}

struct err *restored_settle(struct arena *a, struct restored *restored)
{
    struct err *err = swap_settle(a, restored->dir, &restored->start);

    if (!err && restored->start.is_kept)
        log_info("restore.done");
    return err;
}

static void clean(void *arg)
{
    struct restored *restored = arg;
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = swap_clean(a, restored->dir, &restored->stop);

    if (restored->start.left.n > 0)
        log_warn("restore.leftovers", LOG_STR("cause", restored->start.left));
    if (err)
        log_warn("restore.leftovers", LOG_STR("cause", err->cause));
}

void restored_clean(struct restored *restored)
{
    if (!restored->start.is_kept)
        return;
    restored->has_thread = thread_start("restored", clean, restored, &restored->thread);
    if (!restored->has_thread)
        clean(restored);
}

bool restored_take_back(struct arena *a, struct restored *restored)
{
    struct err *err;

    if (!restored->start.is_trial)
        return false;
    err = swap_go_back(a, restored->dir, restored->lock, &restored->start);
    if (err)
        log_error("restore.stuck", LOG_STR("cause", err->cause));
    else
        log_error("restore.taken_back", LOG_CSTR("why", "the restored data could not be served"));
    return !err;
}

void restored_end(struct restored *restored)
{
    atomic_store(&restored->stop, true);
    if (restored->has_thread)
        thread_join(restored->thread);
    restored->has_thread = false;
}
