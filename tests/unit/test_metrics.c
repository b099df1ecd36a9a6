/*
 * Counts of requests: by route and status, in buckets of time, over the minutes.
 */
#include "unit/unit.h"

#include "base/date.h"
#include "telemetry/metrics.h"

#include <string.h>
#include <unistd.h>

#define ROUTES 3
#define MINUTE INT64_C(60000)
#define START_MS (INT64_C(1767225600000) + 15000) /* 15 s of the first minute of 2026 are over */

static struct metrics_levels levels;

static void look(void *user, struct metrics_levels *ret)
{
    (void)user;
    *ret = levels;
}

static struct metrics *make(void)
{
    const struct metrics_conf conf = {.n_routes = ROUTES, .look = look};

    levels = (struct metrics_levels){.rss_bytes = 1};
    return metrics_new(&conf);
}

static uint64_t sum_of(const struct metrics_times *times)
{
    uint64_t n = 0;

    for (size_t i = 0; i < METRICS_BUCKETS; i++)
        n += times->buckets[i];
    return n;
}

/* --- buckets ---------------------------------------------------------------------------------- */

static void bounds_grow(void **state)
{
    (void)state;
    assert_int_equal(metrics_bound_us(0), 100);
    for (size_t i = 1; i < METRICS_BUCKETS; i++)
        assert_true(metrics_bound_us(i) > metrics_bound_us(i - 1));
    assert_int_equal(metrics_bound_us(METRICS_BUCKETS - 2), 60000000);
    assert_true(metrics_bound_us(METRICS_BUCKETS - 1) == UINT64_MAX);
}

/* A time that is exactly a bound is still below it, one more is not. */
static void counts_at_the_bounds(void **state)
{
    struct metrics *metrics = make();
    struct metrics_route route;

    (void)state;
    for (size_t i = 0; i + 1 < METRICS_BUCKETS; i++) {
        metrics_count(metrics, 0, 200, metrics_bound_us(i));
        metrics_count(metrics, 1, 200, metrics_bound_us(i) + 1);
    }
    metrics_count(metrics, 0, 200, UINT64_MAX / 2);
    metrics_count(metrics, 1, 200, 0);
    for (size_t at = 0; at < 2; at++) {
        metrics_route(metrics, at, &route);
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            assert_int_equal(route.classes[0].buckets[i], 1);
    }
    metrics_free(metrics);
}

static void sums_times(void **state)
{
    struct metrics *metrics = make();
    struct metrics_route route;

    (void)state;
    for (uint64_t us = 0; us < 10000; us += 7)
        metrics_count(metrics, 2, 200, us);
    metrics_route(metrics, 2, &route);
    assert_int_equal(sum_of(&route.classes[0]), 1429);
    assert_int_equal(route.classes[0].sum_us, UINT64_C(7) * 1428 * 1429 / 2);
    metrics_free(metrics);
}

/* --- statuses --------------------------------------------------------------------------------- */

static void counts_statuses(void **state)
{
    static const struct {
        int status;
        size_t class;
        enum metrics_status place;
    } cases[] = {
        {200, 0, METRICS_200},   {204, 0, METRICS_204},   {304, 1, METRICS_304},
        {404, 2, METRICS_404},   {499, 2, METRICS_499},   {503, 3, METRICS_503},
        {299, 0, METRICS_OTHER}, {418, 2, METRICS_OTHER}, {0, 3, METRICS_OTHER},
        {-1, 3, METRICS_OTHER},  {100, 3, METRICS_OTHER}, {99999, 3, METRICS_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct metrics *metrics = make();
        struct metrics_route route;

        metrics_count(metrics, 1, cases[i].status, 5);
        metrics_route(metrics, 1, &route);
        for (size_t class = 0; class < METRICS_CLASSES; class ++)
            assert_int_equal(sum_of(&route.classes[class]), class == cases[i].class);
        for (size_t at = 0; at < METRICS_STATUSES; at++)
            assert_int_equal(route.statuses[at], at == cases[i].place);
        metrics_free(metrics);
    }
    for (unsigned i = 1; i < METRICS_STATUSES; i++)
        assert_in_range(metrics_status((enum metrics_status)i), 200, 599);
    assert_int_equal(metrics_status(METRICS_OTHER), 0);
    assert_int_equal(metrics_status(METRICS_404), 404);
}

/* Whatever is no route is the last one. */
static void keeps_routes_apart(void **state)
{
    struct metrics *metrics = make();
    struct metrics_route route;

    (void)state;
    assert_int_equal(metrics_routes(metrics), ROUTES + 1);
    metrics_count(metrics, 0, 200, 1);
    metrics_count(metrics, ROUTES, 404, 1);
    metrics_count(metrics, 1000, 404, 1);
    metrics_route(metrics, 0, &route);
    assert_int_equal(route.statuses[METRICS_200], 1);
    for (size_t i = 1; i < ROUTES; i++) {
        metrics_route(metrics, i, &route);
        assert_int_equal(route.statuses[METRICS_200] + route.statuses[METRICS_404], 0);
    }
    metrics_route(metrics, ROUTES, &route);
    assert_int_equal(route.statuses[METRICS_404], 2);
    metrics_free(metrics);
}

/* A thread that counts for one after the other, at the same address maybe. */
static void one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct metrics *metrics = make(), *other = make();
        struct metrics_route route;

        for (int j = 0; j < 5; j++) {
            metrics_count(metrics, 0, 200, 1);
            metrics_count(other, 0, 200, 1);
            metrics_count(other, 0, 200, 1);
        }
        metrics_route(metrics, 0, &route);
        assert_int_equal(route.statuses[METRICS_200], 5);
        metrics_route(other, 0, &route);
        assert_int_equal(route.statuses[METRICS_200], 10);
        metrics_free(metrics);
        metrics_free(other);
    }
    metrics_free(NULL);
}

