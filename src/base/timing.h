/*
 * base/timing: how long a thread spends on something, wherever that is called from, where somebody
 * wants to know.
 */
#ifndef REEVE_BASE_TIMING_H
#define REEVE_BASE_TIMING_H

#include <stdint.h>

struct timing {
    uint64_t us;
};

/* From here on the calling thread's time counts there; NULL: nowhere, as at first. `to` is
 * borrowed. */
void timing_use(struct timing *to);
/* Around what is measured. The first returns what the second wants; where nobody wants to know,
 * they cost a look at a pointer. What is measured does not nest. */
uint64_t timing_begin(void);
void timing_end(uint64_t began_us);

#endif
