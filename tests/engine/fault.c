#include "engine/fault.h"

/* The handles that db/ sees; they hold the inner engine's. */
struct fault_eng {
    struct db_fault *fault;
    struct db_eng *inner;
};

struct fault_conn {
    struct db_fault *fault;
    struct db_eng_conn *inner;
    bool counted;
};

struct fault_stmt {
    struct fault_conn *conn;
    struct db_eng_stmt *inner;
};

#define ENG(p) ((struct fault_eng *)(p))
#define CONN(p) ((struct fault_conn *)(p))
#define STMT(p) ((struct fault_stmt *)(p))
#define CONST_CONN(p) ((const struct fault_conn *)(p))
#define CONST_STMT(p) ((const struct fault_stmt *)(p))

static struct err *hit(struct arena *a, struct db_fault *fault)
{
    if (atomic_fetch_add(&fault->n_calls, 1) + 1 != atomic_load(&fault->fail_at))
        return NULL;
    atomic_fetch_add(&fault->n_failed, 1);
    return err_new(a, E_UNAVAILABLE, NULL, "injected");
}

static struct err *conn_hit(struct arena *a, struct fault_conn *conn)
{
    struct err *err = conn->counted ? hit(a, conn->fault) : NULL;

    if (err && conn->fault->kind == FAULT_ENDS_TX)
        conn->fault->inner->rollback(conn->inner);
    return err;
}

static struct err *fault_open(struct arena *a, const struct db_ops *self,
                              const struct db_conf *conf, struct db_eng **ret)
{
    struct fault_eng *eng = db_alloc(sizeof(*eng));
    struct err *err;

    /* ops is the fault's first member, and tests hand it out as const only for db_conf. */
    eng->fault = (struct db_fault *)(uintptr_t)self;
    err = eng->fault->inner->open(a, eng->fault->inner, conf, &eng->inner);
    if (err) {
        db_free(eng);
        return err;
    }
    *ret = (struct db_eng *)eng;
    return NULL;
}

static void fault_close(struct db_eng *eng)
{
    ENG(eng)->fault->inner->close(ENG(eng)->inner);
    db_free(eng);
}

static struct err *fault_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                   struct db_watch *watch, struct db_eng_conn **ret)
{
    struct fault_conn *conn = db_alloc(sizeof(*conn));
    struct err *err;

    conn->fault = ENG(eng)->fault;
    conn->counted = role == DB_ROLE_WRITER;
    err = conn->counted ? hit(a, conn->fault) : NULL;
    if (!err)
        err = conn->fault->inner->conn_open(a, ENG(eng)->inner, role, watch, &conn->inner);
    if (err) {
        db_free(conn);
        return err;
    }
    *ret = (struct db_eng_conn *)conn;
    return NULL;
}

static void fault_conn_close(struct db_eng_conn *conn)
{
    CONN(conn)->fault->inner->conn_close(CONN(conn)->inner);
    db_free(conn);
}

static struct err *fault_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                 struct db_eng_stmt **ret)
{
    struct err *err = conn_hit(a, CONN(conn));
    struct fault_stmt *stmt;

    if (err)
        return err;
    stmt = db_alloc(sizeof(*stmt));
    stmt->conn = CONN(conn);
    err = CONN(conn)->fault->inner->prepare(a, CONN(conn)->inner, sql, &stmt->inner);
    if (err) {
        db_free(stmt);
        return err;
    }
    *ret = (struct db_eng_stmt *)stmt;
    return NULL;
}

static const struct db_ops *inner_of(const struct db_eng_stmt *stmt)
{
    return CONST_STMT(stmt)->conn->fault->inner;
}

static void fault_finalize(struct db_eng_stmt *stmt)
{
    inner_of(stmt)->finalize(STMT(stmt)->inner);
    db_free(stmt);
}

static void fault_reset(struct db_eng_stmt *stmt, bool bound)
{
    inner_of(stmt)->reset(STMT(stmt)->inner, bound);
}

static bool fault_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value)
{
    return inner_of(stmt)->bind(STMT(stmt)->inner, at, value);
}

static struct err *fault_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row)
{
    struct err *err = conn_hit(a, STMT(stmt)->conn);

    return err ? err : inner_of(stmt)->step(a, STMT(stmt)->inner, ret_row);
}

static unsigned fault_params(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->params(CONST_STMT(stmt)->inner);
}

