/*
 * The console of the SQLite engine.
 *
 * Invariants
 *  1. A statement is open until the next one has been stepped: what that one locks or drops may be
 *     in use by it, as it is with PocketBase's driver. Only the last one is stepped to its end.
 *  2. Nothing is set that is the process's and not the connection's, no file is named, and no wait
 *     goes on past the limits. The authorizer sees to the first two.
 *  3. Whether a statement writes is SQLite's to say; what writes though it says no meets a
 *     connection that only reads.
 */
#include "db/sqlite.h"

#include "base/compiler.h"
#include "db/sqlite_memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NO_FILES "only a database in memory can be attached here"
#define NOT_HERE "this setting is the server's, and cannot be changed by a query"
#define READ_ONLY "the query is to be read-only, and this statement would change something"

struct console {
    struct db_eng_conn *conn;
    const struct db_console *in;
    struct db_console_told *told;
    struct arena *arena;
    sqlite3_stmt *open;  /* the last one; NULL: none yet */
    bool has_row;        /* it stands at one */
    const char *refused; /* why the authorizer has said no; NULL: it has not */
};

/* --- what may be asked ----------------------------------------------------------------------- */

/* They ask about what is named behind them. */
static const char *const asking_pragmas[] = {
    "table_info",  "table_xinfo",      "table_list",        "index_list",  "index_info",
    "index_xinfo", "foreign_key_list", "foreign_key_check", "quick_check", "integrity_check",
};
/* They do something though nothing is said behind them. */
static const char *const doing_pragmas[] = {
    "optimize", "wal_checkpoint", "incremental_vacuum", "shrink_memory", "data_store_directory",
};
/* The process's, or the file's as mapped into it. */
static const char *const process_pragmas[] = {
    "temp_store_directory",
    "data_store_directory",
    "hard_heap_limit",
    "soft_heap_limit",
    "mmap_size",
};

/* How safely, how exclusively and in which form is written: what is acknowledged is promised with
 * the server's own. */
static const char *const safety_pragmas[] = {
    "synchronous",     "fullfsync",          "checkpoint_fullfsync", "journal_mode",
    "locking_mode",    "wal_autocheckpoint", "journal_size_limit",   "busy_timeout",
    "encoding",        "page_size",          "auto_vacuum",          "schema_version",
    "writable_schema",
};

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(name, names[i]))
            return true;
    return false;
}

static int refuse(struct console *c, const char *why)
{
    c->refused = why;
    return SQLITE_DENY;
}

static int on_pragma(struct console *c, const char *name, const char *value)
{
    if (value && (is_one_of(name, process_pragmas, COUNT_OF(process_pragmas)) ||
                  is_one_of(name, safety_pragmas, COUNT_OF(safety_pragmas))))
        return refuse(c, NOT_HERE);
    if (c->in->mode == DB_CONSOLE_READS && !strcasecmp(name, "query_only"))
        c->told->writes = true; /* it is our own that would be seen */
    if (c->in->mode != DB_CONSOLE_LOOKS)
        return SQLITE_OK;
    if (value ? !is_one_of(name, asking_pragmas, COUNT_OF(asking_pragmas))
              : is_one_of(name, doing_pragmas, COUNT_OF(doing_pragmas)))
        return refuse(c, READ_ONLY);
    return SQLITE_OK;
}

/* A name that is computed is not told: NULL. */
static bool is_in_memory(const char *file)
{
    return file && (!*file || !strcmp(file, ":memory:"));
}

static int on_asked(void *arg, int code, const char *x, const char *y, const char *database,
                    const char *inside)
{
    struct console *c = arg;

    (void)database;
    (void)inside;
    if (code == SQLITE_PRAGMA)
        return on_pragma(c, x, y);
    if (code == SQLITE_ATTACH && !is_in_memory(x))
        return refuse(c, NO_FILES);
    if (c->in->mode == DB_CONSOLE_LOOKS && (code == SQLITE_ATTACH || code == SQLITE_DETACH ||
                                            code == SQLITE_TRANSACTION || code == SQLITE_SAVEPOINT))
        return refuse(c, READ_ONLY);
    return SQLITE_OK;
}

/* --- errors ---------------------------------------------------------------------------------- */

/* The statements' own, whatever of: who wrote them is told in the engine's words. */
static struct err *failed(struct console *c, int rc)
{
    struct err *err;

    if (rc == SQLITE_OK)
        return NULL;
    c->told->failed = true;
    if ((rc & 0xff) == SQLITE_AUTH && c->refused)
        return err_new(c->arena, E_BAD_REQUEST, NULL, "%s", c->refused);
    err = sqlite_err(c->arena, c->conn, rc);
    c->told->failed = err->kind != E_GONE && !err->timed_out;
    return err;
}

