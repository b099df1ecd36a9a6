/*
 * records/rows: rows read from the database. Private to this folder.
 *
 * What is read lives in the arena that is passed, but for rec_borrow_row().
 */
#ifndef REEVE_RECORDS_ROWS_H
#define REEVE_RECORDS_ROWS_H

#include "records/records.h"

/* Between how many rows the limits of a request are looked at. */
#define REC_ROWS_A_CHECK 16
#define REC_BYTES_A_CHECK ((size_t)64 * 1024)

struct rec_rows {
    struct rec *items;
    size_t n, cap;
};

/* The ids of all of them, in their order; texts are borrowed. */
struct str_list rec_ids_of(struct arena *a, const struct rec_rows *rows);

/* The statement's row of n columns as cells, borrowed until its next step; those of the fields come
 * first. */
void rec_borrow_row(const struct db_stmt *stmt, unsigned n, struct db_value *cells);
/* The row as rec_borrow_row() has it, copied. */
struct rec rec_copy_row(struct arena *a, const struct db_stmt *stmt, const struct schema_col *col);

/* What every query of an actor starts from. */
struct query_spec rec_spec(struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col);
/* Compiles and prepares; *ret is for db_release(). */
MUST_CHECK struct err *rec_open(struct arena *a, struct db_conn *conn,
                                const struct query_spec *spec, struct db_stmt **ret);
/* How rows are read before they are written. */
struct rec_reading {
    size_t bytes;     /* after so many in memory no more are read; 0: no bound */
    unsigned n_cells; /* set: of each row, more than fields where the spec has a place to seek */
    bool cut;         /* set: there are more rows than were read */
};
/* All rows of a query for QUERY_ROWS, copied. E_BAD_REQUEST when one of them cannot be read.
 * reading: may be NULL. */
MUST_CHECK struct err *rec_read_all(struct arena *a, struct db_conn *conn,
                                    const struct query_spec *spec, struct rec_rows *ret,
                                    struct rec_reading *reading);

#endif
