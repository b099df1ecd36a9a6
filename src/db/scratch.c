/*
 * Scratch databases: what a change of tables would do is tried where there are no rows.
 */
#include "db/db.h"

#include "base/date.h"
#include "db/dialect.h"
#include "db/internal.h"

#define SQL_MAX (64 * 1024)

/* What cannot be made without its rows or modules is not there. */
static struct err *copy_definitions(struct arena *a, struct db_conn *from, struct db_conn *to,
                                    bool tables)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row;
    struct err *err;

    err = db_prepare(a, from, str_of(from->db->ops->dialect->list_definitions), &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row) {
        if ((db_column_int(stmt, 1) != 0) != tables)
            continue;
        err = db_exec(a, to, arena_dup(a, db_column_text(stmt, 0)), NULL, 0, NULL);
        if (err && err->kind == E_BAD_REQUEST)
            err = NULL;
    }
    return err;
}

static struct str insert_sql(struct arena *a, const struct db_conn *to, const char *table,
                             unsigned n)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "INSERT INTO ");
    to->db->ops->dialect->ident(&sql, str_of(table));
    for (unsigned i = 1; i <= n; i++)
        buf_addf(&sql, "%s?%u", i == 1 ? " VALUES (" : ", ", i);
    BUF_ADD(&sql, ")");
    return arena_dup(a, buf_str(&sql));
}

static struct err *copy_rows(struct arena *a, struct db_conn *from, struct db_conn *to,
                             const char *table)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    AUTO_BUF struct buf sql;
    struct db_value *cells;
    struct str insert;
    unsigned n;
    bool row;
    struct err *err;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT * FROM ");
    from->db->ops->dialect->ident(&sql, str_of(table));
    err = db_prepare(a, from, buf_str(&sql), &stmt);
    if (err)
        return err;
    n = db_columns(stmt);
    cells = ARENA_ARRAY(a, struct db_value, n);
    insert = insert_sql(a, to, table, n);
    while (!(err = db_step(a, stmt, &row)) && row) {
        for (unsigned i = 0; i < n; i++)
            cells[i] = db_column(stmt, i);
        err = db_exec(a, to, insert, cells, n, NULL);
        if (err)
            return err;
    }
    return err;
}

static struct err *fill(struct arena *a, struct db_conn *from, struct db_conn *to,
                        const char *const *tables, size_t n_tables)
{
    struct err *err = copy_definitions(a, from, to, true);

    for (size_t i = 0; i < n_tables && !err; i++)
        err = copy_rows(a, from, to, tables[i]);
    return err ? err : copy_definitions(a, from, to, false); /* triggers come after the rows */
}

struct err *db_run_scratch(struct arena *a, struct db_conn *from, const char *const *tables,
                           size_t n_tables, db_unit_fn *run, const void *in, void **ret_out)
{
    struct db_unit unit = {.run = run, .in = in, .arena = a};
    struct db_conn *scratch;
    struct err *err = db_conn_open(a, from->db, DB_ROLE_SCRATCH, &scratch);

    if (err)
        return err;
    scratch->watch =
        (struct db_watch){.armed = true,
                          .deadline_us = db_deadline(clock_us(), from->db->conf.query_timeout_s),
                          .gone = from->watch.gone};
    err = db_tx_begin(a, scratch);
    if (!err) {
        scratch->in_unit = true; /* else nobody may write here */
        err = fill(a, from, scratch, tables, n_tables);
        scratch->in_unit = false;
        if (!err) {
            db_unit_run(scratch, &unit, false);
            err = unit.err;
        }
        from->db->ops->rollback(scratch->eng);
    }
    db_conn_close(scratch);
    if (!err && ret_out)
        *ret_out = unit.out;
    return err;
}
