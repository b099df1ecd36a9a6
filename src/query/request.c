/*
 * What a request answers to a probe: the values behind @request.*.
 */
#include "query/internal.h"

#include "base/limits.h"
#include "base/num.h"

#include <math.h>

#define TEXT_BYTES (64 * MIB) /* of a list or object as text; a body is smaller */

static struct str json_text(struct arena *a, const struct json *value, bool sorted)
{
    AUTO_BUF struct buf out;

    buf_init(&out, TEXT_BYTES);
    json_write(&out, value, sorted);
    return arena_dup(a, buf_str(&out));
}

static struct str plain_number(struct arena *a, double number)
{
    char text[NUM_TEXT_MAX];

    if (!isfinite(number))
        return isnan(number) ? STR("NaN") : number > 0 ? STR("+Inf") : STR("-Inf");
    return arena_dup(a, (struct str){text, num_format_plain(text, number)});
}

static bool list_index(struct str segment, size_t *ret)
{
    uint64_t n;

    if (!num_parse_u64(segment, &n) || n > SIZE_MAX)
        return false;
    *ret = (size_t)n;
    return true;
}

/* The value at a path below the body, or NULL. */
static const struct json *body_at(const struct json *value, struct str path)
{
    while (path.p && value) {
        struct str segment = str_split(&path, '.');
        size_t at;

        if (value->type == JSON_OBJECT)
            value = json_get(value, segment);
        else if (value->type == JSON_LIST && list_index(segment, &at) && at < value->n)
            value = &value->items[at];
        else
            value = NULL;
    }
    return value;
}

static bool pair_find(const struct query_pair *pairs, size_t n, struct str name, struct json *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(pairs[i].name, name)) {
            *ret = json_of_text(pairs[i].value);
            return true;
        }
    }
    return false;
}

static bool auth_find(const struct query_request *request, struct str name, struct json *ret)
{
    if (!request->auth_col)
        return false;
    if (str_eq(name, STR("id")))
        *ret = json_of_text(request->auth_id);
    else if (str_eq(name, STR("collectionId")))
        *ret = json_of_text(request->auth_col->id);
    else if (str_eq(name, STR("collectionName")))
        *ret = json_of_text(request->auth_col->name);
    else if (str_eq(name, STR("email")))
        *ret = json_of_text(request->auth_email);
    else if (str_eq(name, STR("emailVisibility")))
        *ret = json_of_bool(request->auth_email_visibility);
    else if (str_eq(name, STR("verified")))
        *ret = json_of_bool(request->auth_verified);
    else
        return false;
    return true;
}

/* What stands at a path below @request; false: nothing does. */
static bool find(const struct query_request *request, struct str path, struct json *ret)
{
    struct str root = str_split(&path, '.');
    const struct json *value;

    if (!request)
        return false;
    if (str_eq(root, STR("context"))) {
        *ret = json_of_text(request->context);
        return true;
    }
    if (str_eq(root, STR("method"))) {
        *ret = json_of_text(request->method);
        return true;
    }
    if (str_eq(root, STR("query")))
        return pair_find(request->query, request->n_query, path, ret);
    if (str_eq(root, STR("headers")))
        return pair_find(request->headers, request->n_headers, path, ret);
    if (str_eq(root, STR("auth")))
        return auth_find(request, path, ret);
    value = body_at(request->body, path);
    if (!value)
        return false;
    *ret = *value;
    return true;
}

static struct query_answer answer_text(struct str text)
{
    return (struct query_answer){text.n > 0 ? CLASS_TEXT : CLASS_EMPTY, DB_V_TEXT(text)};
}

static void answer_value(struct arena *a, const struct query_probe *probe, const struct json *value,
                         struct query_answer *ret)
{
    double number;

