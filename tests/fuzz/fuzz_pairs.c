/*
 * Form pairs and percent-decoding: decoding never grows a text, and pairs are never more than the
 * separators allow.
 */
#include "fuzz/fuzz.h"

#include "http/req.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);
    struct req_pairs pairs = {0};
    struct str plain;
    size_t parts = 1;

    for (size_t i = 0; i < text.n; i++)
        parts += text.p[i] == '&';
    (void)req_parse_pairs(a, text, &pairs); /* false: some pair was broken and is left out */
    if (pairs.n > parts)
        abort();
    for (size_t i = 0; i < pairs.n; i++)
        if (pairs.items[i].name.n + pairs.items[i].value.n > text.n)
            abort();
    if (req_decode(a, text, true, &plain) && plain.n > text.n)
        abort();
    return 0;
}
