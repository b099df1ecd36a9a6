/*
 * What select, file and relation share: lists of texts, of which a single field keeps the last.
 */
#include "schema/internal.h"

static struct str_list last_only(struct str_list list)
{
    if (list.n > 1)
        return (struct str_list){&list.items[list.n - 1], 1};
    return list;
}

static struct value value_list(struct str_list list)
{
    return (struct value){.type = VALUE_LIST, .list = {list.items, list.n}};
}

static struct str_list normal_text_list(struct arena *a, struct str text)
{
    return str_list_unique(a, text_list(a, text));
}

struct value items_accept(struct arena *a, const struct schema_field *field, const struct json *in)
{
    struct str_list list = field_json_list(a, in);

    if (field->multiple)
        return value_list(list);
    list = last_only(list);
    /* what is left may itself be a list's text: it is taken apart as a stored value would be */
    if (list.n)
        list = last_only(normal_text_list(a, list.items[0]));
    return value_list(list);
}

struct value items_load(struct arena *a, const struct schema_field *field, struct db_value cell)
{
    struct str_list list = normal_text_list(a, cell_text(a, cell));

    return value_list(field->multiple ? list : last_only(list));
}

struct db_value items_store(struct arena *a, const struct schema_field *field,
                            const struct value *value)
{
    struct str_list list = {value->list.items, value->list.n};

    if (field->multiple)
        return DB_V_TEXT(list_json(a, list));
    return DB_V_TEXT(list.n ? list.items[list.n - 1] : STR(""));
}

struct str_list items_to_check(struct arena *a, const struct schema_field *field,
                               const struct value *value)
{
    struct str_list list = {value->list.items, value->list.n};

    if (field->multiple || list.n == 0)
        return list;
    return normal_text_list(a, list.items[list.n - 1]);
}

/* Longer lists are not worth a look: they are read and written again. */
#define COPY_ITEMS 16

/* The item that starts at s.p[at], or one with p NULL when it is empty or has an escape. */
static struct str plain_item(struct str s, size_t at)
{
    size_t end;

    if (at >= s.n || s.p[at] != '"')
        return STR_NONE;
    for (end = at + 1; end < s.n && s.p[end] != '"'; end++) {
        if (s.p[end] == '\\' || (unsigned char)s.p[end] < 0x20)
            return STR_NONE;
    }
    return end < s.n && end > at + 1 ? str_sub(s, at + 1, end - at - 1) : STR_NONE;
}

/* Whether the text is what list_write() would make of it. */
static bool is_normal(struct str s)
{
    struct str items[COPY_ITEMS];
    size_t at = 1;

    if (str_eq(s, STR("[]")))
        return true;
    if (s.n < 2 || s.p[0] != '[')
        return false;
    for (size_t n = 0; n < COPY_ITEMS; n++) {
        items[n] = plain_item(s, at);
        if (!items[n].p)
            return false;
        for (size_t i = 0; i < n; i++) {
            if (str_eq(items[i], items[n]))
                return false;
        }
        at += items[n].n + 2;
        if (at + 1 == s.n && s.p[at] == ']')
            return utf8_valid(s);
        if (at >= s.n || s.p[at] != ',')
            return false;
        at++;
    }
    return false;
}

void items_write(struct arena *a, struct buf *out, const struct schema_field *field,
                 struct db_value cell)
{
    struct str text = cell.type == DB_TEXT ? cell.s : cell_text(a, cell);
    struct str_list list;

    if (!field->multiple && str_find_byte(text, '[') == text.n) {
        json_write_text(out, text);
        return;
    }
    if (field->multiple && is_normal(text)) {
        buf_add(out, text);
        return;
    }
    list = normal_text_list(a, text);
    if (field->multiple)
        list_write(out, list);
    else
        json_write_text(out, list.n ? list.items[list.n - 1] : STR(""));
}
