/*
 * The body of POST /api/sql, and what a query that failed is answered with.
 */
#include "api/sql.h"

#include "base/num.h"

#define UNDECODABLE "An error occurred while loading the submitted data."
#define INVALID "An error occurred while validating the submitted data."
#define FAILED "Failed to execute query. Raw error:\n"

struct sql_body {
    struct str query;
    const struct json *read_only, *max_rows, *params, *timeout;
};

/* clang-format off */
static const struct form_field fields[] = {
    {"query",    FORM_TEXT, offsetof(struct sql_body, query)},
    {"readOnly", FORM_JSON, offsetof(struct sql_body, read_only)},
    {"maxRows",  FORM_JSON, offsetof(struct sql_body, max_rows)},
    {"params",   FORM_JSON, offsetof(struct sql_body, params)},
    {"timeout",  FORM_JSON, offsetof(struct sql_body, timeout)},
};
/* clang-format on */

struct err *sql_failed(struct api_call *call, struct str cause)
{
    struct str text = arena_concat(call->arena, STR(FAILED), cause, STR_NONE);

    return err_new(call->arena, E_BAD_REQUEST,
                   arena_cstr(call->arena, err_sentence(call->arena, text)), "%.*s",
                   STR_ARG(cause));
}

static const struct form_field *own_field(struct str name)
{
    for (size_t i = 1; i < COUNT_OF(fields); i++)
        if (str_eq(name, str_of(fields[i].name)))
            return &fields[i];
    return NULL;
}

/* What a form's text says as JSON, or itself where it says nothing. */
static struct err *read_pair(struct arena *a, struct str text, const struct json **ret)
{
    struct json *value;
    struct json_fault fault;

    if (json_read(a, text, &json_limits_body, ret, &fault))
        return NULL;
    if (fault.starved)
        return err_starved(a, "a body");
    value = ARENA_NEW(a, struct json);
    *value = json_of_text(text);
    *ret = value;
    return NULL;
}

/* Takes what is ours out of a form's pairs: decoding refuses values there that are no texts. */
static struct err *take_own_pairs(struct arena *a, struct form_input *form, struct sql_body *own)
{
    struct form_pair *others = ARENA_ARRAY(a, struct form_pair, form->n_pairs);
    struct err *err = NULL;
    size_t n = 0;

    for (size_t i = 0; i < form->n_pairs && !err; i++) {
        const struct form_field *field = own_field(form->pairs[i].name);
        const struct json **at;

        if (!field) {
            others[n++] = form->pairs[i];
            continue;
        }
        at = (const struct json **)(void *)((char *)own + field->offset);
        if (!*at)
            err = read_pair(a, form->pairs[i].value, at);
    }
    form->pairs = others;
    form->n_pairs = n;
    return err;
}

/* --- its values ------------------------------------------------------------------------------ */

static void check_query(struct arena *a, struct str query, struct err **err)
{
    if (query.n == 0)
        err_add_item(a, err, STR("query"), CODE_REQUIRED, STR_NONE);
    else if (query.n > SQL_QUERY_BYTES)
        err_add_item(a, err, STR("query"), CODE_LENGTH_TOO_LONG,
                     arena_printf(a, "{\"max\":%d,\"min\":0}", SQL_QUERY_BYTES));
}

static bool read_flag(struct arena *a, const char *name, const struct json *given, struct err **err)
{
    if (given && given->type != JSON_BOOL)
        err_add_item(a, err, str_of(name), CODE_INVALID, STR_NONE);
    return given && given->type == JSON_BOOL && given->truth;
}

/* NULL: the most there may be. */
static unsigned read_count(struct arena *a, const char *name, const struct json *given,
                           unsigned most, struct err **err)
{
    uint64_t n = most;
    double number;

    if (!given)
        return most;
    number = json_double(given);
    if (given->type != JSON_NUMBER || !num_parse_u64(given->text, &n)) {
        if (given->type == JSON_NUMBER && number < 1)
            err_add_item(a, err, str_of(name), CODE_MIN_THRESHOLD, STR("{\"threshold\":1}"));
        else
            err_add_item(a, err, str_of(name), CODE_INVALID, STR_NONE);
        return most;
    }
    if (n < 1)
        err_add_item(a, err, str_of(name), CODE_MIN_THRESHOLD, STR("{\"threshold\":1}"));
    else if (n > most)
        err_add_item(a, err, str_of(name), CODE_MAX_THRESHOLD,
                     arena_printf(a, "{\"threshold\":%u}", most));
    return n < 1 || n > most ? most : (unsigned)n;
}

/* --- the query ------------------------------------------------------------------------------- */

static bool is_space(uint32_t code)
{
    return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

/* Of all that Unicode calls so. */
static struct str trim(struct str s)
{
    uint32_t code;
    size_t n;

    while (s.n > 0 && (n = utf8_decode(s, &code)) > 0 && is_space(code))
        s = str_from(s, n);
    while (s.n > 0) {
        size_t at = s.n - 1;

        while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
            at--;
        n = utf8_decode(str_from(s, at), &code);
        if (n != s.n - at || !is_space(code))
            break;
        s = str_sub(s, 0, at);
    }
    return s;
}

static bool begins_as_write(struct str query)
{
    static const char *const words[] = {"INSERT", "CREATE", "UPDATE", "DELETE",
                                        "DROP",   "DETACH", "ALTER",  "REPLACE"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts_nocase(query, str_of(words[i])))
            return true;
    return false;
}

static struct err *read_query(struct api_call *call, struct str query, const struct json *params,
                              struct sql_ask *ask)
{
    struct str missing;

    query = trim(query);
    if (query.n == 0)
        return sql_failed(call, STR("empty query"));
    ask->writes = begins_as_write(query);
    if (sql_unbracket(call->arena, query, params, &ask->query))
        return NULL;
    missing = ask->query;
    return sql_failed(
        call, arena_concat(call->arena, STR("Named parameter not found: "), missing, STR_NONE));
}

struct err *sql_ask_read(struct api_call *call, struct sql_ask *ret)
{
    struct arena *a = call->arena;
    struct sql_body body = {0};
    struct form_input form;
    struct err *items = NULL;
    struct err *err = api_form(call, &form);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err)
        return err_say(err, UNDECODABLE);
    err = take_own_pairs(a, &form, &body);
    if (err)
        return err;
    if (!form_merge(a, fields, COUNT_OF(fields), &form, &body))
        return err_new(a, E_BAD_REQUEST, UNDECODABLE, "no such form");
    check_query(a, body.query, &items);
    ret->read_only = read_flag(a, "readOnly", body.read_only, &items);
    ret->counts_more = body.max_rows != NULL;
    ret->max_rows = read_count(a, "maxRows", body.max_rows, SQL_ROWS, &items);
    ret->timeout_s = read_count(a, "timeout", body.timeout, SQL_TIMEOUT_S, &items);
    if (body.params && body.params->type != JSON_OBJECT && body.params->type != JSON_LIST) {
        err_add_item(a, &items, STR("params"), CODE_INVALID, STR_NONE);
        body.params = NULL;
    }
    if (items)
        return err_say(items, INVALID);
    err = read_query(call, body.query, body.params, ret);
    if (!err && body.params)
        err = err_say(sql_params_read(a, ret->query, body.params, ret), INVALID);
    return err;
}
