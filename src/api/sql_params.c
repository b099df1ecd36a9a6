/*
 * Parameters of a query of the SQL console: where its text names them, and the values that were
 * sent for them.
 */
#include "api/sql.h"

#include "base/num.h"

#define QUERY_MAX (16 * SQL_QUERY_BYTES)

/* --- brackets -------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_name(char c)
{
    return is_word(c) || c == '-' || c == '.' || c == ' ';
}

/* Length of what s begins with, in its brackets; 0: there is none. */
static size_t bracketed(struct str s, const char *open, const char *close, bool (*is)(char),
                        struct str *ret)
{
    const struct str opening = str_of(open), closing = str_of(close);
    size_t n = opening.n;

    if (!str_starts(s, opening))
        return 0;
    while (n < s.n && is(s.p[n]))
        n++;
    if (n == opening.n || !str_starts(str_from(s, n), closing))
        return 0;
    *ret = str_sub(s, opening.n, n - opening.n);
    return n + closing.n;
}

static void quote(struct buf *out, struct str name)
{
    buf_add_byte(out, '`');
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '.')
            BUF_ADD(out, "`.`");
        else
            buf_add_byte(out, name.p[i]);
    buf_add_byte(out, '`');
}

static struct str unquoted(struct arena *a, struct str query)
{
    AUTO_BUF struct buf out;

    buf_init(&out, QUERY_MAX);
    while (query.n > 0) {
        struct str name;
        size_t n = bracketed(query, "{{", "}}", is_name, &name);

        if (n == 0)
            n = bracketed(query, "[[", "]]", is_name, &name);
        if (n > 0)
            quote(&out, name);
        else
            buf_add_byte(&out, query.p[0]);
        query = str_from(query, n > 0 ? n : 1);
    }
    return arena_dup(a, buf_str(&out));
}

bool sql_unbracket(struct arena *a, struct str query, const struct json *given, struct str *ret)
{
    AUTO_BUF struct buf out;

    buf_init(&out, QUERY_MAX);
    while (query.n > 0) {
        struct str name;
        size_t n = bracketed(query, "{:", "}", is_word, &name);

        if (n > 0 && !json_get(given, name)) {
            *ret = name;
            return false;
        }
        if (n > 0) {
            buf_add_byte(&out, ':');
            buf_add(&out, name);
        } else {
            buf_add_byte(&out, query.p[0]);
        }
        query = str_from(query, n > 0 ? n : 1);
    }
    *ret = unquoted(a, buf_str(&out));
    return true;
}

/* --- where they are named -------------------------------------------------------------------- */

struct named {
    struct arena *arena;
    VEC(struct str) names;
    uint64_t places; /* the highest of those without a name */
    uint64_t place;  /* of the last one of the statement */
};

static bool is_ident(char c)
{
    return is_word(c) || c == '$' || (unsigned char)c >= 0x80;
}

/* Past the quote that ends it; a doubled one does not. */
static size_t quoted_length(struct str s, char end)
{
    size_t n = 1;

    while (n < s.n)
        if (s.p[n] != end)
            n++;
        else if (end == ']' || n + 1 == s.n || s.p[n + 1] != end)
            return n + 1;
        else
            n += 2;
    return s.n;
}

static size_t comment_length(struct str s)
{
    if (str_starts(s, STR("--")))
        return str_find_byte(s, '\n');
    if (str_starts(s, STR("/*"))) {
        size_t n = 2 + str_find(str_from(s, 2), STR("*/"));

        return n + 2 < s.n ? n + 2 : s.n;
    }
    return 0;
}

static void note_name(struct named *named, struct str name)
{
    for (size_t i = 0; i < named->names.n; i++)
        if (str_eq(named->names.items[i], name))
            return;
    *VEC_PUSH(named->arena, &named->names) = name;
}

/* $name may have ::suffixes, and one in brackets behind it. */
static size_t name_length(struct str s)
{
    size_t n = 1;

    for (; n < s.n; n++) {
        if (s.p[0] == '$' && s.p[n] == '(' && n > 1) {
            size_t end = str_find_byte(str_from(s, n), ')');

            return end < s.n - n ? n + end + 1 : n;
        }
        if (s.p[0] == '$' && s.p[n] == ':' && n + 1 < s.n && s.p[n + 1] == ':')
            n++;
        else if (!is_ident(s.p[n]))
            break;
    }
    return n;
}

static size_t note_place(struct named *named, struct str s)
{
    uint64_t at = named->place + 1;
    size_t n = 1;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    if (n > 1 && !num_parse_u64(str_sub(s, 1, n - 1), &at))
        return n;
    if (at > named->place)
        named->place = at;
    if (at > named->places)
        named->places = at;
    return n;
}

