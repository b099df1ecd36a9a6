#include "engine/blocking.h"

#include "base/compiler.h"
#include "base/thread.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The handles that db/ sees; they hold the inner engine's. */
struct blocking_eng {
    struct db_blocking *blocking;
    struct db_eng *inner;
};

struct blocking_conn {
    struct db_blocking *blocking;
    struct db_eng_conn *inner;
    unsigned n_trips; /* of the transaction */
    /* of a snapshot */
    bool wanted; /* it begins with the first statement */
    bool begun;
    bool told; /* what its version is */
    int64_t version;
};

struct blocking_stmt {
    struct blocking_conn *conn;
    struct db_eng_stmt *inner;
    bool started;
};

#define ENG(p) ((struct blocking_eng *)(p))
#define CONN(p) ((struct blocking_conn *)(p))
#define STMT(p) ((struct blocking_stmt *)(p))
#define CONST_CONN(p) ((const struct blocking_conn *)(p))
#define CONST_STMT(p) ((const struct blocking_stmt *)(p))

/* --- round trips ------------------------------------------------------------------------------ */

static void round_trip(struct db_blocking *blocking)
{
    struct timespec left = {.tv_sec = blocking->delay_us / 1000000,
                            .tv_nsec = (long)(blocking->delay_us % 1000000) * 1000};

    if (thread_is_loop())
        BUG("a loop waits for the database");
    atomic_fetch_add(&blocking->n_trips, 1);
    while (blocking->delay_us && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void conn_trip(struct blocking_conn *conn)
{
    conn->n_trips++;
    round_trip(conn->blocking);
}

static void tx_ended(struct blocking_conn *conn, const char *what)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "%s %u\n", what, conn->n_trips);

    conn->n_trips = 0;
    if (conn->blocking->log_fd >= 0 && write(conn->blocking->log_fd, line, (size_t)n) != n)
        BUG("round trips cannot be told");
}

/* The inner snapshot, where one is to begin. */
static struct err *begin_wanted(struct arena *a, struct blocking_conn *conn)
{
    struct err *err;

    if (!conn->wanted || conn->begun)
        return NULL;
    err = conn->blocking->inner->read_begin(a, conn->inner, &conn->version);
    conn->begun = !err;
    return err;
}

/* --- databases and connections ---------------------------------------------------------------- */

static struct err *blocking_open(struct arena *a, const struct db_ops *self,
                                 const struct db_conf *conf, struct db_eng **ret)
{
    struct blocking_eng *eng = db_alloc(sizeof(*eng));
    struct err *err;

    /* ops is the struct's first member, and it is handed out as const only for db_conf. */
    eng->blocking = (struct db_blocking *)(uintptr_t)self;
    err = eng->blocking->inner->open(a, eng->blocking->inner, conf, &eng->inner);
    if (err) {
        db_free(eng);
        return err;
    }
    *ret = (struct db_eng *)eng;
    return NULL;
}

static void blocking_close(struct db_eng *eng)
{
    ENG(eng)->blocking->inner->close(ENG(eng)->inner);
    db_free(eng);
}

static struct err *blocking_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                      struct db_watch *watch, struct db_eng_conn **ret)
{
    struct blocking_conn *conn = db_alloc(sizeof(*conn));
    struct err *err;

    conn->blocking = ENG(eng)->blocking;
    round_trip(conn->blocking);
    err = conn->blocking->inner->conn_open(a, ENG(eng)->inner, role, watch, &conn->inner);
    if (err) {
        db_free(conn);
        return err;
    }
    *ret = (struct db_eng_conn *)conn;
    return NULL;
}

static void blocking_conn_close(struct db_eng_conn *conn)
{
    CONN(conn)->blocking->inner->conn_close(CONN(conn)->inner);
    db_free(conn);
}

/* --- statements ------------------------------------------------------------------------------- */

static const struct db_ops *inner_of(const struct db_eng_stmt *stmt)
{
    return CONST_STMT(stmt)->conn->blocking->inner;
}

static struct err *blocking_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                    struct db_eng_stmt **ret)
{
    struct blocking_stmt *stmt = db_alloc(sizeof(*stmt));
    struct err *err = begin_wanted(a, CONN(conn));

    stmt->conn = CONN(conn);
    if (!err)
        err = CONN(conn)->blocking->inner->prepare(a, CONN(conn)->inner, sql, &stmt->inner);
    if (err) {
        conn_trip(CONN(conn));
        CONN(conn)->told = CONN(conn)->begun;
        db_free(stmt);
        return err;
    }
    *ret = (struct db_eng_stmt *)stmt;
    return NULL;
}

static void blocking_finalize(struct db_eng_stmt *stmt)
{
    inner_of(stmt)->finalize(STMT(stmt)->inner);
    db_free(stmt);
}

static void blocking_reset(struct db_eng_stmt *stmt, bool bound)
{
    STMT(stmt)->started = false;
    inner_of(stmt)->reset(STMT(stmt)->inner, bound);
}

static struct err *blocking_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row)
{
    struct blocking_conn *conn = STMT(stmt)->conn;
    struct err *err;

    if (!STMT(stmt)->started)
        conn_trip(conn);
    STMT(stmt)->started = true;
    err = begin_wanted(a, conn);
    if (err)
        return err;
    conn->told = conn->begun;
    return inner_of(stmt)->step(a, STMT(stmt)->inner, ret_row);
}

