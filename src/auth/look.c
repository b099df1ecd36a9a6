/*
 * Small look-ups.
 */
#include "auth/internal.h"

struct str auth_cell(const struct rec *rec, const struct schema_field *field)
{
    struct db_value cell = rec->cells[field->at];

    return cell.type == DB_TEXT || cell.type == DB_BLOB ? cell.s : STR("");
}

struct str auth_cell_named(const struct rec *rec, const char *name)
{
    const struct schema_field *field = schema_field(rec->col, str_of(name));

    return field ? auth_cell(rec, field) : STR("");
}
