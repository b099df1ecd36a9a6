/*
 * query/internal: how a filter becomes SQL. Shared inside query/ only.
 *
 * Invariants
 *  1. The SQL text depends on the schema, the texts of rule, filter and sort, and on the *class* of
 *     every value, never on a value. Whoever looks at the request does so through query_ask(),
 * which records the class it saw: a compiled shape serves every request that answers its probes
 * alike.
 *  2. Parameter number i + 1 is what recipe i says at bind time. Every recipe's parameter occurs in
 *     the text.
 *  3. Aliases are made by us (t0 is the base, t1 … joined tables, e1 … lists, m1 … tables of
 *     sub-selects), so they need no quoting and clash with nothing.
 */
#ifndef REEVE_QUERY_INTERNAL_H
#define REEVE_QUERY_INTERNAL_H

#include "query/query.h"

#include "base/buf.h"
#include "base/limits.h"
#include "db/dialect.h"
#include "query/ast.h"
#include "query/eval.h"
#include "query/groups.h"
#include "query/lex.h"
#include "query/tree.h"

/* --- where a rule or filter is wrong --------------------------------------------------------- */

/* query_parse(); of a text that is refused, *ret_at is where: in bytes, from 1. */
bool query_parse_at(struct arena *a, struct str text, struct query_node **ret, struct str *ret_why,
                    size_t *ret_at);
/* The cause, in `a`, with the place in words behind it: ` (line 1, column 8: "title")`. Columns are
 * code points. at: in bytes, from 1; 0: unknown, and nothing is added. */
struct str query_cause(struct arena *a, struct str why, struct str text, size_t at);

/* --- values ---------------------------------------------------------------------------------- */

enum query_class {
    CLASS_NULL, /* missing, or null */
    CLASS_EMPTY,
    CLASS_TEXT,
    CLASS_NUMBER,
    CLASS_BOOL,
    CLASS_MANY, /* more than one, or another number than 0 and 1 */
};

enum query_probe_kind {
    PROBE_VALUE, /* what stands at `path` below @request */
    PROBE_ISSET, /* CLASS_BOOL where the path's key exists, else CLASS_NULL */
    PROBE_IDS,   /* of a body relation: CLASS_NULL none, CLASS_TEXT one, CLASS_MANY a JSON array */
    PROBE_ITEMS, /* of a body list: a JSON array */
    PROBE_COUNT, /* of a body list: CLASS_BOOL for 0 and 1, else CLASS_MANY */
    PROBE_LOWER, /* of a body field: its text, '' where it is missing */
};

struct query_probe {
    enum query_probe_kind kind;
    enum query_class class; /* that the SQL was made for */
    bool as_number;         /* a text that reads as a number is one */
    bool as_json;           /* of a resolved body it is the text of its JSON */
    struct str path;        /* "query.page" */
};

struct query_answer {
    enum query_class class;
    struct db_value value;
};

void query_answer_to(struct arena *a, const struct query_request *request,
                     const struct query_probe *probe, struct query_answer *ret);

enum query_recipe_kind {
    RECIPE_CONST,   /* `text`, or `number` when text.p is NULL */
    RECIPE_LITERAL, /* number `index` of the client's filter */
    RECIPE_PROBE,   /* the answer to probe `index` */
    RECIPE_MACRO,
    RECIPE_NOW, /* the request's clock */
    RECIPE_AUTH_ID,
    RECIPE_ID,
    RECIPE_FIRST_ID,
    RECIPE_IDS,  /* a JSON array */
    RECIPE_CELL, /* of the virtual row */
    RECIPE_LIMIT,
    RECIPE_OFFSET,
    RECIPE_SEEK, /* value `index` of the place */
};

struct query_recipe {
    enum query_recipe_kind kind;
    bool like;    /* as a LIKE pattern */
    bool is_time; /* a time value, whose "now" is the request's */
    bool shared;  /* by all that ask for the same: query_shared_param() */
    unsigned index;
    double number;
    struct str text;
};

/* The values of the parameters. n answers, n literals as the recipes count them. */
void query_bind(struct arena *a, const struct query_spec *spec, const struct query_recipe *recipes,
                size_t n, const struct query_answer *answers, const struct db_value *literals,
                struct db_value *ret);

/* query-language.md 12: what `~` compares with. */
struct str query_like_pattern(struct arena *a, struct str text);

