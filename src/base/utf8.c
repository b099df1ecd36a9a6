/*
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
 */
#include "base/str.h"

#include <string.h>

static bool ascii8(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return (v & 0x8080808080808080ULL) == 0;
}

static size_t ascii_run(struct str s)
{
    size_t i = 0;

    while (s.n - i >= 8 && ascii8(s.p + i))
        i += 8;
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(struct str s)
{
    uint32_t code;

    for (;;) {
        size_t n;

        s = str_from(s, ascii_run(s));
        if (s.n == 0)
            return true;
        n = utf8_decode(s, &code);
        if (n == 0)
            return false;
        s = str_from(s, n);
    }
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    uint32_t code;

    for (;;) {
        size_t run = ascii_run(s);
        size_t n;

        count += run;
        s = str_from(s, run);
        if (s.n == 0)
            return count;
        n = utf8_decode(s, &code);
        s = str_from(s, n ? n : 1);
        count++;
    }
}

size_t utf8_decode(struct str s, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)s.p[0];
    uint32_t code;
    size_t n;

    if (first < 0x80) {
        *ret_code = first;
        return 1;
    }
    if (first < 0xc2 || first > 0xf4)
        return 0;
    n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (s.n < n)
        return 0;
    code = first & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3f);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return n;
}

size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18 & 7));
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
