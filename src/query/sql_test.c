/*
 * How tests are spelt: comparisons with all-match (query-language.md 13.3), groups, sub-selects.
 */
#include "query/internal.h"

/* Asking all records of a related collection takes about as long as a page of the list. */
#define FEW_ROWS 2000

static bool has_hop(const struct sql_frame *frame, unsigned hop)
{
    for (size_t i = 0; i < frame->n; i++)
        if (frame->hops[i] == hop)
            return true;
    return false;
}

/* Those of the hops whose row is at hand. */
static uint64_t at_hand(const struct query_make *make, const struct sql_frame *frame, uint64_t hops)
{
    uint64_t out = 0;

    for (; frame; frame = frame->outer) {
        for (size_t i = 0; i < frame->n; i++)
            out |= tree_bit(frame->hops[i]) & hops;
        if (frame->is_closed)
            return out;
    }
    return out | (make->joined & hops);
}

/* Joins the hops, which become part of the frame. */
static struct str join_all(struct query_make *make, struct sql_frame *frame, uint64_t hops)
{
    size_t mark = make->tmp.n;

    for (unsigned i = 1; i < make->tree.hops.n; i++) {
        if (!(hops & tree_bit(i)) || has_hop(frame, i))
            continue;
        sql_frame_add(make, frame, i);
        buf_add(&make->tmp, sql_join(make, frame, i));
    }
    return query_take(make, mark);
}

/* --- all values ------------------------------------------------------------------------------ */

/* The part of a path that leads to many values: from the first hop that may give several on. */
static uint64_t many_hops(const struct query_make *make, const struct sql_frame *frame,
                          const struct tree_operand *it)
{
    uint64_t out = 0, above = 0;

    for (unsigned hop = it->hop; hop != it->root; hop = make->tree.hops.items[hop].from) {
        above |= tree_bit(hop);
        if (make->tree.hops.items[hop].multiplies || make->tree.hops.items[hop].is_many) {
            out |= above;
            above = 0;
        }
    }
    return out | (above & ~at_hand(make, frame, above));
}

/* All rows with an id have all of its values together: those of a view, which may be several. */
static bool has_rows_alike(const struct query_make *make, unsigned operand)
{
    const unsigned root = make->tree.operands.items[operand].root;

    return query_may_repeat(make, make->tree.hops.items[root].col);
}

/* Selects all values of an operand for the row at hand, as `v`; of: see tree_many(). The statement
 * itself reads that row again, by its id. */
static struct str many_select(struct query_make *make, const struct sql_frame *outer,
                              unsigned operand, unsigned of)
{
    const struct tree_operand *it = &make->tree.operands.items[of];
    struct sql_frame frame = {.outer = outer};
    struct str one, table, id, base, joins, value;

    if (outer && !has_rows_alike(make, of)) {
        joins = join_all(make, &frame, many_hops(make, outer, it));
        value = sql_operand(make, &frame, operand);
        one = query_alias(make, 'o');
        return arena_printf(make->a, "SELECT %.*s AS v FROM (SELECT 1) %.*s%.*s", STR_ARG(value),
                            STR_ARG(one), STR_ARG(joins));
    }
    base = sql_id(make, outer, it->root);
    table = sql_table(make, it->root);
    sql_frame_add(make, &frame, it->root);
    joins = join_all(make, &frame,
                     tree_chain(&make->tree, it->hop) & ~tree_chain(&make->tree, it->root));
    value = sql_operand(make, &frame, operand);
    one = sql_alias(make, &frame, it->root);
    id = sql_id(make, &frame, it->root);
    return arena_printf(make->a, "SELECT %.*s AS v FROM %.*s %.*s%.*s WHERE %.*s = %.*s",
                        STR_ARG(value), STR_ARG(table), STR_ARG(one), STR_ARG(joins), STR_ARG(id),
                        STR_ARG(base));
}

/* An operand among all of its values. */
struct many {
    unsigned of; /* see tree_many() */
    struct sql_side side;
    struct str alias, select;
};

static struct many many_of(struct query_make *make, const struct sql_frame *frame, unsigned operand)
{
    struct many out = {.of = tree_many(&make->tree, operand),
                       .side = sql_side_of(make, frame, operand)};

