/*
 * records/match: texts matched with their fields' patterns before the unit. Private to this folder.
 */
#ifndef REEVE_RECORDS_MATCH_H
#define REEVE_RECORDS_MATCH_H

#include "records/edits.h"

/* A text that was matched with its field's pattern. */
struct rec_match {
    const struct schema_field *field;
    const struct regex *regex; /* the field's */
    struct str text;
    enum pattern_verdict verdict;
};
struct rec_matches {
    VEC(struct rec_match) items;
    size_t n_run;               /* of them: the first ones */
    bool slow;                  /* there is one among the others that is for a pool thread */
    struct rec_matches *shared; /* has the long ones; NULL: they are here */
};
/* Whether an update has to know texts that it does not set. */
bool rec_matches_need_row(const struct schema_col *col, const struct rec_edits *edits);
/* Adds the texts that the record will have as far as is known, but for those whose length is
 * refused anyway. old: the stored record; NULL: there is none, or it need not be known. */
void rec_matches_gather(struct arena *a, const struct schema_col *col,
                        const struct rec_edits *edits, bool update, const struct rec *old,
                        struct rec_matches *matches);
/* Whether some are left that are for a pool thread. */
bool rec_matches_pending(const struct rec_matches *matches);
/* Matches all that were gathered. E_GONE once *gone, which may be NULL. */
MUST_CHECK struct err *rec_matches_run(struct arena *a, struct rec_matches *matches,
                                       const atomic_bool *gone);
/* Tells values what is known of them. False: there is a text that nothing is known of, and that is
 * not for the writer to match. */
bool rec_matches_apply(const struct rec_matches *matches, const struct schema_col *col,
                       struct value *values);

#endif
