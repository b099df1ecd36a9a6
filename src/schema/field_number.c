/*
 * Field types number and bool.
 */
#include "base/num.h"
#include "schema/internal.h"

#include <math.h>

/* --- number ---------------------------------------------------------------------------------- */

static struct err *number_options(struct arena *a, const struct json *def,
                                  struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"min", OPT_DOUBLE, FIELD_AT(number.min), FIELD_AT(number.has_min)},
        {"max", OPT_DOUBLE, FIELD_AT(number.max), FIELD_AT(number.has_max)},
        {"onlyInt", OPT_BOOL, FIELD_AT(number.only_int), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

/* An integer is one that 64 bits hold, as PocketBase sees it. */
static bool is_integer(double number)
{
    return number >= -0x1p63 && number < 0x1p63 && !(fabs(trunc(number) - number) > 0);
}

static struct value value_number(double number)
{
    return (struct value){.type = VALUE_NUMBER, .number = number};
}

static double text_number(struct str text)
{
    double number;

    return num_parse_loose(text, &number) ? number : 0;
}

static struct value number_accept(struct arena *a, const struct schema_field *field,
                                  const struct json *in)
{
    (void)a;
    (void)field;
    if (in && in->type == JSON_NUMBER)
        return value_number(json_double(in));
    if (in && in->type == JSON_TEXT)
        return value_number(text_number(in->text));
    return value_number(in && in->type == JSON_BOOL && in->truth ? 1 : 0);
}

static double cell_number(struct db_value cell)
{
    switch (cell.type) {
    case DB_NULL:
        return 0;
    case DB_INT:
        return (double)cell.i;
    case DB_REAL:
        return cell.d;
    case DB_TEXT:
    case DB_BLOB:
        return text_number(cell.s);
    }
    BUG("not a cell type");
}

static struct value number_load(struct arena *a, const struct schema_field *field,
                                struct db_value cell)
{
    (void)a;
    (void)field;
    return value_number(cell_number(cell));
}

static struct db_value number_store(struct arena *a, const struct schema_field *field,
                                    const struct value *value)
{
    (void)a;
    (void)field;
    return DB_V_REAL(value->number);
}

/* A bound of the options, as PocketBase prints it in a message and in JSON. */
static void fail_bound(struct arena *a, const struct schema_field *field, enum err_code_id code,
                       const char *name, double bound, struct err **err)
{
    char json[NUM_TEXT_MAX];
    char text[NUM_TEXT_MAX];
    struct str json_text = {json, num_format_json(json, bound)};
    struct str plain_text = {text, num_format_general(text, bound, 21)};
    const char *side = code == CODE_MIN_NUMBER ? "greater" : "less";

    err_add_raw_item(a, err, field->name, str_of(err_code(code)->code),
                     arena_printf(a, "Must be %s or equal than %.*s.", side, STR_ARG(plain_text)),
                     arena_printf(a, "{\"%s\":%.*s}", name, STR_ARG(json_text)));
}

static void number_check(struct arena *a, const struct schema_field *field,
                         const struct value *value, struct err **err)
{
    double number = value->number;

    if (!isfinite(number)) {
        check_fail(a, field, CODE_NOT_A_NUMBER, STR_NONE, err);
    } else if (fpclassify(number) == FP_ZERO) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    } else if (field->number.only_int && !is_integer(number)) {
        check_fail(a, field, CODE_ONLY_INT, STR_NONE, err);
    } else if (field->number.has_min && number < field->number.min) {
        fail_bound(a, field, CODE_MIN_NUMBER, "min", field->number.min, err);
    } else if (field->number.has_max && number > field->number.max) {
        fail_bound(a, field, CODE_MAX_NUMBER, "max", field->number.max, err);
    }
}

/* Integers up to here are the same as float64 and as text. */
#define EXACT_INT 9007199254740992

static void number_write(struct arena *a, struct buf *out, const struct schema_field *field,
                         struct db_value cell)
{
    double number;

    (void)a;
    (void)field;
    if (cell.type == DB_INT && cell.i >= -EXACT_INT && cell.i <= EXACT_INT) {
        buf_add_i64(out, cell.i);
        return;
    }
    number = cell_number(cell);
    if (isfinite(number))
        json_write_double(out, number);
    else
        BUF_ADD(out, "null"); /* only another program stores it, and JSON has no word for it */
}

const struct field_type field_number = {
    .kind = FIELD_NUMBER,
    .name = "number",
    .column = DB_COL_NUMBER,
    .column_multiple = DB_COL_NUMBER,
    .value = VALUE_NUMBER,
    .read_options = number_options,
    .accept = number_accept,
    .load = number_load,
    .store = number_store,
    .check = number_check,
    .write = number_write,
};

/* --- bool ------------------------------------------------------------------------------------ */

static struct value value_bool(bool truth)
{
    return (struct value){.type = VALUE_BOOL, .truth = truth};
}

static bool text_truth(struct str text)
{
    static const struct str truths[] = {STR_INIT("1"),    STR_INIT("t"),    STR_INIT("T"),
                                        STR_INIT("TRUE"), STR_INIT("true"), STR_INIT("True")};

    for (size_t i = 0; i < COUNT_OF(truths); i++) {
        if (str_eq(text, truths[i]))
            return true;
    }
    return false;
}

static struct value bool_accept(struct arena *a, const struct schema_field *field,
                                const struct json *in)
{
    (void)a;
    (void)field;
    if (!in)
        return value_bool(false);
    if (in->type == JSON_NUMBER)
        return value_bool(fpclassify(json_double(in)) != FP_ZERO);
    if (in->type == JSON_TEXT)
        return value_bool(text_truth(in->text));
    return value_bool(in->type == JSON_BOOL && in->truth);
}

static bool cell_truth(struct arena *a, struct db_value cell)
{
    if (cell.type == DB_INT)
        return cell.i == 1;
    return text_truth(cell_text(a, cell));
}

static struct value bool_load(struct arena *a, const struct schema_field *field,
                              struct db_value cell)
{
    (void)field;
    return value_bool(cell_truth(a, cell));
}

static struct db_value bool_store(struct arena *a, const struct schema_field *field,
                                  const struct value *value)
{
    (void)a;
    (void)field;
    return DB_V_INT(value->truth);
}

static void bool_check(struct arena *a, const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    if (field->required && !value->truth)
        check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
}

static void bool_write(struct arena *a, struct buf *out, const struct schema_field *field,
                       struct db_value cell)
{
    (void)field;
    if (cell_truth(a, cell))
        BUF_ADD(out, "true");
    else
        BUF_ADD(out, "false");
}

const struct field_type field_bool = {
    .kind = FIELD_BOOL,
    .name = "bool",
    .column = DB_COL_BOOL,
    .column_multiple = DB_COL_BOOL,
    .value = VALUE_BOOL,
    .read_options = field_no_opts,
    .accept = bool_accept,
    .load = bool_load,
    .store = bool_store,
    .check = bool_check,
    .write = bool_write,
};
