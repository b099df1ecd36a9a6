/*
 * Invariant: the sum of `used` and of every thread's `unbooked` is what is in use. It is never
 * negative, though each of them may be: memory is given back by other threads than took it.
 */
#include "base/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MUCH ((int64_t)32 * 1024 * 1024)
#define KEPT_PARTS 8 /* of the budget, one is for what does not ask */

static uint64_t budget = UINT64_MAX / 2;
static _Atomic int64_t used;
static _Atomic int64_t peak; /* about, since the last memory_relax() */
static _Thread_local int64_t unbooked;

static void book(void)
{
    int64_t now = atomic_fetch_add_explicit(&used, unbooked, memory_order_relaxed) + unbooked;

    if (now > atomic_load_explicit(&peak, memory_order_relaxed))
        atomic_store_explicit(&peak, now, memory_order_relaxed);
    unbooked = 0;
}

static void add(int64_t n)
{
    unbooked += n;
    if (unbooked >= (int64_t)MEMORY_SLACK || unbooked <= -(int64_t)MEMORY_SLACK)
        book();
}

void memory_set_budget(uint64_t bytes)
{
    budget = bytes < UINT64_MAX / 2 ? bytes : UINT64_MAX / 2;
}

uint64_t memory_budget(void)
{
    return budget;
}

uint64_t memory_used(void)
{
    int64_t n = atomic_load_explicit(&used, memory_order_relaxed);

    return n > 0 ? (uint64_t)n : 0;
}

void memory_charge(size_t n)
{
    add((int64_t)n);
}

/* Booked first and asked then: of two threads that want the last of it, one is refused. */
bool memory_take(size_t n)
{
    unbooked += (int64_t)n;
    book();
    if (memory_used() <= budget - budget / KEPT_PARTS)
        return true;
    atomic_fetch_sub_explicit(&used, (int64_t)n, memory_order_relaxed);
    return false;
}

bool memory_has_room(size_t n)
{
    return memory_used() + n <= budget - budget / KEPT_PARTS;
}

void memory_give(size_t n)
{
    add(-(int64_t)n);
}

bool memory_is_over(void)
{
    return memory_used() > budget;
}

uint64_t memory_excess(void)
{
    uint64_t n = memory_used();

    return n > budget / 2 ? n - budget / 2 : 0;
}

void memory_relax(void)
{
    int64_t now = atomic_load_explicit(&used, memory_order_relaxed);

    if (atomic_exchange_explicit(&peak, now, memory_order_relaxed) - now >= MUCH)
        (void)malloc_trim(0); /* nothing to give back is as well */
}

void *memory_new(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        BUG("out of memory");
    memory_charge(n);
    return p;
}

void memory_free(void *p, size_t n)
{
    if (!p)
        return;
    free(p);
    memory_give(n);
}

void memory_thread_end(void)
{
    book();
}
