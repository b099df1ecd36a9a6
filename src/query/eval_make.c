/*
 * The terms and tests of a condition, made while its SQL is made: see query/eval.h.
 */
#include "query/internal.h"

void query_program_begin(struct query_make *make)
{
    static const struct eval_term fixed[EVAL_FIXED_TERMS] = {
        [EVAL_NULL] = {.kind = TERM_NULL},
        [EVAL_EMPTY] = {.kind = TERM_EMPTY},
        [EVAL_ZERO] = {.kind = TERM_NUMBER, .at = 0},
        [EVAL_ONE] = {.kind = TERM_NUMBER, .at = 1},
        [EVAL_LEFT] = {.kind = TERM_SIDE, .affinity = AFFINITY_BLOB, .at = 0},
        [EVAL_RIGHT] = {.kind = TERM_SIDE, .affinity = AFFINITY_BLOB, .at = 1},
    };

    make->evaluates = true;
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        *VEC_PUSH(make->a, &make->terms) = fixed[i];
    *VEC_PUSH(make->a, &make->tests) = (struct eval_test){.kind = TEST_TERM};
    *VEC_PUSH(make->a, &make->tests) = (struct eval_test){.kind = TEST_TERM, .left = EVAL_ONE};
    make->root = EVAL_TRUE;
}

struct query_program query_program_of(const struct query_make *make)
{
    if (make->root == 0)
        return (struct query_program){.root = 0};
    return (struct query_program){
        .dialect = make->dialect,
        .terms = make->terms.items,
        .tests = make->tests.items,
        .lists = make->lists.items,
        .n_terms = (unsigned)make->terms.n,
        .n_tests = (unsigned)make->tests.n,
        .n_lists = (unsigned)make->lists.n,
        .root = make->root,
    };
}

/* --- terms ----------------------------------------------------------------------------------- */

static bool is_whole(const struct eval_term *term)
{
    size_t n_args = term->kind == TERM_DISTANCE ? 4 : term->kind == TERM_LOWER ? 1 : 0;

    for (size_t i = 0; i < n_args; i++)
        if (term->args[i] == 0)
            return false;
    return term->kind != TERM_TEST || term->at != 0;
}

unsigned query_term(struct query_make *make, struct eval_term term)
{
    if (!make->evaluates || !is_whole(&term))
        return 0;
    *VEC_PUSH(make->a, &make->terms) = term;
    return (unsigned)make->terms.n - 1;
}

unsigned query_term_param(struct query_make *make)
{
    return query_term(make,
                      (struct eval_term){.kind = TERM_PARAM, .at = (unsigned)make->recipes.n - 1});
}

/* Of a stored row; a row that is not stored has parameters for columns. */
static enum eval_affinity column_affinity(const struct schema_field *field)
{
    enum db_col_type type = field->multiple ? field->type->column_multiple : field->type->column;

    return type == DB_COL_ID || type == DB_COL_TEXT ? AFFINITY_TEXT : AFFINITY_NUMERIC;
}

/* What a JSON path must be made of: the engine refuses an empty name, and has an own idea of huge
 * numbers. */
static bool is_plain_path(struct str path)
{
    size_t n = 0; /* bytes of the segment */

    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if (i > 0 && (c == '.' || c == '[') && path.p[i - 1] == '.')
            return false;
        n = c == '.' || c == '[' ? 0 : n + 1;
        if (n > 9 && c >= '0' && c <= '9')
            return false;
    }
    return path.n == 0 || path.p[path.n - 1] != '.';
}

unsigned query_term_field(struct query_make *make, const struct query_scope *scope,
                          struct str alias, enum eval_term_kind kind,
                          const struct schema_field *field, struct str path)
{
    struct eval_term term = {.kind = kind, .at = field->at, .path = path};

    /* the affinities of a view's columns are those of its query's expressions */
    if (scope->space > 0 || !str_eq(alias, scope->alias) || scope->col->type == SCHEMA_VIEW ||
        !is_plain_path(path))
        return 0;
    if (kind == TERM_CELL && !scope->is_virtual)
        term.affinity = column_affinity(field);
    return query_term(make, term);
}

void query_term_items(struct query_make *make, struct eval_list list, struct query_value *value)
{
    size_t at = 0;

    while (at < make->lists.n &&
           (make->lists.items[at].is_param != list.is_param || make->lists.items[at].at != list.at))
        at++;
    if (at == make->lists.n)
        *VEC_PUSH(make->a, &make->lists) = list;
    value->term = query_term(
        make, (struct eval_term){.kind = TERM_ITEM, .affinity = AFFINITY_BLOB, .at = (unsigned)at});
    value->list = value->many.p ? (unsigned)at + 1 : 0;
}