static struct err *last_failed(struct console *c)
{
    return failed(c, sqlite3_extended_errcode(c->conn->db));
}

static struct err *refused(struct console *c, const char *why)
{
    c->told->failed = true;
    return err_new(c->arena, E_BAD_REQUEST, NULL, "%s", why);
}

/* --- parameters ------------------------------------------------------------------------------ */

static const struct db_value *find_value(const struct db_console *in, struct str name, unsigned at)
{
    for (size_t i = 0; i < in->n_values; i++)
        if (in->values[i].name.n ? name.n && str_eq(in->values[i].name, name) : i + 1 == at)
            return &in->values[i].value;
    return NULL;
}

static struct err *bind_one(struct console *c, struct db_eng_stmt *stmt, unsigned at)
{
    const struct str sign = str_of(sqlite3_bind_parameter_name(stmt->stmt, (int)at));
    const struct str name = sign.n > 1 && sign.p[0] != '?' ? str_from(sign, 1) : STR_NONE;
    const struct db_value *value = find_value(c->in, name, at);

    if (value)
        return sqlite_bind(stmt, at, *value) ? NULL : failed(c, SQLITE_TOOBIG);
    c->told->failed = true;
    if (sign.n > 1)
        return err_new(c->arena, E_BAD_REQUEST, NULL, "missing named argument \"%.*s\"",
                       STR_ARG(str_from(sign, 1)));
    return err_new(c->arena, E_BAD_REQUEST, NULL, "missing argument with index %u", at);
}

static struct err *bind_all(struct console *c, sqlite3_stmt *code)
{
    struct db_eng_stmt stmt = {.stmt = code, .conn = c->conn};
    const unsigned n = (unsigned)sqlite3_bind_parameter_count(code);
    struct err *err = NULL;

    for (unsigned at = 1; at <= n && !err; at++)
        err = bind_one(c, &stmt, at);
    return err;
}

/* --- statements ------------------------------------------------------------------------------ */

/* One that returns rows may fail in what is left of it. */
static struct err *close_open(struct console *c)
{
    sqlite3_stmt *stmt = TAKE(c->open);
    int rc = sqlite3_finalize(stmt);

    return c->has_row && rc != SQLITE_OK ? last_failed(c) : NULL;
}

/* In place of the one before, which is closed now. */
static struct err *step_first(struct console *c, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    struct err *err;

    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        err = last_failed(c);
        c->told->writes = c->in->mode == DB_CONSOLE_READS && (rc & 0xff) == SQLITE_READONLY;
        (void)sqlite3_finalize(stmt); /* repeats the error */
        return err;
    }
    err = close_open(c);
    c->open = stmt;
    c->has_row = rc == SQLITE_ROW;
    return err;
}

static struct err *run_one(struct console *c, sqlite3_stmt *stmt)
{
    const bool writes = !sqlite3_stmt_readonly(stmt) && !sqlite3_stmt_isexplain(stmt);
    struct err *err = NULL;

    if (writes && c->in->mode == DB_CONSOLE_READS)
        c->told->writes = true;
    else if (writes && c->in->mode == DB_CONSOLE_LOOKS)
        err = refused(c, READ_ONLY);
    else if (!c->told->writes)
        err = bind_all(c, stmt);
    if (!err && !c->told->writes)
        return step_first(c, stmt);
    (void)sqlite3_finalize(stmt); /* it has not been stepped */
    return err;
}

/* As far as the first zero byte: that is where text ends for SQLite. */
static struct err *run_all(struct console *c)
{
    const char *at = c->in->sql.p;
    const char *end = at + c->in->sql.n;
    struct err *err = NULL;

    while (at < end && *at && !err && !c->told->writes) {
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(c->conn->db, at, (int)(end - at), &stmt, &at);

        sqlite_watch_locks(c->conn); /* a PRAGMA may have put SQLite's own in its place */
        if (rc != SQLITE_OK)
            err = last_failed(c);
        else if (stmt)
            err = run_one(c, stmt);
    }
    return err;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void tell_columns(struct console *c, unsigned n)
{
    struct db_console_column *columns = ARENA_ARRAY(c->arena, struct db_console_column, n);

    for (unsigned i = 0; i < n; i++) {
        columns[i].name = str_of(sqlite3_column_name(c->open, (int)i));
        columns[i].type = str_of(sqlite3_column_decltype(c->open, (int)i));
    }
    c->in->columns(c->in->user, columns, n);
}

static struct err *tell_rows(struct console *c)
{
    const struct db_eng_stmt stmt = {.stmt = c->open, .conn = c->conn};
    const unsigned n = (unsigned)sqlite3_column_count(c->open);
    struct db_value *cells = ARENA_ARRAY(c->arena, struct db_value, n);
    struct err *err = NULL;
    unsigned n_rows = 0;

