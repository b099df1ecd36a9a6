/*
 * Copies by SQLite's backup interface, from the write connection: what that connection changes
 * meanwhile is changed in the copy, too, so it never has to begin anew; and between two steps no
 * transaction is open, so nothing keeps the log from beginning anew. Where another process writes
 * all the time, it is made from a snapshot instead.
 */
#include "db/sqlite.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/date.h"
#include "base/limits.h"
#include "db/sqlite_memory.h"

#define PAGES_A_LOOK 16 /* copied between two looks at the clock */
/* A copy that the system does not survive is none, so nothing is synced or journaled. */
#define COPY_PRAGMAS \
    "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;PRAGMA cache_size=-512;PRAGMA locking_mode=EXCLUSIVE;"

struct db_eng_copy {
    struct db_eng_conn *from;
    sqlite3 *pinned; /* in place of it, in a snapshot; NULL: it is not pinned */
    sqlite3 *to;
    sqlite3_backup *backup;
    int copied;          /* pages, after the last step */
    unsigned n_restarts; /* by others */
};

static struct err *to_err(struct arena *a, sqlite3 *db, const char *what)
{
    int rc = sqlite3_errcode(db);
    const bool is_full = rc == SQLITE_FULL || rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN;

    return err_new(a, is_full ? E_UNAVAILABLE : E_INTERNAL, NULL, "%s: %s", what,
                   sqlite3_errmsg(db));
}

void sqlite_copy_end(struct db_eng_copy *copy)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);

    if (!copy)
        return;
    if (copy->backup) {
        (void)sqlite3_backup_finish(copy->backup); /* repeats the error of the last step */
        copy->from->eng->n_copies -= copy->pinned == NULL;
    }
    (void)sqlite3_close(copy->to);
    (void)sqlite3_close(copy->pinned);
    sqlite_memory_need(need);
    db_free(copy);
}

/* A connection of its own, which keeps what it has read first. */
static struct err *pin(struct arena *a, struct db_eng_copy *copy)
{
    const struct db_eng *eng = copy->from->eng;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(eng->path, &copy->pinned, flags, eng->conf->vfs) != SQLITE_OK ||
        sqlite3_exec(copy->pinned,
                     "PRAGMA cache_size=-512;BEGIN;SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL,
                     NULL) != SQLITE_OK)
        return to_err(a, copy->pinned, eng->path);
    return NULL;
}

static struct err *begin(struct arena *a, struct db_eng_copy *copy, const char *path, bool pinned)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    struct err *err = pinned ? pin(a, copy) : NULL;

    if (err)
        return err;
    if (sqlite3_open_v2(path, &copy->to, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(copy->to, COPY_PRAGMAS, NULL, NULL, NULL) != SQLITE_OK)
        return to_err(a, copy->to, path);
    copy->backup =
        sqlite3_backup_init(copy->to, "main", pinned ? copy->pinned : copy->from->db, "main");
    if (!copy->backup)
        return to_err(a, copy->to, path);
    copy->from->eng->n_copies += !pinned;
    return NULL;
}

struct err *sqlite_copy_begin(struct arena *a, struct db_eng_conn *conn, const char *path,
                              bool pinned, struct db_eng_copy **ret)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    struct db_eng_copy *copy = db_alloc(sizeof(*copy));
    struct err *err;

    *copy = (struct db_eng_copy){.from = conn};
    err = begin(a, copy, path, pinned);
    sqlite_memory_need(need);
    if (err) {
        sqlite_copy_end(copy);
        return err;
    }
    *ret = copy;
    return NULL;
}

/* Where fewer pages are there than before, somebody else has written, and all of it begins anew. */
static struct err *note_copied(struct arena *a, struct db_eng_copy *copy)
{
    const int copied =
        sqlite3_backup_pagecount(copy->backup) - sqlite3_backup_remaining(copy->backup);

    copy->n_restarts += copied < copy->copied;
    copy->copied = copied;
    if (copy->n_restarts <= LIMIT_COPY_RESTARTS)
        return NULL;
    return err_new(a, E_STALE, NULL, "another process keeps writing to the database");
}

/* Where another process holds the lock, the next slice tries again. */
static struct err *step(struct arena *a, struct db_eng_copy *copy, uint64_t us, bool *ret_done)
{
    const uint64_t end_us = clock_us() + us;
    struct err *err;
    int rc;

    do {
        rc = sqlite3_backup_step(copy->backup, PAGES_A_LOOK);
        *ret_done = rc == SQLITE_DONE;
        if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
            return NULL;
        if (rc != SQLITE_OK && rc != SQLITE_DONE)
            return err_new(a, E_UNAVAILABLE, NULL, "the copy: %s", sqlite3_errstr(rc));
        err = note_copied(a, copy);
    } while (!err && !*ret_done && clock_us() < end_us);
    return err;
}

