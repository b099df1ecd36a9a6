/*
 * Field type json: raw JSON text, or SQL NULL.
 *
 * A submitted or stored text that is not JSON by itself becomes a JSON string, quoted the way
 * PocketBase does it: Go's quoting, whose \a, \v, \x7f and \U000e0001 are no JSON. Such a value is
 * then refused by the check, as it is there.
 */
#include "schema/internal.h"

#include <string.h>

#define JSON_TEXT_MAX (SIZE_MAX / 4)

/* Go keeps what is graphic, in the sense of Unicode, and escapes the rest. These are the ranges of
 * separators, controls, formats, surrogates and private use. */
static const struct {
    uint32_t from, to;
} unprintable[] = {
    {0x7f, 0xa0},        {0xad, 0xad},       {0x378, 0x379},     {0x600, 0x605},
    {0x61c, 0x61c},      {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x1680, 0x1680},
    {0x180e, 0x180e},    {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x206f},
    {0x3000, 0x3000},    {0xd800, 0xf8ff},   {0xfeff, 0xfeff},   {0xfff0, 0xfffb},
    {0xfffe, 0xffff},    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff},
    {0xe01f0, 0x10ffff},
};

/* Ranges rise. */
static bool is_printable(uint32_t code)
{
    for (size_t i = 0; i < COUNT_OF(unprintable); i++) {
        if (code <= unprintable[i].to)
            return code < unprintable[i].from;
    }
    return true;
}

static void quote_byte(struct buf *out, unsigned char c)
{
    static const char named[] = "abtnvfr"; /* 7 to 13 */

    if (c == '"' || c == '\\')
        buf_addf(out, "\\%c", c);
    else if (c >= 7 && c <= 13)
        buf_addf(out, "\\%c", named[c - 7]);
    else if (c < 0x20 || c == 0x7f)
        buf_addf(out, "\\x%02x", c);
    else
        buf_add_byte(out, (char)c);
}

static void quote_wide(struct buf *out, struct str bytes, uint32_t code)
{
    if (is_printable(code))
        buf_add(out, bytes);
    else
        buf_addf(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

static struct str quoted(struct arena *a, struct str text)
{
    struct buf out;

    buf_init(&out, JSON_TEXT_MAX);
    BUF_ADD(&out, "\"");
    for (size_t i = 0; i < text.n;) {
        uint32_t code;
        size_t n = utf8_decode(str_from(text, i), &code);

        if (n == 0)
            buf_addf(&out, "\\x%02x", (unsigned char)text.p[i]);
        else if (n == 1)
            quote_byte(&out, (unsigned char)text.p[i]);
        else
            quote_wide(&out, str_sub(text, i, n), code);
        i += n ? n : 1;
    }
    BUF_ADD(&out, "\"");
    return buf_take(a, &out);
}

/* Whether a text looks like JSON to PocketBase: if it is valid, too, it is taken as it is. */
static bool looks_raw(struct str text)
{
    if (text.n == 0)
        return false;
    if (str_eq(text, STR("null")) || str_eq(text, STR("true")) || str_eq(text, STR("false")))
        return true;
    return (text.p[0] >= '0' && text.p[0] <= '9') || memchr("-\"[{", text.p[0], 4);
}

static struct value value_json(struct str raw)
{
    return (struct value){.type = VALUE_JSON, .text = raw};
}

static struct str text_json(struct arena *a, struct str text)
{
    return looks_raw(text) && json_valid(text, &json_limits_stored) ? text : quoted(a, text);
}

static struct err *json_options(struct arena *a, const struct json *def, struct schema_field *field)
{
    static const struct field_opt opts[] = {
        {"maxSize", OPT_INT, FIELD_AT(json.max_size), 0},
    };

    return field_read_opts(a, def, field, opts, COUNT_OF(opts));
}

static struct value json_accept(struct arena *a, const struct schema_field *field,
                                const struct json *in)
{
    struct buf out;

    (void)field;
    if (!in || in->type == JSON_NULL)
        return value_json(STR_NONE);
    if (in->type == JSON_TEXT)
        return value_json(text_json(a, in->text));
    buf_init(&out, JSON_TEXT_MAX);
    json_write(&out, in, true);
    return value_json(buf_take(a, &out));
}

static struct value json_load(struct arena *a, const struct schema_field *field,
                              struct db_value cell)
{
    (void)field;
    if (cell.type == DB_NULL)
        return value_json(STR_NONE);
    return value_json(text_json(a, cell_text(a, cell)));
}

static struct db_value json_store(struct arena *a, const struct schema_field *field,
                                  const struct value *value)
{
    (void)a;
    (void)field;
    return value->text.p ? DB_V_TEXT(value->text) : DB_V_NULL;
}

static bool is_empty(struct str raw)
{
    static const struct str empty[] = {STR_INIT(""), STR_INIT("null"), STR_INIT("\"\""),
                                       STR_INIT("[]"), STR_INIT("{}")};

    raw = str_trim_space(raw);
    for (size_t i = 0; i < COUNT_OF(empty); i++) {
        if (str_eq(raw, empty[i]))
            return true;
    }
    return false;
}

static void json_check(struct arena *a, const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    int64_t max = field->json.max_size > 0 ? field->json.max_size : DEFAULT_JSON_BYTES;
    struct str raw = value->text;

    if ((int64_t)raw.n > max)
        check_fail(a, field, CODE_JSON_SIZE, params_int(a, "maxSize", max), err);
    else if (raw.n && !json_valid(raw, &json_limits_raw))
        check_fail(a, field, CODE_JSON_INVALID, STR_NONE, err);
    else if (field->required && is_empty(raw))
        check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
}

static void json_cell_write(struct arena *a, struct buf *out, const struct schema_field *field,
                            struct db_value cell)
{
    struct str text;

    (void)field;
    if (cell.type == DB_NULL) {
        BUF_ADD(out, "null");
        return;
    }
    text = cell_text(a, cell);
    if (!looks_raw(text) || !json_write_stored(out, text))
        json_write_text(out, text);
}

const struct field_type field_json = {
    .kind = FIELD_JSON,
    .name = "json",
    .column = DB_COL_JSON,
    .column_multiple = DB_COL_JSON,
    .value = VALUE_JSON,
    .read_options = json_options,
    .accept = json_accept,
    .load = json_load,
    .store = json_store,
    .check = json_check,
    .write = json_cell_write,
};
