/*
 * The table `_reeve_crons`: how the last run of each job ended, a row for each node that runs it.
 * It is made when there is a first result.
 */
#include "jobs/internal.h"

#include "base/date.h"
#include "base/log.h"
#include "db/dialect.h"

#define TABLE STR("_reeve_crons")
#define TABLE_SQL                                                                            \
    "CREATE TABLE [_reeve_crons] ([id] TEXT NOT NULL, [node] TEXT NOT NULL, [started] TEXT " \
    "NOT NULL, [took_ms] INTEGER NOT NULL, [error] TEXT NOT NULL, PRIMARY KEY ([id], [node]))"

struct result {
    struct str id, node, started, error;
    int64_t took_ms;
};

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
        return err_new(a, E_OVER_BUDGET, NULL, "results have no table yet");
    return db_exec(a, tx, db_sql(a, tx, TABLE_SQL), NULL, 0, NULL);
}

static struct err *keep_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct result *result = in;
    const struct db_value values[] = {DB_V_TEXT(result->id), DB_V_TEXT(result->node),
                                      DB_V_TEXT(result->started), DB_V_INT(result->took_ms),
                                      DB_V_TEXT(result->error)};
    int64_t changes = 0;
    struct err *err = make_table(a, tx);

    *ret_out = NULL;
    if (!err)
        err = db_exec(a, tx,
                      db_sql(a, tx,
                             "UPDATE [_reeve_crons] SET [started] = {3}, [took_ms] = {4}, [error] "
                             "= {5} WHERE [id] = {1} AND [node] = {2}"),
                      values, COUNT_OF(values), &changes);
    if (err || changes > 0)
        return err;
    return db_exec(a, tx,
                   db_sql(a, tx,
                          "INSERT INTO [_reeve_crons] ([id], [node], [started], [took_ms], "
                          "[error]) VALUES ({1}, {2}, {3}, {4}, {5})"),
                   values, COUNT_OF(values), NULL);
}

/* No character is cut in two. */
static struct str cut(struct str text)
{
    size_t n = JOBS_ERROR_BYTES;

    if (text.n <= n)
        return text;
    while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--;
    return str_sub(text, 0, n);
}

void jobs_keep(struct arena *a, const struct jobs *jobs, struct str id, int64_t started_ms,
               uint64_t took_ms, struct str error)
{
    char started[DATE_TEXT_LEN + 1];
    struct result result = {
        .id = id, .node = jobs->conf.node, .error = cut(error), .took_ms = (int64_t)took_ms};
    struct err *err;

    date_format(started, started_ms);
    result.started = str_of(started);
    err = db_run(a, jobs->conf.db, keep_unit, &result, NULL);
    if (err)
        log_warn("job.result_lost", LOG_STR("id", id), LOG_STR("cause", err->cause));
}

struct err *jobs_last(struct arena *a, struct db_conn *conn, struct str id, struct jobs_result *ret)
{
    const struct db_value value = DB_V_TEXT(id);
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = false;

    *ret = (struct jobs_result){0};
    err = has_table(a, conn, &row);
    if (err || !row)
        return err;
    err = db_prepare_bound(a, conn,
                           db_sql(a, conn,
                                  "SELECT [node], [started], [took_ms], [error] FROM "
                                  "[_reeve_crons] WHERE [id] = {1} ORDER BY [started] DESC, "
                                  "[node] LIMIT 1"),
                           &value, 1, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (err || !row)
        return err;
    *ret = (struct jobs_result){.found = true,
                                .node = arena_dup(a, db_column_text(stmt, 0)),
                                .started = arena_dup(a, db_column_text(stmt, 1)),
                                .took_ms = db_column_int(stmt, 2),
                                .error = arena_dup(a, db_column_text(stmt, 3))};
    return NULL;
}
