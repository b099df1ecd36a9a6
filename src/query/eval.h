/*
 * query/eval: what a resolved condition means without a database. Private to query/.
 *
 * The tree is asked of one row, whose cells are in memory: the record that is stored, or is to be.
 * What needs other tables, or what only the engine knows, is "cannot"; a condition that is decided
 * without it has an answer all the same.
 *
 * Invariant: for every row, an answer other than "cannot" is that of the SQL. Values are the
 * engine's: storage classes and affinities as SQLite has them, whose SQL this is the meaning of.
 */
#ifndef REEVE_QUERY_EVAL_H
#define REEVE_QUERY_EVAL_H

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "db/dialect.h"
#include "query/tree.h"

#include <stdbool.h>
#include <stddef.h>

/* What is kept of a condition. */
struct query_program {
    const struct db_dialect *dialect;
    struct query_tree tree;
    uint64_t joined; /* the hops that the statement itself joins */
};

enum eval_compare {
    COMPARE_EQ,
    COMPARE_IS,
    COMPARE_IS_NOT,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_LIKE,
    COMPARE_NOT_LIKE,
};

/* --- values (eval_value.c) ------------------------------------------------------------------- */

enum eval_truth { EVAL_UNKNOWN, EVAL_NO, EVAL_YES, EVAL_CANNOT };

/* For all of these: *cannot is set where only the engine knows. */
struct eval_scratch {
    struct arena *a;
    const struct db_dialect *dialect;
    bool cannot;
    size_t spent; /* bytes looked at */
};
/* Counts them; over LIMIT_EVAL_BYTES it is for the engine, which has a timeout. */
void eval_spend(struct eval_scratch *s, size_t bytes);

/* The text of a value that is not NULL. */
struct str eval_text(struct eval_scratch *s, struct db_value value);
/* A text that reads as a number is one; anything else stays. */
struct db_value eval_numeric(struct eval_scratch *s, struct db_value value);
enum eval_truth eval_compare(struct eval_scratch *s, enum eval_compare op, struct db_value left,
                             enum tree_affinity left_affinity, struct db_value right,
                             enum tree_affinity right_affinity);
struct db_value eval_lower(struct eval_scratch *s, struct db_value value);
struct db_value eval_distance(struct eval_scratch *s, const struct db_value args[4]);

/* strftime(format [, time [, modifier...]]), eval_time.c: a text in the arena, or NULL. n: of args,
 * 1 and more. now_ms, since 1970: the time where none is given; a value that says 'now' is about
 * the engine's clock. */
struct db_value eval_strftime(struct eval_scratch *s, const struct db_value *args, size_t n,
                              int64_t now_ms);

/* --- JSON (eval_json.c) ---------------------------------------------------------------------- */

/* Whether a text is JSON by the letter of RFC 8259. */
bool eval_json_valid(struct eval_scratch *s, struct str text);
/* What stands at a path (".a[0]") in a valid text; p NULL: nothing. */
struct str eval_json_at(struct eval_scratch *s, struct str text, struct str path);
/* A valid text as a value: lists and objects are texts without spaces. */
struct db_value eval_json_value(struct eval_scratch *s, struct str text);
bool eval_json_is_list(struct str text);
/* Items one by one; *at starts at 0. p NULL: no more. */
struct str eval_json_item(struct str list, size_t *at);

#endif
