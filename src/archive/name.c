#include "archive/internal.h"

#define SHOWN_BYTES 200

static const char *segment_fault(struct str segment)
{
    if (segment.n == 0)
        return "has an empty part between slashes";
    if (segment.n > LIMIT_ZIP_SEGMENT_BYTES)
        return "has a part that is too long";
    if (str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
        return "leads through . or ..";
    return NULL;
}

const char *zip_name_fault(struct str name)
{
    struct str rest = name;
    const char *fault = NULL;

    if (name.n == 0)
        return "is empty";
    if (name.n > LIMIT_ZIP_NAME_BYTES)
        return "is too long";
    if (name.p[0] == '/')
        return "begins with a slash";
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (c < 0x20 || c == 0x7f)
            return "has a control character";
        if (c == '\\')
            return "has a backslash";
    }
    if (!utf8_valid(name))
        return "is not UTF-8";
    if (name.p[name.n - 1] == '/')
        rest.n--;
    while (rest.p && !fault)
        fault = segment_fault(str_split(&rest, '/'));
    return fault;
}

static unsigned rank_at(struct str name, size_t at)
{
    unsigned char c = (unsigned char)name.p[at];

    return c == '/' ? 1 : c + 1U; /* no name has bytes below a space */
}

int zip_name_cmp(struct str x, struct str y)
{
    size_t n = x.n < y.n ? x.n : y.n, at = 0;

    while (at < n && x.p[at] == y.p[at])
        at++;
    if (at == n)
        return x.n < y.n ? -1 : x.n > y.n;
    return rank_at(x, at) < rank_at(y, at) ? -1 : 1;
}

struct str zip_name_quoted(struct arena *a, struct str name)
{
    struct str shown = str_sub(name, 0, SHOWN_BYTES);
    char *text = arena_alloc(a, SHOWN_BYTES + 1);
    bool plain;

    while (shown.n > 0 && shown.n < name.n && (name.p[shown.n] & 0xc0) == 0x80)
        shown.n--; /* not within a character */
    plain = utf8_valid(shown);
    for (size_t i = 0; i < shown.n; i++) {
        unsigned char c = (unsigned char)shown.p[i];

        text[i] = c < 0x20 || c == 0x7f || (c >= 0x80 && !plain) ? '?' : (char)c;
    }
    return arena_printf(a, "\"%.*s\"%s", (int)shown.n, text, shown.n < name.n ? "..." : "");
}
