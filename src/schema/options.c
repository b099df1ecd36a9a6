/*
 * Options of stored field definitions, by table.
 */
#include "base/date.h"
#include "base/num.h"
#include "schema/internal.h"

#include <math.h>

static bool read_int(const struct json *in, int64_t *ret)
{
    double number;

    if (in->type != JSON_NUMBER)
        return false;
    if (num_parse_i64(in->text, ret))
        return true;
    number = json_double(in);
    if (fabs(number) > 9007199254740992.0 || fabs(trunc(number) - number) > 0)
        return false;
    *ret = (int64_t)number;
    return true;
}

static bool read_list(struct arena *a, const struct json *in, struct str_list *ret)
{
    struct str_list list = {0};

    if (in->type != JSON_LIST)
        return false;
    list.items = ARENA_ARRAY(a, struct str, in->n);
    for (size_t i = 0; i < in->n; i++) {
        if (in->items[i].type == JSON_NULL)
            continue;
        if (in->items[i].type != JSON_TEXT)
            return false;
        list.items[list.n++] = arena_dup(a, in->items[i].text);
    }
    *ret = list;
    return true;
}

/* A text that is no date is none, as it is for submitted values. */
static struct str read_date(struct arena *a, struct str text)
{
    struct value date = field_date.accept(a, NULL, &(struct json){.type = JSON_TEXT, .text = text});

    return date.text;
}

static bool read_opt(struct arena *a, const struct json *in, struct schema_field *field,
                     const struct field_opt *opt)
{
    char *to = (char *)field + opt->at;

    switch (opt->type) {
    case OPT_BOOL:
        *(bool *)(void *)to = in->truth;
        return in->type == JSON_BOOL;
    case OPT_INT:
        return read_int(in, (int64_t *)(void *)to);
    case OPT_TEXT:
        if (in->type == JSON_TEXT)
            *(struct str *)(void *)to = arena_dup(a, in->text);
        return in->type == JSON_TEXT;
    case OPT_LIST:
        return read_list(a, in, (struct str_list *)(void *)to);
    case OPT_DOUBLE:
        *(bool *)(void *)((char *)field + opt->at_has) = true;
        *(double *)(void *)to = json_double(in);
        return in->type == JSON_NUMBER;
    case OPT_DATE:
        if (in->type == JSON_TEXT)
            *(struct str *)(void *)to = arena_dup(a, read_date(a, in->text));
        return in->type == JSON_TEXT;
    }
    BUG("not an option type");
}

struct err *field_read_opts(struct arena *a, const struct json *def, struct schema_field *field,
                            const struct field_opt *opts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *in = json_get(def, str_of(opts[i].key));

        if (!in || in->type == JSON_NULL)
            continue;
        if (!read_opt(a, in, field, &opts[i]))
            return err_new(a, E_INTERNAL, NULL, "field %.*s: option %s has the wrong type",
                           STR_ARG(field->name), opts[i].key);
    }
    return NULL;
}

struct err *field_no_opts(struct arena *a, const struct json *def, struct schema_field *field)
{
    (void)a;
    (void)def;
    (void)field;
    return NULL;
}

int64_t field_max_select(const struct schema_field *field, int64_t max_select)
{
    return field->multiple ? max_select : 1;
}
