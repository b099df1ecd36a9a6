/*
 * Leases: a unit on the caller's thread, which has the write connection to itself meanwhile.
 *
 * `published` and the unit's actions run before the connection is given back, so that what the next
 * writer sees, and what is told about commits, is in the order of the commits.
 */
#include "db/writer.h"

#include "base/date.h"

static uint64_t deadline_of(const struct db_lease *lease)
{
    return lease->timeout_s ? clock_us() + lease->timeout_s * UINT64_C(1000000) : 0;
}

/* Begins, runs and commits. Nothing of it is in the database when there is an error. */
static struct err *lease_commit(struct db_conn *tx, const struct db_lease *lease,
                                struct db_unit *unit)
{
    const struct db_ops *ops = tx->db->ops;
    struct arena *a = unit->arena;
    struct err *err;

    tx->watch =
        (struct db_watch){.armed = true, .deadline_us = deadline_of(lease), .gone = lease->gone};
    if (db_watch_check(&tx->watch) != DB_GO_ON) /* the wait for the turn may have been long */
        return db_watch_err(a, tx->watch.stop);
    err = db_tx_begin(a, tx);
    if (err)
        return err;
    if (tx->db->conf.run_twice)
        db_unit_rehearse(a, tx, false, unit->run, unit->in);
    db_unit_begin(tx, a, false);
    err = db_unit_call(a, tx, unit->run, unit->in, &unit->out);
    unit->after = db_unit_end(tx);
    tx->watch = (struct db_watch){0}; /* a commit is not interrupted */
    if (!err) {
        db_before_commit(tx, unit->after.asks);
        err = ops->commit(a, tx->eng);
        if (err)
            err->kind = E_UNAVAILABLE;
    }
    if (err)
        ops->rollback(tx->eng);
    return err;
}

static struct err *lease_run(struct db_writer *w, const struct db_lease *lease,
                             struct db_unit *unit)
{
    struct db_conn *tx;
    struct err *err;

    err = db_write_conn(unit->arena, w, &tx);
    if (err)
        return err;
    err = lease_commit(tx, lease, unit);
    tx->watch = (struct db_watch){0};
    if (err)
        return err;
    if (lease->published)
        lease->published(lease->user);
    db_actions_run(unit->after.actions);
    atomic_fetch_add(&w->db->n_units, 1);
    atomic_fetch_add(&w->db->n_groups, 1);
    db_checkpointer_note(w);
    return NULL;
}

void db_writer_run_leased(struct db_writer *w, const struct db_lease *lease, struct db_unit *unit)
{
    struct db_hold hold;

    unit->err = db_turn_take(unit->arena, w, lease->gone, deadline_of(lease));
    if (unit->err)
        return;
    db_hold_begin(&hold, w->db);
    unit->err = lease_run(w, lease, unit);
    db_hold_end(&hold);
    db_turn_give(w);
}
