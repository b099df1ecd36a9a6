/*
 * query/lex: the tokens of a filter (query-language.md 2).
 */
#ifndef REEVE_QUERY_LEX_H
#define REEVE_QUERY_LEX_H

#include "query/ast.h"

struct lex_bracket {
    size_t open, close; /* offsets into the whole text */
};

struct lex {
    struct arena *a;
    struct str text;                  /* the whole filter */
    size_t at, end;                   /* what is read now: a group's inside, or everything */
    size_t from;                      /* where what is read now begins; what `why` is about */
    struct str why;                   /* set when a function returns false */
    VEC(struct lex_bracket) brackets; /* those that a scan has matched, by ascending `open` */
    size_t scanned;                   /* bytes that such scans have read */
};

struct lex_token {
    enum query_token kind;
    struct str text; /* of a group: its inside */
    size_t at;       /* where it begins */
    size_t from, to; /* of a group: where the inside lies */
    enum query_op op;
    bool any;
    bool is_or;
    struct query_operand *args;
    size_t n_args;
};

/* White space and comments are skipped. False: why. */
bool lex_next(struct lex *lex, struct lex_token *ret);

/* In double quotes, what is not printable escaped as Go's %q does. */
struct str query_quote(struct arena *a, struct str text);
/* The first code point of s in single quotes, the same way. */
struct str lex_quote_char(struct arena *a, struct str s);

#endif
