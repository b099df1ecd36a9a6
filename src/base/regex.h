/*
 * base/regex: patterns of fields. Users write RE2 syntax (records.md 2.4: unanchored, `\w`, `\d`
 * ASCII, `$` the end of the text only); RE2 runs them in time that grows with the text alone.
 */
#ifndef REEVE_BASE_REGEX_H
#define REEVE_BASE_REGEX_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct regex;

/* In `a`, which frees it. False: *ret_why (may be NULL) is the compiler's message. What it is run
 * by is made when it is first needed: most of a schema's patterns are never asked between two
 * starts. */
bool regex_compile(struct arena *a, struct str pattern, struct regex **ret, struct str *ret_why);
/* Makes that at once, to know that it can be made: it is bounded in size. Any thread. */
bool regex_fits(const struct regex *re);
/* Any thread. A byte that is not UTF-8 counts as U+FFFD; a pattern that does not fit matches
 * nothing. */
bool regex_match(const struct regex *re, struct str text);
/* Whether a match may take longer than a loop or the writer should be away: then it belongs on a
 * pool thread. So do first ones. */
bool regex_is_slow(const struct regex *re, struct str text);

/* A random text that the pattern describes (collections.md 4.1: generation from a regex). False:
 * the pattern uses what generation does not support. */
bool regex_generate(struct arena *a, struct str pattern, struct str *ret_text);

#endif
