/*
 * Groups of records, written as the items of a search result.
 */
#include "records/groups.h"

#include "base/limits.h"
#include "query/groups.h"
#include "records/row.h"
#include "records/rules.h"
#include "records/total.h"

/* A list of groups on its way. */
struct listing {
    struct arena *a, *scratch;
    struct db_conn *conn;
    struct query_spec spec;
    struct rec_page page;
    struct buf *out;
    struct str members[LIMIT_SORT_FIELDS + LIMIT_AGGREGATES]; /* `"name":` */
};

/* What no field tells: numbers through float64, as in records, and texts. */
static void write_plain(struct buf *out, struct db_value cell)
{
    switch (cell.type) {
    case DB_NULL:
        BUF_ADD(out, "null");
        return;
    case DB_INT:
        json_write_double(out, (double)cell.i);
        return;
    case DB_REAL:
        json_write_double(out, cell.d);
        return;
    case DB_TEXT:
    case DB_BLOB:
        json_write_text(out, cell.s);
        return;
    }
    BUG("not a type of cells");
}

/* NULL is what a relation that leads nowhere has, and an aggregate of nothing: no field's empty
 * value. */
static void write_cell(struct listing *l, const struct query_column *column, struct db_value cell)
{
    const struct schema_field *field;

    if (!column->is_field || cell.type == DB_NULL) {
        write_plain(l->out, cell);
        return;
    }
    field = &l->spec.schema->cols[column->col]->fields[column->field];
    field->type->write(l->scratch, l->out, field, cell);
}

static void write_group(struct listing *l, const struct query_column *columns,
                        const struct db_stmt *stmt)
{
    const struct query_groups *groups = l->spec.groups;

    for (unsigned i = 0; i < groups->n_keys + groups->n_aggregates; i++) {
        buf_add(l->out, i == 0 ? STR("{") : STR(","));
        buf_add(l->out, l->members[i]);
        write_cell(l, &columns[i], db_column(stmt, i));
    }
    BUF_ADD(l->out, "}");
    arena_reset(l->scratch);
}

static struct err *write_groups(struct listing *l, int64_t *ret_n)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_sql sql;
    struct err *err;
    bool row = true;

    *ret_n = 0;
    err = query_compile(l->a, &l->spec, &sql);
    if (!err)
        err = db_prepare_bound(l->a, l->conn, sql.text, sql.values, sql.n, &stmt);
    while (!err) {
        err = db_step(l->a, stmt, &row);
        if (err || !row)
            break;
        buf_add(l->out, (*ret_n)++ ? STR(",") : STR_NONE);
        write_group(l, sql.columns, stmt);
        err = rec_check_full(l->a, l->out);
        if (!err && *ret_n % REC_ROWS_A_CHECK == 0)
            err = db_check_limits(l->a, l->conn);
    }
    return err;
}

static struct err *write_page(struct listing *l)
{
    int64_t n, total = -1;
    struct err *err;

    BUF_ADD(l->out, "{\"items\":[");
    err = write_groups(l, &n);
    if (err)
        return err;
    if (l->page.skip_total)
        total = -1;
    else if (l->spec.groups->n_keys == 0)
        total = 1;
    else if (n < l->spec.limit && (n > 0 || l->spec.offset == 0)) /* the last page */
        total = l->spec.offset + n;
    else
        err = rec_total(l->a, l->conn, &l->spec, &total);
    if (err)
        return err;
    rec_page_write(l->out, &l->page, total);
    return rec_check_full(l->a, l->out);
}

/* The page is written as a whole, then picked from. */
static struct err *write_picked(struct listing *l, const struct query_picker *picker)
{
    AUTO_BUF struct buf whole;
    struct buf *out = l->out;
    struct err *err;

    buf_init(&whole, out->max);
    l->out = &whole;
    err = write_page(l);
    if (err)
        return err;
    if (whole.n > LIMIT_INLINE_BODY_BYTES && db_on_loop(l->conn))
        return err_new(l->a, E_OVER_BUDGET, NULL, "much JSON to pick from");
    err = query_pick(l->a, picker, buf_str(&whole), out);
    return err ? err : rec_check_full(l->a, out);
}

static struct err *check(struct arena *a, const struct rec_actor *actor,
                         const struct schema_col *col, const struct rec_list_params *params)
{
    struct err *err = rec_check_rule(a, actor, &col->list_rule);

    if (!err && !actor->superuser)
        err = query_check_identifiers(a, params->filter, params->sort);
    if (!err && !actor->superuser)
        err = query_check_identifiers(a, params->group_by, params->aggregate);
    if (!err && (params->cursor.p || params->from.p))
        err = err_new(a, E_BAD_REQUEST, "A list of groups has no cursor.", "cursor and groups");
    return err;
}

static void name_members(struct listing *l)
{
    const struct query_groups *groups = l->spec.groups;

    for (size_t i = 0; i < groups->n_keys + groups->n_aggregates; i++) {
        AUTO_BUF struct buf text;

        buf_init(&text, 64 * KIB);
        json_write_text(&text, groups->names[i]);
        BUF_ADD(&text, ":");
        l->members[i] = arena_dup(l->a, buf_str(&text));
    }
}

struct err *rec_list_groups(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                            const struct schema_col *col, const struct rec_list_params *params,
                            struct buf *out)
{
    struct listing l = {.a = a, .conn = conn, .out = out, .spec = rec_spec(conn, actor, col)};
    struct query_groups groups;
    struct err *err;

    err = check(a, actor, col, params);
    if (!err)
        err = rec_page_read(a, params, &l.page);
    if (!err)
        err = query_groups_parse(a, params->group_by, params->aggregate, params->sort, &groups);
    if (err)
        return err;
    l.scratch = arena_child(a);
    if (!actor->superuser)
        l.spec.rule = col->list_rule.text;
    l.spec.filter = params->filter;
    l.spec.groups = &groups;
    l.spec.limit = l.page.per_page;
    l.spec.offset = l.page.offset;
    name_members(&l);
    return params->picker ? write_picked(&l, params->picker) : write_page(&l);
}
