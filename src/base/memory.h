/*
 * base/memory: one budget for all the memory that clients can enlarge (design.md 4).
 *
 * Arenas, buffers and read buffers charge what they take from the heap, so the account follows them
 * without a word from whoever uses them. What can do without asks first (memory_take); what cannot,
 * charges (memory_charge), and whoever goes on for long asks every so often whether the budget is
 * passed. Nothing is ever taken back by force. Who asks is given seven eighths of the budget at
 * most: the rest is for requests that need little, however much others hold.
 *
 * The account is a thread's MEMORY_SLACK off at most, which is what makes it cheap. All but
 * memory_set_budget() may be called by any thread.
 */
#ifndef REEVE_BASE_MEMORY_H
#define REEVE_BASE_MEMORY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_SLACK ((size_t)32 * 1024)

/* In bytes; before other threads are there. Without it there is no bound. */
void memory_set_budget(uint64_t bytes);
uint64_t memory_budget(void);
uint64_t memory_used(void);

/* n bytes more, whatever the budget says. */
void memory_charge(size_t n);
/* n bytes more, unless they would pass what there is for those who ask: false, and nothing is
 * charged. */
MUST_CHECK bool memory_take(size_t n);
/* Whether n bytes would be taken now. Nothing is charged. */
bool memory_has_room(size_t n);
/* n bytes less, of what was charged or taken by any thread. */
void memory_give(size_t n);

/* The budget is passed: what can be put off is refused. */
bool memory_is_over(void);
/* Bytes beyond a half of the budget, 0: none. From there on room is made. */
uint64_t memory_excess(void);

/* Gives back to the system what was freed, where that is much since the last time; else it costs a
 * look at two numbers. May take some 10 ms, in which other threads wait for their memory: now and
 * then, on a thread that nobody waits for. */
void memory_relax(void);

/* Memory of a thing that lives and dies singly: zeroed, charged, never NULL. The same size gives it
 * back; NULL is fine. */
void *memory_new(size_t n);
void memory_free(void *p, size_t n);

/* Before a thread ends, so that what it has not booked yet is not lost. */
void memory_thread_end(void);

#endif
