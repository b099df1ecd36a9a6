/*
 * records/listing: rows of a query, one after the other, as an answer has them. Private to this
 * folder.
 */
#ifndef REEVE_RECORDS_LISTING_H
#define REEVE_RECORDS_LISTING_H

#include "records/row.h"

/* A row as the next list may begin at it. */
struct rec_mark {
    const struct db_value *keys; /* what the rows are ordered by; NULL: there was no such row */
    unsigned n_keys;
    struct str id;
};

/* Writes one row; user is the listing's. */
typedef struct err *rec_put_fn(struct rec_writer *w, const struct rec_level *level,
                               const struct db_value *cells, void *user);

struct rec_listing {
    const struct rec_actor *actor;
    const struct rec_shape *shape;
    struct query_spec spec; /* without a limit */
    int64_t limit;          /* rows at most */
    size_t bytes;           /* after so many no other row begins, where spec.seek is; 0: no bound */
    rec_put_fn *put;        /* NULL: as JSON, with commas between */
    void *user;
    /* set by rec_listing_run(), the rest only where spec.seek is */
    size_t n;                    /* rows that were written */
    bool more;                   /* there are others behind them */
    struct rec_mark first, last; /* of those that were written; last: may be NULL where no more come
                                  */
    size_t n_ties;               /* of a view, how many of the last ones have the last one's keys */
    size_t n_first_ties;         /* ... and of the first ones the first one's */
};

/* Whether they are the same to the order of a list: 1 and 1.0 are. */
bool rec_key_eq(struct db_value x, struct db_value y);

/* Writes the rows, in the order of the list also where they are read backward. */
MUST_CHECK struct err *rec_listing_run(struct arena *a, struct rec_writer *w,
                                       struct rec_listing *listing);

#endif
