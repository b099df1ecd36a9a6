/*
 * Invariants
 *  1. The arena itself lies at the start of its first chunk, which stays for its whole life.
 *  2. [at, end) is the free part of the current chunk; nothing else of any chunk is handed out
 *     again before a reset.
 *  3. Deferred calls and child arenas form one list, newest first: what was made later ends first,
 *     so it may still use what was made before.
 *
 * Under AddressSanitizer memory that is not handed out is poisoned, with a gap after each piece.
 */
#include "base/arena.h"

#include "base/memory.h"
#include "base/reap.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define GAP 16
#define TEXT_ALIGN 8 /* the sanitizer knows only starts of 8-byte groups */
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#define GAP 0
#define TEXT_ALIGN 1
#endif

#define ALIGN _Alignof(max_align_t)
#define FIRST_CHUNK ((size_t)4096 - 32) /* with malloc's own header within a page */
#define LARGEST_CHUNK ((size_t)256 * 1024)
#define KEPT_CHUNK ((size_t)32 * 1024) /* the largest that a reset keeps beside the first */

struct chunk {
    _Alignas(max_align_t) struct chunk *next;
    size_t size; /* all of it, this header included */
};

struct deferred {
    struct deferred *older;
    struct deferred *newer;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    struct chunk first;
    char *at;
    char *end;
    struct chunk *current; /* the one that [at, end) is in */
    struct chunk *chunks;  /* all but the first, newest first */
    struct chunk *spare;   /* of those, the one that the last reset kept, until it is used */
    struct deferred *newest;
    struct arena *parent;   /* NULL: none */
    struct deferred *entry; /* ours in the parent's list */
    size_t used;
};

static void *chunk_memory(size_t size)
{
    void *p = malloc(size);

    if (!p)
        BUG("out of memory");
    memory_charge(size);
    return p;
}

static char *first_free(struct arena *a)
{
    return (char *)a + (sizeof(*a) + ALIGN - 1) / ALIGN * ALIGN;
}

static void use_chunk(struct arena *a, struct chunk *chunk)
{
    a->current = chunk;
    a->at = chunk == &a->first ? first_free(a) : (char *)(chunk + 1);
    a->end = (char *)chunk + chunk->size;
    POISON(a->at, (size_t)(a->end - a->at));
}

static void free_chunk(struct chunk *chunk)
{
    UNPOISON(chunk, chunk->size);
    reap(chunk, chunk->size);
}

struct arena *arena_new(void)
{
    struct arena *a = chunk_memory(FIRST_CHUNK);

    *a = (struct arena){.first = {.size = FIRST_CHUNK}};
    use_chunk(a, &a->first);
    return a;
}

static void run_deferred(struct arena *a)
{
    while (a->newest) {
        struct deferred call = *a->newest;

        a->newest = call.older;
        if (call.older)
            call.older->newer = NULL;
        call.fn(call.arg);
    }
}

/* Frees all chunks but the first and `kept`. */
static void free_chunks(struct arena *a, const struct chunk *kept)
{
    struct chunk *chunk = a->chunks;

    while (chunk) {
        struct chunk *next = chunk->next;

        if (chunk != kept)
            free_chunk(chunk);
        chunk = next;
    }
}

static void destroy(void *arena)
{
    struct arena *a = arena;

    run_deferred(a);
    free_chunks(a, NULL);
    free_chunk(&a->first);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    if (a->parent) {
        struct deferred *entry = a->entry;

        if (entry->newer)
            entry->newer->older = entry->older;
        else
            a->parent->newest = entry->older;
        if (entry->older)
            entry->older->newer = entry->newer;
    }
    destroy(a);
}

void arena_reset(struct arena *a)
{
    struct chunk *kept = NULL;

    run_deferred(a);
    for (struct chunk *chunk = a->chunks; chunk; chunk = chunk->next) {
        if (chunk->size <= KEPT_CHUNK && (!kept || chunk->size > kept->size))
            kept = chunk;
    }
    free_chunks(a, kept);
    if (kept)
        kept->next = NULL;
    a->chunks = kept;
    a->spare = kept;
    a->used = 0;
    use_chunk(a, &a->first);
}

