#include "base/snapshot.h"
#include "unit/unit.h"

#include "base/thread.h"
#include "unit/thing.h"

#define MANY 40 /* stores that live at once: more than a thread has places for */

/* --- references ------------------------------------------------------------------------------ */

static void the_last_reference_frees(void **state)
{
    struct thing *thing = thing_new(1);

    (void)state;
    assert_ptr_equal(thing_ref(thing), thing);
    thing_unref(thing);
    assert_int_equal(n_alive, 1);
    thing_unref(thing);
    assert_int_equal(n_alive, 0);
    thing_unref(NULL);
    thing_return(NULL);
    thing_store_free(NULL);
}

static void publishing_replaces(void **state)
{
    struct thing_store *store = thing_store_new();
    struct thing *held;

    (void)state;
    assert_int_equal(thing_generation(store), 0);
    thing_publish(store, thing_new(1));
    assert_int_equal(thing_generation(store), 1);
    held = thing_current(store);
    thing_publish(store, thing_new(2));
    assert_int_equal(thing_generation(store), 2);
    assert_int_equal(held->number, 1);
    assert_int_equal(held->snapshot.generation, 1);
    assert_int_equal(n_alive, 2);
    thing_unref(held);
    assert_int_equal(n_alive, 1);
    thing_store_free(store);
    assert_int_equal(n_alive, 0);
}

static void a_reference_outlives_the_store(void **state)
{
    struct thing_store *store = thing_store_new();
    struct thing *held;

    (void)state;
    thing_publish(store, thing_new(1));
    held = thing_current(store);
    thing_store_free(store);
    assert_int_equal(held->number, 1);
    thing_unref(held);
    assert_int_equal(n_alive, 0);
}

/* --- borrowing ------------------------------------------------------------------------------- */

static void borrowing_takes_one_reference(void **state)
{
    struct thing_store *store = thing_store_new();
    struct thing *thing = thing_new(1);

    (void)state;
    thing_publish(store, thing);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(thing_borrow(store), thing);
    assert_int_equal(thing->snapshot.refs, 2);
    for (int i = 0; i < 3; i++)
        thing_return(thing);
    assert_int_equal(thing->snapshot.refs, 2); /* kept for the next one */
    snapshot_thread_end();
    assert_int_equal(thing->snapshot.refs, 1);
    thing_store_free(store);
    assert_int_equal(n_alive, 0);
}

static void what_nobody_borrows_goes_with_the_next(void **state)
{
    struct thing_store *store = thing_store_new();

    (void)state;
    thing_publish(store, thing_new(1));
    thing_return(thing_borrow(store));
    thing_publish(store, thing_new(2));
    assert_int_equal(n_alive, 2);
    for (int i = 0; i < 2; i++) {
        AUTO(thing_return) struct thing *thing = thing_borrow(store);

        assert_int_equal(thing->number, 2);
        assert_int_equal(n_alive, 1);
    }
    thing_store_free(store);
    assert_int_equal(n_alive, 0); /* what this thread kept, too */
}

/* Each is borrowed twice, and they are returned in an order that is neither's. */
static void old_ones_stay_until_they_are_returned(void **state)
{
    struct thing_store *store = thing_store_new();
    struct thing *held[10][2];

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        thing_publish(store, thing_new(i));
        for (int k = 0; k < 2; k++)
            held[i][k] = thing_borrow(store);
    }
    assert_int_equal(n_alive, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(held[i][0]->number, i);
    for (int i = 0; i < 10; i++)
        thing_return(held[i * 3 % 10][0]);
    assert_int_equal(n_alive, 10);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(held[8 - i][1]->number, 8 - i);
        thing_return(held[8 - i][1]);
        assert_int_equal(n_alive, 9 - i);
    }
    thing_return(held[9][1]); /* the current one */
    assert_int_equal(n_alive, 1);
    thing_store_free(store);
    assert_int_equal(n_alive, 0);
}

static void stores_do_not_mix(void **state)
{
    struct thing_store *stores[MANY];
    struct thing *held[2][MANY];

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        stores[i] = thing_store_new();
        thing_publish(stores[i], thing_new(i));
    }
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < MANY; i++)
            held[k][i] = thing_borrow(stores[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(held[0][i], held[1][i]);
    for (int i = MANY - 1; i >= 0; i--) {
        assert_int_equal(held[0][i]->number, i);
        thing_return(held[0][i]);
        thing_return(held[1][i]);
    }
    for (int i = 0; i < MANY; i++)
        thing_store_free(stores[i]);
    snapshot_thread_end();
    assert_int_equal(n_alive, 0);
}

/* --- stores that end ------------------------------------------------------------------------- */

static void what_is_borrowed_outlives_the_store(void **state)
{
    struct thing_store *store = thing_store_new();
    struct thing *old, *current;

    (void)state;
    thing_publish(store, thing_new(1));
    old = thing_borrow(store);
    thing_publish(store, thing_new(2));
    current = thing_borrow(store);
    thing_store_free(store);
    assert_int_equal(old->number, 1);
    assert_int_equal(current->number, 2);
    thing_return(old);
    thing_return(current);
    assert_int_equal(n_alive, 0);
}

static void one_store_after_another(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        struct thing_store *store = thing_store_new(); /* as like as not where the last one was */
        struct thing *thing;

        thing_publish(store, thing_new(i));
        thing = thing_borrow(store);
        assert_int_equal(thing->number, i);
        if (i % 2 == 0)
            thing_return(TAKE(thing));
        thing_store_free(store);
        thing_return(thing);
        assert_int_equal(n_alive, 0);
    }
}

struct guest {
    struct thing_store *store; /* whoever passed `turn` last may change it */
    pthread_barrier_t turn;
    uint64_t numbers[2];
};

static void take_turn(struct guest *guest)
{
    (void)pthread_barrier_wait(&guest->turn); /* says only who is the last one */
}

static void visit(void *arg)
{
    struct guest *guest = arg;

    for (int i = 0; i < 2; i++) {
        AUTO(thing_return) struct thing *thing = thing_borrow(guest->store);

        guest->numbers[i] = thing->number;
        take_turn(guest); /* there, the store is replaced */
        take_turn(guest);
    }
    snapshot_thread_end();
}

/* A thread has borrowed from a store that another one frees. */
static void another_thread_frees_the_store(void **state)
{
    struct guest guest = {.store = thing_store_new()};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_barrier_init(&guest.turn, NULL, 2), 0);
    thing_publish(guest.store, thing_new(1));
    assert_true(thread_start("guest", visit, &guest, &thread));
    for (int i = 0; i < 2; i++) {
        take_turn(&guest);
        thing_store_free(guest.store);
        guest.store = thing_store_new();
        thing_publish(guest.store, thing_new(2));
        take_turn(&guest);
    }
    thread_join(thread);
    assert_int_equal(guest.numbers[0], 1);
    assert_int_equal(guest.numbers[1], 2);
    assert_int_equal(n_alive, 1);
    thing_store_free(guest.store);
    assert_int_equal(n_alive, 0);
    pthread_barrier_destroy(&guest.turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_reference_frees),
        cmocka_unit_test(publishing_replaces),
        cmocka_unit_test(a_reference_outlives_the_store),
        cmocka_unit_test(borrowing_takes_one_reference),
        cmocka_unit_test(what_nobody_borrows_goes_with_the_next),
        cmocka_unit_test(old_ones_stay_until_they_are_returned),
        cmocka_unit_test(stores_do_not_mix),
        cmocka_unit_test(what_is_borrowed_outlives_the_store),
        cmocka_unit_test(one_store_after_another),
        cmocka_unit_test(another_thread_frees_the_store),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
