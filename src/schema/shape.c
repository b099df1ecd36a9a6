/*
 * Definitions decoded and written by their shapes.
 */
#include "schema/shape.h"

#include "base/num.h"

static struct json zero_of(struct arena *a, const struct shape *shape);

static const struct json *list_of(struct json *value)
{
    *value = json_of_list(NULL, 0);
    return value;
}

static struct json zero_object(struct arena *a, const struct shape *object)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, object->n);

    for (size_t i = 0; i < object->n; i++)
        members[i] =
            (struct json_member){str_of(object->members[i].key), zero_of(a, &object->members[i])};
    return json_of_object(members, object->n);
}

static struct json zero_of(struct arena *a, const struct shape *shape)
{
    struct json value = json_of_null();

    switch (shape->type) {
    case SHAPE_TEXT:
    case SHAPE_DATE:
        return json_of_text(STR(""));
    case SHAPE_BOOL:
        return json_of_bool(false);
    case SHAPE_INT:
        return (struct json){.type = JSON_NUMBER, .text = STR("0")};
    case SHAPE_TEXTS:
    case SHAPE_PROVIDERS:
        return *list_of(&value);
    case SHAPE_OBJECT:
        return zero_object(a, shape);
    case SHAPE_ANY:
        return json_of_object(NULL, 0);
    case SHAPE_RULE:
    case SHAPE_NUMBER:
    case SHAPE_BOOL_OR_NULL:
        return value;
    }
    BUG("not a shape");
}

/* --- decoding --------------------------------------------------------------------------------- */

struct str shape_mismatch(struct arena *a, const struct json *in, const char *wanted,
                          struct str path)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",   [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
        [JSON_TEXT] = "string", [JSON_LIST] = "array",   [JSON_OBJECT] = "object",
    };

    return arena_printf(a, "json: cannot unmarshal JSON %s into Go %s within \"%.*s\"",
                        names[in->type], wanted, STR_ARG(path));
}

/* One value: the shape, where it stands, what it replaces. */
struct slot {
    struct arena *a;
    const struct shape *shape;
    struct str path;
    const struct json *old;
    struct str *why;
};

static bool mismatch(const struct slot *slot, const struct json *in, const char *wanted)
{
    *slot->why = shape_mismatch(slot->a, in, wanted, slot->path);
    return false;
}

static bool merge_texts(const struct slot *slot, const struct json *in, struct json *ret)
{
    struct json *items = ARENA_ARRAY(slot->a, struct json, in->n);

    if (in->type != JSON_LIST)
        return mismatch(slot, in, "[]string");
    for (uint32_t i = 0; i < in->n; i++) {
        if (in->items[i].type != JSON_TEXT && in->items[i].type != JSON_NULL)
            return mismatch(slot, &in->items[i], "string");
        items[i] = in->items[i].type == JSON_TEXT ? in->items[i] : json_of_text(STR(""));
    }
    *ret = json_of_list(items, in->n);
    return true;
}

static const struct json *item_named(const struct json *list, const struct json *name)
{
    for (uint32_t i = 0; list && name && i < list->n; i++) {
        const struct json *known = json_get(&list->items[i], STR("name"));

        if (name->type == JSON_TEXT && known && str_eq(known->text, name->text))
            return &list->items[i];
    }
    return NULL;
}

static bool merge_providers(const struct slot *slot, const struct json *in, struct json *ret)
{
    static const struct json empty = {.type = JSON_OBJECT};
    struct json *items = ARENA_ARRAY(slot->a, struct json, in->n);

    if (in->type != JSON_LIST)
        return mismatch(slot, in, "[]core.OAuth2ProviderConfig");
    for (uint32_t i = 0; i < in->n; i++) {
        const struct json *item = in->items[i].type == JSON_NULL ? &empty : &in->items[i];
        const struct json *old = item_named(slot->old, json_get(item, STR("name")));
        struct str path = arena_printf(slot->a, "%.*s/%u", STR_ARG(slot->path), i);

        if (!shape_merge(slot->a, slot->shape, old, item, path, &items[i], slot->why))
            return false;
    }
    *ret = json_of_list(items, in->n);
    return true;
}

static bool merge_date(const struct slot *slot, const struct json *in, struct json *ret)
{
    if (in->type != JSON_TEXT)
        return mismatch(slot, in, "types.DateTime");
    *ret = json_of_text(field_date.accept(slot->a, NULL, in).text);
    return true;
}

