/*
 * http/range: which parts of an answer a client asks for (RFC 9110 14), as Go's file server, which
 * PocketBase's is, reads it. Any thread.
 */
#ifndef REEVE_HTTP_RANGE_H
#define REEVE_HTTP_RANGE_H

#include "base/arena.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct http_range {
    uint64_t at, n;
};

enum http_range_says {
    RANGE_WHOLE,    /* all of it: none is asked for, or more than there is, or too many */
    RANGE_PARTS,    /* *ret */
    RANGE_OUTSIDE,  /* 416: none of them is inside */
    RANGE_NO_SENSE, /* 416: it cannot be read */
};
/* header: the Range header; p NULL: there is none. size: of the whole, in bytes. *ret lives in `a`,
 * at most LIMIT_RANGES of them, each with n > 0 but where the whole is empty. */
enum http_range_says http_range_read(struct arena *a, struct str header, uint64_t size,
                                     struct http_range **ret, size_t *ret_n);

#endif
