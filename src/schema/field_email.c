/*
 * Field types email and url: texts with a format and lists of allowed or refused domains.
 */
#include "base/format.h"
#include "schema/internal.h"

static struct err *domain_options(struct arena *a, const struct json *def,
                                  struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"onlyDomains", OPT_LIST, FIELD_AT(domains.only), 0},
        {"exceptDomains", OPT_LIST, FIELD_AT(domains.except), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

static void email_check(struct arena *a, const struct schema_field *field,
                        const struct value *value, struct err **err)
{
    size_t at = str_find_last_byte(value->text, '@');

    if (value->text.n == 0) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
        return;
    }
    if (!email_valid(value->text))
        check_fail(a, field, CODE_EMAIL, STR_NONE, err);
    else if (!domain_allowed(field, str_from(value->text, at + 1)))
        check_fail(a, field, CODE_EMAIL_DOMAIN, STR_NONE, err);
}

static void url_check(struct arena *a, const struct schema_field *field, const struct value *value,
                      struct err **err)
{
    struct str host;

    if (value->text.n == 0) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
        return;
    }
    if (!url_valid(value->text, &host))
        check_fail(a, field, CODE_URL, STR_NONE, err);
    else if (!domain_allowed(field, host))
        check_fail(a, field, CODE_URL_DOMAIN, STR_NONE, err);
}

const struct field_type field_email = {
    .kind = FIELD_EMAIL,
    .name = "email",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = domain_options,
    .accept = text_accept,
    .load = text_load,
    .store = text_store,
    .check = email_check,
    .write = text_write,
};

const struct field_type field_url = {
    .kind = FIELD_URL,
    .name = "url",
    .column = DB_COL_TEXT,
    .column_multiple = DB_COL_TEXT,
    .value = VALUE_TEXT,
    .read_options = domain_options,
    .accept = text_accept,
    .load = text_load,
    .store = text_store,
    .check = url_check,
    .write = text_write,
};
