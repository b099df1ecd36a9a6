/*
 * records/remove: deleting with relation integrity and cascade. Private to this folder;
 * rec_remove() is in records.h. Any thread.
 */
#ifndef REEVE_RECORDS_REMOVE_H
#define REEVE_RECORDS_REMOVE_H

#include "records/records.h"

/* Whether a delete in it may delete in other collections. */
bool rec_cascades(const struct schema_col *col);

#endif
