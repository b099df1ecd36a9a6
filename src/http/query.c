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

/* `out` has room for all of the text. False: a broken escape. */
static bool decode(struct str text, bool plus, char *out, size_t *ret_n)
{
    size_t n = 0;

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
    *ret_n = n;
    return true;
}

bool req_decode(struct arena *a, struct str text, bool plus, struct str *ret)
{
    char *out;
    size_t n;

    if (is_plain(text, plus)) {
        *ret = text;
        return true;
    }
    out = arena_alloc(a, text.n);
    if (!decode(text, plus, out, &n))
        return false;
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

static size_t count_parts(struct str text)
{
    size_t n = 0;

    for (struct str rest = text; rest.p; n++)
        (void)str_split(&rest, '&');
    return n;
}

/* Where names and values go that are not as they stand in the text. */
struct decoded {
    struct arena *a;
    const char
        *end;   /* of the text: nothing becomes longer, so what is left of it is room for all */
    char *room; /* NULL: not needed so far */
};

static bool decode_part(struct decoded *decoded, struct str part, struct str *ret)
{
    size_t n;

    if (is_plain(part, true)) {
        *ret = part;
        return true;
    }
    if (!decoded->room)
        decoded->room = arena_alloc(decoded->a, (size_t)(decoded->end - part.p));
    if (!decode(part, true, decoded->room, &n))
        return false;
    *ret = (struct str){decoded->room, n};
    decoded->room += n;
    return true;
}

bool req_parse_pairs(struct arena *a, struct str text, struct req_pairs *ret)
{
    struct decoded decoded = {.a = a, .end = text.n ? text.p + text.n : NULL};
    struct req_pairs pairs = {0};
    struct str rest = text;
    bool ok = true;

    if (text.n > 0)
        pairs.items = arena_alloc(a, count_parts(text) * sizeof(*pairs.items));
    while (rest.p) {
        struct str part = str_split(&rest, '&');
        size_t at = str_find_byte(part, '=');
        struct req_pair pair;

        if (part.n == 0)
            continue;
        if (str_find_byte(part, ';') < part.n ||
            !decode_part(&decoded, str_sub(part, 0, at), &pair.name) ||
            !decode_part(&decoded, str_from(part, at < part.n ? at + 1 : at), &pair.value)) {
            ok = false;
            continue;
        }
        pairs.items[pairs.n++] = pair;
    }
    *ret = pairs;
    return ok;
}