struct err *sqlite_copy_step(struct arena *a, struct db_eng_copy *copy, uint64_t us,
                             double *ret_done)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    bool is_done = false;
    struct err *err = step(a, copy, us, &is_done);
    const int all = sqlite3_backup_pagecount(copy->backup);

    sqlite_memory_need(need);
    *ret_done = 1;
    if (!is_done)
        *ret_done = all > 0 ? 0.999 * (double)copy->copied / (double)all : 0;
    return err;
}

/* --- checks ----------------------------------------------------------------------------------- */

static int on_progress(void *arg)
{
    const atomic_bool *gone = arg;

    return atomic_load(gone);
}

/* The first thing that is wrong, "ok" where nothing is. */
static struct err *check_pages(struct arena *a, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    struct str told = STR("");
    int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);

    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        told = arena_dup(a, str_of((const char *)sqlite3_column_text(stmt, 0)));
    rc = sqlite3_finalize(stmt);
    if (rc != SQLITE_OK)
        return err_new(a, rc == SQLITE_INTERRUPT ? E_GONE : E_BAD_REQUEST, NULL, "%s",
                       sqlite3_errmsg(db));
    if (!str_eq(told, STR("ok")))
        return err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(told));
    return NULL;
}

static struct err *count_rows(struct arena *a, sqlite3 *db, const char *table,
                              struct db_checked *ret)
{
    char *sql = sqlite3_mprintf("SELECT COUNT(*) FROM \"%w\"", table);
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql ? sql : "", -1, &stmt, NULL);

    sqlite3_free(sql);
    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        ret->rows += (uint64_t)sqlite3_column_int64(stmt, 0);
    ret->tables++;
    rc = sqlite3_finalize(stmt);
    if (rc == SQLITE_OK)
        return NULL;
    return err_new(a, rc == SQLITE_INTERRUPT ? E_GONE : E_BAD_REQUEST, NULL, "%s: %s", table,
                   sqlite3_errmsg(db));
}

static struct err *count_tables(struct arena *a, sqlite3 *db, struct db_checked *ret)
{
    static const char sql[] =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0";
    sqlite3_stmt *stmt = NULL;
    struct err *err = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    while (rc == SQLITE_OK && !err && sqlite3_step(stmt) == SQLITE_ROW)
        err = count_rows(a, db, (const char *)sqlite3_column_text(stmt, 0), ret);
    rc = sqlite3_finalize(stmt);
    if (!err && rc != SQLITE_OK)
        err = err_new(a, rc == SQLITE_INTERRUPT ? E_GONE : E_BAD_REQUEST, NULL, "%s",
                      sqlite3_errmsg(db));
    return err;
}

/* As a path stands in a URI. */
static struct str uri_of(struct arena *a, const char *path)
{
    AUTO_BUF struct buf uri;

    buf_init(&uri, 64 * KIB);
    BUF_ADD(&uri, "file:");
    for (; *path; path++) {
        if (*path == '?' || *path == '#' || *path == '%')
            buf_addf(&uri, "%%%02x", (unsigned)*path);
        else
            buf_add_byte(&uri, *path);
    }
    BUF_ADD(&uri, "?immutable=1");
    return arena_dup(a, buf_str(&uri));
}

/* immutable: no lock, no log, no file beside it. */
static struct err *open_at_rest(struct arena *a, const char *path, sqlite3 **ret)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(arena_cstr(a, uri_of(a, path)), ret, flags, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*ret, "PRAGMA cache_size=-2048", NULL, NULL, NULL);
    return rc == SQLITE_OK ? NULL : err_new(a, E_BAD_REQUEST, NULL, "%s", sqlite3_errmsg(*ret));
}

struct err *sqlite_check_copy(struct arena *a, const char *path, const atomic_bool *gone,
                              struct db_checked *ret)
{
    enum sqlite_need need;
    sqlite3 *db = NULL;
    struct err *err;

    sqlite_memory_setup();
    need = sqlite_memory_need(SQLITE_NEED_MUST);
    *ret = (struct db_checked){0};
    err = open_at_rest(a, path, &db);
    if (!err && gone)
        sqlite3_progress_handler(db, 1000, on_progress, (void *)(uintptr_t)gone);
    if (!err)
        err = check_pages(a, db);
    if (!err)
        err = count_tables(a, db, ret);
    (void)sqlite3_close(db);
    sqlite_memory_need(need);
    return err;
}
