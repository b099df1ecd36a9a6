/*
 * Paths through fields, relations and back-relations (query-language.md 5.2, 5.3, 13.1).
 */
#include "query/internal.h"

#include "base/limits.h"
#include "base/num.h"

struct modifier {
    struct str name;
    enum query_modifier modifier;
};

static const struct modifier modifiers[] = {
    {STR_INIT("isset"), MODIFIER_ISSET},     {STR_INIT("length"), MODIFIER_LENGTH},
    {STR_INIT("each"), MODIFIER_EACH},       {STR_INIT("lower"), MODIFIER_LOWER},
    {STR_INIT("changed"), MODIFIER_CHANGED},
};

bool query_split(struct query_make *make, struct str segment, struct str *ret_name,
                 enum query_modifier *ret)
{
    size_t at = str_find_byte(segment, ':');
    struct str modifier = str_from(segment, at + 1);

    *ret_name = segment;
    *ret = MODIFIER_NONE;
    if (at == segment.n || str_find_byte(modifier, ':') < modifier.n)
        return true;
    *ret_name = str_sub(segment, 0, at);
    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        if (str_eq(modifiers[i].name, modifier)) {
            *ret = modifiers[i].modifier;
            return true;
        }
    }
    return query_fail(make, "unknown modifier in %.*s", STR_ARG(query_quote(make->a, segment)));
}

/* --- hops ------------------------------------------------------------------------------------ */

static struct str hop_key(const struct query_walk *walk, const char *kind, struct str segment)
{
    return arena_printf(walk->make->a, "%s %.*s %.*s", kind, STR_ARG(walk->alias),
                        STR_ARG(segment));
}

/* J(field) of the row behind `from`. */
static void write_items(struct query_walk *walk, struct str from, struct str alias,
                        const void *user)
{
    const struct schema_field *field = user;
    struct str column = query_column(walk->make, walk->scope, from, field);

    walk->make->dialect->json_each(&walk->make->tmp, column, alias);
}

/* The rows of J(field), joined. */
static struct str join_items(struct query_walk *walk, const struct schema_field *field)
{
    walk->make->multiplies = true;
    return query_walk_table(walk, hop_key(walk, "each", field->name), write_items, field);
}

static void add_id(struct query_walk *walk, struct str alias, const struct schema_col *col)
{
    buf_add(&walk->make->tmp, query_id_column(walk->make, walk->scope, alias, col));
}

static void add_column(struct query_walk *walk, struct str alias, const struct schema_field *field)
{
    buf_add(&walk->make->tmp, query_column(walk->make, walk->scope, alias, field));
}

struct relation_hop {
    const struct schema_field *field;
    struct str items, many_items; /* aliases of J(field), p NULL: a single relation */
};

static void on_relation(struct query_walk *walk, struct str from, struct str alias,
                        const void *user)
{
    const struct relation_hop *hop = user;

    add_id(walk, alias, hop->field->relation.target);
    BUF_ADD(&walk->make->tmp, " = ");
    if (hop->items.p) {
        buf_add(&walk->make->tmp, walk->in_many ? hop->many_items : hop->items);
        BUF_ADD(&walk->make->tmp, ".value");
        return;
    }
    add_column(walk, from, hop->field);
}

static bool hop_relation(struct query_walk *walk, struct str segment,
                         const struct schema_field *field)
{
    struct relation_hop user = {.field = field};
    struct query_hop_join hop = {hop_key(walk, "rel", segment), field->relation.target, on_relation,
                                 &user};

    if (!field->relation.target)
        return query_fail(walk->make, "failed to load field %.*s collection",
                          STR_ARG(query_quote(walk->make->a, segment)));
    if (field->multiple) {
        user.items = join_items(walk, field);
        user.many_items = walk->many_table;
        walk->is_many = true;
    }
    return query_walk_join(walk, &hop);
}

struct back_hop {
    const struct schema_col *here; /* where the walk comes from */
    const struct schema_field *field;
};

