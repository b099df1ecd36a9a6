#include "engine/blocking.h"

#include "base/compiler.h"
#include "base/thread.h"
#include "engine/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct blocking_conn {
    struct wrap_conn wrap;
    unsigned n_trips; /* of the transaction */
    /* of a snapshot */
    bool wanted; /* it begins with the first statement */
    bool begun;
    bool told; /* what its version is */
    int64_t version;
};

struct blocking_stmt {
    struct wrap_stmt wrap;
    bool started;
};

#define CONN(p) ((struct blocking_conn *)(p))
#define STMT(p) ((struct blocking_stmt *)(p))

/* --- round trips ----------------------------------------------------------------------------- */

/* ops is the struct's first member, and it is handed out as const only for db_conf. */
static struct db_blocking *blocking_of(const struct db_ops *self)
{
    return (struct db_blocking *)(uintptr_t)self;
}

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
    round_trip(blocking_of(conn->wrap.eng->self));
}

static void tx_ended(struct blocking_conn *conn, const char *what)
{
    const struct db_blocking *blocking = blocking_of(conn->wrap.eng->self);
    char line[32];
    int n = snprintf(line, sizeof(line), "%s %u\n", what, conn->n_trips);

    conn->n_trips = 0;
    if (blocking->log_fd >= 0 && write(blocking->log_fd, line, (size_t)n) != n)
        BUG("round trips cannot be told");
}

/* The inner snapshot, where one is to begin. */
static struct err *begin_wanted(struct arena *a, struct blocking_conn *conn)
{
    struct err *err;

    if (!conn->wanted || conn->begun)
        return NULL;
    err = conn->wrap.ops->read_begin(a, conn->wrap.inner, &conn->version);
    conn->begun = !err;
    return err;
}

/* --- databases and connections --------------------------------------------------------------- */

static struct err *blocking_open(struct arena *a, const struct db_ops *self,
                                 const struct db_conf *conf, struct db_eng **ret)
{
    return wrap_open(a, self, blocking_of(self)->inner, conf, ret);
}

static struct err *blocking_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                      struct db_watch *watch, struct db_eng_conn **ret)
{
    round_trip(blocking_of(wrap_eng(eng)->self));
    return wrap_conn_open(a, eng, role, watch, sizeof(struct blocking_conn), ret);
}

/* --- statements ------------------------------------------------------------------------------ */

static struct err *blocking_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                    struct db_compiled *ret)
{
    struct err *err = begin_wanted(a, CONN(conn));

    if (!err)
        err = wrap_prepare(a, conn, sql, sizeof(struct blocking_stmt), ret);
    if (err) {
        conn_trip(CONN(conn));
        CONN(conn)->told = CONN(conn)->begun;
    }
    return err;
}

static void blocking_reset(struct db_eng_stmt *stmt, bool bound)
{
    STMT(stmt)->started = false;
    wrap_reset(stmt, bound);
}

static struct err *blocking_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                                 int64_t *ret_changes)
{
    struct blocking_conn *conn = CONN(wrap_stmt(stmt)->conn);
    struct err *err;

    if (!STMT(stmt)->started)
        conn_trip(conn);
    STMT(stmt)->started = true;
    err = begin_wanted(a, conn);
    if (err)
        return err;
    conn->told = conn->begun;
    return wrap_step(a, stmt, ret_row, ret_changes);
}

/* --- transactions ---------------------------------------------------------------------------- */

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
    const struct blocking_conn *own = (const struct blocking_conn *)conn;

    *ret_version = own->version;
    return own->told;
}

static void blocking_read_end(struct db_eng_conn *conn)
{
    if (CONN(conn)->begun)
        wrap_read_end(conn);
    CONN(conn)->wanted = CONN(conn)->begun = CONN(conn)->told = false;
    tx_ended(CONN(conn), "read");
}

static struct err *blocking_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    CONN(conn)->n_trips = 0;
    conn_trip(CONN(conn));
    return wrap_begin(a, conn, ret_version);
}

static struct err *blocking_commit(struct arena *a, struct db_eng_conn *conn,
                                   uint64_t *ret_wal_bytes)
{
    struct err *err;

    conn_trip(CONN(conn));
    err = wrap_commit(a, conn, ret_wal_bytes);
    tx_ended(CONN(conn), "unit");
    return err;
}

static struct err *blocking_savepoint(struct arena *a, struct db_eng_conn *conn, enum db_mark mark)
{
    conn_trip(CONN(conn));
    return wrap_savepoint(a, conn, mark);
}

/* --- the engine ------------------------------------------------------------------------------ */

void db_blocking_init(struct db_blocking *blocking, const struct db_ops *inner)
{
    *blocking = (struct db_blocking){.ops = wrap_ops(inner), .inner = inner, .log_fd = -1};
    blocking->ops.blocks = true;
    blocking->ops.lazy_begin = true;
    blocking->ops.seen = NULL; /* it cannot tell what others have committed */
    blocking->ops.open = blocking_open;
    blocking->ops.conn_open = blocking_conn_open;
    blocking->ops.prepare = blocking_prepare;
    blocking->ops.reset = blocking_reset;
    blocking->ops.step = blocking_step;
    blocking->ops.read_begin = blocking_read_begin;
    blocking->ops.seen_version = blocking_seen_version;
    blocking->ops.read_end = blocking_read_end;
    blocking->ops.begin = blocking_begin;
    blocking->ops.commit = blocking_commit;
    blocking->ops.savepoint = blocking_savepoint;
}
