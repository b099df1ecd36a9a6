/*
 * schema/view_source: where a column of a view comes from (collections.md 9.3).
 */
#ifndef REEVE_SCHEMA_VIEW_SOURCE_H
#define REEVE_SCHEMA_VIEW_SOURCE_H

#include "schema/schema.h"
#include "schema/view_scan.h"

/* The column of that alias: the last, as a later one replaces an earlier one. NULL: there is none.
 */
const struct view_ident *view_column(const struct view_idents *columns, struct str alias);
/* The collection that it is taken from, and what it is called there. NULL: from none. */
const struct schema_col *view_column_col(const struct schema *schema,
                                         const struct view_idents *tables,
                                         const struct view_ident *column, struct str *ret_name);
/* Its field of that name, ASCII case ignored. */
const struct schema_field *view_column_field(const struct schema_col *col, struct str name);

#endif
