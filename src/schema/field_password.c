/*
 * Field type password: a bcrypt hash, which no answer ever holds. Hashing is not done here: it
 * takes a pool thread.
 */
#include "schema/internal.h"

#include <inttypes.h>

static struct err *password_options(struct arena *a, const struct json *def,
                                    struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"min", OPT_INT, FIELD_AT(password.min), 0},
        {"max", OPT_INT, FIELD_AT(password.max), 0},
        {"cost", OPT_INT, FIELD_AT(password.cost), 0},
        {"pattern", OPT_TEXT, FIELD_AT(password.pattern), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

/* The hash is made later from `plain`; an empty one clears what is stored. */
static struct value password_accept(struct arena *a, const struct schema_field *field,
                                    const struct json *in)
{
    struct value value = value_text(STR(""));

    (void)field;
    value.plain = field_json_text(a, in);
    value.changed = true;
    return value;
}

/* These messages have their number filled in, but no params. */
static void fail_length(struct arena *a, const struct schema_field *field, enum err_code_id code,
                        const char *words, int64_t bound, struct err **err)
{
    err_add_raw_item(a, err, field->name, str_of(err_code(code)->code),
                     arena_printf(a, "Must be %s %" PRId64 " character(s).", words, bound),
                     STR_NONE);
}

static void password_check(struct arena *a, const struct schema_field *field,
                           const struct value *value, struct err **err)
{
    int64_t max = field_most_chars(field);
    int64_t count = (int64_t)utf8_count(value->plain);

    if (value->plain.n == 0) {
        if (field->required && value->text.n == 0)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
        return;
    }
    if (count < field->password.min)
        fail_length(a, field, CODE_MIN_TEXT, "at least", field->password.min, err);
    else if (count > max)
        fail_length(a, field, CODE_MAX_PASSWORD, "less than", max, err);
    else if (!pattern_matches(field->password.pattern, field->password.regex, value, value->plain))
        check_fail(a, field, CODE_FORMAT, STR_NONE, err);
}

static void password_write(struct arena *a, struct buf *out, const struct schema_field *field,
                           struct db_value cell)
{
    (void)a;
    (void)field;
    (void)cell;
    BUF_ADD(out, "\"\"");
}

const struct field_type field_password = {
    .kind = FIELD_PASSWORD,
    .name = "password",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = password_options,
    .accept = password_accept,
    .load = text_load,
    .store = text_store,
    .check = password_check,
    .write = password_write,
};
