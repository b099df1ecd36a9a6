/*
 * Texts as error messages show them: quotes around, what is not printable escaped.
 */
#include "query/lex.h"

#include "base/buf.h"

#include <stdint.h>

struct escape {
    uint32_t code;
    char letter;
};

static const struct escape escapes[] = {
    {'\a', 'a'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'},
    {'\r', 'r'}, {'\t', 't'}, {'\v', 'v'}, {'\\', '\\'},
};

struct range {
    uint32_t from, to;
};

/* The usual code points that print nothing; every space but U+0020 is among them. */
static const struct range unprintable[] = {
    {0x00, 0x1f},       {0x7f, 0xa0},        {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
    {0x1680, 0x1680},   {0x180e, 0x180e},    {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
    {0x3000, 0x3000},   {0xd800, 0xf8ff},    {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
    {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

static bool is_printable(uint32_t code)
{
    for (size_t i = 0; i < COUNT_OF(unprintable); i++)
        if (code >= unprintable[i].from && code <= unprintable[i].to)
            return false;
    return true;
}

static void add_escaped(struct buf *out, uint32_t code)
{
    for (size_t i = 0; i < COUNT_OF(escapes); i++) {
        if (escapes[i].code == code) {
            buf_add_byte(out, '\\');
            buf_add_byte(out, escapes[i].letter);
            return;
        }
    }
    if (code < 0x80)
        buf_addf(out, "\\x%02x", (unsigned)code);
    else if (code < 0x10000)
        buf_addf(out, "\\u%04x", (unsigned)code);
    else
        buf_addf(out, "\\U%08x", (unsigned)code);
}

/* Appends the first code point of s; returns its length. */
static size_t add_code(struct buf *out, struct str s, char quote)
{
    uint32_t code;
    size_t n = utf8_decode(s, &code);

    if (n == 0) {
        buf_addf(out, "\\x%02x", (unsigned)(unsigned char)s.p[0]);
        return 1;
    }
    if (code == (uint32_t)(unsigned char)quote) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, quote);
    } else if (is_printable(code) && code != '\\') {
        buf_add(out, str_sub(s, 0, n));
    } else {
        add_escaped(out, code);
    }
    return n;
}

struct str query_quote(struct arena *a, struct str text)
{
    AUTO_BUF struct buf out;

    buf_init(&out, text.n * 10 + 2);
    buf_add_byte(&out, '"');
    while (text.n > 0)
        text = str_from(text, add_code(&out, text, '"'));
    buf_add_byte(&out, '"');
    return arena_dup(a, buf_str(&out));
}

struct str lex_quote_char(struct arena *a, struct str s)
{
    AUTO_BUF struct buf out;
    uint32_t code;

    buf_init(&out, 32);
    buf_add_byte(&out, '\'');
    if (utf8_decode(s, &code) == 0)
        s = STR("\xef\xbf\xbd");
    add_code(&out, s, '\'');
    buf_add_byte(&out, '\'');
    return arena_dup(a, buf_str(&out));
}
