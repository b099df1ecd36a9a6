/*
 * The table `_reeve_backups`: what has come of the last backups that were made here, good or not.
 * It is made with the first one.
 */
#include "backup/internal.h"

#include "db/dialect.h"

#define TABLE STR("_reeve_backups")
#define TABLE_SQL                                                                            \
    "CREATE TABLE [_reeve_backups] ([key] TEXT PRIMARY KEY NOT NULL, [node] TEXT NOT NULL, " \
    "[started] TEXT NOT NULL, [took_ms] BIGINT NOT NULL, [size] BIGINT NOT NULL, [files] "   \
    "BIGINT NOT NULL, [rows] BIGINT NOT NULL, [error] TEXT NOT NULL)"
#define COLUMNS "[key], [node], [started], [took_ms], [size], [files], [rows], [error]"
#define KEPT "100"
#define ERROR_BYTES 2000

static struct err *has_table(struct arena *a, struct db_conn *conn, bool *ret)
{
    struct db_table_columns columns = {0};
    struct err *err = db_list_columns(a, conn, TABLE, &columns);

    *ret = columns.n > 0;
    return err;
}

static struct err *make_table(struct arena *a, struct db_conn *tx)
{
    struct err *err;
    bool there;

    err = has_table(a, tx, &there);
    if (err || there)
        return err;
    if (db_is_grouped(tx))
        return err_new(a, E_OVER_BUDGET, NULL, "backups have no table yet");
    return db_exec(a, tx, db_sql(a, tx, TABLE_SQL), NULL, 0, NULL);
}

static struct err *forget(struct arena *a, struct db_conn *tx, struct str key)
{
    const struct db_value value = DB_V_TEXT(key);

    return db_exec(a, tx, db_sql(a, tx, "DELETE FROM [_reeve_backups] WHERE [key] = {1}"), &value,
                   1, NULL);
}

static struct err *note_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct backup_made *made = in;
    const struct backup_told *told = &made->told;
    const struct db_value values[] = {
        DB_V_TEXT(made->key),     DB_V_TEXT(told->node),
        DB_V_TEXT(told->started), DB_V_INT(told->took_ms),
        DB_V_INT(told->size),     DB_V_INT(told->files),
        DB_V_INT(told->rows),     DB_V_TEXT(str_sub(told->error, 0, ERROR_BYTES)),
    };
    struct err *err = make_table(a, tx);

    *ret_out = NULL;
    if (!err)
        err = forget(a, tx, made->key);
    if (!err)
        err = db_exec(a, tx,
                      db_sql(a, tx,
                             "INSERT INTO [_reeve_backups] (" COLUMNS
                             ") VALUES ({1}, {2}, {3}, {4}, {5}, {6}, {7}, {8})"),
                      values, COUNT_OF(values), NULL);
    if (!err)
        err = db_exec(a, tx,
                      db_sql(a, tx,
                             "DELETE FROM [_reeve_backups] WHERE [key] NOT IN (SELECT [key] FROM "
                             "[_reeve_backups] ORDER BY [started] DESC LIMIT " KEPT ")"),
                      NULL, 0, NULL);
    return err;
}

struct err *backup_note(struct arena *a, struct backups *backups, const struct backup_made *made)
{
    return db_run(a, backups->conf.data, note_unit, made, NULL);
}

static struct err *forget_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct err *err;
    bool there;

    *ret_out = NULL;
    err = has_table(a, tx, &there);
    return err || !there ? err : forget(a, tx, *(const struct str *)in);
}

struct err *backup_forget(struct arena *a, struct backups *backups, struct str key)
{
    return db_run(a, backups->conf.data, forget_unit, &key, NULL);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct str text_at(struct arena *a, const struct db_stmt *stmt, unsigned at)
{
    return arena_dup(a, db_column_text(stmt, at));
}

static struct backup_made read_row(struct arena *a, const struct db_stmt *stmt)
{
    return (struct backup_made){
        .key = text_at(a, stmt, 0),
        .told = {.node = text_at(a, stmt, 1),
                 .started = text_at(a, stmt, 2),
                 .took_ms = db_column_int(stmt, 3),
                 .size = db_column_int(stmt, 4),
                 .files = db_column_int(stmt, 5),
                 .rows = db_column_int(stmt, 6),
                 .error = text_at(a, stmt, 7)},
    };
}

static struct err *read_rows(struct arena *a, struct db_conn *conn, struct backup_history *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    VEC(struct backup_made) found = {0};
    struct err *err;
    bool row = true;

    err = db_prepare(
        a, conn,
        db_sql(a, conn, "SELECT " COLUMNS " FROM [_reeve_backups] ORDER BY [started] DESC"), &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row)
        *VEC_PUSH(a, &found) = read_row(a, stmt);
    *ret = (struct backup_history){found.items, found.n};
    return err;
}

struct err *backups_history(struct arena *a, struct db_conn *conn, struct backup_history *ret)
{
    struct err *err;
    bool there;

    *ret = (struct backup_history){0};
    err = has_table(a, conn, &there);
    return err || !there ? err : read_rows(a, conn, ret);
}
