/*
 * The table of field types, and what is the same for all of them.
 */
#include "schema/internal.h"

#include <math.h>

static const struct field_type *const types[] = {
    [FIELD_TEXT] = &field_text, [FIELD_EDITOR] = &field_editor,     [FIELD_NUMBER] = &field_number,
    [FIELD_BOOL] = &field_bool, [FIELD_EMAIL] = &field_email,       [FIELD_URL] = &field_url,
    [FIELD_DATE] = &field_date, [FIELD_AUTODATE] = &field_autodate, [FIELD_SELECT] = &field_select,
    [FIELD_FILE] = &field_file, [FIELD_RELATION] = &field_relation, [FIELD_JSON] = &field_json,
    [FIELD_GEO] = &field_geo,   [FIELD_PASSWORD] = &field_password,
};

const struct field_type *field_type_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq(str_of(types[i]->name), name))
            return types[i];
    }
    return NULL;
}

struct value field_zero(const struct schema_field *field)
{
    return (struct value){.type = field->type->value};
}

static bool list_eq(const struct value *a, const struct value *b)
{
    if (a->list.n != b->list.n)
        return false;
    for (size_t i = 0; i < a->list.n; i++) {
        if (!str_eq(a->list.items[i], b->list.items[i]))
            return false;
    }
    return true;
}

bool field_value_is_zero(const struct value *value)
{
    switch (value->type) {
    case VALUE_TEXT:
        return value->text.n == 0 && value->plain.n == 0;
    case VALUE_NUMBER:
        return fpclassify(value->number) == FP_ZERO;
    case VALUE_BOOL:
        return !value->truth;
    case VALUE_LIST:
        return value->list.n == 0;
    case VALUE_JSON:
        return value->text.p == NULL;
    case VALUE_GEO:
        return fpclassify(value->geo.lon) == FP_ZERO && fpclassify(value->geo.lat) == FP_ZERO;
    }
    BUG("not a value type");
}

static bool number_eq(double x, double y)
{
    return (isnan(x) && isnan(y)) || (x <= y && x >= y);
}

bool field_value_eq(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_TEXT:
        return str_eq(a->text, b->text) && str_eq(a->plain, b->plain);
    case VALUE_NUMBER:
        return number_eq(a->number, b->number);
    case VALUE_BOOL:
        return a->truth == b->truth;
    case VALUE_LIST:
        return list_eq(a, b);
    case VALUE_JSON:
        return (a->text.p == NULL) == (b->text.p == NULL) && str_eq(a->text, b->text);
    case VALUE_GEO:
        return number_eq(a->geo.lon, b->geo.lon) && number_eq(a->geo.lat, b->geo.lat);
    }
    BUG("not a value type");
}

static struct json finite_json(struct arena *a, double number)
{
    return isfinite(number) ? json_of_double(a, number) : json_of_null();
}

static struct json list_value_json(struct arena *a, const struct schema_field *field,
                                   const struct value *value)
{
    struct json *items;

    if (!field->multiple)
        return json_of_text(value->list.n ? value->list.items[value->list.n - 1] : STR_NONE);
    items = ARENA_ARRAY(a, struct json, value->list.n);
    for (size_t i = 0; i < value->list.n; i++)
        items[i] = json_of_text(value->list.items[i]);
    return json_of_list(items, value->list.n);
}

static struct json geo_value_json(struct arena *a, const struct value *value)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, 2);

    members[0] = (struct json_member){STR("lon"), finite_json(a, value->geo.lon)};
    members[1] = (struct json_member){STR("lat"), finite_json(a, value->geo.lat)};
    return json_of_object(members, 2);
}

struct json field_value_json(struct arena *a, const struct schema_field *field,
                             const struct value *value)
{
    const struct json *parsed;

    switch (value->type) {
    case VALUE_TEXT:
        return json_of_text(field->type->kind == FIELD_PASSWORD ? value->plain : value->text);
    case VALUE_NUMBER:
        return finite_json(a, value->number);
    case VALUE_BOOL:
        return json_of_bool(value->truth);
    case VALUE_LIST:
        return list_value_json(a, field, value);
    case VALUE_JSON:
        if (value->text.p && json_read(a, value->text, &json_limits_stored, &parsed, NULL))
            return *parsed;
        return json_of_null();
    case VALUE_GEO:
        return geo_value_json(a, value);
    }
    BUG("not a value type");
}
