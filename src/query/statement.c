/*
 * The whole statement: what is selected, from where, under which conditions, in which order.
 */
#include "query/internal.h"

#include "base/limits.h"

#define MOST_LITERAL (INT64_C(1) << 20)

struct parts {
    struct str joins;
    VEC(struct str) conditions;
    bool grouped; /* what joins give for one row is one again */
    struct query_seek_conditions seek;
};

static void add_condition(struct query_make *make, struct parts *parts, struct str text)
{
    *VEC_PUSH(make->a, &parts->conditions) = text;
}

static struct query_recipe ids_recipe(const struct query_spec *spec)
{
    return (struct query_recipe){.kind = spec->n_ids == 1 ? RECIPE_FIRST_ID : RECIPE_IDS};
}

/* `sql` is one of the spec's ids. */
static void add_is_one_of_ids(struct query_make *make, struct str sql)
{
    struct str items = query_alias(make, 'e');
    unsigned param = query_param(make, ids_recipe(make->spec));

    buf_add(&make->tmp, sql);
    if (make->spec->n_ids == 1) {
        BUF_ADD(&make->tmp, " = ");
        make->dialect->param(&make->tmp, param);
        return;
    }
    buf_addf(&make->tmp, " IN (SELECT %.*s.value FROM ", STR_ARG(items));
    make->dialect->json_each_param(&make->tmp, param, items);
    BUF_ADD(&make->tmp, ")");
}

static struct str holds_ids(struct query_make *make, struct str column, bool multiple)
{
    size_t mark = make->tmp.n;
    struct str items;

    if (!multiple) {
        add_is_one_of_ids(make, column);
        return query_take(make, mark);
    }
    items = query_alias(make, 'e');
    BUF_ADD(&make->tmp, "EXISTS (SELECT 1 FROM ");
    make->dialect->json_each(&make->tmp, column, items);
    BUF_ADD(&make->tmp, " WHERE ");
    add_is_one_of_ids(make, arena_concat(make->a, items, STR(".value"), STR_NONE));
    BUF_ADD(&make->tmp, ")");
    return query_take(make, mark);
}

/* The conditions that are not of the language. */
static void add_selection(struct query_make *make, struct parts *parts)
{
    const struct query_spec *spec = make->spec;
    struct str id = sql_id(make, NULL, 0);

    if (spec->id.p)
        add_condition(make, parts,
                      arena_concat(make->a, id, STR(" = "),
                                   sql_given(make, (struct query_recipe){.kind = RECIPE_ID})));
    if (spec->ids && !spec->ref_field)
        add_condition(make, parts, holds_ids(make, id, false));
    if (spec->ids && spec->ref_field)
        add_condition(
            make, parts,
            holds_ids(make, sql_column(make, NULL, 0, spec->ref_field), spec->ref_field->multiple));
}

static bool add_filter(struct query_make *make, struct query_scope *scope,
                       const struct query_node *root, struct query_tests *tests)
{
    unsigned test;

    scope->left = LIMIT_FILTER_EXPRESSIONS;
    test = query_condition(make, scope, root);
    if (test == 0)
        return false;
    query_tests_put(make, tests, test);
    return true;
}

static bool add_rule(struct query_make *make, struct query_scope *scope, struct query_tests *tests)
{
    struct query_node *root;

    if (make->spec->rule.n == 0)
        return true;
    make->text = make->spec->rule;
    return query_parse_at(make->a, make->text, &root, &make->why, &make->at) &&
           add_filter(make, scope, root, tests);
}

static void write_columns(struct query_make *make)
{
    const struct schema_col *col = make->spec->col;

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (i > 0)
            BUF_ADD(&make->tmp, ",");
        buf_add(&make->tmp, field->absent ? STR("NULL") : sql_column(make, NULL, 0, field));
    }
}

static void write_count(struct query_make *make)
{
    const bool is_view = make->spec->col->type == SCHEMA_VIEW;

    if (!make->multiplies && !query_may_repeat(make, make->spec->col)) {
        BUF_ADD(&make->tmp, "COUNT(*)");
        return;
    }
    BUF_ADD(&make->tmp, "COUNT(DISTINCT ");
    if (is_view)
        buf_add(&make->tmp, sql_id(make, NULL, 0));
    else
        make->dialect->row_id(&make->tmp, sql_alias(make, NULL, 0));
    BUF_ADD(&make->tmp, ")");
}

/* The row that is not stored, with the cells that are asked for. */
static void write_virtual(struct query_make *make)
{
    const struct schema_col *col = make->spec->col;
    bool is_first = true;

    BUF_ADD(&make->tmp, "WITH " SQL_VIRTUAL_TABLE " AS (SELECT ");
    for (unsigned i = 0; i < col->n_fields; i++) {
        if (!make->cells[i])
            continue;
        if (!is_first)
            BUF_ADD(&make->tmp, ", ");
        is_first = false;
        buf_add(&make->tmp,
                sql_given(make, (struct query_recipe){.kind = RECIPE_CELL, .index = i}));
        BUF_ADD(&make->tmp, " AS ");
        make->dialect->ident(&make->tmp, col->fields[i].name);
    }
    BUF_ADD(&make->tmp, ") ");
}

