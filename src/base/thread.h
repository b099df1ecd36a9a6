/*
 * base/thread: threads, and a pool of them behind bounded queues.
 */
#ifndef REEVE_BASE_THREAD_H
#define REEVE_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small number that identifies the calling thread; stable while it lives. */
unsigned thread_id(void);

/* Starts a named thread, which leaves SIGTERM and SIGINT to the first one; ends the process when
 * the system has none left. */
pthread_t thread_start(const char *name, void (*run)(void *arg), void *arg);
void thread_join(pthread_t thread);

/* A job lives in what it belongs to: no allocation to queue it. */
struct job {
    void (*run)(struct job *job); /* on a pool thread; it owns the job from here */
    struct job *next;             /* the queue's */
};

/* Password hashing has threads of its own share, so that logins starve nobody. */
enum pool_lane { POOL_WORK, POOL_HASH, POOL_LANES };

struct pool;
/* n_threads >= 1 for each lane; queue: most jobs waiting in a lane. Threads start on first use. */
struct pool *pool_new(const unsigned n_threads[POOL_LANES], const size_t queue[POOL_LANES]);
/* Has fn(user) called on each thread before it ends: to close what belongs to the thread. Before
 * the first job. */
void pool_at_thread_end(struct pool *pool, void (*fn)(void *user), void *user);
/* Any thread. False: the lane's queue is full, nothing was taken: answer 503. */
bool pool_submit(struct pool *pool, enum pool_lane lane, struct job *job);
/* Waits for running and queued jobs, then frees. NULL is fine. */
void pool_free(struct pool *pool);

#endif
