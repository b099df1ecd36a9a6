/*
 * query/eval: what a compiled condition means without a database. Private to query/.
 *
 * While a condition is compiled, each operand gets a term beside its SQL and each comparison a test
 * beside its text: the same in memory. Both refer by number to what else the program holds, 0 being
 * nothing: whatever touches a nothing becomes one, so a condition that needs another table ends as
 * the test 0, and only SQL can answer it.
 *
 * Invariant: for every row, a test that is evaluated without `cannot` is true exactly where the SQL
 * beside it is. Values are the engine's: storage classes and affinities as SQLite has them, whose
 * SQL this is the meaning of.
 */
#ifndef REEVE_QUERY_EVAL_H
#define REEVE_QUERY_EVAL_H

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "db/dialect.h"

#include <stdbool.h>
#include <stddef.h>

/* --- the program ----------------------------------------------------------------------------- */

/* In the order in which they count for a comparison. */
enum eval_affinity { AFFINITY_NONE, AFFINITY_BLOB, AFFINITY_TEXT, AFFINITY_NUMERIC };

enum eval_term_kind {
    TERM_NULL,
    TERM_EMPTY,  /* '' */
    TERM_NUMBER, /* `at` itself */
    TERM_PARAM,  /* parameter at + 1 */
    TERM_CELL,   /* field `at` */
    TERM_JSON,   /* `path` in field `at` */
    TERM_LENGTH, /* how many items field `at` holds */
    TERM_ITEM,   /* of list `at`: the joined one */
    TERM_SIDE,   /* the value that an all-match looks at; `at`: 0 left, 1 right */
    TERM_LOWER,  /* of args[0] */
    TERM_TEST,   /* test `at` as a number */
    TERM_DISTANCE,
};

struct eval_term {
    enum eval_term_kind kind;
    enum eval_affinity affinity;
    unsigned at;
    unsigned args[4]; /* terms */
    struct str path;
};

/* Numbers of terms that every program has. */
enum { EVAL_NULL = 1, EVAL_EMPTY, EVAL_ZERO, EVAL_ONE, EVAL_LEFT, EVAL_RIGHT, EVAL_FIXED_TERMS };

enum eval_test_kind { TEST_TERM, TEST_AND, TEST_OR, TEST_COMPARE };

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

struct eval_test {
    enum eval_test_kind kind;
    unsigned left, right; /* terms; tests of AND and OR; `left` alone is TEST_TERM's */
    enum eval_compare compare;
    bool around;       /* the pattern is '%' || right || '%' */
    bool coalesce;     /* both sides with '' for NULL */
    bool or_null;      /* OR right IS NULL */
    bool and_not_null; /* AND right IS NOT NULL */
    unsigned all;      /* what every value satisfies too: a test with EVAL_LEFT and EVAL_RIGHT */
    unsigned lists[2]; /* whose items these are, + 1 */
    unsigned guard;    /* a term that must be 1 */
};

enum { EVAL_TRUE = 1, EVAL_FIXED_TESTS };

/* Items of a field or of a parameter, joined to the row. */
struct eval_list {
    bool is_param;
    unsigned at;
};

struct query_program {
    const struct db_dialect *dialect;
    const struct eval_term *terms;
    const struct eval_test *tests;
    const struct eval_list *lists;
    unsigned n_terms, n_tests, n_lists;
    unsigned root; /* a test; 0: only SQL can answer */
};

/* --- values (eval_value.c) ------------------------------------------------------------------- */

enum eval_truth { EVAL_NO, EVAL_YES, EVAL_UNKNOWN };

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
                             enum eval_affinity left_affinity, struct db_value right,
                             enum eval_affinity right_affinity);
struct db_value eval_lower(struct eval_scratch *s, struct db_value value);
struct db_value eval_distance(struct eval_scratch *s, const struct db_value args[4]);

/* strftime(format [, time [, modifier...]]), eval_time.c: a text in the arena, or NULL. n: of args,
 * 1 and more. What 'now' is, and what the time is where none is given: now_ms, since 1970. */
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
