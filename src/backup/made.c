/*
 * The table `_reeve_backups`: what has come of the last backups that were made here, good or not.
 * It is made with the first one.
 *
 * A disk that is full for a backup is mostly so for a row about it: such a row is kept in memory
 * and read as if it were in the table, until the next one is written.
 */
#include "backup/internal.h"

#include "db/dialect.h"

#include <stdlib.h>

#define TABLE STR("_reeve_backups")
#define TABLE_SQL                                                                            \
    "CREATE TABLE [_reeve_backups] ([key] TEXT PRIMARY KEY NOT NULL, [node] TEXT NOT NULL, " \
    "[started] TEXT NOT NULL, [took_ms] BIGINT NOT NULL, [size] BIGINT NOT NULL, [files] "   \
    "BIGINT NOT NULL, [rows] BIGINT NOT NULL, [error] TEXT NOT NULL)"
#define COLUMNS "[key], [node], [started], [took_ms], [size], [files], [rows], [error]"
#define KEPT "100"
#define ERROR_BYTES 2000
#define KEPT_IN_MEMORY 20

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

/* --- in memory -------------------------------------------------------------------------------- */

struct backup_kept {
    struct arena *arena;
    struct backup_made made;
    struct backup_kept *next; /* an older one */
};

static struct backup_made copy(struct arena *a, const struct backup_made *made)
{
    struct backup_made ret = *made;

    ret.key = arena_dup(a, made->key);
    ret.told.node = arena_dup(a, made->told.node);
    ret.told.started = arena_dup(a, made->told.started);
    ret.told.error = arena_dup(a, str_sub(made->told.error, 0, ERROR_BYTES));
    return ret;
}

/* All of that key, or with an empty one the oldest. Under the lock. */
static void drop(struct backups *backups, struct str key)
{
    struct backup_kept **at = &backups->kept;

    while (*at) {
        struct backup_kept *kept = *at;

        if (key.n > 0 ? !str_eq(kept->made.key, key) : kept->next != NULL) {
            at = &kept->next;
            continue;
        }
        *at = kept->next;
        backups->n_kept--;
        arena_free(kept->arena);
    }
}

static void keep(struct backups *backups, const struct backup_made *made)
{
    struct arena *a = arena_new();
    struct backup_kept *kept = ARENA_NEW(a, struct backup_kept);

    pthread_mutex_lock(&backups->lock);
    drop(backups, made->key);
    *kept = (struct backup_kept){a, copy(a, made), backups->kept};
    backups->kept = kept;
    if (++backups->n_kept > KEPT_IN_MEMORY)
        drop(backups, STR_NONE);
    pthread_mutex_unlock(&backups->lock);
}

void backup_drop_kept(struct backups *backups)
{
    while (backups->kept)
        drop(backups, STR_NONE);
}

/* The newest first. */
static struct backup_history read_kept(struct arena *a, struct backups *backups)
{
    VEC(struct backup_made) found = {0};

    pthread_mutex_lock(&backups->lock);
    for (const struct backup_kept *kept = backups->kept; kept; kept = kept->next)
        *VEC_PUSH(a, &found) = copy(a, &kept->made);
    pthread_mutex_unlock(&backups->lock);
    return (struct backup_history){found.items, found.n};
}

static struct err *write_kept(struct arena *a, struct backups *backups)
{
    const struct backup_history kept = read_kept(a, backups);
    struct err *err = NULL;

    for (size_t i = kept.n; i > 0 && !err; i--) {
        err = db_run(a, backups->conf.data, note_unit, &kept.items[i - 1], NULL);
        if (err)
            break;
        pthread_mutex_lock(&backups->lock);
        drop(backups, kept.items[i - 1].key);
        pthread_mutex_unlock(&backups->lock);
    }
    return err;
}

struct err *backup_note(struct arena *a, struct backups *backups, const struct backup_made *made)
{
    keep(backups, made); /* so that there is no moment in which it is nowhere */
    return write_kept(a, backups);
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
    pthread_mutex_lock(&backups->lock);
    drop(backups, key);
    pthread_mutex_unlock(&backups->lock);
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

static bool has_key(const struct backup_history *history, struct str key)
{
    for (size_t i = 0; i < history->n; i++)
        if (str_eq(history->items[i].key, key))
            return true;
    return false;
}

static int compare_starts(const void *x, const void *y)
{
    const struct backup_made *a = x;
    const struct backup_made *b = y;

    return str_cmp(b->told.started, a->told.started);
}

/* What is kept, and the rows but for those that it will replace. */
static struct backup_history merge(struct arena *a, const struct backup_history *kept,
                                   const struct backup_history *rows)
{
    VEC(struct backup_made) all = {0};

    for (size_t i = 0; i < kept->n; i++)
        *VEC_PUSH(a, &all) = kept->items[i];
    for (size_t i = 0; i < rows->n; i++)
        if (!has_key(kept, rows->items[i].key))
            *VEC_PUSH(a, &all) = rows->items[i];
    qsort(all.items, all.n, sizeof(*all.items), compare_starts);
    return (struct backup_history){all.items, all.n};
}

struct err *backups_history(struct arena *a, struct backups *backups, struct db_conn *conn,
                            struct backup_history *ret)
{
    const struct backup_history kept = read_kept(a, backups); /* first: it moves to the table */
    struct err *err;
    bool there;

    *ret = (struct backup_history){0};
    err = has_table(a, conn, &there);
    if (!err && there)
        err = read_rows(a, conn, ret);
    if (!err && kept.n > 0)
        *ret = merge(a, &kept, ret);
    return err;
}
