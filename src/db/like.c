/*
 * A pattern is its parts, between the `%`s. The first part stands at the text's beginning, the last
 * at its end, and each of the others is taken where it stands first: no later place leaves more
 * room for the rest, so nothing is ever taken back.
 *
 * A part is searched for by a byte of it, the least common ASCII one before which it is ASCII only:
 * memchr() is faster than all else. An ASCII byte is never part of a longer sequence in the way
 * SQLite reads them, so a place found that way is a code point's. Where the places compared in vain
 * cost more than the text is long, the search goes on by Knuth, Morris and Pratt's table. A part
 * with a `_` has none.
 *
 * A search by bytes may pass a NUL, which no part holds: that it did is found out at the end.
 */
#include "db/like.h"

#include "base/limits.h"
#include "db/internal.h"

#include <string.h>

#define CODE_ONE 0xfffe /* `_`: no code point that is read */
#define CODE_SUBSTITUTE 0xfffd
#define VAIN_FREE 256   /* bytes compared in vain before the search goes on by the table … */
#define VAIN_PER_BYTE 4 /* … and for each byte of text passed */

struct like_part {
    size_t from, n; /* of the codes */
    size_t skip;    /* code points of any kind before them; between two `%` only */
    size_t n_ascii; /* codes before the first that is not ASCII */
    size_t anchor;  /* one of those */
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

/* --- code points ----------------------------------------------------------------------------- */

static bool continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

static uint32_t read_long(uint32_t first, const unsigned char **p)
{
    uint32_t c = first & (first < 0xe0   ? 0x1f
                          : first < 0xf0 ? 0x0f
                          : first < 0xf8 ? 0x07
                          : first < 0xfc ? 0x03
                          : first < 0xfe ? 0x01
                                         : 0);

    while (continues(**p))
        c = (c << 6) + (*(*p)++ & 0x3f);
    if (c < 0x80 || (c & 0xfffff800) == 0xd800 || (c & 0xfffffffe) == 0xfffe)
        return CODE_SUBSTITUTE;
    return c;
}

/* Two bytes are most of what is not ASCII: without a call. */
static inline uint32_t read_code(const unsigned char **p)
{
    const unsigned char *at = *p;
    uint32_t c = at[0];

    *p = at + 1;
    if (c < 0xc0)
        return c;
    if (c < 0xc2 || c >= 0xe0 || !continues(at[1]) || continues(at[2]))
        return read_long(c, p);
    *p = at + 2;
    return (c & 0x1f) << 6 | (at[1] & 0x3f);
}

uint32_t like_read(const unsigned char **p)
{
    return read_code(p);
}

static inline uint32_t fold(uint32_t c)
{
    return c - 'A' < 26 ? c | 0x20 : c;
}

static inline unsigned char to_upper(unsigned char c)
{
    return (unsigned char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
}

/* --- patterns -------------------------------------------------------------------------------- */

/* How common bytes are in what people write, roughly; what is not listed is rare. */
static const unsigned char commonness[128] = {
    ['z'] = 1,  ['q'] = 2,  ['x'] = 3,  ['j'] = 4,  ['k'] = 5,  ['v'] = 6,  ['b'] = 7,
    ['p'] = 8,  ['y'] = 9,  ['g'] = 10, ['f'] = 11, ['w'] = 12, ['m'] = 13, ['u'] = 14,
    ['c'] = 15, ['l'] = 16, ['d'] = 17, ['r'] = 18, ['h'] = 19, ['s'] = 20, ['n'] = 21,
    ['i'] = 22, ['o'] = 23, ['a'] = 24, ['t'] = 25, ['e'] = 26, [' '] = 27,
};

static void part_finish(const struct like *like, struct like_part *part, bool between)
{
    const uint32_t *codes = like->codes + part->from;

    while (between && part->skip < part->n && codes[part->skip] == CODE_ONE)
        part->skip++;
    part->from += part->skip;
    part->n -= part->skip;
    codes += part->skip;
    while (part->n_ascii < part->n && codes[part->n_ascii] < 0x80)
        part->n_ascii++;
    for (size_t i = 1; i < part->n_ascii; i++)
        if (commonness[codes[i]] < commonness[codes[part->anchor]])
            part->anchor = i;
    for (size_t i = part->n_ascii; i < part->n; i++)
        part->has_one |= codes[i] == CODE_ONE;
}

static void parse(struct like *like, const unsigned char *p, uint32_t escape)
{
    struct like_part *part = like->parts;
    uint32_t c;

    while ((c = read_code(&p)) != 0) {
        if (c == '%' && c != escape) {
            if (part == like->parts || part->n > 0)
                (++part)->from = like->n_codes;
            continue;
        }
        if (c == escape) {
            c = read_code(&p);
            like->never = c == 0;
            if (like->never)
                break;
        } else if (c == '_') {
            c = CODE_ONE;
        }
        like->codes[like->n_codes++] = fold(c);
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
    parse(like, (const unsigned char *)pattern.p, escape);
    return like;
}

void like_free(void *arg)
{
    struct like *like = arg;

    db_free(like->fail);
    db_free(like);
}

/* --- search ---------------------------------------------------------------------------------- */

struct search {
    struct like *like;
    struct like_part *part;
    const unsigned char *end; /* a NUL */
    struct like_work *work;
    size_t vain; /* bytes compared in vain and not paid for */
    const unsigned char
        *found; /* after the part; NULL: it stands nowhere, or the work was stopped */
};

static bool spend(struct like_work *work, size_t steps)
{
    if (steps < work->left) {
        work->left -= steps;
        return true;
    }
    work->left = 0;
    work->stopped = work->stopped || !work->more || !work->more(work);
    return !work->stopped;
}

/* *p: after what was looked at. */
static bool compare(const uint32_t *codes, size_t n, const unsigned char **p)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t c = fold(read_code(p));

        if (c != codes[i] && (codes[i] != CODE_ONE || c == 0))
            return false;
    }
    return true;
}

static const size_t *fail_table(struct like *like, struct like_part *part)
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

static const unsigned char *find_by_table(struct search *s, const unsigned char *p)
{
    const uint32_t *codes = s->like->codes + s->part->from;
    const size_t *fail = fail_table(s->like, s->part);
    const unsigned char *looked = p;
    size_t k = 0;
    uint32_t c;

    while ((c = fold(read_code(&p))) != 0) {
        while (k > 0 && codes[k] != c)
            k = fail[k - 1];
        if (codes[k] == c && ++k == s->part->n)
            return p;
        if ((size_t)(p - looked) >= LIMIT_LIKE_LOOK_BYTES) {
            if (!spend(s->work, (size_t)(p - looked)))
                return NULL;
            looked = p;
        }
    }
    (void)spend(s->work, (size_t)(p - looked)); /* the text has ended */
    return NULL;
}

/* `place` was compared in vain, as far as n bytes; the text before `from` is paid for. Whether the
 * search has ended. */
static inline bool try_other(struct search *s, const unsigned char *from,
                             const unsigned char *place, size_t n)
{
    size_t vain = s->vain += n;

    if (vain <= VAIN_FREE + VAIN_PER_BYTE * (size_t)(place - from))
        return false;
    s->vain = 0;
    if (!spend(s->work, vain))
        return true;
    if (s->part->has_one)
        return false;
    s->found = find_by_table(s, place);
    return true;
}

static size_t count_same(const uint32_t *ascii, size_t n, const unsigned char *p)
{
    size_t i = 0;

    while (i < n && fold(p[i]) == ascii[i])
        i++;
    return i;
}

static inline bool try_place(struct search *s, const unsigned char *from,
                             const unsigned char *place)
{
    const struct like_part *part = s->part;
    const uint32_t *codes = s->like->codes + part->from;
    const size_t n_ascii = part->n_ascii;
    size_t n = count_same(codes, n_ascii, place);
    const unsigned char *p = place + n;

    if (n < n_ascii)
        return try_other(s, from, place, n + 1);
    if (n < part->n && !compare(codes + n, part->n - n, &p))
        return try_other(s, from, place, (size_t)(p - place));
    s->found = p;
    return true;
}

static inline const unsigned char *find_byte(const unsigned char *from, const unsigned char *to,
                                             unsigned char c)
{
    const unsigned char *at = memchr(from, c, (size_t)(to - from));

    return at ? at : to;
}

/* Tries the places from `from` to before `to`. Each case of the anchor is searched for on its own;
 * the nearer hit is looked at. */
static bool try_window(struct search *s, const unsigned char *from, const unsigned char *to)
{
    const size_t anchor = s->part->anchor;
    const unsigned char lower = (unsigned char)s->like->codes[s->part->from + anchor];
    const unsigned char upper = to_upper(lower);
    const unsigned char *low = find_byte(from + anchor, to + anchor, lower);
    const unsigned char *up = to + anchor;
    const unsigned char *at;

    to += anchor;
    if (upper != lower)
        up = find_byte(from + anchor, to, upper);
    while ((at = low < up ? low : up) < to && !try_place(s, from, at - anchor)) {
        if (at == low)
            low = find_byte(at + 1, to, lower);
        else
            up = find_byte(at + 1, to, upper);
    }
    return !spend(s->work, s->vain + (size_t)(at - anchor - from)) || at < to;
}

static const unsigned char *window_end(const unsigned char *from, const unsigned char *end)
{
    return (size_t)(end - from) > LIMIT_LIKE_LOOK_BYTES ? from + LIMIT_LIKE_LOOK_BYTES : end;
}

/* For a part that begins with an ASCII character. */
static void find_by_bytes(struct search *s, const unsigned char *from)
{
    const unsigned char *last, *to;

    if ((size_t)(s->end - from) < s->part->n)
        return;
    last = s->end - s->part->n + 1; /* places are before this: a code point is a byte at least */
    for (; from < last; from = to) {
        s->vain = 0;
        to = window_end(from, last);
        if (try_window(s, from, to))
            return;
    }
}

static const unsigned char *skip_ascii(const unsigned char *p, const unsigned char *to)
{
    uint64_t word;

    for (; to - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (p < to && *p < 0x80)
        p++;
    return p;
}

static void find_by_codes(struct search *s, const unsigned char *p)
{
    const uint32_t first = s->like->codes[s->part->from];
    const unsigned char *from, *to;

    while (p < s->end) {
        from = p;
        to = window_end(from, s->end);
        s->vain = 0;
        while ((p = skip_ascii(p, to)) < to) {
            const unsigned char *place = p;

            if (read_code(&p) == first && try_place(s, from, place))
                return;
        }
        if (!spend(s->work, s->vain + (size_t)(p - from)))
            return;
    }
}

/* Where the part stands first: what is after it there. */
static const unsigned char *find(struct search *s, const unsigned char *p)
{
    for (size_t i = 0; i < s->part->skip; i++)
        if (read_code(&p) == 0)
            return NULL;
    if (s->part->n == 0)
        return p;
    s->found = NULL;
    s->vain = 0;
    if (s->part->n_ascii > 0)
        find_by_bytes(s, p);
    else
        find_by_codes(s, p);
    return s->found;
}

/* --- match ----------------------------------------------------------------------------------- */

static size_t count_codes(const unsigned char *p, struct like_work *work)
{
    const unsigned char *looked = p;
    size_t n = 0;

    for (; *p; n++) {
        (void)read_code(&p);
        if ((size_t)(p - looked) >= LIMIT_LIKE_LOOK_BYTES) {
            if (!spend(work, (size_t)(p - looked)))
                return 0;
            looked = p;
        }
    }
    (void)spend(work, (size_t)(p - looked)); /* like_match() asks */
    return n;
}

/* Whether the text from p on ends in the part. */
static bool match_end(struct search *s, const unsigned char *p)
{
    const uint32_t *codes = s->like->codes + s->part->from;
    size_t n = s->part->n;
    size_t n_text;

    if (s->part->n_ascii == n) {
        n_text = strlen((const char *)p);
        p += n_text - (n < n_text ? n : n_text);
        return n_text >= n && compare(codes, n, &p);
    }
    n_text = count_codes(p, s->work);
    if (n_text < n)
        return false;
    for (; n_text > n; n_text--)
        (void)read_code(&p);
    return compare(codes, n, &p);
}

static bool match(struct search *s, const unsigned char *text)
{
    const unsigned char *p = text;
    struct like_part *last = s->like->parts + s->like->n_parts - 1;

    if (!compare(s->like->codes, s->part->n, &p))
        return false;
    if (s->part == last)
        return *p == '\0';
    while (++s->part < last) {
        p = find(s, p);
        if (!p)
            return false;
    }
    if (memchr(text, '\0', (size_t)(p - text)))
        return false;
    return last->n == 0 || match_end(s, p);
}

/* The usual, without what the others need: `%literal%` of ASCII in a text of one window. Stopped
 * where that costs too much. */
static enum like_result match_literal(const struct like *like, struct str text)
{
    const struct like_part *part = &like->parts[1];
    const uint32_t *codes = like->codes;
    const unsigned char lower = (unsigned char)codes[part->anchor];
    const unsigned char upper = to_upper(lower);
    const unsigned char *p = (const unsigned char *)text.p;
    const unsigned char *at = p + part->anchor, *end = at + (text.n - part->n) + 1;
    const unsigned char *low, *up;
    size_t vain = 0;

    low = find_byte(at, end, lower);
    up = upper == lower ? end : find_byte(at, end, upper);
    while ((at = low < up ? low : up) < end) {
        size_t n = count_same(codes, part->n, at - part->anchor);

        if (n == part->n)
            return memchr(p, '\0', (size_t)(at - p)) ? LIKE_NO : LIKE_YES;
        vain += n + 1;
        if (vain > VAIN_FREE + VAIN_PER_BYTE * text.n)
            return LIKE_STOPPED;
        if (at == low)
            low = find_byte(at + 1, end, lower);
        else
            up = find_byte(at + 1, end, upper);
    }
    return LIKE_NO;
}

static enum like_result match_any(struct like *like, struct str text, struct like_work *work)
{
    const unsigned char *p = (const unsigned char *)text.p;
    struct search s = {.like = like, .part = like->parts, .end = p + text.n, .work = work};

    return match(&s, p) ? LIKE_YES : LIKE_NO;
}

enum like_result like_match(struct like *like, struct str text, struct like_work *work)
{
    enum like_result result = LIKE_STOPPED;

    work->stopped = false;
    if (like->never)
        return LIKE_NO;
    if (like->literal && text.n >= like->n_codes && text.n <= LIMIT_LIKE_LOOK_BYTES)
        result = match_literal(like, text);
    if (result == LIKE_STOPPED)
        result = match_any(like, text, work);
    else
        (void)spend(work, text.n); /* asked for at once */
    return work->stopped ? LIKE_STOPPED : result;
}
