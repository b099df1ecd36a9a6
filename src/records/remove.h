/*
 * records/remove: deleting with relation integrity and cascade. Private to this folder;
 * rec_remove() is in records.h. Any thread.
 */
#ifndef REEVE_RECORDS_REMOVE_H
#define REEVE_RECORDS_REMOVE_H

#include "records/records.h"

/* Whether a delete in it may delete in other collections. */
bool rec_cascades(const struct schema_col *col);
/* rec_remove(); told: the record's stages have been raised, but for that of the statement. */
MUST_CHECK struct err *rec_remove_told(struct arena *a, struct db_conn *tx,
                                       const struct rec_scope *scope, struct file_removal *files,
                                       const struct rec *rec, bool told);

#endif
