/*
 * Comparisons that stand alone: asked by a query of their own instead of by joins of the statement,
 * so that these neither multiply its rows nor are looked up once for each of them.
 *
 *   - All values of a many-valued path (`type:each != 'c'`): an aggregate over the row's values.
 *   - A path that begins with a single relation (`author.organization.name != 'x'`): the rest of
 *     the path is asked of the related collection, once for each of its rows where these are few,
 *     else of the one row that is related. A relation that leads nowhere is a row of NULLs.
 *
 * A comparison by any value (`?=`), or one whose path another one shares, may hang on the same
 * joined row as that one (query-language.md 13): those keep the joins. Clients' filters do, too,
 * since the list rules of what they join belong to the statement.
 */
#include "query/internal.h"

/* Asking all rows of a related collection takes about as long as a page of the list. */
#define FEW_ROWS 2000

/* What a try changes and a failed one gives back. */
struct state {
    size_t n_joins, n_recipes, n_conditions;
    bool multiplies;
};

static struct state state_of(const struct query_make *make)
{
    return (struct state){make->joins.n, make->recipes.n, make->conditions.n, make->multiplies};
}

static void go_back(struct query_make *make, const struct state *state)
{
    make->joins.n = state->n_joins;
    make->recipes.n = state->n_recipes;
    make->conditions.n = state->n_conditions;
    make->multiplies = state->multiplies;
}

/* --- who shares a path ---------------------------------------------------------------------- */

static bool is_name(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* How often the name stands at the begin of something; of a text in quotes it may be one too many,
 * which only costs speed. */
static unsigned count_name(struct str text, struct str name)
{
    unsigned n = 0;

    for (size_t at = str_find(text, name); at < text.n;) {
        bool begins = at == 0 || (!is_name(text.p[at - 1]) && text.p[at - 1] != '.');
        bool ends = at + name.n == text.n || !is_name(text.p[at + name.n]);
        struct str rest;

        n += begins && ends;
        at += name.n;
        rest = str_from(text, at);
        at += str_find(rest, name);
    }
    return n;
}

static struct str first_name(struct str path)
{
    size_t n = 0;

    while (n < path.n && is_name(path.p[n]))
        n++;
    return str_sub(path, 0, n);
}

static bool is_shared(const struct query_make *make, struct str path)
{
    const struct query_spec *spec = make->spec;
    struct str name = first_name(path);

    /* A path that begins with no name is wrong, which the common way says best. */
    return !name.n || count_name(spec->rule, name) + count_name(spec->filter, name) +
                              count_name(spec->sort, name) >
                          1;
}

/* --- many values ---------------------------------------------------------------------------- */

static bool is_field_path(const struct query_operand *operand)
{
    return operand->kind == QUERY_IDENT && operand->text.n > 0 && operand->text.p[0] != '@';
}

/* One operand has many values and the other joins nothing. */
static bool fits(const struct query_make *make, const struct state *before,
                 const struct query_node *node, size_t n_left, const struct query_value *left,
                 const struct query_value *right)
{
    if (left->guard.p || right->guard.p || make->conditions.n != before->n_conditions)
        return false;
    if (left->many.p)
        return !right->many.p && make->joins.n == n_left && is_field_path(&node->left);
    return right->many.p && n_left == before->n_joins && is_field_path(&node->right);
}

static bool each_value(struct query_make *make, struct query_scope *scope,
                       const struct query_node *node, struct str *ret)
{
    const struct state before = state_of(make);
    struct query_value left, right;
    size_t n_left;
    bool ok;

    make->inlines = true;
    ok = query_operand(make, scope, &node->left, &left);
    n_left = make->joins.n;
    ok = ok && query_operand(make, scope, &node->right, &right) &&
         fits(make, &before, node, n_left, &left, &right);
    make->inlines = false;
    if (!ok) {
        go_back(make, &before);
        return false;
    }
    *ret = query_compare_each(make, node->op, &left, &right);
    make->joins.n = before.n_joins;
    make->multiplies = before.multiplies;
    return true;
}

/* --- single relations ----------------------------------------------------------------------- */

struct semi {
    struct query_make *make;
    const struct query_scope *scope;
    const struct schema_field *field;
    struct str column;  /* the relation of the row at hand */
    struct str table;   /* of the related collection */
    struct str alias;   /* of its row */
    struct str id;      /* its id */
    struct str joins;   /* what the rest of the path joins */
    struct str matches; /* the comparison with the rest of the path */
};

/* The comparison is true for some row of `from` and what it joins. */
static struct str exists(const struct semi *semi, struct str on)
{
    struct str one = query_alias(semi->make, 'o');

    return arena_printf(semi->make->a,
                        "EXISTS (SELECT 1 FROM (SELECT 1) %.*s LEFT JOIN %.*s %.*s ON %.*s%.*s "
                        "WHERE %.*s)",
                        STR_ARG(one), STR_ARG(semi->table), STR_ARG(semi->alias), STR_ARG(on),
                        STR_ARG(semi->joins), STR_ARG(semi->matches));
}

static struct str write_semi(const struct semi *semi)
{
    struct arena *a = semi->make->a;
    struct str related = arena_printf(a, "%.*s = %.*s", STR_ARG(semi->id), STR_ARG(semi->column));
    struct str among =
        arena_printf(a, "%.*s IN (SELECT %.*s FROM %.*s %.*s%.*s WHERE %.*s)",
                     STR_ARG(semi->column), STR_ARG(semi->id), STR_ARG(semi->table),
                     STR_ARG(semi->alias), STR_ARG(semi->joins), STR_ARG(semi->matches));
    struct str is_one = exists(semi, related);
    struct str none = exists(semi, STR("FALSE"));
    struct str some = query_alias(semi->make, 'o');
    struct str nowhere = arena_printf(
        a, "(%.*s AND (%.*s IN (SELECT %.*s FROM %.*s %.*s)) IS NOT TRUE)", STR_ARG(none),
        STR_ARG(semi->column), STR_ARG(semi->id), STR_ARG(semi->table), STR_ARG(semi->alias));

    return arena_printf(
        a,
        "(CASE WHEN (SELECT COUNT(*) FROM (SELECT 1 FROM %.*s LIMIT %d) %.*s) <= %d "
        "THEN (%.*s OR %.*s) ELSE %.*s END)",
        STR_ARG(semi->table), FEW_ROWS + 1, STR_ARG(some), FEW_ROWS, STR_ARG(among),
        STR_ARG(nowhere), STR_ARG(is_one));
}

static bool is_word(const struct schema_col *col, struct str name)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_nocase(name, str_of(words[i])))
            return !schema_field(col, name);
    return false;
}

