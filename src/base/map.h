/*
 * base/map: bytes to pointer, in an arena. Insert only; a later value of a key replaces the former.
 * Keys are borrowed. Reading is safe from many threads once nobody writes.
 */
#ifndef REEVE_BASE_MAP_H
#define REEVE_BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t n;
};

/* value must not be NULL. */
void map_put(struct arena *a, struct map *m, struct str key, void *value);
/* NULL when the key is not there. A zeroed map is an empty one. */
void *map_find(const struct map *m, struct str key);

#endif
