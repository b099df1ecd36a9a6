/*
 * jobs/internal: the list of jobs, and who starts and who runs them. Private to jobs/.
 */
#ifndef REEVE_JOBS_INTERNAL_H
#define REEVE_JOBS_INTERNAL_H

#include "jobs/jobs.h"

#include "base/cron.h"

#include <pthread.h>

/* What a job is at present; replaced as a whole. All of it is constant. */
struct jobs_def {
    struct arena *arena;
    struct str schedule; /* empty: never */
    struct cron cron;
    struct jobs_row row; /* without its texts */
};

/* An id, as long as there is a job of it or one runs. */
struct jobs_slot {
    struct arena *arena; /* constant, as is the id */
    struct str id;
    /* under the jobs' lock */
    struct jobs_def *def; /* NULL: it was removed, and still runs */
    uint64_t place;
    uint64_t ticket;    /* of a start that waits for a thread; 0: none does */
    bool is_running;    /* from its start until its result is written */
    bool is_over;       /* of what runs, but for its result */
    int64_t skipped_ms; /* a start that was skipped, and is not written yet; 0: none */
    bool is_noting;     /* a thread writes that */
    struct jobs_slot *next;
};

enum jobs_thread_state { JOBS_NO_THREAD, JOBS_STARTED, JOBS_AT_WORK, JOBS_ENDED };

struct jobs_thread {
    struct jobs *jobs;            /* constant */
    enum jobs_thread_state state; /* under the jobs' lock */
    pthread_t thread;             /* the clock's, jobs_free()'s once that has ended */
};

struct jobs {
    /* set by jobs_new(), constant after */
    struct arena *arena;
    struct jobs_conf conf;
    /* any thread */
    atomic_bool stopping;
    /* under lock, which is never held while a job runs or anything is written */
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* the clock's: something waits for a thread, or the end has come */
    pthread_cond_t changed; /* a thread has ended, or has noted something */
    bool kicked;
    bool started;            /* the clock's thread is there */
    bool ended;              /* it has ended */
    struct jobs_slot *slots; /* in the order of their places */
    uint64_t last_place, last_ticket;
    struct jobs_thread threads[JOBS_THREADS];
    /* of the thread that called jobs_start(), and jobs_free() */
    pthread_t clock;
    /* the clock's */
    int64_t minute; /* since 1970: the last one that was looked at */
};

/* jobs.c; under lock */
void jobs_want(struct jobs *jobs, struct jobs_slot *slot);
/* Frees a slot that has no job any more and nothing to do. */
void jobs_let_go(struct jobs *jobs, struct jobs_slot *slot);

/* clock.c */
int64_t jobs_now_ms(const struct jobs *jobs);
void jobs_clock_main(void *arg);

/* worker.c */
/* Under lock, which it lets go meanwhile: enough threads for what waits, those that have ended are
 * joined. The clock's thread alone. */
void jobs_call_workers(struct jobs *jobs);

/* results.c */
/* Keeps a result; a failure is a line in the log. May block. error: cut to what is kept. */
void jobs_keep(struct arena *a, const struct jobs *jobs, struct str id, int64_t started_ms,
               uint64_t took_ms, struct str error);

#endif
