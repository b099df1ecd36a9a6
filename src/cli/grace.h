/*
 * cli/grace: the end of what still waits for another server when ours stops: what only reads ends
 * at once, what stores or removes files, or asks for a token, has some seconds.
 */
#ifndef REEVE_CLI_GRACE_H
#define REEVE_CLI_GRACE_H

#include "files/files.h"

#include <pthread.h>

struct grace {
    struct file_store *files; /* NULL: it was not begun */
    struct net *net;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over; /* under the lock */
    bool started;
    pthread_t thread;
};

/* When the stop begins, on any thread: does not block. Both must stay until grace_end(). */
void grace_begin(struct grace *grace, struct file_store *files, struct net *net);
/* Once nothing waits any more. Does nothing where it was not begun. */
void grace_end(struct grace *grace);

#endif
