/*
 * Connections of any role: opened and closed, and what state each is in.
 */
#include "db/db.h"

#include "base/thread.h"
#include "db/internal.h"

struct err *db_conn_open(struct arena *a, struct db *db, enum db_role role, struct db_conn **ret)
{
    struct db_conn *conn = db_alloc(sizeof(*conn));
    struct err *err;

    conn->db = db;
    conn->role = role;
    conn->limited = role != DB_ROLE_READER;
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
    db_stmts_drop(conn, 0);
    conn->db->ops->conn_close(conn->eng);
    db_free(conn);
}

void db_conn_note_version(struct db_conn *conn, int64_t version)
{
    conn->version = version;
    if (conn->prepared_version == version || conn->n_in_use > 0)
        return;
    db_stmts_drop(conn, 0);
    conn->prepared_version = version;
}

struct err *db_conn_lost_err(struct arena *a, const struct db_conn *conn)
{
    return conn->stale ? err_new(a, E_STALE, NULL, "the schema changed")
                       : err_new(a, E_UNAVAILABLE, NULL, "the transaction has ended");
}

int64_t db_schema_version(const struct db_conn *conn)
{
    return conn->version;
}

bool db_is_tx(const struct db_conn *conn)
{
    return conn->in_unit;
}

bool db_is_grouped(const struct db_conn *conn)
{
    return conn->grouped;
}
