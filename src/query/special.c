/*
 * Identifiers (query-language.md 5.1): which of the accepted shapes one has, and what stands behind
 * @collection.* and @request.*.
 */
#include "query/internal.h"

#include "base/num.h"

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

static struct str lower(struct query_make *make, struct str sql)
{
    size_t mark = make->tmp.n;

    make->dialect->lower(&make->tmp, sql);
    return query_take(make, mark);
}

static struct query_value probe_value(struct query_make *make, struct query_probe probe)
{
    unsigned at = query_probe(make, probe);

    return query_from_class(make, query_answer_of(make, at)->class,
                            (struct query_recipe){.kind = RECIPE_PROBE, .index = at});
}

static struct query_value isset_value(struct query_make *make, struct str path)
{
    struct query_probe probe = {.kind = PROBE_ISSET, .path = path};
    bool is_set = query_answer_of(make, query_probe(make, probe))->class == CLASS_BOOL;
    size_t mark = make->tmp.n;

    make->dialect->bool_literal(&make->tmp, is_set);
    return (struct query_value){.sql = query_take(make, mark),
                                .is_const = true,
                                .is_truth = true,
                                .term = is_set ? EVAL_ONE : EVAL_ZERO};
}

static bool is_json_of_body(const struct schema_field *field, struct str path)
{
    return field && (field->type->kind == FIELD_JSON || field->type->kind == FIELD_GEO) &&
           str_starts(path, STR("body.")) && path.n == field->name.n + sizeof("body.") - 1;
}

/* The value at `path` below @request, its modifier cut off. */
static struct query_value static_value(struct query_make *make, const struct query_scope *scope,
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

static void lower_value(struct query_make *make, struct query_value *value)
{
    if (value->is_null || value->is_empty)
        return;
    value->sql = lower(make, value->sql);
    value->term = query_term(make, (struct eval_term){.kind = TERM_LOWER, .args = {value->term}});
}

/* `path` below @request, with its modifier. */
static bool resolve_static(struct query_make *make, const struct query_scope *scope,
                           struct str path, struct query_value *ret)
{
    struct str last = last_segment(path);
    struct str name;
    enum query_modifier modifier;

    if (!query_split(make, last, &name, &modifier))
        return false;
    path = str_sub(path, 0, path.n - (last.n - name.n));
    if (modifier == MODIFIER_ISSET) {
        *ret = isset_value(make, path);
        return true;
    }
    if (modifier != MODIFIER_NONE && modifier != MODIFIER_LOWER)
        return query_fail(make, "invalid modifier sequence %.*s", STR_ARG(last));
    *ret = static_value(make, scope, path);
    if (modifier == MODIFIER_LOWER)
        lower_value(make, ret);
    return true;
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

/* "alias"."id" = ?, one parameter for all copies of the join */
static void on_id_param(struct query_walk *walk, struct str from, struct str alias,
                        const void *user)
{
    struct query_make *make = walk->make;
    const unsigned *param = user;

    (void)from;
    buf_add(&make->tmp, query_id_column(make, walk->scope, alias, walk->next));
    BUF_ADD(&make->tmp, " = ");
    make->dialect->param(&make->tmp, *param);
}

/* rest: behind "@request.auth." */
static bool resolve_auth(struct query_make *make, struct query_scope *scope, struct str name,
                         struct str rest, struct query_value *ret)
{
    const struct query_request *request = make->spec->request;
    struct query_hop_join hop = {STR("auth"), request->auth_col, on_id_param, NULL};
    struct query_walk walk;
    unsigned param;

    if (!request->auth_col) {
        *ret = query_null();
        return true;
    }
    if (is_plain_auth(rest))
        return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1), ret);
    param = query_join_param(make, (struct query_recipe){.kind = RECIPE_AUTH_ID});
    hop.user = &param;
    query_walk_begin(&walk, make, scope, rest);
    walk.nullify = true;
    return query_walk_join(&walk, &hop) && query_walk_path(&walk, ret);
}

/* "alias"."id" IN (the ids of a JSON array) */
static void on_id_list(struct query_walk *walk, struct str from, struct str alias, const void *user)
{
    struct query_make *make = walk->make;
    struct str items = query_alias(make, 'e');
    const unsigned *param = user;

    (void)from;
    buf_add(&make->tmp, query_id_column(make, walk->scope, alias, walk->next));
    BUF_ADD(&make->tmp, " IN (SELECT ");
    buf_add(&make->tmp, items);
    BUF_ADD(&make->tmp, ".value FROM ");
    make->dialect->json_each_param(&make->tmp, *param, items);
    BUF_ADD(&make->tmp, ")");
}