/* What is the same for every row, and in every collection. */
static bool is_constant(const struct semi *semi, const struct query_operand *operand)
{
    const struct schema_col *target = semi->field->relation.target;
    unsigned macro;

    return operand->kind == QUERY_TEXT || operand->kind == QUERY_NUMBER ||
           (operand->kind == QUERY_IDENT &&
            (query_macro_find(operand->text, &macro) ||
             str_eq(operand->text, STR("@request.auth.id")) ||
             (is_word(semi->scope->col, operand->text) && is_word(target, operand->text))));
}

/* The single relation that the path begins with, or NULL. */
static const struct schema_field *first_relation(const struct query_scope *scope,
                                                 const struct query_operand *operand)
{
    struct str rest = operand->text;
    const struct schema_field *field;

    if (!is_field_path(operand))
        return NULL;
    field = schema_field(scope->col, str_split(&rest, '.'));
    /* The related id is the field's own value, which needs no other table. */
    return rest.p && !str_eq(rest, STR("id")) && field && field->type->kind == FIELD_RELATION &&
                   !field->multiple && field->relation.target
               ? field
               : NULL;
}

/* Compiles the comparison, its path shortened by the relation, for the related collection. */
static bool compile_rest(struct semi *semi, const struct query_node *node, bool is_left)
{
    struct query_make *make = semi->make;
    struct query_scope sub = {.col = semi->field->relation.target,
                              .alias = semi->alias,
                              .table = semi->table,
                              .space = ++make->n_scopes,
                              .left = 1,
                              .depth = semi->scope->depth + 1};
    struct query_node rest = *node;
    struct query_operand *path = is_left ? &rest.left : &rest.right;
    size_t from = make->joins.n;
    size_t mark = make->tmp.n;
    struct query_value left, right;

    (void)str_split(&path->text, '.');
    if (!each_value(make, &sub, &rest, &semi->matches)) {
        if (!query_operand(make, &sub, &rest.left, &left) ||
            !query_operand(make, &sub, &rest.right, &right) || left.many.p || right.many.p ||
            left.guard.p || right.guard.p)
            return false;
        semi->matches = query_compare(make, node->op, node->any, &left, &right);
    }
    for (size_t i = from; i < make->joins.n; i++)
        buf_add(&make->tmp, make->joins.items[i].text);
    semi->joins = query_take(make, mark);
    make->joins.n = from;
    return true;
}

static bool by_relation(struct query_make *make, struct query_scope *scope,
                        const struct query_node *node, struct str *ret)
{
    const struct state before = state_of(make);
    const struct schema_field *left = first_relation(scope, &node->left);
    const struct schema_field *right = first_relation(scope, &node->right);
    struct semi semi = {.make = make, .scope = scope, .field = left ? left : right};

    if ((left != NULL) == (right != NULL) || !is_constant(&semi, left ? &node->right : &node->left))
        return false;
    semi.alias = query_alias(make, 't');
    semi.table = query_ident(make, semi.field->relation.target->name);
    semi.column = query_column(make, scope, scope->alias, semi.field);
    semi.id = query_id_column(make, scope, semi.alias, semi.field->relation.target);
    if (!compile_rest(&semi, node, left != NULL) || make->conditions.n != before.n_conditions) {
        go_back(make, &before);
        return false;
    }
    make->multiplies = before.multiplies;
    *ret = write_semi(&semi);
    return true;
}

bool query_alone(struct query_make *make, struct query_scope *scope, const struct query_node *node,
                 struct str *ret)
{
    const bool one_row = make->spec->id.p || make->spec->ids;
    bool shared = (is_field_path(&node->left) && is_shared(make, node->left.text)) ||
                  (is_field_path(&node->right) && is_shared(make, node->right.text));

    if (make->spec->joins_only || scope->is_virtual || scope->guarded || node->any || shared)
        return false;
    return (!one_row && by_relation(make, scope, node, ret)) || each_value(make, scope, node, ret);
}
