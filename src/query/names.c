/*
 * Identifiers (query-language.md 5.1): which of the accepted shapes one has, and what stands behind
 * @collection.* and @request.*.
 */
#include "query/internal.h"

/* --- shapes ---------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t count_words(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_word(s.p[n]))
        n++;
    return n;
}

/* [\w.:]*, ending in \w when `closed`. */
static bool is_path(struct str s, bool closed)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_word(s.p[i]) && s.p[i] != '.' && s.p[i] != ':')
            return false;
    return s.n > 0 && (!closed || is_word(s.p[s.n - 1]));
}

/* \w+(:\w+)?\.path behind "@collection." */
static bool is_collection_path(struct str s)
{
    size_t n = count_words(s);
    struct str rest = str_from(s, n);

    if (n == 0)
        return false;
    if (rest.n > 0 && rest.p[0] == ':') {
        n = count_words(str_from(rest, 1));
        if (n == 0)
            return false;
        rest = str_from(rest, n + 1);
    }
    return rest.n > 0 && rest.p[0] == '.' && is_path(str_from(rest, 1), true);
}

/* --- @request -------------------------------------------------------------------------------- */

static struct str last_segment(struct str path)
{
    size_t at = str_find_last_byte(path, '.');

    return at == path.n ? path : str_from(path, at + 1);
}

static unsigned probe_value(struct query_make *make, struct query_probe probe)
{
    unsigned at = query_ask(make, probe);

    return query_operand_given(make, query_answer_of(make, at)->class,
                               (struct query_recipe){.kind = RECIPE_PROBE, .index = at});
}

static unsigned isset_value(struct query_make *make, struct str path)
{
    struct query_probe probe = {.kind = PROBE_ISSET, .path = path};
    bool is_set = query_answer_of(make, query_ask(make, probe))->class == CLASS_BOOL;

    return query_operand_add(
        make, (struct tree_operand){
                  .kind = TREE_TRUTH, .at = is_set, .facts = {.is_const = true, .is_truth = true}});
}

static bool is_json_of_body(const struct schema_field *field, struct str path)
{
    return field && (field->type->kind == FIELD_JSON || field->type->kind == FIELD_GEO) &&
           str_starts(path, STR("body.")) && path.n == field->name.n + sizeof("body.") - 1;
}

/* The value at `path` below @request, its modifier cut off. */
static unsigned static_value(struct query_make *make, const struct query_scope *scope,
                             struct str path)
{
    const struct schema_field *field = schema_field(scope->col, last_segment(path));
    struct query_probe probe = {
        .kind = PROBE_VALUE,
        .as_number = field && field->type->kind == FIELD_NUMBER,
        .as_json = is_json_of_body(field, path),
        .path = path,
    };

    return probe_value(make, probe);
}

/* What is nothing stays it. */
static unsigned lower_value(struct query_make *make, unsigned operand)
{
    const struct tree_facts *facts = &make->tree.operands.items[operand].facts;

    return facts->is_null || facts->is_empty ? operand : query_operand_lower(make, operand);
}

/* `path` below @request, with its modifier. */
static unsigned resolve_static(struct query_make *make, const struct query_scope *scope,
                               struct str path)
{
    struct str last = last_segment(path);
    struct str name;
    enum query_modifier modifier;
    unsigned out;

    if (!query_split(make, last, &name, &modifier))
        return 0;
    path = str_sub(path, 0, path.n - (last.n - name.n));
    if (modifier == MODIFIER_ISSET)
        return isset_value(make, path);
    if (modifier != MODIFIER_NONE && modifier != MODIFIER_LOWER) {
        return query_fail(make, "invalid modifier sequence %.*s", STR_ARG(last));
    }
    out = static_value(make, scope, path);
    return modifier == MODIFIER_LOWER ? lower_value(make, out) : out;
}

static bool is_plain_auth(struct str name)
{
    static const struct str names[] = {
        STR_INIT("id"),    STR_INIT("collectionId"),    STR_INIT("collectionName"),
        STR_INIT("email"), STR_INIT("emailVisibility"), STR_INIT("verified"),
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

/* rest: behind "@request.auth." */
static unsigned resolve_auth(struct query_make *make, const struct query_scope *scope,
                             struct str name, struct str rest)
{
    const struct query_request *request = make->spec->request;
    struct query_walk walk;

    if (!request->auth_col)
        return query_operand_null(make);
    if (is_plain_auth(rest))
        return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1));
    query_walk_begin(&walk, make, scope, rest);
    walk.nullify = true;
    return query_walk_hop(&walk, (struct tree_hop){.kind = HOP_CALLER,
                                                   .name = STR("@request.auth"),
                                                   .col = request->auth_col})
               ? query_walk_path(&walk)
               : 0;
}

