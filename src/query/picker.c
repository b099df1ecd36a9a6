/*
 * The fields picker (query-language.md 9).
 *
 * A path matches a key when it equals it or goes on behind it with a '.', so a key may hold dots
 * itself. Below a key the paths that go on are matched the same way.
 */
#include "query/picker.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/num.h"
#include "query/excerpt.h"

#include <stdlib.h>

struct pick {
    struct str path;
    size_t max; /* of excerpt(); 0: no modifier */
    bool with_ellipsis;
    size_t order; /* as they were asked for */
};

/* Those that go on below a key stand together, so a picker below another is a part of its paths. */
struct query_picker {
    const struct pick *picks; /* sorted by path, every one once */
    size_t n;                 /* 0: everything, written anew */
    size_t skip;              /* bytes of each path that lie above */
    unsigned depth;           /* of the object below the one that was asked for */
};

/* As struct query_pick, without memory of its own. */
struct found {
    struct query_picker below;
    size_t max;
    bool with_ellipsis;
};

static const struct query_picker everything = {0};

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

static int compare_picks(const void *x, const void *y)
{
    return str_cmp(((const struct pick *)x)->path, ((const struct pick *)y)->path);
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
        pick.order = i;
        *(i < picks.n ? &picks.items[i] : VEC_PUSH(a, &picks)) = pick;
    }
    if (picks.n > 0)
        qsort(picks.items, picks.n, sizeof(*picks.items), compare_picks);
    if (picks.n == 0 && !is_blank)
        return NULL;
    *ret = ARENA_NEW(a, struct query_picker);
    **ret = (struct query_picker){.picks = picks.items, .n = picks.n};
    return NULL;
}

/* --- one member ------------------------------------------------------------------------------ */

/* LIMIT_FIELDS_DEPTH deep at most; what lies deeper is picked whole. */
static bool picks_all(const struct query_picker *picker)
{
    return picker->n == 0 || picker->depth > LIMIT_FIELDS_DEPTH;
}

static struct str rest_of(const struct query_picker *picker, size_t i)
{
    return str_from(picker->picks[i].path, picker->skip);
}

/* How a path stands to those that are the key and, where it ends, a dot: before (-1), among (0) or
 * behind them (1). */
static int compare_through(struct str path, struct str key)
{
    int order = str_cmp(str_sub(path, 0, key.n), key);

    if (order != 0)
        return order;
    if (path.n == key.n)
        return -1;
    return (path.p[key.n] > '.') - (path.p[key.n] < '.');
}

/* The first path that stands among or behind (-1), or behind (0), those that go through the key. */
static size_t find_through(const struct query_picker *picker, struct str key, int before)
{
    size_t from = 0, upto = picker->n;

    while (from < upto) {
        size_t middle = from + (upto - from) / 2;

        if (compare_through(rest_of(picker, middle), key) <= before)
            from = middle + 1;
        else
            upto = middle;
    }
    return from;
}

/* The path that is the text; NULL: there is none. */
static const struct pick *find_exact(const struct query_picker *picker, struct str text)
{
    size_t from = 0, upto = picker->n;

    while (from < upto) {
        size_t middle = from + (upto - from) / 2;
        int order = str_cmp(rest_of(picker, middle), text);

        if (order == 0)
            return &picker->picks[middle];
        if (order < 0)
            from = middle + 1;
        else
            upto = middle;
    }
    return NULL;
}

/* What the path says of a member: all of its value. */
static bool find_whole(const struct pick *pick, struct found *ret)
{
    if (pick)
        *ret = (struct found){.max = pick->max, .with_ellipsis = pick->with_ellipsis};
    return pick != NULL;
}

/* False: the key is not picked. */
static bool find(const struct query_picker *picker, struct str key, struct found *ret)
{
    const struct pick *whole;
    size_t from, upto;

    *ret = (struct found){0};
    if (picks_all(picker))
        return true;
    whole = find_exact(picker, key);
    from = find_through(picker, key, -1);
    upto = find_through(picker, key, 0);
    /* "key." is the first of those that go through it, and means the same as "key" */
    if (from < upto && rest_of(picker, from).n == key.n + 1 &&
        (!whole || picker->picks[from].order < whole->order))
        whole = &picker->picks[from];
    if (whole || from == upto)
        return find_whole(whole ? whole : find_exact(picker, STR("*")), ret);
    ret->below = (struct query_picker){picker->picks + from, upto - from, picker->skip + key.n + 1,
                                       picker->depth + 1};
    return true;
}

