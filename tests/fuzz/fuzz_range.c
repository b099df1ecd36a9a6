/*
 * Ranges and dates of headers: parts lie within the file and are not more than it, and a date that
 * is read is written as itself.
 */
#include "fuzz/fuzz.h"

#include "http/range.h"
#include "http/when.h"

static void check_ranges(struct str header, uint64_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct http_range *ranges;
    uint64_t sum = 0;
    size_t n;
    enum http_range_says says = http_range_read(a, header, size, &ranges, &n);

    if ((says == RANGE_PARTS) != (n > 0))
        abort();
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].at > size || ranges[i].n > size - ranges[i].at)
            abort();
        sum += ranges[i].n;
    }
    if (sum > size)
        abort();
}

static void check_when(struct str text)
{
    char written[HTTP_WHEN_LEN + 1];
    int64_t s, again;

    if (!http_when_read(text, &s))
        return;
    http_when_write(written, s);
    if (!http_when_read(str_of(written), &again) || again != s)
        abort();
}

/* The first line is a date. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = {0, 1, 100, UINT64_C(1) << 40, INT64_MAX};
    struct str rest = fuzz_text(data, size);
    struct str when = fuzz_first_line(&rest);

    check_when(when);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_ranges(rest, sizes[i]);
    return 0;
}
