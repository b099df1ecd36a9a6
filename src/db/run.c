/*
 * Units of work as callers hand them in: submitted, waited for, leased. How they are carried out is
 * the engine's.
 */
#include "db/db.h"

#include "db/dialect.h"
#include "db/internal.h"

bool db_submit(struct db *db, struct db_unit *unit)
{
    unit->next = NULL;
    unit->err = NULL;
    unit->out = NULL;
    unit->after = (struct db_after){0};
    return db->ops->submit(db->writer, unit);
}

/* What a unit has come to, for the one who waited for it. */
static struct err *unit_ended(const struct db_unit *unit, void **ret_out)
{
    struct err *err = db_ends_run(unit->after.ends, unit->err);

    if (unit->err)
        return unit->err;
    if (ret_out)
        *ret_out = unit->out;
    return err;
}

struct err *db_run_leased(struct arena *a, struct db *db, const struct db_lease *lease,
                          db_unit_fn *run, const void *in, void **ret_out)
{
    struct db_unit unit = {.run = run, .in = in, .arena = arena_child(a)};
    struct err *err = db_hold_refuse(a, db, "db_run_leased");

    if (lease->ret_ends)
        *lease->ret_ends = NULL;
    if (err)
        return err;
    db->ops->run_leased(db->writer, lease, &unit);
    if (lease->ret_ends) {
        *lease->ret_ends = unit.after.ends;
        unit.after.ends = NULL;
    }
    return unit_ended(&unit, ret_out);
}

struct waiter {
    struct db_unit unit;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_done;
};

static void waiter_done(struct db_unit *unit, struct err *err, void *out)
{
    struct waiter *w = unit->user;

    (void)err;
    (void)out;
    pthread_mutex_lock(&w->lock);
    w->is_done = true;
    pthread_cond_signal(&w->finished);
    pthread_mutex_unlock(&w->lock);
}

struct err *db_run(struct arena *a, struct db *db, db_unit_fn *run, const void *in, void **ret_out)
{
    struct waiter w = {.unit = {.run = run, .in = in, .arena = arena_child(a), .user = &w}};
    const struct db_lease lease = {.timeout_s = db->conf.query_timeout_s,
                                   .wait_s = db->conf.query_timeout_s};
    struct err *err = db_hold_refuse(a, db, "db_run");

    if (err)
        return err;
    w.unit.done = waiter_done;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.finished, NULL);
    if (!db_submit(db, &w.unit)) {
        w.unit.err = err_new(a, E_UNAVAILABLE, NULL, "the queue of writes is full");
        w.is_done = true;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.is_done)
        pthread_cond_wait(&w.finished, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.finished);
    if (w.unit.err && w.unit.err->kind == E_OVER_BUDGET)
        return db_run_leased(a, db, &lease, run, in, ret_out);
    return unit_ended(&w.unit, ret_out);
}

static struct err *compact(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    (void)ret_out;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

struct err *db_compact(struct arena *a, struct db *db)
{
    const struct db_lease lease = {.apart = true};
    const char *sql = db->ops->dialect->compact;

    return sql ? db_run_leased(a, db, &lease, compact, sql, NULL) : NULL;
}

struct err *db_optimize(struct arena *a, struct db *db, const atomic_bool *gone)
{
    const struct db_lease lease = {
        .timeout_s = db->conf.query_timeout_s, .wait_s = db->conf.query_timeout_s, .gone = gone};
    const char *sql = db->ops->dialect->optimize;

    return sql ? db_run_leased(a, db, &lease, db_tx_optimize, sql, NULL) : NULL;
}
