/*
 * jobs: scheduled work (crons, services.md 9).
 *
 * One thread looks at the clock at the start of each minute, UTC, and starts what is due in it;
 * each run has a thread of its own, JOBS_THREADS of them at most, which is there while there is
 * work. So a job that takes long delays no other. It is not started again while it runs, nor while
 * its start waits for a thread: that start is skipped.
 *
 * As PocketBase does it: the minute in which the program starts is nobody's, and what came due
 * while the machine slept is not made up for. A clock that is put forward skips minutes, too; the
 * tick that comes one minute late, from a machine that is busy, has both. Unlike there, a clock
 * that is put back runs no minute twice; by more than an hour, however, and it is taken to have
 * been wrong before: work does not rest until it is as late again.
 *
 * How the last run of each job has ended, on each node, is kept in the table `_reeve_crons`.
 */
#ifndef REEVE_JOBS_JOBS_H
#define REEVE_JOBS_JOBS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "db/db.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOBS_THREADS 16
#define JOBS_ERROR_BYTES 1000 /* of an error's text that is kept */

struct jobs;

struct jobs_conf {
    struct db *db;   /* results go there; outlives the jobs */
    struct str node; /* what results call this process' machine */
    /* Milliseconds since 1970; any thread. NULL: the system's clock. With one of its own, for
     * tests, the clock is looked at every few milliseconds. */
    int64_t (*now_ms)(void *user);
    /* On each thread that has run jobs, before it ends: closes what is the thread's, as its read
     * connection. May be NULL. */
    void (*thread_end)(void *user);
    void *user;
};

struct jobs_row {
    struct str id;
    struct str schedule; /* base/cron; empty: it is not listed and never runs */
    /* On a thread that may block; `a` is the run's. Once *stopping is true it should come to an
     * end: the program waits for it. An error is the result's text. */
    struct err *(*run)(void *user, struct arena *a, const atomic_bool *stopping);
    void *user; /* lives until the jobs are freed */
    bool is_system;
};

/* conf is copied. No thread yet: jobs are added and listed, and what is asked for begins with
 * jobs_start(). */
struct jobs *jobs_new(const struct jobs_conf *conf);
/* Begins; once. E_INTERNAL: the system has no thread left. */
MUST_CHECK struct err *jobs_start(struct arena *a, struct jobs *jobs);
/* Nothing is started from here on, and what runs is told to end; waits for that for wait_ms at
 * most. False: something still runs. As often as one likes; any thread but a job's. NULL is fine.
 */
bool jobs_stop(struct jobs *jobs, uint64_t wait_ms);
/* Stops, waits for what runs, however long, and frees. Before the database is closed. NULL is fine.
 */
void jobs_free(struct jobs *jobs);

/* Those that follow: any thread, loops too; none waits for a job. */

/* The row is copied; one whose id is there already is replaced, and is the last from then on. What
 * runs of the former one goes on. E_BAD_REQUEST: the schedule is none, as the cause says; nothing
 * is changed. */
MUST_CHECK struct err *jobs_add(struct arena *a, struct jobs *jobs, const struct jobs_row *row);
/* Another schedule for a job, which keeps its place. Errors as above; E_NOT_FOUND: no such job. */
MUST_CHECK struct err *jobs_set_schedule(struct arena *a, struct jobs *jobs, struct str id,
                                         struct str schedule);
/* False: there is none. What runs of it goes on. */
bool jobs_remove(struct jobs *jobs, struct str id);
/* Starts it now, in the background. False: there is no such job, or it has no schedule. */
bool jobs_run(struct jobs *jobs, struct str id);

struct jobs_item {
    struct str id, schedule; /* a macro as what it stands for */
    int64_t next_ms;         /* -1: it is never due */
    bool is_system, is_running;
    uint64_t place; /* grows in the order they were added */
};
struct jobs_items {
    struct jobs_item *items;
    size_t n;
};
/* Those with a schedule, in `a`: by id, then the system's as they were added. */
void jobs_list(struct arena *a, struct jobs *jobs, struct jobs_items *ret);

struct jobs_result {
    bool found;
    struct str node, started; /* as dates are stored */
    int64_t took_ms;
    struct str error; /* empty: it went well */
};
/* The newest of a job, of all nodes, in `a`. Where the connection may read. */
MUST_CHECK struct err *jobs_last(struct arena *a, struct db_conn *conn, struct str id,
                                 struct jobs_result *ret);

#endif
