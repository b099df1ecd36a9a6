/*
 * The budget's default, which libuv's knowledge of control groups makes one line.
 */
#include "cli/budget.h"

#include "base/limits.h"
#include "base/memory.h"

#include <uv.h>

static uint64_t half_of_what_there_is(void)
{
    uint64_t machine = uv_get_total_memory();
    uint64_t group = uv_get_constrained_memory(); /* 0: not known */

    return (group > 0 && group < machine ? group : machine) / 2;
}

struct err *budget_set(struct arena *a, uint64_t bytes)
{
    uint64_t budget = bytes ? bytes : half_of_what_there_is();

    if (bytes && bytes < LIMIT_MEMORY_LEAST)
        return err_new(a, E_BAD_REQUEST, NULL, "--memory: %llu bytes are too few, at least %lluM",
                       (unsigned long long)bytes, LIMIT_MEMORY_LEAST / MIB);
    memory_set_budget(budget > LIMIT_MEMORY_LEAST ? budget : LIMIT_MEMORY_LEAST);
    return NULL;
}
