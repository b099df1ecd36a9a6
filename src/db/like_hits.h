/*
 * db/like_hits: where a part of a pattern may stand in a text, by two of its bytes. Private to the
 * files of LIKE.
 *
 * Two bytes that are rare and far from each other leave few places to compare. Many places are
 * looked at together, and both cases at once: setting the bit in which the cases of a letter differ
 * makes nothing else that letter.
 */
#ifndef REEVE_DB_LIKE_HITS_H
#define REEVE_DB_LIKE_HITS_H

#include "db/like_pattern.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LIKE_WIDE 16  /* bytes that are compared together */
#define LIKE_BLOCK 32 /* places that are looked at together */

struct like_hits {
    const struct like_pair *pair;
    const unsigned char *at; /* the nearest place not passed; the end where there is none */
    const unsigned char *end;
    const unsigned char *block; /* of LIKE_BLOCK places, or where the last ones begin */
    uint32_t left;              /* a bit for each of them that is not passed */
    unsigned char byte[2][LIKE_WIDE], fold[2][LIKE_WIDE]; /* the pair's */
};

static inline bool like_place_fits(const struct like_pair *pair, const unsigned char *place)
{
    return (place[pair->at[0]] | pair->fold[0]) == pair->byte[0] &&
           (place[pair->at[1]] | pair->fold[1]) == pair->byte[1];
}

/* Of the first n places, LIKE_BLOCK at most. */
static inline uint32_t like_some_fit(const struct like_pair *pair, const unsigned char *places,
                                     size_t n)
{
    uint32_t fit = 0;

    for (size_t i = 0; i < n; i++)
        fit |= (uint32_t)like_place_fits(pair, places + i) << i;
    return fit;
}

#ifdef __SSE2__
static inline __m128i like_load(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline uint32_t like_half_fits(const struct like_hits *hits, const unsigned char *places)
{
    const __m128i a = _mm_or_si128(like_load(places + hits->pair->at[0]), like_load(hits->fold[0]));
    const __m128i b = _mm_or_si128(like_load(places + hits->pair->at[1]), like_load(hits->fold[1]));

    return (uint32_t)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, like_load(hits->byte[0])),
                                                     _mm_cmpeq_epi8(b, like_load(hits->byte[1]))));
}

static inline uint32_t like_block_fits(const struct like_hits *hits, const unsigned char *places)
{
    return like_half_fits(hits, places) | like_half_fits(hits, places + LIKE_WIDE) << LIKE_WIDE;
}
#else
/* The compiler's vectors: of what processors have alike, nothing tells which of the bytes are the
 * same, but whether any is. */
typedef unsigned char like_wide __attribute__((vector_size(LIKE_WIDE)));

static inline like_wide like_load(const unsigned char *p)
{
    like_wide bytes;

    memcpy(&bytes, p, sizeof(bytes));
    return bytes;
}

static inline uint64_t like_any_fits(const struct like_hits *hits, const unsigned char *places)
{
    const like_wide a = like_load(places + hits->pair->at[0]) | like_load(hits->fold[0]);
    const like_wide b = like_load(places + hits->pair->at[1]) | like_load(hits->fold[1]);
    const like_wide same =
        (like_wide)((a == like_load(hits->byte[0])) & (b == like_load(hits->byte[1])));
    uint64_t words[LIKE_WIDE / sizeof(uint64_t)];

    memcpy(words, &same, sizeof(words));
    return words[0] | words[1];
}

static inline uint32_t like_block_fits(const struct like_hits *hits, const unsigned char *places)
{
    if (!(like_any_fits(hits, places) | like_any_fits(hits, places + LIKE_WIDE)))
        return 0;
    return like_some_fit(hits->pair, places, LIKE_BLOCK);
}
#endif

/* Goes on at `from`, before which all is passed; `begin`: no byte before it is the text's. */
static inline void like_hits_from(struct like_hits *hits, const unsigned char *from,
                                  const unsigned char *begin)
{
    const unsigned char *end = hits->end;
    uint32_t left = 0;

    for (; end - from >= LIKE_BLOCK; from += LIKE_BLOCK) {
        left = like_block_fits(hits, from);
        if (left)
            break;
    }
    if (!left && from < end && end - begin >= LIKE_BLOCK) { /* the last ones, and some once more */
        const ptrdiff_t passed = from - (end - LIKE_BLOCK);

        from = end - LIKE_BLOCK;
        left = like_block_fits(hits, from) >> passed << passed;
    } else if (!left && from < end) {
        left = like_some_fit(hits->pair, from, (size_t)(end - from));
    }
    hits->block = from;
    hits->left = left;
    hits->at = left ? from + __builtin_ctz(left) : end;
}

/* For places from `from` to before `to`. */
static inline void like_hits_begin(struct like_hits *hits, const struct like_part *part,
                                   const unsigned char *from, const unsigned char *to)
{
    hits->pair = &part->pair;
    hits->end = to;
    for (size_t i = 0; i < 2; i++) {
        memset(hits->byte[i], part->pair.byte[i], LIKE_WIDE);
        memset(hits->fold[i], part->pair.fold[i], LIKE_WIDE);
    }
    like_hits_from(hits, from, from);
}

static inline void like_hits_pass(struct like_hits *hits)
{
    hits->left &= hits->left - 1;
    if (hits->left)
        hits->at = hits->block + __builtin_ctz(hits->left);
    else if (hits->end - hits->block <= LIKE_BLOCK)
        hits->at = hits->end;
    else
        like_hits_from(hits, hits->block + LIKE_BLOCK, hits->block);
}

#endif
