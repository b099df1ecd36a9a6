/*
 * The last day, minute by minute: a ring, and the thread that adds to it.
 *
 * What lies between two looks at the totals is a minute's: so counting costs nothing here, and one
 * that comes late is longer than a minute, which it says.
 */
#include "telemetry/counts.h"

#include "base/date.h"
#include "base/memory.h"
#include "base/thread.h"

#include <time.h>

#define MINUTE_MS 60000
#define RING_BYTES (METRICS_MINUTES * sizeof(struct metrics_minute))

static struct metrics_levels look(const struct metrics *metrics)
{
    struct metrics_levels levels = {0};

    metrics->conf.look(metrics->conf.user, &levels);
    return levels;
}

struct metrics_time metrics_time(void)
{
    return (struct metrics_time){.wall_ms = date_now_ms(), .ms = clock_ms()};
}

static void mark_now(const struct metrics *metrics, struct metrics_time now,
                     struct metrics_mark *ret)
{
    ret->minute = now.wall_ms / MINUTE_MS;
    ret->ms = now.ms;
    metrics_sum(metrics, &ret->totals);
    ret->levels = look(metrics);
}

/* --- a minute --------------------------------------------------------------------------------- */

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint32_t small(uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* What has come between two marks. `to` may have a time before from's: a request takes its own
 * before the minute's end has the lock. */
static struct metrics_minute between(const struct metrics_mark *from, const struct metrics_mark *to)
{
    struct metrics_minute minute = {
        .minute = from->minute,
        .ms = small(to->ms > from->ms ? to->ms - from->ms : 0),
        .failed_4xx = small(to->totals.failed_4xx - from->totals.failed_4xx),
        .failed_5xx = small(to->totals.failed_5xx - from->totals.failed_5xx),
        .units = small(to->levels.units - from->levels.units),
        .cpu_us = to->levels.cpu_us - from->levels.cpu_us,
        .rss_bytes = most(from->levels.rss_bytes, to->levels.rss_bytes),
        .wal_bytes = most(from->levels.wal_bytes, to->levels.wal_bytes),
        .connections = small(most(from->levels.connections, to->levels.connections)),
        .clients = small(most(from->levels.clients, to->levels.clients)),
    };

    for (size_t i = 0; i < METRICS_BUCKETS; i++)
        minute.buckets[i] = small(to->totals.buckets[i] - from->totals.buckets[i]);
    return minute;
}

void metrics_tick(struct metrics *metrics, struct metrics_time now)
{
    struct metrics_past *past = &metrics->past;
    struct metrics_mark mark;

    if (now.wall_ms / MINUTE_MS == past->mark.minute) /* written by this thread alone */
        return;
    mark_now(metrics, now, &mark);
    (void)pthread_mutex_lock(&past->lock);
    if (past->marked) {
        past->ring[past->next] = between(&past->mark, &mark);
        past->next = (past->next + 1) % METRICS_MINUTES;
        past->n += past->n < METRICS_MINUTES;
    }
    past->mark = mark;
    past->marked = true;
    (void)pthread_mutex_unlock(&past->lock);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* With the lock: until the minute on the wall is over, or the end has come. */
static void rest(struct metrics_past *past)
{
    const int64_t ms = MINUTE_MS - date_now_ms() % MINUTE_MS;
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!past->ending && pthread_cond_timedwait(&past->wake, &past->lock, &until) == 0)
        ; /* woken for nothing */
}

static void past_main(void *arg)
{
    struct metrics *metrics = arg;
    struct metrics_past *past = &metrics->past;

    (void)pthread_mutex_lock(&past->lock);
    while (!past->ending) {
        rest(past);
        (void)pthread_mutex_unlock(&past->lock);
        metrics_tick(metrics, metrics_time());
        (void)pthread_mutex_lock(&past->lock);
    }
    (void)pthread_mutex_unlock(&past->lock);
}

bool metrics_start(struct metrics *metrics)
{
    struct metrics_past *past = &metrics->past;

    metrics_tick(metrics, metrics_time());
    past->started = thread_start("metrics", past_main, metrics, &past->thread);
    return past->started;
}

void metrics_stop(struct metrics *metrics)
{
    struct metrics_past *past = metrics ? &metrics->past : NULL;

    if (!past || !past->started)
        return;
    (void)pthread_mutex_lock(&past->lock);
    past->ending = true;
    (void)pthread_cond_signal(&past->wake);
    (void)pthread_mutex_unlock(&past->lock);
    thread_join(past->thread);
    past->started = false;
}

void past_init(struct metrics *metrics)
{
    struct metrics_past *past = &metrics->past;
    pthread_condattr_t attr;

    past->ring = memory_new(RING_BYTES);
    /* None of these can fail with such arguments. */
    (void)pthread_mutex_init(&past->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&past->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
}

void past_done(struct metrics *metrics)
{
    struct metrics_past *past = &metrics->past;

    memory_free(past->ring, RING_BYTES);
    (void)pthread_cond_destroy(&past->wake);
    (void)pthread_mutex_destroy(&past->lock);
}

/* --- points ----------------------------------------------------------------------------------- */

/* A point while minutes are added to it; `ms` above 0 once there is one. */
struct group {
    struct metrics_point point;
    uint64_t buckets[METRICS_BUCKETS];
};

struct groups {
    int64_t first; /* the number of the first: its minute, in steps */
    size_t n;
    unsigned step;
    struct group *items;
};

static void add_minute(const struct groups *groups, const struct metrics_minute *minute)
{
    const int64_t at = minute->minute / groups->step - groups->first;
    struct group *group;
    struct metrics_point *point;

    if (at < 0 || at >= (int64_t)groups->n)
        return;
    group = &groups->items[at];
    point = &group->point;
    point->at_ms = (groups->first + at) * groups->step * MINUTE_MS;
    point->ms += minute->ms;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        group->buckets[i] += minute->buckets[i];
        point->requests += minute->buckets[i];
    }
    point->failed_4xx += minute->failed_4xx;
    point->failed_5xx += minute->failed_5xx;
    point->units += minute->units;
    point->cpu_us += minute->cpu_us;
    point->rss_bytes = most(point->rss_bytes, minute->rss_bytes);
    point->wal_bytes = most(point->wal_bytes, minute->wal_bytes);
    point->connections = most(point->connections, minute->connections);
    point->clients = most(point->clients, minute->clients);
}

static void keep_known(struct arena *a, const struct groups *groups, struct metrics_points *ret)
{
    ret->items = ARENA_ARRAY(a, struct metrics_point, groups->n);
    ret->n = 0;
    for (size_t i = 0; i < groups->n; i++) {
        struct metrics_point *point = &groups->items[i].point;

        if (point->rss_bytes == 0 && point->ms == 0)
            continue;
        point->p50_us = metrics_quantile_us(groups->items[i].buckets, 500);
        point->p99_us = metrics_quantile_us(groups->items[i].buckets, 990);
        ret->items[ret->n++] = *point;
    }
}

/* The minute that is not over is looked at last: nothing that is counted is in it twice. */
void metrics_history(struct arena *a, struct metrics *metrics, struct metrics_time now,
                     unsigned minutes, unsigned step, struct metrics_points *ret)
{
    struct metrics_past *past = &metrics->past;
    struct groups groups = {.n = (minutes + step - 1) / step, .step = step};
    struct metrics_minute open;
    struct metrics_mark from, to;

    groups.first = now.wall_ms / MINUTE_MS / step - (int64_t)groups.n + 1;
    groups.items = ARENA_ARRAY(a, struct group, groups.n);
    (void)pthread_mutex_lock(&past->lock);
    for (size_t i = past->n; i > 0; i--)
        add_minute(&groups, &past->ring[(past->next + METRICS_MINUTES - i) % METRICS_MINUTES]);
    from = past->mark;
    (void)pthread_mutex_unlock(&past->lock);
    mark_now(metrics, now, &to);
    open = between(&from, &to);
    add_minute(&groups, &open);
    keep_known(a, &groups, ret);
}
