#include "schema/view_source.h"

#define VIEWS_OF_VIEWS 5 /* PocketBase looks no deeper */

/* As it is written: another case names no collection. */
static const struct schema_col *col_named(const struct schema *schema, struct str name)
{
    const struct schema_col *col = schema_find(schema, name);

    return col && str_eq(col->name, name) ? col : NULL;
}

static const struct schema_col *col_of_table(const struct schema *schema,
                                             const struct view_idents *tables, struct str alias)
{
    for (size_t i = 0; i < tables->n; i++)
        if (str_eq(tables->items[i].alias, alias))
            return col_named(schema, tables->items[i].original);
    return NULL;
}

static const struct schema_col *main_col(const struct schema *schema,
                                         const struct view_idents *tables)
{
    return tables->n ? col_of_table(schema, tables, tables->items[0].alias) : NULL;
}

const struct view_ident *view_column(const struct view_idents *columns, struct str alias)
{
    for (size_t i = columns->n; i > 0; i--)
        if (str_eq(columns->items[i - 1].alias, alias))
            return &columns->items[i - 1];
    return NULL;
}

const struct schema_col *view_column_col(const struct schema *schema,
                                         const struct view_idents *tables,
                                         const struct view_ident *column, struct str *ret_name)
{
    struct str name = column->original;
    size_t dot = str_find_byte(name, '.');

    *ret_name = name;
    if (dot == name.n)
        return main_col(schema, tables);
    *ret_name = str_from(name, dot + 1);
    if (str_find_byte(*ret_name, '.') == ret_name->n)
        return col_of_table(schema, tables, str_sub(name, 0, dot));
    *ret_name = str_sub(name, 0, dot);
    return main_col(schema, tables);
}

const struct schema_field *view_column_field(const struct schema_col *col, struct str name)
{
    for (unsigned i = 0; i < col->n_fields; i++)
        if (str_eq_nocase(col->fields[i].name, name))
            return &col->fields[i];
    return NULL;
}

const struct schema_field *schema_view_source(struct arena *a, const struct schema *schema,
                                              const struct schema_col *view, struct str name,
                                              const struct schema_col **ret_col)
{
    const struct schema_field *field = NULL;

    *ret_col = view;
    for (int i = 0; i < VIEWS_OF_VIEWS && *ret_col && (*ret_col)->type == SCHEMA_VIEW; i++) {
        struct view_idents columns = {0}, tables = {0};
        const struct view_ident *column;
        struct str why;

        if (!view_scan(a, (*ret_col)->view_query, &columns, &tables, &why))
            return NULL;
        column = view_column(&columns, name);
        *ret_col = column ? view_column_col(schema, &tables, column, &name) : NULL;
        field = *ret_col ? view_column_field(*ret_col, name) : NULL;
        if (!field)
            return NULL;
        name = field->name;
    }
    return *ret_col && (*ret_col)->type != SCHEMA_VIEW ? field : NULL;
}
