/*
 * What tables, views, columns and indexes there are, and how a statement would be carried out.
 */
#include "db/db.h"

#include "db/dialect.h"
#include "db/internal.h"

struct err *db_list_tables(struct arena *a, struct db_conn *conn, struct db_tables *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    VEC(struct db_table) found = {0};
    bool row;
    struct err *err;

    err = db_prepare(a, conn, str_of(conn->db->ops->dialect->list_tables), &stmt);
    if (err)
        return err;
    while (!(err = db_step(a, stmt, &row)) && row) {
        struct db_table *table = VEC_PUSH(a, &found);

        table->name = arena_dup(a, db_column_text(stmt, 0));
        table->is_view = str_eq(db_column_text(stmt, 1), STR("view"));
        table->sql = arena_dup(a, db_column_text(stmt, 2));
    }
    if (err)
        return err;
    *ret = (struct db_tables){found.items, found.n};
    return NULL;
}

struct err *db_list_columns(struct arena *a, struct db_conn *conn, struct str table,
                            struct db_table_columns *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    VEC(struct db_table_column) found = {0};
    bool row;
    struct err *err;

    err = db_prepare(a, conn, str_of(conn->db->ops->dialect->list_columns), &stmt);
    if (err)
        return err;
    db_bind(stmt, 1, DB_V_TEXT(table));
    while (!(err = db_step(a, stmt, &row)) && row) {
        struct db_table_column *column = VEC_PUSH(a, &found);

        column->name = arena_dup(a, db_column_text(stmt, 0));
        column->type = arena_dup(a, db_column_text(stmt, 1));
        column->not_null = db_column_int(stmt, 2) != 0;
        column->primary = db_column_int(stmt, 3) != 0;
        column->has_default = db_column(stmt, 4).type != DB_NULL;
        column->default_sql = arena_dup(a, db_column_text(stmt, 4));
    }
    if (err)
        return err;
    *ret = (struct db_table_columns){found.items, found.n};
    return NULL;
}

struct err *db_list_indexes(struct arena *a, struct db_conn *conn, struct str table,
                            struct db_table_indexes *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    VEC(struct db_table_index) found = {0};
    bool row;
    struct err *err;

    err = db_prepare(a, conn, str_of(conn->db->ops->dialect->list_indexes), &stmt);
    if (err)
        return err;
    db_bind(stmt, 1, DB_V_TEXT(table));
    while (!(err = db_step(a, stmt, &row)) && row) {
        struct db_table_index *index = VEC_PUSH(a, &found);

        index->name = arena_dup(a, db_column_text(stmt, 0));
        index->table = arena_dup(a, db_column_text(stmt, 1));
        index->sql = arena_dup(a, db_column_text(stmt, 2));
    }
    if (err)
        return err;
    *ret = (struct db_table_indexes){found.items, found.n};
    return NULL;
}

/* Of what is under the line of that number, among those before. */
static unsigned depth_under(const struct db_plan *plan, int64_t parent)
{
    for (size_t i = plan->n; i-- > 0;)
        if (plan->items[i].number == parent)
            return plan->items[i].depth + 1;
    return 0;
}

struct err *db_explain(struct arena *a, struct db_conn *conn, struct str sql,
                       const struct db_value *values, unsigned n, struct db_plan *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct str question = arena_concat(a, str_of(conn->db->ops->dialect->explain), sql, STR_NONE);
    VEC(struct db_plan_line) lines = {0};
    struct err *err;
    bool row;

    err = db_prepare_bound(a, conn, question, values, n, &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row) {
        const unsigned last = db_columns(stmt) - 1;
        struct db_plan_line *line = VEC_PUSH(a, &lines);
        const struct db_plan before = {lines.items, lines.n - 1};

        line->text = arena_dup(a, db_column_text(stmt, last));
        if (last < 2)
            continue;
        line->number = db_column_int(stmt, 0);
        line->depth = depth_under(&before, db_column_int(stmt, 1));
    }
    if (err)
        return err;
    *ret = (struct db_plan){lines.items, lines.n};
    return NULL;
}
