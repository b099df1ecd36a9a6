/*
 * Invariant: what waits is in `waste`, linked through its own first bytes. Who finds it empty wakes
 * the thread, which takes all of it at once.
 */
#include "base/reap.h"

#include "base/memory.h"
#include "base/thread.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

struct waste {
    struct waste *next;
    size_t n;
};

static _Atomic(struct waste *) waste;
static atomic_bool running;
static sem_t wakes;
static pthread_t reaper;

static void free_now(void *p, size_t n)
{
    memory_give(n);
    free(p);
}

static void free_all(void)
{
    struct waste *next;

    for (struct waste *one = atomic_exchange(&waste, NULL); one; one = next) {
        next = one->next;
        free_now(one, one->n);
    }
}

static void run(void *arg)
{
    (void)arg;
    while (atomic_load(&running)) {
        (void)sem_wait(
            &wakes); /* cut short by a signal: there is nothing to free, and that is all */
        free_all();
    }
    memory_thread_end();
}

bool reap_start(void)
{
    if (sem_init(&wakes, 0, 0) != 0)
        return false;
    atomic_store(&running, true);
    if (thread_start("reaper", run, NULL, &reaper))
        return true;
    atomic_store(&running, false);
    (void)sem_destroy(&wakes);
    return false;
}

void reap_stop(void)
{
    if (!atomic_exchange(&running, false))
        return;
    (void)sem_post(&wakes); /* it fails at billions of wakes only */
    thread_join(reaper);
    free_all();
    (void)sem_destroy(&wakes);
}

void reap(void *p, size_t n)
{
    struct waste *one = p;
    struct waste *head;

    if (n < REAP_BYTES || !thread_is_loop() || !atomic_load(&running)) {
        free_now(p, n);
        return;
    }
    one->n = n;
    head = atomic_load(&waste);
    do {
        one->next = head;
    } while (!atomic_compare_exchange_weak(&waste, &head, one));
    if (!head)
        (void)sem_post(&wakes);
}
