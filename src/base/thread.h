/*
 * base/thread: threads, and a pool of them behind bounded queues.
 */
#ifndef REEVE_BASE_THREAD_H
#define REEVE_BASE_THREAD_H

#include "base/compiler.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small number that identifies the calling thread; stable while it lives. */
unsigned thread_id(void);

/* Starts a named thread, which leaves SIGTERM and SIGINT to the first one. False: the system has
 * none left. */
MUST_CHECK bool thread_start(const char *name, void (*run)(void *arg), void *arg, pthread_t *ret);
void thread_join(pthread_t thread);

/* From now on the calling thread, one of the caller's own, gets what others leave of the
 * processors: whoever waits for a lock that it holds waits until somebody does. Never taken back.
 */
void thread_to_background(void);

/* Says that the calling thread is an event loop, or is one no more: on a loop nothing waits. */
void thread_set_loop(bool is_loop);
/* What it has said last; at first it is none. For those who wait, to find who called them there. */
bool thread_is_loop(void);

/* Runs fn(arg), which computes for long and takes no lock, and returns when it has ended. In a job
 * of a lane in the background it gets what others leave of the processors; elsewhere it simply
 * runs. */
void thread_compute(void (*fn)(void *arg), void *arg);

/* A job lives in what it belongs to: no allocation to queue it. */
struct job {
    void (*run)(struct job *job); /* on a pool thread; it owns the job from here */
    uint64_t client;              /* whose share it counts for; 0: nobody's, it has no bound */
    bool owed;                    /* it ends what has been begun: it is taken however many wait */
    /* the queue's */
    struct job *next;
    uint64_t round;
};

/* Each kind of work has threads of its own, so that none holds up another. */
enum pool_lane {
    POOL_WORK,     /* what takes longer than a loop should be away */
    POOL_SLOW,     /* reads that have proved to take long */
    POOL_HASH,     /* passwords */
    POOL_LEASE,    /* units that hold the write connection: they wait for each other anyway */
    POOL_DATABASE, /* reads of a database whose calls wait: one thread a pooled connection */
    POOL_IMAGE,    /* pictures */
    POOL_REMOTE,   /* what waits for other servers */
    POOL_HEARD,    /* writes that somebody listens to, and what is told of others: listeners rest */
    POOL_PROVIDER, /* sign-on providers that are asked: they may be slow, and files be wanted */
    POOL_MAIL,     /* mails that are waited for */
    POOL_CONSOLE,  /* what superusers ask in SQL, for minutes maybe */
    POOL_LANES
};
/* All 0: there is no such lane, no thread is started for it, and it takes no job. */
struct pool_lane_conf {
    unsigned n_threads; /* >= 1; but for the first they start when they are needed */
    unsigned share;     /* >= 1: of them that work for one client at a time */
    size_t max_queued;  /* >= 2 jobs waiting; a client has at most half of these places */
    bool in_background; /* what its jobs give to thread_compute() */
};
#define POOL_LANE(n, of_one, places)                                                        \
    {                                                                                       \
        .n_threads = (n), .share = (of_one), .max_queued = (places), .in_background = false \
    }

struct pool;
/* NULL: the system has no thread left. */
struct pool *pool_new(const struct pool_lane_conf conf[POOL_LANES]);
/* Has fn(user) called on each thread before it ends: to close what belongs to the thread. Before
 * the first job. */
void pool_at_thread_end(struct pool *pool, void (*fn)(void *user), void *user);
/* Any thread. False: the lane's queue is full, or the client's part of it, and nothing was taken:
 * answer 503. Jobs of a lane start in the order they came, but those of a client that has fewer
 * running go first, and clients with many waiting take turns with the others. */
bool pool_submit(struct pool *pool, enum pool_lane lane, struct job *job);
struct pool_stats {
    const char *name;
    unsigned n_threads, n_running; /* that there may be; that have a job now */
    size_t n_queued, max_queued;
};
/* Of a lane; n_threads 0: there is none of that kind. Any thread. */
struct pool_stats pool_stats(struct pool *pool, enum pool_lane lane);
/* Waits for running and queued jobs, then frees. NULL is fine. */
void pool_free(struct pool *pool);

#endif
