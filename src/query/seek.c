/*
 * Where in the order of its rows a statement begins: the condition behind cursors.
 *
 * NULL comes before all other values, as it does in the engine's own order. A place is told by what
 * the keys were, so rows that come and go move nothing, and one that is there is found from an
 * index on the first key, without those before it being counted.
 */
#include "query/internal.h"

#include "base/limits.h"

/* --- keys ------------------------------------------------------------------------------------ */

static struct str own_key(struct query_make *make, const struct query_scope *scope)
{
    size_t mark = make->tmp.n;

    if (scope->col->type == SCHEMA_VIEW)
        return sql_id(make, NULL, scope->hop);
    make->dialect->row_id(&make->tmp, sql_alias(make, NULL, scope->hop));
    return query_take(make, mark);
}

static bool has_key(const struct query_make *make, struct str sql)
{
    for (size_t i = 0; i < make->keys.n; i++)
        if (str_eq(make->keys.items[i].sql, sql))
            return true;
    return false;
}

/* As the sort's last: then an index on that one has both in their order. */
static bool is_descending(const struct query_make *make)
{
    return make->keys.n > 0 && make->keys.items[make->keys.n - 1].descending;
}

static void add_own_key(struct query_make *make, const struct query_scope *scope)
{
    struct query_key own = {.sql = own_key(make, scope),
                            .is_never_null = scope->col->type != SCHEMA_VIEW,
                            .descending = is_descending(make)};

    if (!has_key(make, own.sql) && !has_key(make, sql_id(make, NULL, scope->hop)))
        *VEC_PUSH(make->a, &make->keys) = own;
}

/* A client's cursor is not to hold it, be it sealed: its length would show. */
static bool is_secret(const struct query_scope *scope, const struct schema_field *field)
{
    const struct schema_auth *auth = scope->col->auth;

    return scope->guarded && (field->hidden || (auth && field == auth->email));
}

/* The field whose values a column of an index has in their order; NULL: none that may be told. */
static const struct schema_field *indexed_field(const struct query_scope *scope,
                                                const struct db_index_column *column)
{
    const struct schema_field *field;

    if (column->is_expr || column->collate.n > 0 || str_eq_nocase(column->direction, STR("DESC")))
        return NULL;
    field = schema_field(scope->col, column->name);
    return field && field->type->kind != FIELD_JSON && !is_secret(scope, field) ? field : NULL;
}

static bool is_in_order(const struct query_make *make, const struct query_scope *scope,
                        const struct db_index *index)
{
    const size_t n = make->keys.n;

    if (index->n_columns < n || index->n_columns > LIMIT_SORT_FIELDS || index->where.n > 0)
        return false;
    for (size_t i = 0; i < index->n_columns; i++) {
        const struct schema_field *field = indexed_field(scope, &index->columns[i]);

        if (!field || (i < n && (make->keys.items[i].field != field ||
                                 make->keys.items[i].descending != is_descending(make))))
            return false;
    }
    return true;
}

/* The shortest index that has the rows in the order of the keys: what it goes on with. */
static void follow_index(struct query_make *make, const struct query_scope *scope)
{
    const struct db_index *best = NULL;
    const bool descending = is_descending(make);

    for (size_t i = 0; i < scope->col->n_indexes && make->keys.n > 0; i++) {
        const struct db_index *index = &scope->col->indexes[i].def;

        if ((!best || index->n_columns < best->n_columns) && is_in_order(make, scope, index))
            best = index;
    }
    make->is_indexed = best != NULL;
    for (size_t i = make->keys.n; best && i < best->n_columns; i++) {
        const struct schema_field *field = schema_field(scope->col, best->columns[i].name);

        *VEC_PUSH(make->a, &make->keys) =
            (struct query_key){.sql = sql_column(make, NULL, scope->hop, field),
                               .descending = descending,
                               .is_never_null = true,
                               .field = field};
    }
}

/* With values of its own a client would find out what it may not see. */
static bool check_values(struct query_make *make)
{
    const struct query_seek *seek = make->spec->seek;

    if (seek->n > make->keys.n)
        return query_fail(make, "the place has more values than the order has keys");
    if (seek->is_clients && make->keys.items[0].is_guarded)
        make->told = STR("A list sorted by that field has no from.");
    return !make->told.p;
}

static bool is_any_multiple(const struct query_make *make)
{
    for (size_t i = 0; i < make->keys.n; i++)
        if (make->keys.items[i].multiplies)
            return true;
    return false;
}

bool query_seek_keys(struct query_make *make, const struct query_scope *scope, bool *ret_grouped)
{
    *ret_grouped = is_any_multiple(make);
    if (scope->col->type != SCHEMA_VIEW)
        follow_index(make, scope);
    add_own_key(make, scope);
    for (size_t i = 0; i < make->keys.n && *ret_grouped; i++) {
        struct query_key *key = &make->keys.items[i];

        key->sql =
            arena_concat(make->a, key->descending ? STR("MAX(") : STR("MIN("), key->sql, STR(")"));
    }
    return check_values(make);
}

/* --- the condition --------------------------------------------------------------------------- */

struct place {
    struct query_make *make;
    const struct query_seek *seek;
};

static bool is_ascending(const struct place *place, unsigned at)
{
    return place->make->keys.items[at].descending == place->seek->backward;
}

