/*
 * The list of jobs, and what others may do to it.
 *
 * Invariants
 *  1. A slot is freed when it has neither a job nor a thread that works for it.
 *  2. What runs works with its own copy of the row: a job may be replaced meanwhile.
 *  3. The lock is held for a walk through the list at most.
 */
#include "jobs/internal.h"

#include "base/thread.h"

#include <stdlib.h>
#include <time.h>

/* --- slots; under lock ------------------------------------------------------------------------ */

static struct jobs_slot *find(const struct jobs *jobs, struct str id)
{
    struct jobs_slot *slot = jobs->slots;

    while (slot && !str_eq(slot->id, id))
        slot = slot->next;
    return slot;
}

static void unlink_slot(struct jobs *jobs, const struct jobs_slot *slot)
{
    struct jobs_slot **at = &jobs->slots;

    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
}

static void append(struct jobs *jobs, struct jobs_slot *slot)
{
    struct jobs_slot **at = &jobs->slots;

    while (*at)
        at = &(*at)->next;
    *at = slot;
    slot->next = NULL;
    slot->place = ++jobs->last_place;
}

static struct jobs_slot *new_slot(struct str id)
{
    struct arena *a = arena_new();
    struct jobs_slot *slot = ARENA_NEW(a, struct jobs_slot);

    slot->arena = a;
    slot->id = arena_dup(a, id);
    return slot;
}

static void free_def(struct jobs_def *def)
{
    if (def)
        arena_free(def->arena);
}

void jobs_let_go(struct jobs *jobs, struct jobs_slot *slot)
{
    if (slot->def || slot->is_running || slot->is_noting)
        return;
    unlink_slot(jobs, slot);
    arena_free(slot->arena);
}

static void kick(struct jobs *jobs)
{
    jobs->kicked = true;
    (void)pthread_cond_signal(&jobs->wake);
}

void jobs_want(struct jobs *jobs, struct jobs_slot *slot)
{
    if (slot->ticket > 0 || (slot->is_running && !slot->is_over))
        slot->skipped_ms = jobs_now_ms(jobs);
    else
        slot->ticket = ++jobs->last_ticket;
    kick(jobs);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static struct err *make_def(struct arena *a, const struct jobs_row *row, struct jobs_def **ret)
{
    struct arena *own = arena_new();
    struct jobs_def *def = ARENA_NEW(own, struct jobs_def);
    struct str why;

    def->arena = own;
    def->row = *row;
    def->row.id = def->row.schedule = STR_NONE;
    if (row->schedule.n > 0 && !cron_parse(a, row->schedule, &def->cron, &why)) {
        arena_free(own);
        return err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(why));
    }
    def->schedule = arena_dup(own, cron_expanded(row->schedule));
    *ret = def;
    return NULL;
}

struct err *jobs_add(struct arena *a, struct jobs *jobs, const struct jobs_row *row)
{
    struct jobs_def *def, *former;
    struct jobs_slot *slot;
    struct err *err = make_def(a, row, &def);

    if (err)
        return err;
    (void)pthread_mutex_lock(&jobs->lock);
    slot = find(jobs, row->id);
    if (slot)
        unlink_slot(jobs, slot);
    else
        slot = new_slot(row->id);
    append(jobs, slot);
    former = slot->def;
    slot->def = def;
    (void)pthread_mutex_unlock(&jobs->lock);
    free_def(former);
    return NULL;
}

