/*
 * query/tree: a condition with its names resolved. Private to query/.
 *
 * Between a parsed text and the statement stands a tree: tables that its paths lead to (hops), what
 * is compared (operands) and how (tests). Names are resolved into it once; what is made of it then
 * (rewrite.c), how it is spelt (sql_*.c) and what it means in memory (eval.c) is read from it
 * alone.
 *
 * Everything refers to everything else by number, so a tree is copied as it lies. Number 0 is the
 * base row among hops, and nothing among operands and tests.
 */
#ifndef REEVE_QUERY_TREE_H
#define REEVE_QUERY_TREE_H

#include "base/arena.h"
#include "base/str.h"
#include "query/ast.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- hops ------------------------------------------------------------------------------------ */

enum tree_hop_kind {
    HOP_BASE,       /* the row that is asked about */
    HOP_ITEMS,      /* J(field) of the row it comes from: rows with a `value` */
    HOP_RELATION,   /* the record whose id stands in that row's field, or is that item */
    HOP_BACK,       /* records whose field holds that row's id */
    HOP_ALL,        /* every record of the collection */
    HOP_CALLER,     /* the record of who asks */
    HOP_ID,         /* the record with the id that a probe answers */
    HOP_IDS,        /* those whose ids are in the JSON array that it answers */
    HOP_GIVEN_ITEMS /* of a parameter's JSON array: rows with a `value` */
};

/* A table joined to the row that it is reached from. It always gives a row, if need be of NULLs. */
struct tree_hop {
    enum tree_hop_kind kind;
    unsigned from;   /* a hop with a lower number */
    unsigned root;   /* the row of the rule or filter whose path it is of */
    unsigned space;  /* the same hop is shared inside of one only */
    struct str name; /* tells it from others of its kind from the same row */
    struct str alias;
    const struct schema_col *col;     /* NULL: items */
    const struct schema_field *field; /* of ITEMS, RELATION and BACK */
    unsigned cell;                    /* of ITEMS: the field's number */
    unsigned given;                   /* the probe of ID and IDS; the parameter of GIVEN_ITEMS */
    bool is_many;                     /* all of its values have to match: query-language.md 13.3 */
    bool multiplies;                  /* it may give several rows for one */
    bool is_guarded; /* a client's path leads here, so its collection's list rule counts */
    bool is_checked; /* and is among the conditions */
    size_t at;       /* where that path does so, in bytes from 1; 0: unknown */
};

/* --- operands -------------------------------------------------------------------------------- */

enum tree_kind {
    TREE_NULL,
    TREE_EMPTY,    /* '' */
    TREE_NUMBER,   /* `at` itself: 0 or 1 */
    TREE_TRUTH,    /* FALSE or TRUE: `at` */
    TREE_PARAM,    /* number `at` */
    TREE_COLUMN,   /* field `at` of the hop's record */
    TREE_JSON,     /* what stands at `path` in it */
    TREE_LENGTH,   /* how many items it holds */
    TREE_ITEM,     /* the hop's value */
    TREE_LOWER,    /* of the argument */
    TREE_CHANGED,  /* whether the 1st argument is TRUE and the others differ */
    TREE_DISTANCE, /* geoDistance(): four arguments */
    TREE_TIME,     /* strftime() */
};

enum query_null_mode { NULL_AUTO, NULL_OFF, NULL_FORCED };

/* Whether a value is a number: what sums ask. Of JSON every row may say something else. */
enum query_number { NUMBER_NEVER, NUMBER_SOMETIMES, NUMBER_ALWAYS };

/* In the order in which they count for a comparison. */
enum tree_affinity { AFFINITY_NONE, AFFINITY_BLOB, AFFINITY_TEXT, AFFINITY_NUMERIC };

/* What a comparison asks of its operands (query-language.md 11). */
struct tree_facts {
    enum query_null_mode mode;
    unsigned n_params; /* values that are given with the question */
    bool is_null;
    bool is_const;  /* 1, 0, TRUE or FALSE */
    bool is_truth;  /* TRUE or FALSE: `x IS NOT` it asks for truth */
    bool is_empty;  /* its one parameter is '' */
    bool has_empty; /* one of them is */
};

