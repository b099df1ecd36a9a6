/*
 * The writer thread: groups of units, one commit for all of a group.
 *
 * Invariants
 *  1. A unit is answered once, and only after the commit that carried it, or with an error whose
 *     work is not in the database.
 *  2. The answer of a unit depends only on units before it that are committed with or before it.
 *     So when a transaction ends for all, all that saw it run again, also those that failed.
 *  3. A unit whose client has left is not run: that is looked at right before each run, when the
 *     wait for the transaction is over, so that whoever was refused meanwhile finds nothing stored.
 *  4. No unit that ended a transaction takes others with it twice: after that, each of the others
 *     has a transaction of its own.
 *
 * No delay forms groups: what came in while the last commit went to disk is the next group.
 */
#include "db/writer.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"

#include <assert.h>

/* --- one unit -------------------------------------------------------------------------------- */

/* Before a run: nothing of a former one is left. */
static void unit_reset(struct db_unit *unit)
{
    arena_reset(unit->arena);
    unit->after = (struct db_after){0};
}

static void unit_fail(struct db_unit *unit, const struct err *err)
{
    unit->err = err_copy(unit->arena, err);
    unit->out = NULL;
    unit->after.actions = NULL;
}

/* One run in the transaction that stands, in a savepoint. False: the transaction is gone, and
 * unit->err says why. */
static bool unit_run_marked(struct db_conn *tx, struct db_unit *unit)
{
    const struct db_ops *ops = tx->db->ops;
    struct err *err;

    unit_reset(unit);
    err = ops->savepoint(unit->arena, tx->eng, DB_MARK_SET);
    if (err) {
        unit_fail(unit, err);
        return ops->in_tx(tx->eng);
    }
    db_unit_run(tx, unit, true);
    if (!ops->in_tx(tx->eng))
        return false;
    if (!unit->err) {
        err = ops->savepoint(unit->arena, tx->eng, DB_MARK_RELEASE);
        if (!err)
            return true;
        unit_fail(unit, err);
        if (!ops->in_tx(tx->eng))
            return false;
    }
    /* What cannot be rolled back singly ends the transaction for all. */
    err = ops->savepoint(unit->arena, tx->eng, DB_MARK_ROLLBACK);
    if (err && ops->in_tx(tx->eng))
        ops->rollback(tx->eng);
    return !err && ops->in_tx(tx->eng);
}

static bool unit_gone(struct db_unit *unit)
{
    if (!unit->gone || !atomic_load_explicit(unit->gone, memory_order_relaxed))
        return false;
    unit->err = db_watch_err(unit->arena, DB_STOP_GONE);
    unit->after = (struct db_after){0};
    return true;
}

/* --- groups ---------------------------------------------------------------------------------- */

/* A transaction for the unit alone. False: there was none to be had. */
static bool run_alone(struct db_conn *tx, struct db_unit *unit)
{
    const struct db_ops *ops = tx->db->ops;
    struct err *err;

    unit_reset(unit);
    err = db_tx_begin(unit->arena, tx);
    if (err) {
        unit_fail(unit, err);
        return false;
    }
    if (!unit_gone(unit)) /* the wait for the transaction may have been long */
        db_unit_run(tx, unit, true);
    if (unit->err) {
        ops->rollback(tx->eng);
        return true;
    }
    err = db_tx_commit(tx->db->writer->arena, tx, unit->after.asks);
    if (err)
        unit_fail(unit, err);
    return true;
}

/* Runs all in one transaction. False: nothing is committed, and *ret_guilty is the unit that ended
 * it, or NULL when it was the commit. */
static bool run_together(struct db_conn *tx, struct db_unit *units, struct db_unit **ret_guilty)
{
    bool asked = false;

    *ret_guilty = NULL;
    for (struct db_unit *unit = units; unit; unit = unit->next) {
        if (unit->err || unit_gone(unit))
            continue;
        if (!unit_run_marked(tx, unit)) {
            *ret_guilty = unit;
            assert(unit->err);
            return false;
        }
        asked |= !unit->err && unit->after.asks;
    }
    return !db_tx_commit(tx->db->writer->arena, tx, asked);
}

/* After the transaction ended for all: each in one of its own, in order. The wait for a transaction
 * may be long, so where one fails nobody after it waits for another. */
static void run_apart(struct db_conn *tx, struct db_unit *units, const struct db_unit *guilty)
{
    const struct err *no_tx = NULL;

    for (struct db_unit *unit = units; unit; unit = unit->next) {
        if (unit == guilty)
            continue;
        if (unit->err && (unit->err->kind == E_GONE || unit->err->kind == E_OVER_BUDGET))
            continue; /* its client has left, or it is to run leased: nothing it saw matters */
        if (no_tx)
            unit_fail(unit, no_tx);
        else if (!run_alone(tx, unit))
            no_tx = unit->err;
    }
}

static void group_serve(struct db_writer *w, struct db_unit *units)
{
    struct db_conn *tx = NULL;
    struct db_unit *guilty;
    struct err *err;

    assert(units); /* the turn is a group's only while some wait */
    err = db_write_conn(w->arena, w, &tx);
    if (!err && units->next)
        err = db_tx_begin(w->arena, tx);
    if (err) {
        for (struct db_unit *unit = units; unit; unit = unit->next)
            if (!unit->err)
                unit_fail(unit, err);
        return;
    }
    if (!units->next) {
        if (!units->err)
            (void)run_alone(tx, units); /* the unit knows how it went */
    } else if (!run_together(tx, units, &guilty)) {
        run_apart(tx, units, guilty);
    }
    db_checkpointer_note(w);
}

