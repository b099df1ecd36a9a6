/*
 * A random text that a pattern describes (collections.md 4.1). Repeats may nest, so both the length
 * of the text and the work done for it are bounded.
 */
#include "base/id.h"
#include "base/limits.h"
#include "base/regex.h"
#include "base/regex_node.h"

#define MOST_BYTES ((size_t)64 * 1024)
#define MOST_STEPS 200000
#define MOST_TRIES 100000 /* to hit a class by chance */
#define MOST_REPEATS 5    /* of what has no end */

struct generator {
    struct arena *a;
    struct buf *out;
    size_t steps;
};

static bool generate(struct generator *g, const struct regex_node *node);

static bool add_code(struct generator *g, uint32_t code)
{
    char utf8[4];

    if (code >= 0xd800 && code <= 0xdfff)
        code = 0xfffd;
    buf_add_bytes(g->out, utf8, utf8_encode(code, utf8));
    return true;
}

static bool add_letter_or_digit(struct generator *g)
{
    return add_code(g, (unsigned char)ALPHABET_SECRET.p[random_below((uint32_t)ALPHABET_SECRET.n)]);
}

/* Where Unicode's tables decide, code points are drawn until one matches. */
static bool draw_by_chance(struct generator *g, const struct regex_node *node)
{
    struct regex_node alone = *node;
    AUTO_BUF struct buf text;
    struct regex *re;

    buf_init(&text, 64 * LIMIT_REGEX_BYTES);
    alone.next = NULL;
    BUF_ADD(&text, "\\A");
    regex_print(&text, &alone);
    if (text.full)
        return false;
    re = regex_of_printed(g->a, buf_str(&text));
    for (int i = 0; i < MOST_TRIES; i++) {
        uint32_t code = random_below(REGEX_MAX_CODE + 1);
        char utf8[4];

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        if (regex_match(re, (struct str){utf8, utf8_encode(code, utf8)}))
            return add_code(g, code);
    }
    return false;
}

static bool draw_from_ranges(struct generator *g, const struct regex_set *set)
{
    uint32_t total = 0;
    uint32_t at;

    for (size_t i = 0; i < set->ranges.n; i++)
        total += set->ranges.items[i].high - set->ranges.items[i].low + 1;
    if (total == 0)
        return false;
    at = random_below(total);
    for (size_t i = 0; i < set->ranges.n; i++) {
        uint32_t size = set->ranges.items[i].high - set->ranges.items[i].low + 1;

        if (at < size)
            return add_code(g, set->ranges.items[i].low + at);
        at -= size;
    }
    return false;
}

/* Whether the set is what `.` means, with or without the newline. */
static bool is_any(const struct regex_set *set)
{
    const struct regex_range *r = set->ranges.items;

    if (set->ranges.n == 1)
        return r[0].low == 0 && r[0].high == REGEX_MAX_CODE;
    return set->ranges.n == 2 && r[0].low == 0 && r[0].high == '\n' - 1 && r[1].low == '\n' + 1 &&
           r[1].high == REGEX_MAX_CODE;
}

static bool draw(struct generator *g, const struct regex_node *node)
{
    if (node->set->properties.n)
        return draw_by_chance(g, node);
    if (node->fold)
        regex_set_fold_ascii(g->a, node->set);
    regex_set_resolve(g->a, node->set);
    return is_any(node->set) ? add_letter_or_digit(g) : draw_from_ranges(g, node->set);
}

/* From min to max of them, the larger bound left out unless it is the only number. */
static bool repeat(struct generator *g, const struct regex_node *node)
{
    int most =
        node->max < 0 ? (node->min > MOST_REPEATS ? node->min : MOST_REPEATS) + 1 : node->max;
    int n = node->min;

    if (most > n)
        n += (int)random_below((uint32_t)(most - n));
    for (int i = 0; i < n; i++) {
        if (!generate(g, node->first))
            return false;
    }
    return true;
}

static bool one_of(struct generator *g, const struct regex_node *node)
{
    const struct regex_node *child = node->first;
    uint32_t n = 0;

    for (; child; child = child->next)
        n++;
    n = random_below(n);
    for (child = node->first; n > 0; child = child->next)
        n--;
    return generate(g, child);
}

static bool all_of(struct generator *g, const struct regex_node *node)
{
    for (const struct regex_node *child = node->first; child; child = child->next) {
        if (!generate(g, child))
            return false;
    }
    return true;
}

static bool generate(struct generator *g, const struct regex_node *node)
{
    if (g->out->full || ++g->steps > MOST_STEPS)
        return false;
    switch (node->op) {
    case REGEX_LITERAL:
        return add_code(g, node->fold && node->code >= 'a' && node->code <= 'z'
                               ? node->code - 'a' + 'A'
                               : node->code);
    case REGEX_CLASS:
        return draw(g, node);
    case REGEX_ANY:
    case REGEX_ANY_BUT_NEWLINE:
        return add_letter_or_digit(g);
    case REGEX_CONCAT:
        return all_of(g, node);
    case REGEX_ALTERNATE:
        return one_of(g, node);
    case REGEX_REPEAT:
        return repeat(g, node);
    case REGEX_EMPTY:
    case REGEX_BEGIN_TEXT:
    case REGEX_END_TEXT:
    case REGEX_BEGIN_LINE:
    case REGEX_END_LINE:
    case REGEX_WORD_EDGE:
    case REGEX_NO_WORD_EDGE:
        return false;
    }
    return false;
}

bool regex_generate(struct arena *a, struct str pattern, struct str *ret_text)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct str why = STR_NONE;
    struct regex_node *node = regex_parse(own, pattern, &why);
    struct generator g = {.a = own};
    AUTO_BUF struct buf out;

    buf_init(&out, MOST_BYTES);
    g.out = &out;
    if (!node || !generate(&g, node) || out.full)
        return false;
    *ret_text = arena_dup(a, buf_str(&out));
    return true;
}
