/*
 * records/expand: the levels that rows are written by. Private to this folder.
 */
#ifndef REEVE_RECORDS_EXPAND_H
#define REEVE_RECORDS_EXPAND_H

#include "records/row.h"

/* Whether rows must be known before the first is written. expand: the raw parameter. */
bool rec_level_needs_rows(const struct rec_actor *actor, const struct schema_col *col,
                          struct str expand);
/* Makes the level for rows: who manages them, and the shape's expands, of which those that are not
 * picked can fail as well. conn is left alone unless rec_level_needs_rows(). */
MUST_CHECK struct err *rec_level_init(struct arena *a, struct db_conn *conn,
                                      const struct rec_actor *actor, const struct schema_col *col,
                                      const struct rec_rows *rows, const struct rec_shape *shape,
                                      struct rec_level *ret);

#endif
