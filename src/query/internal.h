/*
 * query/internal: how a filter becomes SQL. Shared inside query/ only.
 *
 * Invariants
 *  1. The SQL text depends on the schema, the texts of rule, filter and sort, and on the *class* of
 *     every value, never on a value. Whoever looks at the request does so through query_probe(),
 * which records the class it saw: a compiled shape serves every request that answers its probes
 * alike.
 *  2. Parameter number i + 1 is what recipe i says at bind time. Every recipe's parameter occurs in
 *     the text.
 *  3. Aliases are made by us (t0 is the base, t1 … joined tables, e1 … lists, m1 … the copies
 * inside a multi-match sub-select), so they need no quoting and clash with nothing.
 */
#ifndef REEVE_QUERY_INTERNAL_H
#define REEVE_QUERY_INTERNAL_H

#include "query/query.h"

#include "base/buf.h"
#include "db/dialect.h"
#include "query/ast.h"
#include "query/eval.h"
#include "query/groups.h"
#include "query/lex.h"

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

void query_answer(struct arena *a, const struct query_request *request,
                  const struct query_probe *probe, struct query_answer *ret);

enum query_recipe_kind {
    RECIPE_CONST,   /* `text`, or `number` when text.p is NULL */
    RECIPE_LITERAL, /* number `index` of the client's filter */
    RECIPE_PROBE,   /* the answer to probe `index` */
    RECIPE_MACRO,
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
    bool of_join; /* of a table that an operand joins, not of the operand */
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

/* A number literal as PocketBase reads it: 0 when it is beyond float64. */
double query_number(struct str digits);

/* --- the statement being made ---------------------------------------------------------------- */

struct query_join {
    struct str key;   /* path-derived: the same path is joined once */
    struct str alias; /* ours */
    struct str text;  /* " LEFT JOIN …" */
    bool checked;     /* its collection's list rule is among the conditions */
};

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

struct query_make {
    struct arena *a;
    const struct query_spec *spec;
    const struct db_dialect *dialect;
    struct buf tmp; /* for query_take(): a stack of texts */
    VEC(struct query_probe) probes;
    VEC(struct query_answer) answers; /* one a probe */
    VEC(struct query_recipe) recipes;
    VEC(struct query_join) joins;
    VEC(struct str) conditions; /* list rules of joined collections */
    VEC(struct query_key) keys; /* of the order */
    bool is_indexed;            /* the rows can be had in that order */
    bool *cells;                /* fields of the virtual row that are used; NULL: no virtual row */
    unsigned n_aliases;
    unsigned n_scopes;
    bool multiplies; /* a join may give several rows for one base row */
    bool inlines;    /* all values of a path are those of the row at hand: see query_alone() */
    bool evaluates;  /* terms and tests are wanted: see query/eval.h */
    VEC(struct eval_term) terms;
    VEC(struct eval_test) tests;
    VEC(struct eval_list) lists;
    unsigned test;                         /* of the condition made last */
    unsigned root;                         /* of all conditions so far */
    const struct query_grouping *grouping; /* NULL: it is about rows */
    VEC(struct query_column) columns;      /* of groups */
    /* set when a function returns false */
    struct str why;
    struct str told; /* p not NULL: the message for the client */
    struct str text; /* the rule or filter that it is about */
    size_t at;       /* where in it, in bytes, from 1; 0: unknown */
    size_t tail;     /* what is wrong begins as many bytes before its operand's end; 0: unknown */
};

/* One rule, filter or sort being compiled, and what it may see. */
struct query_scope {
    const struct schema_col *col;
    struct str alias; /* of the base row */
    struct str table; /* the base as FROM names it */
    bool is_virtual;
    bool guarded;   /* a client's: section 14 applies */
    unsigned space; /* joins are shared inside a space only */
    unsigned left;  /* comparisons still allowed */
    unsigned depth; /* hops that led to `col` and count against the limit of each path */
};

/* Text appended to make->tmp behind `mark` becomes a text of its own. */
struct str query_take(struct query_make *make, size_t mark);
PRINTF(2, 3)
bool query_fail(struct query_make *make, const char *format, ...);
/* What fails begins at byte `at` of the text, unless a place inside of it is known already. */
void query_point(struct query_make *make, size_t at);
/* Both. */
PRINTF(3, 4)
bool query_fail_at(struct query_make *make, size_t at, const char *format, ...);
/* A new alias: letter and number. */
struct str query_alias(struct query_make *make, char letter);
/* "alias"."name", quoted; a virtual row's cell is marked as used. */
struct str query_column(struct query_make *make, const struct query_scope *scope, struct str alias,
                        const struct schema_field *field);
struct str query_id_column(struct query_make *make, const struct query_scope *scope,
                           struct str alias, const struct schema_col *col);
struct str query_ident(struct query_make *make, struct str name);
/* A recipe, and the text of its placeholder. */
struct str query_param(struct query_make *make, struct query_recipe recipe);
/* The number of the parameter for a joined table; the same recipe gives the same. */
unsigned query_join_param(struct query_make *make, struct query_recipe recipe);
/* Asks the request and remembers the answer's class. Returns the probe's number. */
unsigned query_probe(struct query_make *make, struct query_probe probe);
const struct query_answer *query_answer_of(const struct query_make *make, unsigned probe);

/* --- operands -------------------------------------------------------------------------------- */

enum query_null_mode { NULL_AUTO, NULL_OFF, NULL_FORCED };

/* Whether a value is a number: what sums ask. Of JSON every row may say something else. */
enum query_number { NUMBER_NEVER, NUMBER_SOMETIMES, NUMBER_ALWAYS };

struct query_value {
    struct str sql;
    enum query_null_mode mode;
    unsigned n_params;
    bool is_null;                    /* the SQL is NULL */
    bool is_const;                   /* the SQL is 1, 0, TRUE or FALSE */
    bool is_truth;                   /* it is TRUE or FALSE: `x IS NOT` it asks for truth */
    bool is_empty;                   /* it has one parameter, which is ''; the SQL is '' */
    bool has_empty;                  /* one of its parameters is '' */
    bool is_never_null;              /* as far as the schema tells */
    struct str empty_sql;            /* is_empty: how that parameter is written */
    unsigned recipe_from, recipe_to; /* its own parameters are among these */
    struct str many;  /* p not NULL: the select of all its values for the base row, as `v` */
    struct str guard; /* p not NULL: the alias whose e-mail must be visible */
    /* what it comes from: NULL where that is no column of a collection */
    const struct schema_col *col;
    const struct schema_field *field;
    struct str cell; /* p not NULL: the field's column, untouched */
    enum query_number number;
    /* in memory; 0: not to be had */
    unsigned term, guard_term;
    unsigned list; /* of all its values, + 1 */
};

struct query_value query_null(void);
/* A parameter, or '' written out. */
struct query_value query_from_class(struct query_make *make, enum query_class class,
                                    struct query_recipe recipe);
/* An identifier, macro, literal or call. False: make->why. */
bool query_operand(struct query_make *make, struct query_scope *scope,
                   const struct query_operand *operand, struct query_value *ret);
/* A literal as parameter, also when it is empty. */
struct str query_literal_param(struct query_make *make, const struct query_operand *operand);
bool query_call(struct query_make *make, struct query_scope *scope,
                const struct query_operand *operand, struct query_value *ret);
/* An identifier of section 5. */
bool query_resolve(struct query_make *make, struct query_scope *scope, struct str name,
                   struct query_value *ret);
struct str query_compare(struct query_make *make, enum query_op op, bool any,
                         const struct query_value *left, const struct query_value *right);

/* --- in memory (eval_make.c) ----------------------------------------------------------------- */

void query_program_begin(struct query_make *make);
struct query_program query_program_of(const struct query_make *make);
/* All of these give 0 where there is nothing to be had. */
unsigned query_term(struct query_make *make, struct eval_term term);
/* The recipe added last. */
unsigned query_term_param(struct query_make *make);
/* TERM_CELL, TERM_JSON or TERM_LENGTH of the scope's own row, which `alias` has to be. */
unsigned query_term_field(struct query_make *make, const struct query_scope *scope,
                          struct str alias, enum eval_term_kind kind,
                          const struct schema_field *field, struct str path);
/* Gives the value the items of a list, which are all its values if it has a `many`. */
void query_term_items(struct query_make *make, struct eval_list list, struct query_value *value);
unsigned query_test_term(struct query_make *make, unsigned term);
unsigned query_test_join(struct query_make *make, bool is_or, unsigned left, unsigned right);
unsigned query_test_compare(struct query_make *make, enum query_op op, bool any,
                            const struct query_value *left, const struct query_value *right);

/* How two values are compared for equality (query-language.md 11). */
enum query_equal {
    EQUAL_AS_IS,      /* NULLs equal each other */
    EQUAL_PLAIN,      /* what is nothing is '' */
    EQUAL_LEFT_EMPTY, /* the other is '' or NULL */
    EQUAL_RIGHT_EMPTY,
    EQUAL_COALESCED, /* NULL is '' */
};
enum query_equal query_equal_form(const struct query_value *left, const struct query_value *right);
bool query_is_empty(const struct query_value *value);

/* --- paths ----------------------------------------------------------------------------------- */

struct query_walk {
    struct query_make *make;
    struct query_scope *scope;
    struct str rest; /* segments still to come */
    const struct schema_col *col;
    struct str alias;
    /* the same walk inside a multi-match sub-select */
    struct str many_base, many_alias;
    struct str many_joins;
    bool in_many; /* the sub-select's text is being written */
    bool is_many;
    const struct schema_col *next; /* what a join's condition leads to */
    struct str many_table; /* the sub-select's alias of what query_walk_table() joined last */
    bool nullify;          /* what is missing is NULL and no error */
    bool ended;            /* it was missing */
    unsigned depth;        /* segments walked */
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
void query_walk_begin(struct query_walk *walk, struct query_make *make, struct query_scope *scope,
                      struct str rest);
/* Follows `rest` to its value. */
bool query_walk_path(struct query_walk *walk, struct query_value *ret);
/* A collection to join. */
struct query_hop_join {
    struct str key; /* the same key is the same join */
    const struct schema_col *target;
    /* Appends the condition for rows of `alias`, coming from those of `from`. Called for the
     * statement's aliases and for the sub-select's. */
    void (*condition)(struct query_walk *walk, struct str from, struct str alias, const void *user);
    const void *user;
};
/* The walk goes on in the joined collection. */
bool query_walk_join(struct query_walk *walk, const struct query_hop_join *hop);
/* Joins a table expression with a column `value`; returns its alias. The walk stays where it is. */
typedef void query_table_fn(struct query_walk *walk, struct str from, struct str alias,
                            const void *user);
struct str query_walk_table(struct query_walk *walk, struct str key, query_table_fn *write,
                            const void *user);
/* The value `sql` at the walk's end, and `many_sql` for the sub-select. */
void query_walk_end(struct query_walk *walk, struct str sql, struct str many_sql,
                    struct query_value *ret);

/* A comparison that can do without the statement's joins (semi.c). True: *ret is its text; false:
 * it has to be made the common way, nothing has changed. */
bool query_alone(struct query_make *make, struct query_scope *scope, const struct query_node *node,
                 struct str *ret);
/* Every value that one operand has for the row at hand satisfies the comparison, by a query of its
 * own: of a path compiled with make->inlines. */
struct str query_compare_each(struct query_make *make, enum query_op op,
                              const struct query_value *left, const struct query_value *right);

/* A whole rule or filter as one condition. */
bool query_condition(struct query_make *make, struct query_scope *scope,
                     const struct query_node *root, struct str *ret);
/* Adds the keys of a sort. */
bool query_sort(struct query_make *make, struct query_scope *scope, struct str sort);
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
void query_grouping_open(struct query_make *make, const struct query_scope *base);
void query_grouping_close(struct query_make *make);

/* --- the cache ------------------------------------------------------------------------------- */

struct query_shape_key {
    uint64_t generation;
    const void *schema, *dialect;
    unsigned col, auth_col, ref_field;
    unsigned want, flags;
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

/* Compiles, past the cache. */
bool query_make_sql(struct query_make *make, const struct query_node *filter, struct str *ret_text);

#endif
