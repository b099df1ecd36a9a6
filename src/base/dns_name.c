/*
 * The format of a DNS name.
 */
#include "base/format.h"

#define NAME_MAX_BYTES 255 /* without its dots */
#define LABEL_MAX_BYTES 63

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_label(struct str label)
{
    if (label.n == 0 || label.n > LABEL_MAX_BYTES || !is_word(label.p[0]))
        return false;
    for (size_t i = 1; i < label.n; i++)
        if (!is_word(label.p[i]) && label.p[i] != '-')
            return false;
    return true;
}

bool dns_name_valid(struct str text)
{
    struct str rest = text;
    size_t n = 0;

    if (rest.n > 1 && rest.p[rest.n - 1] == '.')
        rest.n--;
    while (rest.p) {
        struct str label = str_split(&rest, '.');

        n += label.n;
        if (!is_label(label))
            return false;
    }
    return n <= NAME_MAX_BYTES;
}
