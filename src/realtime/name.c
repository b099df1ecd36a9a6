/*
 * Subscriptions as clients spell them: a topic, and options in a query string.
 */
#include "realtime/internal.h"

#include "base/json.h"
#include "base/num.h"

#define MOST_BROKEN_MEMBERS 16

struct topic_name topic_name_of(struct str name)
{
    const struct str key = str_sub(name, 0, str_find_byte(name, '?'));

    return (struct topic_name){.key = key, .collection = str_sub(key, 0, str_find_byte(key, '/'))};
}

/* --- options --------------------------------------------------------------------------------- */

/* The value of `options` among the parameters. */
static struct str options_text(struct arena *a, struct str name)
{
    struct str query = str_from(name, str_find_byte(name, '?'));
    struct req_pairs pairs;

    query = str_sub(query, 0, str_find_byte(query, '#'));
    (void)req_parse_pairs(a, str_from(query, query.n > 0), &pairs);
    for (size_t i = 0; i < pairs.n; i++)
        if (str_eq(pairs.items[i].name, STR("options")))
            return pairs.items[i].value;
    return STR_NONE;
}

static struct str number_text(struct arena *a, double number)
{
    char text[NUM_TEXT_MAX];
    const size_t n = num_format_plain(text, number);

    return arena_dup(a, (struct str){text, n});
}

/* A list or an object is no value. */
static struct str text_of(struct arena *a, const struct json *value)
{
    switch (value->type) {
    case JSON_TEXT:
        return value->text;
    case JSON_NUMBER:
        return number_text(a, json_double(value));
    case JSON_BOOL:
        return value->truth ? STR("true") : STR("false");
    case JSON_NULL:
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    return STR("");
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* "X-Token" and "xToken" are x_token. */
static struct str snake_case(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, 2 * name.n + 1);
    bool parts = false; /* something stands before, and a word begins */
    size_t n = 0;

    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];

        if (!is_word(c)) {
            parts = n > 0;
            continue;
        }
        parts |=
            n > 0 && is_upper(c) && i > 0 && is_word(name.p[i - 1]) && !is_upper(name.p[i - 1]);
        if (parts)
            out[n++] = '_';
        out[n++] = is_upper(c) ? (char)(c + ('a' - 'A')) : c;
        parts = false;
    }
    return (struct str){out, n};
}

static const struct query_pair *pairs_of(struct arena *a, const struct json *object, bool headers,
                                         size_t *ret_n)
{
    struct query_pair *pairs;

    *ret_n = 0;
    if (object->type != JSON_OBJECT)
        return NULL;
    pairs = ARENA_ARRAY(a, struct query_pair, object->n);
    for (size_t i = 0; i < object->n; i++) {
        const struct json_member *member = &object->members[i];

        pairs[i].name = headers ? snake_case(a, member->key) : member->key;
        pairs[i].value = text_of(a, &member->value);
    }
    *ret_n = object->n;
    return pairs;
}

/* Where its last member but the first begins, at the comma before it; 0: nowhere. */
static size_t last_member(struct str text)
{
    size_t depth = 0, at = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];

        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        depth += c == '{' || c == '[';
        depth -= depth > 0 && (c == '}' || c == ']');
        if (depth == 1 && c == ',')
            at = i;
    }
    return at;
}

/* Members before a fault count, as upstream, whose reader goes from one to the next. */
static const struct json *read_options(struct arena *a, struct str text)
{
    struct json_limits limits = json_limits_stored;
    const struct json *json = NULL;

    limits.allow_trailing = true;
    if (text.n == 0 || json_read(a, text, &limits, &json, NULL))
        return json;
    for (unsigned i = 0; text.n > 0 && i < MOST_BROKEN_MEMBERS; i++) {
        if (json_read(a, arena_concat(a, text, STR("}"), STR_NONE), &limits, &json, NULL))
            return json;
        text = str_sub(text, 0, last_member(text));
    }
    return NULL;
}

static void take_options(struct arena *a, const struct json *json, struct topic_options *ret)
{
    bool has_query = false, has_headers = false;

    for (size_t i = 0; json && json->type == JSON_OBJECT && i < json->n; i++) {
        const struct json_member *member = &json->members[i];
        const bool query = str_eq(member->key, STR("query"));
        bool *has = query ? &has_query : &has_headers;

        if (!query && !str_eq(member->key, STR("headers")))
            continue;
        if (*has || (member->value.type != JSON_OBJECT && member->value.type != JSON_NULL))
            return;
        *has = true;
        if (query)
            ret->query = pairs_of(a, &member->value, false, &ret->n_query);
        else
            ret->headers = pairs_of(a, &member->value, true, &ret->n_headers);
    }
}

static struct str value_of(const struct topic_options *options, struct str name)
{
    for (size_t i = options->n_query; i > 0; i--)
        if (str_eq(options->query[i - 1].name, name))
            return options->query[i - 1].value;
    return STR_NONE;
}

struct topic_options topic_options_of(struct arena *a, struct str name)
{
    struct topic_options options = {0};

    take_options(a, read_options(a, options_text(a, name)), &options);
    options.filter = value_of(&options, STR("filter"));
    options.expand = value_of(&options, STR("expand"));
    options.fields = value_of(&options, STR("fields"));
    return options;
}
