#include "unit/unit.h"

#include "base/compiler.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* All lanes alike. */
static struct pool *make_pool(unsigned n_threads, unsigned share, size_t max_queued)
{
    struct pool_lane_conf conf[POOL_LANES];

    for (size_t i = 0; i < POOL_LANES; i++)
        conf[i] = (struct pool_lane_conf)POOL_LANE(n_threads, share, max_queued);
    return pool_new(conf);
}

static void every_job_runs_before_the_end(void **state)
{
    struct pool *pool = make_pool(3, 3, 1000);
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
    struct pool *pool = make_pool(1, 1, 2);
    struct gate gate = {.job = {.run = wait_at_gate},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .change = PTHREAD_COND_INITIALIZER};
    struct pool_stats stats;
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
    stats = pool_stats(pool, POOL_WORK);
    assert_string_equal(stats.name, "work");
    assert_int_equal(stats.n_running, 1);
    assert_int_equal(stats.n_threads, 1);
    assert_int_equal(stats.n_queued, 2);
    assert_int_equal(stats.max_queued, 2);
    assert_int_equal(pool_stats(pool, POOL_SLOW).n_running, 0);
    assert_true(submit_counted(pool, POOL_HASH, &done));
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
    pool_free(pool);
    assert_int_equal(atomic_load(&done), 3);
}

/* --- shares of clients ------------------------------------------------------------------------ */

/* A job that waits until it is let go, and says that it began. */
struct held {
    struct job job;
    struct order *order;
    char name;
};
struct order {
    pthread_mutex_t lock;
    pthread_cond_t change;
    char began[32]; /* their names, in the order they began */
    size_t n;
    size_t let_go; /* those that began may end up to this one */
};

static void hold(struct job *job)
{
    struct held *held = (struct held *)job;
    struct order *order = held->order;
    size_t at;

    pthread_mutex_lock(&order->lock);
    at = order->n++;
    order->began[at] = held->name;
    pthread_cond_broadcast(&order->change);
    while (at >= order->let_go)
        pthread_cond_wait(&order->change, &order->lock);
    pthread_mutex_unlock(&order->lock);
}

static void let_go(struct order *order, size_t n)
{
    pthread_mutex_lock(&order->lock);
    order->let_go = n;
    pthread_cond_broadcast(&order->change);
    pthread_mutex_unlock(&order->lock);
}

static void wait_for(struct order *order, size_t n)
{
    pthread_mutex_lock(&order->lock);
    while (order->n < n)
        pthread_cond_wait(&order->change, &order->lock);
    pthread_mutex_unlock(&order->lock);
}

/* "a" and "b" are clients; what is in capitals is the same client's. */
static void submit_held(struct pool *pool, struct order *order, struct held *held, char name)
{
    *held = (struct held){
        .job = {.run = hold, .client = (uint64_t)(name | 0x20)}, .order = order, .name = name};
    assert_true(pool_submit(pool, POOL_WORK, &held->job));
}

static void a_client_has_its_share_of_the_threads(void **state)
{
    struct pool *pool = make_pool(4, 2, 100);
    struct order order = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    struct held held[6];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        submit_held(pool, &order, &held[i], 'a');
    wait_for(&order, 2);
    submit_held(pool, &order, &held[4], 'b');
    submit_held(pool, &order, &held[5], 'B');
    wait_for(&order, 4); /* past two that wait for their client's share alone */
    assert_memory_equal(order.began, "aa", 2);
    assert_int_equal(order.began[2] | 0x20, 'b');
    assert_int_equal(order.began[3] | 0x20, 'b');
    let_go(&order, 6);
    pool_free(pool);
    assert_int_equal(order.n, 6);
}

static void clients_take_turns(void **state)
{
    struct pool *pool = make_pool(2, 2, 100);
    struct order order = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    struct held held[5];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        submit_held(pool, &order, &held[i], 'a');
    wait_for(&order, 2);
    submit_held(pool, &order, &held[4], 'b');
    let_go(&order, 1);
    wait_for(&order, 3);
    assert_int_equal(order.began[2], 'b'); /* though two others came before */
    let_go(&order, 5);
    pool_free(pool);
}

static void one_thread_is_shared_by_turns(void **state)
{
    struct pool *pool = make_pool(1, 1, 100);
    struct order order = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    struct held held[8];

    (void)state;
    submit_held(pool, &order, &held[0], 'a');
    wait_for(&order, 1);
    for (size_t i = 1; i < 5; i++)
        submit_held(pool, &order, &held[i], 'a');
    submit_held(pool, &order, &held[5], 'b');
    submit_held(pool, &order, &held[6], 'b');
    submit_held(pool, &order, &held[7], 'c');
    let_go(&order, 8);
    pool_free(pool);
    assert_memory_equal(order.began, "aabcabaa", 8);
}

/* A job that waited long for its client's share does not bring those who come after it forward. */
static void rounds_do_not_go_back(void **state)
{
    struct pool *pool = make_pool(2, 1, 100);
    struct order long_ones = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .change = PTHREAD_COND_INITIALIZER};
    struct order others = long_ones;
    struct held held[16];
    size_t n = 0;

    (void)state;
    submit_held(pool, &long_ones, &held[n++], 'a');
    wait_for(&long_ones, 1);
    submit_held(pool, &long_ones, &held[n++], 'a');
    let_go(&others, 5);
    for (size_t i = 0; i < 5; i++) { /* the other thread's rounds go on meanwhile */
        submit_held(pool, &others, &held[n++], (char)('b' + i));
        wait_for(&others, i + 1);
    }
    submit_held(pool, &others, &held[n++], 'p');
    wait_for(&others, 6);
    submit_held(pool, &others, &held[n++], 'q');
    let_go(&long_ones, 1);
    wait_for(&long_ones, 2);
    submit_held(pool, &others, &held[n++], 'r');
    let_go(&others, 8);
    let_go(&long_ones, 2);
    pool_free(pool);
    assert_memory_equal(others.began, "bcdefpqr", 8);
}