/* A macro's number, or false. */
bool query_macro_find(struct str name, unsigned *ret);
struct db_value query_macro_value(struct arena *a, unsigned macro, int64_t now_ms);
/* As dates are stored. */
struct db_value query_date_value(struct arena *a, int64_t ms);

/* A number literal as PocketBase reads it: 0 when it is beyond float64. */
double query_number(struct str digits);

/* --- the statement being made ---------------------------------------------------------------- */

/* One of the values that rows are ordered by. */
struct query_key {
    struct str sql;
    bool is_random;  /* the SQL is an order by itself */
    bool is_guarded; /* not everybody may see its values */
    bool descending;
    bool is_never_null;
    bool multiplies; /* a row may have several values of it */
    const struct schema_field
        *field; /* whose column it is, as it is stored; NULL: something else */
};

/* A list of tests, beside each other. */
struct query_tests {
    unsigned first, last; /* 0: none */
    size_t n;
};

struct query_make {
    struct arena *a;
    const struct query_spec *spec;
    const struct db_dialect *dialect;
    struct buf tmp; /* for query_take(): a stack of texts */
    struct query_tree tree;
    bool joins_only; /* it stays as it is resolved */
    VEC(struct query_probe) probes;
    VEC(struct query_answer) answers; /* one a probe */
    VEC(struct query_recipe) recipes;
    struct query_tests visible; /* list rules of joined collections */
    uint64_t pinned;            /* hops whose rows are in the order of the rows, or in groups */
    uint64_t joined;            /* hops that the statement joins */
    bool multiplies;            /* so that it may give several rows for one */
    VEC(struct str) conditions; /* besides the tree */
    VEC(struct query_key) keys; /* of the order */
    bool is_indexed;            /* the rows can be had in that order */
    bool *cells;                /* fields of the virtual row that are used; NULL: no virtual row */
    unsigned n_aliases;
    unsigned n_spaces;
    const struct query_grouping *grouping; /* NULL: it is about rows */
    VEC(struct query_column) columns;      /* of groups */
    /* what is resolved right now: for query_place() */
    const struct query_operand *operand;
    size_t tail; /* bytes of its text from the segment on that is being walked; 0: all */
    /* set when a function returns false, or 0 */
    struct str why;
    struct str told; /* p not NULL: the message for the client */
    struct str text; /* the rule or filter that it is about */
    size_t at;       /* where in it, in bytes, from 1; 0: unknown */
};

/* One rule, filter or sort being resolved, and what it may see. */
struct query_scope {
    const struct schema_col *col;
    unsigned hop;   /* of the row that its paths begin at */
    unsigned space; /* hops are shared inside a space only */
    bool guarded;   /* a client's: section 14 applies */
    unsigned left;  /* comparisons still allowed */
};

/* Text appended to make->tmp behind `mark` becomes a text of its own. */
struct str query_take(struct query_make *make, size_t mark);
/* Returns false, which is also no operand, test or hop. */
PRINTF(2, 3)
bool query_fail(struct query_make *make, const char *format, ...);
/* Where in its text that is which is resolved right now, in bytes from 1; 0: unknown. */
size_t query_place(const struct query_make *make);
/* What fails begins there, unless a place inside of it is known already. */
void query_point(struct query_make *make, size_t place);
/* query_fail(), at byte `at` of the text. */
PRINTF(3, 4)
bool query_fail_at(struct query_make *make, size_t at, const char *format, ...);
/* A new alias: letter and number. */
struct str query_alias(struct query_make *make, char letter);
/* A parameter's number. */
unsigned query_param(struct query_make *make, struct query_recipe recipe);
/* The same number for the same recipe, which may be spelt more often than once: joins, the clock.
 */
unsigned query_shared_param(struct query_make *make, struct query_recipe recipe);
/* Asks the request and remembers the answer's class. Returns the probe's number. */
unsigned query_ask(struct query_make *make, struct query_probe probe);
const struct query_answer *query_answer_of(const struct query_make *make, unsigned probe);
/* Several rows may have the same id: it is a view. */
bool query_may_repeat(const struct query_make *make, const struct schema_col *col);

unsigned query_test_add(struct query_make *make, struct tree_test test);
void query_tests_put(struct query_make *make, struct query_tests *tests, unsigned test);
/* One test of them all, which is itself where it is alone; 0: there are none. */
unsigned query_tests_join(struct query_make *make, enum tree_test_kind kind,
                          const struct query_tests *tests);

