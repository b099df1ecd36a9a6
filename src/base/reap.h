/*
 * base/reap: large memory that an event loop lets go of is freed by a thread of its own: to give a
 * hundred megabytes back to the system takes longer than a loop may be away.
 */
#ifndef REEVE_BASE_REAP_H
#define REEVE_BASE_REAP_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define REAP_BYTES ((size_t)256 * 1024) /* less is freed at once */

/* Before there are loops. False: the system has no thread left; then all is freed at once. */
MUST_CHECK bool reap_start(void);
/* Once there are no loops any more: returns when all is freed. Fine without a start. */
void reap_stop(void);
/* Frees n bytes of malloc() that were charged to the budget (base/memory), which has them back when
 * they are free. Any thread; only on a loop it is put off. p must not be NULL. */
void reap(void *p, size_t n);

#endif
