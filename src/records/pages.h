/*
 * records/pages: where pages by number begin. Private to this folder.
 *
 * LIMIT ? OFFSET ? walks over all rows before the page, each time. So for lists of all rows of a
 * table, in an order that leaves no two of them at one place, the process remembers the keys of
 * some rows by their number; a later page begins at one of those, and walks from there. They serve
 * while nothing in the table has changed (db_seen_holds_in()).
 */
#ifndef REEVE_RECORDS_PAGES_H
#define REEVE_RECORDS_PAGES_H

#include "records/rows.h"

/* The row of a statement with keys alone, as an inclusive place; in `a`. */
struct query_seek rec_seek_of(struct arena *a, const struct db_stmt *stmt);

struct rec_begin {
    bool is_known;          /* false: the page is to be found by its offset */
    struct query_seek seek; /* at its first row, inclusive; n 0: the list ends before it */
};

/* Where the page of spec->limit rows at spec->offset begins, in the snapshot of `conn`. *ret lives
 * in `a`. Errors are those of a statement. Any thread. */
MUST_CHECK struct err *rec_page_begin(struct arena *a, struct db_conn *conn,
                                      const struct query_spec *spec, struct rec_begin *ret);

#endif