static void on_back_relation(struct query_walk *walk, struct str from, struct str alias,
                             const void *user)
{
    const struct back_hop *hop = user;
    struct query_make *make = walk->make;
    struct str items;

    if (!hop->field->multiple) {
        add_column(walk, alias, hop->field);
        BUF_ADD(&make->tmp, " = ");
        add_id(walk, from, hop->here);
        return;
    }
    items = query_alias(make, 'e');
    add_id(walk, from, hop->here);
    BUF_ADD(&make->tmp, " IN (SELECT ");
    buf_add(&make->tmp, items);
    BUF_ADD(&make->tmp, ".value FROM ");
    write_items(walk, alias, items, hop->field);
    BUF_ADD(&make->tmp, ")");
}

/* "X_via_F", cut at the last "_via_". */
static bool split_via(struct str segment, struct str *ret_col, struct str *ret_field)
{
    const struct str via = STR("_via_");

    for (size_t at = segment.n; at-- > 1;) {
        struct str rest = str_from(segment, at);

        if (str_starts(rest, via) && rest.n > via.n) {
            *ret_col = str_sub(segment, 0, at);
            *ret_field = str_from(rest, via.n);
            return str_find_byte(segment, ':') == segment.n;
        }
    }
    return false;
}

static struct str quoted(const struct query_walk *walk, struct str text)
{
    return query_quote(walk->make->a, text);
}

/* The walk ends at NULL: what a request's path misses is no error. */
static bool end_at_null(struct query_walk *walk)
{
    walk->ended = walk->nullify;
    return walk->nullify;
}

/* The relation field that a segment X_via_F names. *ret NULL and true: the walk has ended. */
static bool find_back(struct query_walk *walk, struct str segment, struct schema_back *ret)
{
    struct query_make *make = walk->make;
    bool is_virtual = walk->scope->is_virtual && str_eq(walk->alias, walk->scope->alias);
    struct str col, field;

    *ret = (struct schema_back){NULL, NULL};
    if (!split_via(segment, &col, &field))
        return end_at_null(walk) ||
               query_fail(make, "failed to resolve field %.*s", STR_ARG(quoted(walk, segment)));
    ret->col = schema_find(make->spec->schema, col);
    if (!ret->col)
        return end_at_null(walk) ||
               query_fail(make, "failed to load back relation field %.*s collection",
                          STR_ARG(quoted(walk, segment)));
    ret->field = schema_field(ret->col, field);
    if (!ret->field)
        return end_at_null(walk) ||
               query_fail(make, "missing back relation field %.*s", STR_ARG(quoted(walk, field)));
    if (ret->field->type->kind != FIELD_RELATION)
        return end_at_null(walk) ||
               query_fail(make, "invalid back relation field %.*s", STR_ARG(quoted(walk, field)));
    if (ret->field->hidden && walk->scope->guarded)
        return query_fail(make, "non-filterable back relation field %.*s",
                          STR_ARG(quoted(walk, field)));
    if (is_virtual || !str_eq(ret->field->relation.collection_id, walk->col->id))
        return end_at_null(walk) ||
               query_fail(make, "invalid collection reference of a back relation field %.*s",
                          STR_ARG(quoted(walk, field)));
    return true;
}

static bool hop_back(struct query_walk *walk, struct str segment)
{
    struct schema_back back;
    struct back_hop user;
    struct query_hop_join hop;

    if (!find_back(walk, segment, &back))
        return false;
    if (walk->ended || !back.field)
        return true;
    user = (struct back_hop){walk->col, back.field};
    hop =
        (struct query_hop_join){hop_key(walk, "back", segment), back.col, on_back_relation, &user};
    if (back.field->multiple || !schema_is_unique(back.col, back.field->name, NULL)) {
        walk->is_many = true;
        walk->make->multiplies = true;
    }
    return query_walk_join(walk, &hop);
}

/* --- ends ------------------------------------------------------------------------------------ */

/* Path segments as the text of a JSON path: ".a[0]". Only ':' can be in them that a path must not
 * have. */
static struct str json_path(struct query_walk *walk)
{
    struct buf *tmp = &walk->make->tmp;
    size_t mark = tmp->n;

