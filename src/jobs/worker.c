/*
 * The threads that run jobs. One takes what has waited longest, and ends when nothing waits.
 */
#include "jobs/internal.h"

#include "base/date.h"
#include "base/log.h"
#include "base/thread.h"

static bool waits(const struct jobs_slot *slot)
{
    return slot->ticket > 0 && !slot->is_running;
}

static bool has_note(const struct jobs_slot *slot)
{
    return slot->skipped_ms > 0 && !slot->is_noting;
}

/* --- one run ---------------------------------------------------------------------------------- */

static struct str words_of(const struct err *err)
{
    if (!err)
        return STR_NONE;
    return err->cause.n > 0 ? err->cause : str_of(err->message);
}

static void log_end(struct str id, uint64_t took_ms, const struct err *err)
{
    if (err)
        log_error("job.failed", LOG_STR("id", id), LOG_U64("took_ms", took_ms),
                  LOG_STR("cause", words_of(err)));
    else
        log_debug("job.done", LOG_STR("id", id), LOG_U64("took_ms", took_ms));
}

static void log_skip(struct str id)
{
    log_warn("job.skipped", LOG_STR("id", id));
}

/* From here on nothing but its own result is written of it, which is its last word. True: a start
 * was skipped of which nothing is written. */
static bool end_notes(struct jobs *jobs, struct jobs_slot *slot)
{
    bool was_skipped;

    (void)pthread_mutex_lock(&jobs->lock);
    was_skipped = slot->skipped_ms > 0;
    slot->is_over = true;
    slot->skipped_ms = 0;
    while (slot->is_noting)
        (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
    (void)pthread_mutex_unlock(&jobs->lock);
    return was_skipped;
}

/* Under lock, which it lets go meanwhile. */
static void run(struct jobs *jobs, struct jobs_slot *slot)
{
    const struct jobs_row row = slot->def->row;
    struct arena *a = arena_new();
    struct err *err;
    int64_t started_ms;
    uint64_t began_ms, took_ms;

    slot->ticket = 0;
    slot->is_running = true;
    (void)pthread_mutex_unlock(&jobs->lock);
    started_ms = jobs_now_ms(jobs);
    began_ms = clock_ms();
    err = row.run(row.user, a, &jobs->stopping);
    took_ms = clock_ms() - began_ms;
    log_end(slot->id, took_ms, err);
    if (end_notes(jobs, slot))
        log_skip(slot->id);
    jobs_keep(a, jobs, slot->id, started_ms, took_ms, words_of(err));
    arena_free(a);
    (void)pthread_mutex_lock(&jobs->lock);
    slot->is_running = slot->is_over = false;
    jobs_let_go(jobs, slot);
}

/* Under lock, which it lets go meanwhile. */
static void note(struct jobs *jobs, struct jobs_slot *slot)
{
    const int64_t skipped_ms = slot->skipped_ms;
    struct arena *a = arena_new();

    slot->skipped_ms = 0;
    slot->is_noting = true;
    (void)pthread_mutex_unlock(&jobs->lock);
    log_skip(slot->id);
    jobs_keep(a, jobs, slot->id, skipped_ms, 0, STR("skipped"));
    arena_free(a);
    (void)pthread_mutex_lock(&jobs->lock);
    slot->is_noting = false;
    (void)pthread_cond_broadcast(&jobs->changed);
    jobs_let_go(jobs, slot);
}

/* --- threads ---------------------------------------------------------------------------------- */

static struct jobs_slot *find_note(const struct jobs *jobs)
{
    struct jobs_slot *slot = jobs->slots;

    while (slot && !has_note(slot))
        slot = slot->next;
    return slot;
}

static struct jobs_slot *find_start(const struct jobs *jobs)
{
    struct jobs_slot *found = NULL;

    for (struct jobs_slot *slot = jobs->slots; slot; slot = slot->next)
        if (waits(slot) && (!found || slot->ticket < found->ticket))
            found = slot;
    return found;
}

/* False: there is nothing to do. Under lock, which it lets go meanwhile. */
static bool work(struct jobs *jobs)
{
    struct jobs_slot *slot;

    if (atomic_load(&jobs->stopping))
        return false;
    slot = find_note(jobs);
    if (slot) {
        note(jobs, slot);
        return true;
    }
    slot = find_start(jobs);
    if (slot)
        run(jobs, slot);
    return slot != NULL;
}

static void worker_main(void *arg)
{
    struct jobs_thread *self = arg;
    struct jobs *jobs = self->jobs;

    (void)pthread_mutex_lock(&jobs->lock);
    self->state = JOBS_AT_WORK;
    while (work(jobs))
        ;
    self->state = JOBS_ENDED;
    (void)pthread_cond_broadcast(&jobs->changed);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (jobs->conf.thread_end)
        jobs->conf.thread_end(jobs->conf.user);
}

/* How many threads are to be started: what waits, less those that have not looked yet. */
static int count_missing(const struct jobs *jobs)
{
    int n = 0;

    for (const struct jobs_slot *slot = jobs->slots; slot; slot = slot->next)
        n += (int)waits(slot) + (int)has_note(slot);
    for (size_t i = 0; i < JOBS_THREADS; i++)
        n -= (int)(jobs->threads[i].state == JOBS_STARTED);
    return n;
}

/* Under lock, which it lets go meanwhile. */
static void start_thread(struct jobs *jobs, struct jobs_thread *thread)
{
    static struct log_pace pace;
    bool is_there;

    thread->jobs = jobs;
    thread->state = JOBS_STARTED;
    (void)pthread_mutex_unlock(&jobs->lock);
    is_there = thread_start("job", worker_main, thread, &thread->thread);
    if (!is_there)
        log_seldom(&pace, LOG_ERROR, "job.no_thread");
    (void)pthread_mutex_lock(&jobs->lock);
    if (!is_there)
        thread->state = JOBS_NO_THREAD; /* what waits does so until the next minute */
}

void jobs_call_workers(struct jobs *jobs)
{
    for (size_t i = 0; i < JOBS_THREADS; i++) {
        struct jobs_thread *thread = &jobs->threads[i];

        if (thread->state == JOBS_ENDED) {
            (void)pthread_mutex_unlock(&jobs->lock);
            thread_join(thread->thread);
            (void)pthread_mutex_lock(&jobs->lock);
            thread->state = JOBS_NO_THREAD;
        }
        if (thread->state == JOBS_NO_THREAD && !atomic_load(&jobs->stopping) &&
            count_missing(jobs) > 0)
            start_thread(jobs, thread);
    }
}
