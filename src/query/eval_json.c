/*
 * JSON as SQLite's functions see it: what is valid, what stands at a path, what it is as a value.
 *
 * Invariant: functions that take a valid text never look beyond its end.
 */
#include "query/eval.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/num.h"

#include <string.h>

#define NOWHERE SIZE_MAX

static size_t skip_space(struct str text, size_t at)
{
    while (at < text.n &&
           (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\n' || text.p[at] == '\r'))
        at++;
    return at;
}

static bool is_at(struct str text, size_t at, char c)
{
    return at < text.n && text.p[at] == c;
}

/* --- validity -------------------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Behind the backslash at `at`; the end of the escape, or NOWHERE. */
static size_t scan_escape(struct str text, size_t at)
{
    static const char plain[] = "\"\\/bfnrt";
    const struct str escapes = {plain, sizeof(plain) - 1};

    if (++at >= text.n)
        return NOWHERE;
    if (text.p[at] != 'u')
        return str_find_byte(escapes, text.p[at]) < escapes.n ? at + 1 : NOWHERE;
    for (size_t i = 1; i <= 4; i++)
        if (at + i >= text.n || !is_hex(text.p[at + i]))
            return NOWHERE;
    return at + 5;
}

/* The end of the text that begins with the quote at `at`. */
static size_t scan_text(struct str text, size_t at)
{
    if (!is_at(text, at, '"'))
        return NOWHERE;
    at++;
    while (at < text.n && text.p[at] != '"') {
        if ((unsigned char)text.p[at] < ' ')
            return NOWHERE;
        at = text.p[at] == '\\' ? scan_escape(text, at) : at + 1;
    }
    return at < text.n ? at + 1 : NOWHERE;
}

static size_t scan_value(struct eval_scratch *s, struct str text, size_t at, unsigned depth);

/* What stands between the brackets. LIMIT_EVAL_JSON_NESTING deep at most. */
static size_t scan_members(struct eval_scratch *s, struct str text, size_t at, unsigned depth)
{
    const bool is_object = text.p[at] == '{';
    const char close = is_object ? '}' : ']';

    at = skip_space(text, at + 1);
    if (is_at(text, at, close))
        return at + 1;
    for (;;) {
        if (is_object) {
            at = scan_text(text, at);
            at = at == NOWHERE ? at : skip_space(text, at);
            if (at == NOWHERE || !is_at(text, at, ':'))
                return NOWHERE;
            at = skip_space(text, at + 1);
        }
        at = scan_value(s, text, at, depth + 1);
        if (at == NOWHERE)
            return NOWHERE;
        at = skip_space(text, at);
        if (is_at(text, at, close))
            return at + 1;
        if (!is_at(text, at, ','))
            return NOWHERE;
        at = skip_space(text, at + 1);
    }
}

static size_t scan_value(struct eval_scratch *s, struct str text, size_t at, unsigned depth)
{
    static const struct str words[] = {STR_INIT("null"), STR_INIT("true"), STR_INIT("false")};
    struct str rest;
    size_t n;

    if (depth > LIMIT_EVAL_JSON_NESTING)
        s->cannot = true;
    if (at >= text.n || s->cannot)
        return NOWHERE;
    if (text.p[at] == '"')
        return scan_text(text, at);
    if (text.p[at] == '[' || text.p[at] == '{')
        return scan_members(s, text, at, depth);
    rest = str_from(text, at);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts(rest, words[i]))
            return at + words[i].n;
    n = num_scan_json(rest);
    return n > 0 ? at + n : NOWHERE;
}

bool eval_json_valid(struct eval_scratch *s, struct str text)
{
    size_t at;

    if (str_find_byte(text, '\0') < text.n)
        s->cannot = true;
    at = scan_value(s, text, skip_space(text, 0), 0);
    return at != NOWHERE && skip_space(text, at) == text.n;
}

/* --- paths ----------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '+' ||
           c == '-';
}

/* The end of a value in a valid text. */
static size_t value_end(struct str text, size_t at)
{
    unsigned depth = 0;

    if (is_word(text.p[at])) {
        while (at < text.n && is_word(text.p[at]))
            at++;
        return at;
    }
    do {
        char c = text.p[at];

        at = c == '"' ? scan_text(text, at) : at + 1;
        if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
    } while (depth > 0);
    return at;
}

bool eval_json_is_list(struct str text)
{
    return is_at(text, skip_space(text, 0), '[');
}

/* The next value of a list or object, *at behind the bracket, a comma or a colon before. */
static struct str next_value(struct str text, size_t *at)
{
    size_t from = skip_space(text, *at);
    size_t end;

    if (is_at(text, from, ',') || is_at(text, from, ':'))
        from = skip_space(text, from + 1);
    if (is_at(text, from, ']') || is_at(text, from, '}'))
        return STR_NONE;
    end = value_end(text, from);
    *at = end;
    return str_sub(text, from, end - from);
}

struct str eval_json_item(struct str list, size_t *at)
{
    if (*at == 0)
        *at = skip_space(list, 0) + 1;
    return next_value(list, at);
}

static struct str member(struct eval_scratch *s, struct str object, struct str name)
{
    size_t at = 1;

    if (!is_at(object, 0, '{'))
        return STR_NONE;
    for (;;) {
        struct str key = next_value(object, &at);
        struct str value;

        if (!key.p)
            return STR_NONE;
        value = next_value(object, &at);
        key = str_sub(key, 1, key.n - 2);
        s->cannot |= str_find_byte(key, '\\') < key.n;
        if (s->cannot || str_eq(key, name))
            return value;
    }
}

static struct str item(struct str list, uint64_t index)
{
    struct str value;
    size_t at = 1;

    if (!is_at(list, 0, '['))
        return STR_NONE;
    do {
        value = next_value(list, &at);
    } while (value.p && index-- > 0);
    return value;
}

struct str eval_json_at(struct eval_scratch *s, struct str text, struct str path)
{
    size_t from = skip_space(text, 0);

    text = str_sub(text, from, value_end(text, from) - from);
    while (path.n > 0 && text.p) {
        bool is_index = path.p[0] == '[';
        uint64_t index = 0;
        size_t n = 1;

        while (n < path.n && path.p[n] != '.' && path.p[n] != '[' && path.p[n] != ']')
            n++;
        if (is_index && !num_parse_u64(str_sub(path, 1, n - 1), &index))
            s->cannot = true;
        text = is_index ? item(text, index) : member(s, text, str_sub(path, 1, n - 1));
        path = str_from(path, is_index ? n + 1 : n);
    }
    return text;
}

/* --- values ---------------------------------------------------------------------------------- */

static uint32_t hex4(const char *p)
{
    uint32_t code = 0;

    for (size_t i = 0; i < 4; i++)
        code = code * 16 + (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return code;
}

static char plain_escape(char c)
{
    static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *at = c ? strchr(names, c) : NULL;

    if (at)
        return bytes[at - names];
    return c;
}

/* Without its quotes. */
static struct db_value unescape(struct eval_scratch *s, struct str text)
{
    char *out;
    size_t n = 0;

    if (str_find_byte(text, '\\') == text.n)
        return DB_V_TEXT(text);
    out = arena_alloc(s->a, text.n);
    for (size_t i = 0; i < text.n; i++) {
        uint32_t code;

        if (text.p[i] != '\\') {
            out[n++] = text.p[i];
        } else if (text.p[++i] != 'u') {
            out[n++] = plain_escape(text.p[i]);
        } else {
            code = hex4(text.p + i + 1);
            s->cannot |= code == 0 || (code >= 0xd800 && code < 0xe000);
            n += utf8_encode(s->cannot ? ' ' : code, out + n);
            i += 4;
        }
    }
    return DB_V_TEXT(((struct str){out, n}));
}

static struct db_value compact(struct eval_scratch *s, struct str text)
{
    char *out = arena_alloc(s->a, text.n);
    size_t n = 0, at = 0;

    while (at < text.n) {
        size_t end = text.p[at] == '"' ? scan_text(text, at) : at + 1;

        while (at < end)
            out[n++] = text.p[at++];
        at = skip_space(text, at);
    }
    return DB_V_TEXT(((struct str){out, n}));
}

static struct db_value number(struct eval_scratch *s, struct str text)
{
    struct db_value value = eval_numeric(s, DB_V_TEXT(text));

    s->cannot |= value.type == DB_TEXT;
    return value;
}

struct db_value eval_json_value(struct eval_scratch *s, struct str text)
{
    switch (text.p[0]) {
    case 'n':
        return DB_V_NULL;
    case 't':
        return DB_V_INT(1);
    case 'f':
        return DB_V_INT(0);
    case '"':
        return unescape(s, str_sub(text, 1, text.n - 2));
    case '[':
    case '{':
        return compact(s, text);
    default: /* the text is valid: a number */
        return number(s, text);
    }
}
