/*
 * A whole rule or filter as a test: its comparisons, joined in order inside each group, where AND
 * binds tighter than OR. And the list rules of collections that a client's paths lead to.
 */
#include "query/internal.h"

#include "base/limits.h"

static unsigned operand(struct query_make *make, const struct query_scope *scope, const char *side,
                        const struct query_operand *from)
{
    unsigned out = query_resolve(make, scope, from);

    if (out == 0)
        return query_fail(make, "invalid %s operand %.*s - %.*s", side,
                          STR_ARG(query_quote(make->a, from->text)), STR_ARG(make->why));
    return out;
}

/* Values that are given become patterns. LIMIT_FUNCTION_NESTING deep at most. */
static void make_patterns(struct query_make *make, unsigned at)
{
    const struct tree_operand *it = &make->tree.operands.items[at];
    unsigned param = it->kind == TREE_PARAM ? it->at : 0;

    if (it->kind == TREE_ITEM && it->facts.n_params > 0)
        param = make->tree.hops.items[it->hop].given;
    if (param)
        make->recipes.items[param - 1].like = true;
    for (unsigned i = 0; i < it->n_args; i++)
        make_patterns(make, make->tree.args.items[it->args + i]);
}

static unsigned comparison(struct query_make *make, struct query_scope *scope,
                           const struct query_node *node)
{
    struct tree_test test = {.kind = TEST_COMPARE, .op = node->op, .any = node->any};

    if (scope->left == 0)
        return query_fail_at(make, node->left.at, "max filter expressions limit reached");
    scope->left--;
    test.left = operand(make, scope, "left", &node->left);
    test.right = test.left ? operand(make, scope, "right", &node->right) : 0;
    if (test.right == 0)
        return 0;
    if ((node->op == OP_LIKE || node->op == OP_NOT_LIKE) &&
        make->tree.operands.items[test.right].facts.n_params > 0)
        make_patterns(make, test.right);
    return query_test_add(make, test);
}

/* The tests of a group, item by item. */
struct group {
    struct query_tests runs; /* closed by OR */
    struct query_tests run;  /* the items since */
};

static unsigned close_run(struct query_make *make, struct group *group)
{
    unsigned out = query_tests_join(make, TEST_AND, &group->run);

    group->run = (struct query_tests){0};
    return out;
}

/* LIMIT_QUERY_NESTING deep at most. */
unsigned query_condition(struct query_make *make, struct query_scope *scope,
                         const struct query_node *root)
{
    struct group group = {0};

    if (!root->is_group)
        return comparison(make, scope, root);
    for (size_t i = 0; i < root->n; i++) {
        unsigned test = query_condition(make, scope, &root->items[i]);

        if (test == 0)
            return 0;
        if (root->items[i].is_or)
            query_tests_put(make, &group.runs, close_run(make, &group));
        query_tests_put(make, &group.run, test);
    }
    query_tests_put(make, &group.runs, close_run(make, &group));
    return query_tests_join(make, TEST_OR, &group.runs);
}

/* --- list rules ------------------------------------------------------------------------------ */

static unsigned visible(struct query_make *make, unsigned hop)
{
    const struct tree_hop *it = &make->tree.hops.items[hop];
    struct query_scope scope = {
        .col = it->col, .hop = hop, .space = ++make->n_spaces, .left = LIMIT_FILTER_EXPRESSIONS};
    const size_t at = it->at;
    struct query_node *root;
    struct tree_test test = {.kind = TEST_VISIBLE, .hop = hop};

    if (query_parse(make->a, it->col->list_rule.text, &root, &make->why))
        test.first = query_condition(make, &scope, root);
    if (test.first)
        return query_test_add(make, test);
    make->at = at; /* a place in this rule is none in the client's text */
    return 0;
}

bool query_check_hops(struct query_make *make)
{
    for (unsigned i = 1; i < make->tree.hops.n; i++) {
        struct tree_hop *hop = &make->tree.hops.items[i];
        unsigned test;

        if (!hop->is_guarded || hop->is_checked)
            continue;
        hop->is_checked = true;
        if (hop->col->list_rule.text.n == 0)
            continue;
        test = visible(make, i); /* hops may have moved */
        if (test == 0)
            return false;
        query_tests_put(make, &make->visible, test);
    }
    return true;
}
