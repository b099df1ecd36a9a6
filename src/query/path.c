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

void query_walk_begin(struct query_walk *walk, struct query_make *make,
                      const struct query_scope *scope, struct str rest)
{
    *walk = (struct query_walk){
        .make = make, .scope = scope, .rest = rest, .hop = scope->hop, .col = scope->col};
}

/* --- hops ------------------------------------------------------------------------------------ */

bool query_walk_hop(struct query_walk *walk, struct tree_hop hop)
{
    hop.from = walk->hop;
    walk->hop = query_hop_add(walk->make, walk->scope, hop);
    if (hop.col)
        walk->col = hop.col;
    return walk->hop != 0;
}

static bool enter_items(struct query_walk *walk, const struct schema_field *field)
{
    return query_walk_hop(walk, (struct tree_hop){.kind = HOP_ITEMS,
                                                  .name = field->name,
                                                  .field = field,
                                                  .cell = field->at,
                                                  .is_many = field->multiple,
                                                  .multiplies = true});
}

/* Ids of a view may repeat. */
static bool hop_relation(struct query_walk *walk, struct str segment,
                         const struct schema_field *field)
{
    const struct schema_col *target = field->relation.target;

    if (!target)
        return query_fail(walk->make, "failed to load field %.*s collection",
                          STR_ARG(query_quote(walk->make->a, segment)));
    return (!field->multiple || enter_items(walk, field)) &&
           query_walk_hop(walk, (struct tree_hop){.kind = HOP_RELATION,
                                                  .name = segment,
                                                  .col = target,
                                                  .field = field,
                                                  .multiplies = target->type == SCHEMA_VIEW});
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
    const struct query_virtual *row = walk->hop == 0 ? make->spec->virtual_row : NULL;
    const bool is_virtual = row && !row->was_stored;
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

/* No two records refer to one: an index of some of them says nothing about the others, though it
 * is enough for PocketBase not to ask for all of them. */
static bool is_single(const struct schema_back *back)
{
    for (size_t i = 0; i < back->col->n_indexes; i++) {
        const struct schema_index *index = &back->col->indexes[i];

        if (index->unique && index->where.n == 0 && index->columns.n == 1 &&
            str_eq_nocase(index->columns.items[0], back->field->name))
            return true;
    }
    return false;
}

static bool hop_back(struct query_walk *walk, struct str segment)
{
    struct schema_back back;
    bool is_many;

    if (!find_back(walk, segment, &back))
        return false;
    if (walk->ended || !back.field)
        return true;
    is_many = back.field->multiple || !schema_is_unique(back.col, back.field->name, NULL);
    return query_walk_hop(
        walk, (struct tree_hop){.kind = HOP_BACK,
                                .name = segment,
                                .col = back.col,
                                .field = back.field,
                                .is_many = is_many,
                                .multiplies = back.field->multiple || !is_single(&back)});
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

/* What a JSON path must be made of: the engine refuses an empty name, and has an own idea of huge
 * numbers. */
static bool is_plain_path(struct str path)
{
    size_t n = 0; /* bytes of the segment */

    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if (i > 0 && (c == '.' || c == '[') && path.p[i - 1] == '.')
            return false;
        n = c == '.' || c == '[' ? 0 : n + 1;
        if (n > 9 && c >= '0' && c <= '9')
            return false;
    }
    return path.n == 0 || path.p[path.n - 1] != '.';
}

/* Of a stored row; a row that is not stored has parameters for columns. */
static enum tree_affinity column_affinity(const struct schema_field *field)
{
    enum db_col_type type = field->multiple ? field->type->column_multiple : field->type->column;

    return type == DB_COL_ID || type == DB_COL_TEXT ? AFFINITY_TEXT : AFFINITY_NUMERIC;
}

/* A field of the record that the walk has come to, in whatever form. */
static struct tree_operand of_field(const struct query_walk *walk, enum tree_kind kind,
                                    const struct schema_field *field)
{
    return (struct tree_operand){
        .kind = kind,
        .hop = walk->hop,
        .root = walk->scope->hop,
        .at = field->at,
        .field = field,
        .path = STR(""),
        /* the affinities of a view's columns are those of its query's expressions */
        .is_only_sql = walk->col->type == SCHEMA_VIEW,
    };
}

static unsigned end_at_json(struct query_walk *walk, const struct schema_field *field,
                            struct str path)
{
    struct tree_operand out = of_field(walk, TREE_JSON, field);

    out.path = path;
    out.is_only_sql |= !is_plain_path(path);
    out.facts.mode = NULL_OFF;
    out.number = NUMBER_SOMETIMES;
    return query_operand_add(walk->make, out);
}

static unsigned end_at_each(struct query_walk *walk, const struct schema_field *field)
{
    bool is_only_sql = walk->col->type == SCHEMA_VIEW;

    if (!enter_items(walk, field))
        return 0;
    return query_operand_add(walk->make, (struct tree_operand){.kind = TREE_ITEM,
                                                               .affinity = AFFINITY_BLOB,
                                                               .hop = walk->hop,
                                                               .root = walk->scope->hop,
                                                               .is_only_sql = is_only_sql});
}

static unsigned end_at_length(struct query_walk *walk, const struct schema_field *field)
{
    struct tree_operand out = of_field(walk, TREE_LENGTH, field);

    out.number = NUMBER_ALWAYS;
    return query_operand_add(walk->make, out);
}

static unsigned end_at_column(struct query_walk *walk, const struct schema_field *field)
{
    struct query_make *make = walk->make;
    struct tree_operand out = of_field(walk, TREE_COLUMN, field);

    if (!(make->spec->virtual_row && walk->hop == 0))
        out.affinity = column_affinity(field);
    out.is_never_null = walk->col->type != SCHEMA_VIEW && walk->hop == walk->scope->hop;
    if (field->type->kind == FIELD_NUMBER)
        out.number = NUMBER_ALWAYS;
    if (walk->scope->guarded && walk->col->auth && str_eq(field->name, STR("email"))) {
        struct tree_operand guard =
            of_field(walk, TREE_COLUMN, schema_field(walk->col, STR("emailVisibility")));

        guard.affinity = AFFINITY_NUMERIC;
        out.guard = query_operand_add(make, guard);
    }
    return query_operand_add(make, out);
}

static bool is_list(const struct schema_field *field)
{
    enum field_kind kind = field->type->kind;

    return kind == FIELD_SELECT || kind == FIELD_FILE || kind == FIELD_RELATION;
}

static unsigned end_at_field(struct query_walk *walk, const struct schema_field *field,
                             enum query_modifier modifier)
{
    unsigned out;

    if (modifier == MODIFIER_LENGTH && is_list(field))
        return end_at_length(walk, field);
    if (modifier == MODIFIER_EACH && is_list(field))
        return end_at_each(walk, field);
    out = field->type->kind == FIELD_JSON ? end_at_json(walk, field, STR(""))
                                          : end_at_column(walk, field);
    return modifier == MODIFIER_LOWER ? query_operand_lower(walk->make, out) : out;
}

static bool walk_last(struct query_walk *walk, struct str segment)
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
    walk->found = end_at_field(walk, field, modifier);
    return walk->found != 0;
}

