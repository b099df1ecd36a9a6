/*
 * The cache of a connection's statements.
 *
 * It is a hash table over the SQL text. A statement in use stays in the table but not in the LRU
 * list; a second use of the same text meanwhile compiles another one. The list is bounded in bytes,
 * so that what clients make us compile cannot grow without end.
 */
#include "db/internal.h"

#include "base/limits.h"

#include <assert.h>
#include <string.h>

static void lru_remove(struct db_conn *conn, struct db_stmt *stmt)
{
    if (stmt->newer)
        stmt->newer->older = stmt->older;
    else
        conn->lru_first = stmt->older;
    if (stmt->older)
        stmt->older->newer = stmt->newer;
    else
        conn->lru_last = stmt->newer;
}

void db_stmts_drop(struct db_conn *conn, size_t max_bytes)
{
    assert(max_bytes > 0 || conn->n_in_use == 0);
    while (conn->stmt_bytes > max_bytes && conn->lru_last) {
        struct db_stmt *stmt = conn->lru_last;
        struct db_stmt **at = &conn->buckets[stmt->hash % DB_STMT_BUCKETS];

        while (*at != stmt)
            at = &(*at)->chain;
        *at = stmt->chain;
        lru_remove(conn, stmt);
        conn->stmt_bytes -= stmt->bytes;
        conn->db->ops->finalize(stmt->eng);
        db_free(stmt);
    }
}

/* Into the table, but not into the LRU list: it is in use at once. */
static struct err *stmt_compile(struct arena *a, struct db_conn *conn, struct str sql,
                                uint64_t hash, struct db_stmt **ret)
{
    struct db_stmt **bucket = &conn->buckets[hash % DB_STMT_BUCKETS];
    struct db_stmt *stmt = db_alloc(sizeof(*stmt) + sql.n);
    char *text = (char *)(stmt + 1);
    struct db_compiled compiled = {0};
    struct err *err;

    err = conn->db->ops->prepare(a, conn->eng, sql, &compiled);
    if (err) {
        db_free(stmt);
        return err;
    }
    if (sql.n)
        memcpy(text, sql.p, sql.n);
    stmt->conn = conn;
    stmt->eng = compiled.stmt;
    stmt->sql = (struct str){text, sql.n};
    stmt->hash = hash;
    stmt->n_params = compiled.n_params;
    stmt->readonly = compiled.readonly;
    stmt->reads = compiled.reads;
    stmt->bytes = sizeof(*stmt) + sql.n + compiled.bytes;
    conn->stmt_bytes += stmt->bytes;
    stmt->chain = *bucket;
    *bucket = stmt;
    *ret = stmt;
    return NULL;
}

struct err *db_stmts_take(struct arena *a, struct db_conn *conn, struct str sql,
                          struct db_stmt **ret)
{
    uint64_t hash = str_hash(sql);
    struct db_stmt *stmt = conn->buckets[hash % DB_STMT_BUCKETS];
    struct err *err;

    while (stmt && (stmt->hash != hash || stmt->in_use || !str_eq(stmt->sql, sql)))
        stmt = stmt->chain;
    if (!stmt) {
        err = stmt_compile(a, conn, sql, hash, &stmt);
        if (err)
            return err;
    } else {
        lru_remove(conn, stmt);
    }
    stmt->in_use = true;
    conn->n_in_use++;
    *ret = stmt;
    return NULL;
}

void db_stmts_give(struct db_stmt *stmt)
{
    struct db_conn *conn = stmt->conn;

    stmt->in_use = false;
    conn->n_in_use--;
    stmt->newer = NULL;
    stmt->older = conn->lru_first;
    if (conn->lru_first)
        conn->lru_first->newer = stmt;
    else
        conn->lru_last = stmt;
    conn->lru_first = stmt;
    db_stmts_drop(conn, LIMIT_PREPARED_BYTES);
}
