/*
 * A tree made cheaper to ask: what joins of the statement find for all its rows is asked by
 * sub-selects where that is the same, and less.
 *
 *   - A hop that may give several rows for one (`tags`, `comments_via_post`, `@collection.x`) goes
 *     into the smallest part of the condition that holds all that is asked of it: TEST_SOME. Then
 * it multiplies no rows of the statement, which need not be made different again. For "some row
 *     satisfies all of this" is what a joined condition means, no part of it is negated, and each
 *     hop gives at least one row: so what does not ask about the hop may be left outside; and an OR
 *     may ask for a row on each of its sides.
 *   - A part that asks nothing but the record behind one single relation (`author.verified = true
 *     && author.organization.name != 'x'`) is the same for all rows with that record: TEST_SEMI
 *     asks it of the related collection.
 *
 * What the order of the rows, or groups of them, are made of stays joined: it is of the same row.
 */
#include "query/internal.h"

static uint64_t bit(unsigned hop)
{
    return UINT64_C(1) << hop;
}

static struct tree_test *test_at(struct query_make *make, unsigned test)
{
    return &make->tree.tests.items[test];
}

static bool asks(const struct query_make *make, unsigned test, unsigned hop)
{
    return tree_test_hops(&make->tree, test) & bit(hop);
}

/* The test becomes one of kind `kind` above what it was. */
static struct tree_test *wrap(struct query_make *make, unsigned test, enum tree_test_kind kind)
{
    struct tree_test inner = *test_at(make, test);
    struct tree_test outer = {.kind = kind, .next = inner.next};

    inner.next = 0;
    outer.first = query_test_add(make, inner);
    *test_at(make, test) = outer;
    return test_at(make, test);
}

typedef bool about_fn(const struct query_make *make, unsigned test, unsigned hop);

static unsigned count(const struct query_make *make, unsigned first, about_fn *is_about,
                      unsigned hop)
{
    unsigned n = 0;

    for (unsigned at = first; at != 0; at = make->tree.tests.items[at].next)
        n += is_about(make, at, hop);
    return n;
}

/* The tests of an AND that are about the hop become one in its list. */
static unsigned gather(struct query_make *make, unsigned and, about_fn *is_about, unsigned hop)
{
    struct query_tests left = {0}, taken = {0};
    const unsigned first = test_at(make, and)->first;
    const unsigned all = query_test_add(make, (struct tree_test){.kind = TEST_AND});

    for (unsigned at = first, next; at != 0; at = next) {
        next = test_at(make, at)->next;
        test_at(make, at)->next = 0;
        if (!is_about(make, at, hop)) {
            query_tests_put(make, &left, at);
            continue;
        }
        if (taken.n == 0)
            query_tests_put(make, &left, all);
        query_tests_put(make, &taken, at);
    }
    test_at(make, all)->first = taken.first;
    test_at(make, and)->first = left.first;
    return all;
}

/* --- hops of many rows ----------------------------------------------------------------------- */

/* Where nothing in it could be left outside. */
static bool is_all_about(const struct query_make *make, unsigned test, unsigned hop)
{
    const struct tree_test *it = &make->tree.tests.items[test];

    if (it->kind != TEST_AND)
        return it->kind == TEST_COMPARE || it->kind == TEST_VISIBLE;
    for (unsigned at = it->first; at != 0; at = make->tree.tests.items[at].next)
        if (!asks(make, at, hop))
            return false;
    return true;
}

static void push(struct query_make *make, unsigned test, unsigned hop);

static void push_into_and(struct query_make *make, unsigned test, unsigned hop)
{
    unsigned at = test_at(make, test)->first;

    if (count(make, at, asks, hop) > 1) {
        at = gather(make, test, asks, hop);
        wrap(make, at, TEST_SOME)->hops = bit(hop);
        return;
    }
    while (at != 0 && !asks(make, at, hop))
        at = test_at(make, at)->next;
    if (at != 0)
        push(make, at, hop);
}

static void push_into_or(struct query_make *make, unsigned test, unsigned hop)
{
    for (unsigned at = test_at(make, test)->first; at != 0; at = test_at(make, at)->next)
        if (asks(make, at, hop))
            push(make, at, hop);
}

