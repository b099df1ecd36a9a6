/*
 * Field types date and autodate: texts in storage form, or empty.
 */
#include "base/date.h"
#include "schema/internal.h"

/* 0001-01-01T00:00:00Z, which PocketBase takes for no date. */
#define DATE_ZERO STR("0001-01-01 00:00:00.000Z")

static struct str normal_date(struct arena *a, struct str text)
{
    char form[DATE_TEXT_LEN + 1];
    int64_t ms;

    if (text.n == 0)
        return STR("");
    if (!date_parse_stored(text, &ms)) {
        if (!date_parse_loose(text, &ms) || ms < DATE_MIN_MS || ms > DATE_MAX_MS)
            return STR("");
        date_format(form, ms);
        text = arena_dup(a, (struct str){form, DATE_TEXT_LEN});
    }
    return str_eq(text, DATE_ZERO) ? STR("") : text;
}

static struct value date_accept(struct arena *a, const struct schema_field *field,
                                const struct json *in)
{
    (void)field;
    return value_text(in && in->type == JSON_TEXT ? normal_date(a, in->text) : STR(""));
}

static struct value date_load(struct arena *a, const struct schema_field *field,
                              struct db_value cell)
{
    (void)field;
    return value_text(normal_date(a, cell_text(a, cell)));
}

/* Thresholds in Go's two spellings: a time's own text, and RFC 3339. */
static void fail_threshold(struct arena *a, const struct schema_field *field, enum err_code_id code,
                           const char *words, struct str date, struct err **err)
{
    struct str day = str_sub(date, 0, 10);
    struct str clock = str_sub(date, 11, 8);
    struct str fraction = str_sub(date, 19, 4); /* ".mmm" */

    while (fraction.n && (fraction.p[fraction.n - 1] == '0' || fraction.p[fraction.n - 1] == '.'))
        fraction.n--;
    err_add_raw_item(a, err, field->name, str_of(err_code(code)->code),
                     arena_printf(a, "Must be no %s than %.*s %.*s%.*s +0000 UTC.", words,
                                  STR_ARG(day), STR_ARG(clock), STR_ARG(fraction)),
                     arena_printf(a, "{\"threshold\":\"%.*sT%.*s%.*sZ\"}", STR_ARG(day),
                                  STR_ARG(clock), STR_ARG(fraction)));
}

static struct err *date_options(struct arena *a, const struct json *def, struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"min", OPT_DATE, FIELD_AT(date.min), 0},
        {"max", OPT_DATE, FIELD_AT(date.max), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

/* Texts of the storage form sort as the instants do. */
static void date_check(struct arena *a, const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    struct str min = field->date.min;
    struct str max = field->date.max;

    if (value->text.n == 0) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    } else if (min.n && str_cmp(value->text, min) < 0) {
        fail_threshold(a, field, CODE_MIN_THRESHOLD, "less", min, err);
    } else if (max.n && str_cmp(value->text, max) > 0) {
        fail_threshold(a, field, CODE_MAX_THRESHOLD, "greater", max, err);
    }
}

static void date_write(struct arena *a, struct buf *out, const struct schema_field *field,
                       struct db_value cell)
{
    (void)field;
    BUF_ADD(out, "\"");
    if (cell.type != DB_NULL)
        buf_add(out, normal_date(a, cell.type == DB_TEXT ? cell.s : cell_text(a, cell)));
    BUF_ADD(out, "\"");
}

const struct field_type field_date = {
    .kind = FIELD_DATE,
    .name = "date",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = date_options,
    .accept = date_accept,
    .load = date_load,
    .store = text_store,
    .check = date_check,
    .write = date_write,
};

static struct err *autodate_options(struct arena *a, const struct json *def,
                                    struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"onCreate", OPT_BOOL, FIELD_AT(autodate.on_create), 0},
        {"onUpdate", OPT_BOOL, FIELD_AT(autodate.on_update), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

/* Nothing that is submitted counts, whoever sends it. */
static struct value autodate_accept(struct arena *a, const struct schema_field *field,
                                    const struct json *in)
{
    (void)a;
    (void)field;
    (void)in;
    return value_text(STR(""));
}

static void autodate_check(struct arena *a, const struct schema_field *field,
                           const struct value *value, struct err **err)
{
    (void)a;
    (void)field;
    (void)value;
    (void)err;
}

const struct field_type field_autodate = {
    .kind = FIELD_AUTODATE,
    .name = "autodate",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = autodate_options,
    .accept = autodate_accept,
    .load = date_load,
    .store = text_store,
    .check = autodate_check,
    .write = date_write,
};
