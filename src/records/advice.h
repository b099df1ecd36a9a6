/*
 * records/advice: what a statement about records asks, for who advises how to have it faster.
 */
#ifndef REEVE_RECORDS_ADVICE_H
#define REEVE_RECORDS_ADVICE_H

#include "records/records.h"

/* The collection whose rows a statement of a list, a count, groups or an expand looks for. NULL: it
 * is another statement. Any thread that has conn. */
const struct schema_col *rec_statement_col(struct arena *a, const struct db_conn *conn,
                                           const struct schema *schema, struct str sql);

#endif
