/*
 * Invariants
 *  1. cap is 0 or n < cap, and p[n] is '\0'.
 *  2. cap is at most max + 1: the ceiling does not count the NUL.
 *  3. A full buffer has no memory, so the inline appends fall through to buf_reserve(), which
 *     alone looks at `full`.
 */
#include "base/buf.h"

#include "base/memory.h"
#include "base/reap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP ((size_t)256)
#define KEPT_CAP BUF_GRANTED

/* What p points at while there is no memory. Never written. */
static char nothing[1];

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.p = nothing, .max = max};
}

static void drop_memory(struct buf *b)
{
    if (b->cap)
        reap(b->p, b->cap);
    b->p = nothing;
    b->n = 0;
    b->cap = 0;
}

void buf_done(struct buf *b)
{
    drop_memory(b);
    b->full = b->starved = false;
}

void buf_reset(struct buf *b)
{
    b->full = b->starved = false;
    if (b->cap > KEPT_CAP)
        drop_memory(b);
    if (b->cap)
        buf_cut(b, 0);
}

void buf_cut(struct buf *b, size_t n)
{
    if (n > b->n)
        BUG("buf_cut beyond the end");
    b->n = n;
    if (b->cap)
        b->p[n] = '\0';
}

static char *refuse(struct buf *b)
{
    drop_memory(b);
    b->full = true;
    return NULL;
}

static bool charge(const struct buf *b, size_t n, size_t cap)
{
    if (b->asks && cap > BUF_GRANTED)
        return memory_take(n);
    memory_charge(n);
    return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
    char *p;

    if (n < b->cap - b->n)
        return b->p + b->n;
    if (b->full || n > b->max - b->n || b->max > SIZE_MAX / 4) {
        if (b->max > SIZE_MAX / 4)
            BUG("a buffer without a ceiling");
        return refuse(b);
    }
    while (cap <= b->n + n)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    if (!charge(b, cap - b->cap, cap)) {
        b->starved = true;
        return refuse(b);
    }
    p = realloc(b->cap ? b->p : NULL, cap);
    if (!p)
        BUG("out of memory");
    b->p = p;
    b->cap = cap;
    b->p[b->n] = '\0';
    return b->p + b->n;
}

void buf_add_u64(struct buf *b, uint64_t value)
{
    char text[20];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_add_bytes(b, text + at, sizeof(text) - at);
}

void buf_add_i64(struct buf *b, int64_t value)
{
    if (value < 0)
        buf_add_byte(b, '-');
    buf_add_u64(b, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    char small[256];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (n < 0)
        BUG("a format that cannot be printed");
    if ((size_t)n < sizeof(small)) {
        buf_add_bytes(b, small, (size_t)n);
        return;
    }
    if (!buf_reserve(b, (size_t)n))
        return;
    va_start(args, format);
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, format, args); /* it worked a line ago */
    va_end(args);
    b->n += (size_t)n;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}
