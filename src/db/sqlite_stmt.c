/*
 * Statements of the SQLite engine.
 */
#include "db/sqlite.h"

#include "db/sqlite_memory.h"

#include <assert.h>
#include <limits.h>

struct err *sqlite_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                           struct db_compiled *ret)
{
    struct db_eng_stmt *stmt;
    sqlite3_stmt *code = NULL;
    const char *tail = NULL;
    int rc;

    if (sql.n > INT_MAX)
        return err_new(a, E_BAD_REQUEST, NULL, "the statement is too long");
    sqlite_seen_look(conn);
    conn->named.any = false;
    rc = sqlite3_prepare_v3(conn->db, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &code, &tail);
    if (rc != SQLITE_OK)
        return sqlite_err(a, conn, sqlite3_extended_errcode(conn->db));
    if (!code)
        return err_new(a, E_BAD_REQUEST, NULL, "there is no statement");
    stmt = db_alloc(sizeof(*stmt));
    stmt->stmt = code;
    stmt->conn = conn;
    sqlite_seen_compiled(stmt);
    *ret = (struct db_compiled){
        .stmt = stmt,
        .n_params = (unsigned)sqlite3_bind_parameter_count(code),
        .readonly = sqlite3_stmt_readonly(code) != 0,
        .bytes = (size_t)sqlite3_stmt_status(code, SQLITE_STMTSTATUS_MEMUSED, 0),
        .reads = &stmt->reads,
    };
    return NULL;
}

void sqlite_finalize(struct db_eng_stmt *stmt)
{
    (void)sqlite3_finalize(stmt->stmt); /* repeats the error of the last step */
    db_free(stmt);
}

void sqlite_reset(struct db_eng_stmt *stmt, bool bound)
{
    (void)sqlite3_reset(stmt->stmt); /* repeats the error of the last step */
    if (bound)
        (void)sqlite3_clear_bindings(stmt->stmt);
}

bool sqlite_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value)
{
    sqlite3_stmt *s = stmt->stmt;
    const char *p = value.s.p ? value.s.p : "";
    int rc = SQLITE_OK;

    switch (value.type) {
    case DB_NULL:
        rc = sqlite3_bind_null(s, (int)at);
        break;
    case DB_INT:
        rc = sqlite3_bind_int64(s, (int)at, value.i);
        break;
    case DB_REAL:
        rc = sqlite3_bind_double(s, (int)at, value.d);
        break;
    case DB_TEXT:
        rc = sqlite3_bind_text64(s, (int)at, p, value.s.n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case DB_BLOB:
        rc = sqlite3_bind_blob64(s, (int)at, p, value.s.n, SQLITE_STATIC);
        break;
    }
    assert(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
    return rc == SQLITE_OK;
}

struct err *sqlite_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                        int64_t *ret_changes)
{
    struct db_eng_conn *conn = stmt->conn;
    const bool commits = stmt->is_write && sqlite_seen_step(stmt);
    int rc;

    conn->named.any = false;
    rc = sqlite3_step(stmt->stmt);
    if (stmt->is_write || conn->named.any)
        sqlite_seen_stepped(stmt, commits);
    if (rc == SQLITE_ROW) {
        *ret_row = true;
        return NULL;
    }
    if (rc == SQLITE_DONE) {
        *ret_changes = sqlite3_changes64(conn->db);
        *ret_row = false;
        return NULL;
    }
    return sqlite_err(a, conn, sqlite3_extended_errcode(conn->db));
}

uint64_t sqlite_steps(struct db_eng_stmt *stmt)
{
    return (unsigned)sqlite3_stmt_status(stmt->stmt, SQLITE_STMTSTATUS_VM_STEP, 1); /* it wraps */
}

unsigned sqlite_columns(const struct db_eng_stmt *stmt)
{
    return (unsigned)sqlite3_column_count(stmt->stmt);
}

struct str sqlite_column_name(const struct db_eng_stmt *stmt, unsigned at)
{
    return str_of(sqlite3_column_name(stmt->stmt, (int)at));
}

struct str sqlite_column_text(const struct db_eng_stmt *stmt, unsigned at)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST); /* it cannot fail */
    const unsigned char *text = sqlite3_column_text(stmt->stmt, (int)at);

    sqlite_memory_need(need);
    return (struct str){(const char *)text, (size_t)sqlite3_column_bytes(stmt->stmt, (int)at)};
}

struct db_value sqlite_column(const struct db_eng_stmt *stmt, unsigned at)
{
    sqlite3_stmt *s = stmt->stmt;
    const void *blob;

    switch (sqlite3_column_type(s, (int)at)) {
    case SQLITE_INTEGER:
        return DB_V_INT(sqlite3_column_int64(s, (int)at));
    case SQLITE_FLOAT:
        return DB_V_REAL(sqlite3_column_double(s, (int)at));
    case SQLITE_TEXT:
        return DB_V_TEXT(sqlite_column_text(stmt, at));
    case SQLITE_BLOB:
        blob = sqlite3_column_blob(s, (int)at);
        return DB_V_BLOB(
            ((struct str){(const char *)blob, (size_t)sqlite3_column_bytes(s, (int)at)}));
    default:
        return DB_V_NULL;
    }
}

int64_t sqlite_column_as_int(const struct db_eng_stmt *stmt, unsigned at)
{
    return sqlite3_column_int64(stmt->stmt, (int)at);
}
