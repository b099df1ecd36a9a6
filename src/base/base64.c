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

/* The value of each ASCII character in one of the alphabets, or 64. */
/* clang-format off */
static const unsigned char values[128] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 62, 64, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
};
/* clang-format on */

static bool decode(struct arena *a, struct str text, const char *alphabet, struct str *ret)
{
    char *out = arena_alloc(a, text.n / 4 * 3 + 4);
    uint32_t bits = 0;
    size_t n = 0;

    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        uint32_t value = c < sizeof(values) ? values[c] : 64;

        if (value > 61 && (value > 63 || (unsigned char)alphabet[value] != c))
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
    return decode(a, text, URL, ret_bytes);
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
    return decode(a, text, STANDARD, ret_bytes);
}