    while (walk->rest.p) {
        struct str segment = str_split(&walk->rest, '.');
        int64_t number;
        bool is_index = num_parse_i64(segment, &number);

        buf_add_byte(tmp, is_index ? '[' : '.');
        for (size_t i = 0; i < segment.n; i++)
            if (segment.p[i] != ':')
                buf_add_byte(tmp, segment.p[i]);
        if (is_index)
            buf_add_byte(tmp, ']');
    }
    return query_take(walk->make, mark);
}

static struct str extract(struct query_walk *walk, struct str alias,
                          const struct schema_field *field, struct str path)
{
    size_t mark = walk->make->tmp.n;
    struct str column = query_column(walk->make, walk->scope, alias, field);

    walk->make->dialect->json_extract(&walk->make->tmp, column, path);
    return query_take(walk->make, mark);
}

static void end_at_json(struct query_walk *walk, const struct schema_field *field,
                        struct query_value *ret)
{
    struct str path = json_path(walk);

    query_walk_end(walk, extract(walk, walk->alias, field, path),
                   extract(walk, walk->many_alias, field, path), ret);
    ret->mode = NULL_OFF;
    ret->number = NUMBER_SOMETIMES;
    ret->term = query_term_field(walk->make, walk->scope, walk->alias, TERM_JSON, field, path);
}

static void end_at_each(struct query_walk *walk, const struct schema_field *field,
                        struct query_value *ret)
{
    struct str items = join_items(walk, field);

    walk->is_many |= field->multiple;
    query_walk_end(walk, arena_concat(walk->make->a, items, STR(".value"), STR_NONE),
                   arena_concat(walk->make->a, walk->many_table, STR(".value"), STR_NONE), ret);
    if (query_term_field(walk->make, walk->scope, walk->alias, TERM_CELL, field, STR_NONE))
        query_term_items(walk->make, (struct eval_list){false, field->at}, ret);
}

static struct str lengthen(struct query_walk *walk, struct str alias,
                           const struct schema_field *field)
{
    size_t mark = walk->make->tmp.n;
    struct str column = query_column(walk->make, walk->scope, alias, field);

    walk->make->dialect->json_length(&walk->make->tmp, column);
    return query_take(walk->make, mark);
}

static struct str lower(struct query_make *make, struct str sql)
{
    size_t mark = make->tmp.n;

    make->dialect->lower(&make->tmp, sql);
    return query_take(make, mark);
}

static void end_at_length(struct query_walk *walk, const struct schema_field *field,
                          struct query_value *ret)
{
    query_walk_end(walk, lengthen(walk, walk->alias, field),
                   lengthen(walk, walk->many_alias, field), ret);
    ret->number = NUMBER_ALWAYS;
    ret->term =
        query_term_field(walk->make, walk->scope, walk->alias, TERM_LENGTH, field, STR_NONE);
}

/* What the column's values are. */
static void column_origin(struct query_walk *walk, const struct schema_field *field,
                          enum query_modifier modifier, struct query_value *ret)
{
    ret->col = walk->col;
    ret->field = field;
    if (modifier == MODIFIER_LOWER)
        return;
    ret->cell = query_column(walk->make, walk->scope, walk->alias, field);
    if (field->type->kind == FIELD_NUMBER)
        ret->number = NUMBER_ALWAYS;
    else if (field->type->kind == FIELD_JSON)
        ret->number = NUMBER_SOMETIMES;
}

/* What the column means in memory. */
static void column_terms(struct query_walk *walk, const struct schema_field *field,
                         enum query_modifier modifier, struct query_value *ret)
{
    struct query_make *make = walk->make;
    enum eval_term_kind kind = field->type->kind == FIELD_JSON ? TERM_JSON : TERM_CELL;

    ret->term = query_term_field(make, walk->scope, walk->alias, kind, field, STR_NONE);
    if (modifier == MODIFIER_LOWER)
        ret->term = query_term(make, (struct eval_term){.kind = TERM_LOWER, .args = {ret->term}});
    if (ret->guard.p)
        ret->guard_term =
            query_term_field(make, walk->scope, walk->alias, TERM_CELL,
                             schema_field(walk->col, STR("emailVisibility")), STR_NONE);
}

