/*
 * Checks JSON text and writes it in the compact form in one pass, without building anything.
 *
 * Invariants
 *  1. text[flushed, at) is what is still to be written as it stands; a change (white space, an
 *     escape, a bad byte) first writes that piece.
 *  2. `kinds` holds one bit for each open list (0) or object (1).
 */
#include "base/json.h"

#include "base/limits.h"
#include "base/num.h"

#include <math.h>

struct stored {
    struct str text;
    size_t at;
    size_t flushed;
    struct buf *out; /* NULL: only check */
    const struct json_limits *limits;
    size_t depth;
    size_t values;
    uint8_t kinds[LIMIT_JSON_DEPTH / 8 + 1];
};

static void flush(struct stored *s)
{
    if (s->out)
        buf_add_bytes(s->out, s->text.p + s->flushed, s->at - s->flushed);
    s->flushed = s->at;
}

/* Replaces the n bytes at `at` by `instead`. */
static void replace(struct stored *s, size_t n, struct str instead)
{
    flush(s);
    s->at += n;
    s->flushed = s->at;
    if (s->out)
        buf_add(s->out, instead);
}

static char peek(const struct stored *s)
{
    return s->at < s->text.n ? s->text.p[s->at] : '\0'; /* a NUL is no JSON either */
}

static void skip_space(struct stored *s)
{
    size_t n = 0;

    while (s->at + n < s->text.n && str_find_byte(STR(" \t\r\n"), s->text.p[s->at + n]) < 4)
        n++;
    if (n)
        replace(s, n, STR_NONE);
}

/* The four hex digits at `at`, or -1. */
static int32_t hex4(const struct stored *s, size_t at)
{
    int32_t code = 0;

    if (s->text.n < 4 || at > s->text.n - 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = s->text.p[i];

        if (c >= '0' && c <= '9')
            code = code * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            code = code * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return code;
}

/* "\uXXXX", two of them where they make one character. */
static bool unicode_escape(struct stored *s)
{
    int32_t code = hex4(s, s->at + 2);
    int32_t low = -1;
    size_t n = 6;
    char utf8[4];

    if (code < 0)
        return false;
    if (code >= 0xd800 && code < 0xdc00 && str_starts(str_from(s->text, s->at + 6), STR("\\u")))
        low = hex4(s, s->at + 8);
    if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        n = 12;
    } else if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    if (code < 0x20 || code == '"' || code == '\\') {
        struct buf escaped;
        char c = (char)code;

        buf_init(&escaped, 16);
        json_write_text(&escaped, (struct str){&c, 1});
        replace(s, n, str_sub(buf_str(&escaped), 1, escaped.n - 2));
        buf_done(&escaped);
    } else {
        replace(s, n, (struct str){utf8, utf8_encode((uint32_t)code, utf8)});
    }
    return true;
}

static bool escape(struct stored *s)
{
    char c = s->at + 1 < s->text.n ? s->text.p[s->at + 1] : '\0';

    if (c == 'u')
        return unicode_escape(s);
    if (c == '/') {
        replace(s, 2, STR("/"));
        return true;
    }
    s->at += 2;
    return c && str_find_byte(STR("\"\\bfnrt"), c) < 7;
}

static bool string(struct stored *s)
{
    uint32_t code;

    if (peek(s) != '"')
        return false;
    s->at++;
    while (s->at < s->text.n) {
        unsigned char c = (unsigned char)s->text.p[s->at];

        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c == '\\') {
            if (!escape(s))
                return false;
        } else if (c < 0x80) {
            s->at++;
        } else {
            size_t n = utf8_decode(str_from(s->text, s->at), &code);

            if (n)
                s->at += n;
            else
                replace(s, 1, STR("\xef\xbf\xbd"));
        }
    }
    return false;
}

static bool number(struct stored *s)
{
    struct str rest = str_from(s->text, s->at);
    size_t n = num_scan_json(rest);
    double x = 0;

    s->at += n;
    if (n == 0)
        return false;
    return s->limits->allow_range || (num_parse_json(str_sub(rest, 0, n), &x) && isfinite(x));
}

static bool word(struct stored *s, struct str name)
{
    if (!str_starts(str_from(s->text, s->at), name))
        return false;
    s->at += name.n;
    return true;
}

static bool in_object(const struct stored *s)
{
    size_t top = s->depth - 1;

    return s->kinds[top / 8] >> (top % 8) & 1;
}

static bool open_container(struct stored *s, bool object)
{
    uint8_t bit = (uint8_t)(1U << (s->depth % 8));

    if (s->depth >= s->limits->max_depth || s->depth >= LIMIT_JSON_DEPTH)
        return false;
    if (object)
        s->kinds[s->depth / 8] = (uint8_t)(s->kinds[s->depth / 8] | bit);
    else
        s->kinds[s->depth / 8] = (uint8_t)(s->kinds[s->depth / 8] & ~bit);
    s->depth++;
    s->at++;
    return true;
}

static bool key(struct stored *s)
{
    skip_space(s);
    if (!string(s))
        return false;
    skip_space(s);
    if (peek(s) != ':')
        return false;
    s->at++;
    return true;
}

/* A value, or the opening of one: *ret_open says that its first child, or its end, comes next. */
static bool value(struct stored *s, bool *ret_open)
{
    char c;

    skip_space(s);
    c = peek(s);
    *ret_open = c == '{' || c == '[';
    if (++s->values > s->limits->max_values)
        return false;
    if (*ret_open)
        return open_container(s, c == '{');
    if (c == '"')
        return string(s);
    if (c == 't')
        return word(s, STR("true"));
    if (c == 'f')
        return word(s, STR("false"));
    return c == 'n' ? word(s, STR("null")) : number(s);
}

/* Behind a value: closes what ends here; *ret_more says that another value comes. */
static bool after_value(struct stored *s, bool just_opened, bool *ret_more)
{
    *ret_more = false;
    while (s->depth) {
        char c;

        skip_space(s);
        c = peek(s);
        if (c == (in_object(s) ? '}' : ']')) {
            s->at++;
            s->depth--;
            just_opened = false;
            continue;
        }
        if (!just_opened && c != ',')
            return false;
        s->at += !just_opened;
        *ret_more = true;
        return !in_object(s) || key(s);
    }
    return true;
}

bool json_write_checked(struct buf *out, struct str text, const struct json_limits *limits)
{
    struct stored s = {.text = text, .out = out, .limits = limits};
    size_t before = out ? out->n : 0;
    bool more = true;
    bool ok = true;

    while (ok && more) {
        bool opened = false;

        ok = value(&s, &opened) && after_value(&s, opened, &more);
    }
    if (ok && !limits->allow_trailing) {
        flush(&s);
        skip_space(&s);
        ok = s.at == text.n;
    }
    if (ok)
        flush(&s);
    else if (out && !out->full)
        buf_cut(out, before);
    return ok;
}

bool json_write_stored(struct buf *out, struct str text)
{
    return json_write_checked(out, text, &json_limits_stored);
}
