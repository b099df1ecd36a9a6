/*
 * Invariants of a lane
 *  1. All fields but the constant ones are touched under `lock` alone.
 *  2. 1 <= n_started <= n_threads once the pool is made (a lane that is none has 0 of both and
 * takes no job); another is started only while jobs wait and nobody is idle, and where the system
 * has none left, those that are there go on.
 *  3. A thread leaves only when `closing` is set and the queue is empty: every job that was taken
 *     is run.
 *  4. A job's round is one more than that of the client's job before it in the queue, or than the
 *     round that the lane is in: so the n-th jobs of all who wait come before anybody's next.
 *  5. At most `share` threads work for one client; a job that waits for that alone is taken by the
 *     thread that ends one of the client's others.
 */
#include "base/thread.h"

#include "base/compiler.h"
#include "base/memory.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NAME_PREFIX "reeve-" /* of a thread of a lane */
#define BACKGROUND_NICE 10   /* more than the process has; the system takes 19 at most */

unsigned thread_id(void)
{
    static atomic_uint last;
    static _Thread_local unsigned mine;

    if (!mine)
        mine = atomic_fetch_add(&last, 1) + 1;
    return mine;
}

struct start {
    void (*run)(void *arg);
    void *arg;
};

static void *run_thread(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    start.run(start.arg);
    memory_thread_end();
    return NULL;
}

/* Signals that end the program are the first thread's: others are not chosen for them, and their
 * calls are not cut short. A thread begins with the mask of whoever starts it. */
static sigset_t block_ends(void)
{
    sigset_t ends, before;

    if (sigemptyset(&ends) != 0 || sigaddset(&ends, SIGTERM) != 0 ||
        sigaddset(&ends, SIGINT) != 0 || sigaddset(&ends, SIGHUP) != 0 ||
        pthread_sigmask(SIG_BLOCK, &ends, &before) != 0)
        BUG("signals cannot be masked");
    return before;
}

bool thread_start(const char *name, void (*run)(void *arg), void *arg, pthread_t *ret)
{
    struct start *start = malloc(sizeof(*start));
    sigset_t before = block_ends();
    bool started;

    if (!start)
        BUG("out of memory");
    *start = (struct start){run, arg};
    started = pthread_create(ret, NULL, run_thread, start) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* as it was: it cannot fail */
    if (started)
        (void)pthread_setname_np(*ret, name); /* for people only; too long a name is no harm */
    else
        free(start);
    return started;
}

void thread_join(pthread_t thread)
{
    if (pthread_join(thread, NULL) != 0)
        BUG("joining what is no thread");
}

static _Thread_local bool is_loop_thread;

void thread_set_loop(bool is_loop)
{
    is_loop_thread = is_loop;
}

bool thread_is_loop(void)
{
    return is_loop_thread;
}

struct lane {
    /* constant after pool_new() */
    struct pool_lane_conf conf;
    const char *name;
    void (*at_end)(void *user); /* may be NULL */
    void *user;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first;
    struct job **end;
    size_t n_queued;
    uint64_t round; /* the highest of a job that was started */
    unsigned n_started;
    unsigned n_idle;
    unsigned n_running;
    bool closing;
    struct worker *workers; /* n_threads, of which n_started are there */
};

struct worker {
    struct lane *lane;
    pthread_t thread;
    uint64_t client; /* of the job that runs; 0: nobody's */
};

struct pool {
    struct lane lanes[POOL_LANES];
};

static unsigned n_running(const struct lane *lane, uint64_t client)
{
    unsigned n = 0;

    for (unsigned i = 0; client && i < lane->n_started; i++)
        n += lane->workers[i].client == client;
    return n;
}

/* How many jobs of the client wait, and the round of the last one. */
static size_t n_waiting(const struct lane *lane, uint64_t client, uint64_t *ret_round)
{
    size_t n = 0;

    for (const struct job *job = lane->first; client && job; job = job->next) {
        if (job->client != client)
            continue;
        n++;
        *ret_round = job->round;
    }
    return n;
}

/* Where the link to the job is whose turn it is; NULL: there is none that may run now. */
static struct job **whose_turn(struct lane *lane)
{
    struct job **best = NULL;
    unsigned least = lane->conf.share;

    for (struct job **at = &lane->first; *at; at = &(*at)->next) {
        unsigned n = n_running(lane, (*at)->client);

        if (n < least || (best && n == least && (*at)->round < (*best)->round)) {
            least = n;
            best = at;
        }
    }
    return best;
}

static struct job *take(struct lane *lane, struct job **at)
{
    struct job *job = *at;

