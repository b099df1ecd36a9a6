/*
 * backup/sweep: moving and removing whole folders. Private to this folder.
 */
#ifndef REEVE_BACKUP_SWEEP_H
#define REEVE_BACKUP_SWEEP_H

#include "backup/swap.h"

#include <dirent.h>

#define SWAP_WHAT_MAX 256 /* a name, and a NUL */

/* For tests, which end the process in there: called before every system call that changes
 * something on disk. NULL in the program. */
extern void (*swap_step)(void);

static inline void swap_next_step(void)
{
    if (swap_step)
        swap_step();
}

/* The folder below `in`, which is no link; -1, errno says why. */
int swap_open(int in, const char *name);
/* Its entries, from the first one; NULL, errno says why. The folder stays open. */
DIR *swap_list(int folder);
/* The next one but "." and ".."; NULL: there is none. */
const char *swap_next(DIR *list);

/* sweep.c: empties the folder but for `keep` (NULL: nothing stays). False, errno says why: what is
 * named could not be removed; or *stop is true, then errno is 0. No link is followed, no mount
 * point gone into, and no depth is too deep. */
MUST_CHECK bool swap_sweep(int folder, const char *keep, const atomic_bool *stop,
                           char ret_what[SWAP_WHAT_MAX]);

#endif
