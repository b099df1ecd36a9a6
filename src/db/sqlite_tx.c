/*
 * Snapshots, transactions, savepoints and checkpoints of the SQLite engine.
 *
 * A snapshot is a statement that has read something and is not at its end: its read lock holds the
 * state for all others of the connection, at the cost of one step where BEGIN and COMMIT take three
 * statements. It reads the schema's version number, which tells callers of changes by others.
 */
#include "db/sqlite.h"

#include "base/compiler.h"
#include "db/sqlite_memory.h"

#define CACHE_KIB_MIN 256

static const char *const fixed_sql[FIXED_COUNT] = {
    [FIXED_BEGIN] = "BEGIN IMMEDIATE",
    [FIXED_COMMIT] = "COMMIT",
    [FIXED_ROLLBACK] = "ROLLBACK",
    [FIXED_SAVEPOINT] = "SAVEPOINT u",
    [FIXED_RELEASE] = "RELEASE u",
    [FIXED_ROLLBACK_TO] = "ROLLBACK TO u",
    [FIXED_SNAPSHOT] = "PRAGMA schema_version",
    [FIXED_GUARD] = "SAVEPOINT g",
    [FIXED_ROLLBACK_TO_GUARD] = "ROLLBACK TO g",
};

/* Statements are run in a transaction that may write, or not any more. */
static void need_follows(const struct db_eng_conn *conn)
{
    sqlite_memory_need(sqlite_in_tx(conn) ? SQLITE_NEED_WRITE : SQLITE_NEED_READ);
}

static int fixed_try(struct db_eng_conn *conn, enum sqlite_fixed which)
{
    sqlite3_stmt **stmt = &conn->fixed[which];
    int rc;

    if (!*stmt) {
        rc = sqlite3_prepare_v3(conn->db, fixed_sql[which], -1, SQLITE_PREPARE_PERSISTENT, stmt,
                                NULL);
        if (rc != SQLITE_OK)
            return sqlite3_extended_errcode(conn->db);
    }
    rc = sqlite3_step(*stmt);
    if (rc == SQLITE_ROW)
        return rc;
    if (rc != SQLITE_DONE)
        rc = sqlite3_extended_errcode(conn->db);
    return rc;
}

/* One step; the statement is not reset where it has a row. Returns the extended code. */
static int fixed_step(struct db_eng_conn *conn, enum sqlite_fixed which)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    int rc = fixed_try(conn, which);

    sqlite_memory_need(need);
    return rc;
}

static struct err *fixed_run(struct arena *a, struct db_eng_conn *conn, enum sqlite_fixed which)
{
    int rc = fixed_step(conn, which);
    struct err *err = rc == SQLITE_DONE ? NULL : sqlite_err(a, conn, rc);

    (void)sqlite3_reset(conn->fixed[which]); /* repeats the error above */
    return err;
}

/* Connections come and go; each moves to its share of the cache when it begins something. */
static void follow_cache_share(struct db_eng_conn *conn)
{
    unsigned n = atomic_load_explicit(&conn->eng->n_conns, memory_order_relaxed);
    size_t kib = conn->eng->conf->page_cache_bytes / 1024 / n;
    char sql[64];

    if (kib < CACHE_KIB_MIN)
        kib = CACHE_KIB_MIN;
    if (kib == conn->cache_kib)
        return;
    conn->cache_kib = kib;
    (void)sqlite3_snprintf(sizeof(sql), sql, "PRAGMA cache_size=-%lld", (long long)kib);
    /* A share that could not be set is no reason to fail; the former one stays. */
    (void)sqlite3_exec(conn->db, sql, NULL, NULL, NULL);
}

struct err *sqlite_read_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    struct err *err;
    int rc;

    follow_cache_share(conn);
    rc = fixed_step(conn, FIXED_SNAPSHOT);
    if (rc == SQLITE_ROW) {
        conn->version = *ret_version = sqlite3_column_int64(conn->fixed[FIXED_SNAPSHOT], 0);
        return NULL;
    }
    err = sqlite_err(a, conn, rc);
    (void)sqlite3_reset(conn->fixed[FIXED_SNAPSHOT]); /* repeats the error above */
    return err;
}

