/*
 * Patterns of LIKE, understood.
 */
#include "db/like_pattern.h"

#include "db/engine.h"

#define FAR 8 /* bytes from which on two have little to do with each other */

uint32_t like_read_long(uint32_t first, const unsigned char **p)
{
    uint32_t c = first & (first < 0xe0   ? 0x1f
                          : first < 0xf0 ? 0x0f
                          : first < 0xf8 ? 0x07
                          : first < 0xfc ? 0x03
                          : first < 0xfe ? 0x01
                                         : 0);

    while (like_continues(**p))
        c = (c << 6) + (*(*p)++ & 0x3f);
    if (c < 0x80 || (c & 0xfffff800) == 0xd800 || (c & 0xfffffffe) == 0xfffe)
        return LIKE_SUBSTITUTE;
    return c;
}

/* How common bytes are in what people write, roughly; what is not listed is rare. */
static const unsigned char commonness[128] = {
    ['z'] = 1,  ['q'] = 2,  ['x'] = 3,  ['j'] = 4,  ['k'] = 5,  ['v'] = 6,  ['b'] = 7,
    ['p'] = 8,  ['y'] = 9,  ['g'] = 10, ['f'] = 11, ['w'] = 12, ['m'] = 13, ['u'] = 14,
    ['c'] = 15, ['l'] = 16, ['d'] = 17, ['r'] = 18, ['h'] = 19, ['s'] = 20, ['n'] = 21,
    ['i'] = 22, ['o'] = 23, ['a'] = 24, ['t'] = 25, ['e'] = 26, [' '] = 27,
};

/* What a byte tells at some way from one that is there: in the same word, less. */
static int worth(const uint32_t *codes, size_t i, size_t from)
{
    const size_t way = i > from ? i - from : from - i;

    return (int)(way < FAR ? way : FAR) - commonness[codes[i]];
}

/* The rarest byte, and the one that tells the most beside it. */
static void pair_choose(struct like_pair *pair, const uint32_t *codes, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (commonness[codes[i]] < commonness[codes[pair->at[0]]])
            pair->at[0] = i;
    pair->at[1] = pair->at[0] > 0 || n < 2 ? 0 : 1;
    for (size_t i = 0; i < n; i++)
        if (i != pair->at[0] &&
            worth(codes, i, pair->at[0]) > worth(codes, pair->at[1], pair->at[0]))
            pair->at[1] = i;
    for (size_t i = 0; i < 2; i++) {
        pair->byte[i] = (unsigned char)codes[pair->at[i]];
        pair->fold[i] = pair->byte[i] >= 'a' && pair->byte[i] <= 'z' ? 0x20 : 0;
    }
}

static void part_finish(const struct like *like, struct like_part *part, bool between)
{
    const uint32_t *codes = like->codes + part->from;

    while (between && part->skip < part->n && codes[part->skip] == LIKE_ONE)
        part->skip++;
    part->from += part->skip;
    part->n -= part->skip;
    codes += part->skip;
    while (part->n_ascii < part->n && codes[part->n_ascii] < 0x80)
        part->n_ascii++;
    if (part->n_ascii > 0)
        pair_choose(&part->pair, codes, part->n_ascii);
    for (size_t i = part->n_ascii; i < part->n; i++)
        part->has_one |= codes[i] == LIKE_ONE;
}

static void pattern_parse(struct like *like, const unsigned char *p, uint32_t escape)
{
    struct like_part *part = like->parts;
    uint32_t c;

    while ((c = like_code(&p)) != 0) {
        if (c == '%' && c != escape) {
            if (part == like->parts || part->n > 0)
                (++part)->from = like->n_codes;
            continue;
        }
        if (c == escape) {
            c = like_code(&p);
            like->never = c == 0;
            if (like->never)
                break;
        } else if (c == '_') {
            c = LIKE_ONE;
        }
        like->codes[like->n_codes++] = like_fold(c);
        part->n++;
    }
    like->n_parts = (size_t)(part - like->parts) + 1;
    for (size_t i = 0; i < like->n_parts; i++)
        part_finish(like, &like->parts[i], i > 0 && i + 1 < like->n_parts);
    like->literal =
        like->n_parts == 3 && like->n_codes > 0 && like->parts[1].n_ascii == like->n_codes;
}

struct like *like_new(struct str pattern, uint32_t escape)
{
    size_t max_parts = 1;
    struct like *like;

    for (size_t i = 0; i < pattern.n; i++)
        max_parts += pattern.p[i] == '%';
    like = db_alloc(sizeof(*like) + max_parts * sizeof(*like->parts) +
                    pattern.n * sizeof(*like->codes));
    like->parts = (struct like_part *)(like + 1);
    like->codes = (uint32_t *)(like->parts + max_parts);
    pattern_parse(like, (const unsigned char *)pattern.p, escape);
    return like;
}

void like_free(void *arg)
{
    struct like *like = arg;

    db_free(like->fail);
    db_free(like);
}

const size_t *like_fail_table(struct like *like, struct like_part *part)
{
    const uint32_t *codes = like->codes + part->from;
    size_t *fail;
    size_t k = 0;

    if (!like->fail)
        like->fail = db_alloc(like->n_codes * sizeof(*like->fail));
    fail = like->fail + part->from;
    for (size_t i = 1; i < part->n && !part->has_fail; i++) {
        while (k > 0 && codes[k] != codes[i])
            k = fail[k - 1];
        k += codes[k] == codes[i];
        fail[i] = k;
    }
    part->has_fail = true;
    return fail;
}