/* @request.body.REL.rest */
static unsigned resolve_body_relation(struct query_make *make, const struct query_scope *scope,
                                      const struct schema_field *field, struct str rest)
{
    struct query_probe probe = {.kind = PROBE_IDS,
                                .path = arena_concat(make->a, STR("body."), field->name, STR_NONE)};
    unsigned at = query_ask(make, probe);
    enum query_class class = query_answer_of(make, at)->class;
    struct tree_hop hop = {.kind = class == CLASS_MANY ? HOP_IDS : HOP_ID,
                           .name = probe.path,
                           .col = field->relation.target,
                           .given = at,
                           .is_many = field->multiple,
                           .multiplies = class == CLASS_MANY};
    struct query_walk walk;

    if (!hop.col) {
        return query_fail(make, "failed to load collection %.*s from data field %.*s",
                          STR_ARG(query_quote(make->a, field->relation.collection_id)),
                          STR_ARG(query_quote(make->a, field->name)));
    }
    if (class == CLASS_NULL)
        return query_operand_null(make);
    hop.multiplies |= hop.col->type == SCHEMA_VIEW; /* its ids may repeat */
    query_walk_begin(&walk, make, scope, rest);
    walk.nullify = true;
    return query_walk_hop(&walk, hop) ? query_walk_path(&walk) : 0;
}

static unsigned body_each(struct query_make *make, const struct query_scope *scope,
                          const struct schema_field *field, struct str path)
{
    unsigned at = query_ask(make, (struct query_probe){.kind = PROBE_ITEMS, .path = path});
    struct tree_hop hop = {.kind = HOP_GIVEN_ITEMS, .is_many = field->multiple, .multiplies = true};
    struct query_walk walk;

    hop.given = query_param(make, (struct query_recipe){.kind = RECIPE_PROBE, .index = at});
    /* a hop of its own each time: the parameter is this operand's */
    hop.name = arena_printf(make->a, "%u", hop.given);
    query_walk_begin(&walk, make, scope, STR_NONE);
    if (!query_walk_hop(&walk, hop))
        return 0;
    return query_operand_add(make, (struct tree_operand){.kind = TREE_ITEM,
                                                         .affinity = AFFINITY_BLOB,
                                                         .facts = {.n_params = 1},
                                                         .hop = walk.hop,
                                                         .root = scope->hop});
}

/* How many items were submitted; like the digits in the text, not like a value that is given. */
static unsigned body_length(struct query_make *make, struct str path)
{
    unsigned at = query_ask(make, (struct query_probe){.kind = PROBE_COUNT, .path = path});
    bool is_const = query_answer_of(make, at)->class == CLASS_BOOL;
    unsigned param = query_param(make, (struct query_recipe){.kind = RECIPE_PROBE, .index = at});

    return query_operand_add(
        make,
        (struct tree_operand){.kind = TREE_PARAM, .at = param, .facts = {.is_const = is_const}});
}

/* The key is there, and what was submitted differs from what is stored. */
static unsigned body_changed(struct query_make *make, const struct query_scope *scope,
                             const struct schema_field *field, struct str path)
{
    struct query_walk walk;
    unsigned args[3];

    args[0] = isset_value(make, path);
    args[1] = static_value(make, scope, path);
    query_walk_begin(&walk, make, scope, field->name);
    args[2] = query_walk_path(&walk);
    if (args[2] == 0)
        return 0;
    return query_operand_call(
        make, (struct tree_operand){.kind = TREE_CHANGED, .facts = {.mode = NULL_OFF}}, args, 3);
}

static bool is_list(const struct schema_field *field)
{
    enum field_kind kind = field->type->kind;

    return kind == FIELD_SELECT || kind == FIELD_FILE || kind == FIELD_RELATION;
}

/* @request.body.FIELD:modifier */
static unsigned resolve_body_field(struct query_make *make, const struct query_scope *scope,
                                   const struct schema_field *field, enum query_modifier modifier,
                                   struct str path)
{
    struct query_probe lower = {
        .kind = PROBE_LOWER, .as_json = is_json_of_body(field, path), .path = path};

    if ((modifier == MODIFIER_EACH || modifier == MODIFIER_LENGTH) && !is_list(field)) {
        return query_fail(make, "field %.*s doesn't support multivalue operations",
                          STR_ARG(query_quote(make->a, field->name)));
    }
    switch (modifier) {
    case MODIFIER_NONE:
        return static_value(make, scope, path);
    case MODIFIER_ISSET:
        return isset_value(make, path);
    case MODIFIER_LENGTH:
        return body_length(make, path);
    case MODIFIER_EACH:
        return body_each(make, scope, field, path);
    case MODIFIER_LOWER:
        return lower_value(make, probe_value(make, lower));
    case MODIFIER_CHANGED:
        return body_changed(make, scope, field, path);
    }
    BUG("not a modifier");
}