    if (out.of == 0) {
        out.side.facts = tree_facts_opposite(&out.side.facts);
        return out;
    }
    out.alias = query_alias(make, 's');
    out.select = many_select(make, frame, operand, out.of);
    out.side = (struct sql_side){
        .sql = arena_concat(make->a, out.alias, STR(".v"), STR_NONE),
        .facts = tree_facts_of_many(&make->tree.operands.items[operand].facts),
    };
    return out;
}

/* No value that the paths have for the row at hand fails the comparison. */
static struct str all_match(struct query_make *make, const struct sql_frame *frame,
                            const struct tree_test *test)
{
    struct many left = many_of(make, frame, test->left);
    struct many right = many_of(make, frame, test->right);
    struct str inner = sql_compare(make, test->op, &left.side, &right.side);
    const struct many *one = left.of ? &left : &right;

    if (left.of && right.of)
        return arena_printf(make->a,
                            "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s LEFT JOIN (%.*s) %.*s ON TRUE "
                            "WHERE NOT (%.*s))",
                            STR_ARG(left.select), STR_ARG(left.alias), STR_ARG(right.select),
                            STR_ARG(right.alias), STR_ARG(inner));
    return arena_printf(make->a, "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s WHERE NOT (%.*s))",
                        STR_ARG(one->select), STR_ARG(one->alias), STR_ARG(inner));
}

/* --- comparisons ----------------------------------------------------------------------------- */

/* Section 13.5. */
static struct str guard(struct query_make *make, const struct sql_frame *frame, unsigned operand,
                        struct str text)
{
    const unsigned by = make->tree.operands.items[operand].guard;
    size_t mark = make->tmp.n;

    if (by == 0)
        return text;
    BUF_ADD(&make->tmp, "(");
    buf_add(&make->tmp, text);
    BUF_ADD(&make->tmp, " AND ");
    buf_add(&make->tmp, sql_operand(make, frame, by));
    BUF_ADD(&make->tmp, " = ");
    make->dialect->bool_literal(&make->tmp, true);
    BUF_ADD(&make->tmp, ")");
    return query_take(make, mark);
}

static struct str comparison(struct query_make *make, const struct sql_frame *frame,
                             const struct tree_test *test)
{
    struct sql_side left = sql_side_of(make, frame, test->left);
    struct sql_side right = sql_side_of(make, frame, test->right);
    struct str text = sql_compare(make, test->op, &left, &right);
    struct str all;

    if (!test->any && (tree_many(&make->tree, test->left) || tree_many(&make->tree, test->right))) {
        all = all_match(make, frame, test);
        text = arena_printf(make->a, "(%.*s AND %.*s)", STR_ARG(text), STR_ARG(all));
    }
    return guard(make, frame, test->right, guard(make, frame, test->left, text));
}

/* --- some row -------------------------------------------------------------------------------- */

/* Some row at hand is one of those that the path leads to: it has to satisfy the comparison. */
static bool has_row_at_hand(const struct query_make *make, const struct sql_frame *frame,
                            const struct tree_operand *it)
{
    for (unsigned hop = it->hop; hop != it->root; hop = make->tree.hops.items[hop].from)
        if (make->tree.hops.items[hop].multiplies && at_hand(make, frame, tree_bit(hop)))
            return true;
    return false;
}

/* The side of a comparison that has many values, of which one has to satisfy it and none may fail,
 * and nothing else is asked of them. 0: it is none of that kind. */
static unsigned each_side(const struct query_make *make, const struct sql_frame *frame,
                          const struct tree_test *some)
{
    const struct query_tree *tree = &make->tree;
    const struct tree_test *test = &tree->tests.items[some->first];
    unsigned left, right;
    uint64_t others;

    if (test->kind != TEST_COMPARE || test->any || tree->operands.items[test->left].guard ||
        tree->operands.items[test->right].guard)
        return 0;
    left = tree_many(tree, test->left);
    right = tree_many(tree, test->right);
    if ((left != 0) == (right != 0) || has_rows_alike(make, left | right) ||
        has_row_at_hand(make, frame, &tree->operands.items[left | right]))
        return 0;
    others = tree_operand_hops(tree, left ? test->right : test->left);
    if (others & ~at_hand(make, frame, others))
        return 0;
    return left ? test->left : test->right;
}