/* --- quantiles -------------------------------------------------------------------------------- */

static void quantiles(void **state)
{
    uint64_t buckets[METRICS_BUCKETS] = {0};

    (void)state;
    assert_int_equal(metrics_quantile_us(buckets, 500), 0);
    buckets[0] = 100; /* as if at 1, 2, 3 ... 100 us */
    assert_int_equal(metrics_quantile_us(buckets, 500), 50);
    assert_int_equal(metrics_quantile_us(buckets, 990), 99);
    assert_int_equal(metrics_quantile_us(buckets, 1000), 100);
    assert_int_equal(metrics_quantile_us(buckets, 0), 1);
    buckets[3] = 100; /* 404, 408 ... 800 us */
    assert_int_equal(metrics_quantile_us(buckets, 500), 100);
    assert_int_equal(metrics_quantile_us(buckets, 510), 408);
    assert_int_equal(metrics_quantile_us(buckets, 750), 600);
    assert_int_equal(metrics_quantile_us(buckets, 1000), 800);
    memset(buckets, 0, sizeof(buckets));
    buckets[METRICS_BUCKETS - 1] = 1;
    assert_int_equal(metrics_quantile_us(buckets, 500), 60000000);
}

/* --- minutes ---------------------------------------------------------------------------------- */

/* The moment so many milliseconds after the start. */
static struct metrics_time after(int64_t ms)
{
    return (struct metrics_time){.wall_ms = START_MS + ms, .ms = 5000000 + (uint64_t)ms};
}

static struct metrics_points points_of(struct arena *a, struct metrics *metrics, int64_t ms,
                                       unsigned minutes, unsigned step)
{
    struct metrics_points points;

    metrics_history(a, metrics, after(ms), minutes, step, &points);
    return points;
}

static void tells_the_minute_that_is_not_over(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    struct metrics_points points;

    (void)state;
    metrics_count(metrics, 0, 200, 1); /* before it began */
    metrics_tick(metrics, after(0));
    metrics_count(metrics, 0, 200, 100);
    metrics_count(metrics, 1, 404, 100);
    metrics_count(metrics, ROUTES, 500, 800);
    levels = (struct metrics_levels){
        .cpu_us = 7, .units = 3, .rss_bytes = 5, .wal_bytes = 6, .connections = 2, .clients = 1};
    points = points_of(a, metrics, 1000, 60, 1);
    assert_int_equal(points.n, 1);
    assert_true(points.items[0].at_ms == START_MS - 15000);
    assert_int_equal(points.items[0].ms, 1000);
    assert_int_equal(points.items[0].requests, 3);
    assert_int_equal(points.items[0].failed_4xx, 1);
    assert_int_equal(points.items[0].failed_5xx, 1);
    assert_int_equal(points.items[0].p50_us, 100);
    assert_int_equal(points.items[0].p99_us, 800);
    assert_int_equal(points.items[0].cpu_us, 7);
    assert_int_equal(points.items[0].units, 3);
    assert_int_equal(points.items[0].rss_bytes, 5);
    assert_int_equal(points.items[0].wal_bytes, 6);
    assert_int_equal(points.items[0].connections, 2);
    assert_int_equal(points.items[0].clients, 1);
    metrics_free(metrics);
}

/* Each request is in one minute, and in one alone. */
static void keeps_minutes(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    struct metrics_points points;
    uint64_t ms = 0, requests = 0;

    (void)state;
    metrics_tick(metrics, after(0));
    for (int64_t at = 0; at < 10; at++) {
        for (int64_t i = 0; i <= at; i++)
            metrics_count(metrics, 0, 200, 100);
        levels.rss_bytes = (uint64_t)(100 + at);
        metrics_tick(metrics, after(at * MINUTE + 44999)); /* not over yet: nothing */
        metrics_tick(metrics, after(at * MINUTE + 45000));
    }
    metrics_count(metrics, 0, 200, 100);
    points = points_of(a, metrics, 9 * MINUTE + 46000, 60, 1);
    assert_int_equal(points.n, 11);
    for (size_t i = 0; i < points.n; i++) {
        assert_true(points.items[i].at_ms == START_MS - 15000 + (int64_t)i * MINUTE);
        assert_int_equal(points.items[i].requests, i < 10 ? i + 1 : 1);
        assert_int_equal(points.items[i].ms, i == 0 ? 45000 : i < 10 ? 60000 : 1000);
        assert_int_equal(points.items[i].rss_bytes, i < 10 ? 100 + i : 109);
        ms += points.items[i].ms;
    }
    assert_int_equal(ms, 9 * 60000 + 46000);
    points = points_of(a, metrics, 9 * MINUTE + 46000, 60, 4);
    assert_int_equal(points.n, 3);
    for (size_t i = 0; i < points.n; i++)
        requests += points.items[i].requests;
    assert_int_equal(points.items[0].requests, 1 + 2 + 3 + 4);
    assert_int_equal(points.items[1].requests, 5 + 6 + 7 + 8);
    assert_int_equal(points.items[1].rss_bytes, 107);
    assert_int_equal(points.items[1].p50_us, 50);
    assert_int_equal(requests, 56);
    points = points_of(a, metrics, 9 * MINUTE + 46000, 2, 1); /* of a shorter time */
    assert_int_equal(points.n, 2);
    assert_int_equal(points.items[0].requests, 10);
    metrics_free(metrics);
}

