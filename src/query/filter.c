/*
 * A whole rule or filter: its comparisons, joined flat and in order inside each group, so that AND
 * binds tighter than OR.
 */
#include "query/internal.h"

static bool operand(struct query_make *make, struct query_scope *scope, const char *side,
                    const struct query_operand *from, struct query_value *ret)
{
    return query_operand(make, scope, from, ret) ||
           query_fail(make, "invalid %s operand %.*s - %.*s", side,
                      STR_ARG(query_quote(make->a, from->text)), STR_ARG(make->why));
}

static bool comparison(struct query_make *make, struct query_scope *scope,
                       const struct query_node *node, struct str *ret)
{
    struct query_value left, right;
    const size_t n_lists = make->lists.n;
    bool alone;

    if (scope->left == 0)
        return query_fail_at(make, node->left.at, "max filter expressions limit reached");
    scope->left--;
    alone = query_alone(make, scope, node, ret);
    make->at = 0; /* of tries that were given up */
    if (alone)
        return true;
    make->lists.n = n_lists; /* those of the parameters that the try has given back */
    if (!operand(make, scope, "left", &node->left, &left) ||
        !operand(make, scope, "right", &node->right, &right))
        return false;
    *ret = query_compare(make, node->op, node->any, &left, &right);
    return true;
}

/* The tests of a group, item by item: AND binds tighter. */
struct group_tests {
    unsigned before; /* what OR has closed */
    unsigned run;    /* the items since */
    bool has_before;
};

static void add_test(struct query_make *make, struct group_tests *tests, bool is_first, bool is_or)
{
    if (is_first) {
        tests->run = make->test;
    } else if (!is_or) {
        tests->run = query_test_join(make, false, tests->run, make->test);
    } else {
        tests->before =
            tests->has_before ? query_test_join(make, true, tests->before, tests->run) : tests->run;
        tests->has_before = true;
        tests->run = make->test;
    }
}

/* LIMIT_QUERY_NESTING deep at most. */
bool query_condition(struct query_make *make, struct query_scope *scope,
                     const struct query_node *root, struct str *ret)
{
    size_t mark = make->tmp.n;
    struct str text = STR_NONE;
    struct group_tests tests = {0};

    if (!root->is_group)
        return comparison(make, scope, root, ret);
    if (root->n == 1)
        return query_condition(make, scope, &root->items[0], ret);
    for (size_t i = 0; i < root->n; i++) {
        if (!query_condition(make, scope, &root->items[i], &text))
            return false;
        add_test(make, &tests, i == 0, root->items[i].is_or);
        buf_add(&make->tmp, i == 0 ? STR("(") : root->items[i].is_or ? STR(" OR ") : STR(" AND "));
        buf_add(&make->tmp, text);
    }
    BUF_ADD(&make->tmp, ")");
    *ret = query_take(make, mark);
    make->test =
        tests.has_before ? query_test_join(make, true, tests.before, tests.run) : tests.run;
    return true;
}
