/*
 * How one comparison is spelt (query-language.md 11, 12): NULL and empty values, LIKE.
 */
#include "query/internal.h"

/* An empty value is '', or the parameter that is: what is left over would have nowhere to go. */
static struct str shown(const struct sql_side *side)
{
    if (!tree_is_empty(&side->facts))
        return side->sql;
    return side->empty.p ? side->empty : STR("''");
}

static struct str infix(struct query_make *make, struct str x, const char *op, struct str y)
{
    return arena_concat(make->a, x, str_of(op), y);
}

/* One side is nothing: the other must be too. */
static struct str compare_empty(struct query_make *make, struct str empty,
                                const struct sql_side *side, bool is_left, bool equal)
{
    const char *op = equal ? " = " : make->dialect->is_not;
    struct str text =
        is_left ? infix(make, empty, op, side->sql) : infix(make, side->sql, op, empty);

    return arena_printf(make->a, equal ? "(%.*s OR %.*s IS NULL)" : "(%.*s AND %.*s IS NOT NULL)",
                        STR_ARG(text), STR_ARG(side->sql));
}

static struct str coalesce(struct query_make *make, struct str sql)
{
    return arena_concat(make->a, STR("COALESCE("), sql, STR(", '')"));
}

static struct str compare_equal(struct query_make *make, const struct sql_side *left,
                                const struct sql_side *right, bool equal)
{
    const char *same = equal ? make->dialect->is : make->dialect->is_not;
    const char *op = equal ? " = " : make->dialect->is_not;

    switch (tree_equal_form(&left->facts, &right->facts)) {
    case EQUAL_AS_IS:
        return infix(make, left->sql, same, right->sql);
    case EQUAL_PLAIN:
        return infix(make, shown(left), op, shown(right));
    case EQUAL_LEFT_EMPTY:
        return compare_empty(make, shown(left), right, true, equal);
    case EQUAL_RIGHT_EMPTY:
        return compare_empty(make, shown(right), left, false, equal);
    case EQUAL_COALESCED:
        return infix(make, coalesce(make, left->sql), op, coalesce(make, right->sql));
    }
    BUG("not a form");
}

static struct str compare_like(struct query_make *make, const struct sql_side *left,
                               const struct sql_side *right, bool not_like)
{
    size_t mark = make->tmp.n;
    struct str pattern = right->sql; /* what is given is a pattern: see make_patterns() */

    if (right->is_empty) {
        pattern = STR("'%%'");
    } else if (right->facts.n_params == 0) {
        make->dialect->like_around(&make->tmp, right->sql);
        pattern = query_take(make, mark);
    }
    make->dialect->like(&make->tmp, left->sql, pattern, not_like);
    return query_take(make, mark);
}

struct str sql_compare(struct query_make *make, enum query_op op, const struct sql_side *left,
                       const struct sql_side *right)
{
    switch (op) {
    case OP_EQ:
    case OP_NE:
        return compare_equal(make, left, right, op == OP_EQ);
    case OP_GT:
        return infix(make, left->sql, " > ", right->sql);
    case OP_GE:
        return infix(make, left->sql, " >= ", right->sql);
    case OP_LT:
        return infix(make, left->sql, " < ", right->sql);
    case OP_LE:
        return infix(make, left->sql, " <= ", right->sql);
    case OP_LIKE:
    case OP_NOT_LIKE:
        return compare_like(make, left, right, op == OP_NOT_LIKE);
    }
    BUG("not an operator");
}
