/*
 * Transactions of units: how they begin and commit, and one that a unit has for itself.
 *
 * `published` and the unit's actions run before the connection is given back, so that what the next
 * writer sees, and what is told about commits, is in the order of the commits.
 */
#include "db/internal.h"

#include "base/date.h"
#include "base/log.h"

/* Ends a transaction that nobody owns: on the write connection it would lock out every writer, and
 * other processes, for good. What watches the connection must not interrupt that. */
static void end_strays(struct db_conn *tx, const char *found)
{
    if (!tx->db->ops->in_tx(tx->eng))
        return;
    tx->watch = (struct db_watch){0};
    tx->db->ops->rollback(tx->eng);
    log_error("db.stray_transaction", LOG_CSTR("found", found));
}

struct err *db_tx_begin(struct arena *a, struct db_conn *tx)
{
    const struct db_watch watch = tx->watch;
    int64_t version;
    struct err *err;

    end_strays(tx, "before a transaction");
    tx->watch = watch;
    tx->watch.ending = &tx->db->ending;
    err = tx->db->ops->begin(a, tx->eng, &version);
    tx->watch.ending = NULL;
    if (!err) {
        db_conn_note_version(tx, version);
        return NULL;
    }
    end_strays(tx, "after a begin that failed");
    if (err->kind == E_BAD_REQUEST)
        err->kind = E_INTERNAL;
    return err;
}

struct err *db_tx_commit(struct arena *a, struct db_conn *tx, bool asked)
{
    const struct db *db = tx->db;
    struct err *err;

    if (asked && db->conf.before_commit)
        db->conf.before_commit(db->conf.user);
    err = db->ops->commit(a, tx->eng, &tx->wal_bytes);
    if (!err) {
        atomic_fetch_add(&tx->db->n_groups, 1);
        return NULL;
    }
    db->ops->rollback(tx->eng);
    err->kind = E_UNAVAILABLE;
    return err;
}

/* Begins, runs and commits. Nothing of it is in the database when there is an error. */
static struct err *run_and_commit(struct db_conn *tx, const struct db_lease *lease,
                                  struct db_unit *unit)
{
    struct arena *a = unit->arena;
    struct err *err;

    tx->watch = (struct db_watch){.armed = true,
                                  .deadline_us = db_deadline(clock_us(), lease->timeout_s),
                                  .gone = lease->gone};
    if (db_watch_check(&tx->watch) != DB_GO_ON) /* the wait for the turn may have been long */
        return db_watch_err(a, tx->watch.stop);
    err = db_tx_begin(a, tx);
    if (err)
        return err;
    db_unit_run(tx, unit, false);
    if (!unit->err)
        return db_tx_commit(a, tx, unit->after.asks);
    tx->db->ops->rollback(tx->eng);
    return unit->err;
}

/* What it writes is another connection's: to db/seen.h it is as if another process had. */
static struct err *run_apart(struct db_conn *tx, struct db_unit *unit)
{
    end_strays(tx, "before a unit apart");
    unit->out = NULL;
    return unit->run(tx, unit->in, unit->arena, &unit->out);
}

struct err *db_tx_optimize(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    (void)ret_out;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

/* The planner chooses by what is known of indexes, and of a new one nothing is. A transaction of
 * its own: the change is not undone for the sake of this. */
static void know_the_tables(struct db_conn *tx, const struct db_lease *lease, struct arena *a)
{
    const struct db_lease own = {.timeout_s = lease->timeout_s};
    struct db_unit unit = {
        .run = db_tx_optimize, .in = tx->db->ops->dialect->optimize, .arena = arena_child(a)};
    struct err *err = unit.in ? run_and_commit(tx, &own, &unit) : NULL;

    tx->watch = (struct db_watch){0};
    if (err)
        log_warn("db.optimize.failed", LOG_STR("cause", err->cause));
}

void db_tx_lease(struct db_conn *tx, const struct db_lease *lease, struct db_unit *unit)
{
    struct db_hold hold;

    db_hold_begin(&hold, tx->db);
    unit->err = lease->apart ? run_apart(tx, unit) : run_and_commit(tx, lease, unit);
    tx->watch = (struct db_watch){0};
    if (!unit->err && lease->changes_schema)
        know_the_tables(tx, lease, unit->arena);
    if (!unit->err) {
        if (lease->published)
            lease->published(lease->user);
        db_actions_run(unit->after.actions);
        atomic_fetch_add(&tx->db->n_units, 1);
    }
    if (tx->db->conf.after_commit)
        tx->db->conf.after_commit(tx->db->conf.user);
    db_hold_end(&hold);
}