static void a_client_has_half_of_the_places(void **state)
{
    struct pool *pool = make_pool(1, 1, 4);
    struct order order = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    struct held held[6];

    (void)state;
    submit_held(pool, &order, &held[0], 'a');
    wait_for(&order, 1);
    submit_held(pool, &order, &held[1], 'a');
    submit_held(pool, &order, &held[2], 'a');
    held[3] = held[2];
    assert_false(pool_submit(pool, POOL_WORK, &held[3].job));
    submit_held(pool, &order, &held[3], 'b');
    submit_held(pool, &order, &held[4], 'b');
    held[5] = held[4];
    held[5].job.client = 'c';
    assert_false(pool_submit(pool, POOL_WORK, &held[5].job)); /* no place at all */
    let_go(&order, 5);
    pool_free(pool);
    assert_int_equal(order.n, 5);
}

/* --- threads in the background ---------------------------------------------------------------- */

static int my_nice(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

struct asked_nice {
    struct job job;
    int nice; /* of the job itself */
    int of_computing;
};

static void note_nice(void *nice)
{
    *(int *)nice = my_nice();
}

static void ask_both(struct job *job)
{
    struct asked_nice *asked = (struct asked_nice *)job;

    note_nice(&asked->nice);
    thread_compute(note_nice, &asked->of_computing);
}

static struct asked_nice ask_lane(bool in_background)
{
    struct pool_lane_conf conf[POOL_LANES] = {[POOL_HASH] = POOL_LANE(1, 1, 2)};
    struct asked_nice asked = {.job = {.run = ask_both}};
    struct pool *pool;

    conf[POOL_HASH].in_background = in_background;
    pool = pool_new(conf);
    if (!pool || !pool_submit(pool, POOL_HASH, &asked.job))
        BUG("no job can be run");
    pool_free(pool);
    return asked;
}

/* Jobs hold what loops wait for: they are as important as who gives them. */
static void only_what_computes_is_in_the_background(void **state)
{
    struct asked_nice behind = ask_lane(true), plain = ask_lane(false);

    (void)state;
    assert_int_equal(behind.nice, my_nice());
    assert_int_equal(plain.nice, my_nice());
    assert_int_equal(plain.of_computing, my_nice());
    assert_true(behind.of_computing > my_nice() || my_nice() == 19);
}

/* Asks from threads that are ever nicer. */
static void ask_from_nice(void *arg)
{
    bool *behind = arg;

    *behind = true;
    for (int mine = my_nice(); mine < 19; mine++) {
        *behind = *behind && setpriority(PRIO_PROCESS, (id_t)gettid(), mine) == 0;
        *behind = *behind && ask_lane(true).of_computing > mine;
    }
}

static void the_background_is_behind_a_nice_process_too(void **state)
{
    pthread_t thread; /* this one would stay nice */
    bool behind;

    (void)state;
    assert_true(thread_start("nice", ask_from_nice, &behind, &thread));
    thread_join(thread);
    assert_true(behind);
}

static void add_one(void *n)
{
    ++*(unsigned *)n;
}

static void compute_often(struct job *job)
{
    struct counted *counted = (struct counted *)job;
    unsigned n = 0;

    for (unsigned i = 1; i <= 100; i++) {
        thread_compute(add_one, &n);
        if (n != i)
            return;
    }
    atomic_fetch_add(counted->done, 1);
}

static void computing_has_ended_when_the_call_returns(void **state)
{
    struct pool_lane_conf conf[POOL_LANES] = {[POOL_HASH] = POOL_LANE(3, 3, 100)};
    struct counted jobs[50];
    atomic_uint done = 0;
    unsigned here = 0;
    struct pool *pool;

    (void)state;
    thread_compute(add_one, &here); /* no lane at all */
    assert_int_equal(here, 1);
    conf[POOL_HASH].in_background = true;
    pool = pool_new(conf);
    assert_non_null(pool);
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        jobs[i] = (struct counted){.job = {.run = compute_often}, .done = &done};
        assert_true(pool_submit(pool, POOL_HASH, &jobs[i].job));
    }
    pool_free(pool);
    assert_int_equal(atomic_load(&done), COUNT_OF(jobs));
}

static void note_id(void *arg)
{
    unsigned *id = arg;

    *id = thread_id();
}

static void threads_have_ids(void **state)
{
    unsigned ids[3] = {thread_id(), 0, 0};
    pthread_t thread;

    (void)state;
    for (size_t i = 1; i < COUNT_OF(ids); i++) {
        assert_true(thread_start("a name longer than the system takes", note_id, &ids[i], &thread));
        thread_join(thread);
    }
    assert_int_equal(ids[0], thread_id());
    assert_true(ids[0] && ids[1] && ids[2]);
    assert_true(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_before_the_end),
        cmocka_unit_test(a_full_lane_refuses_and_leaves_the_other_alone),
        cmocka_unit_test(a_client_has_its_share_of_the_threads),
        cmocka_unit_test(clients_take_turns),
        cmocka_unit_test(one_thread_is_shared_by_turns),
        cmocka_unit_test(rounds_do_not_go_back),
        cmocka_unit_test(a_client_has_half_of_the_places),
        cmocka_unit_test(only_what_computes_is_in_the_background),
        cmocka_unit_test(the_background_is_behind_a_nice_process_too),
        cmocka_unit_test(computing_has_ended_when_the_call_returns),
        cmocka_unit_test(threads_have_ids),
    };

    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
