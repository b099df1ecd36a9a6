/*
 * cli/budget: how much memory the server has for its clients.
 */
#ifndef REEVE_CLI_BUDGET_H
#define REEVE_CLI_BUDGET_H

#include "base/compiler.h"
#include "base/err.h"

#include <stdint.h>

/* Sets the budget (base/memory.h), before there are other threads. bytes 0: a half of the machine's
 * memory, or of what its control group has, where that is less. An error where it is less than a
 * server needs. */
MUST_CHECK struct err *budget_set(struct arena *a, uint64_t bytes);

#endif
