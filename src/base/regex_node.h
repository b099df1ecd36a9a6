/*
 * base/regex_node: what the files of base/regex share: a pattern as a tree.
 */
#ifndef REEVE_BASE_REGEX_NODE_H
#define REEVE_BASE_REGEX_NODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define REGEX_MAX_CODE 0x10ffffU
#define REGEX_TOO_LARGE STR("error parsing regexp: expression too large")

enum regex_op {
    REGEX_EMPTY,
    REGEX_LITERAL,
    REGEX_CLASS,
    REGEX_ANY,
    REGEX_ANY_BUT_NEWLINE,
    REGEX_BEGIN_TEXT,
    REGEX_END_TEXT,
    REGEX_BEGIN_LINE,
    REGEX_END_LINE,
    REGEX_WORD_EDGE,
    REGEX_NO_WORD_EDGE,
    REGEX_CONCAT,
    REGEX_ALTERNATE,
    REGEX_REPEAT,
};

struct regex_range {
    uint32_t low, high;
};

/* A Unicode category or script as RE2 calls it: "Lu", "Greek". */
struct regex_property {
    struct str name;
    bool negated;
};

struct regex_set {
    VEC(struct regex_range) ranges;
    VEC(struct regex_property) properties;
    bool negated;
};

struct regex_node {
    enum regex_op op;
    bool fold;                /* LITERAL, CLASS: ignoring case */
    uint32_t code;            /* LITERAL */
    int min, max;             /* REPEAT; max -1: no end */
    struct regex_set *set;    /* CLASS */
    struct regex_node *first; /* children of CONCAT, ALTERNATE, REPEAT */
    struct regex_node *next;  /* sibling */
};

/* The tree of a pattern in RE2 syntax, at most LIMIT_REGEX_NESTING levels deep. NULL: *ret_why is
 * the compiler's message. */
struct regex_node *regex_parse(struct arena *a, struct str pattern, struct str *ret_why);

/* base/regex_print.c: the node in RE2's syntax, whatever flags its pattern set. */
void regex_print(struct buf *out, const struct regex_node *node);

struct regex;
/* What regex_print() wrote, for regex_match(). Into `a`, which frees it. */
struct regex *regex_of_printed(struct arena *a, struct str text);

/* base/regex_property.c: false: there is no such category or script. */
bool regex_set_add_property(struct arena *a, struct regex_set *set, struct str name, bool negated,
                            bool fold);

/* base/regex_set.c */
void regex_set_add(struct arena *a, struct regex_set *set, uint32_t low, uint32_t high);
/* The n ranges, or all but these (they are in ascending order). */
void regex_set_add_all(struct arena *a, struct regex_set *set, const struct regex_range *ranges,
                       size_t n, bool negated);
/* The same for ranges of ASCII. fold: what folds to one of them is one of them, before all but
 * these are meant. */
void regex_set_add_ascii(struct arena *a, struct regex_set *set, const struct regex_range *ranges,
                         size_t n, bool negated, bool fold);
/* Ranges of `\d`, `\s`, `\w` by their letter, of "alpha" … by their name; false: unknown. */
bool regex_set_add_letter(struct arena *a, struct regex_set *set, char letter, bool fold);
bool regex_set_add_named(struct arena *a, struct regex_set *set, struct str name, bool negated,
                         bool fold);
/* Adds the other case of the ASCII letters. */
void regex_set_fold_ascii(struct arena *a, struct regex_set *set);
/* The code points of a set without properties as ascending ranges that do not touch. */
void regex_set_resolve(struct arena *a, struct regex_set *set);

#endif
