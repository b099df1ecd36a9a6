/*
 * What tables, views, columns and indexes there are.
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
