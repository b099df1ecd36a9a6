#include "unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/reap.h"
#include "base/thread.h"

#define MANY 200
#define LARGE (4 * REAP_BYTES)

static uint64_t used_now(void)
{
    memory_thread_end(); /* books what this thread has not yet */
    return memory_used();
}

static void fill_and_free(void)
{
    struct arena *a = arena_new();
    struct buf b;

    (void)arena_alloc(a, LARGE);
    (void)arena_alloc(arena_child(a), LARGE);
    buf_init(&b, 2 * LARGE);
    assert_non_null(buf_reserve(&b, LARGE));
    arena_free(a);
    buf_done(&b);
}

static void all_of_a_loops_is_freed(void **state)
{
    uint64_t before = used_now();

    (void)state;
    for (int started = 0; started < 2; started++) { /* and once more, after an end */
        assert_true(reap_start());
        thread_set_loop(true);
        for (int i = 0; i < MANY; i++)
            fill_and_free();
        thread_set_loop(false);
        reap_stop();
        assert_int_equal(used_now(), before);
    }
}

static void elsewhere_it_is_freed_at_once(void **state)
{
    uint64_t before = used_now();

    (void)state;
    fill_and_free(); /* no thread */
    assert_int_equal(used_now(), before);
    assert_true(reap_start());
    fill_and_free(); /* no loop */
    assert_int_equal(used_now(), before);
    reap_stop();
    thread_set_loop(true);
    fill_and_free(); /* after its end */
    thread_set_loop(false);
    assert_int_equal(used_now(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_loops_is_freed),
        cmocka_unit_test(elsewhere_it_is_freed_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
