/*
 * The fields picker (query-language.md 9).
 *
 * A path matches a key when it equals it or goes on behind it with a '.', so a key may hold dots
 * itself. Below a key the paths that go on are matched the same way.
 */
#include "query/query.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/num.h"
#include "query/excerpt.h"

struct pick {
    struct str path;
    size_t max; /* of excerpt(); 0: no modifier */
    bool with_ellipsis;
};

struct query_picker {
    const struct pick *picks; /* every path once */
    size_t n;                 /* 0: everything, written anew */
};

/* --- parsing --------------------------------------------------------------------------------- */

static struct err *refuse(struct arena *a, struct str text)
{
    return err_new(a, E_BAD_REQUEST, NULL, "fields: %.*s", STR_ARG(text));
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool is_one_of(char c, struct str set)
{
    size_t i = 0; /* a loop of its own: this is asked for every byte */

    while (i < set.n && set.p[i] != c)
        i++;
    return i < set.n;
}

/* Cuts the part before the next separator off *rest; separators inside quotes and, where
 * `brackets`, round brackets do not count. False: those are not balanced. */
static bool cut(struct str *rest, struct str separators, bool brackets, struct str *ret)
{
    size_t depth = 0, at = 0;
    char quote = '\0', before = '\0';

    for (; at < rest->n; at++) {
        char c = rest->p[at];

        if (before != '\\') {
            if (brackets && c == '(' && !quote)
                depth++;
            else if (brackets && c == ')' && depth > 0 && !quote)
                depth--;
            else if (is_quote(c) && (!quote || quote == c))
                quote = (char)(quote ^ c); /* opens, or closes */
        }
        if (is_one_of(c, separators) && depth == 0 && !quote)
            break;
        before = c;
    }
    *ret = str_trim_space(str_sub(*rest, 0, at));
    *rest = at < rest->n ? str_from(*rest, at + 1) : STR_NONE;
    return depth == 0 && !quote;
}

/* What Go's ParseBool calls true. */
static bool is_true(struct str s)
{
    return str_eq(s, STR("1")) || str_eq(s, STR("t")) || str_eq(s, STR("T")) ||
           str_eq(s, STR("true")) || str_eq(s, STR("TRUE")) || str_eq(s, STR("True"));
}

/* The arguments of excerpt(): "(max[, withEllipsis])". */
static bool parse_excerpt(struct str args, struct pick *ret)
{
    struct str parts[3] = {STR_NONE};
    size_t n = 0;
    int64_t max;

    while (args.p) {
        struct str part;

        if (!cut(&args, STR("(), "), false, &part))
            return false;
        if (part.n == 0)
            continue;
        if (n == 2)
            return false;
        parts[n++] = part;
    }
    if (n == 0 || !num_parse_i64(parts[0], &max) || max <= 0)
        return false;
    ret->max = max > (int64_t)LIMIT_RESPONSE_BYTES ? LIMIT_RESPONSE_BYTES : (size_t)max;
    ret->with_ellipsis = is_true(parts[1]);
    return true;
}

static bool parse_modifier(struct str text, struct pick *ret)
{
    struct str name;

    do {
        if (!text.p || !cut(&text, STR("(), "), false, &name))
            return false;
    } while (name.n == 0);
    return str_eq(name, STR("excerpt")) && parse_excerpt(text, ret);
}

static bool parse_item(struct str item, struct pick *ret)
{
    size_t colon = str_find_byte(item, ':');

    *ret = (struct pick){.path = str_sub(item, 0, colon)};
    return colon == item.n || parse_modifier(str_from(item, colon + 1), ret);
}

/* Told by the commas, before anything is taken apart; a modifier has one of its own. */
static bool has_too_many(struct str text)
{
    struct str rest = text;

    for (unsigned n = 0; rest.p; n++) {
        if (n > 2 * LIMIT_FIELDS)
            return true;
        (void)str_split(&rest, ',');
    }
    return false;
}

struct err *query_picker_parse(struct arena *a, struct str text, struct query_picker **ret)
{
    VEC(struct pick) picks = {0};
    struct str rest = text;
    bool is_blank = text.n > 0 && str_trim_space(text).n == 0;

