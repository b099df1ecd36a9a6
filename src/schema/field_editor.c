/*
 * Field type editor: HTML, kept as submitted.
 */
#include "schema/internal.h"

static struct err *editor_options(struct arena *a, const struct json *def,
                                  struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"maxSize", OPT_INT, FIELD_AT(editor.max_size), 0},
        {"convertURLs", OPT_BOOL, FIELD_AT(editor.convert_urls), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

static void editor_check(struct arena *a, const struct schema_field *field,
                         const struct value *value, struct err **err)
{
    int64_t max = field->editor.max_size > 0 ? field->editor.max_size : DEFAULT_EDITOR_BYTES;

    if (field->required && value->text.n == 0)
        check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    else if ((int64_t)value->text.n > max)
        check_fail(a, field, CODE_CONTENT_SIZE, params_int(a, "maxSize", max), err);
}

const struct field_type field_editor = {
    .kind = FIELD_EDITOR,
    .name = "editor",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = editor_options,
    .accept = text_accept,
    .load = text_load,
    .store = text_store,
    .check = editor_check,
    .write = text_write,
};