static struct str each(struct query_make *make, const struct sql_frame *frame,
                       const struct tree_test *test, bool is_left)
{
    struct sql_frame here = {.outer = frame};
    struct many left = many_of(make, &here, test->left);
    struct many right = many_of(make, &here, test->right);
    const struct many *many = is_left ? &left : &right;
    struct sql_side l = sql_side_of(make, frame, test->left);
    struct sql_side r = sql_side_of(make, frame, test->right);
    struct str all = sql_compare(make, test->op, &left.side, &right.side), one;
    bool is_same; /* "unequal" is never unknown: where none fails all satisfy it */

    if (is_left)
        l.sql = many->side.sql;
    else
        r.sql = many->side.sql;
    one = sql_compare(make, test->op, &l, &r);
    is_same = test->op == OP_NE && str_eq(one, all);
    all = arena_printf(make->a, "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s WHERE NOT (%.*s))",
                       STR_ARG(many->select), STR_ARG(many->alias), STR_ARG(all));
    if (is_same)
        return all;
    return arena_printf(make->a, "(EXISTS (SELECT 1 FROM (%.*s) %.*s WHERE %.*s) AND %.*s)",
                        STR_ARG(many->select), STR_ARG(many->alias), STR_ARG(one), STR_ARG(all));
}

static struct str some(struct query_make *make, const struct sql_frame *outer,
                       const struct tree_test *it)
{
    const unsigned side = each_side(make, outer, it);
    const struct tree_test *test = &make->tree.tests.items[it->first];
    struct sql_frame frame = {.outer = outer};
    uint64_t hops = tree_test_joins(&make->tree, it->first);
    struct str joins, one, text;

    if (side)
        return each(make, outer, test, side == test->left);
    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (it->hops & tree_bit(i))
            hops |= tree_chain(&make->tree, i);
    joins = join_all(make, &frame, hops & ~at_hand(make, outer, hops));
    text = sql_test(make, &frame, it->first);
    one = query_alias(make, 'o');
    return arena_printf(make->a, "EXISTS (SELECT 1 FROM (SELECT 1) %.*s%.*s WHERE %.*s)",
                        STR_ARG(one), STR_ARG(joins), STR_ARG(text));
}

/* --- the same for all rows with that record -------------------------------------------------- */

struct semi {
    struct str column;  /* the relation of the row at hand */
    struct str table;   /* of the related collection */
    struct str alias;   /* of its record */
    struct str id;      /* the record's id */
    struct str joins;   /* what is joined to it */
    struct str matches; /* what it has to satisfy */
    bool may_repeat;    /* several records may have one id */
};

/* It is satisfied by what is joined by `on`, be it NULLs. */
static struct str exists(struct query_make *make, const struct semi *semi, struct str on)
{
    struct str one = query_alias(make, 'o');

    return arena_printf(make->a,
                        "EXISTS (SELECT 1 FROM (SELECT 1) %.*s LEFT JOIN %.*s %.*s ON %.*s%.*s "
                        "WHERE %.*s)",
                        STR_ARG(one), STR_ARG(semi->table), STR_ARG(semi->alias), STR_ARG(on),
                        STR_ARG(semi->joins), STR_ARG(semi->matches));
}

/* The row's relation leads to a record that satisfies `matches`. */
static struct str among(struct query_make *make, const struct semi *semi, struct str matches)
{
    return arena_printf(make->a, "%.*s IN (SELECT %.*s FROM %.*s %.*s%.*s WHERE %.*s)",
                        STR_ARG(semi->column), STR_ARG(semi->id), STR_ARG(semi->table),
                        STR_ARG(semi->alias), STR_ARG(semi->joins), STR_ARG(matches));
}

/* Where a record of NULLs satisfies it, as one that is not there is: what fails is looked for,
 * which are the fewer ones as a rule ("is not x"); unless an id may fail and satisfy it. */
static struct str among_or_nowhere(struct query_make *make, const struct semi *semi,
                                   struct str satisfied)
{
    struct arena *a = make->a;
    struct str fails = arena_concat(a, STR("("), semi->matches, STR(") IS NOT TRUE"));
    struct str failed = among(make, semi, fails);