struct tree_operand {
    enum tree_kind kind;
    struct tree_facts facts;
    enum query_number number;
    enum tree_affinity affinity; /* of a stored row's column */
    unsigned hop, root;          /* whose value it is; the row of the rule or filter it is of */
    unsigned at;
    const struct schema_field *field;
    struct str path;       /* ".a[0]" */
    unsigned args, n_args; /* operands: the tree's arguments from there on */
    unsigned guard;        /* an operand that must be TRUE too: section 13.5; 0: none */
    bool is_never_null;    /* as far as the schema tells */
    bool is_only_sql;      /* in memory it is not to be had */
};

/* --- tests ----------------------------------------------------------------------------------- */

enum tree_test_kind {
    TEST_COMPARE,
    TEST_AND, /* of the tests from `first` on */
    TEST_OR,
    TEST_VISIBLE, /* the hop's record is none, or satisfies `first` */
    TEST_SOME,    /* some of the rows that `hops` give satisfies `first`: rewrite.c */
    TEST_SEMI, /* the record of hop `hop` satisfies `first`, which asks nothing but that record */
};

struct tree_test {
    enum tree_test_kind kind;
    enum query_op op;
    bool any;             /* of many values one is enough */
    unsigned left, right; /* operands */
    unsigned first, next; /* tests: of those below, of those beside; 0: none */
    unsigned hop;
    uint64_t hops; /* a bit each */
    /* rewrite.c's: the hops that are asked about, and those from the base that lead there; bit 0 of
     * the latter: the base itself is asked */
    uint64_t asked, firsts;
};

/* --- trees ----------------------------------------------------------------------------------- */

struct query_tree {
    VEC(struct tree_hop) hops;
    VEC(struct tree_operand) operands;
    VEC(unsigned) args;
    VEC(struct tree_test) tests;
    unsigned root; /* a test: of everything that has been added; 0: anything is right */
};

/* Which value of an operand there may be many of, for section 13.3: the operand itself, or the
 * argument that is the reason; 0: it has one. */
unsigned tree_many(const struct query_tree *tree, unsigned operand);
/* Sets of hops, a bit each; the base is in none. A hop alone: */
static inline uint64_t tree_bit(unsigned hop)
{
    return UINT64_C(1) << hop;
}
/* With those on the way to it: */
uint64_t tree_chain(const struct query_tree *tree, unsigned hop);
/* What an operand asks about. */
uint64_t tree_operand_hops(const struct query_tree *tree, unsigned operand);
/* What has to be joined around a test: what has a sub-select of its own joins there. */
uint64_t tree_test_joins(const struct query_tree *tree, unsigned test);
/* Whether one of them may give several rows for one. */
bool tree_multiplies(const struct query_tree *tree, uint64_t hops);
/* The operand is the same for every row. */
bool tree_is_constant(const struct query_tree *tree, unsigned operand);
/* It is a column, or made of one alone: what rows can be ordered by. */
bool tree_is_of_row(const struct query_tree *tree, unsigned operand);

/* How two values are compared for equality (query-language.md 11). */
enum tree_equal {
    EQUAL_AS_IS,      /* NULLs equal each other */
    EQUAL_PLAIN,      /* what is nothing is '' */
    EQUAL_LEFT_EMPTY, /* the other is '' or NULL */
    EQUAL_RIGHT_EMPTY,
    EQUAL_COALESCED, /* NULL is '' */
};
enum tree_equal tree_equal_form(const struct tree_facts *left, const struct tree_facts *right);
bool tree_is_empty(const struct tree_facts *facts);
/* A value among many, as an all-match looks at it; and what stands opposite of it. */
struct tree_facts tree_facts_of_many(const struct tree_facts *facts);
struct tree_facts tree_facts_opposite(const struct tree_facts *facts);

#endif
