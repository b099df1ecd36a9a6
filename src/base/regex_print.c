/*
 * A pattern in RE2's syntax: the part of it that needs no flags around.
 */
#include "base/regex_node.h"

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