/* @request.body.REL.rest */
static bool resolve_body_relation(struct query_make *make, struct query_scope *scope,
                                  const struct schema_field *field, struct str rest,
                                  struct query_value *ret)
{
    struct query_probe probe = {.kind = PROBE_IDS,
                                .path = arena_concat(make->a, STR("body."), field->name, STR_NONE)};
    unsigned at = query_probe(make, probe);
    enum query_class class = query_answer_of(make, at)->class;
    struct query_hop_join hop = {.target = field->relation.target};
    struct query_walk walk;
    unsigned param;

    if (!hop.target)
        return query_fail(make, "failed to load collection %.*s from data field %.*s",
                          STR_ARG(query_quote(make->a, field->relation.collection_id)),
                          STR_ARG(query_quote(make->a, field->name)));
    if (class == CLASS_NULL) {
        *ret = query_null();
        return true;
    }
    param = query_join_param(make, (struct query_recipe){.kind = RECIPE_PROBE, .index = at});
    hop.key = arena_concat(make->a, STR("body "), field->name, STR_NONE);
    hop.condition = class == CLASS_TEXT ? on_id_param : on_id_list;
    hop.user = &param;
    query_walk_begin(&walk, make, scope, rest);
    walk.nullify = true;
    walk.is_many = field->multiple;
    make->multiplies |= class == CLASS_MANY;
    return query_walk_join(&walk, &hop) && query_walk_path(&walk, ret);
}

static void write_body_items(struct query_walk *walk, struct str from, struct str alias,
                             const void *user)
{
    const unsigned *param = user;

    (void)from;
    walk->make->dialect->json_each_param(&walk->make->tmp, *param, alias);
}

static void body_each(struct query_make *make, struct query_scope *scope,
                      const struct schema_field *field, struct str path, struct query_value *ret)
{
    unsigned at = query_probe(make, (struct query_probe){.kind = PROBE_ITEMS, .path = path});
    unsigned from = (unsigned)make->recipes.n;
    unsigned param;
    struct query_walk walk;
    struct str items;

    (void)query_param(make, (struct query_recipe){.kind = RECIPE_PROBE, .index = at});
    param = (unsigned)make->recipes.n;
    make->multiplies = true;
    query_walk_begin(&walk, make, scope, STR_NONE);
    walk.is_many = field->multiple;
    /* a key of its own each time: the parameter is this operand's */
    items =
        query_walk_table(&walk, arena_printf(make->a, "items %u", param), write_body_items, &param);
    query_walk_end(&walk, arena_concat(make->a, items, STR(".value"), STR_NONE),
                   arena_concat(make->a, walk.many_table, STR(".value"), STR_NONE), ret);
    query_term_items(make, (struct eval_list){true, from}, ret);
    ret->n_params = 1;
    ret->recipe_from = from;
    ret->recipe_to = (unsigned)make->recipes.n;
}

/* How many items were submitted; like the digits in the text, not like a parameter. */
static struct query_value body_length(struct query_make *make, struct str path)
{
    unsigned at = query_probe(make, (struct query_probe){.kind = PROBE_COUNT, .path = path});
    struct str sql = query_param(make, (struct query_recipe){.kind = RECIPE_PROBE, .index = at});

    return (struct query_value){
        .sql = sql,
        .is_const = query_answer_of(make, at)->class == CLASS_BOOL,
        .term = query_term_param(make),
    };
}

/* (the key is there AND what was submitted differs from what is stored) */
static bool body_changed(struct query_make *make, struct query_scope *scope,
                         const struct schema_field *field, struct str path, struct query_value *ret)
{
    struct query_value is_set = isset_value(make, path);
    struct query_value submitted = static_value(make, scope, path);
    struct query_value stored;
    struct str differs;
    unsigned test;

    if (!query_resolve(make, scope, field->name, &stored))
        return false;
    differs = query_compare(make, OP_NE, false, &submitted, &stored);
    test = query_test_join(make, false, query_test_term(make, is_set.term), make->test);
    *ret = (struct query_value){
        .sql = arena_printf(make->a, "(%.*s AND %.*s)", STR_ARG(is_set.sql), STR_ARG(differs)),
        .mode = NULL_OFF,
        .term = query_term(make, (struct eval_term){.kind = TERM_TEST, .at = test}),
    };
    return true;
}

static bool is_list(const struct schema_field *field)
{
    enum field_kind kind = field->type->kind;

    return kind == FIELD_SELECT || kind == FIELD_FILE || kind == FIELD_RELATION;
}

