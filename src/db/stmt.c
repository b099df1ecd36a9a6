/*
 * Statements: prepared, bound, stepped and given back.
 */
#include "db/db.h"

#include "base/date.h"
#include "base/thread.h"
#include "db/internal.h"

#include <assert.h>

#define SLOW_US 1000000 /* how long a statement that overran twice in 16 runs is refused */

/* --- tracing --------------------------------------------------------------------------------- */

void db_trace(struct db_conn *conn, const struct db_trace *trace)
{
    assert(conn->owner == thread_id() && conn->n_in_use == 0);
    conn->trace = trace;
}

RARELY static void run_begin(struct db_stmt *stmt)
{
    stmt->run = db_alloc(sizeof(*stmt->run) + stmt->n_params * sizeof(stmt->run->values[0]));
}

RARELY static void run_end(struct db_stmt *stmt)
{
    const struct db_trace *trace = stmt->conn->trace;
    struct db_run *run = TAKE(stmt->run);
    const struct db_traced traced = {.sql = stmt->sql,
                                     .values = run->values,
                                     .n_values = stmt->n_params,
                                     .rows = run->rows,
                                     .elapsed_us = run->elapsed_us,
                                     .failed = run->failed};

    trace->ended(trace->user, &traced);
    db_free(run);
}

/* --- prepare and release --------------------------------------------------------------------- */

/* Whether the connection may run anything at all now. */
static struct err *conn_ready(struct arena *a, struct db_conn *conn)
{
    assert(conn->owner == thread_id());
    if (conn->lost)
        return db_conn_lost_err(a, conn);
    if (!conn->limited && !conn->reading && !conn->n_in_use)
        db_watch_timeout(conn);
    if (conn->watch.stop != DB_GO_ON)
        return db_watch_err(a, conn->watch.stop);
    return NULL;
}

/* An error may have ended the transaction: the unit must not go on outside of one. */
static void note_error(struct db_conn *conn)
{
    if (conn->in_unit && !conn->db->ops->in_tx(conn->eng))
        conn->lost = true;
}

struct err *db_prepare(struct arena *a, struct db_conn *conn, struct str sql, struct db_stmt **ret)
{
    struct err *err = conn_ready(a, conn);
    struct err *stale;

    if (err)
        return err;
    err = db_stmts_take(a, conn, sql, ret);
    if (!err && conn->trace)
        run_begin(*ret);
    if (!conn->late) {
        if (err)
            note_error(conn);
        return err;
    }
    stale = db_read_asked(a, conn, err); /* this may have been the snapshot's first question */
    if (!err && stale)
        db_release(TAKE(*ret));
    return stale;
}

void db_release(struct db_stmt *stmt)
{
    if (!stmt)
        return;
    assert(stmt->conn->owner == thread_id() && stmt->in_use);
    if (stmt->run)
        run_end(stmt);
    stmt->conn->db->ops->reset(stmt->eng, stmt->n_bound > 0);
    stmt->started = false;
    stmt->bind_failed = false;
    stmt->n_bound = 0;
    db_stmts_give(stmt);
}

bool db_value_eq(struct db_value x, struct db_value y)
{
    if (x.type != y.type)
        return false;
    switch (x.type) {
    case DB_NULL:
        return true;
    case DB_INT:
    case DB_REAL: /* as bits */
        return x.i == y.i;
    case DB_TEXT:
    case DB_BLOB:
        return str_eq(x.s, y.s);
    }
    BUG("no type of a value");
}

/* --- run ------------------------------------------------------------------------------------- */

void db_bind(struct db_stmt *stmt, unsigned at, struct db_value value)
{
    assert(at >= 1 && at <= stmt->n_params && !stmt->started);
    if (!stmt->conn->db->ops->bind(stmt->eng, at, value))
        stmt->bind_failed = true;
    if (stmt->run)
        stmt->run->values[at - 1] = value;
    stmt->n_bound++;
}

/* The reads of a unit in a group have a budget together; what the unit writes has none, since an
 * interrupted write would end the transaction of the whole group. */
static struct err *step_grouped(struct arena *a, struct db_stmt *stmt, bool *ret_row)
{
    struct db_conn *conn = stmt->conn;
    struct db_watch *watch = &conn->watch;
    struct err *err;

    if (!stmt->readonly)
        return conn->db->ops->step(a, stmt->eng, ret_row, &conn->changes);
    watch->armed = true;
    watch->has_base = false;
    watch->start_us = clock_us() - conn->read_us;
    err = conn->db->ops->step(a, stmt->eng, ret_row, &conn->changes);
    conn->read_us = clock_us() - watch->start_us;
    watch->armed = false;
    return err;
}

/* A statement that is known to overrun its budget is refused before it wastes it once more. */
static struct err *stmt_start(struct arena *a, struct db_stmt *stmt)
{
    const struct db_conn *conn = stmt->conn;
    const bool has_budget = conn->grouped ? stmt->readonly : conn->watch.cpu_us > 0;

