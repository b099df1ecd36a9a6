/*
 * Field type relation: ids of records of another collection. Whether they exist is for records to
 * ask; here are the checks that need no database.
 */
#include "schema/internal.h"

static struct err *relation_options(struct arena *a, const struct json *def,
                                    struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"collectionId", OPT_TEXT, FIELD_AT(relation.collection_id), 0},
        {"cascadeDelete", OPT_BOOL, FIELD_AT(relation.cascade_delete), 0},
        {"minSelect", OPT_INT, FIELD_AT(relation.min_select), 0},
        {"maxSelect", OPT_INT, FIELD_AT(relation.max_select), 0},
    };
    struct err *err = field_read_opts(a, def, field, opts, COUNT_OF(opts));

    field->multiple = field->relation.max_select > 1;
    return err;
}

static void relation_check(struct arena *a, const struct schema_field *field,
                           const struct value *value, struct err **err)
{
    struct str_list list = items_to_check(a, field, value);
    int64_t min = field->relation.min_select;
    int64_t max = field_max_select(field, field->relation.max_select);

    if (list.n == 0) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    } else if ((int64_t)list.n < min) {
        check_fail(a, field, CODE_NOT_ENOUGH, params_int(a, "minSelect", min), err);
    } else if ((int64_t)list.n > max) {
        check_fail(a, field, CODE_TOO_MANY, params_int(a, "maxSelect", max), err);
    } else if (!field->relation.target) {
        check_fail(a, field, CODE_REL_COLLECTION, STR_NONE, err);
    }
}

const struct field_type field_relation = {
    .kind = FIELD_RELATION,
    .name = "relation",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_LIST,
    .value = VALUE_LIST,
    .read_options = relation_options,
    .accept = items_accept,
    .load = items_load,
    .store = items_store,
    .check = relation_check,
    .write = items_write,
};
