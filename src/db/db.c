/*
 * Databases, their connections, and limits.
 *
 * A thread finds its reader in a small table of its own; on a miss, in the database's list, where a
 * connection left behind by a thread that has ended waits for the next thread of that number.
 */
#include "db/db.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/thread.h"
#include "db/internal.h"

#include <assert.h>
#include <stdlib.h>

#define READER_SLOTS 8

struct reader_slot {
    uint64_t serial;
    struct db_conn *conn;
};

static _Thread_local struct reader_slot reader_slots[READER_SLOTS];
static _Thread_local unsigned reader_next;
static atomic_uint_fast64_t db_last_serial;

void *db_alloc(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        BUG("out of memory");
    return p;
}

void db_free(void *p)
{
    free(p);
}

/* --- open and close -------------------------------------------------------------------------- */

/* The first reader proves that the file is a database that can be read. */
struct err *db_open(struct arena *a, const struct db_conf *conf, struct db **ret)
{
    AUTO(db_close) struct db *db = NULL;
    struct db_conn *conn;
    struct err *err;

    db = db_alloc(sizeof(*db));
    db->conf = *conf;
    db->ops = conf->ops ? conf->ops : &db_ops_sqlite;
    if (!db->conf.page_cache_bytes)
        db->conf.page_cache_bytes = LIMIT_PAGE_CACHE_BYTES;
    db->serial = atomic_fetch_add(&db_last_serial, 1) + 1;
    pthread_mutex_init(&db->lock, NULL);
    db_writer_init(&db->writer);
    db_checkpointer_init(&db->checkpointer);
    err = db->ops->open(a, db->ops, &db->conf, &db->eng);
    if (err)
        return err;
    err = db_reader(a, db, &conn);
    if (err)
        return err;
    err = db_read_begin(a, conn);
    if (err)
        return err;
    db_read_end(conn);
    *ret = TAKE(db);
    return NULL;
}

void db_end_waits(struct db *db)
{
    atomic_store(&db->writer.ending, true);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_end_waits(db); /* who has the turn may wait for another's lock */
    db_checkpointer_stop(db);
    db_writer_done(db);
    db_reader_close(db);
    while (db->readers) {
        struct db_conn *conn = db->readers;

        db->readers = conn->next;
        db_conn_close(conn);
    }
    db_checkpointer_done(db);
    if (db->eng)
        db->ops->close(db->eng);
    pthread_mutex_destroy(&db->lock);
    db_free(db);
}

const struct db_dialect *db_dialect(const struct db *db)
{
    return db->ops->dialect;
}

const struct db_dialect *db_conn_dialect(const struct db_conn *conn)
{
    return conn->db->ops->dialect;
}

struct db_stats db_stats(const struct db *db)
{
    return (struct db_stats){.units = atomic_load(&db->n_units),
                             .groups = atomic_load(&db->n_groups),
                             .checkpoints = atomic_load(&db->n_checkpoints)};
}

/* --- connections ----------------------------------------------------------------------------- */

struct err *db_conn_open(struct arena *a, struct db *db, enum db_role role, struct db_conn **ret)
{
    struct db_conn *conn = db_alloc(sizeof(*conn));
    struct err *err;

    conn->db = db;
    conn->role = role;
    conn->owner = thread_id();
    err = db->ops->conn_open(a, db->eng, role, &conn->watch, &conn->eng);
    if (err) {
        db_free(conn);
        return err;
    }
    *ret = conn;
    return NULL;
}

void db_conn_close(struct db_conn *conn)
{
    if (!conn)
        return;
    db_stmts_drop(conn);
    conn->db->ops->conn_close(conn->eng);
    db_free(conn);
}

static struct db_conn *reader_find(struct db *db, unsigned owner)
{
    struct db_conn *conn;

    pthread_mutex_lock(&db->lock);
    for (conn = db->readers; conn; conn = conn->next)
        if (conn->owner == owner)
            break;
    pthread_mutex_unlock(&db->lock);
    return conn;
}

static void reader_remember(struct db *db, struct db_conn *conn)
{
    struct reader_slot *slot = &reader_slots[reader_next++ % READER_SLOTS];

    *slot = (struct reader_slot){db->serial, conn};
}

struct err *db_reader(struct arena *a, struct db *db, struct db_conn **ret)
{
    struct db_conn *conn;
    struct err *err;

    for (size_t i = 0; i < READER_SLOTS; i++)
        if (reader_slots[i].serial == db->serial) {
            *ret = reader_slots[i].conn;
            return NULL;
        }
    conn = reader_find(db, thread_id());
    if (!conn) {
        err = db_conn_open(a, db, DB_ROLE_READER, &conn);
        if (err)
            return err;
        pthread_mutex_lock(&db->lock);
        conn->next = db->readers;
        db->readers = conn;
        pthread_mutex_unlock(&db->lock);
    }
    reader_remember(db, conn);
    *ret = conn;
    return NULL;
}

