/*
 * Groups in place of rows: one SELECT with a GROUP BY,
 *
 *   SELECT <keys>, <aggregates> FROM … WHERE … GROUP BY <keys>
 *
 * or, where a join may give several rows for one base row, the same over an inner SELECT DISTINCT
 * of what tells base rows apart, the keys (c1 …) and what the aggregates are of:
 *
 *   SELECT c1, COUNT(*), total(c2) FROM (SELECT DISTINCT <row>, <key> AS c1, <x> AS c2 FROM …
 *   WHERE …) g0 GROUP BY 1
 *
 * Names are resolved in a space of their own: joined with a filter's or a rule's, `tags:each ?=
 * 'a'` would leave nothing but the group of a.
 */
#include "query/internal.h"

#include "base/limits.h"

#include <assert.h>

struct query_grouping {
    const struct query_groups *groups;
    struct str keys[LIMIT_SORT_FIELDS];
    struct str args[LIMIT_AGGREGATES]; /* p NULL: of no field */
};

/* --- names ----------------------------------------------------------------------------------- */

/* Refuses with a message for the client, who named it. */
static bool tell(struct query_make *make, struct str name, const char *why)
{
    struct str quoted = query_quote(make->a, name);

    make->told = arena_printf(make->a, "%.*s %s", STR_ARG(quoted), why);
    return false;
}

/* The operand whose field it is, be it in another form; NULL: of none. */
static const struct tree_operand *origin(const struct query_make *make, unsigned operand)
{
    const struct tree_operand *it = &make->tree.operands.items[operand];

    if (it->kind == TREE_LOWER)
        it = &make->tree.operands.items[make->tree.args.items[it->args]];
    return it->kind == TREE_COLUMN || (it->kind == TREE_JSON && it->path.n == 0) ? it : NULL;
}

/* What not even a superuser reads in a record. */
static bool is_secret(const struct query_make *make, unsigned operand)
{
    const struct tree_operand *it = origin(make, operand);
    const struct schema_auth *auth = it ? make->tree.hops.items[it->hop].col->auth : NULL;

    return it &&
           (it->field->type->kind == FIELD_PASSWORD || (auth && it->field == auth->token_key));
}

/* Rows whose e-mail is not for everyone to see are in no group. */
static void add_guard(struct query_make *make, unsigned operand)
{
    const unsigned by = make->tree.operands.items[operand].guard;
    size_t mark = make->tmp.n;

    if (by == 0)
        return;
    buf_add(&make->tmp, sql_operand(make, NULL, by));
    BUF_ADD(&make->tmp, " = ");
    make->dialect->bool_literal(&make->tmp, true);
    *VEC_PUSH(make->a, &make->conditions) = query_take(make, mark);
}

/* An operand, or 0. */
static unsigned resolve(struct query_make *make, const struct query_scope *scope, struct str name)
{
    unsigned operand = query_name(make, scope, name);

    if (operand == 0)
        return 0;
    if (!tree_is_of_row(&make->tree, operand))
        return tell(make, name, "is no field to group by or to compute something of.");
    if (is_secret(make, operand))
        return tell(make, name, "is a secret.");
    make->pinned |= tree_operand_hops(&make->tree, operand);
    add_guard(make, operand);
    return operand;
}

/* A field as it is stored; NULL: it is something else. */
static const struct tree_operand *cell_of(const struct query_make *make, unsigned operand)
{
    const struct tree_operand *it = origin(make, operand);

    return it == &make->tree.operands.items[operand] ? it : NULL;
}

/* cell: NULL: of what the engine makes. */
static void add_column(struct query_make *make, const struct tree_operand *cell)
{
    struct query_column column = {.is_field = cell != NULL};

    if (cell) {
        column.col = make->tree.hops.items[cell->hop].col->number;
        column.field = cell->field->at;
    }
    *VEC_PUSH(make->a, &make->columns) = column;
}

/* A field's cells as they are stored tell more than what is compared: JSON of a text and the text
 * of JSON are two groups. */
static bool add_key(struct query_make *make, const struct query_scope *scope, struct str name,
                    struct str *ret)
{
    unsigned operand = resolve(make, scope, name);
    const struct tree_operand *cell;

    if (operand == 0)
        return false;
    cell = cell_of(make, operand);
    *ret = cell ? sql_column(make, NULL, cell->hop, cell->field) : sql_operand(make, NULL, operand);
    add_column(make, cell);
    return true;
}

static struct str only_number(struct query_make *make, struct str sql)
{
    size_t mark = make->tmp.n;

    make->dialect->only_number(&make->tmp, sql);
    return query_take(make, mark);
}

static bool add_arg(struct query_make *make, const struct query_scope *scope,
                    const struct query_aggregate *aggregate, struct str *ret)
{
    bool is_chosen = aggregate->function == FUNCTION_MIN || aggregate->function == FUNCTION_MAX;
    const struct tree_operand *it, *cell;
    unsigned operand;

    *ret = STR_NONE;
    if (!aggregate->of.p) {
        add_column(make, NULL);
        return true;
    }
    operand = resolve(make, scope, aggregate->of);
    if (operand == 0)
        return false;
    it = &make->tree.operands.items[operand];
    if (tree_multiplies(&make->tree, tree_operand_hops(&make->tree, operand)))
        return tell(make, aggregate->of, "has many values a record; aggregates are of one.");
    if (!is_chosen && it->number == NUMBER_NEVER)
        return tell(make, aggregate->of, "is no number; sum and avg are of numbers.");
    *ret = sql_operand(make, NULL, operand);
    cell = cell_of(make, operand);
    if (!is_chosen && it->number != NUMBER_ALWAYS)
        *ret = only_number(make, *ret);
    add_column(make, is_chosen && cell && cell->field->type->kind != FIELD_JSON ? cell : NULL);
    return true;
}

