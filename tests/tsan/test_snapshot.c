/*
 * Snapshots for ThreadSanitizer: threads borrow and take references while one publishes, and each
 * sees only what is whole, and never an older one after a newer.
 */
#include "base/snapshot.h"
#include "unit/unit.h"

#include "base/thread.h"
#include "unit/thing.h"

#include <sched.h>

#define THREADS 6
#define PUBLISHED 20000
#define HELD 5 /* at once, of which some are old by then */

struct reader {
    struct thing_store *store;
    pthread_barrier_t *begin;
    pthread_t thread;
    const char *wrong; /* NULL: nothing */
};

static void look_at(struct reader *reader, const struct thing *thing)
{
    if (thing->twice != thing->number * 2 || thing->number != thing->snapshot.generation)
        reader->wrong = "what is not whole";
}

/* The oldest of what is held is always the next to go. */
static void read_all(void *arg)
{
    struct thing *held[HELD] = {NULL};
    struct reader *reader = arg;
    uint64_t last = 0;

    (void)pthread_barrier_wait(reader->begin); /* says only who came last */
    for (unsigned i = 0; last < PUBLISHED; i++) {
        struct thing **slot = &held[i % HELD];
        struct thing *current;

        if (*slot)
            look_at(reader, *slot);
        thing_return(*slot);
        *slot = thing_borrow(reader->store);
        look_at(reader, *slot);
        if ((*slot)->number < last)
            reader->wrong = "an older one after a newer";
        last = (*slot)->number;
        current = thing_current(reader->store);
        look_at(reader, current);
        thing_unref(current);
        if (i % 16 == 0)
            (void)sched_yield(); /* cannot fail */
    }
    for (size_t i = 0; i < HELD; i++)
        thing_return(held[i]);
    snapshot_thread_end();
}

static void threads_borrow_while_one_publishes(void **state)
{
    struct thing_store *store = thing_store_new();
    struct reader readers[THREADS] = {0};
    pthread_barrier_t begin;

    (void)state;
    assert_int_equal(pthread_barrier_init(&begin, NULL, THREADS + 1), 0);
    thing_publish(store, thing_new(1));
    for (size_t i = 0; i < THREADS; i++) {
        readers[i].store = store;
        readers[i].begin = &begin;
        assert_true(thread_start("reader", read_all, &readers[i], &readers[i].thread));
    }
    (void)pthread_barrier_wait(&begin);
    for (uint64_t number = 2; number <= PUBLISHED; number++) {
        thing_publish(store, thing_new(number));
        if (number % 16 == 0)
            (void)sched_yield();
    }
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(readers[i].thread);
        assert_null(readers[i].wrong);
    }
    pthread_barrier_destroy(&begin);
    assert_int_equal(n_alive, 1);
    thing_store_free(store);
    assert_int_equal(n_alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_borrow_while_one_publishes)};

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
