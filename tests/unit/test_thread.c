#include "unit/unit.h"

#include "base/compiler.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

struct counted {
    struct job job;
    atomic_uint *done;
};

static void count(struct job *job)
{
    struct counted *counted = (struct counted *)job;

    atomic_fetch_add(counted->done, 1);
    free(counted);
}

static bool submit_counted(struct pool *pool, enum pool_lane lane, atomic_uint *done)
{
    struct counted *counted = malloc(sizeof(*counted));

    assert_non_null(counted);
    *counted = (struct counted){.job = {.run = count}, .done = done};
    if (pool_submit(pool, lane, &counted->job))
        return true;
    free(counted);
    return false;
}

static void every_job_runs_before_the_end(void **state)
{
    const unsigned threads[POOL_LANES] = {3, 1};
    const size_t queue[POOL_LANES] = {1000, 1000};
    struct pool *pool = pool_new(threads, queue);
    atomic_uint done[POOL_LANES] = {0, 0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(submit_counted(pool, POOL_WORK, &done[POOL_WORK]));
        assert_true(submit_counted(pool, POOL_HASH, &done[POOL_HASH]));
    }
    pool_free(pool);
    assert_int_equal(atomic_load(&done[POOL_WORK]), 1000);
    assert_int_equal(atomic_load(&done[POOL_HASH]), 1000);
    pool_free(NULL);
}

struct gate {
    struct job job;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool entered, open;
};

static void wait_at_gate(struct job *job)
{
    struct gate *gate = (struct gate *)job;

    pthread_mutex_lock(&gate->lock);
    gate->entered = true;
    pthread_cond_broadcast(&gate->change);
    while (!gate->open)
        pthread_cond_wait(&gate->change, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void a_full_lane_refuses_and_leaves_the_other_alone(void **state)
{
    const unsigned threads[POOL_LANES] = {1, 1};
    const size_t queue[POOL_LANES] = {2, 2};
    struct pool *pool = pool_new(threads, queue);
    struct gate gate = {.job = {.run = wait_at_gate},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .change = PTHREAD_COND_INITIALIZER};
    atomic_uint done = 0;

    (void)state;
    assert_true(pool_submit(pool, POOL_WORK, &gate.job));
    pthread_mutex_lock(&gate.lock);
    while (!gate.entered)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    assert_true(submit_counted(pool, POOL_WORK, &done));
    assert_true(submit_counted(pool, POOL_WORK, &done));
    assert_false(submit_counted(pool, POOL_WORK, &done));
    assert_true(submit_counted(pool, POOL_HASH, &done));
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
    pool_free(pool);
    assert_int_equal(atomic_load(&done), 3);
}

static void note_id(void *arg)
{
    unsigned *id = arg;

    *id = thread_id();
}

static void threads_have_ids(void **state)
{
    unsigned ids[3] = {thread_id(), 0, 0};

    (void)state;
    for (size_t i = 1; i < COUNT_OF(ids); i++)
        thread_join(thread_start("a name longer than the system takes", note_id, &ids[i]));
    assert_int_equal(ids[0], thread_id());
    assert_true(ids[0] && ids[1] && ids[2]);
    assert_true(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_before_the_end),
        cmocka_unit_test(a_full_lane_refuses_and_leaves_the_other_alone),
        cmocka_unit_test(threads_have_ids),
    };

    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