    *at = job->next;
    if (lane->end == &job->next)
        lane->end = at;
    lane->n_queued--;
    if (job->round > lane->round)
        lane->round = job->round;
    return job;
}

static struct job *next_job(struct lane *lane)
{
    struct job **at;

    while (!(at = whose_turn(lane))) {
        if (!lane->first && lane->closing)
            return NULL;
        lane->n_idle++;
        pthread_cond_wait(&lane->wake, &lane->lock);
        lane->n_idle--;
    }
    return take(lane, at);
}

/* --- computing in the background -------------------------------------------------------------- */

/* The thread behind a worker. That alone is nice, not the worker itself: what a job does besides
 * computing takes locks that loops take, too, and wakes loops, which is a lock of its kind (libuv's
 * uv_async_send: the loop spins until it is done). Who holds one must not have to wait until
 * somebody leaves it a processor. Nor may it start threads, which would be as nice as it is. */
struct background {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    /* under lock; the worker sets them, and the thread takes fn back when it has run */
    void (*fn)(void *arg); /* NULL: there is nothing to do */
    void *arg;
    bool ending;
};

static _Thread_local struct background *behind_me; /* NULL: none */

/* Behind the threads of whoever started it, however nice these are already; it never takes that
 * back, which is for the privileged. Where the system refuses, it computes all the same. */
void thread_to_background(void)
{
    const struct sched_param none = {0};
    const id_t me = (id_t)gettid();

    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, me, getpriority(PRIO_PROCESS, me) + BACKGROUND_NICE);
}

static void run_background(void *arg)
{
    struct background *background = arg;

    thread_to_background();
    pthread_mutex_lock(&background->lock);
    while (background->fn || !background->ending) {
        if (!background->fn) {
            pthread_cond_wait(&background->change, &background->lock);
            continue;
        }
        pthread_mutex_unlock(&background->lock);
        background->fn(background->arg);
        pthread_mutex_lock(&background->lock);
        background->fn = NULL;
        pthread_cond_signal(&background->change);
    }
    pthread_mutex_unlock(&background->lock);
}