    *ret = NULL;
    if (has_too_many(text))
        return err_new(a, E_BAD_REQUEST, "Too many fields.", "%zu bytes of fields", text.n);
    while (rest.p && rest.n > 0) {
        struct str item;
        struct pick pick;
        size_t i = 0;

        if (!cut(&rest, STR(","), true, &item))
            return refuse(a, text);
        if (item.n == 0)
            continue;
        if (picks.n == LIMIT_FIELDS || !parse_item(item, &pick))
            return refuse(a, text);
        while (i < picks.n && !str_eq(picks.items[i].path, pick.path))
            i++;
        *(i < picks.n ? &picks.items[i] : VEC_PUSH(a, &picks)) = pick;
    }
    if (picks.n == 0 && !is_blank)
        return NULL;
    *ret = ARENA_NEW(a, struct query_picker);
    **ret = (struct query_picker){picks.items, picks.n};
    return NULL;
}

/* --- picking --------------------------------------------------------------------------------- */

struct level {
    const struct pick *picks; /* what is left of the paths */
    size_t n;
    unsigned depth;
};

static void pick_value(struct arena *a, struct level level, const struct json *value,
                       struct json *ret);

static struct json modify(struct arena *a, const struct pick *pick, const struct json *value)
{
    if (pick->max == 0 || value->type != JSON_TEXT)
        return *value;
    return json_of_text(query_excerpt(a, value->text, pick->max, pick->with_ellipsis));
}

/* Whether the path goes through the key; *ret_rest: what is left of it, p NULL when nothing. */
static bool matches(struct str path, struct str key, struct str *ret_rest)
{
    if (!str_starts(path, key))
        return false;
    *ret_rest = STR_NONE;
    if (path.n == key.n)
        return true;
    if (path.p[key.n] != '.')
        return false;
    *ret_rest = str_from(path, key.n + 1);
    return true;
}

/* False: the key is not picked. */
static bool pick_member(struct arena *a, struct level level, const struct json_member *member,
                        struct json *ret)
{
    VEC(struct pick) deeper = {0};
    const struct pick *picks = level.picks;
    const struct pick *star = NULL;

    for (size_t i = 0; i < level.n; i++) {
        struct str rest;

        if (str_eq(picks[i].path, STR("*")))
            star = &picks[i];
        if (!matches(picks[i].path, member->key, &rest))
            continue;
        if (rest.n == 0) {
            *ret = modify(a, &picks[i], &member->value);
            return true;
        }
        *VEC_PUSH(a, &deeper) = picks[i];
        deeper.items[deeper.n - 1].path = rest;
    }
    if (deeper.n > 0) {
        level = (struct level){deeper.items, deeper.n, level.depth + 1};
        pick_value(a, level, &member->value, ret);
        return true;
    }
    if (star)
        *ret = modify(a, star, &member->value);
    return star != NULL;
}

static void pick_object(struct arena *a, struct level level, const struct json *object,
                        struct json *ret)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, object->n);
    size_t n_members = 0;

    for (size_t i = 0; i < object->n; i++) {
        members[n_members].key = object->members[i].key;
        if (pick_member(a, level, &object->members[i], &members[n_members].value))
            n_members++;
    }
    *ret = json_of_object(members, n_members);
}

/* LIMIT_FIELDS_DEPTH deep at most; what lies deeper is picked whole. */
static void pick_value(struct arena *a, struct level level, const struct json *value,
                       struct json *ret)
{
    struct json *items;

    *ret = *value;
    if (level.depth > LIMIT_FIELDS_DEPTH)
        return;
    if (value->type == JSON_OBJECT) {
        pick_object(a, level, value, ret);
        return;
    }
    if (value->type != JSON_LIST || value->n == 0 || value->items[0].type != JSON_OBJECT)
        return;
    items = ARENA_ARRAY(a, struct json, value->n);
    for (size_t i = 0; i < value->n; i++) {
        items[i] = value->items[i];
        if (items[i].type == JSON_OBJECT)
            pick_object(a, level, &value->items[i], &items[i]);
    }
    *ret = json_of_list(items, value->n);
}

/* A page of a list, told from an object that is picked from by its members, which no record has. */
static bool is_search_result(const struct json *value)
{
    static const struct str keys[] = {
        STR_INIT("items"),      STR_INIT("page"),       STR_INIT("perPage"),
        STR_INIT("totalItems"), STR_INIT("totalPages"),
    };

    if (value->type != JSON_OBJECT || value->n != COUNT_OF(keys))
        return false;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (!str_eq(value->members[i].key, keys[i]))
            return false;
    return true;
}

struct err *query_pick(struct arena *a, const struct query_picker *picker, struct str body,
                       struct buf *out)
{
    struct level level = {picker->picks, picker->n, 0};
    const struct json *read;
    struct json value;

    if (!json_read(a, body, &json_limits_stored, &read, NULL))
        return err_new(a, E_BAD_REQUEST, NULL, "fields: the answer is no JSON");
    value = *read;
    if (picker->n > 0 && is_search_result(read)) {
        struct json_member *members = ARENA_ARRAY(a, struct json_member, read->n);

        for (size_t i = 0; i < read->n; i++)
            members[i] = read->members[i];
        pick_value(a, level, &read->members[0].value, &members[0].value);
        value = json_of_object(members, read->n);
    } else if (picker->n > 0) {
        pick_value(a, level, read, &value);
    }
    json_write(out, &value, true);
    return NULL;
}
