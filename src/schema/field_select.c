/*
 * Field type select.
 */
#include "schema/internal.h"

static struct err *select_options(struct arena *a, const struct json *def,
                                  struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"values", OPT_LIST, FIELD_AT(select.values), 0},
        {"maxSelect", OPT_INT, FIELD_AT(select.max_select), 0},
    };
    struct err *err = field_read_opts(a, def, field, opts, COUNT_OF(opts));

    field->multiple = field->select.max_select > 1;
    return err;
}

static bool is_value(const struct schema_field *field, struct str text)
{
    for (size_t i = 0; i < field->select.values.n; i++) {
        if (str_eq(field->select.values.items[i], text))
            return true;
    }
    return false;
}

static void select_check(struct arena *a, const struct schema_field *field,
                         const struct value *value, struct err **err)
{
    struct str_list list = items_to_check(a, field, value);
    int64_t max = field_max_select(field, field->select.max_select);

    if (list.n == 0) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
        return;
    }
    if ((int64_t)list.n > max) {
        check_fail(a, field, CODE_TOO_MANY, params_int(a, "maxSelect", max), err);
        return;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (!is_value(field, list.items[i])) {
            check_fail(a, field, CODE_SELECT_VALUE, err_params_text(a, "value", list.items[i]),
                       err);
            return;
        }
    }
}

const struct field_type field_select = {
    .kind = FIELD_SELECT,
    .name = "select",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_LIST,
    .value = VALUE_LIST,
    .read_options = select_options,
    .accept = items_accept,
    .load = items_load,
    .store = items_store,
    .check = select_check,
    .write = items_write,
};
