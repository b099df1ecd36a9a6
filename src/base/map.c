/*
 * Open addressing with linear probing; a slot without a value is free. At most three quarters of
 * the slots are taken, so a probe always ends.
 */
#include "base/map.h"

struct map_slot {
    struct str key;
    uint64_t hash;
    void *value;
};

#define FIRST_CAP 8

/* The slot of `key`, or the free one where it belongs. */
static struct map_slot *slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t i = (size_t)hash & (m->cap - 1);

    while (m->slots[i].value && (m->slots[i].hash != hash || !str_eq(m->slots[i].key, key)))
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

static void grow(struct arena *a, struct map *m)
{
    struct map larger = {.cap = m->cap ? m->cap * 2 : FIRST_CAP, .n = m->n};

    larger.slots = ARENA_ARRAY(a, struct map_slot, larger.cap);
    for (size_t i = 0; i < m->cap; i++) {
        const struct map_slot *slot = &m->slots[i];

        if (slot->value)
            *slot_of(&larger, slot->key, slot->hash) = *slot;
    }
    *m = larger;
}

void map_put(struct arena *a, struct map *m, struct str key, void *value)
{
    uint64_t hash = str_hash(key);
    struct map_slot *slot;

    if (!value)
        BUG("a map holds no NULL");
    if (m->n >= m->cap / 4 * 3)
        grow(a, m);
    slot = slot_of(m, key, hash);
    if (!slot->value)
        m->n++;
    *slot = (struct map_slot){.key = key, .hash = hash, .value = value};
}

void *map_find(const struct map *m, struct str key)
{
    if (m->n == 0)
        return NULL;
    return slot_of(m, key, str_hash(key))->value;
}
