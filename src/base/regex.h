/*
 * base/regex: patterns of fields. Users write RE2 syntax (records.md 2.4: unanchored, `\w`, `\d`
 * ASCII, `$` the end of the text only); PCRE2 runs them under a bound on steps.
 */
#ifndef REEVE_BASE_REGEX_H
#define REEVE_BASE_REGEX_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct regex;

/* Compiled into `a`, which frees it. False: *ret_why (may be NULL) is the compiler's message. */
bool regex_compile(struct arena *a, struct str pattern, struct regex **ret, struct str *ret_why);
/* Any thread. A pattern that passes its bound on steps does not match. */
bool regex_match(const struct regex *re, struct str text);

/* A random text that the pattern describes (collections.md 4.1: generation from a regex). False:
 * the pattern uses what generation does not support. */
bool regex_generate(struct arena *a, struct str pattern, struct str *ret_text);

#endif