void db_reader_close(struct db *db)
{
    struct db_conn **at, *conn;
    unsigned owner = thread_id();

    for (size_t i = 0; i < READER_SLOTS; i++)
        if (reader_slots[i].serial == db->serial)
            reader_slots[i] = (struct reader_slot){0};
    pthread_mutex_lock(&db->lock);
    for (at = &db->readers; *at && (*at)->owner != owner;)
        at = &(*at)->next;
    conn = *at;
    if (conn)
        *at = conn->next;
    pthread_mutex_unlock(&db->lock);
    db_conn_close(conn);
}

bool db_is_tx(const struct db_conn *conn)
{
    return conn->in_unit;
}

bool db_is_grouped(const struct db_conn *conn)
{
    return conn->grouped;
}

/* --- snapshots and limits -------------------------------------------------------------------- */

static uint64_t query_deadline(const struct db *db, uint64_t now_us)
{
    return db->conf.query_timeout_s ? now_us + db->conf.query_timeout_s * UINT64_C(1000000) : 0;
}

void db_conn_note_version(struct db_conn *conn, int64_t version)
{
    if (conn->version != version && conn->n_in_use == 0)
        db_stmts_drop(conn);
    conn->version = version;
}

struct err *db_read_begin(struct arena *a, struct db_conn *conn)
{
    int64_t version;
    struct err *err;

    assert(conn->owner == thread_id());
    assert(!conn->reading && conn->role == DB_ROLE_READER);
    if (!conn->limited)
        db_set_limits(conn, NULL);
    err = db_check_limits(a, conn);
    if (err)
        return err;
    err = conn->db->ops->read_begin(a, conn->eng, &version);
    if (err)
        return err;
    db_conn_note_version(conn, version);
    conn->reading = true;
    return NULL;
}

void db_read_end(struct db_conn *conn)
{
    assert(conn->owner == thread_id());
    if (!conn->reading)
        return;
    conn->db->ops->read_end(conn->eng);
    conn->reading = false;
}

int64_t db_schema_version(const struct db_conn *conn)
{
    return conn->version;
}

void db_set_limits(struct db_conn *conn, const struct db_limits *limits)
{
    uint64_t now_us = clock_us();

    assert(conn->owner == thread_id());
    assert(conn->role == DB_ROLE_READER);
    conn->limited = limits != NULL;
    conn->watch = (struct db_watch){
        .armed = true, .start_us = now_us, .deadline_us = query_deadline(conn->db, now_us)};
    if (!limits)
        return;
    conn->watch.cpu_us = limits->cpu_us;
    conn->watch.gone = limits->gone;
    if (limits->timeout_ms)
        conn->watch.deadline_us = now_us + limits->timeout_ms * 1000;
}

struct err *db_check_limits(struct arena *a, struct db_conn *conn)
{
    enum db_stop stop = db_watch_check(&conn->watch);

    return stop == DB_GO_ON ? NULL : db_watch_err(a, stop);
}

/* More time than the budget has passed: whether it was this thread's. What had passed before the
 * first look at the CPU clock counts for half the budget at most, since nobody knows whose it was.
 */
static bool budget_used_up(struct db_watch *watch, uint64_t passed_us)
{
    uint64_t cpu_us = clock_thread_cpu_us();

    if (!watch->has_base) {
        watch->has_base = true;
        watch->base_cpu_us = cpu_us;
        watch->base_used_us = passed_us < watch->cpu_us / 2 ? passed_us : watch->cpu_us / 2;
    }
    return watch->base_used_us + (cpu_us - watch->base_cpu_us) >= watch->cpu_us;
}

enum db_stop db_watch_check(struct db_watch *watch)
{
    uint64_t now_us;

    if (!watch->armed || watch->stop != DB_GO_ON)
        return watch->stop;
    if (watch->gone && atomic_load_explicit(watch->gone, memory_order_relaxed)) {
        watch->stop = DB_STOP_GONE;
        return watch->stop;
    }
    now_us = clock_us();
    if (watch->deadline_us && now_us >= watch->deadline_us)
        watch->stop = DB_STOP_TIMEOUT;
    else if (watch->cpu_us && now_us - watch->start_us >= watch->cpu_us / 2 &&
             budget_used_up(watch, now_us - watch->start_us))
        watch->stop = DB_STOP_BUDGET;
    return watch->stop;
}

struct err *db_watch_err(struct arena *a, enum db_stop stop)
{
    struct err *err;

    switch (stop) {
    case DB_STOP_BUDGET:
        return err_new(a, E_OVER_BUDGET, NULL, "the CPU budget of the reads is used up");
    case DB_STOP_TIMEOUT:
        err = err_new(a, E_UNAVAILABLE, NULL, "the query timeout has passed");
        err->timed_out = true;
        return err;
    case DB_STOP_GONE:
        return err_new(a, E_GONE, NULL, "the client has left");
    case DB_GO_ON:
        break;
    }
    BUG("no limit was passed");
}