    tell_columns(c, n);
    while (c->has_row && n_rows < c->in->max_rows && !err) {
        int rc;

        for (unsigned i = 0; i < n; i++)
            cells[i] = sqlite_column(&stmt, i);
        err = c->in->row(c->in->user, c->arena, cells);
        if (err || (++n_rows == c->in->max_rows && !c->in->counts_more))
            break;
        rc = sqlite3_step(c->open);
        c->has_row = rc == SQLITE_ROW;
        if (rc != SQLITE_ROW && rc != SQLITE_DONE)
            err = last_failed(c);
    }
    c->told->more = !err && c->has_row && c->in->counts_more;
    return err;
}

/* --- all of it ------------------------------------------------------------------------------- */

static struct err *control(struct console *c, const char *sql)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    int rc = sqlite3_exec(c->conn->db, sql, NULL, NULL, NULL);

    sqlite_memory_need(need);
    return rc == SQLITE_OK ? NULL : last_failed(c);
}

static int on_version(void *arg, int n, char **values, char **names)
{
    struct str *version = arg;

    (void)names;
    if (n == 1 && values[0])
        version->n = (size_t)snprintf((char *)(uintptr_t)version->p, 32, "%s", values[0]);
    return 0;
}

/* Empty where it cannot be told. */
static struct str schema_version(struct console *c)
{
    struct str version = {arena_zalloc(c->arena, 32), 0};

    (void)sqlite3_exec(c->conn->db, "PRAGMA main.schema_version", on_version, &version, NULL);
    return version;
}

static struct err *run_changes(struct console *c)
{
    struct err *err = control(c, "BEGIN IMMEDIATE");

    if (!err)
        err = run_all(c);
    if (!err)
        err = close_open(c);
    c->told->n_rows = sqlite3_changes64(c->conn->db);
    if (!err && db_watch_check(c->conn->watch) != DB_GO_ON)
        err = db_watch_err(c->arena, c->conn->watch->stop);
    *c->conn->watch = (struct db_watch){0};               /* what comes now is not interrupted */
    if (err && c->told->failed && !sqlite_in_tx(c->conn)) /* as PocketBase's rollback says, too */
        err->cause = arena_concat(c->arena, err->cause, STR("\n"), control(c, "ROLLBACK")->cause);
    return err ? err : control(c, "COMMIT");
}

static struct err *run_rows(struct console *c)
{
    struct err *err = run_all(c);

    if (!err && !c->told->writes && c->open)
        err = tell_rows(c);
    return err;
}

static struct err *run(struct console *c)
{
    struct err *err;

    (void)sqlite3_set_authorizer(c->conn->db, on_asked, c);
    err = c->in->mode == DB_CONSOLE_CHANGES ? run_changes(c) : run_rows(c);
    if (c->open) {
        struct err *closing = close_open(c);

        err = err ? err : closing;
    }
    (void)sqlite3_set_authorizer(c->conn->db, NULL, NULL);
    *c->conn->watch = (struct db_watch){0};
    if (sqlite_in_tx(c->conn))
        (void)control(c, "ROLLBACK"); /* else it goes with the connection */
    return err;
}

struct err *sqlite_console(struct arena *a, struct db_eng_conn *conn, const struct db_console *in,
                           struct db_console_told *ret)
{
    const bool writes = in->mode == DB_CONSOLE_WRITES || in->mode == DB_CONSOLE_CHANGES;
    struct console c = {.conn = conn, .in = in, .told = ret, .arena = a};
    struct str before = STR_NONE;
    enum sqlite_need need;
    struct err *err = NULL;

    if (in->sql.n > INT_MAX)
        return refused(&c, "the statement is too long");
    if (writes) {
        before = schema_version(&c);
        err = control(&c, "PRAGMA query_only=OFF");
    }
    if (err)
        return err;
    need = sqlite_memory_need(writes ? SQLITE_NEED_WRITE : SQLITE_NEED_READ);
    err = run(&c);
    sqlite_memory_need(need);
    if (writes)
        ret->changed = before.n == 0 || !str_eq(before, schema_version(&c));
    if (conn->logged)
        ret->wal_bytes = conn->wal_frames * UINT64_C(4096);
    if (ret->writes) {
        ret->failed = false;
        return NULL;
    }
    return err;
}
