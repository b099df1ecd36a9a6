/*
 * The tables that paths lead to: each is there once for all paths of a space that pass it.
 */
#include "query/internal.h"

#include "base/limits.h"

static bool is_same(const struct tree_hop *x, const struct tree_hop *y)
{
    return x->kind == y->kind && x->space == y->space && x->from == y->from &&
           str_eq(x->name, y->name);
}

static unsigned find(const struct query_tree *tree, const struct tree_hop *hop)
{
    for (unsigned i = 1; i < tree->hops.n; i++)
        if (is_same(&tree->hops.items[i], hop))
            return i;
    return 0;
}

/* Its list rule is a condition on the whole query, as soon as a client's path comes by. */
static bool guard(struct query_make *make, struct tree_hop *hop)
{
    if (hop->is_guarded)
        return true;
    hop->is_guarded = true;
    hop->at = query_place(make);
    return hop->col->list_rule.set || query_fail(make, "only superusers can join collection %.*s",
                                                 STR_ARG(query_quote(make->a, hop->col->name)));
}

unsigned query_hop_add(struct query_make *make, const struct query_scope *scope,
                       struct tree_hop hop)
{
    struct query_tree *tree = &make->tree;
    struct tree_hop *it;
    unsigned at;

    hop.root = scope->hop;
    hop.space = scope->space;
    at = find(tree, &hop);
    if (at == 0) {
        if (tree->hops.n > LIMIT_QUERY_JOINS)
            return query_fail(make, "max joined collections reached");
        at = (unsigned)tree->hops.n;
        hop.alias = query_alias(make, hop.col ? 't' : 'e');
        *VEC_PUSH(make->a, &tree->hops) = hop;
    }
    it = &tree->hops.items[at];
    it->col = hop.col; /* of a label's collections the last one counts */
    it->field = hop.field;
    it->is_many |= hop.is_many;
    return hop.col && scope->guarded && !guard(make, it) ? 0 : at;
}

void query_hops_begin(struct query_make *make, const struct schema_col *col, struct str alias)
{
    *VEC_PUSH(make->a, &make->tree.hops) =
        (struct tree_hop){.kind = HOP_BASE, .col = col, .alias = alias};
    /* the first of both is nothing */
    (void)VEC_PUSH(make->a, &make->tree.operands);
    (void)VEC_PUSH(make->a, &make->tree.tests);
}
