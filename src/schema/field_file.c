/*
 * Field type file: names of stored files.
 */
#include "schema/internal.h"

#define FILE_NAME_SHOWN 250 /* bytes of a refused name in an answer */

static struct err *file_options(struct arena *a, const struct json *def, struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"maxSelect", OPT_INT, FIELD_AT(file.max_select), 0},
        {"maxSize", OPT_INT, FIELD_AT(file.max_size), 0},
        {"mimeTypes", OPT_LIST, FIELD_AT(file.mime_types), 0},
        {"thumbs", OPT_LIST, FIELD_AT(file.thumbs), 0},
        {"protected", OPT_BOOL, FIELD_AT(file.is_protected), 0},
    };
    struct err *err = field_read_opts(a, def, field, opts, COUNT_OF(opts));

    field->multiple = field->file.max_select > 1;
    return err;
}

/* Adds the one name that an element stands for; an element of none or several is no name. */
static void add_name(struct arena *a, struct str_list *names, const struct json *element)
{
    struct str_list list = field_json_list(a, element);

    if (list.n == 1)
        names->items[names->n++] = list.items[0];
}

/* Unlike items of a select, each element is taken apart by itself. */
static struct value file_accept(struct arena *a, const struct schema_field *field,
                                const struct json *in)
{
    struct str_list names = {0};
    struct str_list list;

    if (!in || (in->type != JSON_LIST && !field->multiple))
        return items_accept(a, field, in);
    if (in->type == JSON_LIST) {
        names.items = ARENA_ARRAY(a, struct str, in->n);
        for (size_t i = 0; i < in->n; i++)
            add_name(a, &names, &in->items[i]);
    } else {
        list = field_json_list(a, in);
        names.items = ARENA_ARRAY(a, struct str, list.n);
        for (size_t i = 0; i < list.n; i++) {
            struct json text = json_of_text(list.items[i]);

            add_name(a, &names, &text);
        }
    }
    names = str_list_unique(a, names);
    if (!field->multiple && names.n > 1)
        names = (struct str_list){&names.items[names.n - 1], 1};
    return (struct value){.type = VALUE_LIST, .list = {names.items, names.n}};
}

static void file_check(struct arena *a, const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    struct str_list list = items_to_check(a, field, value);
    int64_t max = field_max_select(field, field->file.max_select);

    if (field->required && list.n == 0)
        check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    else if ((int64_t)list.n > max)
        check_fail(a, field, CODE_TOO_MANY_FILES, params_int(a, "maxSelect", max), err);
}

bool field_check_files(struct arena *a, const struct schema_field *field, const struct value *value,
                       const struct value *old, struct err **err)
{
    struct str_list list = items_to_check(a, field, value);
    struct str_list unknown = {ARENA_ARRAY(a, struct str, list.n), 0};
    struct map known = {0};

    for (size_t i = 0; i < old->list.n; i++)
        map_put(a, &known, old->list.items[i], &old->list.items[i]);
    for (size_t i = 0; i < list.n; i++) {
        if (!map_find(&known, list.items[i]))
            unknown.items[unknown.n++] = str_sub(list.items[i], 0, FILE_NAME_SHOWN);
    }
    if (unknown.n == 0)
        return true;
    check_fail(a, field, CODE_INVALID_FILE,
               arena_concat(a, STR("{\"invalidFiles\":"), list_json(a, unknown), STR("}")), err);
    return false;
}

const struct field_type field_file = {
    .kind = FIELD_FILE,
    .name = "file",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_LIST,
    .value = VALUE_LIST,
    .read_options = file_options,
    .accept = file_accept,
    .load = items_load,
    .store = items_store,
    .check = file_check,
    .write = items_write,
};
