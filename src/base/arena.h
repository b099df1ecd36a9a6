/*
 * base/arena: memory that is freed all at once.
 *
 * Every request, schema snapshot and unit of work has one. Nothing in an arena is freed singly.
 * Memory that runs out ends the process, so all that a client can enlarge is limited before it is
 * allocated for (base/limits.h).
 *
 * An arena belongs to one thread at a time.
 */
#ifndef REEVE_BASE_ARENA_H
#define REEVE_BASE_ARENA_H

#include "base/compiler.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Runs the deferred calls, newest first, then frees everything. NULL is fine. */
void arena_free(struct arena *a);
/* Empty again: runs deferred calls, frees child arenas, keeps a few KiB of memory for reuse. */
void arena_reset(struct arena *a);
AUTO_DEFINE(arena_free, struct arena *)

/* An arena of its own that `a` frees at its end, unless arena_free() comes first. */
struct arena *arena_child(struct arena *a);

/* Aligned for any type. n may be 0. Never NULL. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_zalloc(struct arena *a, size_t n);
/* count * size, checked for overflow (which is a BUG: limit first), zeroed. */
void *arena_array(struct arena *a, size_t count, size_t size);
#define ARENA_NEW(a, T) ((T *)arena_zalloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, count) ((T *)arena_array((a), (count), sizeof(T)))

/* Copies; the result of arena_dup ends in a NUL that n does not count. */
struct str arena_dup(struct arena *a, struct str s);
const char *arena_cstr(struct arena *a, struct str s);
PRINTF(2, 3)
struct str arena_printf(struct arena *a, const char *format, ...);
PRINTF(2, 0)
struct str arena_vprintf(struct arena *a, const char *format, va_list args);
/* a + b + c in one new string; any may be empty. */
struct str arena_concat(struct arena *a, struct str x, struct str y, struct str z);

/* Calls fn(arg) when the arena is reset or freed: for handles that memory cannot hold. */
void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg);

/* Bytes handed out since the start or the last reset, children not counted. */
size_t arena_used(const struct arena *a);

/*
 * A growing array in an arena: VEC(T) v = {0}; *VEC_PUSH(a, &v) = x; v.items[i], v.n.
 */
#define VEC(T)      \
    struct {        \
        T *items;   \
        size_t n;   \
        size_t cap; \
    }
/* Room for one more item, zeroed; yields its address. */
#define VEC_PUSH(a, v)                                                                         \
    ((v)->items = vec_grow((a), (v)->items, (v)->n, &(v)->cap, sizeof(*(v)->items)), (v)->n++, \
     &(v)->items[(v)->n - 1])
void *vec_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size);

#endif