bool query_grouping_add(struct query_make *make, const struct query_scope *base)
{
    const struct query_groups *groups = make->spec->groups;
    struct query_grouping *grouping = ARENA_NEW(make->a, struct query_grouping);
    struct query_scope scope = *base;
    bool ok = true;

    grouping->groups = groups;
    scope.space = ++make->n_spaces;
    for (size_t i = 0; i < groups->n_keys && ok; i++)
        ok = add_key(make, &scope, groups->names[i], &grouping->keys[i]);
    for (size_t i = 0; i < groups->n_aggregates && ok; i++)
        ok = add_arg(make, &scope, &groups->aggregates[i], &grouping->args[i]);
    make->grouping = grouping;
    return ok;
}

/* --- text ------------------------------------------------------------------------------------ */

/* How many groups there are is the same however often a row is in one. */
static bool is_distinct(const struct query_make *make)
{
    return make->multiplies && make->spec->want == QUERY_ROWS &&
           make->grouping->groups->n_aggregates;
}

static void add_call(struct query_make *make, const char *function, struct str arg)
{
    buf_add(&make->tmp, str_of(function));
    BUF_ADD(&make->tmp, "(");
    buf_add(&make->tmp, arg);
    BUF_ADD(&make->tmp, ")");
}

static void add_aggregate(struct query_make *make, enum query_function function, struct str arg)
{
    switch (function) {
    case FUNCTION_COUNT:
        BUF_ADD(&make->tmp, "COUNT(*)");
        return;
    case FUNCTION_SUM:
        make->dialect->sum(&make->tmp, arg);
        return;
    case FUNCTION_AVG:
        add_call(make, "AVG", arg);
        return;
    case FUNCTION_MIN:
        add_call(make, "MIN", arg);
        return;
    case FUNCTION_MAX:
        add_call(make, "MAX", arg);
        return;
    }
    BUG("not a function of groups");
}

static void add_comma(struct query_make *make, size_t at)
{
    if (at > 0)
        BUF_ADD(&make->tmp, ", ");
}

/* The inner select's columns: the keys, then what aggregates are of. */
static struct str inner_column(struct query_make *make, size_t at)
{
    return arena_printf(make->a, "c%zu", at + 1);
}

static void add_columns(struct query_make *make)
{
    const struct query_grouping *grouping = make->grouping;
    const struct query_groups *groups = grouping->groups;
    bool inner = is_distinct(make);

    for (size_t i = 0; i < groups->n_keys; i++) {
        add_comma(make, i);
        buf_add(&make->tmp, inner ? inner_column(make, i) : grouping->keys[i]);
    }
    if (make->spec->want != QUERY_ROWS)
        return;
    for (size_t i = 0; i < groups->n_aggregates; i++) {
        size_t at = groups->n_keys + i;

        add_comma(make, at);
        add_aggregate(make, groups->aggregates[i].function,
                      inner ? inner_column(make, at) : grouping->args[i]);
    }
}

/* A table's rows have an id that the engine made; a view's are told apart by all of their cells, as
 * its list tells them. */
static void add_row(struct query_make *make)
{
    const struct schema_col *col = make->spec->col;

    if (col->type != SCHEMA_VIEW) {
        make->dialect->row_id(&make->tmp, sql_alias(make, NULL, 0));
        BUF_ADD(&make->tmp, " AS r1");
        return;
    }
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        add_comma(make, i);
        buf_add(&make->tmp, field->absent ? STR("NULL") : sql_column(make, NULL, 0, field));
        buf_addf(&make->tmp, " AS r%zu", i + 1);
    }
}

static void add_inner(struct query_make *make)
{
    const struct query_grouping *grouping = make->grouping;
    size_t n_keys = grouping->groups->n_keys;

    BUF_ADD(&make->tmp, " FROM (SELECT DISTINCT ");
    add_row(make);
    for (size_t i = 0; i < n_keys + grouping->groups->n_aggregates; i++) {
        struct str sql = i < n_keys ? grouping->keys[i] : grouping->args[i - n_keys];

        if (sql.p)
            buf_addf(&make->tmp, ", %.*s AS c%zu", STR_ARG(sql), i + 1);
    }
}

void query_grouping_open(struct query_make *make)
{
    assert(make->spec->want == QUERY_ROWS || make->grouping->groups->n_keys > 0);
    BUF_ADD(&make->tmp, "SELECT ");
    if (make->spec->want == QUERY_COUNT)
        BUF_ADD(&make->tmp, "COUNT(*) FROM (SELECT ");
    add_columns(make);
    if (is_distinct(make))
        add_inner(make);
}

static void add_order(struct query_make *make, size_t at, size_t column, bool descending)
{
    buf_add(&make->tmp, at == 0 ? STR(" ORDER BY ") : STR(", "));
    buf_addf(&make->tmp, "%zu%s", column + 1, descending ? " DESC" : "");
}

void query_grouping_close(struct query_make *make)
{
    const struct query_groups *groups = make->grouping->groups;

    if (is_distinct(make))
        BUF_ADD(&make->tmp, ") g0");
    for (size_t i = 0; i < groups->n_keys; i++)
        buf_addf(&make->tmp, "%s%zu", i == 0 ? " GROUP BY " : ", ", i + 1);
    if (make->spec->want == QUERY_COUNT) {
        BUF_ADD(&make->tmp, ") g0");
        return;
    }
    for (size_t i = 0; i < groups->n_order; i++)
        add_order(make, i, groups->order[i].column, groups->order[i].descending);
    for (size_t i = 0; i < groups->n_keys; i++) /* so that pages have an order in any case */
        add_order(make, groups->n_order + i, i, false);
}
