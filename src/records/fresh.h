/*
 * records/fresh: values that nobody submits. Private to this folder; outside of the unit, but for
 * rec_stamp().
 */
#ifndef REEVE_RECORDS_FRESH_H
#define REEVE_RECORDS_FRESH_H

#include "records/work.h"

/* Random texts for empty fields that have a pattern. */
void rec_fill_generated(struct arena *a, const struct schema_col *col, struct value *values);
/* A token key as the auth collection's field describes it. */
struct str rec_new_token_key(struct arena *a, const struct schema_col *col);
/* Autodates, by the work's clock, and what is forced: superusers are verified. */
void rec_stamp(const struct rec_work *work);

#endif
