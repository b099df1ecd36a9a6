/*
 * query/ast: what a filter parses to. Everything lives in the arena it was parsed in and borrows
 * from the filter's text.
 */
#ifndef REEVE_QUERY_AST_H
#define REEVE_QUERY_AST_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum query_token {
    QUERY_END,
    QUERY_IDENT,
    QUERY_CALL,
    QUERY_NUMBER,
    QUERY_TEXT,
    QUERY_SIGN,
    QUERY_JOIN,
    QUERY_GROUP,
};

/* In the order of the table in lex.c. */
enum query_op {
    OP_EQ,
    OP_NE,
    OP_GT,
    OP_GE,
    OP_LT,
    OP_LE,
    OP_LIKE,
    OP_NOT_LIKE,
};

#define QUERY_NO_LITERAL (~0U)

struct query_operand {
    enum query_token kind; /* QUERY_IDENT, QUERY_CALL, QUERY_NUMBER or QUERY_TEXT */
    struct str text;       /* a name, digits, or a text with its escapes resolved */
    struct query_operand *args;
    size_t n_args;
    unsigned literal; /* its number among a client's literals, or QUERY_NO_LITERAL */
    size_t at;        /* where it begins in the text */
};

/* One item of a group: a comparison, or a group. The outermost node is a group. */
struct query_node {
    bool is_group;
    bool is_or; /* how it joins what stands before it; false for the first */
    /* a comparison */
    enum query_op op;
    bool any; /* the ?-variant */
    struct query_operand left, right;
    /* a group; never empty */
    struct query_node *items;
    size_t n;
};

/* As it is written: "?!=". */
struct str query_op_text(enum query_op op, bool any);

#endif
