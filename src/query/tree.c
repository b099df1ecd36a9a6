/*
 * What a resolved condition says of itself.
 */
#include "query/tree.h"

uint64_t tree_chain(const struct query_tree *tree, unsigned hop)
{
    uint64_t out = 0;

    for (; hop != 0; hop = tree->hops.items[hop].from)
        out |= tree_bit(hop);
    return out;
}

static bool leads_to_many(const struct query_tree *tree, const struct tree_operand *operand)
{
    for (unsigned hop = operand->hop; hop != operand->root; hop = tree->hops.items[hop].from)
        if (tree->hops.items[hop].is_many)
            return true;
    return false;
}

static unsigned arg(const struct query_tree *tree, const struct tree_operand *operand, unsigned i)
{
    return tree->args.items[operand->args + i];
}

unsigned tree_many(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];

    if (it->kind == TREE_LOWER)
        return tree_many(tree, arg(tree, it, 0));
    if (it->kind == TREE_TIME)
        return it->n_args > 1 ? tree_many(tree, arg(tree, it, 1)) : 0;
    return leads_to_many(tree, it) ? operand : 0;
}

uint64_t tree_operand_hops(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];
    uint64_t out = tree_chain(tree, it->hop);

    for (unsigned i = 0; i < it->n_args; i++) /* LIMIT_FUNCTION_NESTING deep at most */
        out |= tree_operand_hops(tree, arg(tree, it, i));
    return out | (it->guard ? tree_operand_hops(tree, it->guard) : 0);
}

static uint64_t compared_hops(const struct query_tree *tree, const struct tree_test *test)
{
    return tree_operand_hops(tree, test->left) | tree_operand_hops(tree, test->right);
}

/* LIMIT_QUERY_NESTING deep at most. */
uint64_t tree_test_joins(const struct query_tree *tree, unsigned test)
{
    const struct tree_test *it = &tree->tests.items[test];
    uint64_t out = tree_chain(tree, it->hop);

    if (it->kind == TEST_COMPARE)
        return compared_hops(tree, it);
    if (it->kind == TEST_SOME)
        return 0;
    if (it->kind == TEST_SEMI)
        return out & ~tree_bit(it->hop);
    for (unsigned at = it->first; at != 0; at = tree->tests.items[at].next)
        out |= tree_test_joins(tree, at);
    return out;
}

bool tree_is_constant(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];

    switch (it->kind) {
    case TREE_NULL:
    case TREE_EMPTY:
    case TREE_NUMBER:
    case TREE_TRUTH:
    case TREE_PARAM:
        return true;
    case TREE_COLUMN:
    case TREE_JSON:
    case TREE_LENGTH:
    case TREE_ITEM:
        return false;
    case TREE_LOWER:
    case TREE_CHANGED:
    case TREE_DISTANCE:
    case TREE_TIME:
        break;
    }
    for (unsigned i = 0; i < it->n_args; i++)
        if (!tree_is_constant(tree, arg(tree, it, i)))
            return false;
    return true;
}

bool tree_is_of_row(const struct query_tree *tree, unsigned operand)
{
    const struct tree_facts *facts = &tree->operands.items[operand].facts;

    return !facts->is_null && !facts->is_const && facts->n_params == 0;
}

bool tree_multiplies(const struct query_tree *tree, uint64_t hops)
{
    for (unsigned i = 1; i < tree->hops.n; i++)
        if (hops & tree_bit(i) && tree->hops.items[i].multiplies)
            return true;
    return false;
}

/* --- facts ----------------------------------------------------------------------------------- */

bool tree_is_empty(const struct tree_facts *facts)
{
    return facts->is_null || (facts->mode == NULL_AUTO && facts->is_empty);
}

static bool is_known(const struct tree_facts *facts)
{
    return facts->mode != NULL_FORCED &&
           (facts->is_const || (facts->n_params > 0 && !facts->has_empty && !tree_is_empty(facts)));
}

enum tree_equal tree_equal_form(const struct tree_facts *left, const struct tree_facts *right)
{
    if (left->mode == NULL_OFF || right->mode == NULL_OFF)
        return EQUAL_AS_IS;
    if ((tree_is_empty(left) && tree_is_empty(right)) || is_known(left) || is_known(right))
        return EQUAL_PLAIN;
    if (tree_is_empty(left))
        return EQUAL_LEFT_EMPTY;
    return tree_is_empty(right) ? EQUAL_RIGHT_EMPTY : EQUAL_COALESCED;
}

struct tree_facts tree_facts_of_many(const struct tree_facts *facts)
{
    return (struct tree_facts){.mode = facts->mode};
}

struct tree_facts tree_facts_opposite(const struct tree_facts *facts)
{
    struct tree_facts out = *facts;

    out.mode = NULL_AUTO;
    return out;
}
