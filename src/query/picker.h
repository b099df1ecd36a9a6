/*
 * query/picker: the fields picker (query-language.md 9), which says what of an answer is written.
 *
 * Who writes members asks it about each key and never writes what is not picked; an answer that is
 * there already is picked from as text. Both give the same bytes: objects with their keys sorted,
 * the last of duplicates only, and numbers through float64. Any thread.
 */
#ifndef REEVE_QUERY_PICKER_H
#define REEVE_QUERY_PICKER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Which members of an object are picked. Immutable; lives in an arena. */
struct query_picker;

/* p NULL or nothing but empty items: *ret NULL, no picking. Bad: E_BAD_REQUEST. The picker borrows
 * `text`. */
MUST_CHECK struct err *query_picker_parse(struct arena *a, struct str text,
                                          struct query_picker **ret);

/* Applies it to the answer in `body` (JSON text) and writes the picked text to `out`: to each
 * element of `items` of a search result, of a list of objects, or to the object. E_BAD_REQUEST:
 * the answer is no JSON; E_UNAVAILABLE: memory is short. */
MUST_CHECK struct err *query_pick(struct arena *a, const struct query_picker *picker,
                                  struct str body, struct buf *out);

/* --- for who writes members ------------------------------------------------------------------ */

/* What is picked of a member's value. */
struct query_pick {
    const struct query_picker *below; /* of an object, and of the objects of a list */
    size_t max;                       /* characters of a text: excerpt(); 0: all of it */
    bool with_ellipsis;
};

/* False: the member with that key is not picked. *ret lives in `a` and as long as the picker. */
bool query_pick_key(struct arena *a, const struct query_picker *picker, struct str key,
                    struct query_pick *ret);

/* A value that is a text: the text itself, or its excerpt in `a`. */
struct str query_pick_text(struct arena *a, const struct query_pick *pick, struct str text);

/* A value given as JSON text. E_BAD_REQUEST: it is none; E_UNAVAILABLE: memory is short. */
MUST_CHECK struct err *query_pick_value(struct arena *a, const struct query_pick *pick,
                                        struct str value, struct buf *out);

#endif
