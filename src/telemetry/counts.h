/*
 * telemetry/counts: what metrics.c counts and history.c keeps. Private to this folder.
 */
#ifndef REEVE_TELEMETRY_COUNTS_H
#define REEVE_TELEMETRY_COUNTS_H

#include "telemetry/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

/* Of all routes. */
struct metrics_totals {
    uint64_t buckets[METRICS_BUCKETS];
    uint64_t failed_4xx, failed_5xx;
};

struct metrics_minute {
    int64_t minute; /* in which it began, since 1970 */
    uint32_t ms;
    uint32_t buckets[METRICS_BUCKETS];
    uint32_t failed_4xx, failed_5xx, units, connections, clients;
    uint64_t cpu_us, rss_bytes, wal_bytes;
};

/* Where the minute that is not over began. */
struct metrics_mark {
    int64_t minute;
    uint64_t ms; /* of the clock that never goes back */
    struct metrics_totals totals;
    struct metrics_levels levels;
};

struct metrics_past {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* under lock */
    struct metrics_mark mark;
    bool marked;
    struct metrics_minute *ring; /* METRICS_MINUTES of them */
    size_t n, next;              /* that there are; where the next one goes */
    bool ending;
    /* of who starts and stops it */
    bool started;
    pthread_t thread;
};

struct metrics_block;

struct metrics {
    /* constant */
    struct metrics_conf conf;
    uint64_t serial; /* tells it from a former one at the same address */
    int64_t started_ms;
    /* any thread: blocks are added, and stay until the end */
    _Atomic(struct metrics_block *) blocks;
    struct metrics_past past;
};

void metrics_sum(const struct metrics *metrics, struct metrics_totals *ret);
void past_init(struct metrics *metrics);
void past_done(struct metrics *metrics);

#endif
