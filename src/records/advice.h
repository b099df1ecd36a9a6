/*
 * records/advice: which index a statement of a list could be served by, and what that would save.
 *
 * First what it asks for (wants), which is read from the list that ran it: names, that can be kept
 * for as long as one likes. Then the advice, by the schema and the rows as they are by now.
 */
#ifndef REEVE_RECORDS_ADVICE_H
#define REEVE_RECORDS_ADVICE_H

#include "records/records.h"

/* --- what is wanted --------------------------------------------------------------------------- */

/* The collection whose rows a statement of a list, a count, groups or an expand looks for. NULL: it
 * is another statement. Any thread that has conn. */
const struct schema_col *rec_statement_col(struct arena *a, const struct db_conn *conn,
                                           const struct schema *schema, struct str sql);

/* An index. */
struct rec_want {
    struct str col; /* the collection's id */
    struct rec_want_column {
        struct str name;
        bool descending;
    } * columns;
    size_t n;
    size_t n_equal;  /* the first ones, in any order, are compared with = */
    bool is_ordered; /* the others are an order, else a range */
};
struct rec_wants {
    struct rec_want *items; /* the dearest to be without first */
    size_t n, cap;
};

/* What `sql` wants, of which rec_statement_col() gives a collection; col and params: of the list
 * that ran it, of which filter, sort and group_by count. col NULL: it was no list. In `a`; what
 * does not compile wants nothing. Any thread that has conn. */
void rec_wants_find(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                    const struct schema_col *col, const struct rec_list_params *params,
                    struct str sql, struct rec_wants *ret);
struct rec_wants rec_wants_copy(struct arena *a, const struct rec_wants *wants);

/* --- advice ----------------------------------------------------------------------------------- */

struct rec_advice {
    struct str index;  /* CREATE INDEX …, as collections store it; p NULL: none would help */
    struct str reason; /* what it saves, or why there is none: words for a person */
};
/* The first index that would help with one of the wants of a statement about col. In a snapshot
 * under that schema; reads some ten thousand rows at most. In `a`. */
MUST_CHECK struct err *rec_advise(struct arena *a, struct db_conn *conn,
                                  const struct schema *schema, const struct schema_col *col,
                                  const struct rec_wants *wants, struct rec_advice *ret);

#endif
