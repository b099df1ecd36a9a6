/*
 * records/check: validation of a record. Private to this folder.
 */
#ifndef REEVE_RECORDS_CHECK_H
#define REEVE_RECORDS_CHECK_H

#include "records/work.h"

/* A password that was submitted but cannot be hashed, as PocketBase's cannot; of one that holds a
 * NUL the field's check tells. */
bool rec_has_unhashed(const struct schema_col *col, const struct value *values);
/* The checks of every field that need no database: items are added to *err. Any thread. */
void rec_check_fields(const struct rec_work *work, struct err **err);
/* Those that do, in the unit: what is wrong is added to *items, what is returned is a failure. */
MUST_CHECK struct err *rec_check_stored(const struct rec_work *work, struct err **items);
/* An auth record's id must be nobody's in the other auth collections. */
MUST_CHECK struct err *rec_check_auth_id(const struct rec_work *work);

#endif
