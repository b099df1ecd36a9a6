#include "engine/fault.h"

#include "engine/wrap.h"

static struct err *fault_hit(struct arena *a, struct db_fault *fault)
{
    if (atomic_fetch_add(&fault->n_calls, 1) + 1 != atomic_load(&fault->fail_at))
        return NULL;
    atomic_fetch_add(&fault->n_failed, 1);
    return err_new(a, E_UNAVAILABLE, NULL, "injected");
}

/* ops is the fault's first member, and tests hand it out as const only for db_conf. */
static struct db_fault *fault_of(const struct db_ops *self)
{
    return (struct db_fault *)(uintptr_t)self;
}

/* Before a call that can fail. */
static struct err *conn_hit(struct arena *a, const struct wrap_conn *conn)
{
    struct db_fault *fault = fault_of(conn->eng->self);
    struct err *err = conn->role == DB_ROLE_WRITER ? fault_hit(a, fault) : NULL;

    if (err && fault->kind == FAULT_ENDS_TX)
        conn->ops->rollback(conn->inner);
    return err;
}

static struct err *fault_open(struct arena *a, const struct db_ops *self,
                              const struct db_conf *conf, struct db_eng **ret)
{
    return wrap_open(a, self, fault_of(self)->inner, conf, ret);
}

static struct err *fault_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                   struct db_watch *watch, struct db_eng_conn **ret)
{
    struct err *err = NULL;

    if (role == DB_ROLE_WRITER)
        err = fault_hit(a, fault_of(wrap_eng(eng)->self));
    return err ? err : wrap_conn_open(a, eng, role, watch, sizeof(struct wrap_conn), ret);
}

static struct err *fault_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                 struct db_compiled *ret)
{
    struct err *err = conn_hit(a, wrap_conn(conn));

    return err ? err : wrap_prepare(a, conn, sql, sizeof(struct wrap_stmt), ret);
}

static struct err *fault_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                              int64_t *ret_changes)
{
    struct err *err = conn_hit(a, wrap_stmt(stmt)->conn);

    return err ? err : wrap_step(a, stmt, ret_row, ret_changes);
}

static struct err *fault_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    const struct db_fault *fault = fault_of(wrap_conn(conn)->eng->self);
    struct err *err = conn_hit(a, wrap_conn(conn));
    struct err *inner;

    if (err && fault->kind != FAULT_STAYS)
        return err;
    inner = wrap_begin(a, conn, ret_version);
    return err ? err : inner;
}

static struct err *fault_commit(struct arena *a, struct db_eng_conn *conn, uint64_t *ret_wal_bytes)
{
    struct err *err = conn_hit(a, wrap_conn(conn));

    return err ? err : wrap_commit(a, conn, ret_wal_bytes);
}

static struct err *fault_savepoint(struct arena *a, struct db_eng_conn *conn, enum db_mark mark)
{
    struct err *err = conn_hit(a, wrap_conn(conn));

    return err ? err : wrap_savepoint(a, conn, mark);
}

void db_fault_init(struct db_fault *fault, const struct db_ops *inner, enum fault_kind kind)
{
    *fault = (struct db_fault){.ops = wrap_ops(inner), .inner = inner, .kind = kind};
    fault->ops.open = fault_open;
    fault->ops.conn_open = fault_conn_open;
    fault->ops.prepare = fault_prepare;
    fault->ops.step = fault_step;
    fault->ops.begin = fault_begin;
    fault->ops.commit = fault_commit;
    fault->ops.savepoint = fault_savepoint;
}

void db_fault_arm(struct db_fault *fault, long fail_at)
{
    atomic_store(&fault->n_calls, 0);
    atomic_store(&fault->n_failed, 0);
    atomic_store(&fault->fail_at, fail_at);
}
