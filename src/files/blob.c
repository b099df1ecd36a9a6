/*
 * A storage that several have hold of.
 */
#include "files/blob.h"

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