    switch (value->type) {
    case JSON_NULL:
        *ret = (struct query_answer){CLASS_NULL, DB_V_NULL};
        return;
    case JSON_BOOL:
        *ret = (struct query_answer){CLASS_BOOL, DB_V_INT(value->truth)};
        return;
    case JSON_NUMBER:
        *ret = (struct query_answer){CLASS_NUMBER, DB_V_REAL(json_double(value))};
        return;
    case JSON_TEXT:
        if (probe->as_number && num_parse_loose(value->text, &number))
            *ret = (struct query_answer){CLASS_NUMBER, DB_V_REAL(number)};
        else
            *ret = answer_text(value->text);
        return;
    case JSON_LIST:
    case JSON_OBJECT:
        *ret = answer_text(json_text(a, value, true));
        return;
    }
    BUG("not a JSON type");
}

static struct str text_of(struct arena *a, const struct json *value)
{
    switch (value->type) {
    case JSON_TEXT:
        return value->text;
    case JSON_BOOL:
        return value->truth ? STR("true") : STR("false");
    case JSON_NUMBER:
        return plain_number(a, json_double(value));
    case JSON_NULL:
    case JSON_LIST:
    case JSON_OBJECT:
        return STR("");
    }
    BUG("not a JSON type");
}

static struct str list_json(struct arena *a, const struct str *items, size_t n)
{
    AUTO_BUF struct buf out;

    buf_init(&out, TEXT_BYTES);
    buf_add_byte(&out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_byte(&out, ',');
        json_write_text(&out, items[i]);
    }
    buf_add_byte(&out, ']');
    return arena_dup(a, buf_str(&out));
}

static void answer_ids(struct arena *a, const struct json *value, struct query_answer *ret)
{
    struct str_list ids = str_list_unique(a, field_json_list(a, value));

    if (ids.n == 0)
        *ret = (struct query_answer){CLASS_NULL, DB_V_NULL};
    else if (ids.n == 1)
        *ret = (struct query_answer){CLASS_TEXT, DB_V_TEXT(ids.items[0])};
    else
        *ret = (struct query_answer){CLASS_MANY, DB_V_TEXT(list_json(a, ids.items, ids.n))};
}

/* The items that were submitted: a scalar is one, also an empty text. */
static size_t item_count(const struct json *value)
{
    if (value->type == JSON_NULL)
        return 0;
    return value->type == JSON_LIST ? value->n : 1;
}

static void answer_items(struct arena *a, const struct json *value, struct query_answer *ret)
{
    struct json one, list = *value;

    if (value->type != JSON_LIST) {
        one = *value;
        list = json_of_list(&one, item_count(value));
    }
    *ret = (struct query_answer){CLASS_TEXT, DB_V_TEXT(json_text(a, &list, true))};
}

static void answer_count(const struct json *value, struct query_answer *ret)
{
    size_t n = item_count(value);

    *ret = (struct query_answer){n <= 1 ? CLASS_BOOL : CLASS_MANY, DB_V_INT((int64_t)n)};
}

void query_answer_to(struct arena *a, const struct query_request *request,
                     const struct query_probe *probe, struct query_answer *ret)
{
    struct json value = json_of_null();
    bool is_there = find(request, probe->path, &value);

    if (is_there && probe->as_json && request->body_is_resolved)
        value = json_of_text(json_text(a, &value, false));
    switch (probe->kind) {
    case PROBE_VALUE:
        answer_value(a, probe, &value, ret);
        return;
    case PROBE_ISSET:
        *ret = (struct query_answer){is_there ? CLASS_BOOL : CLASS_NULL, DB_V_NULL};
        return;
    case PROBE_IDS:
        answer_ids(a, &value, ret);
        return;
    case PROBE_ITEMS:
        answer_items(a, &value, ret);
        return;
    case PROBE_COUNT:
        answer_count(&value, ret);
        return;
    case PROBE_LOWER:
        *ret = answer_text(text_of(a, &value));
        return;
    }
    BUG("not a kind of probe");
}
