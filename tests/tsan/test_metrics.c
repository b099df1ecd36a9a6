/*
 * Counting for ThreadSanitizer: threads count, and some end meanwhile, while others add up and
 * close minutes. In the end each count is there, and no sum has ever gone back.
 */
#include "unit/unit.h"

#include "base/thread.h"
#include "telemetry/metrics.h"

#include <stdatomic.h>

#define ROUTES 2
#define COUNTERS 6
#define ROUNDS 3 /* of threads, one after the other */
#define REQUESTS 50000
#define READERS 2

static struct metrics *metrics;
static atomic_bool over;
static atomic_bool went_back;

static void look(void *user, struct metrics_levels *ret)
{
    (void)user;
    *ret = (struct metrics_levels){.rss_bytes = 1};
}

static void count(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < REQUESTS; i++) {
        metrics_count(metrics, i % (ROUTES + 1), i % 4 ? 200 : 404, i);
        metrics_count(metrics, 0, 503, 100);
    }
}

static uint64_t count_all(void)
{
    uint64_t n = 0;

    for (size_t i = 0; i < metrics_routes(metrics); i++) {
        struct metrics_route route;

        metrics_route(metrics, i, &route);
        for (size_t j = 0; j < METRICS_STATUSES; j++)
            n += route.statuses[j];
    }
    return n;
}

static void read_all(void *arg)
{
    uint64_t last = 0;

    (void)arg;
    while (!atomic_load(&over)) {
        AUTO(arena_free) struct arena *a = arena_new();
        const uint64_t now = count_all();
        struct metrics_points points;

        if (now < last)
            atomic_store(&went_back, true);
        last = now;
        metrics_history(a, metrics, metrics_time(), 60, 1, &points);
        for (size_t i = 0; i < points.n; i++)
            if (points.items[i].requests > UINT64_C(2) * COUNTERS * ROUNDS * REQUESTS)
                atomic_store(&went_back, true);
    }
}

/* Minutes pass quickly. */
static void tick(void *arg)
{
    struct metrics_time now = metrics_time();

    (void)arg;
    now.wall_ms -= 3000 * INT64_C(60000);
    for (; !atomic_load(&over); now.ms++) {
        now.wall_ms += 60000;
        metrics_tick(metrics, now);
    }
}

static void counts_of_many_threads(void **state)
{
    const struct metrics_conf conf = {.n_routes = ROUTES, .look = look};
    pthread_t counters[COUNTERS], others[READERS + 1];

    (void)state;
    metrics = metrics_new(&conf);
    for (size_t i = 0; i < READERS; i++)
        assert_true(thread_start("reader", read_all, NULL, &others[i]));
    assert_true(thread_start("ticker", tick, NULL, &others[READERS]));
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNTERS; i++)
            assert_true(thread_start("counter", count, NULL, &counters[i]));
        for (size_t i = 0; i < COUNTERS; i++)
            thread_join(counters[i]);
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < READERS + 1; i++)
        thread_join(others[i]);
    assert_int_equal(count_all(), UINT64_C(2) * COUNTERS * ROUNDS * REQUESTS);
    assert_false(atomic_load(&went_back));
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_of_many_threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
