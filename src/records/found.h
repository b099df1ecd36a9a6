/*
 * records/found: the rows of a query, one after the other. Private to this folder.
 *
 * Which rows a page has may take a look at all rows to find out. So the ids of pages that took long
 * are remembered by the process, by all threads together, and as long as nothing has changed of
 * what they were found by the rows are read by their ids.
 */
#ifndef REEVE_RECORDS_FOUND_H
#define REEVE_RECORDS_FOUND_H

#include "records/memory.h"
#include "records/rows.h"
#include "records/sql.h"

struct rec_found {
    const struct schema_col *col;
    struct db_conn *conn;
    struct db_stmt *stmt; /* the query, or the one row that was read last */
    bool is_recalled;
    /* where the rows are recalled */
    struct rec_sql by_id;
    struct str ids; /* of those that are left */
    /* where they are found */
    int64_t limit, n; /* rows at most, below 0: all of them; so far */
    bool is_wanted;   /* it may be worth to be remembered: */
    struct rec_wanted wanted;
    struct buf found; /* ids */
};

/* Begins; *ret is for rec_found_close(), also where it failed. */
MUST_CHECK struct err *rec_found_open(struct arena *a, struct db_conn *conn,
                                      const struct query_spec *spec, struct rec_found *ret);
/* The next row is that of *ret, until the next call. NULL: there are no more. */
MUST_CHECK struct err *rec_found_next(struct arena *a, struct rec_found *found,
                                      const struct db_stmt **ret);
void rec_found_close(struct rec_found *found); /* AUTO_FOUND calls it at the end of the scope */
#define AUTO_FOUND __attribute__((cleanup(rec_found_close)))

#endif
