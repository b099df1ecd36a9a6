/*
 * A submitted definition decoded over another one (collections.md 5.3, 6).
 */
#include "schema/define.h"

#include "schema/shape.h"

struct merge {
    struct arena *a;
    struct schema_def *def;
    struct str *why;
};

enum top_type { TOP_TEXT, TOP_DATE, TOP_RULE, TOP_BOOL };

static const struct top {
    const char *key;
    enum top_type type;
    size_t at;
} tops[] = {
    {"id", TOP_TEXT, offsetof(struct schema_def, id)},
    {"name", TOP_TEXT, offsetof(struct schema_def, name)},
    {"type", TOP_TEXT, offsetof(struct schema_def, type)},
    {"system", TOP_BOOL, offsetof(struct schema_def, system)},
    {"created", TOP_DATE, offsetof(struct schema_def, created)},
    {"updated", TOP_DATE, offsetof(struct schema_def, updated)},
    {"listRule", TOP_RULE, offsetof(struct schema_def, rules[RULE_LIST])},
    {"viewRule", TOP_RULE, offsetof(struct schema_def, rules[RULE_VIEW])},
    {"createRule", TOP_RULE, offsetof(struct schema_def, rules[RULE_CREATE])},
    {"updateRule", TOP_RULE, offsetof(struct schema_def, rules[RULE_UPDATE])},
    {"deleteRule", TOP_RULE, offsetof(struct schema_def, rules[RULE_DELETE])},
};

static bool wrong(const struct merge *m, const struct json *in, const char *wanted, struct str path)
{
    *m->why = shape_mismatch(m->a, in, wanted, path);
    return false;
}

static bool merge_top(const struct merge *m, const struct top *top, const struct json *in)
{
    static const char *const wanted[] = {[TOP_TEXT] = "string",
                                         [TOP_DATE] = "types.DateTime",
                                         [TOP_RULE] = "string",
                                         [TOP_BOOL] = "bool"};
    void *to = (char *)m->def + top->at;
    bool is_null = in->type == JSON_NULL;

    if (!is_null && in->type != (top->type == TOP_BOOL ? JSON_BOOL : JSON_TEXT))
        return wrong(m, in, wanted[top->type], arena_printf(m->a, "/%s", top->key));
    if (top->type == TOP_BOOL)
        *(bool *)to = !is_null && in->truth;
    else if (top->type == TOP_RULE)
        *(struct schema_rule *)to = (struct schema_rule){!is_null, is_null ? STR_NONE : in->text};
    else if (top->type == TOP_DATE)
        *(struct str *)to = is_null ? STR("") : field_date.accept(m->a, NULL, in).text;
    else
        *(struct str *)to = is_null ? STR("") : in->text;
    return true;
}

static bool merge_field(const struct merge *m, const struct json *in, uint32_t at)
{
    const struct json *type = json_get(in, STR("type"));
    const struct field_type *found =
        type && type->type == JSON_TEXT ? field_type_find(type->text) : NULL;
    struct json field;

    if (!found) {
        AUTO_BUF struct buf text;

        buf_init(&text, 4096);
        json_write(&text, in, false);
        *m->why = arena_printf(m->a,
                               "json: cannot unmarshal JSON object into Go core.fieldWithType "
                               "within \"/fields/%u\": missing or unknown field type in %.*s",
                               at, STR_ARG(buf_str(&text)));
        return false;
    }
    if (!shape_merge(m->a, shape_of_field(found), NULL, in, arena_printf(m->a, "/fields/%u", at),
                     &field, m->why))
        return false;
    schema_def_add_field(m->a, m->def, field);
    return true;
}

static bool merge_fields(const struct merge *m, const struct json *in)
{
    if (in->type != JSON_LIST && in->type != JSON_NULL)
        return wrong(m, in, "core.FieldsList", STR("/fields"));
    m->def->fields.n = 0;
    for (uint32_t i = 0; in->type == JSON_LIST && i < in->n; i++)
        if (!merge_field(m, &in->items[i], i))
            return false;
    return true;
}

static bool merge_indexes(const struct merge *m, const struct json *in)
{
    if (in->type != JSON_LIST && in->type != JSON_NULL)
        return wrong(m, in, "types.JSONArray[string]", STR("/indexes"));
    m->def->indexes.n = 0;
    for (uint32_t i = 0; in->type == JSON_LIST && i < in->n; i++) {
        const struct json *item = &in->items[i];

        if (item->type != JSON_TEXT && item->type != JSON_NULL)
            return wrong(m, item, "string", arena_printf(m->a, "/indexes/%u", i));
        *VEC_PUSH(m->a, &m->def->indexes) = item->type == JSON_TEXT ? item->text : STR("");
    }
    return true;
}

static bool merge_options(const struct merge *m, const struct json *body)
{
    const struct json *query = json_get(body, STR("viewQuery"));
    struct json merged;

    if (str_eq(m->def->type, STR("auth"))) {
        if (!shape_merge(m->a, &shape_auth_options, &m->def->options, body, STR_NONE, &merged,
                         m->why))
            return false;
        m->def->options = merged;
    }
    if (!str_eq(m->def->type, STR("view")) || !query)
        return true;
    if (query->type != JSON_TEXT && query->type != JSON_NULL)
        return wrong(m, query, "string", STR("/viewQuery"));
    m->def->view_query = query->type == JSON_TEXT ? query->text : STR("");
    return true;
}

bool schema_def_merge(struct arena *a, struct schema_def *def, const struct json *body,
                      struct str *ret_why)
{
    struct merge m = {a, def, ret_why};
    const struct json *fields = json_get(body, STR("fields"));
    const struct json *indexes = json_get(body, STR("indexes"));

    if (body->type == JSON_NULL) {
        def->name = STR("");
        return true;
    }
    if (body->type != JSON_OBJECT)
        return wrong(&m, body, "core.Collection", STR(""));
    for (size_t i = 0; i < COUNT_OF(tops); i++) {
        const struct json *in = json_get(body, str_of(tops[i].key));

        if (in && !merge_top(&m, &tops[i], in))
            return false;
    }
    if (fields && !merge_fields(&m, fields))
        return false;
    if (indexes && !merge_indexes(&m, indexes))
        return false;
    return merge_options(&m, body);
}
