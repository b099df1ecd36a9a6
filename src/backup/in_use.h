/*
 * backup/in_use: who has a data directory open. Every process that opens one shares a lock (flock)
 * of the folder itself, and whoever moves its content (swap.h) has it alone: a process would else
 * go on writing into what was moved away.
 *
 * Where the file system has no locks nobody is known, and nobody kept out. PocketBase takes none.
 */
#ifndef REEVE_BACKUP_IN_USE_H
#define REEVE_BACKUP_IN_USE_H

#include "base/err.h"

#include <stdbool.h>

/* The lock, shared, for as long as *ret stays open. Waits some seconds for who moves. The directory
 * is there. One process takes it once. */
MUST_CHECK struct err *in_use_share(struct arena *a, const char *dir, int *ret);
/* Whether nobody else has it at the moment; -1: so it is. */
bool in_use_alone(int lock);
/* Waits some seconds until it is had alone. False: others have it, and it is shared still. */
MUST_CHECK bool in_use_take(int lock);
/* After in_use_take(): it is shared again. */
void in_use_give(int lock);

#endif
