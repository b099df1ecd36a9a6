#include "cli/restored.h"

#include "base/log.h"
#include "base/thread.h"

struct err *restored_look(struct arena *a, struct str dir, struct restored *ret)
{
    struct err *err;

    *ret = (struct restored){.dir = arena_cstr(a, dir), .start = {.lock = -1}};
    err = swap_at_start(a, ret->dir, &ret->start);
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

static void settle(void *arg)
{
    struct restored *restored = arg;
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = swap_settle(a, restored->dir, &restored->start, &restored->stop);

    if (err)
        log_warn("restore.leftovers", LOG_STR("cause", err->cause));
    else
        log_info("restore.done");
}

void restored_keep(struct restored *restored)
{
    if (!restored->start.is_trial)
        return;
    restored->has_thread = thread_start("restored", settle, restored, &restored->thread);
    if (!restored->has_thread)
        settle(restored);
}

bool restored_take_back(struct arena *a, struct restored *restored)
{
    struct err *err;

    if (!restored->start.is_trial)
        return false;
    err = swap_go_back(a, restored->dir, &restored->start);
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
