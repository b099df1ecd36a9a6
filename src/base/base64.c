/*
 * RFC 4648, both alphabets. Like the decoders of most libraries it does not look at the unused bits
 * of the last character.
 */
#include "base/crypto.h"

#define STANDARD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static struct str encode(struct arena *a, struct str bytes, const char *alphabet, bool pad)
{
    char *out = arena_alloc(a, bytes.n / 3 * 4 + 5);
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t have = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t group = (uint32_t)(unsigned char)bytes.p[i] << 16;

        if (have > 1)
            group |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
        if (have > 2)
            group |= (unsigned char)bytes.p[i + 2];
        for (size_t j = 0; j <= have; j++)
            out[n++] = alphabet[group >> (18 - 6 * j) & 63];
        for (size_t j = have; pad && j < 3; j++)
            out[n++] = '=';
    }
    out[n] = '\0';
    return (struct str){out, n};
}

/* The value of a character, or 64. */
static uint32_t value_of(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : 64;
}

static bool decode(struct arena *a, struct str text, bool url, struct str *ret)
{
    char *out = arena_alloc(a, text.n / 4 * 3 + 4);
    uint32_t bits = 0;
    size_t n = 0;

    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        uint32_t value = value_of(text.p[i], url);

        if (value > 63)
            return false;
        bits = bits << 6 | value;
        if (i % 4 != 0)
            out[n++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
    }
    out[n] = '\0';
    *ret = (struct str){out, n};
    return true;
}

struct str base64url_encode(struct arena *a, struct str bytes)
{
    return encode(a, bytes, URL, false);
}

bool base64url_decode(struct arena *a, struct str text, struct str *ret_bytes)
{
    return decode(a, text, true, ret_bytes);
}

struct str base64_encode(struct arena *a, struct str bytes)
{
    return encode(a, bytes, STANDARD, true);
}

bool base64_decode(struct arena *a, struct str text, struct str *ret_bytes)
{
    size_t pad = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("="));

    if (text.n % 4 != 0)
        return false;
    text.n -= pad;
    return decode(a, text, false, ret_bytes);
}
