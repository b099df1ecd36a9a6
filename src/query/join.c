/*
 * The tables that a path joins, in the statement and in the sub-select of an all-match.
 *
 * Both are made on every walk; the sub-select's text is thrown away when the path turns out to give
 * one value.
 */
#include "query/internal.h"

#include "base/limits.h"

void query_walk_begin(struct query_walk *walk, struct query_make *make, struct query_scope *scope,
                      struct str rest)
{
    struct str many =
        make->inlines ? scope->alias : query_alias(make, scope->is_virtual ? 'v' : 'm');

    *walk = (struct query_walk){
        .make = make,
        .scope = scope,
        .rest = rest,
        .col = scope->col,
        .alias = scope->alias,
        .many_base = many,
        .many_alias = many,
        .many_joins = STR(""),
        .depth = scope->depth,
    };
}

void query_walk_end(struct query_walk *walk, struct str sql, struct str many_sql,
                    struct query_value *ret)
{
    struct query_make *make = walk->make;
    const struct query_scope *scope = walk->scope;
    struct str mine, base, none;

    *ret = (struct query_value){.sql = sql};
    if (!walk->is_many)
        return;
    if (make->inlines) {
        none = query_alias(make, 'o');
        ret->many = arena_printf(make->a, "SELECT %.*s AS v FROM (SELECT 1) %.*s%.*s",
                                 STR_ARG(many_sql), STR_ARG(none), STR_ARG(walk->many_joins));
        return;
    }
    mine = query_id_column(make, scope, walk->many_base, scope->col);
    base = query_id_column(make, scope, scope->alias, scope->col);
    ret->many = arena_printf(make->a, "SELECT %.*s AS v FROM %.*s %.*s%.*s WHERE %.*s = %.*s",
                             STR_ARG(many_sql), STR_ARG(scope->table), STR_ARG(walk->many_base),
                             STR_ARG(walk->many_joins), STR_ARG(mine), STR_ARG(base));
}

static struct query_join *find_join(struct query_make *make, struct str key)
{
    for (size_t i = 0; i < make->joins.n; i++)
        if (str_eq(make->joins.items[i].key, key))
            return &make->joins.items[i];
    return NULL;
}

/* Keys of other spaces are other joins. */
static struct str space_key(const struct query_walk *walk, struct str key)
{
    return arena_printf(walk->make->a, "%u %.*s", walk->scope->space, STR_ARG(key));
}

/* The join under that key, made if need be, with an empty text. */
static struct query_join *get_join(struct query_walk *walk, struct str key, char letter)
{
    struct query_join *join;

    key = space_key(walk, key);
    join = find_join(walk->make, key);
    if (join)
        return join;
    join = VEC_PUSH(walk->make->a, &walk->make->joins);
    join->key = key;
    join->alias = query_alias(walk->make, letter);
    return join;
}

/* " LEFT JOIN table alias ON condition" */
static struct str join_text(struct query_walk *walk, const struct query_hop_join *hop,
                            struct str from, struct str alias)
{
    struct query_make *make = walk->make;
    size_t mark = make->tmp.n;

    BUF_ADD(&make->tmp, " LEFT JOIN ");
    make->dialect->ident(&make->tmp, hop->target->name);
    BUF_ADD(&make->tmp, " ");
    buf_add(&make->tmp, alias);
    BUF_ADD(&make->tmp, " ON ");
    hop->condition(walk, from, alias, hop->user);
    return query_take(make, mark);
}

/* The list rule of a collection that a client's path enters, as a condition on the whole query. */
static bool check_list_rule(struct query_walk *walk, const struct schema_col *col, struct str alias)
{
    struct query_make *make = walk->make;
    struct query_scope scope = {.col = col,
                                .alias = alias,
                                .table = query_ident(make, col->name),
                                .left = LIMIT_FILTER_EXPRESSIONS};
    struct query_node *root;
    struct str rule, id;

    if (!col->list_rule.set)
        return query_fail(make, "only superusers can join collection %.*s",
                          STR_ARG(query_quote(make->a, col->name)));
    if (col->list_rule.text.n == 0)
        return true;
    scope.space = ++make->n_scopes;
    if (!query_parse(make->a, col->list_rule.text, &root, &make->why) ||
        !query_condition(make, &scope, root, &rule)) {
        make->at = make->tail = 0; /* a place in this rule is none in the client's text */
        return false;
    }
    id = query_id_column(make, &scope, alias, col);
    *VEC_PUSH(make->a, &make->conditions) = arena_printf(
        make->a, "(%.*s = '' OR %.*s IS NULL OR %.*s)", STR_ARG(id), STR_ARG(id), STR_ARG(rule));
    return true;
}

bool query_walk_join(struct query_walk *walk, const struct query_hop_join *hop)
{
    struct query_join *join = get_join(walk, hop->key, 't');
    struct str alias = join->alias;
    struct str many_alias = query_alias(walk->make, 'm');
    bool unchecked = walk->scope->guarded && !join->checked;

    if (walk->make->joins.n > LIMIT_QUERY_JOINS)
        return query_fail(walk->make, "max joined collections reached");
    walk->next = hop->target;
    join->text = join_text(walk, hop, walk->alias, alias);
    join->checked |= walk->scope->guarded;
    walk->in_many = true;
    walk->many_joins = arena_concat(walk->make->a, walk->many_joins,
                                    join_text(walk, hop, walk->many_alias, many_alias), STR_NONE);
    walk->in_many = false;
    walk->col = hop->target;
    walk->alias = alias;
    walk->many_alias = many_alias;
    return !unchecked || check_list_rule(walk, hop->target, alias);
}

struct str query_walk_table(struct query_walk *walk, struct str key, query_table_fn *write,
                            const void *user)
{
    struct query_make *make = walk->make;
    struct query_join *join = get_join(walk, key, 'e');
    struct str many_alias = query_alias(make, 'e');
    size_t mark = make->tmp.n;

    if (!join->text.p) {
        BUF_ADD(&make->tmp, " LEFT JOIN ");
        write(walk, walk->alias, join->alias, user);
        BUF_ADD(&make->tmp, " ON TRUE");
        join->text = query_take(make, mark);
    }
    buf_add(&make->tmp, walk->many_joins);
    BUF_ADD(&make->tmp, " LEFT JOIN ");
    write(walk, walk->many_alias, many_alias, user);
    BUF_ADD(&make->tmp, " ON TRUE");
    walk->many_joins = query_take(make, mark);
    walk->many_table = many_alias;
    return join->alias;
}
