/*
 * base/rate: how often a key was used in its window of time (services.md 11).
 *
 * A window begins with its key's first use, in whole seconds of the clock, and ends `duration_s`
 * later; so many uses are allowed in it. What is refused neither counts nor makes it longer.
 *
 * All keys are in one table of LIMIT_RATE_ENTRIES, whose size never changes. A key whose window is
 * over makes room. Where a crowd of keys fills the table, the one that was used least goes, so that
 * who is close to a limit stays known. Any thread; a known key is counted without a lock.
 */
#ifndef REEVE_BASE_RATE_H
#define REEVE_BASE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rates;

/* Untouched, the table takes no memory. */
struct rates *rates_new(void);
/* NULL is fine. */
void rates_free(struct rates *rates);

/* The clock that windows go by: the wall clock's seconds as of when the table was made, and never
 * back. */
int64_t rates_now_ms(const struct rates *rates);

/* A key of n numbers: what is limited, and whom (str_hash() of a text). Nobody outside of the
 * process can aim at another's. To forget what was counted, have a number that changes. */
uint64_t rate_key(const uint64_t *numbers, size_t n);

/*
 * Uses the key once; false: not allowed. max 0 or less allows nothing, duration_s 0 or less a new
 * window with each use; of either, 2^32 - 1 is the most that counts.
 * now_ms: rates_now_ms(), or a test's.
 */
bool rate_take(struct rates *rates, uint64_t key, int64_t now_ms, int64_t duration_s, int64_t max);

#endif
