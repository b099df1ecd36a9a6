/*
 * api/collections_plan: what a change of collections would come to, and how it is told. Private to
 * the files of that name and collections_report*.c.
 */
#ifndef REEVE_API_COLLECTIONS_PLAN_H
#define REEVE_API_COLLECTIONS_PLAN_H

#include "api/collections.h"
#include "schema/plan.h"

/* What it came to on the scratch database. */
struct outcome {
    struct schema_plan steps;
    struct schema *schema; /* lives as long as the arena */
    struct str *view_why; /* of each of its collections: why a view would fail; p NULL: it would not
                           */
};

/* What the answer is made of. */
struct report {
    struct api_call *call;
    struct arena *a;
    struct buf *out;
    const struct schema *before;
    const struct outcome *after;
};

/* Each writes members of the answer's object, the first one without a comma before it. */
void report_steps(const struct report *report);                  /* steps, ddl */
MUST_CHECK struct err *report_rows(const struct report *report); /* tables, losses, conflicts */
void report_references(const struct report *report);
void report_inverse(const struct report *report);

/* ,"key":"text", or nothing where the text is empty. */
void report_text(struct buf *out, const char *key, struct str text);
/* By its id; NULL: there is none. */
const struct schema_field *report_field(const struct schema_col *col, struct str id);

#endif