/* Into the test, or what of it asks about the hop. LIMIT_QUERY_NESTING deep at most. */
static void push(struct query_make *make, unsigned test, unsigned hop)
{
    const struct tree_test *it = test_at(make, test);

    switch (it->kind) {
    case TEST_AND:
        push_into_and(make, test, hop);
        return;
    case TEST_OR:
        push_into_or(make, test, hop);
        return;
    case TEST_SOME:
        if (is_all_about(make, it->first, hop))
            test_at(make, test)->hops |= bit(hop);
        else
            push(make, it->first, hop);
        return;
    case TEST_VISIBLE:
        if (!(tree_chain(&make->tree, it->hop) & bit(hop))) {
            push(make, it->first, hop); /* of the rule alone */
            return;
        }
        break;
    case TEST_COMPARE:
    case TEST_SEMI:
        break;
    }
    wrap(make, test, TEST_SOME)->hops = bit(hop);
}

/* --- single relations ------------------------------------------------------------------------ */

/* The hops from the base that the operand's paths begin with; bit 0: the base itself is asked. */
static uint64_t first_hops(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];
    uint64_t out = it->guard ? first_hops(tree, it->guard) : 0;
    unsigned hop = it->hop;

    for (unsigned i = 0; i < it->n_args; i++)
        out |= first_hops(tree, tree->args.items[it->args + i]);
    if (it->n_args > 0 || tree_is_constant(tree, operand))
        return out;
    while (hop != 0 && tree->hops.items[hop].from != 0)
        hop = tree->hops.items[hop].from;
    return out | bit(hop);
}

static uint64_t first_hops_of_test(const struct query_tree *tree, unsigned test)
{
    const struct tree_test *it = &tree->tests.items[test];
    uint64_t out = 0;

    if (it->kind == TEST_COMPARE)
        return first_hops(tree, it->left) | first_hops(tree, it->right);
    for (unsigned at = it->first; at != 0; at = tree->tests.items[at].next)
        out |= first_hops_of_test(tree, at);
    if (it->kind == TEST_VISIBLE) {
        unsigned hop = it->hop;

        while (tree->hops.items[hop].from != 0)
            hop = tree->hops.items[hop].from;
        out |= bit(hop);
    }
    return out;
}

/* The single relation that it asks about and nothing else; 0: there is none. */
static unsigned relation_of(const struct query_make *make, unsigned test)
{
    const struct query_tree *tree = &make->tree;
    const uint64_t hops = first_hops_of_test(tree, test);

    for (unsigned i = 1; i < tree->hops.n; i++)
        if (hops == bit(i) && tree->hops.items[i].kind == HOP_RELATION)
            return hops & make->pinned ? 0 : i;
    return 0;
}

static bool is_of_relation(const struct query_make *make, unsigned test, unsigned hop)
{
    return relation_of(make, test) == hop;
}

/* Those of an AND that ask about the same record ask together. */
static void gather_relations(struct query_make *make, unsigned and)
{
    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (count(make, test_at(make, and)->first, is_of_relation, i) > 1)
            (void)gather(make, and, is_of_relation, i);
}

/* LIMIT_QUERY_NESTING deep at most. */
static void make_semis(struct query_make *make, unsigned test)
{
    const unsigned hop = relation_of(make, test);
    const enum tree_test_kind kind = test_at(make, test)->kind;

    if (hop != 0) {
        wrap(make, test, TEST_SEMI)->hop = hop;
        return;
    }
    if (kind == TEST_AND)
        gather_relations(make, test);
    if (kind != TEST_AND && kind != TEST_OR)
        return;
    for (unsigned at = test_at(make, test)->first; at != 0; at = test_at(make, at)->next)
        make_semis(make, at);
}

/* --- all ------------------------------------------------------------------------------------- */

void query_rewrite(struct query_make *make)
{
    const struct query_spec *spec = make->spec;
    const unsigned root = make->tree.root;

    if (spec->joins_only || spec->virtual_row || root == 0)
        return;
    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (make->tree.hops.items[i].multiplies && !(make->pinned & bit(i)))
            push(make, root, i);
    if (spec->id.p || spec->ids) /* of few rows it is not asked often */
        return;
    gather_relations(make, root);
    for (unsigned at = test_at(make, root)->first; at != 0; at = test_at(make, at)->next)
        make_semis(make, at);
}
