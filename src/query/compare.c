/*
 * One comparison (query-language.md 11, 12, 13.3): NULL and empty values, LIKE, all-match.
 */
#include "query/internal.h"

bool query_is_empty(const struct query_value *value)
{
    return value->is_null || (value->mode == NULL_AUTO && value->is_empty);
}

static bool is_known(const struct query_value *value)
{
    return value->mode != NULL_FORCED &&
           (value->is_const ||
            (value->n_params > 0 && !value->has_empty && !query_is_empty(value)));
}

/* An empty value is '', or the parameter that is: what is left over would have nowhere to go. */
static struct str shown(const struct query_value *value)
{
    if (!query_is_empty(value))
        return value->sql;
    return value->empty_sql.p ? value->empty_sql : STR("''");
}

static struct str infix(struct query_make *make, struct str x, const char *op, struct str y)
{
    return arena_concat(make->a, x, str_of(op), y);
}

/* One side is nothing: the other must be too. */
static struct str compare_empty(struct query_make *make, struct str empty,
                                const struct query_value *value, bool is_left, bool equal)
{
    const char *op = equal ? " = " : make->dialect->is_not;
    struct str text =
        is_left ? infix(make, empty, op, value->sql) : infix(make, value->sql, op, empty);

    return arena_printf(make->a, equal ? "(%.*s OR %.*s IS NULL)" : "(%.*s AND %.*s IS NOT NULL)",
                        STR_ARG(text), STR_ARG(value->sql));
}

static struct str coalesce(struct query_make *make, struct str sql)
{
    return arena_concat(make->a, STR("COALESCE("), sql, STR(", '')"));
}

enum query_equal query_equal_form(const struct query_value *left, const struct query_value *right)
{
    if (left->mode == NULL_OFF || right->mode == NULL_OFF)
        return EQUAL_AS_IS;
    if ((query_is_empty(left) && query_is_empty(right)) || is_known(left) || is_known(right))
        return EQUAL_PLAIN;
    if (query_is_empty(left))
        return EQUAL_LEFT_EMPTY;
    return query_is_empty(right) ? EQUAL_RIGHT_EMPTY : EQUAL_COALESCED;
}

static struct str compare_equal(struct query_make *make, const struct query_value *left,
                                const struct query_value *right, bool equal)
{
    const char *same = equal ? make->dialect->is : make->dialect->is_not;
    const char *op = equal ? " = " : make->dialect->is_not;

    switch (query_equal_form(left, right)) {
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

/* Its parameters become patterns. */
static struct str as_pattern(struct query_make *make, const struct query_value *value)
{
    if (value->is_empty && value->recipe_from == value->recipe_to)
        return STR("'%%'");
    for (unsigned i = value->recipe_from; i < value->recipe_to; i++)
        make->recipes.items[i].like |= !make->recipes.items[i].of_join;
    return value->sql;
}

static struct str compare_like(struct query_make *make, const struct query_value *left,
                               const struct query_value *right, bool not_like)
{
    size_t mark = make->tmp.n;
    struct str pattern;

    if (right->n_params > 0) {
        pattern = as_pattern(make, right);
    } else {
        make->dialect->like_around(&make->tmp, right->sql);
        pattern = query_take(make, mark);
    }
    make->dialect->like(&make->tmp, left->sql, pattern, not_like);
    return query_take(make, mark);
}

static struct str compare(struct query_make *make, enum query_op op, const struct query_value *left,
                          const struct query_value *right)
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

/* A row of a multi-match sub-select in place of `value`. */
static struct query_value row_value(struct query_make *make, const struct query_value *value,
                                    struct str alias)
{
    return (struct query_value){.sql = arena_concat(make->a, alias, STR(".v"), STR_NONE),
                                .mode = value->mode};
}

/* The other operand beside such a row: only its SQL and parameters count. */
static struct query_value bare(const struct query_value *value)
{
    struct query_value out = *value;

    out.mode = NULL_AUTO;
    return out;
}

/* Every value that the paths have for the base row satisfies the comparison. */
static struct str all_match(struct query_make *make, enum query_op op,
                            const struct query_value *left, const struct query_value *right)
{
    struct str l = query_alias(make, 's'), r = query_alias(make, 's');
    struct query_value l_row = left->many.p ? row_value(make, left, l) : bare(left);
    struct query_value r_row = right->many.p ? row_value(make, right, r) : bare(right);
    struct str inner = compare(make, op, &l_row, &r_row);

    if (left->many.p && right->many.p)
        return arena_printf(make->a,
                            "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s LEFT JOIN (%.*s) %.*s ON TRUE "
                            "WHERE NOT (%.*s))",
                            STR_ARG(left->many), STR_ARG(l), STR_ARG(right->many), STR_ARG(r),
                            STR_ARG(inner));
    if (left->many.p)
        return arena_printf(make->a, "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s WHERE NOT (%.*s))",
                            STR_ARG(left->many), STR_ARG(l), STR_ARG(inner));
    return arena_printf(make->a, "NOT EXISTS (SELECT 1 FROM (%.*s) %.*s WHERE NOT (%.*s))",
                        STR_ARG(right->many), STR_ARG(r), STR_ARG(inner));
}

/* One value satisfies it as the joined one would, and none fails it as in all_match(). */
struct str query_compare_each(struct query_make *make, enum query_op op,
                              const struct query_value *left, const struct query_value *right)
{
    const struct query_value *many = left->many.p ? left : right;
    const struct query_value *other = left->many.p ? right : left;
    struct str alias = query_alias(make, 's');
    struct query_value row = row_value(make, many, alias);
    struct query_value other_bare = bare(other);
    struct query_value joined = *many;
    struct str all, one;

    make->test = query_test_compare(make, op, false, left, right);
    joined.sql = row.sql;
    one = left->many.p ? compare(make, op, &joined, other) : compare(make, op, other, &joined);
    all =
        left->many.p ? compare(make, op, &row, &other_bare) : compare(make, op, &other_bare, &row);
    return arena_printf(make->a,
                        "(SELECT MAX(CASE WHEN %.*s THEN 1 ELSE 0 END) = 1 AND "
                        "MIN(CASE WHEN NOT (%.*s) THEN 0 ELSE 1 END) = 1 FROM (%.*s) %.*s)",
                        STR_ARG(one), STR_ARG(all), STR_ARG(many->many), STR_ARG(alias));
}

/* Section 13.5. */
static struct str guard_email(struct query_make *make, struct str text, struct str alias)
{
    size_t mark = make->tmp.n;

    if (!alias.p)
        return text;
    BUF_ADD(&make->tmp, "(");
    buf_add(&make->tmp, text);
    BUF_ADD(&make->tmp, " AND ");
    buf_add(&make->tmp, alias);
    BUF_ADD(&make->tmp, ".");
    make->dialect->ident(&make->tmp, STR("emailVisibility"));
    BUF_ADD(&make->tmp, " = ");
    make->dialect->bool_literal(&make->tmp, true);
    BUF_ADD(&make->tmp, ")");
    return query_take(make, mark);
}

struct str query_compare(struct query_make *make, enum query_op op, bool any,
                         const struct query_value *left, const struct query_value *right)
{
    struct str text = compare(make, op, left, right);

    make->test = query_test_compare(make, op, any, left, right);
    if (!any && (left->many.p || right->many.p)) {
        struct str all = all_match(make, op, left, right);

        text = arena_printf(make->a, "(%.*s AND %.*s)", STR_ARG(text), STR_ARG(all));
    }
    text = guard_email(make, text, left->guard);
    return guard_email(make, text, right->guard);
}
