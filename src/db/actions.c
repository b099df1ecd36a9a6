/*
 * Units of work: one run, its savepoints, and what it wants to happen later.
 *
 * That is lists, newest first, in the unit's arena; a savepoint remembers their heads, so rolling
 * back drops what came later.
 */
#include "db/db.h"

#include "base/limits.h"
#include "base/thread.h"
#include "db/internal.h"

#include <assert.h>

/* A unit may not swallow that its transaction is gone, or that it was stopped. */
static void unit_run_once(struct db_conn *tx, struct db_unit *unit, bool grouped)
{
    struct err *err;

    assert(!tx->in_unit);
    tx->in_unit = true;
    tx->grouped = grouped;
    tx->lost = false;
    tx->read_us = 0;
    tx->unit_arena = unit->arena;
    tx->after = (struct db_after){0};
    tx->frames = NULL;
    unit->out = NULL;
    err = unit->run(tx, unit->in, unit->arena, &unit->out);
    assert(tx->n_in_use == 0 && (tx->frames == NULL || err));
    if (!err && tx->watch.stop != DB_GO_ON)
        err = db_watch_err(unit->arena, tx->watch.stop);
    if (!err && (tx->lost || !tx->db->ops->in_tx(tx->eng)))
        err = db_conn_lost_err(unit->arena, tx);
    unit->err = err;
    unit->after = tx->after;
    if (err) {
        unit->out = NULL;
        unit->after.actions = NULL;
    }
    tx->in_unit = tx->grouped = tx->lost = false;
    tx->unit_arena = NULL;
    tx->after = (struct db_after){0};
    tx->frames = NULL;
}

/* Before the run that counts there may be one that is rolled back, with its error and what it wants
 * done. Where that rollback fails the transaction is taken down, so that the run that counts fails;
 * where there is no savepoint, that run meets the same. */
void db_unit_run(struct db_conn *tx, struct db_unit *unit, bool grouped)
{
    const struct db_ops *ops = tx->db->ops;

    if (grouped)
        tx->watch = (struct db_watch){.cpu_us = LIMIT_GROUPED_READ_US};
    if (tx->db->conf.run_twice && !ops->savepoint(unit->arena, tx->eng, DB_MARK_SET)) {
        unit_run_once(tx, unit, grouped);
        if (ops->in_tx(tx->eng) && ops->savepoint(unit->arena, tx->eng, DB_MARK_ROLLBACK))
            ops->rollback(tx->eng);
        arena_reset(unit->arena);
    }
    unit_run_once(tx, unit, grouped);
    tx->watch = (struct db_watch){0}; /* what comes now is not interrupted */
}

void db_actions_run(struct db_action *actions)
{
    struct db_action *oldest = NULL, *each = NULL;

    while (actions) {
        struct db_action *older = actions->older;

        if (actions->each && !(each && each->each == actions->each)) {
            actions->is_last = true;
            each = actions;
        }
        actions->older = oldest;
        oldest = actions;
        actions = older;
    }
    for (; oldest; oldest = oldest->older) {
        if (oldest->each)
            oldest->each(oldest->user, oldest->is_last);
        else
            oldest->fn(oldest->user);
    }
}

struct err *db_ends_run(struct db_end *ends, const struct err *failed)
{
    struct db_end *oldest = NULL;
    struct err *first = NULL;

    if (failed && (failed->kind == E_STALE || failed->kind == E_OVER_BUDGET))
        return NULL; /* it will be run again, or has not run */
    while (ends) {
        struct db_end *older = ends->older;

        ends->older = oldest;
        oldest = ends;
        ends = older;
    }
    for (; oldest; oldest = oldest->older) {
        struct err *err = oldest->fn(oldest->user, failed);

        first = first ? first : err;
    }
    return first;
}

struct arena *db_unit_arena(const struct db_conn *tx)
{
    assert(tx->in_unit);
    return tx->unit_arena;
}

static void add_action(struct db_conn *tx, struct db_action wanted)
{
    struct db_action *action;

    assert(tx->in_unit && tx->owner == thread_id());
    action = ARENA_NEW(tx->unit_arena, struct db_action);
    *action = wanted;
    action->older = tx->after.actions;
    tx->after.actions = action;
}

void db_after_commit(struct db_conn *tx, void (*fn)(void *user), void *user)
{
    add_action(tx, (struct db_action){.fn = fn, .user = user});
}

void db_each_after_commit(struct db_conn *tx, void (*each)(void *user, bool is_last), void *user)
{
    add_action(tx, (struct db_action){.each = each, .user = user});
}

void db_at_end(struct db_conn *tx, db_end_fn *fn, void *user)
{
    struct db_end *end;

    assert(tx->in_unit && tx->owner == thread_id());
    end = ARENA_NEW(tx->unit_arena, struct db_end);
    *end = (struct db_end){fn, user, tx->after.ends};
    tx->after.ends = end;
}

void db_ask_before_commit(struct db_conn *tx)
{
    assert(tx->in_unit && tx->owner == thread_id());
    tx->after.asks = true;
}

struct err *db_savepoint(struct arena *a, struct db_conn *tx)
{
    struct db_frame *frame;
    struct err *err;

    assert(tx->in_unit && tx->owner == thread_id());
    if (tx->lost)
        return db_conn_lost_err(a, tx);
    err = tx->db->ops->savepoint(a, tx->eng, DB_MARK_SET);
    if (err) {
        tx->lost = !tx->db->ops->in_tx(tx->eng);
        return err;
    }
    frame = ARENA_NEW(tx->unit_arena, struct db_frame);
    frame->after = tx->after;
    frame->outer = tx->frames;
    tx->frames = frame;
    return NULL;
}

/* Where the release fails the savepoint is rolled back, so that the caller has nothing to undo. */
struct err *db_savepoint_release(struct arena *a, struct db_conn *tx)
{
    struct err *err;

    assert(tx->in_unit && tx->frames);
    if (tx->lost)
        return db_conn_lost_err(a, tx);
    err = tx->db->ops->savepoint(a, tx->eng, DB_MARK_RELEASE);
    if (err) {
        db_savepoint_rollback(tx);
        return err;
    }
    tx->frames = tx->frames->outer;
    return NULL;
}

/* A rollback that fails leaves the unit in a state that nobody can vouch for: it is lost. */
void db_savepoint_rollback(struct db_conn *tx)
{
    struct db_frame *frame = tx->frames;
    struct err *err;

    assert(tx->in_unit && frame);
    tx->after = frame->after;
    tx->frames = frame->outer;
    if (tx->lost)
        return;
    err = tx->db->ops->savepoint(tx->unit_arena, tx->eng, DB_MARK_ROLLBACK);
    if (err || !tx->db->ops->in_tx(tx->eng))
        tx->lost = true;
}
