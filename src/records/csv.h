/*
 * records/csv: records as lines of CSV (RFC 4180). Private to this folder.
 */
#ifndef REEVE_RECORDS_CSV_H
#define REEVE_RECORDS_CSV_H

#include "records/row.h"

/* The picked fields of a plan, in the collection's order. */
struct rec_csv {
    const struct rec_plan *plan; /* NULL: none is known yet */
    const struct rec_key **keys;
    size_t n;
};
void rec_csv_init(struct arena *a, const struct rec_plan *plan, struct rec_csv *ret);
/* The line of names. */
void rec_csv_write_names(const struct rec_csv *csv, struct buf *out);
/* One record's line. */
MUST_CHECK struct err *rec_csv_write_row(struct rec_writer *w, const struct rec_level *level,
                                         const struct rec_csv *csv, const struct db_value *cells);

#endif
