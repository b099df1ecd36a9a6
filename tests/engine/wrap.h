/*
 * engine/wrap: what engines that wrap another one have in common: the handles that db/ sees, which
 * hold the inner engine's, and the calls that go straight through.
 *
 * A wrapping engine takes wrap_ops() and puts its own functions where it does more. It has an open,
 * conn_open and prepare of its own in any case, which end in those below: its handles may be larger
 * than these, which then come first in them. Calls here come from the same threads as those of
 * struct db_ops (db/engine.h).
 */
#ifndef REEVE_TESTS_WRAP_H
#define REEVE_TESTS_WRAP_H

#include "db/engine.h"

struct wrap_eng {
    const struct db_ops *self; /* first member of the wrapping engine's struct */
    const struct db_ops *ops;  /* the inner engine's */
    struct db_eng *inner;
};

struct wrap_conn {
    const struct wrap_eng *eng;
    const struct db_ops *ops;
    struct db_eng_conn *inner;
    enum db_role role;
};

struct wrap_stmt {
    struct wrap_conn *conn;
    const struct db_ops *ops;
    struct db_eng_stmt *inner;
};

/* Handles are passed as const where the inner engine promises not to change its own. */
static inline struct wrap_eng *wrap_eng(struct db_eng *eng)
{
    return (struct wrap_eng *)(void *)eng;
}

static inline struct wrap_conn *wrap_conn(const struct db_eng_conn *conn)
{
    return (struct wrap_conn *)(uintptr_t)conn;
}

static inline struct wrap_stmt *wrap_stmt(const struct db_eng_stmt *stmt)
{
    return (struct wrap_stmt *)(uintptr_t)stmt;
}

/* --- opening and compiling ------------------------------------------------------------------- */

static inline struct err *wrap_open(struct arena *a, const struct db_ops *self,
                                    const struct db_ops *inner, const struct db_conf *conf,
                                    struct db_eng **ret)
{
    struct wrap_eng *eng = db_alloc(sizeof(*eng));
    struct err *err = inner->open(a, inner, conf, &eng->inner);

    if (err) {
        db_free(eng);
        return err;
    }
    eng->self = self;
    eng->ops = inner;
    *ret = (struct db_eng *)(void *)eng;
    return NULL;
}

/* size: of the handle, which begins with a struct wrap_conn and is zeroed after it. */
static inline struct err *wrap_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                         struct db_watch *watch, size_t size,
                                         struct db_eng_conn **ret)
{
    const struct wrap_eng *outer = wrap_eng(eng);
    struct wrap_conn *conn = db_alloc(size);
    struct err *err = outer->ops->conn_open(a, outer->inner, role, watch, &conn->inner);

    if (err) {
        db_free(conn);
        return err;
    }
    conn->eng = outer;
    conn->ops = outer->ops;
    conn->role = role;
    *ret = (struct db_eng_conn *)(void *)conn;
    return NULL;
}

/* size: of the handle, which begins with a struct wrap_stmt and is zeroed after it. */
static inline struct err *wrap_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                       size_t size, struct db_compiled *ret)
{
    struct wrap_conn *outer = wrap_conn(conn);
    struct wrap_stmt *stmt;
    struct err *err = outer->ops->prepare(a, outer->inner, sql, ret);

    if (err)
        return err;
    stmt = db_alloc(size);
    stmt->conn = outer;
    stmt->ops = outer->ops;
    stmt->inner = ret->stmt;
    ret->stmt = (struct db_eng_stmt *)(void *)stmt;
    return NULL;
}

/* --- calls that go through ------------------------------------------------------------------- */

static inline void wrap_close(struct db_eng *eng)
{
    wrap_eng(eng)->ops->close(wrap_eng(eng)->inner);
    db_free(eng);
}

static inline void wrap_conn_close(struct db_eng_conn *conn)
{
    wrap_conn(conn)->ops->conn_close(wrap_conn(conn)->inner);
    db_free(conn);
}

static inline void wrap_finalize(struct db_eng_stmt *stmt)
{
    wrap_stmt(stmt)->ops->finalize(wrap_stmt(stmt)->inner);
    db_free(stmt);
}

static inline void wrap_reset(struct db_eng_stmt *stmt, bool bound)
{
    wrap_stmt(stmt)->ops->reset(wrap_stmt(stmt)->inner, bound);
}

static inline bool wrap_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value)
{
    return wrap_stmt(stmt)->ops->bind(wrap_stmt(stmt)->inner, at, value);
}

static inline struct err *wrap_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                                    int64_t *ret_changes)
{
    return wrap_stmt(stmt)->ops->step(a, wrap_stmt(stmt)->inner, ret_row, ret_changes);
}

static inline unsigned wrap_columns(const struct db_eng_stmt *stmt)
{
    return wrap_stmt(stmt)->ops->columns(wrap_stmt(stmt)->inner);
}