static void end_at_column(struct query_walk *walk, const struct schema_field *field,
                          enum query_modifier modifier, struct query_value *ret)
{
    struct query_make *make = walk->make;
    bool is_json = field->type->kind == FIELD_JSON;
    struct str sql = is_json ? extract(walk, walk->alias, field, STR(""))
                             : query_column(make, walk->scope, walk->alias, field);
    struct str many = is_json ? extract(walk, walk->many_alias, field, STR(""))
                              : query_column(make, walk->scope, walk->many_alias, field);

    if (modifier == MODIFIER_LOWER) {
        sql = lower(make, sql);
        many = lower(make, many);
    }
    query_walk_end(walk, sql, many, ret);
    ret->is_never_null =
        !is_json && walk->col->type != SCHEMA_VIEW && str_eq(walk->alias, walk->scope->alias);
    if (is_json)
        ret->mode = NULL_OFF;
    if (walk->scope->guarded && walk->col->auth && str_eq(field->name, STR("email")))
        ret->guard = walk->alias;
    column_origin(walk, field, modifier, ret);
    column_terms(walk, field, modifier, ret);
}

static bool is_list(const struct schema_field *field)
{
    enum field_kind kind = field->type->kind;

    return kind == FIELD_SELECT || kind == FIELD_FILE || kind == FIELD_RELATION;
}

static bool walk_last(struct query_walk *walk, struct str segment, struct query_value *ret)
{
    const struct schema_field *field;
    enum query_modifier modifier;
    struct str name;

    if (!query_split(walk->make, segment, &name, &modifier))
        return false;
    field = schema_field(walk->col, name);
    if (!field)
        return end_at_null(walk) ||
               query_fail(walk->make, "unknown field %.*s", STR_ARG(quoted(walk, name)));
    if (field->hidden && walk->scope->guarded)
        return query_fail(walk->make, "non-filterable field %.*s", STR_ARG(quoted(walk, name)));
    if (modifier == MODIFIER_LENGTH && is_list(field))
        end_at_length(walk, field, ret);
    else if (modifier == MODIFIER_EACH && is_list(field))
        end_at_each(walk, field, ret);
    else
        end_at_column(walk, field, modifier, ret);
    return true;
}

/* One segment that is not the last. */
static bool walk_segment(struct query_walk *walk, struct str segment, struct query_value *ret)
{
    const struct schema_field *field = schema_field(walk->col, segment);

    if (field && field->hidden && walk->scope->guarded)
        return query_fail(walk->make, "non-filterable field %.*s", STR_ARG(quoted(walk, segment)));
    if (field && (field->type->kind == FIELD_JSON || field->type->kind == FIELD_GEO)) {
        end_at_json(walk, field, ret);
        return true;
    }
    if (walk->depth++ >= LIMIT_RELATION_HOPS)
        return query_fail(walk->make, "max nested relations reached for field %.*s",
                          STR_ARG(quoted(walk, segment)));
    if (!field)
        return hop_back(walk, segment);
    if (field->type->kind != FIELD_RELATION)
        return query_fail(walk->make, "field %.*s is not a valid relation",
                          STR_ARG(quoted(walk, segment)));
    if (!field->multiple && str_eq(walk->rest, STR("id"))) {
        walk->rest = STR_NONE;
        end_at_column(walk, field, MODIFIER_NONE, ret);
        return true;
    }
    return hop_relation(walk, segment, field);
}

bool query_walk_path(struct query_walk *walk, struct query_value *ret)
{
    while (walk->rest.p && !walk->ended) {
        struct str segment = str_split(&walk->rest, '.');

        if (walk->rest.p ? walk_segment(walk, segment, ret) : walk_last(walk, segment, ret))
            continue;
        walk->make->tail = segment.n + (walk->rest.p ? walk->rest.n + 1 : 0);
        return false;
    }
    if (walk->ended)
        *ret = query_null();
    return true;
}
