/*
 * query/excerpt: the fields picker's excerpt(): HTML reduced to the beginning of its text.
 */
#ifndef REEVE_QUERY_EXCERPT_H
#define REEVE_QUERY_EXCERPT_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* max: code points, above 0. */
struct str query_excerpt(struct arena *a, struct str html, size_t max, bool with_ellipsis);

/* The code point that the character reference at the beginning of s stands for ("&amp;"); returns
 * its length, or 0 when there is none. s begins with '&'. */
size_t html_entity(struct str s, uint32_t *ret_code);

#endif