void sqlite_read_end(struct db_eng_conn *conn)
{
    (void)sqlite3_reset(conn->fixed[FIXED_SNAPSHOT]); /* a read that ends cannot fail */
}

struct err *sqlite_begin(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version)
{
    struct err *err;

    follow_cache_share(conn);
    conn->is_guarded = false;
    err = fixed_run(a, conn, FIXED_BEGIN);
    if (!err && conn->eng->n_copies > 0) {
        err = fixed_run(a, conn, FIXED_GUARD);
        conn->is_guarded = !err;
    }
    if (!err)
        err = sqlite_read_begin(a, conn, ret_version);
    if (!err)
        sqlite_read_end(conn); /* the transaction holds the state */
    if (!err)
        sqlite_seen_tx(conn);
    need_follows(conn);
    return err;
}

struct err *sqlite_commit(struct arena *a, struct db_eng_conn *conn, uint64_t *ret_wal_bytes)
{
    struct err *err;

    sqlite_seen_commit(conn);
    err = fixed_run(a, conn, FIXED_COMMIT);
    sqlite_seen_committed(conn);
    need_follows(conn);
    if (!err)
        *ret_wal_bytes = conn->wal_frames * UINT64_C(4096); /* on_wal() was told in the commit */
    return err;
}

/* A transaction that is rolled back makes copies of the database begin anew, and who keeps failing
 * would keep them from their end. So while there is one, what is rolled back is a savepoint around
 * all of it, and what is committed is nothing. False: it has to be rolled back. */
static bool take_back_guarded(struct db_eng_conn *conn)
{
    int rc = fixed_step(conn, FIXED_ROLLBACK_TO_GUARD);

    (void)sqlite3_reset(conn->fixed[FIXED_ROLLBACK_TO_GUARD]);
    if (rc != SQLITE_DONE)
        return false;
    sqlite_seen_commit(conn);
    rc = fixed_step(conn, FIXED_COMMIT);
    (void)sqlite3_reset(conn->fixed[FIXED_COMMIT]);
    sqlite_seen_committed(conn);
    return rc == SQLITE_DONE;
}

/* Rolling back cannot fail in a way that leaves the transaction standing, except for want of memory
 * to compile the statement: then closing is the only way out, so the process ends. */
void sqlite_rollback(struct db_eng_conn *conn)
{
    if (sqlite_in_tx(conn) && conn->is_guarded && take_back_guarded(conn))
        conn->is_guarded = false;
    if (sqlite_in_tx(conn)) {
        (void)fixed_step(conn, FIXED_ROLLBACK);
        (void)sqlite3_reset(conn->fixed[FIXED_ROLLBACK]);
    }
    need_follows(conn);
    if (!sqlite3_get_autocommit(conn->db))
        BUG("a transaction could not be rolled back");
}

struct err *sqlite_savepoint(struct arena *a, struct db_eng_conn *conn, enum db_mark mark)
{
    struct err *err;

    switch (mark) {
    case DB_MARK_SET:
        return fixed_run(a, conn, FIXED_SAVEPOINT);
    case DB_MARK_RELEASE:
        return fixed_run(a, conn, FIXED_RELEASE);
    case DB_MARK_ROLLBACK:
        err = fixed_run(a, conn, FIXED_ROLLBACK_TO);
        return err ? err : fixed_run(a, conn, FIXED_RELEASE);
    }
    BUG("not a mark");
}

struct err *sqlite_checkpoint(struct arena *a, struct db_eng_conn *conn, enum db_sweep sweep)
{
    static const int modes[] = {
        [DB_SWEEP_PASSIVE] = SQLITE_CHECKPOINT_PASSIVE,
        [DB_SWEEP_RESTART] = SQLITE_CHECKPOINT_RESTART,
        [DB_SWEEP_TRUNCATE] = SQLITE_CHECKPOINT_TRUNCATE,
    };
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    int rc = sqlite3_wal_checkpoint_v2(conn->db, NULL, modes[sweep], NULL, NULL);

    sqlite_memory_need(need);
    return rc == SQLITE_OK ? NULL : sqlite_err(a, conn, sqlite3_extended_errcode(conn->db));
}
