/*
 * The stored `fields` of a collection into its array of fields.
 */
#include "schema/internal.h"

#include <stdlib.h>

/* Keys that every type has, or may have. */
static struct err *read_common(struct arena *a, const struct json *def, struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"id", OPT_TEXT, FIELD_AT(id), 0},
        {"system", OPT_BOOL, FIELD_AT(system), 0},
        {"hidden", OPT_BOOL, FIELD_AT(hidden), 0},
        {"presentable", OPT_BOOL, FIELD_AT(presentable), 0},
        {"required", OPT_BOOL, FIELD_AT(required), 0},
        {"help", OPT_TEXT, FIELD_AT(help), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

static struct err *read_field(struct arena *a, const struct json *def, struct schema_field *field)
{
    const struct json *name = json_get(def, STR("name"));
    const struct json *type = json_get(def, STR("type"));
    struct err *err;

    if (!name || name->type != JSON_TEXT || !type || type->type != JSON_TEXT)
        return err_new(a, E_INTERNAL, NULL, "a field has no name or no type");
    field->name = arena_dup(a, name->text);
    field->type = field_type_find(type->text);
    if (!field->type)
        return err_new(a, E_INTERNAL, NULL, "field %.*s: unknown type %.*s", STR_ARG(name->text),
                       STR_ARG(type->text));
    err = read_common(a, def, field);
    return err ? err : field->type->read_options(a, def, field);
}

static void compile_pattern(struct pattern_cache *patterns, struct schema_field *field)
{
    if (field->type->kind == FIELD_TEXT)
        field->text.regex = pattern_compile(patterns, field->text.pattern);
    else if (field->type->kind == FIELD_PASSWORD)
        field->password.regex = pattern_compile(patterns, field->password.pattern);
}

static int compare_names(const void *x, const void *y)
{
    const struct schema_field *const *a = x;
    const struct schema_field *const *b = y;

    return str_cmp((*a)->name, (*b)->name);
}

/* Saturates: sizes are whatever someone once stored. */
static uint64_t add_size(uint64_t limit, int64_t size, int64_t count)
{
    uint64_t more;

    if (__builtin_mul_overflow((uint64_t)size, (uint64_t)count, &more) ||
        __builtin_add_overflow(limit, more, &limit))
        return UINT64_MAX;
    return limit;
}

static uint64_t body_limit(const struct schema_col *col)
{
    uint64_t limit = 32ULL * 1024 * 1024;

    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = &col->fields[i];

        if (field->type->kind == FIELD_EDITOR)
            limit = add_size(
                limit, field->editor.max_size > 0 ? field->editor.max_size : DEFAULT_EDITOR_BYTES,
                1);
        else if (field->type->kind == FIELD_JSON)
            limit = add_size(
                limit, field->json.max_size > 0 ? field->json.max_size : DEFAULT_JSON_BYTES, 1);
        else if (field->type->kind == FIELD_FILE)
            limit = add_size(limit,
                             field->file.max_size > 0 ? field->file.max_size : DEFAULT_FILE_BYTES,
                             field->multiple ? field->file.max_select : 1);
    }
    return limit;
}

static struct str member_of(struct arena *a, struct str name)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 6 * name.n + 16);
    json_write_text(&out, name);
    BUF_ADD(&out, ":");
    return arena_dup(a, buf_str(&out));
}

static void index_fields(struct arena *a, struct schema_col *col)
{
    col->by_name =
        (const struct schema_field **)arena_array(a, col->n_fields, sizeof(*col->by_name));
    for (size_t i = 0; i < col->n_fields; i++) {
        struct schema_field *field = &col->fields[i];

        field->at = (unsigned)i;
        field->member = member_of(a, field->name);
        col->by_name[i] = field;
        map_put(a, &col->field_map, field->name, field);
    }
    qsort(col->by_name, col->n_fields, sizeof(*col->by_name), compare_names);
    col->id_field = map_find(&col->field_map, STR("id"));
    col->record_body_limit = body_limit(col);
}

struct err *schema_read_fields(struct arena *a, struct arena *scratch,
                               struct pattern_cache *patterns, struct schema_col *col)
{
    const struct json *list;

    if (!json_read(scratch, col->fields_json, &json_limits_stored, &list, NULL) ||
        list->type != JSON_LIST)
        return err_new(a, E_INTERNAL, NULL, "collection %.*s: fields are no JSON list",
                       STR_ARG(col->name));
    col->fields = ARENA_ARRAY(a, struct schema_field, list->n);
    for (col->n_fields = 0; col->n_fields < list->n; col->n_fields++) {
        struct schema_field *field = &col->fields[col->n_fields];
        struct err *err = read_field(a, &list->items[col->n_fields], field);

        if (err)
            return err_new(a, E_INTERNAL, NULL, "collection %.*s: %.*s", STR_ARG(col->name),
                           STR_ARG(err->cause));
        compile_pattern(patterns, field);
    }
    index_fields(a, col);
    if (!col->id_field)
        return err_new(a, E_INTERNAL, NULL, "collection %.*s: there is no field id",
                       STR_ARG(col->name));
    return NULL;
}
