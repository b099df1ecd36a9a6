/*
 * What a change of collections would mean for the rows that are there: how many it touches, what is
 * lost, and which of them stand against it.
 */
#include "api/collections_plan.h"

#include "base/limits.h"
#include "db/dialect.h"

#include <inttypes.h>

#define SQL_MAX ((size_t)64 * 1024)
/* Rows that are written anew, or only read, in a millisecond: for an estimate that tells a moment
 * from minutes. */
#define ROWS_REWRITTEN_A_MS 250
#define ROWS_SCANNED_A_MS 2500

/* --- questions to the rows -------------------------------------------------------------------- */

static struct err *count(const struct report *report, struct str sql, int64_t *ret)
{
    struct db_row *row = NULL;
    struct err *err = db_query_row(report->a, report->call->conn, sql, NULL, 0, &row);

    *ret = !err && row && row->cells[0].type == DB_INT ? row->cells[0].i : 0;
    return err;
}

static struct err *count_rows(const struct report *report, const struct schema_col *col,
                              int64_t *ret)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    db_conn_dialect(report->call->conn)->ident(&sql, col->name);
    return count(report, buf_str(&sql), ret);
}

static struct str column_of(const struct report *report, const struct schema_col *col,
                            const struct schema_field *field)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    AUTO_BUF struct buf out;

    buf_init(&out, SQL_MAX);
    dialect->ident(&out, col->name);
    BUF_ADD(&out, ".");
    dialect->ident(&out, field->name);
    return arena_dup(report->a, buf_str(&out));
}

/* What a column holds where there is nothing, as text. */
static const char *empty_of(const struct schema_field *field)
{
    if (field->multiple)
        return "('', '[]')";
    switch (field->type->column) {
    case DB_COL_BOOL:
    case DB_COL_NUMBER:
        return "('', '0', '0.0', 'false')";
    case DB_COL_JSON:
        return "('', 'null')";
    case DB_COL_GEO:
        return "('', '{\"lon\":0,\"lat\":0}')";
    case DB_COL_LIST:
        return "('', '[]')";
    case DB_COL_ID:
    case DB_COL_TEXT:
        break;
    }
    return "('')";
}

/* Rows that hold something there: not the column's empty value. */
static struct err *count_values(const struct report *report, const struct schema_col *col,
                                const struct schema_field *field, int64_t *ret)
{
    struct str column = column_of(report, col, field);
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    db_conn_dialect(report->call->conn)->ident(&sql, col->name);
    buf_addf(&sql, " WHERE %.*s IS NOT NULL AND CAST(%.*s AS TEXT) NOT IN %s", STR_ARG(column),
             STR_ARG(column), empty_of(field));
    return count(report, buf_str(&sql), ret);
}

/* Rows with more items than the one that would be left. */
static struct err *count_lists(const struct report *report, const struct schema_col *col,
                               const struct schema_field *field, int64_t *ret)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);
    AUTO_BUF struct buf sql;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT count(*) FROM ");
    dialect->ident(&sql, col->name);
    BUF_ADD(&sql, " WHERE ");
    dialect->json_length(&sql, column_of(report, col, field));
    BUF_ADD(&sql, " > 1");
    return count(report, buf_str(&sql), ret);
}

/* --- tables and losses ------------------------------------------------------- */

static const struct schema_col *col_after(const struct report *report,
                                          const struct schema_col *before)
{
    return map_find(&report->after->schema->by_id, before->id);
}

/* Rows of the former table of a collection that the steps are about. A view has none of its own. */
static struct err *write_table(const struct report *report, const struct schema_col *col,
                               bool *ret_any)
{
    const struct schema_col *after = col_after(report, col);
    bool touched = false, rewrites = false, scans = false;
    int64_t rows = 0, ms;
    struct err *err;

    for (size_t i = 0; i < report->after->steps.steps.n; i++) {
        const struct schema_step *step = &report->after->steps.steps.items[i];

        if (!str_eq_nocase(step->table, col->name) &&
            !(after && str_eq_nocase(step->table, after->name)))
            continue;
        touched = true;
        rewrites = rewrites || schema_step_info[step->kind].rewrites;
        scans = scans || schema_step_info[step->kind].scans;
    }
    if (!touched || col->type == SCHEMA_VIEW)
        return NULL;
    err = count_rows(report, col, &rows);
    ms = (rewrites ? rows / ROWS_REWRITTEN_A_MS : 0) + (scans ? rows / ROWS_SCANNED_A_MS : 0);
    buf_add(report->out, *ret_any ? STR(",{\"name\":") : STR("{\"name\":"));
    json_write_text(report->out, col->name);
    buf_addf(report->out, ",\"rows\":%" PRId64 ",\"rewrite\":%s,\"ms\":%" PRId64 "}", rows,
             rewrites ? "true" : "false", ms);
    *ret_any = true;
    return err;
}

static void write_loss(const struct report *report, const char *kind, const struct schema_col *col,
                       const struct schema_field *field, int64_t rows, bool *ret_any)
{
    struct buf *out = report->out;

    buf_addf(out, "%s{\"kind\":\"%s\",\"collection\":", *ret_any ? "," : "", kind);
    json_write_text(out, col->name);
    if (field)
        report_text(out, "field", field->name);
    buf_addf(out, ",\"rows\":%" PRId64 "}", rows);
    *ret_any = true;
}