/* --- resolving ------------------------------------------------------------------------------- */

/* All of these give the number of a hop, an operand or a test; 0: make->why. */

/* Begins the tree, with the base row. */
void query_hops_begin(struct query_make *make, const struct schema_col *col, struct str alias);
/* The scope's hop of that kind and name from that row: it is shared, or new. */
unsigned query_hop_add(struct query_make *make, const struct query_scope *scope,
                       struct tree_hop hop);

unsigned query_operand_add(struct query_make *make, struct tree_operand operand);
unsigned query_operand_null(struct query_make *make);
unsigned query_operand_call(struct query_make *make, struct tree_operand operand,
                            const unsigned *args, size_t n);
unsigned query_operand_lower(struct query_make *make, unsigned of);
/* A value that comes with the question: a parameter, or '' written out. */
unsigned query_operand_given(struct query_make *make, enum query_class class,
                             struct query_recipe recipe);

/* An identifier, macro, literal or call of a text. */
unsigned query_resolve(struct query_make *make, const struct query_scope *scope,
                       const struct query_operand *operand);
/* An identifier of section 5. */
unsigned query_name(struct query_make *make, const struct query_scope *scope, struct str name);
/* A whole rule or filter. */
unsigned query_condition(struct query_make *make, struct query_scope *scope,
                         const struct query_node *root);
/* Adds the list rules of collections that a client's paths have led to since. */
bool query_check_hops(struct query_make *make);

/* A function by its name. NULL: there is none, or it takes no such arguments. */
struct call;
const struct call *query_call_find(struct query_make *make, const struct query_operand *operand);
/* Argument i is what is wrong. */
bool query_call_fail(struct query_make *make, const struct call *call, size_t i);
unsigned query_call_add(struct query_make *make, const struct call *call, const unsigned *args,
                        size_t n);

struct query_walk {
    struct query_make *make;
    const struct query_scope *scope;
    struct str rest; /* segments still to come */
    unsigned hop;    /* where it has come to */
    const struct schema_col *col;
    unsigned found; /* an operand */
    bool nullify;   /* what is missing is NULL and no error */
    bool ended;     /* it was missing */
    unsigned depth; /* segments walked */
};

enum query_modifier {
    MODIFIER_NONE,
    MODIFIER_ISSET,
    MODIFIER_LENGTH,
    MODIFIER_EACH,
    MODIFIER_LOWER,
    MODIFIER_CHANGED,
};

/* "name:modifier". False: unknown modifier. More than one ':' belong to the name. */
bool query_split(struct query_make *make, struct str segment, struct str *ret_name,
                 enum query_modifier *ret);
void query_walk_begin(struct query_walk *walk, struct query_make *make,
                      const struct query_scope *scope, struct str rest);
/* The walk goes on there. */
bool query_walk_hop(struct query_walk *walk, struct tree_hop hop);
/* Follows `rest` to its value: an operand. */
unsigned query_walk_path(struct query_walk *walk);
/* The same in a collection that is_plain. */
unsigned query_walk_plain(struct query_walk *walk);

/* Adds the keys of a sort. */
bool query_sort(struct query_make *make, const struct query_scope *scope, struct str sort);

/* --- rewriting ------------------------------------------------------------------------------- */

/* Makes the tree cheaper to ask; it finds the same rows. False: it is deeper now than engines take,
 * and of no use. */
bool query_rewrite(struct query_make *make);

/* --- spelling -------------------------------------------------------------------------------- */

#define SQL_VIRTUAL_TABLE "new_row"

/* Rows at hand that the statement does not join: those of a sub-select. */
struct sql_frame {
    const struct sql_frame *outer; /* NULL: the statement's */
    bool is_closed;                /* rows of the outer ones may not be asked */
    size_t n;
    unsigned char hops[LIMIT_QUERY_JOINS + 1];
    struct str aliases[LIMIT_QUERY_JOINS + 1];
};

