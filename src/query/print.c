/*
 * Trees back to text, and their equality. What is printed parses to an equal tree.
 */
#include "query/query.h"

#include "base/buf.h"
#include "base/limits.h"
#include "query/ast.h"

static void print_text(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '"' || c == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, c);
    }
    buf_add_byte(out, '"');
}

static void print_operand(struct buf *out, const struct query_operand *operand)
{
    if (operand->kind == QUERY_TEXT) {
        print_text(out, operand->text);
        return;
    }
    buf_add(out, operand->text);
    if (operand->kind != QUERY_CALL)
        return;
    buf_add_byte(out, '(');
    for (size_t i = 0; i < operand->n_args; i++) {
        if (i > 0)
            BUF_ADD(out, ", ");
        print_operand(out, &operand->args[i]); /* LIMIT_FUNCTION_NESTING deep at most */
    }
    buf_add_byte(out, ')');
}

/* LIMIT_QUERY_NESTING deep at most. */
static void print_items(struct buf *out, const struct query_node *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const struct query_node *item = &group->items[i];

        if (i > 0)
            buf_add(out, item->is_or ? STR(" || ") : STR(" && "));
        if (item->is_group) {
            buf_add_byte(out, '(');
            print_items(out, item);
            buf_add_byte(out, ')');
            continue;
        }
        print_operand(out, &item->left);
        buf_add_byte(out, ' ');
        buf_add(out, query_op_text(item->op, item->any));
        buf_add_byte(out, ' ');
        print_operand(out, &item->right);
    }
}

struct str query_print(struct arena *a, const struct query_node *node)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 16 * MIB); /* a few bytes for each of the text */
    print_items(&out, node);
    return arena_dup(a, buf_str(&out));
}

static bool operand_eq(const struct query_operand *x, const struct query_operand *y)
{
    if (x->kind != y->kind || !str_eq(x->text, y->text) || x->n_args != y->n_args)
        return false;
    for (size_t i = 0; i < x->n_args; i++)
        if (!operand_eq(&x->args[i], &y->args[i]))
            return false;
    return true;
}

bool query_eq(const struct query_node *x, const struct query_node *y)
{
    if (x->is_group != y->is_group || x->is_or != y->is_or)
        return false;
    if (!x->is_group)
        return x->op == y->op && x->any == y->any && operand_eq(&x->left, &y->left) &&
               operand_eq(&x->right, &y->right);
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!query_eq(&x->items[i], &y->items[i]))
            return false;
    return true;
}