    if (!semi->may_repeat)
        return arena_printf(a, "(%.*s) IS NOT TRUE", STR_ARG(failed));
    return arena_printf(a, "(%.*s OR (%.*s IN (SELECT %.*s FROM %.*s %.*s)) IS NOT TRUE)",
                        STR_ARG(satisfied), STR_ARG(semi->column), STR_ARG(semi->id),
                        STR_ARG(semi->table), STR_ARG(semi->alias));
}

/* Where the related collection is small all of its records are asked once, else the row's own. */
static struct str write_semi(struct query_make *make, const struct semi *semi)
{
    struct arena *a = make->a;
    struct str related = arena_concat(a, semi->id, STR(" = "), semi->column);
    struct str satisfied = among(make, semi, semi->matches);
    struct str or_nowhere = among_or_nowhere(make, semi, satisfied);
    struct str is_one = exists(make, semi, related);
    struct str none = exists(make, semi, STR("FALSE"));
    struct str few = query_alias(make, 'o');

    return arena_printf(
        a,
        "(CASE WHEN (SELECT COUNT(*) FROM (SELECT 1 FROM %.*s LIMIT %d) %.*s) > %d THEN %.*s "
        "WHEN %.*s THEN %.*s ELSE %.*s END)",
        STR_ARG(semi->table), FEW_ROWS + 1, STR_ARG(few), FEW_ROWS, STR_ARG(is_one), STR_ARG(none),
        STR_ARG(or_nowhere), STR_ARG(satisfied));
}

static struct str semi(struct query_make *make, const struct sql_frame *outer,
                       const struct tree_test *it)
{
    struct sql_frame frame = {.outer = outer, .is_closed = true};
    struct semi semi = {.column = sql_related(make, outer, it->hop),
                        .table = sql_table(make, it->hop),
                        .may_repeat = make->tree.hops.items[it->hop].multiplies};

    sql_frame_add(make, &frame, it->hop);
    semi.alias = sql_alias(make, &frame, it->hop);
    semi.id = sql_id(make, &frame, it->hop);
    semi.joins = join_all(
        make, &frame, tree_test_joins(&make->tree, it->first) & ~tree_chain(&make->tree, it->hop));
    semi.matches = sql_test(make, &frame, it->first);
    return write_semi(make, &semi);
}

/* --- all ------------------------------------------------------------------------------------- */

static struct str visible(struct query_make *make, const struct sql_frame *frame,
                          const struct tree_test *it)
{
    struct str id = sql_id(make, frame, it->hop);
    struct str rule = sql_test(make, frame, it->first);

    return arena_printf(make->a, "(%.*s = '' OR %.*s IS NULL OR %.*s)", STR_ARG(id), STR_ARG(id),
                        STR_ARG(rule));
}

/* AND binds tighter, so it needs no brackets below OR. */
static struct str joined(struct query_make *make, const struct sql_frame *frame,
                         const struct tree_test *it)
{
    const struct str word = it->kind == TEST_OR ? STR(" OR ") : STR(" AND ");
    size_t mark = make->tmp.n;

    for (unsigned at = it->first; at != 0; at = make->tree.tests.items[at].next) {
        const struct tree_test *test = &make->tree.tests.items[at];

        if (at != it->first)
            buf_add(&make->tmp, word);
        buf_add(&make->tmp, it->kind == TEST_OR && test->kind == TEST_AND
                                ? joined(make, frame, test)
                                : sql_test(make, frame, at));
    }
    return query_take(make, mark);
}

/* LIMIT_QUERY_NESTING deep at most. */
struct str sql_test(struct query_make *make, const struct sql_frame *frame, unsigned test)
{
    const struct tree_test *it = &make->tree.tests.items[test];

    switch (it->kind) {
    case TEST_COMPARE:
        return comparison(make, frame, it);
    case TEST_AND:
    case TEST_OR:
        return arena_concat(make->a, STR("("), joined(make, frame, it), STR(")"));
    case TEST_VISIBLE:
        return visible(make, frame, it);
    case TEST_SOME:
        return some(make, frame, it);
    case TEST_SEMI:
        return semi(make, frame, it);
    }
    BUG("not a test");
}
