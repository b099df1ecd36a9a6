#include "http/range.h"

#include "base/limits.h"
#include "base/num.h"

struct ranges {
    struct http_range *items; /* LIMIT_RANGES of them at most */
    size_t n;
    uint64_t sum;
    bool over;    /* more bytes than there are, or too many parts */
    bool outside; /* there was one that begins behind the end */
};

/* Digits, and a plus before them, which Go takes. */
static bool read_number(struct str text, uint64_t *ret)
{
    size_t sign = str_starts(text, STR("+"));

    for (size_t i = sign; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return num_parse_u64(str_from(text, sign), ret) && *ret <= INT64_MAX;
}

/* The last so many bytes. */
static bool read_suffix(struct str text, uint64_t size, struct http_range *ret)
{
    uint64_t n;

    if (!read_number(text, &n))
        return false;
    ret->n = n < size ? n : size;
    ret->at = size - ret->n;
    return true;
}

/* "from-", "from-last", "-suffix". *ret_outside: it begins behind the end. */
static bool read_one(struct str spec, uint64_t size, struct http_range *ret, bool *ret_outside)
{
    size_t dash = str_find_byte(spec, '-');
    struct str from = str_trim_space(str_sub(spec, 0, dash));
    struct str to;
    uint64_t last;

    *ret_outside = false;
    if (dash == spec.n)
        return false;
    to = str_trim_space(str_from(spec, dash + 1));
    if (from.n == 0)
        return to.n > 0 && read_suffix(to, size, ret);
    if (!read_number(from, &ret->at))
        return false;
    *ret_outside = ret->at >= size;
    if (*ret_outside)
        return true; /* whatever it ends with */
    ret->n = size - ret->at;
    if (to.n == 0)
        return true;
    if (!read_number(to, &last) || last < ret->at)
        return false;
    if (last - ret->at + 1 < ret->n)
        ret->n = last - ret->at + 1;
    return true;
}

/* What the header says as a whole: one that makes no sense spoils all. */
static bool read_all(struct str rest, uint64_t size, struct ranges *ret)
{
    while (rest.p) {
        struct str spec = str_trim_space(str_split(&rest, ','));
        struct http_range range = {0};
        bool outside;

        if (spec.n == 0)
            continue;
        if (!read_one(spec, size, &range, &outside))
            return false;
        ret->outside |= outside;
        if (outside)
            continue;
        ret->over |= ret->n == LIMIT_RANGES || range.n > size - ret->sum;
        if (ret->over)
            continue; /* not taken, but read */
        ret->items[ret->n++] = range;
        ret->sum += range.n;
    }
    return true;
}

enum http_range_says http_range_read(struct arena *a, struct str header, uint64_t size,
                                     struct http_range **ret, size_t *ret_n)
{
    struct ranges ranges = {.items = ARENA_ARRAY(a, struct http_range, LIMIT_RANGES)};

    *ret = ranges.items;
    *ret_n = 0;
    if (header.n == 0)
        return RANGE_WHOLE;
    if (!str_starts(header, STR("bytes=")) || !read_all(str_from(header, 6), size, &ranges))
        return RANGE_NO_SENSE;
    if (ranges.over)
        return RANGE_WHOLE;
    *ret_n = ranges.n;
    if (ranges.n > 0)
        return RANGE_PARTS;
    return ranges.outside && size > 0 ? RANGE_OUTSIDE : RANGE_WHOLE;
}
