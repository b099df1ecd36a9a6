/*
 * cli/explain: the parts of `reeve explain`: the question (explain.c), what it asks of the database
 * (explain_ask.c), what would help with that (explain_advice.c), and how all of it is laid out as
 * text (explain_print.c).
 */
#ifndef REEVE_CLI_EXPLAIN_H
#define REEVE_CLI_EXPLAIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/inspect.h"
#include "http/req.h"
#include "records/advice.h"
#include "records/records.h"

#include <stddef.h>
#include <stdint.h>

/* --- the question ----------------------------------------------------------------------------- */

struct explain;

/* A kind of request that can be explained. */
struct question {
    const char *method, *pattern;
    const char *rule_name;
    size_t rule_at; /* in struct schema_col */
    bool writes;
    enum rec_action action; /* of a write */
    /* Asks it and prints what there is to see, whatever comes of it. An error is what a client
     * would get. */
    struct err *(*answer)(struct explain *x);
};

/* A statement that has run; texts are copies. */
struct explain_run {
    struct str sql;
    struct db_value *values;
    unsigned n_values;
    uint64_t rows, elapsed_us;
    bool failed;
};

struct explain {
    struct arena *a;
    struct inspect inspect;
    const struct question *question;
    struct str method, path;
    struct str params[REQ_PARAMS_MAX]; /* of the path: collection, id */
    struct req_pairs query;
    const struct schema_col *col;
    const struct schema_rule *rule;
    struct rec_actor actor;
    VEC(struct explain_run) runs; /* in their order */
    struct buf *out;              /* what is printed at the end */
};

/* --- asking ----------------------------------------------------------------------------------- */

/* A parameter of the URL; p NULL: it has none of that name. */
struct str explain_parameter(const struct explain *x, struct str name);

/* For struct question's `answer`. All is prepared but the runs. */
struct err *explain_list(struct explain *x);
struct err *explain_view(struct explain *x);
struct err *explain_create(struct explain *x);
struct err *explain_change(struct explain *x); /* PATCH, DELETE */

/* --- advice ----------------------------------------------------------------------------------- */

/* A statement of the request reads more than it looks for: prints the index that would help and
 * what it would save, if there is one. listed: the collection of a list, to which the
 * parameters belong; NULL: it is none. */
MUST_CHECK struct err *explain_advise(struct explain *x, const struct schema_col *listed,
                                      const struct rec_list_params *params, struct str sql);

/* --- printing --------------------------------------------------------------------------------- */

/* "name      text", a line; texts of more lines go on below the first. */
void explain_print_fact(struct buf *out, const char *name, struct str text);
/* The statement, a clause a line, and its parameters; long texts are cut. */
void explain_print_sql(struct buf *out, struct str sql, const struct db_value *values, unsigned n);
/* The engine's lines, those under others further in. */
void explain_print_plan(struct buf *out, const struct db_plan *plan);
/* Behind a plan. */
void explain_print_advice(struct buf *out, const struct rec_advice *advice);
/* How many, with the right word. */
void explain_print_count(struct buf *out, uint64_t n, const char *one, const char *many);
/* Microseconds as "1.234 ms". */
void explain_print_ms(struct buf *out, uint64_t us);

#endif
