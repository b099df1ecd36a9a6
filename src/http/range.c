#include "http/range.h"

#include "base/limits.h"
#include "base/num.h"

/* Digits only. */
static bool read_number(struct str text, uint64_t *ret)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return num_parse_u64(text, ret) && *ret <= INT64_MAX;
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

enum http_range_says http_range_read(struct arena *a, struct str header, uint64_t size,
                                     struct http_range **ret, size_t *ret_n)
{
    struct http_range *ranges = ARENA_ARRAY(a, struct http_range, LIMIT_RANGES);
    struct str rest;
    uint64_t sum = 0;
    size_t n = 0;
    bool outside = false;

    *ret = ranges;
    *ret_n = 0;
    if (header.n == 0)
        return RANGE_WHOLE;
    if (!str_starts(header, STR("bytes=")))
        return RANGE_NO_SENSE;
    rest = str_from(header, STR("bytes=").n);
    while (rest.p) {
        struct str spec = str_trim_space(str_split(&rest, ','));
        struct http_range range = {0};
        bool is_outside;

        if (spec.n == 0)
            continue;
        if (!read_one(spec, size, &range, &is_outside))
            return RANGE_NO_SENSE;
        outside |= is_outside;
        if (is_outside)
            continue;
        if (n == LIMIT_RANGES)
            return RANGE_WHOLE;
        ranges[n++] = range;
        sum += range.n;
        if (sum > size)
            return RANGE_WHOLE;
    }
    if (n == 0 && outside)
        return size ? RANGE_OUTSIDE : RANGE_WHOLE;
    *ret_n = n;
    return n ? RANGE_PARTS : RANGE_WHOLE;
}
