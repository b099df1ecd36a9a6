/*
 * Character classes as ranges of code points.
 */
#include "base/compiler.h"
#include "base/regex_node.h"

#include <stdlib.h>

/* What folds to an ASCII letter beside the letter's other case. */
#define LONG_S 0x17fU  /* to s */
#define KELVIN 0x212aU /* to k */

static const struct regex_range digit[] = {{'0', '9'}};
static const struct regex_range perl_space[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
static const struct regex_range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct regex_range alnum[] = {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
static const struct regex_range alpha[] = {{'A', 'Z'}, {'a', 'z'}};
static const struct regex_range ascii[] = {{0, 0x7f}};
static const struct regex_range blank[] = {{'\t', '\t'}, {' ', ' '}};
static const struct regex_range cntrl[] = {{0, 0x1f}, {0x7f, 0x7f}};
static const struct regex_range graph[] = {{'!', '~'}};
static const struct regex_range lower[] = {{'a', 'z'}};
static const struct regex_range print[] = {{' ', '~'}};
static const struct regex_range punct[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
static const struct regex_range space[] = {{'\t', '\r'}, {' ', ' '}};
static const struct regex_range upper[] = {{'A', 'Z'}};
static const struct regex_range xdigit[] = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

#define ROW(name)                             \
    {                                         \
        STR_INIT(#name), name, COUNT_OF(name) \
    }
static const struct {
    struct str name;
    const struct regex_range *ranges;
    size_t n;
} named[] = {ROW(alnum), ROW(alpha), ROW(ascii), ROW(blank), ROW(cntrl), ROW(digit), ROW(graph),
             ROW(lower), ROW(print), ROW(punct), ROW(space), ROW(upper), ROW(word),  ROW(xdigit)};

void regex_set_add(struct arena *a, struct regex_set *set, uint32_t low, uint32_t high)
{
    *VEC_PUSH(a, &set->ranges) = (struct regex_range){low, high};
}

void regex_set_add_all(struct arena *a, struct regex_set *set, const struct regex_range *ranges,
                       size_t n, bool negated)
{
    uint32_t free_from = 0;

    for (size_t i = 0; i < n; i++) {
        if (!negated)
            regex_set_add(a, set, ranges[i].low, ranges[i].high);
        else if (ranges[i].low > free_from)
            regex_set_add(a, set, free_from, ranges[i].low - 1);
        free_from = ranges[i].high + 1;
    }
    if (negated && free_from <= REGEX_MAX_CODE)
        regex_set_add(a, set, free_from, REGEX_MAX_CODE);
}

static bool has_code(const struct regex_range *ranges, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= ranges[i].low && code <= ranges[i].high)
            return true;
    return false;
}

void regex_set_add_ascii(struct arena *a, struct regex_set *set, const struct regex_range *ranges,
                         size_t n, bool negated, bool fold)
{
    VEC(struct regex_range) folded = {0};

    for (size_t i = 0; i < n; i++)
        *VEC_PUSH(a, &folded) = ranges[i];
    if (fold && has_code(ranges, n, 's'))
        *VEC_PUSH(a, &folded) = (struct regex_range){LONG_S, LONG_S};
    if (fold && has_code(ranges, n, 'k'))
        *VEC_PUSH(a, &folded) = (struct regex_range){KELVIN, KELVIN};
    regex_set_add_all(a, set, folded.items, folded.n, negated);
}

bool regex_set_add_letter(struct arena *a, struct regex_set *set, char letter, bool fold)
{
    bool negated = letter >= 'A' && letter <= 'Z';

    switch (letter | 0x20) {
    case 'd':
        regex_set_add_ascii(a, set, digit, COUNT_OF(digit), negated, fold);
        return true;
    case 's':
        regex_set_add_ascii(a, set, perl_space, COUNT_OF(perl_space), negated, fold);
        return true;
    case 'w':
        regex_set_add_ascii(a, set, word, COUNT_OF(word), negated, fold);
        return true;
    default:
        return false;
    }
}

bool regex_set_add_named(struct arena *a, struct regex_set *set, struct str name, bool negated,
                         bool fold)
{
    for (size_t i = 0; i < COUNT_OF(named); i++) {
        if (str_eq(named[i].name, name)) {
            regex_set_add_ascii(a, set, named[i].ranges, named[i].n, negated, fold);
            return true;
        }
    }
    return false;
}

/* The part of [low, high] inside [from, from + 25], moved to `to`. */
static void add_moved(struct arena *a, struct regex_set *set, struct regex_range r, uint32_t from,
                      uint32_t to)
{
    uint32_t low = r.low > from ? r.low : from;
    uint32_t high = r.high < from + 25 ? r.high : from + 25;

    if (low <= high)
        regex_set_add(a, set, low - from + to, high - from + to);
}

void regex_set_fold_ascii(struct arena *a, struct regex_set *set)
{
    size_t n = set->ranges.n;

    for (size_t i = 0; i < n; i++) {
        struct regex_range r = set->ranges.items[i]; /* a copy: adding moves the list */

        add_moved(a, set, r, 'a', 'A');
        add_moved(a, set, r, 'A', 'a');
    }
}

static int compare_ranges(const void *x, const void *y)
{
    const struct regex_range *a = x;
    const struct regex_range *b = y;

    return (a->low > b->low) - (a->low < b->low);
}

void regex_set_resolve(struct arena *a, struct regex_set *set)
{
    struct regex_set merged = {0};
    size_t n = 0;

    if (set->ranges.n)
        qsort(set->ranges.items, set->ranges.n, sizeof(set->ranges.items[0]), compare_ranges);
    for (size_t i = 0; i < set->ranges.n; i++) {
        struct regex_range next = set->ranges.items[i];
        struct regex_range *last = n ? &set->ranges.items[n - 1] : NULL;

        if (!last || next.low > last->high + 1)
            set->ranges.items[n++] = next;
        else if (next.high > last->high)
            last->high = next.high;
    }
    set->ranges.n = n;
    regex_set_add_all(a, &merged, set->ranges.items, n, set->negated);
    *set = merged;
}
