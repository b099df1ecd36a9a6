#include "oauth/internal.h"

void oauth_add_escaped(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '_' || c == '.' || c == '~')
            buf_add_byte(out, (char)c);
        else if (c == ' ')
            buf_add_byte(out, '+');
        else
            buf_add_bytes(out, escaped, sizeof(escaped));
    }
}

void oauth_add_pair(struct buf *out, const char *name, struct str text)
{
    if (out->n)
        buf_add_byte(out, '&');
    buf_add(out, str_of(name));
    buf_add_byte(out, '=');
    oauth_add_escaped(out, text);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static bool unescape(struct arena *a, struct str text, struct str *ret)
{
    char *out = arena_alloc(a, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == ';')
            return false;
        if (c == '%') {
            int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[n++] = text.p[i] == '+' ? ' ' : c;
    }
    *ret = (struct str){out, n};
    return utf8_valid(*ret);
}

bool oauth_read_form(struct arena *a, struct str text, const struct json **ret)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, LIMIT_OAUTH_FORM_PAIRS);
    struct json *object = ARENA_NEW(a, struct json);
    size_t n = 0;

    while (text.p) {
        struct str pair = str_split(&text, '&');
        size_t equals = str_find_byte(pair, '=');
        struct str name, value;

        if (pair.n == 0)
            continue;
        if (n == LIMIT_OAUTH_FORM_PAIRS || !unescape(a, str_sub(pair, 0, equals), &name) ||
            !unescape(a, str_from(pair, equals < pair.n ? equals + 1 : equals), &value))
            return false;
        *object = json_of_object(members, n);
        if (!json_get(object, name))
            members[n++] = (struct json_member){name, json_of_text(value)};
    }
    *object = json_of_object(members, n);
    *ret = object;
    return true;
}