static struct deferred *add_deferred(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct deferred *entry = arena_alloc(a, sizeof(*entry));

    *entry = (struct deferred){.older = a->newest, .fn = fn, .arg = arg};
    if (a->newest)
        a->newest->newer = entry;
    a->newest = entry;
    return entry;
}

void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
    (void)add_deferred(a, fn, arg); /* only children need to find theirs again */
}

struct arena *arena_child(struct arena *a)
{
    struct arena *child = arena_new();

    child->parent = a;
    child->entry = add_deferred(a, destroy, child);
    return child;
}

static struct chunk *add_chunk(struct arena *a, size_t size)
{
    struct chunk *chunk = chunk_memory(size);

    *chunk = (struct chunk){.next = a->chunks, .size = size};
    a->chunks = chunk;
    return chunk;
}

/* A piece that does not fit: a chunk of its own where it is large, else a new current one. */
static char *take_slow(struct arena *a, size_t n)
{
    size_t size = a->current->size * 2 < LARGEST_CHUNK ? a->current->size * 2 : LARGEST_CHUNK;
    char *p;

    if (n > SIZE_MAX / 2)
        BUG("an allocation larger than memory");
    if (a->spare && n + GAP <= a->spare->size / 2) {
        use_chunk(a, a->spare);
        a->spare = NULL;
    } else if (n > size / 4) {
        struct chunk *own = add_chunk(a, sizeof(struct chunk) + n);

        return (char *)(own + 1);
    } else {
        use_chunk(a, add_chunk(a, size));
    }
    p = a->at;
    a->at += n + GAP;
    UNPOISON(p, n);
    return p;
}

static inline char *take(struct arena *a, size_t n, size_t align)
{
    size_t skip = (size_t) - (uintptr_t)a->at & (align - 1);
    size_t room = (size_t)(a->end - a->at);
    char *p;

    a->used += n;
    if (!LIKELY(n < room && n + skip + GAP <= room))
        return take_slow(a, n);
    p = a->at + skip;
    a->at = p + n + GAP;
    UNPOISON(p, n);
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return take(a, n, ALIGN);
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(take(a, n, ALIGN), 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n))
        BUG("an array larger than memory");
    return arena_zalloc(a, n);
}

struct str arena_dup(struct arena *a, struct str s)
{
    return arena_concat(a, s, STR_NONE, STR_NONE);
}

const char *arena_cstr(struct arena *a, struct str s)
{
    return arena_dup(a, s).p;
}

static char *put(char *at, struct str s)
{
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

struct str arena_concat(struct arena *a, struct str x, struct str y, struct str z)
{
    size_t n = x.n + y.n + z.n;
    char *p = take(a, n + 1, TEXT_ALIGN);

    *put(put(put(p, x), y), z) = '\0';
    return (struct str){p, n};
}

struct str arena_vprintf(struct arena *a, const char *format, va_list args)
{
    char small[256];
    va_list again;
    char *p;
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof(small), format, args);
    if (n < 0)
        BUG("a format that cannot be printed");
    p = take(a, (size_t)n + 1, TEXT_ALIGN);
    if ((size_t)n < sizeof(small))
        memcpy(p, small, (size_t)n + 1);
    else
        (void)vsnprintf(p, (size_t)n + 1, format, again); /* it worked a line ago */
    va_end(again);
    return (struct str){p, (size_t)n};
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    struct str s;
    va_list args;

    va_start(args, format);
    s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

void *vec_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
    char *grown = items;

    if (n == *cap) {
        size_t more = n ? n * 2 : 4;

        if (more > SIZE_MAX / size)
            BUG("an array larger than memory");
        grown = arena_alloc(a, more * size);
        if (n)
            memcpy(grown, items, n * size);
        *cap = more;
    }
    memset(grown + n * size, 0, size);
    return grown;
}