static unsigned fault_columns(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->columns(CONST_STMT(stmt)->inner);
}

static struct str fault_column_name(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_name(CONST_STMT(stmt)->inner, at);
}

static struct db_value fault_column(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column(CONST_STMT(stmt)->inner, at);
}

static struct str fault_column_text(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_text(CONST_STMT(stmt)->inner, at);
}

static int64_t fault_column_int(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_int(CONST_STMT(stmt)->inner, at);
}

static bool fault_readonly(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->readonly(CONST_STMT(stmt)->inner);
}

static size_t fault_bytes(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->bytes(CONST_STMT(stmt)->inner);
}

static int64_t fault_changes(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->fault->inner->changes(CONST_CONN(conn)->inner);
}

static struct err *fault_read_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    return CONN(conn)->fault->inner->read_begin(a, CONN(conn)->inner, ret_version);
}

static void fault_read_end(struct db_eng_conn *conn)
{
    CONN(conn)->fault->inner->read_end(CONN(conn)->inner);
}

static struct err *fault_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    const struct db_fault *fault = CONN(conn)->fault;
    struct err *err = conn_hit(a, CONN(conn));
    struct err *inner;

    if (err && fault->kind != FAULT_STAYS)
        return err;
    inner = fault->inner->begin(a, CONN(conn)->inner, ret_version);
    return err ? err : inner;
}

static struct err *fault_commit(struct arena *a, struct db_eng_conn *conn)
{
    struct err *err = conn_hit(a, CONN(conn));

    return err ? err : CONN(conn)->fault->inner->commit(a, CONN(conn)->inner);
}

static void fault_rollback(struct db_eng_conn *conn)
{
    CONN(conn)->fault->inner->rollback(CONN(conn)->inner);
}

static bool fault_in_tx(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->fault->inner->in_tx(CONST_CONN(conn)->inner);
}

static struct err *fault_savepoint(struct arena *a, struct db_eng_conn *conn, enum db_mark mark)
{
    struct err *err = conn_hit(a, CONN(conn));

    return err ? err : CONN(conn)->fault->inner->savepoint(a, CONN(conn)->inner, mark);
}

static uint64_t fault_wal_bytes(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->fault->inner->wal_bytes(CONST_CONN(conn)->inner);
}

static struct err *fault_checkpoint(struct arena *a, struct db_eng_conn *conn, enum db_sweep sweep)
{
    return CONN(conn)->fault->inner->checkpoint(a, CONN(conn)->inner, sweep);
}

static const struct db_ops fault_ops = {
    .open = fault_open,
    .close = fault_close,
    .conn_open = fault_conn_open,
    .conn_close = fault_conn_close,
    .prepare = fault_prepare,
    .finalize = fault_finalize,
    .reset = fault_reset,
    .bind = fault_bind,
    .step = fault_step,
    .params = fault_params,
    .columns = fault_columns,
    .column_name = fault_column_name,
    .column = fault_column,
    .column_text = fault_column_text,
    .column_int = fault_column_int,
    .readonly = fault_readonly,
    .bytes = fault_bytes,
    .changes = fault_changes,
    .read_begin = fault_read_begin,
    .read_end = fault_read_end,
    .begin = fault_begin,
    .commit = fault_commit,
    .rollback = fault_rollback,
    .in_tx = fault_in_tx,
    .savepoint = fault_savepoint,
    .wal_bytes = fault_wal_bytes,
    .checkpoint = fault_checkpoint,
};

void db_fault_init(struct db_fault *fault, const struct db_ops *inner, enum fault_kind kind)
{
    *fault = (struct db_fault){.ops = fault_ops, .inner = inner, .kind = kind};
    fault->ops.name = inner->name;
    fault->ops.blocks = inner->blocks;
    fault->ops.dialect = inner->dialect;
    fault->ops.writer_new = inner->writer_new; /* it works on db->ops, which are these */
    fault->ops.writer_stop = inner->writer_stop;
    fault->ops.writer_free = inner->writer_free;
    fault->ops.submit = inner->submit;
    fault->ops.run_leased = inner->run_leased;
}

void db_fault_arm(struct db_fault *fault, long fail_at)
{
    atomic_store(&fault->n_calls, 0);
    atomic_store(&fault->n_failed, 0);
    atomic_store(&fault->fail_at, fail_at);
}
