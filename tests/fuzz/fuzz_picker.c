/*
 * The fields picker: first line the parameter, then an answer. What is picked from JSON is JSON.
 * Expand paths are parsed on the way.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/json.h"
#include "query/picker.h"
#include "query/query.h"

static unsigned depth(const struct query_expand *node)
{
    unsigned deepest = 0;

    for (; node; node = node->next) {
        unsigned below = 1 + depth(node->children);

        if (below > deepest)
            deepest = below;
    }
    return deepest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str body = fuzz_text(data, size);
    struct str fields = fuzz_first_line(&body);
    struct query_picker *picker;
    struct buf out;

    if (depth(query_expand_parse(a, fields)) > 6)
        abort();
    if (query_picker_parse(a, fields, &picker) || !picker || !json_valid(body, &json_limits_strict))
        return 0;
    buf_init(&out, 1 << 20);
    if (!query_pick(a, picker, body, &out) && !out.full &&
        !json_valid(buf_str(&out), &json_limits_stored))
        abort();
    buf_done(&out);
    return 0;
}