/* Actions of all first: an answer is not sent before what it tells of has been set off. */
static void group_answer(struct db *db, struct db_unit *units)
{
    struct db_unit *next;

    for (struct db_unit *unit = units; unit; unit = unit->next)
        db_actions_run(unit->after.actions);
    if (db->conf.after_commit)
        db->conf.after_commit(db->conf.user);
    for (struct db_unit *unit = units; unit; unit = next) {
        next = unit->next; /* the unit may be gone after done() */
        atomic_fetch_add_explicit(&db->n_units, 1, memory_order_relaxed);
        unit->done(unit, unit->err, unit->out);
    }
    if (db->conf.group_done)
        db->conf.group_done(db->conf.user);
}

/* --- the thread and its queue ---------------------------------------------------------------- */

/* Under lock: the first of those that wait, as many as are grouped, and no later one than
 * `since_us`.
 */
static struct db_unit *take_units(struct db_writer *w, uint64_t since_us)
{
    struct db_unit *units = w->first;
    struct db_unit *last = units;
    size_t n = 1;

    while (last->next && n < LIMIT_GROUP_UNITS && last->next->since_us <= since_us) {
        last = last->next;
        n++;
    }
    w->first = last->next;
    w->n_units -= n;
    if (!w->first)
        w->last_unit = NULL;
    last->next = NULL;
    return units;
}

/* Under lock, which is let go meanwhile: who has waited for too long is refused. */
static void refuse_late(struct db_writer *w, uint64_t since_us)
{
    static struct log_pace pace;
    struct db_unit *units = take_units(w, since_us);

    pthread_mutex_unlock(&w->lock);
    for (struct db_unit *unit = units; unit; unit = unit->next)
        unit->err = db_turn_late_err(unit->arena);
    log_seldom(&pace, LOG_WARN, "db.writes.refused",
               LOG_CSTR("cause", "the write connection stayed in use for longer than the query "
                                 "timeout"));
    group_answer(w->db, units);
    pthread_mutex_lock(&w->lock);
}

/* Under lock. A lease may have the turn for long: a change of the schema does. False: the end. */
static bool wait_for_turn(struct db_writer *w)
{
    const uint64_t patience_us = w->db->conf.query_timeout_s * UINT64_C(1000000);

    for (;;) {
        uint64_t now_us = clock_us();

        if (w->turn == DB_TURN_GROUP && !w->first) { /* all of them were late */
            w->turn = DB_TURN_NONE;
            db_turn_pass(w);
        }
        if (w->stopping && !w->first && w->turn == DB_TURN_NONE)
            return false;
        if (w->first && patience_us && now_us - w->first->since_us >= patience_us)
            refuse_late(w, now_us - patience_us);
        else if (w->turn == DB_TURN_GROUP)
            return true;
        else if (!w->first || !patience_us)
            pthread_cond_wait(&w->wake, &w->lock);
        else
            db_cond_wait_until(&w->wake, &w->lock, w->first->since_us + patience_us);
    }
}

static void writer_main(void *arg)
{
    struct db_writer *w = arg;
    struct db_unit *units;
    struct db_hold hold;

    w->arena = arena_new();
    db_hold_begin(&hold, w->db);
    pthread_mutex_lock(&w->lock);
    while (wait_for_turn(w)) {
        units = take_units(w, UINT64_MAX);
        pthread_mutex_unlock(&w->lock);
        for (struct db_unit *unit = units; unit; unit = unit->next)
            (void)unit_gone(unit); /* noted in the unit: it is not run */
        group_serve(w, units);
        group_answer(w->db, units);
        arena_reset(w->arena);
        db_turn_give(w);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    db_hold_end(&hold);
    arena_free(w->arena);
}

bool db_writer_submit(struct db_writer *w, struct db_unit *unit)
{
    bool taken;

    pthread_mutex_lock(&w->lock);
    assert(!w->stopping);
    w->started = w->started || thread_start("writer", writer_main, w, &w->thread);
    taken = w->started && w->n_units < LIMIT_WRITE_QUEUE;
    if (taken) {
        unit->since_us = clock_us();
        if (w->last_unit)
            w->last_unit->next = unit;
        else
            w->first = unit;
        if (w->first == unit && w->turn == DB_TURN_LEASE)
            pthread_cond_signal(&w->wake); /* there is somebody now whose patience ends */
        w->last_unit = unit;
        w->n_units++;
        db_turn_pass(w);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

size_t db_writer_waiting(struct db_writer *w)
{
    size_t n;

    pthread_mutex_lock(&w->lock);
    n = w->n_units;
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* --- start and end --------------------------------------------------------------------------- */

struct db_writer *db_writer_new(struct db *db)
{
    struct db_writer *w = db_alloc(sizeof(*w));

    w->db = db;
    pthread_mutex_init(&w->lock, NULL);
    db_cond_init(&w->wake);
    pthread_mutex_init(&w->checkpointer.lock, NULL);
    pthread_cond_init(&w->checkpointer.wake, NULL);
    return w;
}

void db_writer_stop(struct db_writer *w)
{
    struct db_checkpointer *c = &w->checkpointer;

    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    if (c->started)
        thread_join(c->thread); /* first: it takes the turn */
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    if (w->started)
        thread_join(w->thread);
}

void db_writer_free(struct db_writer *w)
{
    db_checkpointer_done(w);
    db_conn_close(w->conn);
    pthread_cond_destroy(&w->checkpointer.wake);
    pthread_mutex_destroy(&w->checkpointer.lock);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    db_free(w);
}
