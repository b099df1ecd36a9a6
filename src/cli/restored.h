/*
 * cli/restored: what a backup's content in the data directory asks of who opens it (backup/swap.h).
 */
#ifndef REEVE_CLI_RESTORED_H
#define REEVE_CLI_RESTORED_H

#include "backup/swap.h"
#include "base/str.h"

#include <pthread.h>

struct restored {
    const char *dir;
    int lock; /* of the directory, shared until the process ends (backup/in_use.h) */
    struct swap_start start;
    atomic_bool stop;
    bool has_thread;
    pthread_t thread;
};

/* Before anything of the data directory, which is there, is opened: puts what was restored in its
 * place, or back what was there before. */
MUST_CHECK struct err *restored_look(struct arena *a, struct str dir, enum swap_who who,
                                     struct restored *ret);
/* The start has come to its end, and nobody has been answered: what was restored stays. An error:
 * it does not, and the start has failed. */
MUST_CHECK struct err *restored_settle(struct arena *a, struct restored *restored);
/* What was there before goes, in the background. */
void restored_clean(struct restored *restored);
/* The start has failed, and what it opened is closed: true, what was there before is back, and a
 * start of it may go better. */
bool restored_take_back(struct arena *a, struct restored *restored);
/* Waits for what runs in the background. */
void restored_end(struct restored *restored);

#endif