static bool is_keys_only(const struct query_spec *spec)
{
    return spec->seek && spec->seek->keys_only;
}

/* Behind the fields, if there are any. */
static void write_keys(struct query_make *make)
{
    for (size_t i = 0; i < make->keys.n; i++) {
        if (i > 0 || !is_keys_only(make->spec))
            BUF_ADD(&make->tmp, ",");
        buf_add(&make->tmp, make->keys.items[i].sql);
    }
}

static void write_select(struct query_make *make, const struct parts *parts)
{
    const struct query_spec *spec = make->spec;

    if (spec->virtual_row)
        write_virtual(make);
    BUF_ADD(&make->tmp, "SELECT ");
    switch (spec->want) {
    case QUERY_ROWS:
        if (make->multiplies && !parts->grouped && !spec->id.p) /* one id: LIMIT 1 does it */
            BUF_ADD(&make->tmp, "DISTINCT ");
        if (!is_keys_only(spec))
            write_columns(make);
        if (spec->seek)
            write_keys(make);
        return;
    case QUERY_COUNT:
        write_count(make);
        return;
    case QUERY_EXISTS:
        BUF_ADD(&make->tmp, "1");
        return;
    }
    BUG("not something to want");
}

/* A power of two, of which there are few. */
int64_t query_limit_text(const struct query_spec *spec)
{
    int64_t limit = 1;

    if (!spec->stops || spec->limit < 0 || spec->limit > MOST_LITERAL)
        return -1;
    while (limit < spec->limit)
        limit *= 2;
    return limit;
}

/* SQLite plans by a limit that it knows, and looks for that also into a parameter; but then it
 * compiles the statement anew each time. So it is told about how many rows there will be where the
 * reader stops by itself, and a sum, which is none of its business, where it does not. */
static void write_limit(struct query_make *make)
{
    const int64_t limit = query_limit_text(make->spec);

    BUF_ADD(&make->tmp, " LIMIT ");
    if (limit >= 0) {
        buf_add_i64(&make->tmp, limit);
        return;
    }
    BUF_ADD(&make->tmp, "(0 + ");
    buf_add(&make->tmp, sql_given(make, (struct query_recipe){.kind = RECIPE_LIMIT}));
    BUF_ADD(&make->tmp, ")");
}

static void write_range(struct query_make *make)
{
    const struct query_spec *spec = make->spec;

    if (spec->want == QUERY_COUNT)
        return;
    if (spec->want == QUERY_EXISTS || spec->id.p) {
        BUF_ADD(&make->tmp, " LIMIT 1");
        return;
    }
    if (spec->limit < 0)
        return;
    write_limit(make);
    if (spec->offset == 0)
        return;
    BUF_ADD(&make->tmp, " OFFSET ");
    buf_add(&make->tmp, sql_given(make, (struct query_recipe){.kind = RECIPE_OFFSET}));
}

/* A row's fields are the same in all rows that its joins give. */
static void write_group(struct query_make *make)
{
    BUF_ADD(&make->tmp, " GROUP BY ");
    if (make->spec->col->type == SCHEMA_VIEW)
        write_columns(make);
    else
        make->dialect->row_id(&make->tmp, sql_alias(make, NULL, 0));
}

static void write_from(struct query_make *make, const struct parts *parts)
{
    BUF_ADD(&make->tmp, " FROM ");
    buf_add(&make->tmp, sql_table(make, 0));
    BUF_ADD(&make->tmp, " ");
    buf_add(&make->tmp, sql_alias(make, NULL, 0));
    buf_add(&make->tmp, parts->joins);
}

/* SELECT to HAVING. also: one more condition; p NULL: none. */
static void write_rows(struct query_make *make, const struct parts *parts, struct str also)
{
    const size_t n = parts->conditions.n;
    const bool is_where = also.p && !parts->grouped;

    if (make->grouping)
        query_grouping_open(make);
    else
        write_select(make, parts);
    write_from(make, parts);
    for (size_t i = 0; i < n + is_where; i++) {
        buf_add(&make->tmp, i == 0 ? STR(" WHERE ") : STR(" AND "));
        buf_add(&make->tmp, i < n ? parts->conditions.items[i] : also);
    }
    if (!parts->grouped)
        return;
    write_group(make);
    if (also.p) {
        BUF_ADD(&make->tmp, " HAVING ");
        buf_add(&make->tmp, also);
    }
}

static void write_order(struct query_make *make, bool by_columns)
{
    const struct query_seek *seek = make->spec->seek;
    size_t first = 0;

    if (make->keys.n == 0 || make->spec->want != QUERY_ROWS)
        return;
    BUF_ADD(&make->tmp, " ORDER BY ");
    if (by_columns)
        first = is_keys_only(make->spec) ? 1 : make->spec->col->n_fields + 1;
    query_write_order(make, seek && seek->backward, first);
}

