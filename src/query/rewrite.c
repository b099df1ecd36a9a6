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

#define MOST_SEMIS 8 /* each is spelt four times */

/* Engines bound the depth of an expression: SQLite by 1000, and it counts that of a sub-select once
 * more for each that is around it. What these add at most. */
#define MOST_DEPTH 900
#define COMPARISON_DEPTH 16 /* with functions */
#define ALL_DEPTH 24        /* of the sub-select of an all-match */
#define AROUND_DEPTH 6      /* of what is written around a test */
#define JOIN_DEPTH 2

static struct tree_test *test_at(struct query_make *make, unsigned test)
{
    return &make->tree.tests.items[test];
}

static bool asks(const struct query_make *make, unsigned test, unsigned hop)
{
    return make->tree.tests.items[test].asked & tree_bit(hop);
}

/* The test becomes one of kind `kind` above what it was. */
static struct tree_test *wrap(struct query_make *make, unsigned test, enum tree_test_kind kind)
{
    struct tree_test inner = *test_at(make, test);
    struct tree_test outer = {
        .kind = kind, .next = inner.next, .asked = inner.asked, .firsts = inner.firsts};

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

/* The tests of an AND, or an OR, that are about the hop become one in its list. */
static unsigned gather(struct query_make *make, unsigned group, about_fn *is_about, unsigned hop)
{
    struct query_tests left = {0}, taken = {0};
    const struct tree_test *it = test_at(make, group);
    struct tree_test gathered = {.kind = it->kind};
    const unsigned first = it->first;
    const unsigned all = query_test_add(make, gathered);

    for (unsigned at = first, next; at != 0; at = next) {
        next = test_at(make, at)->next;
        test_at(make, at)->next = 0;
        if (!is_about(make, at, hop)) {
            query_tests_put(make, &left, at);
            continue;
        }
        gathered.asked |= test_at(make, at)->asked;
        gathered.firsts |= test_at(make, at)->firsts;
        if (taken.n == 0)
            query_tests_put(make, &left, all);
        query_tests_put(make, &taken, at);
    }
    test_at(make, all)->asked = gathered.asked;
    test_at(make, all)->firsts = gathered.firsts;
    test_at(make, all)->first = taken.first;
    test_at(make, group)->first = left.first;
    return all;
}

/* --- what is asked about --------------------------------------------------------------------- */

static unsigned first_on_way(const struct query_tree *tree, unsigned hop)
{
    while (hop != 0 && tree->hops.items[hop].from != 0)
        hop = tree->hops.items[hop].from;
    return hop;
}

static uint64_t first_hops(const struct query_tree *tree, unsigned operand)
{
    const struct tree_operand *it = &tree->operands.items[operand];
    uint64_t out = it->guard ? first_hops(tree, it->guard) : 0;

    for (unsigned i = 0; i < it->n_args; i++) /* LIMIT_FUNCTION_NESTING deep at most */
        out |= first_hops(tree, tree->args.items[it->args + i]);
    if (it->n_args > 0 || tree_is_constant(tree, operand))
        return out;
    return out | tree_bit(first_on_way(tree, it->hop));
}

/* Notes it in all tests below, too. LIMIT_QUERY_NESTING deep at most. */
static void find_asked(struct query_make *make, unsigned test)
{
    const struct query_tree *tree = &make->tree;
    struct tree_test *it = test_at(make, test);

    if (it->kind == TEST_COMPARE) {
        it->asked = tree_operand_hops(tree, it->left) | tree_operand_hops(tree, it->right);
        it->firsts = first_hops(tree, it->left) | first_hops(tree, it->right);
        return;
    }
    if (it->kind == TEST_VISIBLE) {
        it->asked = tree_chain(tree, it->hop);
        it->firsts = tree_bit(first_on_way(tree, it->hop));
    }
    for (unsigned at = it->first; at != 0; at = test_at(make, at)->next) {
        find_asked(make, at);
        it->asked |= test_at(make, at)->asked;
        it->firsts |= test_at(make, at)->firsts;
    }
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
        wrap(make, at, TEST_SOME)->hops = tree_bit(hop);
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
            test_at(make, test)->hops |= tree_bit(hop);
        else
            push(make, it->first, hop);
        return;
    case TEST_VISIBLE:
        if (!(tree_chain(&make->tree, it->hop) & tree_bit(hop))) {
            push(make, it->first, hop); /* of the rule alone */
            return;
        }
        break;
    case TEST_COMPARE:
    case TEST_SEMI:
        break;
    }
    wrap(make, test, TEST_SOME)->hops = tree_bit(hop);
}

