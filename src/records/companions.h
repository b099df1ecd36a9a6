/*
 * records/companions: rows of the system collections that belong to auth records, and name them by
 * collection and id. Private to this folder; in a unit.
 */
#ifndef REEVE_RECORDS_COMPANIONS_H
#define REEVE_RECORDS_COMPANIONS_H

#include "records/records.h"

#define REC_COLLECTION_REF STR("collectionRef")
#define REC_RECORD_REF STR("recordRef")

/* Their rows in one of those collections go. from NULL: the directory has no such collection, so
 * there are none. */
MUST_CHECK struct err *rec_forget_in(struct arena *a, struct db_conn *tx,
                                     const struct rec_scope *scope, const struct schema_col *from,
                                     const struct schema_col *col, struct str_list ids);
/* Their rows in all of them. */
MUST_CHECK struct err *rec_forget_all(struct arena *a, struct db_conn *tx,
                                      const struct rec_scope *scope, const struct schema_col *col,
                                      struct str_list ids);
/* Whether a record has a row in it; from NULL: no. */
MUST_CHECK struct err *rec_is_in(struct arena *a, struct db_conn *tx, const struct schema_col *from,
                                 const struct schema_col *col, struct str id, bool *ret);

#endif
