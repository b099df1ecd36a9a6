/*
 * A pattern is its parts, between the `%`s. The first part stands at the text's beginning, the last
 * at its end, and each of the others is taken where it stands first: no later place leaves more
 * room for the rest, so nothing is ever taken back.
 *
 * A part is searched for by two bytes of it, of the ASCII ones that it begins with (like_hits.h).
 * An ASCII byte is never part of a longer sequence in the way SQLite reads them, so a place found
 * that way is a code point's. Where the places compared in vain cost more than the text is long,
 * the search goes on by Knuth, Morris and Pratt's table. A part with a `_` has none.
 *
 * A search by bytes may pass a NUL, which no part holds: that it did is found out at the end.
 */
#include "db/like_hits.h"

#include "base/limits.h"

#include <string.h>

#define VAIN_FREE 256   /* bytes compared in vain before the search goes on by the table … */
#define VAIN_PER_BYTE 4 /* … and for each byte of text passed */

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
static bool compare_codes(const uint32_t *codes, size_t n, const unsigned char **p)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t c = like_fold(like_code(p));

        if (c != codes[i] && (codes[i] != LIKE_ONE || c == 0))
            return false;
    }
    return true;
}

static const unsigned char *find_by_table(struct search *s, const unsigned char *p)
{
    const uint32_t *codes = s->like->codes + s->part->from;
    const size_t *fail = like_fail_table(s->like, s->part);
    const unsigned char *looked = p;
    size_t k = 0;
    uint32_t c;

    while ((c = like_fold(like_code(&p))) != 0) {
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

    while (i < n && like_fold(p[i]) == ascii[i])
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
    if (n < part->n && !compare_codes(codes + n, part->n - n, &p))
        return try_other(s, from, place, (size_t)(p - place));
    s->found = p;
    return true;
}

static const unsigned char *window_end(const unsigned char *from, const unsigned char *end)
{
    return (size_t)(end - from) > LIMIT_LIKE_LOOK_BYTES ? from + LIMIT_LIKE_LOOK_BYTES : end;
}

/* For a part that begins with an ASCII character. */
static void find_by_bytes(struct search *s, const unsigned char *from)
{
    const unsigned char *last, *to;
    struct like_hits hits;

    if ((size_t)(s->end - from) < s->part->n)
        return;
    last = s->end - s->part->n + 1; /* places are before this: a code point is a byte at least */
    for (; from < last; from = to) {
        s->vain = 0;
        to = window_end(from, last);
        like_hits_begin(&hits, s->part, from, to);
        while (hits.at < hits.end && !try_place(s, from, hits.at))
            like_hits_pass(&hits);
        if (!spend(s->work, s->vain + (size_t)(hits.at - from)) || hits.at < hits.end)
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

            if (like_code(&p) == first && try_place(s, from, place))
                return;
        }
        if (!spend(s->work, s->vain + (size_t)(p - from)))
            return;
    }
}

/* Where the part stands first: what is after it there. */
static const unsigned char *find_part(struct search *s, const unsigned char *p)
{
    for (size_t i = 0; i < s->part->skip; i++)
        if (like_code(&p) == 0)
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
        (void)like_code(&p);
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
        return n_text >= n && compare_codes(codes, n, &p);
    }
    n_text = count_codes(p, s->work);
    if (n_text < n)
        return false;
    for (; n_text > n; n_text--)
        (void)like_code(&p);
    return compare_codes(codes, n, &p);
}

static bool match_parts(struct search *s, const unsigned char *text)
{
    const unsigned char *p = text;
    struct like_part *last = s->like->parts + s->like->n_parts - 1;

    if (!compare_codes(s->like->codes, s->part->n, &p))
        return false;
    if (s->part == last)
        return *p == '\0';
    while (++s->part < last) {
        p = find_part(s, p);
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
    const unsigned char *p = (const unsigned char *)text.p;
    struct like_hits hits;
    size_t vain = 0;

    like_hits_begin(&hits, part, p, p + (text.n - part->n) + 1);
    for (; hits.at < hits.end; like_hits_pass(&hits)) {
        size_t n = count_same(like->codes, part->n, hits.at);

        if (n == part->n)
            return memchr(p, '\0', (size_t)(hits.at - p)) ? LIKE_NO : LIKE_YES;
        vain += n + 1;
        if (vain > VAIN_FREE + VAIN_PER_BYTE * text.n)
            return LIKE_STOPPED;
    }
    return LIKE_NO;
}

enum like_result like_match(struct like *like, struct str text, struct like_work *work)
{
    const unsigned char *p = (const unsigned char *)text.p;
    struct search s = {.like = like, .part = like->parts, .end = p + text.n, .work = work};
    enum like_result result = LIKE_STOPPED;

    work->stopped = false;
    if (like->never)
        return LIKE_NO;
    if (like->literal && text.n >= like->n_codes && text.n <= LIMIT_LIKE_LOOK_BYTES)
        result = match_literal(like, text);
    if (result == LIKE_STOPPED)
        result = match_parts(&s, p) ? LIKE_YES : LIKE_NO;
    else
        (void)spend(work, text.n); /* asked for at once */
    return work->stopped ? LIKE_STOPPED : result;
}
