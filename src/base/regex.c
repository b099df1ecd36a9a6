/*
 * Patterns, run by RE2.
 *
 * The parsed pattern is written anew in the part of RE2's syntax that needs no flags around it:
 * what is refused, and how, is our parser's, which knows what Go's package of the same syntax
 * takes.
 */
#include "base/regex.h"

#include "base/limits.h"
#include "base/regex_node.h"
#include "base/regex_re2.h"

#include <stdatomic.h>

struct regex {
    struct str printed; /* constant */
    /* any thread */
    _Atomic(struct re2_pattern *) program; /* NULL: not made yet */
};

static void print_code(struct buf *out, uint32_t code)
{
    buf_addf(out, "\\x{%x}", code);
}

static void print_range(struct buf *out, uint32_t low, uint32_t high)
{
    print_code(out, low);
    BUF_ADD(out, "-");
    print_code(out, high);
}

static void print_property(struct buf *out, const struct regex_property *property)
{
    buf_addf(out, "\\%c{%.*s}", property->negated ? 'P' : 'p', STR_ARG(property->name));
}

static void print_class(struct buf *out, const struct regex_node *node)
{
    const struct regex_set *set = node->set;
    bool empty = set->ranges.n == 0 && set->properties.n == 0;

    buf_add(out, node->fold ? STR("(?i:") : STR("(?:"));
    buf_add(out, set->negated == empty ? STR("[") : STR("[^"));
    for (size_t i = 0; i < set->ranges.n; i++)
        print_range(out, set->ranges.items[i].low, set->ranges.items[i].high);
    for (size_t i = 0; i < set->properties.n; i++)
        print_property(out, &set->properties.items[i]);
    if (empty) /* the syntax has no empty class: it is all that is not in the whole one */
        print_range(out, 0, REGEX_MAX_CODE);
    BUF_ADD(out, "])");
}

static void print_literal(struct buf *out, const struct regex_node *node)
{
    if (node->fold)
        BUF_ADD(out, "(?i:");
    print_code(out, node->code);
    if (node->fold)
        BUF_ADD(out, ")");
}

static void print_repeat(struct buf *out, const struct regex_node *node)
{
    BUF_ADD(out, "(?:");
    regex_print(out, node->first);
    if (node->max < 0)
        buf_addf(out, "){%d,}", node->min);
    else
        buf_addf(out, "){%d,%d}", node->min, node->max);
}

static void print_children(struct buf *out, const struct regex_node *node)
{
    BUF_ADD(out, "(?:");
    for (const struct regex_node *child = node->first; child; child = child->next) {
        regex_print(out, child);
        if (child->next && node->op == REGEX_ALTERNATE)
            BUF_ADD(out, "|");
    }
    BUF_ADD(out, ")");
}

void regex_print(struct buf *out, const struct regex_node *node)
{
    static const struct str fixed[] = {
        [REGEX_EMPTY] = STR_INIT("(?:)"),
        [REGEX_ANY] = STR_INIT("(?s:.)"),
        [REGEX_ANY_BUT_NEWLINE] = STR_INIT("(?-s:.)"),
        [REGEX_BEGIN_TEXT] = STR_INIT("\\A"),
        [REGEX_END_TEXT] = STR_INIT("\\z"),
        [REGEX_BEGIN_LINE] = STR_INIT("(?m:^)"),
        [REGEX_END_LINE] = STR_INIT("(?m:$)"),
        [REGEX_WORD_EDGE] = STR_INIT("\\b"),
        [REGEX_NO_WORD_EDGE] = STR_INIT("\\B"),
    };

    switch (node->op) {
    case REGEX_LITERAL:
        print_literal(out, node);
        break;
    case REGEX_CLASS:
        print_class(out, node);
        break;
    case REGEX_CONCAT:
    case REGEX_ALTERNATE:
        print_children(out, node);
        break;
    case REGEX_REPEAT:
        print_repeat(out, node);
        break;
    case REGEX_EMPTY:
    case REGEX_ANY:
    case REGEX_ANY_BUT_NEWLINE:
    case REGEX_BEGIN_TEXT:
    case REGEX_END_TEXT:
    case REGEX_BEGIN_LINE:
    case REGEX_END_LINE:
    case REGEX_WORD_EDGE:
    case REGEX_NO_WORD_EDGE:
        buf_add(out, fixed[node->op]);
        break;
    }
}

static void free_regex(void *arg)
{
    struct regex *re = arg;

    re2_free(atomic_load(&re->program));
}

/* RE2 looks for a match at each byte, and between the bytes of a character it finds that there is
 * no word's edge: where that is asked, all before the match are characters. */
struct regex *regex_of_printed(struct arena *a, struct str text)
{
    struct regex *re = ARENA_NEW(a, struct regex);

    if (str_has(text, STR("\\B"))) /* no literal is printed so */
        re->printed = arena_concat(a, STR("\\A(?s:.*?)(?:"), text, STR(")"));
    else
        re->printed = arena_dup(a, text);
    arena_defer(a, free_regex, re);
    return re;
}

bool regex_compile(struct arena *a, struct str pattern, struct regex **ret, struct str *ret_why)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct str why = STR_NONE;
    struct regex_node *node;
    AUTO_BUF struct buf text;

    buf_init(&text, 64 * LIMIT_REGEX_BYTES);
    node = regex_parse(own, pattern, &why);
    if (node)
        regex_print(&text, node);
    if (text.full)
        why = REGEX_TOO_LARGE;
    if (why.n == 0)
        *ret = regex_of_printed(a, buf_str(&text));
    else if (ret_why)
        *ret_why = arena_dup(a, why);
    return why.n == 0;
}

/* NULL: it does not fit. Threads that come here together each make one, and the first one's
 * stays. */
static const struct re2_pattern *program(const struct regex *re)
{
    struct regex *mutable = (struct regex *)(uintptr_t)re; /* its cache is no part of its value */
    struct re2_pattern *made = atomic_load(&mutable->program);
    struct re2_pattern *before = NULL;

    if (made)
        return made;
    made = re2_new(re->printed.p, re->printed.n);
    if (!made || atomic_compare_exchange_strong(&mutable->program, &before, made))
        return made;
    re2_free(made);
    return before;
}

bool regex_fits(const struct regex *re)
{
    return program(re) != NULL;
}

static bool found(const struct regex *re, struct str text)
{
    const struct re2_pattern *made = program(re);

    return made && re2_found(made, text.p, text.n);
}

bool regex_match(const struct regex *re, struct str text)
{
    AUTO_BUF struct buf clean;

    buf_init(&clean, text.n * 3);
    if (utf8_valid(text))
        return found(re, text);
    while (text.n) {
        uint32_t code;
        size_t n = utf8_decode(text, &code);

        buf_add(&clean, n ? str_sub(text, 0, n) : STR("\xef\xbf\xbd"));
        text = str_from(text, n ? n : 1);
    }
    return found(re, buf_str(&clean));
}

bool regex_is_slow(const struct regex *re, struct str text)
{
    const struct re2_pattern *made = atomic_load(&re->program);

    return !made || text.n > LIMIT_REGEX_INLINE_BYTES ||
           text.n * re2_size(made) > LIMIT_REGEX_INLINE_STEPS;
}
