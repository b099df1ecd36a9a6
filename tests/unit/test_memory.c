#include "unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/thread.h"

#define BUDGET ((size_t)1024 * 1024)

static uint64_t used_now(void)
{
    memory_thread_end(); /* books what this thread has not yet */
    return memory_used();
}

/* Chunks have headers and room behind. */
static void assert_used(uint64_t before, size_t n)
{
    assert_in_range(used_now(), before + n, before + n + MEMORY_SLACK);
}

static void arenas_are_charged(void **state)
{
    uint64_t before = used_now();
    struct arena *a = arena_new();

    (void)state;
    (void)arena_alloc(a, 3 * BUDGET);
    assert_used(before, 3 * BUDGET);
    (void)arena_alloc(arena_child(a), BUDGET);
    assert_used(before, 4 * BUDGET);
    arena_reset(a);
    assert_used(before, 0);
    arena_free(a);
    assert_int_equal(used_now(), before);
}

static void buffers_are_charged(void **state)
{
    uint64_t before = used_now();
    struct buf b;

    (void)state;
    buf_init(&b, BUDGET);
    assert_non_null(buf_reserve(&b, BUDGET));
    assert_used(before, BUDGET);
    buf_done(&b);
    assert_int_equal(used_now(), before);
}

/* Only what asks is refused, and only what is large. */
static void who_asks_is_refused(void **state)
{
    struct buf asks, silent, small;

    (void)state;
    memory_set_budget(used_now() + 2 * BUDGET);
    buf_init(&asks, 8 * BUDGET);
    asks.asks = true;
    silent = small = asks;
    silent.asks = false;
    assert_non_null(buf_reserve(&asks, BUDGET / 2));
    assert_false(memory_is_over());
    assert_null(buf_reserve(&asks, BUDGET));
    assert_true(asks.full && asks.starved);
    assert_null(buf_reserve(&asks, 1));
    buf_reset(&asks);
    assert_false(asks.full || asks.starved);
    assert_non_null(buf_reserve(&silent, 2 * BUDGET));
    memory_thread_end();
    assert_true(memory_is_over());
    assert_true(memory_excess() > BUDGET);
    assert_non_null(buf_reserve(&small, BUF_GRANTED / 2));
    assert_null(buf_reserve(&small, BUF_GRANTED));
    assert_null(buf_reserve(&asks, 8 * BUDGET + 1)); /* over its own ceiling: of no use later */
    assert_true(asks.full && !asks.starved);
    buf_done(&silent);
    assert_false(memory_is_over());
    buf_done(&small);
    buf_done(&asks);
    memory_set_budget(UINT64_MAX);
}

/* So that what asks, however much, leaves room to answer those who need little. */
static void an_eighth_is_kept(void **state)
{
    const size_t step = BUDGET / 64;
    size_t taken = 0;

    (void)state;
    assert_in_range(used_now(), 0, step - 1);
    memory_set_budget(BUDGET);
    while (memory_take(step))
        taken += step;
    assert_in_range(taken, BUDGET * 7 / 8 - step, BUDGET * 7 / 8);
    assert_false(memory_is_over());
    memory_charge(BUDGET / 8 - step);
    memory_thread_end();
    assert_false(memory_is_over());
    memory_give(taken + BUDGET / 8 - step);
    memory_set_budget(UINT64_MAX);
}

static void hammer(void *arg)
{
    void **given = arg;

    for (int i = 0; i < 20000; i++) {
        memory_charge(1000);
        if (memory_take(500))
            memory_give(500);
        memory_give(1000);
    }
    arena_free(*given); /* of another thread */
}

static void threads_lose_nothing(void **state)
{
    uint64_t before = used_now();
    pthread_t threads[4];
    void *arenas[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        arenas[i] = arena_new();
        (void)arena_alloc(arenas[i], 100000);
        assert_true(thread_start("hammer", hammer, &arenas[i], &threads[i]));
    }
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    assert_int_equal(used_now(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_are_charged),   cmocka_unit_test(buffers_are_charged),
        cmocka_unit_test(who_asks_is_refused),  cmocka_unit_test(an_eighth_is_kept),
        cmocka_unit_test(threads_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
