/*
 * What of a query an index could serve: read from its resolved tree, after that was rewritten.
 */
#include "query/internal.h"

/* --- conditions ------------------------------------------------------------------------------- */

/* A column of the base row as it is stored; NULL: it is something else. */
static const struct schema_field *base_column(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];

    return it->kind == TREE_COLUMN && it->hop == 0 && !it->field->multiple ? it->field : NULL;
}

/* Whether = is spelt as one comparison with the column itself. */
static bool is_plain_equal(const struct query_tree *tree, const struct tree_test *test)
{
    const struct tree_facts *left = &tree->operands.items[test->left].facts,
                            *right = &tree->operands.items[test->right].facts;
    const enum tree_equal form = tree_equal_form(left, right);

    return form == EQUAL_PLAIN || (form == EQUAL_AS_IS && !left->is_truth && !right->is_truth);
}

static bool find_kind(const struct query_tree *tree, const struct tree_test *test,
                      enum query_use_kind *ret)
{
    switch (test->op) {
    case OP_EQ:
        *ret = QUERY_USE_EQUAL;
        return is_plain_equal(tree, test);
    case OP_GT:
    case OP_GE:
    case OP_LT:
    case OP_LE:
        *ret = QUERY_USE_RANGE;
        return true;
    case OP_NE:
    case OP_LIKE:
    case OP_NOT_LIKE:
        return false;
    }
    BUG("not an operator");
}

static void add_comparison(const struct query_make *make, const struct tree_test *test,
                           struct query_uses *ret)
{
    const struct query_tree *tree = &make->tree;
    const struct schema_field *left = base_column(tree, test->left),
                              *right = base_column(tree, test->right);
    struct query_use use = {.col = make->spec->col};

    if (left && tree_is_constant(tree, test->right))
        use.field = left;
    else if (right && tree_is_constant(tree, test->left))
        use.field = right;
    if (use.field && find_kind(tree, test, &use.kind))
        *VEC_PUSH(make->a, ret) = use;
}

/* What is true of every row that is found. LIMIT_QUERY_NESTING deep at most. */
static void add_conditions(const struct query_make *make, unsigned test, struct query_uses *ret)
{
    const struct tree_test *it = &make->tree.tests.items[test];

    if (it->kind == TEST_COMPARE)
        add_comparison(make, it, ret);
    if (it->kind != TEST_AND)
        return;
    for (unsigned at = it->first; at != 0; at = make->tree.tests.items[at].next)
        add_conditions(make, at, ret);
}

/* Records that point back are looked for by what they point to. */
static void add_backs(const struct query_make *make, struct query_uses *ret)
{
    for (unsigned i = 1; i < make->tree.hops.n; i++) {
        const struct tree_hop *hop = &make->tree.hops.items[i];

        if (hop->kind == HOP_BACK && !hop->field->multiple)
            *VEC_PUSH(make->a, ret) =
                (struct query_use){QUERY_USE_BACK, hop->col, hop->field, false};
    }
}

/* --- order ------------------------------------------------------------------------------------ */

/* All of it, or nothing: a part of an order saves no sorting. */
static void add_order(const struct query_make *make, struct query_uses *ret)
{
    const size_t n = make->spec->want == QUERY_ROWS ? make->keys.n : 0;

    for (size_t i = 0; i < n; i++)
        if (!make->keys.items[i].field)
            return;
    for (size_t i = 0; i < n; i++)
        *VEC_PUSH(make->a, ret) =
            (struct query_use){QUERY_USE_ORDER, make->spec->col, make->keys.items[i].field,
                               make->keys.items[i].descending};
}

/* --- all -------------------------------------------------------------------------------------- */

static bool make_tree(struct query_make *make)
{
    struct query_node *filter = NULL;
    struct str text;

    make->text = make->spec->filter;
    return (make->text.n == 0 ||
            query_parse_at(make->a, make->text, &filter, &make->why, &make->at)) &&
           query_make_sql(make, filter, &text);
}

struct err *query_uses(struct arena *a, const struct query_spec *spec, struct query_uses *ret)
{
    struct query_make make = {.a = a, .spec = spec, .dialect = spec->dialect};
    bool ok;

    buf_init(&make.tmp, LIMIT_RESPONSE_BYTES);
    ok = make_tree(&make);
    buf_done(&make.tmp);
    if (!ok)
        return err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(make.why));
    *ret = (struct query_uses){0};
    add_backs(&make, ret);
    if (make.tree.root != 0)
        add_conditions(&make, make.tree.root, ret);
    add_order(&make, ret);
    return NULL;
}
