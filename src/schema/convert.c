/*
 * Generic conversions: JSON and cells to texts and lists (records.md 6.1, 6.2; data-dir.md 5.3).
 */
#include "base/num.h"
#include "schema/internal.h"

#include <inttypes.h>
#include <math.h>

/* Texts made here grow out of a body, which is limited, by a factor of six at most. */
#define TEXT_MAX (SIZE_MAX / 4)

struct str buf_take(struct arena *a, struct buf *buf)
{
    struct str text = arena_dup(a, buf_str(buf));

    buf_done(buf);
    return text;
}

struct value value_text(struct str text)
{
    return (struct value){.type = VALUE_TEXT, .text = text};
}

struct str field_json_text(struct arena *a, const struct json *in)
{
    char digits[NUM_TEXT_MAX];
    double number;

    if (!in)
        return STR("");
    switch (in->type) {
    case JSON_TEXT:
        return in->text;
    case JSON_BOOL:
        return in->truth ? STR("true") : STR("false");
    case JSON_NUMBER:
        number = json_double(in);
        if (!isfinite(number))
            return STR("");
        return arena_dup(a, (struct str){digits, num_format_plain(digits, number)});
    case JSON_NULL:
    case JSON_LIST:
    case JSON_OBJECT:
        return STR("");
    }
    BUG("not a JSON type");
}

struct str cell_text(struct arena *a, struct db_value cell)
{
    char digits[NUM_TEXT_MAX];

    switch (cell.type) {
    case DB_NULL:
        return STR("");
    case DB_INT:
        return arena_printf(a, "%" PRId64, cell.i);
    case DB_REAL:
        if (isnan(cell.d))
            return STR("NaN");
        if (isinf(cell.d))
            return cell.d > 0 ? STR("+Inf") : STR("-Inf");
        return arena_dup(a, (struct str){digits, num_format_general(digits, cell.d, 6)});
    case DB_TEXT:
    case DB_BLOB:
        return cell.s;
    }
    BUG("not a cell type");
}

/* --- lists ----------------------------------------------------------------------------------- */

/* Where a JSON string that starts at s.p[at] ends (behind its quote), or 0 when it does not. */
static size_t string_end(struct str s, size_t at)
{
    for (size_t i = at + 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return 0;
}

size_t skip_json_space(struct str s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t' || s.p[at] == '\n' || s.p[at] == '\r'))
        at++;
    return at;
}

/* One item, a JSON string or null, at s.p[*at]. False: it is something else. */
static bool read_item(struct arena *a, struct str s, size_t *at, struct str *ret)
{
    const struct json *item;
    size_t end;

    if (str_starts(str_from(s, *at), STR("null"))) {
        *at += 4;
        *ret = STR_NONE;
        return true;
    }
    if (*at >= s.n || s.p[*at] != '"')
        return false;
    end = string_end(s, *at);
    if (!end || !json_read(a, str_sub(s, *at, end - *at), &json_limits_strict, &item, NULL))
        return false;
    *ret = item->text;
    *at = end;
    return true;
}

/*
 * PocketBase's decoder streams: what stands before a fault is kept, and the caller then appends the
 * whole text. So this reads by itself instead of asking for a valid value first.
 */
static bool read_items(struct arena *a, struct str s, struct str_list *list, size_t *cap)
{
    size_t at = skip_json_space(s, 0);
    struct str item;

    if (at >= s.n || s.p[at] != '[')
        return false;
    at = skip_json_space(s, at + 1);
    if (at < s.n && s.p[at] == ']')
        return skip_json_space(s, at + 1) == s.n;
    while (at < s.n) {
        if (!read_item(a, s, &at, &item))
            return false;
        list->items = vec_grow(a, list->items, list->n, cap, sizeof(*list->items));
        list->items[list->n++] = item;
        at = skip_json_space(s, at);
        if (at >= s.n || (s.p[at] != ',' && s.p[at] != ']'))
            return false;
        if (s.p[at] == ']')
            return skip_json_space(s, at + 1) == s.n;
        at = skip_json_space(s, at + 1);
    }
    return false;
}

struct str_list text_list(struct arena *a, struct str text)
{
    struct str_list list = {0};
    size_t cap = 0;

    if (text.n == 0)
        return list;
    if (str_find_byte(text, '[') < text.n && read_items(a, text, &list, &cap))
        return list;
    list.items = vec_grow(a, list.items, list.n, &cap, sizeof(*list.items));
    list.items[list.n++] = text;
    return list;
}

static struct str_list json_array_list(struct arena *a, const struct json *in)
{
    struct str_list list = {ARENA_ARRAY(a, struct str, in->n), in->n};

    for (size_t i = 0; i < in->n; i++) {
        const struct json *item = &in->items[i];

        if (item->type == JSON_LIST || item->type == JSON_OBJECT)
            return (struct str_list){0};
        list.items[i] = field_json_text(a, item);
    }
    return list;
}

struct str_list field_json_list(struct arena *a, const struct json *in)
{
    struct str_list list = {0};

    if (!in)
        return list;
    switch (in->type) {
    case JSON_TEXT:
        list = text_list(a, in->text);
        break;
    case JSON_LIST:
        list = json_array_list(a, in);
        break;
    case JSON_BOOL:
    case JSON_NUMBER:
        list.items = ARENA_NEW(a, struct str);
        list.items[list.n++] = field_json_text(a, in);
        break;
    case JSON_NULL:
    case JSON_OBJECT:
        break;
    }
    return str_list_unique(a, list);
}

/* Lists up to this length are compared pair by pair. */
#define FEW_ITEMS 12

static bool is_among(struct str_list list, struct str text)
{
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq(list.items[i], text))
            return true;
    }
    return false;
}

struct str_list str_list_unique(struct arena *a, struct str_list list)
{
    struct str_list unique = {0};
    struct map seen = {0};
    bool few = list.n <= FEW_ITEMS;

    if (list.n == 0)
        return unique;
    unique.items = ARENA_ARRAY(a, struct str, list.n);
    for (size_t i = 0; i < list.n; i++) {
        struct str text = list.items[i];

        if (text.n == 0 || (few ? is_among(unique, text) : map_find(&seen, text) != NULL))
            continue;
        unique.items[unique.n++] = text;
        if (!few)
            map_put(a, &seen, text, &unique.items[unique.n - 1]);
    }
    return unique;
}

void list_write(struct buf *out, struct str_list list)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < list.n; i++) {
        if (i)
            BUF_ADD(out, ",");
        json_write_text(out, list.items[i]);
    }
    BUF_ADD(out, "]");
}

struct str list_json(struct arena *a, struct str_list list)
{
    struct buf out;

    if (list.n == 0)
        return STR("[]");
    buf_init(&out, TEXT_MAX);
    list_write(&out, list);
    return buf_take(a, &out);
}
