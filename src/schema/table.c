/*
 * The table of a collection follows its definition (collections.md 12). Everything happens in the
 * caller's unit; what fails undoes all of it.
 */
#include "base/id.h"
#include "schema/internal.h"

#define SQL_MAX (1024 * 1024)

static enum db_col_type column_type(const struct schema_field *field)
{
    if (field->type->kind == FIELD_TEXT && field->text.primary_key)
        return DB_COL_ID;
    return field->multiple ? field->type->column_multiple : field->type->column;
}

/* One statement in the making: texts and identifiers in turn, ended by exec(). */
struct ddl {
    struct arena *a;
    struct db_conn *tx;
    const struct db_dialect *dialect;
    struct buf sql;
};

static struct err *exec(struct ddl *ddl)
{
    struct err *err = db_exec(ddl->a, ddl->tx, buf_str(&ddl->sql), NULL, 0, NULL);

    buf_reset(&ddl->sql);
    return err;
}

/* What was being done belongs to the raw error that clients see. */
static struct err *while_doing(struct ddl *ddl, struct err *err, const char *what,
                               struct str column)
{
    if (err && err->kind == E_BAD_REQUEST)
        err->cause = arena_printf(ddl->a, "failed to %s column %.*s - %.*s", what, STR_ARG(column),
                                  STR_ARG(err->cause));
    return err;
}

static void name(struct ddl *ddl, const char *before, struct str ident)
{
    buf_add(&ddl->sql, str_of(before));
    ddl->dialect->ident(&ddl->sql, ident);
}

/* --- indexes ---------------------------------------------------------------------------------- */

static struct err *drop_indexes(struct ddl *ddl, const struct schema_col *old)
{
    struct err *err = NULL;

    for (size_t i = 0; i < old->n_indexes && !err; i++) {
        name(ddl, "DROP INDEX IF EXISTS ", old->indexes[i].name);
        err = exec(ddl);
    }
    return err;
}

static bool is_own_fault(const struct err *err)
{
    return err->kind == E_BAD_REQUEST;
}

static void refuse_index(struct ddl *ddl, struct err **refused, size_t i, struct str message)
{
    err_add_raw_item(ddl->a, refused, arena_printf(ddl->a, "indexes.%zu", i),
                     STR("validation_invalid_index_expression"), message, STR_NONE);
}

/* Every index is tried: the error has an item for each that cannot be made. */
static struct err *create_indexes(struct ddl *ddl, const struct schema_col *col)
{
    const struct json *texts;
    struct err *refused = NULL;

    if (!json_read(ddl->a, col->indexes_json, &json_limits_stored, &texts, NULL))
        return err_new(ddl->a, E_INTERNAL, NULL, "indexes are no JSON");
    for (uint32_t i = 0; i < texts->n; i++) {
        struct schema_index index;
        struct err *err;

        if (col->name.n == 0 ||
            !schema_parse_index(ddl->a, texts->items[i].text, col->name, &index)) {
            refuse_index(ddl, &refused, i, STR("Invalid CREATE INDEX expression."));
            continue;
        }
        ddl->dialect->create_index(&ddl->sql, &index.def);
        err = exec(ddl);
        if (err && !is_own_fault(err))
            return err;
        if (err)
            refuse_index(ddl, &refused, i,
                         arena_printf(ddl->a, "Failed to create index %.*s - %.*s.",
                                      STR_ARG(index.name), STR_ARG(err->cause)));
    }
    return refused;
}

/* --- one value, many values ------------------------------------------------------------------- */

static struct err *convert_values(struct ddl *ddl, const struct schema_col *col,
                                  const struct schema_field *field)
{
    struct str former =
        arena_concat(ddl->a, STR("_"), field->name, random_text(ddl->a, 5, ALPHABET_ID));
    AUTO_BUF struct buf column;
    struct err *err;

    buf_init(&column, SQL_MAX);
    name(ddl, "ALTER TABLE ", col->name);
    name(ddl, " RENAME COLUMN ", field->name);
    name(ddl, " TO ", former);
    err = exec(ddl);
    if (err)
        return err;
    name(ddl, "ALTER TABLE ", col->name);
    BUF_ADD(&ddl->sql, " ADD COLUMN ");
    ddl->dialect->column_def(&ddl->sql, field->name, column_type(field));
    err = exec(ddl);
    if (err)
        return err;
    ddl->dialect->ident(&column, former);
    name(ddl, "UPDATE ", col->name);
    name(ddl, " SET ", field->name);
    BUF_ADD(&ddl->sql, " = (");
    (field->multiple ? ddl->dialect->one_to_list : ddl->dialect->list_to_one)(&ddl->sql,
                                                                              buf_str(&column));
    BUF_ADD(&ddl->sql, ")");
    err = exec(ddl);
    if (err)
        return err;
    name(ddl, "ALTER TABLE ", col->name);
    name(ddl, " DROP COLUMN ", former);
    return exec(ddl);
}

static struct err *drop_views(struct ddl *ddl, const struct db_tables *tables)
{
    struct err *err = NULL;

    for (size_t i = 0; i < tables->n && !err; i++) {
        if (!tables->items[i].is_view)
            continue;
        name(ddl, "DROP VIEW ", tables->items[i].name);
        err = exec(ddl);
    }
    return err;
}

static struct err *restore_views(struct ddl *ddl, const struct db_tables *tables)
{
    struct err *err = NULL;

