/*
 * schema/plan: a change of a collection as a list of steps.
 *
 * The list is made of the definitions before and after, without a database; the dialect spells its
 * steps, and a unit runs them (plan_run.c). So a preview and a migration show what a change does.
 */
#ifndef REEVE_SCHEMA_PLAN_H
#define REEVE_SCHEMA_PLAN_H

#include "schema/schema.h"

enum schema_step_kind {
    STEP_CREATE_TABLE,
    STEP_RENAME_TABLE,
    STEP_DROP_TABLE,
    STEP_ADD_COLUMN,
    STEP_RENAME_COLUMN,
    STEP_DROP_COLUMN,
    STEP_CONVERT_COLUMN, /* one value to many, or back */
    STEP_CREATE_INDEX,
    STEP_DROP_INDEX,
    STEP_CREATE_VIEW, /* in place of the one of that name, if there is one */
    STEP_DROP_VIEW,
    STEP_KINDS
};

/* A row for each kind. */
struct schema_step_info {
    const char *name; /* "create_table" */
    bool rewrites;    /* every row of the table is written anew */
    bool scans;       /* every row is read */
};
extern const struct schema_step_info schema_step_info[STEP_KINDS];

/* What a kind has no use for is empty. All of it lives in the plan's arena. */
struct schema_step {
    enum schema_step_kind kind;
    struct str table; /* or view */
    struct str name;  /* of a column or index */
    struct str to;    /* a table's or column's new name; where a converted column's values pass */
    struct str field; /* whom an error names; empty: nobody */
    enum db_col_type type;
    bool multiple;          /* a column is converted to many values */
    struct db_col *columns; /* of a new table */
    size_t n_columns;
    const struct db_index *index; /* NULL: `text` is no index definition, which fails the step */
    size_t at;                    /* an index's place in the collection's list */
    struct str text;              /* an index's definition as it is stored; a view's query */
};

/* An empty one is {0}; a log's arena is `a`, and its steps live there. */
struct schema_plan {
    struct arena *a;
    VEC(struct schema_step) steps;
};

/* Appends to `plan` what leads from one definition to the next. old NULL: there is no table or view
 * yet. col NULL: there will be none. Not both. view_select: of a view, else ignored. The plan
 * borrows nothing of them. Passing names are random. E_INTERNAL: col->indexes_json is no JSON. Any
 * thread. */
MUST_CHECK struct err *schema_plan_make(struct arena *a, const struct schema_col *old,
                                        const struct schema_col *col, struct str view_select,
                                        struct schema_plan *plan);

/* The statements of a step, in their order: at least one. In the arena. Any thread. */
struct str_list schema_step_statements(struct arena *a, const struct db_dialect *dialect,
                                       const struct schema_step *step);
/* The same as one text, with ";\n" between them. Views that are away while a column is converted
 * are no part of it: which ones is known when the step is run. */
void schema_step_sql(struct arena *a, const struct db_dialect *dialect,
                     const struct schema_step *step, struct buf *out);

/* Runs the steps inside a unit and, once all are done, appends them to `log` (NULL: nobody wants to
 * know). They must live in its arena: schema_carry_out() sees to it. Errors are those of the
 * statements, with what was being done to which column; of indexes every one is tried, and the
 * error has an item `indexes.<at>` for each that cannot be made. What ran before an error is the
 * caller's to undo. */
MUST_CHECK struct err *schema_plan_run(struct arena *a, struct db_conn *tx,
                                       const struct schema_plan *plan, struct schema_plan *log);
/* schema_plan_make() and schema_plan_run(). */
MUST_CHECK struct err *schema_carry_out(struct arena *a, struct db_conn *tx,
                                        const struct schema_col *old, const struct schema_col *col,
                                        struct str view_select, struct schema_plan *log);

#endif
