/*
 * The thread that looks at the clock: what is due gets a ticket, what has one gets a thread.
 */
#include "jobs/internal.h"

#include "base/date.h"

#include <time.h>

#define MINUTE_MS 60000
#define OTHER_CLOCK_MS 2 /* how often one that is not the system's is looked at */
/* A clock that is put back by more than that was wrong before. */
#define BACK_MINUTES 60

int64_t jobs_now_ms(const struct jobs *jobs)
{
    return jobs->conf.now_ms ? jobs->conf.now_ms(jobs->conf.user) : date_now_ms();
}

/* Since the minute began. */
static int64_t in_minute(int64_t now_ms)
{
    const int64_t rest = now_ms % MINUTE_MS;

    return rest < 0 ? rest + MINUTE_MS : rest;
}

static bool is_due(const struct jobs_def *def, int64_t first, int64_t last)
{
    for (int64_t minute = first; minute <= last; minute++)
        if (cron_matches(&def->cron, minute * MINUTE_MS))
            return true;
    return false;
}

static void look_at_clock(struct jobs *jobs)
{
    const int64_t now_ms = jobs_now_ms(jobs);
    const int64_t minute = (now_ms - in_minute(now_ms)) / MINUTE_MS;
    const int64_t first = minute == jobs->minute + 2 ? minute - 1 : minute;

    if (minute <= jobs->minute && minute >= jobs->minute - BACK_MINUTES)
        return;
    for (struct jobs_slot *slot = jobs->slots; slot; slot = slot->next)
        if (slot->def && slot->def->schedule.n > 0 && is_due(slot->def, first, minute))
            jobs_want(jobs, slot);
    jobs->minute = minute;
}

static void rest(struct jobs *jobs)
{
    const int64_t ms =
        jobs->conf.now_ms ? OTHER_CLOCK_MS : MINUTE_MS - in_minute(jobs_now_ms(jobs));
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!jobs->kicked && !atomic_load(&jobs->stopping))
        if (pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until) != 0)
            break;
    jobs->kicked = false;
}

void jobs_clock_main(void *arg)
{
    struct jobs *jobs = arg;

    (void)pthread_mutex_lock(&jobs->lock);
    while (!atomic_load(&jobs->stopping)) {
        look_at_clock(jobs);
        jobs_call_workers(jobs);
        rest(jobs);
    }
    jobs->ended = true;
    (void)pthread_cond_broadcast(&jobs->changed);
    (void)pthread_mutex_unlock(&jobs->lock);
}
