/*
 * records/cursor: places in a list as texts that clients bring back. Private to this folder.
 *
 * A cursor is sealed: it tells nothing of the values in it, which the client may not be allowed to
 * see, and only what this data directory has sealed is taken. It belongs to its collection, that
 * collection's definition and the sort; filter and fields are free.
 */
#ifndef REEVE_RECORDS_CURSOR_H
#define REEVE_RECORDS_CURSOR_H

#include "records/place.h"

/* The place that `cursor` or `from` names in the list of spec; one of them does. E_BAD_REQUEST,
 * with its reason for the client, for one that is none, or belongs to something else. */
MUST_CHECK struct err *rec_place_read(struct arena *a, struct db_conn *conn,
                                      const struct query_spec *spec,
                                      const struct rec_list_params *params, struct rec_place *ret);

/* The place in the list of spec as a text. Where its values are too long for one: the row's id in
 * place of them, which has to be in the list still when the cursor comes back; without an id there
 * is none, p NULL. */
MUST_CHECK struct err *rec_place_write(struct arena *a, const struct query_spec *spec,
                                       const struct rec_place *place, struct str *ret);

#endif
