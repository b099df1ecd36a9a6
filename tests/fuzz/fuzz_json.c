/*
 * JSON: what is read writes, and what was written reads back to the same text; json_valid agrees
 * with json_read; stored text that can be rewritten is rewritten to itself.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/json.h"

static void check_stored(struct arena *a, struct str text)
{
    struct buf once, twice;

    buf_init(&once, 1 << 20);
    buf_init(&twice, 1 << 20);
    if (json_write_stored(&once, text) && !once.full) {
        if (!json_write_stored(&twice, buf_str(&once)) || !str_eq(buf_str(&once), buf_str(&twice)))
            abort();
    }
    buf_done(&once);
    buf_done(&twice);
    (void)a;
}

static void check_round(struct arena *a, const struct json *value, bool normal)
{
    const struct json *again;
    struct buf once, twice;

    buf_init(&once, 1 << 20);
    buf_init(&twice, 1 << 20);
    json_write(&once, value, normal);
    if (!once.full) {
        if (!json_read(a, buf_str(&once), &json_limits_stored, &again, NULL))
            abort();
        json_write(&twice, again, normal);
        if (!str_eq(buf_str(&once), buf_str(&twice)))
            abort();
    }
    buf_done(&once);
    buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);
    const struct json *value;
    bool read = json_read(a, text, &json_limits_strict, &value, NULL);

    if (read != json_valid(text, &json_limits_strict))
        abort();
    if (read) {
        check_round(a, value, true);
        check_round(a, value, false);
    }
    check_stored(a, text);
    return 0;
}
