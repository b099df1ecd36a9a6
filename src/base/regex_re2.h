/*
 * base/regex_re2: RE2 behind a C face. It matches in time that grows with the text alone, whatever
 * the pattern is: by an automaton that is made as the text needs it, else by following all
 * alternatives at once.
 */
#ifndef REEVE_BASE_REGEX_RE2_H
#define REEVE_BASE_REGEX_RE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct re2_pattern;

/* n bytes in RE2's syntax, UTF-8. NULL: RE2 does not understand it, or its program would be larger
 * than 64 MB of memory allow. */
struct re2_pattern *re2_new(const char *pattern, size_t n);
void re2_free(struct re2_pattern *re); /* NULL is fine */
/* Instructions: a match takes at most about so many steps a byte. */
size_t re2_size(const struct re2_pattern *re);
/* Any thread. Whether the pattern is found anywhere in text, which is valid UTF-8. */
bool re2_found(const struct re2_pattern *re, const char *text, size_t n);
/* The first match that begins at *at or later; false: there is none. */
bool re2_next(const struct re2_pattern *re, const char *text, size_t n, size_t *at,
              size_t *ret_end);

#ifdef __cplusplus
}
#endif

#endif
