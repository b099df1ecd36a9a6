/*
 * A storage that several have hold of.
 */
#include "files/blob.h"

#define ORIGINAL_NAME_MAX 255

struct blob_place *blob_place_new(struct arena *take_a, const struct blob_ops *ops, const void *own)
{
    struct blob_place *place = ARENA_NEW(take_a, struct blob_place);

    place->arena = take_a;
    place->ops = ops;
    place->own = own;
    atomic_init(&place->refs, 1);
    return place;
}

struct blob_place *blob_place_ref(struct blob_place *place)
{
    atomic_fetch_add(&place->refs, 1);
    return place;
}

void blob_place_unref(struct blob_place *place)
{
    if (place && atomic_fetch_sub(&place->refs, 1) == 1)
        arena_free(place->arena);
}

struct str blob_original(struct str name)
{
    size_t n = name.n < ORIGINAL_NAME_MAX ? name.n : ORIGINAL_NAME_MAX;

    while (n < name.n && n > 0 && ((unsigned char)name.p[n] & 0xc0) == 0x80)
        n--;
    return str_sub(name, 0, n);
}
