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

    if (scope->left == 0)
        return query_fail(make, "max filter expressions limit reached");
    scope->left--;
    if (!operand(make, scope, "left", &node->left, &left) ||
        !operand(make, scope, "right", &node->right, &right))
        return false;
    *ret = query_compare(make, node->op, node->any, &left, &right);
    return true;
}

/* LIMIT_QUERY_NESTING deep at most. */
bool query_condition(struct query_make *make, struct query_scope *scope,
                     const struct query_node *root, struct str *ret)
{
    size_t mark = make->tmp.n;
    struct str text = STR_NONE;

    if (!root->is_group)
        return comparison(make, scope, root, ret);
    if (root->n == 1)
        return query_condition(make, scope, &root->items[0], ret);
    for (size_t i = 0; i < root->n; i++) {
        if (!query_condition(make, scope, &root->items[i], &text))
            return false;
        buf_add(&make->tmp, i == 0 ? STR("(") : root->items[i].is_or ? STR(" OR ") : STR(" AND "));
        buf_add(&make->tmp, text);
    }
    BUF_ADD(&make->tmp, ")");
    *ret = query_take(make, mark);
    return true;
}
