/*
 * SQLite's result codes as errors that db.h promises. The cause is the text that PocketBase shows
 * as a "raw error": <text of the code>: <message of the connection> (<extended code>).
 */
#include "db/sqlite.h"

#include "base/compiler.h"
#include "base/log.h"

#include <string.h>

/* Whether an operator should know, whoever asked. A disk that is full fails every write, a bound
 * that is reached every large read. */
enum telling { SILENT, TOLD, TOLD_SELDOM };

/* Primary codes and what they are to a caller; the rest is E_INTERNAL. */
static const struct code_kind {
    int code;
    enum err_kind kind;
    enum telling telling;
} kinds[] = {
    {SQLITE_ERROR, E_BAD_REQUEST, SILENT},
    {SQLITE_CONSTRAINT, E_BAD_REQUEST, SILENT},
    {SQLITE_TOOBIG, E_BAD_REQUEST, SILENT},
    {SQLITE_MISMATCH, E_BAD_REQUEST, SILENT},
    {SQLITE_RANGE, E_BAD_REQUEST, SILENT},
    {SQLITE_AUTH, E_BAD_REQUEST, SILENT},
    {SQLITE_BUSY, E_UNAVAILABLE, SILENT},
    {SQLITE_LOCKED, E_UNAVAILABLE, SILENT},
    {SQLITE_SCHEMA, E_UNAVAILABLE, SILENT},
    {SQLITE_ABORT, E_UNAVAILABLE, SILENT},
    {SQLITE_PROTOCOL, E_UNAVAILABLE, TOLD},
    {SQLITE_FULL, E_UNAVAILABLE, TOLD_SELDOM},
    {SQLITE_IOERR, E_UNAVAILABLE, TOLD_SELDOM},
    {SQLITE_NOMEM, E_UNAVAILABLE, TOLD_SELDOM},
    {SQLITE_CANTOPEN, E_UNAVAILABLE, TOLD_SELDOM},
    {SQLITE_READONLY, E_UNAVAILABLE, TOLD_SELDOM},
    {SQLITE_CORRUPT, E_INTERNAL, TOLD},
    {SQLITE_NOTADB, E_INTERNAL, TOLD},
};

static struct str raw_text(struct arena *a, sqlite3 *db, int code)
{
    const char *general = sqlite3_errstr(code);
    const char *own = sqlite3_errmsg(db);
    const char *suffix = code == SQLITE_BUSY ? " (SQLITE_BUSY)" : "";

    if (strcmp(general, own) == 0)
        return arena_printf(a, "%s (%d)%s", general, code, suffix);
    return arena_printf(a, "%s: %s (%d)%s", general, own, code, suffix);
}

/* "UNIQUE constraint failed: t.a, t.b"; an expression index is named "index 'x'" instead. */
static void add_unique_items(struct arena *a, struct err **err, struct str message)
{
    const struct str prefix = STR("UNIQUE constraint failed: ");
    struct str rest;

    if (!str_starts(message, prefix) ||
        str_starts(message, STR("UNIQUE constraint failed: index ")))
        return;
    rest = str_from(message, prefix.n);
    while (rest.p) {
        struct str part = str_trim_space(str_split(&rest, ','));
        size_t dot = str_find_last_byte(part, '.');

        if (dot < part.n)
            err_add_item(a, err, arena_dup(a, str_from(part, dot + 1)), CODE_NOT_UNIQUE, STR_NONE);
    }
}

struct err *sqlite_err(struct arena *a, struct db_eng_conn *conn, int code)
{
    static struct log_pace pace;
    struct code_kind kind = {code & 0xff, E_INTERNAL, TOLD};
    struct str text;
    struct err *err;

    if (conn->watch->stop != DB_GO_ON &&
        (kind.code == SQLITE_INTERRUPT || kind.code == SQLITE_BUSY))
        return db_watch_err(a, conn->watch->stop);
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].code == kind.code)
            kind = kinds[i];
    text = raw_text(a, conn->db, code);
    if (kind.telling == TOLD)
        log_error("db.failed", LOG_CSTR("path", conn->eng->path), LOG_STR("cause", text));
    else if (kind.telling == TOLD_SELDOM)
        log_seldom(&pace, LOG_ERROR, "db.failed", LOG_CSTR("path", conn->eng->path),
                   LOG_STR("cause", text));
    err = err_new(a, kind.kind, NULL, "%.*s", STR_ARG(text));
    err->logged = kind.telling == TOLD_SELDOM;
    if (code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM)
        err->retry_after_s = 1; /* others hold what there is, for as long as they run */
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
        code == SQLITE_CONSTRAINT_ROWID)
        add_unique_items(a, &err, str_of(sqlite3_errmsg(conn->db)));
    return err;
}

bool sqlite_over_budget(struct db_eng_conn *conn)
{
    if (!conn->watch->armed || !conn->watch->cpu_us)
        return false;
    conn->watch->stop = DB_STOP_BUDGET;
    return true;
}

/* Opening fails with words for whoever starts the program. */
struct err *sqlite_open_err(struct arena *a, const char *path, sqlite3 *db, int code)
{
    static const struct {
        int code;
        const char *why;
    } reasons[] = {
        {SQLITE_BUSY, "is locked by another process"},
        {SQLITE_LOCKED, "is locked by another process"},
        {SQLITE_READONLY, "is read-only, or its folder is"},
        {SQLITE_NOTADB, "is not a SQLite database"},
        {SQLITE_CORRUPT, "is corrupt"},
        {SQLITE_CANTOPEN, "cannot be opened"},
        {SQLITE_FULL, "the disk is full"},
    };
    const char *why = "cannot be used";
    struct str text = db ? raw_text(a, db, code) : str_of(sqlite3_errstr(code));

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].code == (code & 0xff))
            why = reasons[i].why;
    return err_new(a, E_UNAVAILABLE, NULL, "%s: %s: %.*s", path, why, STR_ARG(text));
}
