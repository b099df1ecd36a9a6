/*
 * Multipart bodies. The first line of the input is the content type, the rest is the body.
 */
#include "http/body.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str type, body = {(const char *)data, n};
    struct body_parts parts = {0};
    struct arena *a = arena_new();
    size_t bytes = 0;

    type = str_split(&body, '\n');
    if (body_parse_multipart(a, type, body, &parts)) {
        for (size_t i = 0; i < parts.n; i++)
            bytes += parts.items[i].value.n;
        if (bytes > n)
            BUG("more came out than went in");
    }
    arena_free(a);
    return 0;
}
