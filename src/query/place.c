/*
 * Where a rule or filter is wrong, in words.
 */
#include "query/internal.h"

#define WHY_BYTES 3500   /* names in it are as long as somebody wrote them */
#define EXCERPT_CODES 20 /* enough to find it */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What stands at the beginning of the text, as far as the next blank, quoted. */
static struct str excerpt(struct arena *a, struct str text)
{
    size_t n = 0;

    if (text.n == 0)
        return STR("the end");
    for (unsigned i = 0; n < text.n && !is_blank(text.p[n]); i++) {
        uint32_t code;
        size_t bytes = utf8_decode(str_from(text, n), &code);

        if (i == EXCERPT_CODES)
            return arena_concat(a, query_quote(a, str_sub(text, 0, n)), STR("..."), STR_NONE);
        n += bytes > 0 ? bytes : 1;
    }
    return query_quote(a, str_sub(text, 0, n));
}

struct str query_cause(struct arena *a, struct str why, struct str text, size_t at)
{
    size_t line = 1, start = 0;

    why = str_sub(why, 0, WHY_BYTES);
    if (at == 0)
        return why;
    for (size_t i = 0; i < at - 1; i++) {
        if (text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return arena_printf(a, "%.*s (line %zu, column %zu: %.*s)", STR_ARG(why), line,
                        utf8_count(str_sub(text, start, at - 1 - start)) + 1,
                        STR_ARG(excerpt(a, str_from(text, at - 1))));
}
