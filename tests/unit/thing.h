/*
 * unit/thing.h: what the tests of base/snapshot publish, and how many of them there are.
 */
#ifndef REEVE_TESTS_THING_H
#define REEVE_TESTS_THING_H

#include "base/snapshot.h"

static atomic_int n_alive;

struct thing {
    struct snapshot snapshot;
    uint64_t number, twice;
};

SNAPSHOT_STORE(thing);

static inline void thing_gone(void *unused)
{
    (void)unused;
    atomic_fetch_sub(&n_alive, 1);
}

static inline struct thing *thing_new(uint64_t number)
{
    struct arena *a = arena_new();
    struct thing *thing = ARENA_NEW(a, struct thing);

    snapshot_init(&thing->snapshot, a);
    thing->number = number;
    thing->twice = number * 2;
    arena_defer(a, thing_gone, NULL);
    atomic_fetch_add(&n_alive, 1);
    return thing;
}

#endif
