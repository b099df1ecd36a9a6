/*
 * records/system: what system collections ask of their records, and auth records of their
 * companions. Private to this folder; in a unit.
 */
#ifndef REEVE_RECORDS_SYSTEM_H
#define REEVE_RECORDS_SYSTEM_H

#include "records/work.h"

/* What system collections ask of their records, once their fields are all right: what is wrong is
 * added to *items, what is returned is a failure. */
MUST_CHECK struct err *rec_check_system(const struct rec_work *work, struct err **items);
/* The token key before an update of an auth record; its companions after it. A create does
 * nothing. */
MUST_CHECK struct err *rec_react_before(const struct rec_work *work);
MUST_CHECK struct err *rec_react_after(const struct rec_work *work);

#endif