/* One segment that is not the last. */
static bool walk_segment(struct query_walk *walk, struct str segment)
{
    const struct schema_field *field = schema_field(walk->col, segment);

    if (field && field->hidden && walk->scope->guarded)
        return query_fail(walk->make, "non-filterable field %.*s", STR_ARG(quoted(walk, segment)));
    if (field && (field->type->kind == FIELD_JSON || field->type->kind == FIELD_GEO)) {
        walk->found = end_at_json(walk, field, json_path(walk));
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
        walk->found = end_at_column(walk, field);
        return true;
    }
    return hop_relation(walk, segment, field);
}

unsigned query_walk_path(struct query_walk *walk)
{
    while (walk->rest.p && !walk->ended) {
        struct str segment = str_split(&walk->rest, '.');

        walk->make->tail = segment.n + (walk->rest.p ? walk->rest.n + 1 : 0);
        if (!(walk->rest.p ? walk_segment(walk, segment) : walk_last(walk, segment)))
            return 0;
    }
    walk->make->tail = 0;
    return walk->ended ? query_operand_null(walk->make) : walk->found;
}

unsigned query_walk_plain(struct query_walk *walk)
{
    struct str first = str_split(&walk->rest, '.');
    const struct schema_field *field = schema_field(walk->col, first);

    if (field && !walk->rest.p)
        return end_at_column(walk, field);
    if (field && field->type->kind == FIELD_JSON)
        return end_at_json(walk, field, json_path(walk));
    return query_fail(walk->make, "unknown field %.*s", STR_ARG(quoted(walk, first)));
}