/* One token that may not be cut, from where s begins. */
static size_t token(struct named *named, struct str s)
{
    const char c = s.p[0];
    size_t n = comment_length(s);

    if (n > 0)
        return n;
    if (c == '\'' || c == '"' || c == '`' || c == '[')
        return quoted_length(s, c == '[' ? ']' : c);
    if (c == '?')
        return note_place(named, s);
    if (c == ':' || c == '@' || c == '$') {
        n = name_length(s);
        if (n > 1)
            note_name(named, str_sub(s, 1, n - 1));
        return n;
    }
    if (c == ';')
        named->place = 0;
    for (n = 1; is_ident(c) && n < s.n && is_ident(s.p[n]);)
        n++;
    return n;
}

/* --- their values ---------------------------------------------------------------------------- */

static bool value_of(const struct json *given, struct db_value *ret)
{
    int64_t i;

    switch (given->type) {
    case JSON_NULL:
        *ret = DB_V_NULL;
        return true;
    case JSON_BOOL:
        *ret = DB_V_INT(given->truth);
        return true;
    case JSON_NUMBER:
        *ret = num_parse_i64(given->text, &i) ? DB_V_INT(i) : DB_V_REAL(json_double(given));
        return true;
    case JSON_TEXT:
        *ret = DB_V_TEXT(given->text);
        return true;
    case JSON_LIST:
    case JSON_OBJECT:
        return false;
    }
    BUG("no type of JSON");
}

static void not_there(struct arena *a, struct err **err, struct str path)
{
    err_add_raw_item(a, err, path, STR("validation_unknown_parameter"),
                     STR("The query has no such parameter."), STR_NONE);
}

static struct err *check_names(const struct named *named, const struct json *given)
{
    struct arena *a = named->arena;
    struct err *err = NULL;

    for (size_t i = 0; i < named->names.n; i++)
        if (!json_get(given, named->names.items[i]))
            err_add_item(a, &err, arena_concat(a, STR("params."), named->names.items[i], STR_NONE),
                         CODE_REQUIRED, STR_NONE);
    for (uint32_t i = 0; i < given->n; i++) {
        size_t k = 0;

        while (k < named->names.n && !str_eq(named->names.items[k], given->members[i].key))
            k++;
        if (k == named->names.n)
            not_there(a, &err, arena_concat(a, STR("params."), given->members[i].key, STR_NONE));
    }
    if (named->places > 0)
        err_add_item(a, &err, STR("params.1"), CODE_REQUIRED, STR_NONE);
    return err;
}

static struct err *check_places(const struct named *named, const struct json *given)
{
    struct arena *a = named->arena;
    struct err *err = NULL;

    if (named->names.n > 0)
        err_add_item(a, &err, arena_concat(a, STR("params."), named->names.items[0], STR_NONE),
                     CODE_REQUIRED, STR_NONE);
    else if (given->n < named->places)
        err_add_item(a, &err, arena_printf(a, "params.%u", given->n), CODE_REQUIRED, STR_NONE);
    else if (given->n > named->places)
        not_there(a, &err, arena_printf(a, "params.%llu", (unsigned long long)named->places));
    return err;
}

static struct err *read_values(struct arena *a, const struct json *given, struct sql_ask *ask)
{
    struct db_console_value *values = ARENA_ARRAY(a, struct db_console_value, given->n);
    struct err *err = NULL;

    for (uint32_t i = 0; i < given->n; i++) {
        const bool named = given->type == JSON_OBJECT;
        const struct json *value = named ? &given->members[i].value : &given->items[i];

        if (named)
            values[i].name = given->members[i].key;
        if (!value_of(value, &values[i].value))
            err_add_item(a, &err,
                         named ? arena_concat(a, STR("params."), values[i].name, STR_NONE)
                               : arena_printf(a, "params.%u", i),
                         CODE_INVALID, STR_NONE);
    }
    ask->values = values;
    ask->n_values = given->n;
    return err;
}

struct err *sql_params_read(struct arena *a, struct str query, const struct json *given,
                            struct sql_ask *ask)
{
    struct named named = {.arena = a};
    struct str rest = str_sub(query, 0, str_find_byte(query, '\0'));
    struct err *err;

    while (rest.n > 0)
        rest = str_from(rest, token(&named, rest));
    err = given->type == JSON_OBJECT ? check_names(&named, given) : check_places(&named, given);
    return err ? err : read_values(a, given, ask);
}
