/*
 * records/total: how many rows a list has. Private to this folder.
 *
 * A total is a function of its SQL, of the parameters and of what it reads. So the last ones that
 * were counted are remembered, by all threads together, and serve while nothing of what they were
 * read from has changed (db_seen_holds_in()). While one is being counted, others who want it wait
 * for that.
 */
#ifndef REEVE_RECORDS_TOTAL_H
#define REEVE_RECORDS_TOTAL_H

#include "records/records.h"

/* How many rows, or groups, the query finds, wherever its page begins and ends: remembered, or
 * counted, on `conn` or by a thread that is about it already. In a snapshot it is that state's,
 * whichever it comes from. Any thread. The limits of `conn` bound the wait as they do the count;
 * on a loop there is none, but E_OVER_BUDGET at once. */
MUST_CHECK struct err *rec_total(struct arena *a, struct db_conn *conn,
                                 const struct query_spec *rows_spec, int64_t *ret);

#endif
