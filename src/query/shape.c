/*
 * A filter's shape: its text with a class in place of each literal. Filters of one shape differ in
 * values only, so they share one compiled statement.
 */
#include "query/internal.h"

#include "base/limits.h"

/* Bytes that no token holds. */
#define MARK_OPEN '\x01'
#define MARK_CLOSE '\x02'
#define MARK_TEXT '\x03'
#define MARK_EMPTY '\x04'
#define MARK_NUMBER '\x05'
#define MARK_END '\x06'
#define MARK_OR '\x07'

static void add_operand(struct arena *a, struct buf *out, struct query_operand *operand,
                        struct query_literals *literals)
{
    switch (operand->kind) {
    case QUERY_TEXT:
        buf_add_byte(out, operand->text.n > 0 ? MARK_TEXT : MARK_EMPTY);
        operand->literal = (unsigned)literals->values.n;
        *VEC_PUSH(a, &literals->values) = DB_V_TEXT(operand->text);
        return;
    case QUERY_NUMBER:
        buf_add_byte(out, MARK_NUMBER);
        operand->literal = (unsigned)literals->values.n;
        *VEC_PUSH(a, &literals->values) = DB_V_REAL(query_number(operand->text));
        return;
    default: /* a name; the parser lets nothing else be an operand */
        buf_add(out, operand->text);
        buf_add_byte(out, MARK_END);
        if (operand->kind != QUERY_CALL)
            return;
    }
    buf_add_byte(out, MARK_OPEN);
    for (size_t i = 0; i < operand->n_args; i++)
        add_operand(a, out, &operand->args[i], literals);
    buf_add_byte(out, MARK_CLOSE);
}

/* LIMIT_QUERY_NESTING deep at most. */
static void add_node(struct arena *a, struct buf *out, struct query_node *node,
                     struct query_literals *literals)
{
    if (node->is_or)
        buf_add_byte(out, MARK_OR);
    if (!node->is_group) {
        add_operand(a, out, &node->left, literals);
        buf_add(out, query_op_text(node->op, node->any));
        add_operand(a, out, &node->right, literals);
        return;
    }
    buf_add_byte(out, MARK_OPEN);
    for (size_t i = 0; i < node->n; i++)
        add_node(a, out, &node->items[i], literals);
    buf_add_byte(out, MARK_CLOSE);
}

struct str query_filter_shape(struct arena *a, struct query_node *root, struct query_literals *ret)
{
    AUTO_BUF struct buf out;

    buf_init(&out, (size_t)8 * LIMIT_FILTER_BYTES);
    add_node(a, &out, root, ret);
    return arena_dup(a, buf_str(&out));
}
