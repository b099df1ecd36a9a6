/*
 * schema/view_scan: the columns and tables that a view's query names (collections.md 9.3).
 */
#ifndef REEVE_SCHEMA_VIEW_SCAN_H
#define REEVE_SCHEMA_VIEW_SCAN_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct view_ident {
    struct str original; /* the expression, quotes around its parts dropped */
    struct str alias;
};
struct view_idents {
    struct view_ident *items;
    size_t n;
    size_t cap;
};

/* The first table is the main one. False: *ret_why says what was not understood. */
bool view_scan(struct arena *a, struct str query, struct view_idents *ret_columns,
               struct view_idents *ret_tables, struct str *ret_why);
/* How many statements there are, parted by ';' outside of quotes and parentheses. */
size_t view_statements(struct str query);

#endif
