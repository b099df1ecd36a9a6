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
    bool looked;    /* the uploads, if any, have their names, and are among the edits */
    bool is_judged; /* it may be done, as the database was: before anything is stored for it */
    bool stores;    /* there may be something to store, and it has not been */

    struct rec_matches *matches;

    /* passwords */
    bool needs_hash; /* there is one to hash or to compare, and it has not been */
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

/*
 * An action in its parts; work has what is the same for all of them. Inside the unit or, for what
 * somebody listens to, judge and form before it.
 */
struct rec_part {
    enum event_kind kind;
    const char *failed; /* what clients read where a part refuses */
    /* Who may, and on which row: work->old, values. */
    struct err *(*judge)(const struct rec_draft *draft, struct rec_work *work);
    /* What an auth record's form says about passwords; NULL: there is none. */
    struct err *(*form)(const struct rec_draft *draft, const struct rec_work *work);
    /* The row as it is by now, and over it what was changed of the one that was judged. NULL: there
     * is no row yet. */
    struct err *(*rebase)(const struct rec_draft *draft, struct rec_work *work);
    /* Checks, writes, and renders the answer. */
    struct err *(*store)(const struct rec_draft *draft, struct rec_work *work,
                         struct rec_written *ret);
};
extern const struct rec_part rec_create_part, rec_update_part, rec_delete_part;

/* parts.c */
/* What it is judged by: the request's rule, else the collection's. */
const struct schema_rule *rec_draft_rule(const struct rec_draft *draft);
bool rec_draft_is_heard(const struct rec_draft *draft);
/* A delete that may delete in other collections. */
bool rec_draft_is_leased(const struct rec_draft *draft);
const struct rec_part *rec_part_of(const struct rec_draft *draft);
/* What every run of the draft starts from; tx may be a reader. */
struct rec_work rec_draft_work(const struct rec_draft *draft, struct db_conn *tx, struct arena *a);
/* heard_draft.c: rec_draft_run() with listeners, in a unit that has no other one beside it. */
MUST_CHECK struct err *rec_draft_run_inside(const struct rec_draft *draft, struct db_conn *tx,
                                            struct arena *a, struct rec_written **ret);

#endif
