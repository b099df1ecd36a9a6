/*
 * query/groups: lists not of rows but of groups of them, with aggregates.
 *
 * Two texts say what is asked for: `groupBy=status,author.name` names the keys of a group, by what
 * a sort key may be; `aggregate=count,sum:price` what is computed of the rows in it. Without keys
 * all rows are one group, even where there are none. A row counts once in every group that it has:
 * a name with many values (`tags:each`) puts it in as many, one without any in that of null. Names
 * that begin alike (`likes.name,likes.age`) are of the same related record.
 *
 *   count        the rows
 *   sum:x avg:x  of numbers: number fields, `:length`, and what of JSON values are numbers (true is
 *                1, false 0); others count for nothing
 *   min:x max:x  of whatever is no null, in the order of a sort
 *
 * The x has one value a row. Secrets (password hashes, token keys) are nobody's keys or x, and of
 * hidden e-mails only a superuser's groups know: other rows are left out.
 */
#ifndef REEVE_QUERY_GROUPS_H
#define REEVE_QUERY_GROUPS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum query_function { FUNCTION_COUNT, FUNCTION_SUM, FUNCTION_AVG, FUNCTION_MIN, FUNCTION_MAX };

struct query_aggregate {
    enum query_function function;
    struct str of; /* the name behind the colon; p NULL: of no field */
};

struct query_group_order {
    size_t column;
    bool descending;
};

/* The columns are the keys, then the aggregates. QUERY_COUNT, of groups with a key: how many there
 * are. */
struct query_groups {
    const struct str *names; /* of the columns, all different; the first n_keys are resolved */
    size_t n_keys;
    const struct query_aggregate *aggregates;
    size_t n_aggregates;
    const struct query_group_order *order; /* keys that are not in it come after */
    size_t n_order;
    struct str text; /* the same for the same groups only */
};

/* From raw parameters, of which one of the first two is not empty. sort: names of columns, with
 * signs; may be empty. Lives in `a`, borrows the texts. E_BAD_REQUEST: its message says what is
 * wrong; whether the names mean something is for query_compile() to say. */
MUST_CHECK struct err *query_groups_parse(struct arena *a, struct str group_by,
                                          struct str aggregate, struct str sort,
                                          struct query_groups *ret);

/* What a column of a compiled query of groups holds. */
struct query_column {
    bool is_field;       /* cells of a field, or NULL; else what the engine made */
    unsigned col, field; /* numbers of the collection, and of the field in it */
};

#endif