static bool blocking_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value)
{
    return inner_of(stmt)->bind(STMT(stmt)->inner, at, value);
}

static unsigned blocking_params(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->params(CONST_STMT(stmt)->inner);
}

static unsigned blocking_columns(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->columns(CONST_STMT(stmt)->inner);
}

static struct str blocking_column_name(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_name(CONST_STMT(stmt)->inner, at);
}

static struct db_value blocking_column(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column(CONST_STMT(stmt)->inner, at);
}

static struct str blocking_column_text(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_text(CONST_STMT(stmt)->inner, at);
}

static int64_t blocking_column_int(const struct db_eng_stmt *stmt, unsigned at)
{
    return inner_of(stmt)->column_int(CONST_STMT(stmt)->inner, at);
}

static bool blocking_readonly(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->readonly(CONST_STMT(stmt)->inner);
}

static size_t blocking_bytes(const struct db_eng_stmt *stmt)
{
    return inner_of(stmt)->bytes(CONST_STMT(stmt)->inner);
}

static int64_t blocking_changes(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->blocking->inner->changes(CONST_CONN(conn)->inner);
}

/* --- transactions ----------------------------------------------------------------------------- */

static struct err *blocking_read_begin(struct arena *a, struct db_eng_conn *conn,
                                       int64_t *ret_version)
{
    (void)a;
    (void)ret_version;
    CONN(conn)->n_trips = 0;
    CONN(conn)->wanted = true;
    return NULL;
}

static bool blocking_seen_version(const struct db_eng_conn *conn, int64_t *ret_version)
{
    *ret_version = CONST_CONN(conn)->version;
    return CONST_CONN(conn)->told;
}

static void blocking_read_end(struct db_eng_conn *conn)
{
    if (CONN(conn)->begun)
        CONN(conn)->blocking->inner->read_end(CONN(conn)->inner);
    CONN(conn)->wanted = CONN(conn)->begun = CONN(conn)->told = false;
    tx_ended(CONN(conn), "read");
}

static struct err *blocking_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    CONN(conn)->n_trips = 0;
    conn_trip(CONN(conn));
    return CONN(conn)->blocking->inner->begin(a, CONN(conn)->inner, ret_version);
}

static struct err *blocking_commit(struct arena *a, struct db_eng_conn *conn)
{
    struct err *err;

    conn_trip(CONN(conn));
    err = CONN(conn)->blocking->inner->commit(a, CONN(conn)->inner);
    tx_ended(CONN(conn), "unit");
    return err;
}

static void blocking_rollback(struct db_eng_conn *conn)
{
    CONN(conn)->blocking->inner->rollback(CONN(conn)->inner);
}

static struct err *blocking_savepoint(struct arena *a, struct db_eng_conn *conn, enum db_mark mark)
{
    conn_trip(CONN(conn));
    return CONN(conn)->blocking->inner->savepoint(a, CONN(conn)->inner, mark);
}

static struct err *blocking_checkpoint(struct arena *a, struct db_eng_conn *conn,
                                       enum db_sweep sweep)
{
    return CONN(conn)->blocking->inner->checkpoint(a, CONN(conn)->inner, sweep);
}

static bool blocking_in_tx(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->blocking->inner->in_tx(CONST_CONN(conn)->inner);
}

static uint64_t blocking_wal_bytes(const struct db_eng_conn *conn)
{
    return CONST_CONN(conn)->blocking->inner->wal_bytes(CONST_CONN(conn)->inner);
}

/* --- the engine ------------------------------------------------------------------------------- */

static const struct db_ops blocking_ops = {
    .blocks = true,
    .lazy_begin = true,
    .seen_version = blocking_seen_version,
    .open = blocking_open,
    .close = blocking_close,
    .conn_open = blocking_conn_open,
    .conn_close = blocking_conn_close,
    .prepare = blocking_prepare,
    .finalize = blocking_finalize,
    .reset = blocking_reset,
    .bind = blocking_bind,
    .step = blocking_step,
    .params = blocking_params,
    .columns = blocking_columns,
    .column_name = blocking_column_name,
    .column = blocking_column,
    .column_text = blocking_column_text,
    .column_int = blocking_column_int,
    .readonly = blocking_readonly,
    .bytes = blocking_bytes,
    .changes = blocking_changes,
    .read_begin = blocking_read_begin,
    .read_end = blocking_read_end,
    .begin = blocking_begin,
    .commit = blocking_commit,
    .rollback = blocking_rollback,
    .in_tx = blocking_in_tx,
    .savepoint = blocking_savepoint,
    .wal_bytes = blocking_wal_bytes,
    .checkpoint = blocking_checkpoint,
};

void db_blocking_init(struct db_blocking *blocking, const struct db_ops *inner)
{
    *blocking = (struct db_blocking){.ops = blocking_ops, .inner = inner, .log_fd = -1};
    blocking->ops.name = inner->name;
    blocking->ops.dialect = inner->dialect;
    blocking->ops.writer_new = inner->writer_new; /* it works on db->ops, which are these */
    blocking->ops.writer_stop = inner->writer_stop;
    blocking->ops.writer_free = inner->writer_free;
    blocking->ops.submit = inner->submit;
    blocking->ops.run_leased = inner->run_leased;
}
