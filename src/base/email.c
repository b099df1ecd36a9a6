/*
 * The format of an e-mail address (records.md 6.7).
 */
#include "base/format.h"

#include "base/str.h"

#include <string.h>

/* What stands at s.p[at]: a code point of one of the classes below, or OTHER. */
enum char_class { OTHER, ALPHA, DIGIT, WIDE };

static enum char_class class_at(struct str s, size_t at, size_t *ret_n)
{
    unsigned char c = (unsigned char)s.p[at];
    uint32_t code;

    *ret_n = 1;
    if (c < 0x80) {
        if (c >= '0' && c <= '9')
            return DIGIT;
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? ALPHA : OTHER;
    }
    *ret_n = utf8_decode(str_from(s, at), &code);
    if (*ret_n == 0) {
        *ret_n = 1;
        return OTHER;
    }
    if ((code >= 0xa0 && code <= 0xd7ff) || (code >= 0xf900 && code <= 0xfdcf) ||
        (code >= 0xfdf0 && code <= 0xffef))
        return WIDE;
    return OTHER;
}

static bool is_atom_sign(char c)
{
    return c && strchr("!#$%&'*+-/=?^_`{|}~", c);
}

/* Length of the dot-separated atoms that s starts with, or 0. */
static size_t dot_atom(struct str s)
{
    size_t at = 0;
    bool in_atom = false;

    while (at < s.n) {
        size_t n;
        enum char_class class = class_at(s, at, &n);

        if (class != OTHER || is_atom_sign(s.p[at]))
            in_atom = true;
        else if (s.p[at] == '.' && in_atom)
            in_atom = false;
        else
            break;
        at += n;
    }
    return in_atom ? at : 0;
}

/* Length of the white space at s.p[at]: one line break at most, and only before more space.
 * SIZE_MAX: a break that nothing follows. */
static size_t folding_space(struct str s, size_t at)
{
    size_t start = at;
    bool broken = false;

    for (;;) {
        while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
            at++;
        if (!str_starts(str_from(s, at), STR("\r\n")))
            return at - start;
        if (broken || at + 2 >= s.n || (s.p[at + 2] != ' ' && s.p[at + 2] != '\t'))
            return SIZE_MAX;
        broken = true;
        at += 2;
    }
}

/* Length of the character at s.p[at] inside quotes, or 0. There are no escapes. */
static size_t quoted_char(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.p[at];
    size_t n;

    if (c >= 0x80)
        return class_at(s, at, &n) == WIDE ? n : 0;
    return c != 0 && !strchr("\"\\\t\n\r ", c) ? 1 : 0;
}

/* Length of the quoted string that s starts with, or 0. The page says any number of characters; the
 * real server takes exactly one, with white space around it. */
static size_t quoted_string(struct str s)
{
    size_t at = 1;
    size_t n;

    for (int i = 0; i < 2; i++) {
        n = folding_space(s, at);
        if (n == SIZE_MAX || at + n >= s.n)
            return 0;
        at += n;
        if (i == 0) {
            n = quoted_char(s, at);
            at += n;
            if (n == 0)
                return 0;
        }
    }
    return s.p[at] == '"' ? at + 1 : 0;
}

/* Characters of a label: at both ends a letter, a wide one or, with `digits`, a digit; inside also
 * digits and `inside`. */
static bool is_label(struct str s, bool digits, const char *inside)
{
    bool at_end = false;

    for (size_t at = 0, n; at < s.n; at += n) {
        enum char_class class = class_at(s, at, &n);

        at_end = class == ALPHA || class == WIDE || (digits && class == DIGIT);
        if (!at_end && (at == 0 || (class == OTHER && (!s.p[at] || !strchr(inside, s.p[at])))))
            return false;
    }
    return at_end;
}

/* The labels before the last one count as one: a label may have dots inside. */
static bool is_domain(struct str s)
{
    size_t dot;

    if (str_ends(s, STR(".")))
        s.n--;
    dot = str_find_last_byte(s, '.');
    return dot < s.n && is_label(str_sub(s, 0, dot), true, "-._~") &&
           is_label(str_from(s, dot + 1), false, "-_~");
}

bool email_valid(struct str text)
{
    size_t n = text.n && text.p[0] == '"' ? quoted_string(text) : dot_atom(text);

    return n && n < text.n && text.p[n] == '@' && is_domain(str_from(text, n + 1));
}
