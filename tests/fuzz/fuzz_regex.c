/*
 * The first line is a pattern, the rest a text. A pattern that we take is one that RE2 takes, its
 * answer does not depend on how often it is asked, and what is generated from it comes to an end.
 */
#include "base/regex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = {(const char *)data, size};
    struct str pattern = str_split(&text, '\n');
    struct str generated = STR_NONE;
    struct str why = STR_NONE;
    struct regex *re;

    if (!regex_compile(a, pattern, &re, &why)) {
        if (!str_starts(why, STR("error parsing regexp: ")))
            abort();
        return 0;
    }
    if (regex_match(re, text) != regex_match(re, text))
        abort();
    (void)regex_generate(a, pattern, &generated); /* may be unsupported */
    return 0;
}