bool query_pick_key(struct arena *a, const struct query_picker *picker, struct str key,
                    struct query_pick *ret)
{
    struct found found;
    struct query_picker *below;

    if (!find(picker, key, &found))
        return false;
    *ret = (struct query_pick){&everything, found.max, found.with_ellipsis};
    if (found.below.n > 0) {
        below = ARENA_NEW(a, struct query_picker);
        *below = found.below;
        ret->below = below;
    }
    return true;
}

static struct str pick_text(struct arena *a, const struct found *found, struct str text)
{
    return found->max > 0 ? query_excerpt(a, text, found->max, found->with_ellipsis) : text;
}

struct str query_pick_text(struct arena *a, const struct query_pick *pick, struct str text)
{
    const struct found found = {.max = pick->max, .with_ellipsis = pick->with_ellipsis};

    return pick_text(a, &found, text);
}

/* --- values ---------------------------------------------------------------------------------- */

static void pick_value(struct arena *a, const struct found *found, const struct json *value,
                       struct json *ret);

static void pick_object(struct arena *a, const struct query_picker *picker,
                        const struct json *object, struct json *ret)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, object->n);
    size_t n_members = 0;

    for (size_t i = 0; i < object->n; i++) {
        const struct json_member *member = &object->members[i];
        struct found found;

        if (!find(picker, member->key, &found))
            continue;
        members[n_members].key = member->key;
        pick_value(a, &found, &member->value, &members[n_members++].value);
    }
    *ret = json_of_object(members, n_members);
}

/* A list that does not begin with an object is left as it is. */
static void pick_list(struct arena *a, const struct query_picker *picker, const struct json *list,
                      struct json *ret)
{
    struct json *items;

    if (list->n == 0 || list->items[0].type != JSON_OBJECT)
        return;
    items = ARENA_ARRAY(a, struct json, list->n);
    for (size_t i = 0; i < list->n; i++) {
        items[i] = list->items[i];
        if (items[i].type == JSON_OBJECT)
            pick_object(a, picker, &list->items[i], &items[i]);
    }
    *ret = json_of_list(items, list->n);
}

/* As deep as picks_all() lets it. */
static void pick_value(struct arena *a, const struct found *found, const struct json *value,
                       struct json *ret)
{
    *ret = *value;
    if (value->type == JSON_TEXT)
        *ret = json_of_text(pick_text(a, found, value->text));
    else if (value->type == JSON_OBJECT && !picks_all(&found->below))
        pick_object(a, &found->below, value, ret);
    else if (value->type == JSON_LIST && !picks_all(&found->below))
        pick_list(a, &found->below, value, ret);
}

static struct err *read_value(struct arena *a, struct str text, const struct json **ret)
{
    struct json_limits limits = json_limits_stored;
    struct json_fault fault;

    limits.asks = true;
    if (json_read(a, text, &limits, ret, &fault))
        return NULL;
    if (fault.starved)
        return err_starved(a, "fields");
    return err_new(a, E_BAD_REQUEST, NULL, "fields: the answer is no JSON");
}

struct err *query_pick_value(struct arena *a, const struct query_pick *pick, struct str value,
                             struct buf *out)
{
    const struct json *read;
    const struct found found = {*pick->below, pick->max, pick->with_ellipsis};
    struct json picked;
    struct err *err = read_value(a, value, &read);

    if (err)
        return err;
    pick_value(a, &found, read, &picked);
    json_write(out, &picked, true);
    return NULL;
}

/* --- answers --------------------------------------------------------------------------------- */

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
    const struct found found = {.below = *picker};
    const struct json *read;
    struct json value;
    struct err *err = read_value(a, body, &read);

    if (err)
        return err;
    if (is_search_result(read)) {
        struct json_member *members = ARENA_ARRAY(a, struct json_member, read->n);

        for (size_t i = 0; i < read->n; i++)
            members[i] = read->members[i];
        pick_value(a, &found, &read->members[0].value, &members[0].value);
        value = json_of_object(members, read->n);
    } else {
        pick_value(a, &found, read, &value);
    }
    json_write(out, &value, true);
    return NULL;
}