/* frame: NULL: the statement's. */
struct str sql_alias(const struct query_make *make, const struct sql_frame *frame, unsigned hop);
/* Under a new alias. */
void sql_frame_add(struct query_make *make, struct sql_frame *frame, unsigned hop);
struct str sql_ident(struct query_make *make, struct str name);
struct str sql_param(struct query_make *make, unsigned param);
/* A new parameter. */
struct str sql_given(struct query_make *make, struct query_recipe recipe);
/* A field of the hop's record, and its id. */
struct str sql_column(struct query_make *make, const struct sql_frame *frame, unsigned hop,
                      const struct schema_field *field);
struct str sql_id(struct query_make *make, const struct sql_frame *frame, unsigned hop);
/* The id that a HOP_RELATION follows. */
struct str sql_related(struct query_make *make, const struct sql_frame *frame, unsigned hop);
/* The hop's collection, as FROM names it. */
struct str sql_table(struct query_make *make, unsigned hop);
/* " LEFT JOIN …" */
struct str sql_join(struct query_make *make, const struct sql_frame *frame, unsigned hop);
struct str sql_operand(struct query_make *make, const struct sql_frame *frame, unsigned operand);

/* One side of a comparison. */
struct sql_side {
    struct str sql;
    struct str empty; /* of a call that counts as '': the parameter that is; p NULL: none */
    struct tree_facts facts;
    bool is_empty; /* '' as it is written */
};
struct sql_side sql_side_of(struct query_make *make, const struct sql_frame *frame,
                            unsigned operand);
struct str sql_compare(struct query_make *make, enum query_op op, const struct sql_side *left,
                       const struct sql_side *right);
struct str sql_test(struct query_make *make, const struct sql_frame *frame, unsigned test);

/* Appends the terms of ORDER BY: the keys, or, where `from` is above 0, the numbers of the columns
 * that they stand in from there on. */
void query_write_order(struct query_make *make, bool backward, size_t from);

/* --- places in an order (seek.c) ------------------------------------------------------------- */

/* Behind the sort's keys the one that makes each row's place its own; where an index goes on with
 * others, those before it. Where a row has several values of a key it is the least of them, or the
 * greatest in a descending order: *ret_grouped. */
bool query_seek_keys(struct query_make *make, const struct query_scope *scope, bool *ret_grouped);
/* Whether a row is at the place or behind it. In one condition; or in two, for as many statements:
 * rows that have the place's first value, of which there may be so many that they are not to be
 * looked through, and those that come behind them. Neither: all rows are. */
struct query_seek_conditions {
    struct str all;
    struct str same, behind;
};
void query_seek_conditions(struct query_make *make, bool grouped,
                           struct query_seek_conditions *ret);

/* --- groups ---------------------------------------------------------------------------------- */

/* Resolves the names of the spec's groups: joins, conditions, make->grouping and make->columns. */
bool query_grouping_add(struct query_make *make, const struct query_scope *base);
/* What stands before the statement's " FROM …", and behind its conditions. */
void query_grouping_open(struct query_make *make);
void query_grouping_close(struct query_make *make);

/* --- the cache ------------------------------------------------------------------------------- */

struct query_shape_key {
    uint64_t generation;
    const void *schema, *dialect;
    unsigned col, auth_col, ref_field;
    unsigned want, flags;
    int64_t limit; /* where it is a part of the text; else -1 */
    uint64_t seek;
    struct str rule, filter, sort; /* filter: its shape, see query_shape() */
    struct str groups;             /* their text */
};

struct query_shape {
    struct str text;
    const struct query_probe *probes;
    unsigned n_probes;
    const struct query_recipe *recipes;
    unsigned n_recipes;
    struct query_program program;
    const struct query_column *columns; /* of groups */
    unsigned n_columns;
};

/* The filter with classes in place of literals; the literals are numbered and listed. */
struct query_literals {
    VEC(struct db_value) values;
};
struct str query_filter_shape(struct arena *a, struct query_node *root, struct query_literals *ret);

/* The calling thread's shape for that key whose probes the request answers alike, or NULL; the
 * answers are in `a`. */
const struct query_shape *query_cache_find(struct arena *a, const struct query_shape_key *key,
                                           const struct query_request *request,
                                           struct query_answer **ret_answers);
/* Keeps a copy. */
void query_cache_put(const struct query_shape_key *key, const struct query_shape *shape);

/* The limit as it is written: -1: by a parameter. */
int64_t query_limit_text(const struct query_spec *spec);
/* Compiles, past the cache. */
bool query_make_sql(struct query_make *make, const struct query_node *filter, struct str *ret_text);

#endif