/* rest: behind "@request.body." */
static unsigned resolve_body(struct query_make *make, const struct query_scope *scope,
                             struct str name, struct str rest)
{
    struct str first = str_split(&rest, '.');
    const struct schema_field *field;
    struct str key;
    enum query_modifier modifier;

    if (!query_split(make, first, &key, &modifier))
        return 0;
    field = schema_field(scope->col, key);
    if (field && field->type->kind == FIELD_RELATION && rest.p)
        return resolve_body_relation(make, scope, field, rest);
    if (!field || rest.p)
        return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1));
    return resolve_body_field(make, scope, field, modifier,
                              arena_concat(make->a, STR("body."), key, STR_NONE));
}

/* --- @collection ----------------------------------------------------------------------------- */

/* rest: behind "@collection." */
static unsigned resolve_collection(struct query_make *make, const struct query_scope *scope,
                                   struct str name, struct str rest)
{
    struct str first = str_split(&rest, '.');
    size_t at = str_find_byte(first, ':');
    struct tree_hop hop = {.kind = HOP_ALL, .is_many = true, .multiplies = true};
    struct query_walk walk;

    hop.col = schema_find(make->spec->schema, str_sub(first, 0, at));
    if (!hop.col) {
        return query_fail(make, "failed to load collection %.*s from field path %.*s",
                          STR_ARG(query_quote(make->a, str_sub(first, 0, at))),
                          STR_ARG(query_quote(make->a, name)));
    }
    /* a label is one hop, whatever collections it was given to */
    hop.name = at < first.n ? str_from(first, at) : hop.col->name;
    query_walk_begin(&walk, make, scope, rest);
    return query_walk_hop(&walk, hop) ? query_walk_path(&walk) : 0;
}

/* --- all ------------------------------------------------------------------------------------- */

typedef unsigned resolve_fn(struct query_make *make, const struct query_scope *scope,
                            struct str name, struct str rest);

static unsigned resolve_map(struct query_make *make, const struct query_scope *scope,
                            struct str name, struct str rest)
{
    (void)rest;
    return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1));
}

struct root {
    struct str prefix;
    resolve_fn *resolve;
    bool is_whole; /* nothing follows */
};

static const struct root roots[] = {
    {STR_INIT("@request.context"), resolve_map, true},
    {STR_INIT("@request.method"), resolve_map, true},
    {STR_INIT("@request.auth."), resolve_auth, false},
    {STR_INIT("@request.body."), resolve_body, false},
    {STR_INIT("@request.query."), resolve_map, false},
    {STR_INIT("@request.headers."), resolve_map, false},
};

static unsigned resolve_request(struct query_make *make, const struct query_scope *scope,
                                struct str name)
{
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        struct str rest = str_from(name, roots[i].prefix.n);

        if (!str_starts(name, roots[i].prefix))
            continue;
        if (roots[i].is_whole ? rest.n > 0 : !is_path(rest, true))
            continue;
        return make->spec->request ? roots[i].resolve(make, scope, name, rest)
                                   : query_operand_null(make);
    }
    return query_fail(make, "failed to resolve field %.*s", STR_ARG(query_quote(make->a, name)));
}

/* A column, or what stands at a path in one: no modifiers, so a ':' is a part of it. */
static unsigned resolve_plain(struct query_make *make, const struct query_scope *scope,
                              struct str name)
{
    struct query_walk walk;

    query_walk_begin(&walk, make, scope, name);
    return query_walk_plain(&walk);
}

unsigned query_name(struct query_make *make, const struct query_scope *scope, struct str name)
{
    const struct str collection = STR("@collection.");
    struct str rest = str_from(name, collection.n);
    struct query_walk walk;

    if (scope->col->is_plain && is_path(name, true))
        return resolve_plain(make, scope, name);
    if (scope->col->is_plain)
        return query_fail(make, "unknown field %.*s", STR_ARG(query_quote(make->a, name)));
    if (str_starts(name, collection) && is_collection_path(rest))
        return resolve_collection(make, scope, name, rest);
    if (name.n == 0 || !is_word(name.p[0]) || !is_path(name, false))
        return resolve_request(make, scope, name);
    query_walk_begin(&walk, make, scope, name);
    return query_walk_path(&walk);
}
