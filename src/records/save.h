/*
 * records/save: into the table. Private to this folder; in a unit.
 */
#ifndef REEVE_RECORDS_SAVE_H
#define REEVE_RECORDS_SAVE_H

#include "records/work.h"

/* The checks that need the database, reactions and the row, with every column written; field_items
 * are what rec_check_fields() has found (may be NULL). On success *ret is the record as it was
 * stored; work->cells is NULL where a listener has kept it from that. Who makes a new one calls
 * rec_drop_installer() next. */
MUST_CHECK struct err *rec_save(struct rec_work *work, const struct err *field_items,
                                struct rec **ret);
/* A stored record that has lost a reference (records.md 12): every column in normal form, autodates
 * moved, nothing validated. */
MUST_CHECK struct err *rec_save_normal(struct rec_work *work);

#endif
