/*
 * records/work: a record on its way into its table. Private to this folder.
 */
#ifndef REEVE_RECORDS_WORK_H
#define REEVE_RECORDS_WORK_H

#include "records/uploads.h"

struct rec_work {
    struct arena *a;
    struct db_conn *tx; /* NULL in checks that need no database */
    const struct rec_scope *scope;
    const struct schema_col *col;
    const struct rec *old;             /* as stored; NULL: a new one */
    const struct value *old_values;    /* of old */
    struct value *values;              /* one a field, as it shall be */
    struct str token_key;              /* a fresh one, should it have to change */
    const struct db_value *cells;      /* what to store, when that is known already; else NULL */
    const struct rec_uploads *uploads; /* files that `values` may name; NULL: none */
    const struct rec_actor *actor;     /* of an update: its body resolved for this row */
    bool is_heard; /* listeners have had the values, and they have been checked */
};

#endif