    if (stmt->n_bound < stmt->n_params)
        return err_new(a, E_BAD_REQUEST, NULL, "a parameter has no value");
    if (stmt->bind_failed)
        return err_new(a, E_BAD_REQUEST, NULL, "a bound value is too large");
    stmt->started = true;
    if (!has_budget)
        return NULL;
    if (stmt->slow_until_us && clock_us() < stmt->slow_until_us) {
        stmt->conn->watch.stop = DB_STOP_BUDGET; /* as if it had run: nobody may swallow it */
        return db_watch_err(a, DB_STOP_BUDGET);
    }
    stmt->slow_until_us = 0;
    stmt->overruns = (uint16_t)(stmt->overruns << 1);
    return NULL;
}

static inline struct err *stmt_step(struct arena *a, struct db_stmt *stmt, bool *ret_row)
{
    struct db_conn *conn = stmt->conn;
    struct err *err;

    err = conn_ready(a, conn);
    if (!err && !stmt->started)
        err = stmt_start(a, stmt);
    if (err)
        return err;
    err = conn->grouped ? step_grouped(a, stmt, ret_row)
                        : conn->db->ops->step(a, stmt->eng, ret_row, &conn->changes);
    if (conn->late)
        err = db_read_asked(a, conn, err);
    if (err)
        note_error(conn);
    if (err && err->kind == E_OVER_BUDGET) {
        if (stmt->overruns & ~1U) { /* once before, in the last 16 runs */
            stmt->slow_until_us = clock_us() + SLOW_US;
            stmt->overruns = 0;
        } else {
            stmt->overruns |= 1;
        }
    }
    if (err && err->timed_out)
        err->cause = arena_concat(a, err->cause, STR(": "), stmt->sql);
    return err;
}

RARELY static struct err *step_traced(struct arena *a, struct db_stmt *stmt, bool *ret_row)
{
    const uint64_t start_us = clock_us();
    struct err *err = stmt_step(a, stmt, ret_row);

    stmt->run->elapsed_us += clock_us() - start_us;
    stmt->run->failed |= err != NULL;
    stmt->run->rows += !err && *ret_row;
    return err;
}

struct err *db_step(struct arena *a, struct db_stmt *stmt, bool *ret_row)
{
    return stmt->run ? step_traced(a, stmt, ret_row) : stmt_step(a, stmt, ret_row);
}

uint64_t db_steps(struct db_stmt *stmt)
{
    const struct db_ops *ops = stmt->conn->db->ops;

    return ops->steps ? ops->steps(stmt->eng) : 0;
}

unsigned db_columns(const struct db_stmt *stmt)
{
    return stmt->conn->db->ops->columns(stmt->eng);
}

struct str db_column_name(const struct db_stmt *stmt, unsigned at)
{
    return stmt->conn->db->ops->column_name(stmt->eng, at);
}

struct db_value db_column(const struct db_stmt *stmt, unsigned at)
{
    return stmt->conn->db->ops->column(stmt->eng, at);
}

struct str db_column_text(const struct db_stmt *stmt, unsigned at)
{
    return stmt->conn->db->ops->column_text(stmt->eng, at);
}

int64_t db_column_int(const struct db_stmt *stmt, unsigned at)
{
    return stmt->conn->db->ops->column_int(stmt->eng, at);
}

/* --- whole statements ------------------------------------------------------------------------ */

struct err *db_prepare_bound(struct arena *a, struct db_conn *conn, struct str sql,
                             const struct db_value *values, unsigned n, struct db_stmt **ret)
{
    struct err *err = db_prepare(a, conn, sql, ret);

    if (err)
        return err;
    if (n > (*ret)->n_params) /* too few: db_step() */
        return err_new(a, E_INTERNAL, NULL, "%u values for %u parameters: %.*s", n,
                       (*ret)->n_params, STR_ARG(sql));
    for (unsigned i = 0; i < n; i++)
        db_bind(*ret, i + 1, values[i]);
    return NULL;
}

struct err *db_exec(struct arena *a, struct db_conn *conn, struct str sql,
                    const struct db_value *values, unsigned n, int64_t *ret_changes)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = true;
    struct err *err;

    err = db_prepare_bound(a, conn, sql, values, n, &stmt);
    if (err)
        return err;
    while (row) {
        err = db_step(a, stmt, &row);
        if (err)
            return err;
    }
    if (ret_changes)
        *ret_changes = conn->changes;
    return NULL;
}

struct err *db_query_row(struct arena *a, struct db_conn *conn, struct str sql,
                         const struct db_value *values, unsigned n, struct db_row **ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct db_row *found;
    bool row = false;
    struct err *err;

    err = db_prepare_bound(a, conn, sql, values, n, &stmt);
    if (err)
        return err;
    err = db_step(a, stmt, &row);
    if (err)
        return err;
    *ret = NULL;
    if (!row)
        return NULL;
    found = ARENA_NEW(a, struct db_row);
    found->n = db_columns(stmt);
    found->cells = ARENA_ARRAY(a, struct db_value, found->n);
    for (unsigned i = 0; i < found->n; i++) {
        struct db_value *cell = &found->cells[i];

        *cell = db_column(stmt, i);
        if (cell->type == DB_TEXT || cell->type == DB_BLOB)
            cell->s = arena_dup(a, cell->s);
    }
    *ret = found;
    return NULL;
}
