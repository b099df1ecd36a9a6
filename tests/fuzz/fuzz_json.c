/*
 * What parses is written in a form that parses again to the same thing; stored JSON is rewritten
 * to a form that rewriting leaves alone; and the two readers agree on what is valid.
 */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stored(struct str text)
{
    AUTO_BUF struct buf once;
    AUTO_BUF struct buf twice;

    buf_init(&once, 1 << 24);
    buf_init(&twice, 1 << 24);
    if (!json_write_stored(&once, text))
        return;
    if (!json_write_stored(&twice, buf_str(&once)) || !str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = {(const char *)data, size};
    const struct json *value = NULL;
    const struct json *again = NULL;
    AUTO_BUF struct buf once;
    AUTO_BUF struct buf twice;

    buf_init(&once, 1 << 24);
    buf_init(&twice, 1 << 24);
    check_stored(text);
    (void)json_valid(text, &json_limits_body); /* may stop earlier than the text does */
    if (!json_read(a, text, &json_limits_strict, &value, NULL))
        return 0;
    if (!json_valid(text, &json_limits_stored))
        abort();
    json_write(&once, value, true);
    if (!json_read(a, buf_str(&once), &json_limits_strict, &again, NULL))
        abort();
    json_write(&twice, again, true);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
    return 0;
}
