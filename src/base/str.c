/*
 * Borrowed bytes: comparing, finding, cutting, hashing.
 */
#include "base/str.h"

#include "base/compiler.h"
#include "base/id.h"

#include <string.h>

struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    if (order)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

size_t str_find_byte(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find_last_byte(struct str s, char c)
{
    const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find(struct str s, struct str needle)
{
    const char *at;

    if (needle.n == 0)
        return 0;
    at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

bool str_has(struct str s, struct str needle)
{
    return needle.n == 0 || str_find(s, needle) < s.n;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    struct str rest = str_from(s, from);

    return (struct str){rest.p, n < rest.n ? n : rest.n};
}

struct str str_from(struct str s, size_t from)
{
    if (from > s.n)
        from = s.n;
    if (from == 0)
        return s; /* p may be NULL, to which not even 0 may be added */
    return (struct str){s.p + from, s.n - from};
}

struct str str_put(char **at, struct str s)
{
    const struct str copy = {*at, s.n};

    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

struct str str_trim(struct str s, struct str set)
{
    while (s.n && str_find_byte(set, s.p[0]) < set.n)
        s = str_from(s, 1);
    while (s.n && str_find_byte(set, s.p[s.n - 1]) < set.n)
        s.n--;
    return s;
}

struct str str_trim_space(struct str s)
{
    return str_trim(s, STR(" \t\r\n\v\f"));
}

struct str str_split(struct str *rest, char sep)
{
    size_t at = str_find_byte(*rest, sep);
    struct str part = {rest->p, at};

    *rest = at < rest->n ? str_from(*rest, at + 1) : STR_NONE;
    return part;
}

static uint64_t hash_seed[3];

AT_START static void seed_hash(void)
{
    random_bytes(hash_seed, sizeof(hash_seed));
}

static uint64_t load64(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* The last 1 to 8 bytes as one number. */
static uint64_t load_tail(const char *p, size_t n)
{
    uint32_t low, high;

    if (n >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        return (uint64_t)high << 32 | low;
    }
    return (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
           (unsigned char)p[n - 1];
}

/* Sixteen bytes a multiplication; both factors hold secret bits, so nobody can aim at a zero. */
uint64_t str_hash(struct str s)
{
    uint64_t h = hash_seed[0] ^ s.n;
    const char *p = s.p;
    size_t n = s.n;
    uint64_t x = 0, y = 0;

    for (; n > 16; n -= 16, p += 16)
        h = mul_fold(load64(p) ^ hash_seed[1], load64(p + 8) ^ h);
    if (n > 8) {
        x = load64(p);
        y = load64(p + n - 8);
    } else if (n) {
        x = load_tail(p, n);
    }
    h = mul_fold(x ^ hash_seed[1], y ^ h);
    return mul_fold(h ^ hash_seed[2], 0x9e3779b97f4a7c15ULL ^ hash_seed[1]);
}

bool str_eq_secret(struct str a, struct str b)
{
    volatile unsigned char differ = 0;

    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        differ = (unsigned char)(differ | (unsigned char)(a.p[i] ^ b.p[i]));
    return differ == 0;
}
