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

/* Both lists live in `a` and are added to; the first table is the main one. False: *ret_why, in `a`
 * too, says what is refused or was not understood: what stays open, then more than one statement,
 * then names. */
bool view_scan(struct arena *a, struct str query, struct view_idents *ret_columns,
               struct view_idents *ret_tables, struct str *ret_why);

#endif
