/*
 * db/like_pattern: a pattern of LIKE as its parts, and code points as SQLite reads them. Private to
 * the files of LIKE.
 */
#ifndef REEVE_DB_LIKE_PATTERN_H
#define REEVE_DB_LIKE_PATTERN_H

#include "db/like.h"

#define LIKE_ONE 0xfffe /* `_`: no code point that is read */
#define LIKE_SUBSTITUTE 0xfffd

/* Two bytes by which a part is searched for; one twice, where there is no other. */
struct like_pair {
    size_t at[2];          /* from the part's beginning */
    unsigned char byte[2]; /* a letter in lower case */
    unsigned char fold[2]; /* the bit that turns a letter to that; 0: it is none */
};

/* What is between two `%`, before the first or after the last. */
struct like_part {
    size_t from, n;        /* of the codes */
    size_t skip;           /* code points of any kind before them; between two `%` only */
    size_t n_ascii;        /* codes before the first that is not ASCII */
    struct like_pair pair; /* of those */
    bool has_one;
    bool has_fail;
};

struct like {
    bool literal; /* `%text%`, of ASCII */
    bool never;   /* ends in an escape that escapes nothing */
    size_t n_codes;
    size_t n_parts;
    struct like_part *parts;
    uint32_t *codes; /* ASCII letters in lower case */
    size_t *fail;    /* of each part that has_fail: how far its first codes end in themselves */
};

static inline bool like_continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The rest of what begins with `first`, which is 0xc0 or more. */
uint32_t like_read_long(uint32_t first, const unsigned char **p);

/* The code point at **p, as SQLite reads it; 0 at a NUL. *p is after it then. Two bytes are most of
 * what is not ASCII: without a call. */
static inline uint32_t like_code(const unsigned char **p)
{
    const unsigned char *at = *p;
    uint32_t c = at[0];

    *p = at + 1;
    if (c < 0xc0)
        return c;
    if (c < 0xc2 || c >= 0xe0 || !like_continues(at[1]) || like_continues(at[2]))
        return like_read_long(c, p);
    *p = at + 2;
    return (c & 0x1f) << 6 | (at[1] & 0x3f);
}

static inline uint32_t like_fold(uint32_t c)
{
    return c - 'A' < 26 ? c | 0x20 : c;
}

/* Of a part without a `_`; made once. */
const size_t *like_fail_table(struct like *like, struct like_part *part);

#endif