/* The oldest go, and there are no more points than asked for. */
static void forgets_what_is_old(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    const int64_t last = METRICS_MINUTES + 100;
    struct metrics_points points;

    (void)state;
    metrics_tick(metrics, after(0));
    for (int64_t at = 1; at <= last; at++) {
        metrics_count(metrics, 0, 200, 100);
        metrics_tick(metrics, after(at * MINUTE));
    }
    points = points_of(a, metrics, last * MINUTE, METRICS_MINUTES, 4);
    assert_int_equal(points.n, METRICS_MINUTES / 4);
    for (size_t i = 0; i + 1 < points.n; i++)
        assert_int_equal(points.items[i].requests, 4);
    points = points_of(a, metrics, (last + 3 * METRICS_MINUTES) * MINUTE, METRICS_MINUTES, 4);
    assert_int_equal(points.n, 0);
    metrics_free(metrics);
}

/* A clock that is put back, or forward, makes a minute that is short or long, and loses nothing. */
static void follows_the_clock(void **state)
{
    static const int64_t jumps[] = {1, 2, 62, 5, 6, 0};
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    struct metrics_points points;
    uint64_t requests = 0;

    (void)state;
    metrics_tick(metrics, after(0));
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        struct metrics_time now = after(jumps[i] * MINUTE);

        now.ms = 5000000 + (i + 1) * 1000;
        metrics_count(metrics, 0, 200, 100);
        metrics_tick(metrics, now);
    }
    points = points_of(a, metrics, 62 * MINUTE, 120, 1);
    for (size_t i = 0; i < points.n; i++)
        requests += points.items[i].requests;
    assert_int_equal(requests, COUNT_OF(jumps));
    metrics_free(metrics);
}

/* Who asks has taken the time before the minute ended, and the lock after that: by then the minute
 * that is not over has begun later than it is asked for. */
static void is_asked_with_an_earlier_time(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    struct metrics_points points;
    uint64_t ms = 0;

    (void)state;
    metrics_tick(metrics, after(0));
    metrics_tick(metrics, after(MINUTE));
    points = points_of(a, metrics, MINUTE - 1, 1440, 1440);
    for (size_t i = 0; i < points.n; i++)
        ms += points.items[i].ms;
    assert_int_equal(ms, MINUTE);
    metrics_free(metrics);
}

static void its_thread_ends(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct metrics *metrics = make();
    struct metrics_points points;

    (void)state;
    assert_true(metrics_start(metrics));
    metrics_count(metrics, 0, 200, 100);
    metrics_history(a, metrics, metrics_time(), 60, 1, &points);
    assert_in_range(points.n, 1, 2); /* two where a minute is just over */
    metrics_stop(metrics);
    metrics_stop(metrics);
    metrics_free(metrics);
    metrics_stop(NULL);
}

/* --- the process ------------------------------------------------------------------------------ */

static void process(void **state)
{
    const struct metrics_process before = metrics_process();
    struct metrics_process after_it;
    const uint64_t began_us = clock_us();
    int fds[2];

    (void)state;
    assert_in_range(before.rss_bytes, 1 << 20, (uint64_t)1 << 40);
    assert_int_equal(pipe(fds), 0);
    while (clock_us() - began_us < 20000)
        ; /* computes */
    after_it = metrics_process();
    assert_int_equal(after_it.descriptors, before.descriptors + 2);
    assert_true(after_it.max_descriptors >= after_it.descriptors);
    assert_true(after_it.cpu_us > before.cpu_us);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_grow),        cmocka_unit_test(counts_at_the_bounds),
        cmocka_unit_test(sums_times),         cmocka_unit_test(counts_statuses),
        cmocka_unit_test(keeps_routes_apart), cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(quantiles),          cmocka_unit_test(tells_the_minute_that_is_not_over),
        cmocka_unit_test(keeps_minutes),      cmocka_unit_test(forgets_what_is_old),
        cmocka_unit_test(follows_the_clock),  cmocka_unit_test(is_asked_with_an_earlier_time),
        cmocka_unit_test(its_thread_ends),    cmocka_unit_test(process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
