/*
 * Rows read from the database: those of a query, one by its id, one by a field.
 */
#include "records/rows.h"

#include "base/limits.h"
#include "records/found.h"
#include "records/values.h"

/* --- a statement's row ------------------------------------------------------------------------ */

void rec_borrow_row(const struct db_stmt *stmt, unsigned n, struct db_value *cells)
{
    for (unsigned i = 0; i < n; i++)
        cells[i] = db_column(stmt, i);
}

struct rec rec_copy_row(struct arena *a, const struct db_stmt *stmt, const struct schema_col *col)
{
    const unsigned n = db_columns(stmt);
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, n);

    rec_borrow_row(stmt, n, cells);
    for (unsigned i = 0; i < n; i++)
        if (cells[i].type == DB_TEXT || cells[i].type == DB_BLOB)
            cells[i].s = arena_dup(a, cells[i].s);
    return (struct rec){.col = col, .cells = cells};
}

struct rec *rec_copy(struct arena *a, const struct rec *rec)
{
    struct db_value *cells;
    struct rec *copy;

    if (!rec)
        return NULL;
    cells = ARENA_ARRAY(a, struct db_value, rec->col->n_fields);
    for (size_t i = 0; i < rec->col->n_fields; i++) {
        cells[i] = rec->cells[i];
        if (cells[i].type == DB_TEXT || cells[i].type == DB_BLOB)
            cells[i].s = arena_dup(a, cells[i].s);
    }
    copy = ARENA_NEW(a, struct rec);
    *copy = (struct rec){rec->col, cells};
    return copy;
}

/* --- queries ---------------------------------------------------------------------------------- */

struct query_spec rec_spec(struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col)
{
    return (struct query_spec){
        .schema = actor->scope.schema,
        .col = col,
        .request = &actor->request,
        .dialect = db_conn_dialect(conn),
        .want = QUERY_ROWS,
        .client_is_superuser = actor->superuser,
        .limit = -1,
        .now_ms = actor->scope.now_ms,
    };
}

struct err *rec_open(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                     struct db_stmt **ret)
{
    struct query_sql sql;
    struct err *err;

    err = query_compile(a, spec, &sql);
    return err ? err : db_prepare_bound(a, conn, sql.text, sql.values, sql.n, ret);
}

/* Whether the rows so far are as many as are wanted. */
static bool is_enough(const struct rec_reading *reading, size_t bytes)
{
    return reading && reading->bytes > 0 && bytes >= reading->bytes;
}

struct err *rec_read_all(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                         struct rec_rows *ret, struct rec_reading *reading)
{
    AUTO_FOUND struct rec_found found;
    const struct db_stmt *stmt;
    const size_t begin = arena_used(a);
    struct err *err;

    err = rec_found_open(a, conn, spec, &found);
    while (!err) {
        err = rec_found_next(a, &found, &stmt);
        if (err || !stmt)
            break;
        if (reading)
            reading->n_cells = db_columns(stmt);
        if (is_enough(reading, arena_used(a) - begin)) {
            reading->cut = true;
            break;
        }
        *VEC_PUSH(a, ret) = rec_copy_row(a, stmt, spec->col);
        err = rec_check_readable(a, &ret->items[ret->n - 1]);
        if (!err && arena_used(a) > LIMIT_RESPONSE_BYTES) /* no answer could hold them */
            err = err_new(a, E_UNAVAILABLE, NULL, "the rows take over %llu bytes",
                          LIMIT_RESPONSE_BYTES);
        if (!err && ret->n % REC_ROWS_A_CHECK == 0)
            err = db_check_limits(a, conn);
    }
    return err;
}

struct str_list rec_ids_of(struct arena *a, const struct rec_rows *rows)
{
    struct str_list ids = {ARENA_ARRAY(a, struct str, rows->n), rows->n};

    for (size_t i = 0; i < rows->n; i++)
        ids.items[i] = rec_id(&rows->items[i]);
    return ids;
}

/* --- one row ---------------------------------------------------------------------------------- */

/* Runs the query and copies its first row; whole: unless that cannot be read. */
static struct err *find_first(struct rec_sql *q, struct db_conn *conn, const struct schema_col *col,
                              bool whole, struct rec **ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = false;

    *ret = NULL;
    err = rec_sql_prepare(q, conn, &stmt);
    if (!err)
        err = db_step(q->a, stmt, &row);
    if (err || !row)
        return err;
    *ret = ARENA_NEW(q->a, struct rec);
    **ret = rec_copy_row(q->a, stmt, col);
    if (whole && !rec_is_readable(q->a, *ret))
        *ret = NULL;
    return NULL;
}

static struct err *find_by_id(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                              struct str id, bool whole, struct rec **ret)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    rec_sql_select(&q, col);
    rec_sql_ident(&q, col->id_field->name);
    REC_SQL(&q, " = ");
    rec_sql_param(&q, DB_V_TEXT(id));
    return find_first(&q, conn, col, whole, ret);
}

struct err *rec_find(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                     struct str id, struct rec **ret)
{
    return find_by_id(a, conn, col, id, true, ret);
}

struct err *rec_find_row(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                         struct str id, struct rec **ret)
{
    return find_by_id(a, conn, col, id, false, ret);
}

struct err *rec_find_by(struct arena *a, struct db_conn *conn, const struct schema_col *col,
                        const struct schema_field *field, struct str text, bool nocase,
                        struct rec **ret)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    rec_sql_select(&q, col);
    if (nocase) {
        rec_sql_equal_nocase(&q, field->name, DB_V_TEXT(text));
    } else {
        rec_sql_ident(&q, field->name);
        REC_SQL(&q, " = ");
        rec_sql_param(&q, DB_V_TEXT(text));
    }
    if (text.n > 0) { /* the indexes of e-mails are partial: WHERE email != '' */
        REC_SQL(&q, " AND ");
        rec_sql_ident(&q, field->name);
        REC_SQL(&q, " != ''");
    }
    REC_SQL(&q, " LIMIT 1");
    return find_first(&q, conn, col, true, ret);
}