/* @request.body.FIELD:modifier */
static bool resolve_body_field(struct query_make *make, struct query_scope *scope,
                               const struct schema_field *field, enum query_modifier modifier,
                               struct str path, struct query_value *ret)
{
    if ((modifier == MODIFIER_EACH || modifier == MODIFIER_LENGTH) && !is_list(field))
        return query_fail(make, "field %.*s doesn't support multivalue operations",
                          STR_ARG(query_quote(make->a, field->name)));
    switch (modifier) {
    case MODIFIER_NONE:
        *ret = static_value(make, scope, path);
        return true;
    case MODIFIER_ISSET:
        *ret = isset_value(make, path);
        return true;
    case MODIFIER_LENGTH:
        *ret = body_length(make, path);
        return true;
    case MODIFIER_EACH:
        body_each(make, scope, field, path, ret);
        return true;
    case MODIFIER_LOWER:
        *ret = probe_value(make, (struct query_probe){.kind = PROBE_LOWER,
                                                      .as_json = is_json_of_body(field, path),
                                                      .path = path});
        lower_value(make, ret);
        return true;
    case MODIFIER_CHANGED:
        return body_changed(make, scope, field, path, ret);
    }
    BUG("not a modifier");
}

/* rest: behind "@request.body." */
static bool resolve_body(struct query_make *make, struct query_scope *scope, struct str name,
                         struct str rest, struct query_value *ret)
{
    struct str first = str_split(&rest, '.');
    const struct schema_field *field;
    struct str key;
    enum query_modifier modifier;

    if (!query_split(make, first, &key, &modifier))
        return false;
    field = schema_field(scope->col, key);
    if (field && field->type->kind == FIELD_RELATION && rest.p)
        return resolve_body_relation(make, scope, field, rest, ret);
    if (!field || rest.p)
        return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1), ret);
    return resolve_body_field(make, scope, field, modifier,
                              arena_concat(make->a, STR("body."), key, STR_NONE), ret);
}

/* --- @collection ----------------------------------------------------------------------------- */

static void on_anything(struct query_walk *walk, struct str from, struct str alias,
                        const void *user)
{
    (void)from;
    (void)alias;
    (void)user;
    BUF_ADD(&walk->make->tmp, "TRUE");
}

/* rest: behind "@collection." */
static bool resolve_collection(struct query_make *make, struct query_scope *scope, struct str name,
                               struct str rest, struct query_value *ret)
{
    struct str first = str_split(&rest, '.');
    size_t at = str_find_byte(first, ':');
    struct query_hop_join hop = {.condition = on_anything};
    struct query_walk walk;

    hop.target = schema_find(make->spec->schema, str_sub(first, 0, at));
    if (!hop.target)
        return query_fail(make, "failed to load collection %.*s from field path %.*s",
                          STR_ARG(query_quote(make->a, str_sub(first, 0, at))),
                          STR_ARG(query_quote(make->a, name)));
    /* a label is one join, whatever collections it was given to: the last one counts */
    hop.key = at < first.n ? arena_concat(make->a, STR("label "), str_from(first, at + 1), STR_NONE)
                           : arena_concat(make->a, STR("collection "), hop.target->name, STR_NONE);
    query_walk_begin(&walk, make, scope, rest);
    walk.is_many = true;
    make->multiplies = true;
    return query_walk_join(&walk, &hop) && query_walk_path(&walk, ret);
}

/* --- all ------------------------------------------------------------------------------------- */

typedef bool resolve_fn(struct query_make *make, struct query_scope *scope, struct str name,
                        struct str rest, struct query_value *ret);

static bool resolve_map(struct query_make *make, struct query_scope *scope, struct str name,
                        struct str rest, struct query_value *ret)
{
    (void)rest;
    return resolve_static(make, scope, str_from(name, sizeof("@request.") - 1), ret);
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

static bool resolve_request(struct query_make *make, struct query_scope *scope, struct str name,
                            struct query_value *ret)
{
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        struct str rest = str_from(name, roots[i].prefix.n);

        if (!str_starts(name, roots[i].prefix))
            continue;
        if (roots[i].is_whole ? rest.n > 0 : !is_path(rest, true))
            continue;
        if (!make->spec->request) {
            *ret = query_null();
            return true;
        }
        return roots[i].resolve(make, scope, name, rest, ret);
    }
    return query_fail(make, "failed to resolve field %.*s", STR_ARG(query_quote(make->a, name)));
}

bool query_resolve(struct query_make *make, struct query_scope *scope, struct str name,
                   struct query_value *ret)
{
    const struct str collection = STR("@collection.");
    struct str rest = str_from(name, collection.n);
    struct query_walk walk;

    if (str_starts(name, collection) && is_collection_path(rest))
        return resolve_collection(make, scope, name, rest, ret);
    if (name.n == 0 || !is_word(name.p[0]) || !is_path(name, false))
        return resolve_request(make, scope, name, ret);
    query_walk_begin(&walk, make, scope, name);
    return query_walk_path(&walk, ret);
}
