/*
 * base/str: borrowed bytes. No NUL at the end, never freed, valid as long as their source.
 */
#ifndef REEVE_BASE_STR_H
#define REEVE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p; /* may be NULL when n is 0 */
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)               \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }                                /* in static tables: STR is no constant to gcc */
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s"; `s` is evaluated twice */
#define STR_NONE ((struct str){NULL, 0})

/* The bytes of a C string; NULL gives an empty slice. */
struct str str_of(const char *text);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_cmp(struct str a, struct str b);        /* bytewise, like memcmp; shorter first on a tie */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix); /* ASCII letters only */
bool str_ends(struct str s, struct str suffix);

/* Offset of the first/last occurrence, or s.n when there is none. */
size_t str_find_byte(struct str s, char c);
size_t str_find_last_byte(struct str s, char c);
size_t str_find(struct str s, struct str needle);
bool str_has(struct str s, struct str needle);

/* s[from, from + n), cut to what there is. */
struct str str_sub(struct str s, size_t from, size_t n);
struct str str_from(struct str s, size_t from);

/* Copies the bytes to *at, which moves behind them; there is room. The copy. */
struct str str_put(char **at, struct str s);

/* Without the bytes of `set` at both ends. */
struct str str_trim(struct str s, struct str set);
struct str str_trim_space(struct str s); /* space, tab, CR, LF, VT, FF */

/* Cuts the part before the first `sep` off *rest and returns it; the last part leaves *rest empty
 * with p NULL. Call while rest->p is not NULL. */
struct str str_split(struct str *rest, char sep);

/* Seeded hash for tables whose keys clients choose; the seed is random per process. Any thread. */
uint64_t str_hash(struct str s);

/* Equal, in time that does not depend on where they differ. For secrets. */
bool str_eq_secret(struct str a, struct str b);

/* UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(struct str s);
size_t utf8_count(struct str s); /* code points; an invalid byte counts as one */
/* Decodes one code point at s.p[0]; returns its length in bytes, or 0 when the bytes are invalid.
 * s must not be empty. */
size_t utf8_decode(struct str s, uint32_t *ret_code);
/* Writes the code point to out[0..4) and returns its length. */
size_t utf8_encode(uint32_t code, char out[4]);

#endif