    for (size_t i = 0; i < tables->n && !err; i++)
        if (tables->items[i].is_view)
            err = db_exec(ddl->a, ddl->tx, tables->items[i].sql, NULL, 0, NULL);
    return err;
}

static const struct schema_field *field_by_id(const struct schema_col *col, struct str id)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (str_eq(col->fields[i].id, id))
            return &col->fields[i];
    return NULL;
}

/* Views that name the column would refuse to see it go: they are away meanwhile. */
static struct err *convert_changed(struct ddl *ddl, const struct schema_col *old,
                                   const struct schema_col *col)
{
    struct db_tables tables = {0};
    bool away = false;
    struct err *err = NULL;

    for (size_t i = 0; i < col->n_fields && !err; i++) {
        const struct schema_field *was = field_by_id(old, col->fields[i].id);

        if (!was || was->multiple == col->fields[i].multiple)
            continue;
        if (!away) {
            err = db_list_tables(ddl->a, ddl->tx, &tables);
            if (!err)
                err = drop_views(ddl, &tables);
            away = true;
        }
        if (!err)
            err = convert_values(ddl, col, &col->fields[i]);
    }
    return err ? err : restore_views(ddl, &tables);
}

/* --- columns ---------------------------------------------------------------------------------- */

static struct err *rename_column(struct ddl *ddl, struct str table, struct str from, struct str to)
{
    name(ddl, "ALTER TABLE ", table);
    name(ddl, " RENAME COLUMN ", from);
    name(ddl, " TO ", to);
    return exec(ddl);
}

static struct err *drop_gone(struct ddl *ddl, const struct schema_col *old,
                             const struct schema_col *col)
{
    struct err *err = NULL;

    for (size_t i = 0; i < old->n_fields && !err; i++) {
        if (field_by_id(col, old->fields[i].id))
            continue;
        name(ddl, "ALTER TABLE ", col->name);
        name(ddl, " DROP COLUMN ", old->fields[i].name);
        err = while_doing(ddl, exec(ddl), "drop", old->fields[i].name);
    }
    return err;
}

/* New and renamed columns get their names last, so that names may be swapped. */
static struct err *place_columns(struct ddl *ddl, const struct schema_col *old,
                                 const struct schema_col *col)
{
    struct str *passing = ARENA_ARRAY(ddl->a, struct str, col->n_fields);
    struct err *err = NULL;

    for (size_t i = 0; i < col->n_fields && !err; i++) {
        const struct schema_field *field = &col->fields[i];
        const struct schema_field *was = field_by_id(old, field->id);

        if (was && str_eq(was->name, field->name))
            continue;
        passing[i] =
            arena_concat(ddl->a, field->name, random_text(ddl->a, 5, ALPHABET_ID), STR_NONE);
        if (was) {
            err = while_doing(ddl, rename_column(ddl, col->name, was->name, passing[i]), "rename",
                              was->name);
            continue;
        }
        name(ddl, "ALTER TABLE ", col->name);
        BUF_ADD(&ddl->sql, " ADD COLUMN ");
        ddl->dialect->column_def(&ddl->sql, passing[i], column_type(field));
        err = while_doing(ddl, exec(ddl), "add", field->name);
    }
    for (size_t i = 0; i < col->n_fields && !err; i++)
        if (passing[i].p)
            err = rename_column(ddl, col->name, passing[i], col->fields[i].name);
    return err;
}

/* --- tables ----------------------------------------------------------------------------------- */

static void ddl_init(struct ddl *ddl, struct arena *a, struct db_conn *tx)
{
    *ddl = (struct ddl){.a = a, .tx = tx, .dialect = db_conn_dialect(tx)};
    buf_init(&ddl->sql, SQL_MAX);
}

struct err *schema_create_table(struct arena *a, struct db_conn *tx, const struct schema_col *col)
{
    struct db_col *columns = ARENA_ARRAY(a, struct db_col, col->n_fields);
    struct ddl ddl;
    struct err *err;

    ddl_init(&ddl, a, tx);
    for (size_t i = 0; i < col->n_fields; i++)
        columns[i] = (struct db_col){col->fields[i].name, column_type(&col->fields[i])};
    ddl.dialect->create_table(&ddl.sql, col->name, columns, col->n_fields);
    err = exec(&ddl);
    if (!err)
        err = create_indexes(&ddl, col);
    buf_done(&ddl.sql);
    return err;
}

static struct err *change(struct ddl *ddl, const struct schema_col *old,
                          const struct schema_col *col)
{
    const bool renamed = !str_eq_nocase(old->name, col->name);
    const bool indexes = renamed || !str_eq(old->fields_json, col->fields_json) ||
                         !str_eq(old->indexes_json, col->indexes_json);
    struct err *err = NULL;

    if (indexes)
        err = drop_indexes(ddl, old);
    if (!err && renamed) {
        name(ddl, "ALTER TABLE ", old->name);
        name(ddl, " RENAME TO ", col->name);
        err = exec(ddl);
    }
    if (!err)
        err = drop_gone(ddl, old, col);
    if (!err)
        err = place_columns(ddl, old, col);
    if (!err)
        err = convert_changed(ddl, old, col);
    return err || !indexes ? err : create_indexes(ddl, col);
}

struct err *schema_change_table(struct arena *a, struct db_conn *tx, const struct schema_col *old,
                                const struct schema_col *col)
{
    struct ddl ddl;
    struct err *err;

    ddl_init(&ddl, a, tx);
    err = change(&ddl, old, col);
    buf_done(&ddl.sql);
    return err;
}