/* False: the system has no thread left. */
static bool background_start(struct background *background)
{
    *background =
        (struct background){.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    return thread_start("reeve-compute", run_background, background, &background->thread);
}

static void background_end(struct background *background)
{
    pthread_mutex_lock(&background->lock);
    background->ending = true;
    pthread_cond_signal(&background->change);
    pthread_mutex_unlock(&background->lock);
    thread_join(background->thread);
    pthread_cond_destroy(&background->change);
    pthread_mutex_destroy(&background->lock);
}

void thread_compute(void (*fn)(void *arg), void *arg)
{
    struct background *background = behind_me;

    if (!background) {
        fn(arg);
        return;
    }
    pthread_mutex_lock(&background->lock);
    background->fn = fn;
    background->arg = arg;
    pthread_cond_signal(&background->change);
    while (background->fn)
        pthread_cond_wait(&background->change, &background->lock);
    pthread_mutex_unlock(&background->lock);
}

/* --- lanes ------------------------------------------------------------------------------------ */

static void run_jobs(struct worker *worker)
{
    struct lane *lane = worker->lane;
    struct job *job;

    pthread_mutex_lock(&lane->lock);
    while ((job = next_job(lane))) {
        worker->client = job->client;
        lane->n_running++;
        pthread_mutex_unlock(&lane->lock);
        job->run(job);
        pthread_mutex_lock(&lane->lock);
        worker->client = 0;
        lane->n_running--;
    }
    pthread_cond_broadcast(&lane->wake); /* who waited for this one's client sees the end, too */
    pthread_mutex_unlock(&lane->lock);
}

static void run_lane(void *arg)
{
    struct worker *worker = arg;
    struct lane *lane = worker->lane;
    struct background background;

    if (lane->conf.in_background && background_start(&background))
        behind_me = &background; /* else it computes itself */
    run_jobs(worker);
    if (behind_me)
        background_end(behind_me);
    behind_me = NULL;
    if (lane->at_end)
        lane->at_end(lane->user);
}

static bool start_worker(struct lane *lane)
{
    struct worker *worker = &lane->workers[lane->n_started];

    worker->lane = lane;
    if (!thread_start(lane->name, run_lane, worker, &worker->thread))
        return false;
    lane->n_started++;
    return true;
}

static void lane_init(struct lane *lane, const char *name, const struct pool_lane_conf *conf)
{
    *lane = (struct lane){.conf = *conf, .name = name};
    lane->end = &lane->first;
    lane->workers = calloc((size_t)conf->n_threads + 1, sizeof(*lane->workers)); /* never 0 bytes */
    if (!lane->workers)
        BUG("out of memory");
    if (conf->n_threads > 0 && (conf->share == 0 || conf->max_queued < 2))
        BUG("a lane without places");
    if (pthread_mutex_init(&lane->lock, NULL) != 0 || pthread_cond_init(&lane->wake, NULL) != 0)
        BUG("no lock to be had");
}

static bool lane_start(struct lane *lane)
{
    bool started;

    if (lane->conf.n_threads == 0)
        return true;
    pthread_mutex_lock(&lane->lock);
    started = start_worker(lane);
    pthread_mutex_unlock(&lane->lock);
    return started;
}

struct pool *pool_new(const struct pool_lane_conf conf[POOL_LANES])
{
    static const char *const names[POOL_LANES] = {
        [POOL_WORK] = NAME_PREFIX "work",        [POOL_SLOW] = NAME_PREFIX "slow",
        [POOL_HASH] = NAME_PREFIX "hash",        [POOL_LEASE] = NAME_PREFIX "lease",
        [POOL_HEARD] = NAME_PREFIX "heard",      [POOL_IMAGE] = NAME_PREFIX "image",
        [POOL_REMOTE] = NAME_PREFIX "remote",    [POOL_DATABASE] = NAME_PREFIX "db",
        [POOL_MAIL] = NAME_PREFIX "mail",        [POOL_CONSOLE] = NAME_PREFIX "console",
        [POOL_PROVIDER] = NAME_PREFIX "provider"};
    struct pool *pool = malloc(sizeof(*pool));
    bool started = true;

    if (!pool)
        BUG("out of memory");
    for (size_t i = 0; i < POOL_LANES; i++)
        lane_init(&pool->lanes[i], names[i], &conf[i]);
    for (size_t i = 0; i < POOL_LANES; i++)
        started = started && lane_start(&pool->lanes[i]);
    if (started)
        return pool;
    pool_free(pool);
    return NULL;
}

void pool_at_thread_end(struct pool *pool, void (*fn)(void *user), void *user)
{
    for (size_t i = 0; i < POOL_LANES; i++) {
        pool->lanes[i].at_end = fn;
        pool->lanes[i].user = user;
    }
}

/* False: there is no place. Else the job has its round. */
static bool has_place(const struct lane *lane, struct job *job)
{
    uint64_t before = lane->round;

    size_t n = n_waiting(lane, job->client, &before);

    if (lane->closing ||
        (!job->owed && (lane->n_queued >= lane->conf.max_queued || n >= lane->conf.max_queued / 2)))
        return false;
    job->round = (before > lane->round ? before : lane->round) + 1;
    return true;
}

bool pool_submit(struct pool *pool, enum pool_lane which, struct job *job)
{
    struct lane *lane = &pool->lanes[which];
    bool taken;

    pthread_mutex_lock(&lane->lock);
    taken = has_place(lane, job);
    if (taken) {
        job->next = NULL;
        *lane->end = job;
        lane->end = &job->next;
        lane->n_queued++;
        if (lane->n_queued > lane->n_idle && lane->n_started < lane->conf.n_threads)
            (void)start_worker(lane);
        pthread_cond_signal(&lane->wake);
    }
    pthread_mutex_unlock(&lane->lock);
    return taken;
}

struct pool_stats pool_stats(struct pool *pool, enum pool_lane which)
{
    struct lane *lane = &pool->lanes[which];
    struct pool_stats stats = {.name = lane->name + sizeof(NAME_PREFIX) - 1,
                               .n_threads = lane->conf.n_threads,
                               .max_queued = lane->conf.max_queued};

    pthread_mutex_lock(&lane->lock);
    stats.n_running = lane->n_running;
    stats.n_queued = lane->n_queued;
    pthread_mutex_unlock(&lane->lock);
    return stats;
}

static void lane_close(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    pthread_cond_broadcast(&lane->wake);
    pthread_mutex_unlock(&lane->lock);
}

static void lane_join(struct lane *lane)
{
    for (unsigned i = 0; i < lane->n_started; i++) /* no submit starts more once it is closing */
        thread_join(lane->workers[i].thread);
}

static void lane_done(struct lane *lane)
{
    free(lane->workers);
    pthread_cond_destroy(&lane->wake);
    pthread_mutex_destroy(&lane->lock);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < POOL_LANES; i++)
        lane_close(&pool->lanes[i]);
    for (size_t i = 0; i < POOL_LANES; i++)
        lane_join(&pool->lanes[i]);
    for (size_t i = 0; i < POOL_LANES; i++) /* jobs of one lane submit to others, to the end */
        lane_done(&pool->lanes[i]);
    free(pool);
}
