/*
 * cli/restored: a start that may be the first one of a backup's content (backup/swap.h).
 */
#ifndef REEVE_CLI_RESTORED_H
#define REEVE_CLI_RESTORED_H

#include "backup/swap.h"
#include "base/str.h"

#include <pthread.h>

struct restored {
    const char *dir;
    struct swap_start start;
    atomic_bool stop;
    bool has_thread;
    pthread_t thread;
};

/* Before anything of the data directory is opened, and where it is there already: puts what was
 * restored in its place, or back what was there before. */
MUST_CHECK struct err *restored_look(struct arena *a, struct str dir, struct restored *ret);
/* The server answers: what was there before goes, in the background. */
void restored_keep(struct restored *restored);
/* The start has failed, and what it opened is closed: true, what was there before is back, and a
 * start of it may go better. */
bool restored_take_back(struct arena *a, struct restored *restored);
/* Waits for what runs in the background. */
void restored_end(struct restored *restored);

#endif
