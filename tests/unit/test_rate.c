#include "base/rate.h"
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>

#define NOW_MS INT64_C(1700000000000)

static uint64_t key_of(uint64_t number)
{
    return rate_key(&number, 1);
}

/* As PocketBase answers at the same times. */
static void a_window_begins_with_its_first_use(void **state)
{
    static const struct {
        int64_t at_ms;
        bool allowed;
    } uses[] = {{0, true},    {2200, true}, {2400, false}, {2999, false},
                {3100, true}, {4200, true}, {5300, false}, {5900, false},
                {6300, true}, {6500, true}, {8999, false}, {9000, true}};
    struct rates *rates = rates_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(uses); i++)
        assert_int_equal(rate_take(rates, key_of(1), NOW_MS + uses[i].at_ms, 3, 2),
                         uses[i].allowed);
    rates_free(rates);
    rates_free(NULL);
}

/* Its second counts, not the millisecond. */
static void a_window_is_of_whole_seconds(void **state)
{
    struct rates *rates = rates_new();

    (void)state;
    assert_true(rate_take(rates, key_of(1), NOW_MS + 999, 1, 1));
    assert_true(rate_take(rates, key_of(1), NOW_MS + 1000, 1, 1));
    assert_false(rate_take(rates, key_of(1), NOW_MS + 1999, 1, 1));
    rates_free(rates);
}

static void odd_limits_hold(void **state)
{
    static const struct {
        int64_t duration_s, max;
        bool first, second, much_later;
    } limits[] = {
        {10, 0, false, false, false},
        {10, -1, false, false, false},
        {0, 1, true, true, true},
        {-5, 1, true, true, true},
        {0, 0, false, false, false},
        {INT64_MAX, 1, true, false, false},
        {INT64_MAX, 2, true, true, false},
        {10, INT64_MAX, true, true, true},
        {UINT32_MAX, 1, true, false, false},
    };
    struct rates *rates = rates_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        const int64_t d = limits[i].duration_s, max = limits[i].max;

        assert_int_equal(rate_take(rates, key_of(i), NOW_MS, d, max), limits[i].first);
        assert_int_equal(rate_take(rates, key_of(i), NOW_MS, d, max), limits[i].second);
        assert_int_equal(rate_take(rates, key_of(i), NOW_MS + INT64_C(1000000000000), d, max),
                         limits[i].much_later);
    }
    assert_true(rate_take(rates, 0, NOW_MS, 10, 1)); /* a key like any other */
    assert_false(rate_take(rates, 0, NOW_MS, 10, 1));
    rates_free(rates);
}

/* Sixteen times as many as there is room for, each once. Who is at his limit stays so. */
static void a_crowd_frees_nobody(void **state)
{
    struct rates *rates = rates_new();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(rate_take(rates, key_of(1), NOW_MS, 10, 5));
    for (uint64_t i = 0; i < 16 * LIMIT_RATE_ENTRIES; i++)
        assert_true(rate_take(rates, key_of(1000 + i), NOW_MS, 10, 5));
    assert_false(rate_take(rates, key_of(1), NOW_MS, 10, 5));
    for (int i = 0; i < 5; i++) /* and others are still limited */
        assert_true(rate_take(rates, key_of(2), NOW_MS, 10, 5));
    assert_false(rate_take(rates, key_of(2), NOW_MS, 10, 5));
    rates_free(rates);
}

/* A table full of what is over has room for all who come, with nobody's uses in it. */
static void what_is_over_makes_room(void **state)
{
    const uint64_t n = LIMIT_RATE_ENTRIES / 16; /* few enough for each set */
    struct rates *rates = rates_new();

    (void)state;
    for (uint64_t i = 0; i < 4 * LIMIT_RATE_ENTRIES; i++)
        assert_true(rate_take(rates, key_of(i), NOW_MS, 10, 1));
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t i = 0; i < n; i++)
            assert_int_equal(rate_take(rates, key_of(i), NOW_MS + 10000, 10, 1), round == 0);
    rates_free(rates);
}

/* --- threads --------------------------------------------------------------------------------- */

#define THREADS 4
#define KEYS 64
#define USES 2000
#define MAX 3000
#define SECONDS 5

struct crowd {
    struct rates *rates;
    atomic_uint allowed[SECONDS][KEYS];
    atomic_uint strangers; /* so far */
    pthread_barrier_t second;
};

/* Each second all keys are used by all threads, more often than is allowed; strangers come and go
 * in the slots beside. A second is a window: the slots of the one before are all over. */
static void *use_keys(void *arg)
{
    struct crowd *crowd = arg;

    for (int64_t s = 0; s < SECONDS; s++) {
        const int64_t now_ms = NOW_MS + s * 1000;

        pthread_barrier_wait(&crowd->second);
        for (uint64_t i = 0; i < USES; i++) {
            for (uint64_t k = 0; k < KEYS; k++)
                if (rate_take(crowd->rates, key_of(k), now_ms, 1, MAX))
                    atomic_fetch_add(&crowd->allowed[s][k], 1);
            (void)rate_take(crowd->rates, key_of(KEYS + atomic_fetch_add(&crowd->strangers, 1)),
                            now_ms, 1, 1);
        }
    }
    return NULL;
}

static void threads_share_what_is_allowed(void **state)
{
    static struct crowd crowd;
    pthread_t threads[THREADS];

    (void)state;
    crowd.rates = rates_new();
    assert_int_equal(pthread_barrier_init(&crowd.second, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_keys, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t s = 0; s < SECONDS; s++)
        for (size_t k = 0; k < KEYS; k++)
            assert_int_equal(atomic_load(&crowd.allowed[s][k]), MAX);
    pthread_barrier_destroy(&crowd.second);
    rates_free(crowd.rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_begins_with_its_first_use),
        cmocka_unit_test(a_window_is_of_whole_seconds),
        cmocka_unit_test(odd_limits_hold),
        cmocka_unit_test(a_crowd_frees_nobody),
        cmocka_unit_test(what_is_over_makes_room),
        cmocka_unit_test(threads_share_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
