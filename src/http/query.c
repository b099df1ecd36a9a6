/*
 * Percent-decoding, and name=value pairs from query strings and forms (Go's url.ParseQuery).
 */
#include "http/req.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_plain(struct str text, bool plus)
{
    return !(text.n && memchr(text.p, '%', text.n)) &&
           !(plus && text.n && memchr(text.p, '+', text.n));
}

bool req_decode(struct arena *a, struct str text, bool plus, struct str *ret)
{
    char *out;
    size_t n = 0;

    if (is_plain(text, plus)) {
        *ret = text;
        return true;
    }
    out = arena_alloc(a, text.n);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '%') {
            int high = i + 2 < text.n ? hex_value(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? hex_value(text.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    *ret = (struct str){out, n};
    return true;
}

bool req_pairs_fit(struct str text, size_t max)
{
    struct str rest = text;

    for (size_t n = 0; rest.p; n++) {
        if (n == max)
            return false;
        (void)str_split(&rest, '&');
    }
    return true;
}

bool req_parse_pairs(struct arena *a, struct str text, struct req_pairs *ret)
{
    VEC(struct req_pair) pairs = {0};
    struct str rest = text;
    bool ok = true;

    while (rest.p) {
        struct str part = str_split(&rest, '&');
        size_t at = str_find_byte(part, '=');
        struct req_pair pair;

        if (part.n == 0)
            continue;
        if (str_find_byte(part, ';') < part.n ||
            !req_decode(a, str_sub(part, 0, at), true, &pair.name) ||
            !req_decode(a, str_from(part, at < part.n ? at + 1 : at), true, &pair.value)) {
            ok = false;
            continue;
        }
        *VEC_PUSH(a, &pairs) = pair;
    }
    *ret = (struct req_pairs){pairs.items, pairs.n};
    return ok;
}