/* --- single relations ------------------------------------------------------------------------ */

/* The single relation that it asks about and nothing else; 0: there is none. */
static unsigned relation_of(const struct query_make *make, unsigned test)
{
    const uint64_t firsts = make->tree.tests.items[test].firsts;
    const unsigned hop = firsts ? (unsigned)__builtin_ctzll(firsts) : 0;

    if (hop == 0 || firsts != tree_bit(hop) || firsts & make->pinned)
        return 0;
    return make->tree.hops.items[hop].kind == HOP_RELATION ? hop : 0;
}

static bool is_of_relation(const struct query_make *make, unsigned test, unsigned hop)
{
    return relation_of(make, test) == hop;
}

/* Those of a group that ask about the same record ask together. */
static void gather_relations(struct query_make *make, unsigned group)
{
    const uint64_t firsts = test_at(make, group)->firsts;

    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (firsts & tree_bit(i) && count(make, test_at(make, group)->first, is_of_relation, i) > 1)
            (void)gather(make, group, is_of_relation, i);
}

/* LIMIT_QUERY_NESTING deep at most. */
static void make_semis(struct query_make *make, unsigned test, unsigned *n)
{
    const unsigned hop = relation_of(make, test);
    const enum tree_test_kind kind = test_at(make, test)->kind;

    if (hop != 0 && *n < MOST_SEMIS) {
        wrap(make, test, TEST_SEMI)->hop = hop;
        ++*n;
    }
    if (hop != 0 || (kind != TEST_AND && kind != TEST_OR))
        return;
    gather_relations(make, test);
    for (unsigned at = test_at(make, test)->first; at != 0; at = test_at(make, at)->next)
        make_semis(make, at, n);
}

/* --- how deep it has become ------------------------------------------------------------------ */

static unsigned height(const struct query_make *make, unsigned test)
{
    const struct tree_test *it = &make->tree.tests.items[test];
    unsigned out = 0, n = 0;

    if (it->kind == TEST_COMPARE)
        return COMPARISON_DEPTH;
    for (unsigned at = it->first; at != 0; at = make->tree.tests.items[at].next, n++) {
        unsigned below = height(make, at);

        out = below > out ? below : out;
    }
    if (it->kind != TEST_AND && it->kind != TEST_OR)
        n = AROUND_DEPTH + JOIN_DEPTH * (unsigned)__builtin_popcountll(it->hops);
    return out + n; /* a chain of ANDs is as deep as it is long */
}

/* Of the sub-selects in it, each with those that are in that. */
static unsigned nested_height(const struct query_make *make, unsigned test)
{
    const struct tree_test *it = &make->tree.tests.items[test];
    unsigned out = 0;

    if (it->kind == TEST_COMPARE)
        return ALL_DEPTH;
    for (unsigned at = it->first; at != 0; at = make->tree.tests.items[at].next) {
        unsigned below = nested_height(make, at);

        out = below > out ? below : out;
    }
    return it->kind == TEST_SOME || it->kind == TEST_SEMI ? out + height(make, test) : out;
}

/* --- all ------------------------------------------------------------------------------------- */

/* A list that comes with the question and is none is an error wherever the engine joins it. In a
 * sub-select it may not come to that. */
static bool is_list_broken(const struct query_make *make)
{
    for (unsigned i = 1; i < make->tree.hops.n; i++) {
        const struct tree_hop *hop = &make->tree.hops.items[i];

        if (hop->kind == HOP_GIVEN_ITEMS && make->recipes.items[hop->given - 1].like)
            return true;
    }
    return false;
}

bool query_rewrite(struct query_make *make)
{
    const struct query_spec *spec = make->spec;
    const unsigned root = make->tree.root;
    unsigned n_semis = 0;

    if (make->joins_only || spec->virtual_row || root == 0 || is_list_broken(make))
        return true;
    find_asked(make, root);
    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (make->tree.hops.items[i].multiplies && !(make->pinned & tree_bit(i)))
            push(make, root, i);
    if (!spec->id.p && !spec->ids) { /* of few rows it is not asked often */
        gather_relations(make, root);
        for (unsigned at = test_at(make, root)->first; at != 0; at = test_at(make, at)->next)
            make_semis(make, at, &n_semis);
    }
    return height(make, root) + nested_height(make, root) <= MOST_DEPTH;
}
