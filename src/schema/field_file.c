/*
 * Field type file: names of stored files.
 */
#include "schema/internal.h"

#include "base/limits.h"

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

static void too_big(struct arena *a, const struct schema_field *field,
                    const struct field_upload *upload, int64_t max, struct err **err)
{
    AUTO_BUF struct buf params;

    buf_init(&params, 64 * KIB);
    BUF_ADD(&params, "{\"file\":");
    json_write_text(&params, upload->client_name);
    BUF_ADD(&params, ",\"maxSize\":");
    buf_add_i64(&params, max);
    BUF_ADD(&params, "}");
    check_fail(a, field, CODE_FILE_SIZE, arena_dup(a, buf_str(&params)), err);
}

static void wrong_type(struct arena *a, const struct schema_field *field,
                       const struct field_upload *upload, struct err **err)
{
    AUTO_BUF struct buf text;

    buf_init(&text, 64 * KIB);
    buf_addf(&text, "\"%.*s\" mime type must be one of: ", STR_ARG(upload->name));
    for (size_t i = 0; i < field->file.mime_types.n; i++) {
        if (i > 0)
            BUF_ADD(&text, ", ");
        buf_add(&text, field->file.mime_types.items[i]);
    }
    err_add_raw_item(a, err, field->name, STR("validation_invalid_mime_type"),
                     arena_dup(a, buf_str(&text)), STR_NONE);
}

int64_t field_most_bytes(const struct schema_field *field)
{
    return field->file.max_size > 0 ? field->file.max_size : DEFAULT_FILE_BYTES;
}

void field_check_upload(struct arena *a, const struct schema_field *field,
                        const struct field_upload *upload, struct err **err)
{
    int64_t max = field_most_bytes(field);
    const struct str_list *mimes = &field->file.mime_types;

    if (upload->size > (uint64_t)max)
        too_big(a, field, upload, max, err);
    else if (mimes->n > 0 && !file_type_is_among(&upload->type, mimes->items, mimes->n))
        wrong_type(a, field, upload, err);
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
