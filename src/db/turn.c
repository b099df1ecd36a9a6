/*
 * The write connection and its turn: the writer thread has it for a group, or a caller for a lease.
 *
 * Invariants
 *  1. One thread at a time has the turn, and only it touches the write connection.
 *  2. Groups and leases alternate while both wait, and leases are served in the order they came: a
 *     lease waits for one group and the leases before it, each with a group in between.
 */
#include "db/writer.h"

#include "base/date.h"
#include "base/thread.h"

#include <assert.h>
#include <time.h>

#define GONE_POLL_MS 50 /* how soon a waiting lease notices that its client has left */

void db_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

void db_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_us)
{
    const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                   .tv_nsec = (long)(until_us % 1000000) * 1000};

    (void)pthread_cond_timedwait(cond, lock, &until); /* the caller looks again */
}

struct err *db_turn_late_err(struct arena *a)
{
    struct err *err = err_new(a, E_UNAVAILABLE, NULL, "the write connection stayed in use");

    err->retry_after_s = 1;
    return err;
}

void db_turn_pass(struct db_writer *w)
{
    const bool group = w->first != NULL;

    if (w->turn != DB_TURN_NONE)
        return;
    if (w->leases && (!group || w->last == DB_TURN_GROUP)) {
        w->turn = DB_TURN_LEASE;
        w->leases->has_turn = true;
        pthread_cond_signal(&w->leases->granted);
    } else if (group) {
        w->turn = DB_TURN_GROUP;
        pthread_cond_signal(&w->wake);
    } else if (w->stopping) {
        pthread_cond_signal(&w->wake);
    }
}

static struct err *lease_wait(struct arena *a, struct db_writer *w, struct db_lease_wait *wait,
                              const atomic_bool *gone, uint64_t deadline_us)
{
    while (!wait->has_turn) {
        uint64_t now_us = clock_us();
        uint64_t until_us = now_us + GONE_POLL_MS * UINT64_C(1000);

        if (gone && atomic_load(gone))
            return db_watch_err(a, DB_STOP_GONE);
        if (deadline_us && now_us >= deadline_us)
            return db_turn_late_err(a);
        if (!gone && !deadline_us) {
            pthread_cond_wait(&wait->granted, &w->lock);
            continue;
        }
        if (!gone || (deadline_us && deadline_us < until_us))
            until_us = deadline_us;
        db_cond_wait_until(&wait->granted, &w->lock, until_us);
    }
    return NULL;
}

struct err *db_turn_take(struct arena *a, struct db_writer *w, const atomic_bool *gone,
                         uint64_t deadline_us)
{
    struct db_lease_wait wait = {0};
    struct db_lease_wait **at;
    struct err *err;

    db_cond_init(&wait.granted);
    pthread_mutex_lock(&w->lock);
    assert(!w->stopping);
    for (at = &w->leases; *at;)
        at = &(*at)->next;
    *at = &wait;
    db_turn_pass(w);
    err = lease_wait(a, w, &wait, gone, deadline_us);
    for (at = &w->leases; *at != &wait;) /* it need not be the first: it may have given up */
        at = &(*at)->next;
    *at = wait.next;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&wait.granted);
    return err;
}

void db_turn_give(struct db_writer *w)
{
    pthread_mutex_lock(&w->lock);
    assert(w->turn != DB_TURN_NONE);
    w->last = w->turn;
    w->turn = DB_TURN_NONE;
    db_turn_pass(w);
    pthread_mutex_unlock(&w->lock);
}

struct err *db_write_conn(struct arena *a, struct db_writer *w, struct db_conn **ret)
{
    struct err *err;

    if (!w->conn) {
        err = db_conn_open(a, w->db, DB_ROLE_WRITER, &w->conn);
        if (err)
            return err;
    }
    w->conn->owner = thread_id();
    w->conn->watch = (struct db_watch){0};
    *ret = w->conn;
    return NULL;
}
