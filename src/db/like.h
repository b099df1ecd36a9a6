/*
 * db/like: SQLite's LIKE, in time linear in the text.
 *
 * The result is sqlite3_strlike()'s for every pattern and text, also for those that are no valid
 * UTF-8: both end at their first NUL and are code points as SQLite's lenient reader makes them; `%`
 * stands for any number of them, `_` for one; ASCII letters match in any case. Only a part between
 * two `%` that holds a `_` may cost as many steps a byte as it is long.
 */
#ifndef REEVE_DB_LIKE_H
#define REEVE_DB_LIKE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pattern, understood once for many texts; one thread at a time. */
struct like;

/* What a match may use up. A step is a byte looked at, or compared in vain. */
struct like_work {
    size_t left; /* steps until `more` is asked */
    bool (*more)(
        struct like_work *work); /* true: it has set `left` anew. NULL: there are no more */
    void *user;                  /* for `more` */
    bool stopped;                /* like_match()'s own */
};

enum like_result { LIKE_NO, LIKE_YES, LIKE_STOPPED };

/* escape: the code point that makes the next one stand for itself, 0 for none. It may be `%` or
 * `_`. A NUL follows the pattern and each text. */
struct like *like_new(struct str pattern, uint32_t escape);
void like_free(void *like);
enum like_result like_match(struct like *like, struct str text, struct like_work *work);

#endif
