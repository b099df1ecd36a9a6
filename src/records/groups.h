/*
 * records/groups: a list of groups (query/groups.h). Private to this folder.
 */
#ifndef REEVE_RECORDS_GROUPS_H
#define REEVE_RECORDS_GROUPS_H

#include "records/records.h"

/* rec_list() where group_by or aggregate is not empty: rule, restrictions, filter and pages are
 * those of the list; items are groups, sorted by their keys if not by `sort`. expand has no
 * meaning. */
MUST_CHECK struct err *rec_list_groups(struct arena *a, struct db_conn *conn,
                                       const struct rec_actor *actor, const struct schema_col *col,
                                       const struct rec_list_params *params, struct buf *out);

#endif
