/*
 * records/read: what a unit of work answers with. Private to this folder; rec_write() and its like
 * are in records.h.
 */
#ifndef REEVE_RECORDS_READ_H
#define REEVE_RECORDS_READ_H

#include "records/row.h"

/* One record as the actor may see it, as a text of its own, which lives in `a`. conn NULL: the
 * record's level needs no rows. */
MUST_CHECK struct err *rec_answer(struct arena *a, struct db_conn *conn,
                                  const struct rec_actor *actor, const struct rec *rec,
                                  const struct rec_shape *shape, struct str *ret);

#endif