/* Puts the new one in the place of the present one, which is returned; else the new one is. */
static struct jobs_def *exchange(struct jobs *jobs, struct str id, struct jobs_def *def,
                                 bool *ret_found)
{
    struct jobs_slot *slot;
    struct jobs_def *former = def;

    (void)pthread_mutex_lock(&jobs->lock);
    slot = find(jobs, id);
    *ret_found = slot && slot->def;
    if (*ret_found) {
        former = slot->def;
        def->row = former->row;
        slot->def = def;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return former;
}

struct err *jobs_set_schedule(struct arena *a, struct jobs *jobs, struct str id,
                              struct str schedule)
{
    const struct jobs_row row = {.schedule = schedule};
    struct jobs_def *def;
    struct err *err = make_def(a, &row, &def);
    bool found;

    if (err)
        return err;
    free_def(exchange(jobs, id, def, &found));
    return found ? NULL : err_new(a, E_NOT_FOUND, NULL, "no such job");
}

bool jobs_remove(struct jobs *jobs, struct str id)
{
    struct jobs_def *former = NULL;
    struct jobs_slot *slot;

    (void)pthread_mutex_lock(&jobs->lock);
    slot = find(jobs, id);
    if (slot && slot->def) {
        former = slot->def;
        slot->def = NULL;
        slot->ticket = 0;
        slot->skipped_ms = 0;
        jobs_let_go(jobs, slot);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    free_def(former);
    return former != NULL;
}

bool jobs_run(struct jobs *jobs, struct str id)
{
    struct jobs_slot *slot;
    bool found;

    (void)pthread_mutex_lock(&jobs->lock);
    slot = find(jobs, id);
    found = slot && slot->def && slot->def->schedule.n > 0;
    if (found)
        jobs_want(jobs, slot);
    (void)pthread_mutex_unlock(&jobs->lock);
    return found;
}

/* --- the list --------------------------------------------------------------------------------- */

static int compare_items(const void *x, const void *y)
{
    const struct jobs_item *a = x, *b = y;

    if (a->is_system != b->is_system)
        return a->is_system ? 1 : -1;
    if (!a->is_system)
        return str_cmp(a->id, b->id);
    return a->place < b->place ? -1 : 1;
}

void jobs_list(struct arena *a, struct jobs *jobs, struct jobs_items *ret)
{
    VEC(struct jobs_item) list = {0};
    VEC(struct cron) crons = {0};
    const int64_t now_ms = jobs_now_ms(jobs);

    (void)pthread_mutex_lock(&jobs->lock);
    for (const struct jobs_slot *slot = jobs->slots; slot; slot = slot->next) {
        if (!slot->def || slot->def->schedule.n == 0)
            continue;
        *VEC_PUSH(a, &crons) = slot->def->cron;
        *VEC_PUSH(a, &list) = (struct jobs_item){.id = arena_dup(a, slot->id),
                                                 .schedule = arena_dup(a, slot->def->schedule),
                                                 .is_system = slot->def->row.is_system,
                                                 .is_running = slot->is_running,
                                                 .place = slot->place};
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; i < list.n; i++)
        list.items[i].next_ms = cron_next(&crons.items[i], now_ms);
    if (list.n > 1)
        qsort(list.items, list.n, sizeof(*list.items), compare_items);
    *ret = (struct jobs_items){.items = list.items, .n = list.n};
}

/* --- begin and end ---------------------------------------------------------------------------- */

struct jobs *jobs_new(const struct jobs_conf *conf)
{
    struct arena *a = arena_new();
    struct jobs *jobs = ARENA_NEW(a, struct jobs);
    pthread_condattr_t attr;

    jobs->arena = a;
    jobs->conf = *conf;
    jobs->conf.node = arena_dup(a, conf->node);
    atomic_init(&jobs->stopping, false);
    /* None of these can fail with such arguments. */
    (void)pthread_mutex_init(&jobs->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&jobs->wake, &attr);
    (void)pthread_cond_init(&jobs->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    return jobs;
}

struct err *jobs_start(struct arena *a, struct jobs *jobs)
{
    jobs->minute = jobs_now_ms(jobs) / 60000;
    if (!thread_start("jobs", jobs_clock_main, jobs, &jobs->clock))
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->started = true;
    (void)pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

static bool has_ended(const struct jobs *jobs)
{
    bool ended = !jobs->started || jobs->ended;

    for (size_t i = 0; i < JOBS_THREADS; i++)
        ended = ended && jobs->threads[i].state != JOBS_STARTED &&
                jobs->threads[i].state != JOBS_AT_WORK;
    return ended;
}

bool jobs_stop(struct jobs *jobs, uint64_t wait_ms)
{
    struct timespec until;
    bool ended;

    if (!jobs)
        return true;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&jobs->lock);
    atomic_store(&jobs->stopping, true);
    kick(jobs);
    while (!(ended = has_ended(jobs)))
        if (pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until) != 0)
            break;
    (void)pthread_mutex_unlock(&jobs->lock);
    return ended;
}

static bool is_there(struct jobs *jobs, const struct jobs_thread *thread)
{
    bool there;

    (void)pthread_mutex_lock(&jobs->lock);
    there = thread->state != JOBS_NO_THREAD;
    (void)pthread_mutex_unlock(&jobs->lock);
    return there;
}

/* The clock's first: it starts and joins the others. */
static void join_all(struct jobs *jobs)
{
    if (jobs->started)
        thread_join(jobs->clock);
    for (size_t i = 0; i < JOBS_THREADS; i++)
        if (is_there(jobs, &jobs->threads[i]))
            thread_join(jobs->threads[i].thread);
}

void jobs_free(struct jobs *jobs)
{
    if (!jobs)
        return;
    (void)jobs_stop(jobs, 0);
    join_all(jobs);
    for (struct jobs_slot *slot = jobs->slots, *next; slot; slot = next) {
        next = slot->next;
        free_def(slot->def);
        arena_free(slot->arena);
    }
    (void)pthread_cond_destroy(&jobs->changed);
    (void)pthread_cond_destroy(&jobs->wake);
    (void)pthread_mutex_destroy(&jobs->lock);
    arena_free(jobs->arena);
}