static inline struct str wrap_column_name(const struct db_eng_stmt *stmt, unsigned at)
{
    return wrap_stmt(stmt)->ops->column_name(wrap_stmt(stmt)->inner, at);
}

static inline struct db_value wrap_column(const struct db_eng_stmt *stmt, unsigned at)
{
    return wrap_stmt(stmt)->ops->column(wrap_stmt(stmt)->inner, at);
}

static inline struct str wrap_column_text(const struct db_eng_stmt *stmt, unsigned at)
{
    return wrap_stmt(stmt)->ops->column_text(wrap_stmt(stmt)->inner, at);
}

static inline int64_t wrap_column_int(const struct db_eng_stmt *stmt, unsigned at)
{
    return wrap_stmt(stmt)->ops->column_int(wrap_stmt(stmt)->inner, at);
}

static inline struct err *wrap_read_begin(struct arena *a, struct db_eng_conn *conn,
                                          int64_t *ret_version)
{
    return wrap_conn(conn)->ops->read_begin(a, wrap_conn(conn)->inner, ret_version);
}

static inline void wrap_read_end(struct db_eng_conn *conn)
{
    wrap_conn(conn)->ops->read_end(wrap_conn(conn)->inner);
}

static inline struct err *wrap_begin(struct arena *a, struct db_eng_conn *conn,
                                     int64_t *ret_version)
{
    return wrap_conn(conn)->ops->begin(a, wrap_conn(conn)->inner, ret_version);
}

static inline struct err *wrap_commit(struct arena *a, struct db_eng_conn *conn,
                                      uint64_t *ret_wal_bytes)
{
    return wrap_conn(conn)->ops->commit(a, wrap_conn(conn)->inner, ret_wal_bytes);
}

static inline void wrap_rollback(struct db_eng_conn *conn)
{
    wrap_conn(conn)->ops->rollback(wrap_conn(conn)->inner);
}

static inline struct err *wrap_console(struct arena *a, struct db_eng_conn *conn,
                                       const struct db_console *in, struct db_console_told *ret)
{
    return wrap_conn(conn)->ops->console(a, wrap_conn(conn)->inner, in, ret);
}

static inline bool wrap_in_tx(const struct db_eng_conn *conn)
{
    return wrap_conn(conn)->ops->in_tx(wrap_conn(conn)->inner);
}

static inline struct err *wrap_savepoint(struct arena *a, struct db_eng_conn *conn,
                                         enum db_mark mark)
{
    return wrap_conn(conn)->ops->savepoint(a, wrap_conn(conn)->inner, mark);
}

static inline struct err *wrap_copy_begin(struct arena *a, struct db_eng_conn *conn,
                                          const char *path, bool pinned, struct db_eng_copy **ret)
{
    return wrap_conn(conn)->ops->copy_begin(a, wrap_conn(conn)->inner, path, pinned, ret);
}

static inline struct err *wrap_checkpoint(struct arena *a, struct db_eng_conn *conn,
                                          enum db_sweep sweep)
{
    return wrap_conn(conn)->ops->checkpoint(a, wrap_conn(conn)->inner, sweep);
}

static inline struct db_seen_state *wrap_seen(struct db_eng *eng)
{
    return wrap_eng(eng)->ops->seen(wrap_eng(eng)->inner);
}

static inline void wrap_sizes(struct db_eng *eng, struct db_sizes *ret)
{
    wrap_eng(eng)->ops->sizes(wrap_eng(eng)->inner, ret);
}

/* The inner engine's, but for the calls that see a handle. Its writer stays: it works on db->ops,
 * which are the wrapping engine's. */
static inline struct db_ops wrap_ops(const struct db_ops *inner)
{
    struct db_ops ops = *inner;

    ops.open = NULL;
    ops.conn_open = NULL;
    ops.prepare = NULL;
    ops.close = wrap_close;
    ops.conn_close = wrap_conn_close;
    ops.finalize = wrap_finalize;
    ops.reset = wrap_reset;
    ops.bind = wrap_bind;
    ops.step = wrap_step;
    ops.columns = wrap_columns;
    ops.column_name = wrap_column_name;
    ops.column = wrap_column;
    ops.column_text = wrap_column_text;
    ops.column_int = wrap_column_int;
    ops.read_begin = wrap_read_begin;
    ops.read_end = wrap_read_end;
    ops.begin = wrap_begin;
    ops.commit = wrap_commit;
    ops.rollback = wrap_rollback;
    ops.console = wrap_console;
    ops.in_tx = wrap_in_tx;
    ops.savepoint = wrap_savepoint;
    ops.checkpoint = wrap_checkpoint;
    ops.copy_begin = wrap_copy_begin;
    ops.seen = wrap_seen;
    ops.sizes = wrap_sizes;
    return ops;
}

#endif