/* Losses that go with it: the records, values of a field, all but the last of several. */
static struct err *write_losses_of(const struct report *report, const struct schema_col *col,
                                   bool *ret_any)
{
    const struct schema_col *after = col_after(report, col);
    struct err *err = NULL;
    int64_t rows;

    if (col->type == SCHEMA_VIEW)
        return NULL;
    if (!after) {
        err = count_rows(report, col, &rows);
        write_loss(report, "records", col, NULL, rows, ret_any);
        return err;
    }
    for (size_t i = 0; i < col->n_fields && !err; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct schema_field *now = report_field(after, field->id);

        if (now && (!field->multiple || now->multiple))
            continue;
        err =
            now ? count_lists(report, col, field, &rows) : count_values(report, col, field, &rows);
        if (!err && (rows > 0 || !now))
            write_loss(report, now ? "items" : "values", col, field, rows, ret_any);
    }
    return err;
}

static struct err *write_each(const struct report *report, const char *key,
                              struct err *(*write)(const struct report *report,
                                                   const struct schema_col *col, bool *ret_any))
{
    struct err *err = NULL;
    bool any = false;

    buf_addf(report->out, ",\"%s\":[", key);
    for (size_t i = 0; i < report->before->n_cols && !err; i++)
        err = write(report, report->before->cols[i], &any);
    BUF_ADD(report->out, "]");
    return err;
}

/* --- rows that stand against it ---------------------------------------------- */

static void write_conflict(const struct report *report, struct str collection, struct str where,
                           struct str why, bool *any)
{
    buf_add(report->out, *any ? STR(",{\"collection\":") : STR("{\"collection\":"));
    json_write_text(report->out, collection);
    report_text(report->out, "where", where);
    report_text(report->out, "error", err_sentence(report->a, why));
    BUF_ADD(report->out, "}");
    *any = true;
}

/* The columns of an index as they are called by now. False: it cannot be asked in these terms. */
static bool write_columns(const struct report *report, const struct schema_col *before,
                          const struct schema_col *after, const struct db_index *index,
                          struct buf *out)
{
    const struct db_dialect *dialect = db_conn_dialect(report->call->conn);

    for (size_t i = 0; i < index->n_columns; i++) {
        const struct db_index_column *column = &index->columns[i];
        const struct schema_field *field = schema_field(after, column->name);
        const struct schema_field *was = field ? report_field(before, field->id) : NULL;

        if (column->is_expr || !was || was->multiple != field->multiple ||
            field->type->column == DB_COL_JSON) /* nothing equals nothing there */
            return false;
        buf_add(out, i ? STR(", ") : STR_NONE);
        dialect->ident(out, was->name);
        if (column->collate.n > 0)
            buf_addf(out, " COLLATE %.*s", STR_ARG(column->collate));
    }
    return true;
}

/* Rows that are equal where an index wants them to differ. */
static struct err *check_unique(const struct report *report, const struct schema_step *step,
                                bool *any)
{
    const struct schema_col *after = schema_find(report->after->schema, step->table);
    const struct schema_col *before = after ? map_find(&report->before->by_id, after->id) : NULL;
    AUTO_BUF struct buf columns, sql;
    int64_t found;
    struct err *err;

    buf_init(&columns, SQL_MAX);
    buf_init(&sql, SQL_MAX);
    if (!before || !step->index || !step->index->unique || step->index->where.n > 0 ||
        !write_columns(report, before, after, step->index, &columns))
        return NULL;
    BUF_ADD(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    db_conn_dialect(report->call->conn)->ident(&sql, before->name);
    buf_addf(&sql, " GROUP BY %.*s HAVING count(*) > 1) AS twice", STR_ARG(buf_str(&columns)));
    err = count(report, buf_str(&sql), &found);
    if (!err && found > 0)
        write_conflict(
            report, after->name, arena_printf(report->a, "indexes.%zu", step->at),
            arena_printf(report->a, "%" PRId64 " values are there more than once", found), any);
    return err && err->kind == E_BAD_REQUEST ? NULL : err; /* an odd collation: it is not known */
}

/* A view of what is there already: its first rows. */
static struct err *check_sample(const struct report *report, const struct schema_step *step,
                                bool *any)
{
    struct str why;
    struct err *err = schema_sample_view(report->a, report->call->conn, step->text, &why);

    if (!err && why.p && str_starts(why, STR("the query could return")))
        write_conflict(report, step->table, STR("viewQuery"), why, any);
    return err;
}

static struct err *write_conflicts(const struct report *report)
{
    struct err *err = NULL;
    bool any = false;

    BUF_ADD(report->out, ",\"conflicts\":[");
    for (size_t i = 0; i < report->after->steps.steps.n && !err; i++) {
        const struct schema_step *step = &report->after->steps.steps.items[i];

        if (step->kind == STEP_CREATE_INDEX)
            err = check_unique(report, step, &any);
        else if (step->kind == STEP_CREATE_VIEW)
            err = check_sample(report, step, &any);
    }
    BUF_ADD(report->out, "]");
    return err;
}

struct err *report_rows(const struct report *report)
{
    struct err *err = write_each(report, "tables", write_table);

    if (!err)
        err = write_each(report, "losses", write_losses_of);
    return err ? err : write_conflicts(report);
}