static bool merge_int(const struct slot *slot, const struct json *in, struct json *ret)
{
    int64_t number;

    if (in->type != JSON_NUMBER || !num_parse_i64(in->text, &number))
        return mismatch(slot, in, "int");
    *ret = *in;
    return true;
}

static bool merge_number(const struct slot *slot, const struct json *in, struct json *ret)
{
    if (in->type != JSON_NUMBER)
        return mismatch(slot, in, "float64");
    *ret = json_of_double(slot->a, json_double(in));
    return true;
}

static bool merge_plain(const struct slot *slot, const struct json *in, enum json_type type,
                        const char *wanted, struct json *ret)
{
    if (in->type != type)
        return mismatch(slot, in, wanted);
    *ret = *in;
    return true;
}

static bool merge_value(const struct slot *slot, const struct json *in, struct json *ret)
{
    if (in->type == JSON_NULL) {
        *ret = zero_of(slot->a, slot->shape);
        return true;
    }
    switch (slot->shape->type) {
    case SHAPE_TEXT:
    case SHAPE_RULE:
        return merge_plain(slot, in, JSON_TEXT, "string", ret);
    case SHAPE_BOOL:
    case SHAPE_BOOL_OR_NULL:
        return merge_plain(slot, in, JSON_BOOL, "bool", ret);
    case SHAPE_ANY:
        return merge_plain(slot, in, JSON_OBJECT, "map[string]interface {}", ret);
    case SHAPE_INT:
        return merge_int(slot, in, ret);
    case SHAPE_NUMBER:
        return merge_number(slot, in, ret);
    case SHAPE_DATE:
        return merge_date(slot, in, ret);
    case SHAPE_TEXTS:
        return merge_texts(slot, in, ret);
    case SHAPE_PROVIDERS:
        return merge_providers(slot, in, ret);
    case SHAPE_OBJECT:
        return shape_merge(slot->a, slot->shape, slot->old, in, slot->path, ret, slot->why);
    }
    BUG("not a shape");
}

bool shape_merge(struct arena *a, const struct shape *object, const struct json *old,
                 const struct json *in, struct str path, struct json *ret, struct str *ret_why)
{
    struct json merged = zero_object(a, object);

    if (in->type != JSON_OBJECT) {
        *ret_why = shape_mismatch(a, in, "object", path);
        return false;
    }
    for (size_t i = 0; i < object->n; i++) {
        const struct shape *shape = &object->members[i];
        const struct json *known = json_get(old, str_of(shape->key));
        const struct json *value = json_get(in, str_of(shape->key));
        struct slot slot = {a, shape, STR_NONE, known, ret_why};

        if (known)
            merged.members[i].value = *known;
        if (!value)
            continue;
        slot.path = arena_printf(a, "%.*s/%s", STR_ARG(path), shape->key);
        if (!merge_value(&slot, value, &merged.members[i].value))
            return false;
    }
    *ret = merged;
    return true;
}

void shape_set(struct json *object, struct str key, struct json value)
{
    for (uint32_t i = 0; i < object->n; i++)
        if (str_eq(object->members[i].key, key))
            object->members[i].value = value;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_providers(struct buf *out, const struct shape *shape, const struct json *value,
                            bool with_secrets)
{
    BUF_ADD(out, "[");
    for (uint32_t i = 0; i < value->n; i++) {
        if (i)
            BUF_ADD(out, ",");
        shape_write(out, shape, &value->items[i], with_secrets);
    }
    BUF_ADD(out, "]");
}

void shape_write(struct buf *out, const struct shape *object, const struct json *value,
                 bool with_secrets)
{
    bool is_first = true;

    BUF_ADD(out, "{");
    for (size_t i = 0; i < object->n; i++) {
        const struct shape *shape = &object->members[i];
        const struct json *member = json_get(value, str_of(shape->key));

        if (shape->is_secret && !with_secrets)
            continue;
        if (!is_first)
            BUF_ADD(out, ",");
        is_first = false;
        json_write_text(out, str_of(shape->key));
        BUF_ADD(out, ":");
        if (shape->type == SHAPE_OBJECT)
            shape_write(out, shape, member, with_secrets);
        else if (shape->type == SHAPE_PROVIDERS)
            write_providers(out, shape, member, with_secrets);
        else
            json_write(out, member, shape->type == SHAPE_ANY || shape->type == SHAPE_NUMBER);
    }
    BUF_ADD(out, "}");
}