static bool is_null(const struct place *place, unsigned at)
{
    return place->seek->values[at].type == DB_NULL;
}

/* NULL is neither above nor below another value to the engine's comparisons: rows that have it are
 * left out by them, which is right only where they come before the place. */
static bool is_plain(const struct place *place, unsigned at)
{
    return !is_null(place, at) &&
           (is_ascending(place, at) || place->make->keys.items[at].is_never_null);
}

static void add_key(const struct place *place, unsigned at)
{
    buf_add(&place->make->tmp, place->make->keys.items[at].sql);
}

static void add_value(const struct place *place, unsigned at)
{
    struct query_recipe recipe = {.kind = RECIPE_SEEK, .index = at};

    buf_add(&place->make->tmp, sql_given(place->make, recipe));
}

static struct str comparison(const struct place *place, unsigned at, bool or_equal)
{
    if (is_ascending(place, at))
        return or_equal ? STR(" >= ") : STR(" > ");
    return or_equal ? STR(" <= ") : STR(" < ");
}

static void add_behind(const struct place *place, unsigned at)
{
    struct buf *out = &place->make->tmp;

    if (is_null(place, at) && !is_ascending(place, at)) {
        place->make->dialect->bool_literal(out, false);
        return;
    }
    BUF_ADD(out, "(");
    add_key(place, at);
    if (is_null(place, at)) {
        BUF_ADD(out, " IS NOT NULL)");
        return;
    }
    buf_add(out, comparison(place, at, false));
    add_value(place, at);
    if (!is_plain(place, at)) {
        BUF_ADD(out, " OR ");
        add_key(place, at);
        BUF_ADD(out, " IS NULL");
    }
    BUF_ADD(out, ")");
}

static void add_equal(const struct place *place, unsigned at)
{
    add_key(place, at);
    if (is_null(place, at)) {
        BUF_ADD(&place->make->tmp, " IS NULL");
        return;
    }
    BUF_ADD(&place->make->tmp, " = ");
    add_value(place, at);
}

/* Key by key: behind the place by this one, or equal by it and behind by those that follow. */
static void add_steps(const struct place *place)
{
    struct buf *out = &place->make->tmp;
    const unsigned n = place->seek->n;

    for (unsigned i = 0; i < n; i++) {
        BUF_ADD(out, "(");
        add_behind(place, i);
        if (i + 1 < n || place->seek->inclusive) {
            BUF_ADD(out, " OR (");
            add_equal(place, i);
        }
        if (i + 1 < n)
            BUF_ADD(out, " AND ");
    }
    if (place->seek->inclusive)
        BUF_ADD(out, ")");
    BUF_ADD(out, ")");
    for (unsigned i = 0; i + 1 < n; i++)
        BUF_ADD(out, "))");
}

static bool is_row_value(const struct place *place)
{
    for (unsigned i = 0; i < place->seek->n; i++)
        if (!is_plain(place, i) || is_ascending(place, i) != is_ascending(place, 0))
            return false;
    return true;
}

/* One comparison of all keys from the first: the engine finds the place in an index by as many as
 * that has. */
static void add_row_value(const struct place *place, unsigned first)
{
    struct buf *out = &place->make->tmp;
    const unsigned n = place->seek->n;

    for (unsigned i = first; i < n; i++) {
        buf_add(out, i > first ? STR(", ") : STR("("));
        add_key(place, i);
    }
    BUF_ADD(out, ")");
    buf_add(out, comparison(place, first, place->seek->inclusive));
    for (unsigned i = first; i < n; i++) {
        buf_add(out, i > first ? STR(", ") : STR("("));
        add_value(place, i);
    }
    BUF_ADD(out, ")");
}

static struct str in_one(const struct place *place)
{
    struct query_make *make = place->make;
    size_t mark = make->tmp.n;

    if (is_row_value(place)) {
        add_row_value(place, 0);
        return query_take(make, mark);
    }
    BUF_ADD(&make->tmp, "(");
    if (is_plain(place, 0)) { /* follows from the rest, but for an index it has to be said */
        add_key(place, 0);
        buf_add(&make->tmp, comparison(place, 0, true));
        add_value(place, 0);
        BUF_ADD(&make->tmp, " AND ");
    }
    add_steps(place);
    BUF_ADD(&make->tmp, ")");
    return query_take(make, mark);
}

/* An index alone ends with the row's own key, but the engine finds no place by that. */
static void in_two(const struct place *place, struct query_seek_conditions *ret)
{
    struct query_make *make = place->make;
    size_t mark = make->tmp.n;

    add_equal(place, 0);
    BUF_ADD(&make->tmp, " AND ");
    add_row_value(place, 1);
    ret->same = query_take(make, mark);
    add_behind(place, 0);
    ret->behind = query_take(make, mark);
}

void query_seek_conditions(struct query_make *make, bool grouped, struct query_seek_conditions *ret)
{
    const struct place place = {make, make->spec->seek};

    *ret = (struct query_seek_conditions){0};
    if (place.seek->n == 0)
        return;
    if (!grouped && place.seek->n > 1 && make->is_indexed && is_row_value(&place))
        in_two(&place, ret);
    else
        ret->all = in_one(&place);
}