/* --- tests ----------------------------------------------------------------------------------- */

static unsigned add_test(struct query_make *make, struct eval_test test)
{
    if (!make->evaluates || test.left == 0)
        return 0;
    *VEC_PUSH(make->a, &make->tests) = test;
    return (unsigned)make->tests.n - 1;
}

unsigned query_test_term(struct query_make *make, unsigned term)
{
    return add_test(make, (struct eval_test){.kind = TEST_TERM, .left = term});
}

unsigned query_test_join(struct query_make *make, bool is_or, unsigned left, unsigned right)
{
    if (right == 0 || (left == EVAL_TRUE && !is_or))
        return right;
    return add_test(
        make, (struct eval_test){.kind = is_or ? TEST_OR : TEST_AND, .left = left, .right = right});
}

static unsigned shown(const struct query_value *value)
{
    return query_is_empty(value) ? (unsigned)EVAL_EMPTY : value->term;
}

static void equal_test(struct eval_test *test, const struct query_value *left,
                       const struct query_value *right, bool equal)
{
    enum query_equal form = query_equal_form(left, right);

    test->compare = equal ? COMPARE_EQ : COMPARE_IS_NOT;
    switch (form) {
    case EQUAL_AS_IS:
        test->compare = equal ? COMPARE_IS : COMPARE_IS_NOT;
        return;
    case EQUAL_PLAIN:
        test->left = shown(left);
        test->right = shown(right);
        return;
    case EQUAL_LEFT_EMPTY:
    case EQUAL_RIGHT_EMPTY:
        test->left = EVAL_EMPTY;
        test->right = form == EQUAL_LEFT_EMPTY ? right->term : left->term;
        test->or_null = equal;
        test->and_not_null = !equal;
        return;
    case EQUAL_COALESCED:
        test->coalesce = true;
        return;
    }
    BUG("not a form");
}

/* One value with another. */
static unsigned plain_test(struct query_make *make, enum query_op op,
                           const struct query_value *left, const struct query_value *right,
                           struct eval_test test)
{
    static const enum eval_compare compares[] = {
        [OP_GT] = COMPARE_GT, [OP_GE] = COMPARE_GE,     [OP_LT] = COMPARE_LT,
        [OP_LE] = COMPARE_LE, [OP_LIKE] = COMPARE_LIKE, [OP_NOT_LIKE] = COMPARE_NOT_LIKE,
    };

    if (left->term == 0 || right->term == 0)
        return 0;
    if (right->is_truth && (op == OP_NE || query_equal_form(left, right) == EQUAL_AS_IS))
        return 0; /* asks for the truth of whatever stands left: the engine knows */
    test.kind = TEST_COMPARE;
    test.left = left->term;
    test.right = right->term;
    if (op == OP_EQ || op == OP_NE)
        equal_test(&test, left, right, op == OP_EQ);
    else
        test.compare = compares[op];
    test.around = (op == OP_LIKE || op == OP_NOT_LIKE) && (right->n_params == 0 || right->is_empty);
    return add_test(make, test);
}

/* The operand as an all-match sees it. */
static struct query_value side_value(const struct query_value *value, unsigned side)
{
    struct query_value out = *value;

    if (value->many.p)
        return (struct query_value){.mode = value->mode, .term = side};
    out.mode = NULL_AUTO;
    return out;
}

unsigned query_test_compare(struct query_make *make, enum query_op op, bool any,
                            const struct query_value *left, const struct query_value *right)
{
    struct query_value left_side = side_value(left, EVAL_LEFT);
    struct query_value right_side = side_value(right, EVAL_RIGHT);
    struct eval_test test = {.guard = left->guard_term ? left->guard_term : right->guard_term};

    if (!make->evaluates || (left->guard.p && right->guard.p) ||
        ((left->guard.p || right->guard.p) && test.guard == 0))
        return 0;
    if (any || (!left->many.p && !right->many.p))
        return plain_test(make, op, left, right, test);
    if ((left->many.p && left->list == 0) || (right->many.p && right->list == 0))
        return 0;
    test.lists[0] = left->list;
    test.lists[1] = right->list;
    test.all = plain_test(make, op, &left_side, &right_side, (struct eval_test){0});
    return test.all ? plain_test(make, op, left, right, test) : 0;
}
