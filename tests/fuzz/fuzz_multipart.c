/* Multipart bodies: first line the content type, then the body; parts lie inside the body. */
#include "fuzz/fuzz.h"

#include "http/body.h"

static void check_inside(struct str part, struct str body)
{
    if (part.n > 0 && (part.p < body.p || part.p + part.n > body.p + body.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str body = fuzz_text(data, size);
    struct str type = fuzz_first_line(&body);
    struct body_parts parts;

    if (!body_parse_multipart(a, type, body, &parts))
        return 0;
    for (size_t i = 0; i < parts.n; i++)
        check_inside(parts.items[i].value, body);
    return 0;
}
