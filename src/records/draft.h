/*
 * records/draft: a write between its two halves. Private to draft.c and the units of work.
 */
#ifndef REEVE_RECORDS_DRAFT_H
#define REEVE_RECORDS_DRAFT_H

#include "records/form.h"
#include "records/match.h"
#include "records/work.h"

struct rec_draft {
    struct rec_request request;
    struct rec_actor actor; /* its body: resolved for a create; per run for an update */
    struct rec_edits edits;
    struct rec_form form;
    struct str token_key; /* of an auth record, should it have to change */

    struct rec_uploads uploads;
    bool looked; /* the uploads have their names, and are among the edits */

    struct rec_matches *matches;

    /* passwords */
    bool needs_hash; /* there is one to hash or to compare, and rec_draft_hash() has not run */
    bool asks_old;
    bool old_read, old_matches;
    struct str old_hash; /* what is compared with */

    /* of a create */
    struct value *values;
    const struct db_value *cells;
    const struct db_value *virtual_cells; /* NULL: no rule to ask */
    const struct err *field_items;
    struct str answer; /* p NULL: depends on the database */
};

/* The last step of a create's draft: its record, as far as no database is needed for it. */
MUST_CHECK struct err *rec_create_prepare(struct arena *a, struct rec_draft *draft);

/* The units, on the thread that writes; work has what is the same for all of them. They leave the
 * draft as it is, and fill in *ret, which is empty. */
MUST_CHECK struct err *rec_create_run(const struct rec_draft *draft, struct rec_work *work,
                                      struct rec_written *ret);
MUST_CHECK struct err *rec_update_run(const struct rec_draft *draft, struct rec_work *work,
                                      struct rec_written *ret);
MUST_CHECK struct err *rec_delete_run(const struct rec_draft *draft, struct rec_work *work,
                                      struct rec_written *ret);

#endif