static struct str write_statement(struct query_make *make, const struct parts *parts)
{
    const struct query_seek_conditions *seek = &parts->seek;
    size_t mark = make->tmp.n;

    if (seek->same.p) {
        write_rows(make, parts, seek->same);
        BUF_ADD(&make->tmp, " UNION ALL ");
        write_rows(make, parts, seek->behind);
    } else {
        write_rows(make, parts, seek->all);
    }
    write_order(make, seek->same.p != NULL);
    if (make->grouping)
        query_grouping_close(make);
    write_range(make);
    return query_take(make, mark);
}

/* --- resolving ------------------------------------------------------------------------------- */

/* A count needs the tables of a sort only for the list rules that come with them. */
static bool add_sort(struct query_make *make, const struct query_scope *scope)
{
    struct query_tree *tree = &make->tree;
    const size_t n_hops = tree->hops.n, n_recipes = make->recipes.n, n_visible = make->visible.n;

    if (make->spec->sort.n == 0)
        return true;
    if (!query_sort(make, scope, make->spec->sort) || !query_check_hops(make))
        return false;
    if (make->spec->want == QUERY_ROWS)
        return true;
    make->pinned = 0;
    if (make->visible.n == n_visible) {
        tree->hops.n = n_hops;
        make->recipes.n = n_recipes;
    }
    return true;
}

static bool add_seek(struct query_make *make, const struct query_scope *scope, struct parts *parts)
{
    if (!make->spec->seek)
        return true;
    if (!query_seek_keys(make, scope, &parts->grouped))
        return false;
    query_seek_conditions(make, parts->grouped, &parts->seek);
    return true;
}

/* Everything that has names, into the tree. */
static bool resolve(struct query_make *make, const struct query_node *filter, struct parts *parts)
{
    const struct query_spec *spec = make->spec;
    struct query_scope scope = {.col = spec->col};
    struct query_tests tests = {0};

    if (!add_rule(make, &scope, &tests))
        return false;
    make->text = spec->filter;
    scope.guarded = !spec->client_is_superuser;
    if (filter && !add_filter(make, &scope, filter, &tests))
        return false;
    if (!query_check_hops(make) || !add_sort(make, &scope) || !add_seek(make, &scope, parts) ||
        (spec->groups && !query_grouping_add(make, &scope)) || !query_check_hops(make))
        return false;
    if (make->visible.n > 0) {
        query_tests_put(make, &tests, make->visible.first);
        tests.last = make->visible.last;
    }
    if (tests.n > 0)
        make->tree.root =
            query_test_add(make, (struct tree_test){.kind = TEST_AND, .first = tests.first});
    return true;
}

/* --- all ------------------------------------------------------------------------------------- */

/* PocketBase makes rows different as soon as it joins anything: of a view that tells. */
static void add_joins(struct query_make *make, struct parts *parts)
{
    const size_t mark = make->tmp.n;

    make->joined = make->pinned;
    if (make->tree.root != 0)
        make->joined |= tree_test_joins(&make->tree, make->tree.root);
    make->multiplies = tree_multiplies(&make->tree, make->joined) ||
                       (make->tree.hops.n > 1 && query_may_repeat(make, make->spec->col));
    for (unsigned i = 1; i < make->tree.hops.n; i++)
        if (make->joined & UINT64_C(1) << i)
            buf_add(&make->tmp, sql_join(make, NULL, i));
    parts->joins = query_take(make, mark);
}

static void add_tests(struct query_make *make, struct parts *parts)
{
    unsigned at = make->tree.root ? make->tree.tests.items[make->tree.root].first : 0;

    for (; at != 0; at = make->tree.tests.items[at].next)
        add_condition(make, parts, sql_test(make, NULL, at));
    for (size_t i = 0; i < make->conditions.n; i++)
        add_condition(make, parts, make->conditions.items[i]);
}

/* Resolves everything, from the beginning. */
static bool make_tree(struct query_make *make, const struct query_node *filter, bool joins_only,
                      struct parts *parts)
{
    const struct query_spec *spec = make->spec;
    struct buf tmp = make->tmp;

    buf_reset(&tmp);
    *parts = (struct parts){0};
    *make = (struct query_make){
        .a = make->a, .spec = spec, .dialect = make->dialect, .tmp = tmp, .joins_only = joins_only};
    query_hops_begin(make, spec->col, spec->virtual_row ? STR("v0") : STR("t0"));
    if (spec->virtual_row)
        make->cells = ARENA_ARRAY(make->a, bool, spec->col->n_fields);
    add_selection(make, parts);
    return resolve(make, filter, parts);
}

bool query_make_sql(struct query_make *make, const struct query_node *filter, struct str *ret_text)
{
    struct parts parts;

    if (!make_tree(make, filter, make->spec->joins_only, &parts))
        return false;
    if (!query_rewrite(make) && !make_tree(make, filter, true, &parts))
        return false;
    add_joins(make, &parts);
    add_tests(make, &parts);
    *ret_text = write_statement(make, &parts);
    return !make->tmp.full || query_fail(make, "the statement is too long");
}
