/*
 * telemetry/metrics: how many requests there were, of which route and with what status, and how
 * long they took; and the last day of that, minute by minute.
 *
 * A thread counts in a block of its own, which it alone writes: no lock, no cache line that others
 * write. Who wants to know adds the blocks up. Minutes are kept in memory, a fixed number of them.
 */
#ifndef REEVE_TELEMETRY_METRICS_H
#define REEVE_TELEMETRY_METRICS_H

#include "base/arena.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times: bounds of 100 us, and twice as much each, up to 60 s; and one bucket without a bound. */
#define METRICS_BUCKETS 21
/* Of statuses, by their first digit: 2xx, 3xx, 4xx, and 5xx with all that is none. */
#define METRICS_CLASSES 4

/* A client that left before its answer was there: nothing was sent to it. */
#define METRICS_LEFT 499

/* clang-format off */
/* The statuses that are told apart. */
#define FOR_EACH_METRICS_STATUS(X)                                                              \
    X(200) X(201) X(202) X(204) X(206) X(301) X(302) X(303) X(304) X(307) X(308) X(400) X(401)  \
    X(403) X(404) X(405) X(409) X(410) X(412) X(413) X(415) X(416) X(422) X(429) X(499) X(500)  \
    X(501) X(502) X(503) X(504)
/* clang-format on */

enum metrics_status {
    METRICS_OTHER, /* than these */
#define X(status) METRICS_##status,
    FOR_EACH_METRICS_STATUS(X)
#undef X
        METRICS_STATUSES
};

struct metrics;

/* What is so at a moment, as those say whose it is. */
struct metrics_levels {
    uint64_t cpu_us, units; /* since the start */
    uint64_t rss_bytes, wal_bytes, connections, clients;
};

struct metrics_conf {
    size_t n_routes; /* requests that match none are counted as one more */
    /* On any thread; does not wait for what a client may hold up. */
    void (*look)(void *user, struct metrics_levels *ret);
    void *user;
};

/* conf is copied. No thread yet: nothing is a minute's before metrics_start(). */
struct metrics *metrics_new(const struct metrics_conf *conf);
/* Keeps minutes from now on; once. False: the system has no thread left. */
MUST_CHECK bool metrics_start(struct metrics *metrics);
/* Ends its thread: what conf.look() looks at may go. NULL is fine. */
void metrics_stop(struct metrics *metrics);
/* Once nobody counts any more. NULL is fine. */
void metrics_free(struct metrics *metrics);

/* A request is answered. route: below n_routes, or that. Any thread; never waits. */
void metrics_count(struct metrics *metrics, size_t route, int status, uint64_t took_us);

struct metrics_times {
    uint64_t buckets[METRICS_BUCKETS]; /* of each, not of those below it too */
    uint64_t sum_us;
};
struct metrics_route {
    uint64_t statuses[METRICS_STATUSES];
    struct metrics_times classes[METRICS_CLASSES];
};
/* Of all threads. What is counted meanwhile may be in one sum and not yet in another. */
void metrics_route(const struct metrics *metrics, size_t route, struct metrics_route *ret);
size_t metrics_routes(const struct metrics *metrics); /* with that of no route, the last */
int64_t metrics_started_ms(const struct metrics *metrics);

/* 0: METRICS_OTHER. */
int metrics_status(enum metrics_status status);
/* The longest time in it; UINT64_MAX for the last one. */
uint64_t metrics_bound_us(size_t bucket);
/* The time within which so many of a thousand were: as if those of a bucket were spread evenly. 0
 * where there are none. */
uint64_t metrics_quantile_us(const uint64_t buckets[METRICS_BUCKETS], unsigned per_mille);

/* --- history.c: minutes ----------------------------------------------------------------------- */

#define METRICS_MINUTES 1440

struct metrics_point {
    int64_t at_ms; /* when it begins */
    uint64_t ms;   /* that it has been looked at for: less than its length at both ends */
    uint64_t requests, failed_4xx, failed_5xx, cpu_us, units; /* in it */
    uint64_t p50_us, p99_us;                                  /* 0: of no request */
    uint64_t rss_bytes, wal_bytes, connections, clients;      /* the most that was seen */
};
struct metrics_points {
    struct metrics_point *items; /* in their order; those with nothing known are left out */
    size_t n;
};
/* A moment, by two clocks: that on the wall and one that never goes back. */
struct metrics_time {
    int64_t wall_ms;
    uint64_t ms;
};
struct metrics_time metrics_time(void);
/* Of the minutes up to now so many, in points of `step` minutes each, in `a`; the last point is the
 * one that is not over. Both at least 1. Any thread. */
void metrics_history(struct arena *a, struct metrics *metrics, struct metrics_time now,
                     unsigned minutes, unsigned step, struct metrics_points *ret);
/* What the thread does: the minute is over, if it is. The first time it only begins. For tests; one
 * thread at a time. */
void metrics_tick(struct metrics *metrics, struct metrics_time now);

/* --- process.c -------------------------------------------------------------------------------- */

struct metrics_process {
    uint64_t cpu_us; /* all threads, the system's part of it too */
    uint64_t rss_bytes;
    uint64_t descriptors, max_descriptors;
};
/* What the system does not tell is 0. Some microseconds for each open descriptor; any thread. */
struct metrics_process metrics_process(void);

#endif
