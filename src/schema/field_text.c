/*
 * Field type text, and what other types that hold a plain text take from it.
 */
#include "schema/internal.h"

#include <strings.h>

struct value text_accept(struct arena *a, const struct schema_field *field, const struct json *in)
{
    (void)field;
    return value_text(field_json_text(a, in));
}

struct value text_load(struct arena *a, const struct schema_field *field, struct db_value cell)
{
    (void)field;
    return value_text(cell_text(a, cell));
}

struct db_value text_store(struct arena *a, const struct schema_field *field,
                           const struct value *value)
{
    (void)a;
    (void)field;
    return DB_V_TEXT(value->text);
}

void text_write(struct arena *a, struct buf *out, const struct schema_field *field,
                struct db_value cell)
{
    (void)field;
    json_write_text(out, cell.type == DB_TEXT ? cell.s : cell_text(a, cell));
}

static struct err *text_options(struct arena *a, const struct json *def, struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"min", OPT_INT, FIELD_AT(text.min), 0},
        {"max", OPT_INT, FIELD_AT(text.max), 0},
        {"pattern", OPT_TEXT, FIELD_AT(text.pattern), 0},
        {"autogeneratePattern", OPT_TEXT, FIELD_AT(text.autogenerate), 0},
        {"primaryKey", OPT_BOOL, FIELD_AT(text.primary_key), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

/* Names of DOS devices: a record's files live in a folder that is named by its id. */
static const char *const reserved_ids[] = {
    "CON",  "PRN",  "AUX",  "NUL",  "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7",
    "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
};

static void check_id(struct arena *a, const struct schema_field *field, struct str id,
                     struct err **err)
{
    static const struct str forbidden = STR_INIT("./\\|\"'`<>:?*%$\0\t\n\r ");

    if (str_eq(field->text.pattern, DEFAULT_ID_PATTERN))
        return;
    for (size_t i = 0; i < forbidden.n; i++) {
        if (str_find_byte(id, forbidden.p[i]) < id.n) {
            check_fail(a, field, CODE_PK_CHARACTER,
                       err_params_text(a, "ch", str_sub(forbidden, i, 1)), err);
            return;
        }
    }
    for (size_t i = 0; i < COUNT_OF(reserved_ids); i++) {
        struct str reserved = str_of(reserved_ids[i]);

        if (str_eq_nocase(id, reserved)) {
            check_fail(a, field, CODE_PK_RESERVED, err_params_text(a, "reserved", reserved), err);
            return;
        }
    }
}

static void text_check(struct arena *a, const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    int64_t max = field_most_chars(field);
    int64_t count = (int64_t)utf8_count(value->text);

    if (value->text.n == 0) {
        if (field->required || field->text.primary_key)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
        return;
    }
    if (count < field->text.min)
        check_fail(a, field, CODE_MIN_TEXT, params_int(a, "min", field->text.min), err);
    else if (count > max)
        check_fail(a, field, CODE_MAX_TEXT, params_int(a, "max", max), err);
    else if (!pattern_matches(field->text.pattern, field->text.regex, value, value->text))
        check_fail(a, field, CODE_FORMAT, STR_NONE, err);
    else if (field->text.primary_key)
        check_id(a, field, value->text, err);
}

const struct field_type field_text = {
    .kind = FIELD_TEXT,
    .name = "text",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = text_options,
    .accept = text_accept,
    .load = text_load,
    .store = text_store,
    .check = text_check,
    .write = text_write,
};
