/*
 * Invariants
 *  1. The current snapshot changes under the store's lock, and only there a reference is taken to
 *     it. Without the lock its address is compared, and never followed.
 *  2. A thread's hold is one reference to a snapshot, whoever borrows it. So nothing else can be at
 *     that address: if it is the address of a store's current one, then it is the current one, also
 *     where a store has come and gone.
 *  3. A thread has at most one hold on a store in its table. What it has moved on from is in its
 *     list as long as it has borrowers there.
 *  4. The borrowers of a snapshot on a thread are those of its holds in the table and in the list
 *     together: which of them a return counts down makes no difference.
 */
#include "base/snapshot.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct snapshot_store {
    /* set by snapshot_store_new(), constant after */
    unsigned place; /* in each thread's table */
    /* any thread, written under `lock` */
    _Atomic(struct snapshot *) current;
    atomic_uint_fast64_t generation;
    pthread_mutex_t lock;
};

/* Stores take places in turn. Those that share one are served all the same, slowly: they push each
 * other out. */
#define PLACES 8 /* the program has two stores; what tests make comes and goes */

struct hold {
    struct snapshot *snapshot; /* NULL: none */
    size_t n_borrowers;
};

struct former {
    struct former *next;
    struct hold hold; /* with borrowers */
};

static _Thread_local struct hold holds[PLACES];
static _Thread_local struct former *formers;

static void *snapshot_alloc(size_t n)
{
    void *p = malloc(n);

    if (!p)
        BUG("out of memory");
    return p;
}

/* --- references ------------------------------------------------------------------------------ */

void snapshot_init(struct snapshot *snapshot, struct arena *arena)
{
    *snapshot = (struct snapshot){.arena = arena};
    atomic_init(&snapshot->refs, 1);
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (snapshot && atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) == 1)
        arena_free(snapshot->arena);
}

/* --- a thread's holds ------------------------------------------------------------------------ */

static void hold_leave(struct hold *hold)
{
    if (hold->n_borrowers == 0) {
        snapshot_unref(hold->snapshot);
    } else {
        struct former *former = snapshot_alloc(sizeof(*former));

        *former = (struct former){formers, *hold};
        formers = former;
    }
    *hold = (struct hold){0};
}

RARELY static struct snapshot *borrow_newer(struct hold *hold, struct snapshot_store *store)
{
    hold_leave(hold);
    *hold = (struct hold){snapshot_current(store), 1};
    return hold->snapshot;
}

struct snapshot *snapshot_borrow(struct snapshot_store *store)
{
    struct hold *hold = &holds[store->place];

    if (!LIKELY(hold->snapshot == atomic_load_explicit(&store->current, memory_order_relaxed)))
        return borrow_newer(hold, store);
    hold->n_borrowers++;
    return hold->snapshot;
}

RARELY static void return_former(const struct snapshot *snapshot)
{
    struct former **at = &formers, *former;

    while (*at && (*at)->hold.snapshot != snapshot)
        at = &(*at)->next;
    former = *at;
    if (!former)
        BUG("returned by a thread that has not borrowed it");
    if (--former->hold.n_borrowers > 0)
        return;
    *at = former->next;
    snapshot_unref(former->hold.snapshot);
    free(former);
}

void snapshot_return(struct snapshot *snapshot)
{
    struct hold *hold;

    if (!snapshot)
        return;
    hold = &holds[snapshot->place];
    if (LIKELY(hold->snapshot == snapshot && hold->n_borrowers > 0))
        hold->n_borrowers--;
    else
        return_former(snapshot);
}

void snapshot_thread_end(void)
{
    for (size_t i = 0; i < PLACES; i++)
        hold_leave(&holds[i]);
    assert(!formers);
}

/* --- the store ------------------------------------------------------------------------------- */

struct snapshot_store *snapshot_store_new(void)
{
    static atomic_uint n_stores;
    struct snapshot_store *store = snapshot_alloc(sizeof(*store));

    *store = (struct snapshot_store){.place = atomic_fetch_add(&n_stores, 1) % PLACES};
    atomic_init(&store->current, NULL);
    atomic_init(&store->generation, 0);
    if (pthread_mutex_init(&store->lock, NULL) != 0)
        BUG("no lock to be had");
    return store;
}

void snapshot_store_free(struct snapshot_store *store)
{
    struct hold *own;

    if (!store)
        return;
    own = &holds[store->place]; /* other threads' stay until they end or need the place */
    if (own->snapshot && own->snapshot->store == store)
        hold_leave(own);
    snapshot_unref(store->current);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

void snapshot_publish(struct snapshot_store *store, struct snapshot *take_snapshot)
{
    struct snapshot *former;

    assert(!take_snapshot->store);
    pthread_mutex_lock(&store->lock);
    take_snapshot->store = store;
    take_snapshot->place = store->place;
    take_snapshot->generation = snapshot_generation(store) + 1;
    former = atomic_exchange(&store->current, take_snapshot);
    atomic_store_explicit(&store->generation, take_snapshot->generation, memory_order_release);
    pthread_mutex_unlock(&store->lock);
    snapshot_unref(former);
}

struct snapshot *snapshot_current(struct snapshot_store *store)
{
    struct snapshot *snapshot;

    pthread_mutex_lock(&store->lock);
    snapshot = snapshot_ref(store->current);
    pthread_mutex_unlock(&store->lock);
    return snapshot;
}

uint64_t snapshot_generation(const struct snapshot_store *store)
{
    return atomic_load_explicit(&store->generation, memory_order_acquire);
}
