/*
 * Units of work as callers hand them in: submitted, waited for, leased. How they are carried out is
 * the engine's.
 */
#include "db/db.h"

#include "base/compiler.h"
#include "db/internal.h"

bool db_submit(struct db *db, struct db_unit *unit)
{
    unit->next = NULL;
    unit->err = NULL;
    unit->out = NULL;
    unit->actions = NULL;
    return db->ops->submit(db->writer, unit);
}

/* One that waited here for another unit would wait for its own thread. */
static struct err *refuse_inside(struct arena *a, const struct db *db, const char *call)
{
    return db_is_held(db) ? err_new(a, E_INTERNAL, NULL, "%s inside a unit of work", call) : NULL;
}

struct err *db_run_leased(struct arena *a, struct db *db, const struct db_lease *lease,
                          db_unit_fn *run, const void *in, void **ret_out)
{
    struct err *err = refuse_inside(a, db, "db_run_leased");
    void *out = NULL;

    if (err)
        return err;
    err = db->ops->run_leased(arena_child(a), db->writer, lease, run, in, &out);
    if (!err && ret_out)
        *ret_out = out;
    return err;
}

struct waiter {
    struct db_unit unit;
    struct err *err;
    void *out;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_done;
};

static void waiter_done(struct db_unit *unit, struct err *err, void *out)
{
    struct waiter *w = unit->user;

    pthread_mutex_lock(&w->lock);
    w->err = err;
    w->out = out;
    w->is_done = true;
    pthread_cond_signal(&w->finished);
    pthread_mutex_unlock(&w->lock);
}

struct err *db_run(struct arena *a, struct db *db, db_unit_fn *run, const void *in, void **ret_out)
{
    struct waiter w = {.unit = {.run = run, .in = in, .arena = arena_child(a), .user = &w}};
    const struct db_lease lease = {.timeout_s = db->conf.query_timeout_s};
    struct err *err = refuse_inside(a, db, "db_run");

    if (err)
        return err;
    w.unit.done = waiter_done;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.finished, NULL);
    if (!db_submit(db, &w.unit)) {
        w.err = err_new(a, E_UNAVAILABLE, NULL, "the queue of writes is full");
        w.is_done = true;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.is_done)
        pthread_cond_wait(&w.finished, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.finished);
    if (w.err && w.err->kind == E_OVER_BUDGET)
        return db_run_leased(a, db, &lease, run, in, ret_out);
    if (!w.err && ret_out)
        *ret_out = w.out;
    return w.err;
}
