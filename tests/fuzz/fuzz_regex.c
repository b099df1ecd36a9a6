/*
 * Patterns of fields: first line the pattern, then the text. No pattern takes long over a short
 * text (the runner's time-out sees to that), and what is generated from one compiles with it.
 */
#include "fuzz/fuzz.h"

#include "base/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);
    struct str pattern = fuzz_first_line(&text);
    struct regex *regex;
    struct str made;

    (void)regex_generate(a, pattern, &made);
    if (!regex_compile(a, pattern, &regex, NULL))
        return 0;
    if (regex_match(regex, text) != regex_match(regex, text))
        abort();
    return 0;
}
