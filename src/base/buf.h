/*
 * base/buf: a growing buffer with a promised ceiling. Going past `max` empties it and sets `full`;
 * appends after that do nothing. So a writer appends freely and asks once, at the end.
 *
 * The memory is the heap's and is charged to the budget (base/memory.h): buf_done() gives it back.
 * One that asks is refused growth beyond BUF_GRANTED bytes where that would pass the budget: it is
 * full then, too, and `starved`. One thread at a time.
 */
#ifndef REEVE_BASE_BUF_H
#define REEVE_BASE_BUF_H

#include "base/compiler.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *p; /* never NULL; p[n] is always '\0' */
    size_t n;
    size_t cap; /* bytes at p, 0 before the first append; n < cap afterwards */
    size_t max;
    bool full;
    bool asks;    /* the owner sets it: whoever writes looks at `full` in the end */
    bool starved; /* full for want of memory, not of room below max */
};

#define BUF_GRANTED ((size_t)64 * 1024)

/* No allocation yet. max: most bytes it may hold. */
void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
/* Empty, not full, memory kept up to a modest size. */
void buf_reset(struct buf *b);
/* Drops what comes after the first n bytes. n <= b->n. */
void buf_cut(struct buf *b, size_t n);

/* Room for n more bytes at b->p + b->n, for a writer that fills it in and then calls buf_grew().
 * NULL when that passes the ceiling or the budget (the buffer is full then). */
char *buf_reserve(struct buf *b, size_t n);
/* n bytes of the room that buf_reserve() gave are filled. */
static inline void buf_grew(struct buf *b, size_t n)
{
    b->n += n;
    b->p[b->n] = '\0';
}

static inline void buf_add_bytes(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    if (!LIKELY(n < b->cap - b->n) && !buf_reserve(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    buf_grew(b, n);
}

static inline void buf_add(struct buf *b, struct str s)
{
    buf_add_bytes(b, s.p, s.n);
}

static inline void buf_add_byte(struct buf *b, char c)
{
    buf_add_bytes(b, &c, 1);
}

void buf_add_u64(struct buf *b, uint64_t value);
void buf_add_i64(struct buf *b, int64_t value);
PRINTF(2, 3)
void buf_addf(struct buf *b, const char *format, ...);
/* Appends a C literal: its length is known at compile time. */
#define BUF_ADD(b, literal) buf_add_bytes((b), "" literal, sizeof(literal) - 1)

struct str buf_str(const struct buf *b);

static inline void auto_buf_done(struct buf *b)
{
    buf_done(b);
}
#define AUTO_BUF __attribute__((cleanup(auto_buf_done)))

#endif
