/*
 * Expand paths (query-language.md 8): the tree of what is asked for, and what a segment means.
 */
#include "query/query.h"

#include "base/limits.h"

/* The child of that name, made at the end of the list if need be. */
static struct query_expand *get_child(struct arena *a, struct query_expand **list, struct str name)
{
    while (*list) {
        if (str_eq((*list)->name, name))
            return *list;
        list = &(*list)->next;
    }
    *list = ARENA_NEW(a, struct query_expand);
    (*list)->name = name;
    return *list;
}

static struct str without_spaces(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ')
            out[n++] = text.p[i];
    return (struct str){out, n};
}

/* Past what makes no path, however much that is. */
static struct str skip_empty(struct str rest)
{
    size_t at = 0;

    while (at < rest.n && (rest.p[at] == ',' || rest.p[at] == '.' || rest.p[at] == ' '))
        at++;
    return at > 0 ? str_from(rest, at) : rest;
}

struct query_expand *query_expand_parse(struct arena *a, struct str text)
{
    struct query_expand *root = NULL;
    struct str rest = skip_empty(text);

    for (unsigned n = 0; rest.n > 0 && n < LIMIT_EXPAND_PATHS; n++) {
        struct str path = without_spaces(a, str_split(&rest, ','));
        struct query_expand **list = &root;

        path = str_trim(path, STR("."));
        rest = skip_empty(rest);
        for (unsigned depth = 0; path.p && depth < LIMIT_EXPAND_DEPTH; depth++)
            list = &get_child(a, list, str_split(&path, '.'))->children;
    }
    return root;
}

static bool is_words(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return s.n > 0;
}

/* X_via_F, cut at the last "_via_", or X(F). */
static bool split_back(struct str segment, struct str *ret_col, struct str *ret_field)
{
    const struct str via = STR("_via_");
    size_t at = str_find_byte(segment, '(');

    if (at < segment.n) {
        *ret_col = str_sub(segment, 0, at);
        *ret_field = str_sub(segment, at + 1, segment.n - at - 2);
        return str_ends(segment, STR(")")) && is_words(*ret_col) && is_words(*ret_field);
    }
    for (at = segment.n; at-- > 1;) {
        if (!str_starts(str_from(segment, at), via) || segment.n == at + via.n)
            continue;
        *ret_col = str_sub(segment, 0, at);
        *ret_field = str_from(segment, at + via.n);
        return is_words(segment);
    }
    return false;
}

static bool resolve_back(const struct schema *schema, const struct schema_col *col, struct str name,
                         struct str field, struct query_hop *ret)
{
    struct query_hop hop = {.target = schema_find(schema, name), .back = true};

    hop.field = hop.target ? schema_field(hop.target, field) : NULL;
    if (!hop.field || hop.field->type->kind != FIELD_RELATION ||
        !str_eq(hop.field->relation.collection_id, col->id))
        return false;
    hop.single = schema_is_unique(hop.target, field, NULL);
    *ret = hop;
    return true;
}

bool query_hop_resolve(const struct schema *schema, const struct schema_col *col,
                       struct str segment, struct query_hop *ret)
{
    const struct schema_field *field;
    struct str back_col, back_field;

    if (split_back(segment, &back_col, &back_field))
        return resolve_back(schema, col, back_col, back_field, ret);
    field = schema_field(col, segment);
    if (!field || field->type->kind != FIELD_RELATION || !field->relation.target)
        return false;
    *ret = (struct query_hop){
        .target = field->relation.target, .field = field, .single = !field->multiple};
    return true;
}
