/*
 * Places: what follows from one and the rows that were read from it.
 */
#include "records/place.h"

#include <string.h>

/* Nothing but rows at the very place where the part began. */
static bool is_at_place(const struct rec_place *place, const struct rec_listing *listing)
{
    const struct query_seek *seek = &place->seek;

    if (listing->n_ties < listing->n || listing->last.n_keys != seek->n)
        return false;
    for (unsigned i = 0; i < seek->n; i++)
        if (!db_value_eq(listing->last.keys[i], seek->values[i]))
            return false;
    return true;
}

struct rec_place rec_place_beside(const struct rec_place *place, const struct rec_listing *listing,
                                  bool backward)
{
    const struct rec_mark *mark = backward ? &listing->first : &listing->last;
    struct rec_place beside = {.seek = {mark->keys, mark->n_keys, false, backward}};

    if (listing->spec.col->type == SCHEMA_VIEW && !backward) {
        beside.seek.inclusive = true;
        beside.skip = (uint32_t)listing->n_ties + (is_at_place(place, listing) ? place->skip : 0);
    }
    return beside;
}

struct rec_place rec_place_around(const struct rec_place *place)
{
    struct rec_place around = {.seek = place->seek};

    around.seek.backward = !around.seek.backward;
    around.seek.inclusive = !around.seek.inclusive;
    return around;
}

struct rec_place rec_place_copy(struct arena *a, const struct rec_place *place)
{
    struct db_value *values = ARENA_ARRAY(a, struct db_value, place->seek.n);
    struct rec_place copy = *place;

    for (unsigned i = 0; i < place->seek.n; i++) {
        values[i] = place->seek.values[i];
        if (values[i].type == DB_TEXT || values[i].type == DB_BLOB)
            values[i].s = arena_dup(a, values[i].s);
    }
    copy.seek.values = values;
    return copy;
}
