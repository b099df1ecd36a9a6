/*
 * Places: what follows from one and the rows that were read from it.
 */
#include "records/place.h"

#include <string.h>

/* Nothing but rows at the very place where the part began, read in the direction of `mark`. */
static bool is_at_place(const struct rec_place *place, const struct rec_listing *listing,
                        const struct rec_mark *mark, size_t n_ties)
{
    const struct query_seek *seek = &place->seek;

    if (n_ties < listing->n || mark->n_keys != seek->n)
        return false;
    for (unsigned i = 0; i < seek->n; i++)
        if (!rec_key_eq(mark->keys[i], seek->values[i]))
            return false;
    return true;
}

/* A view's rows may be as many at one place: those that were told are passed over. Where a whole
 * part is at its place, and was read in the other direction, nobody knows how many there are. */
static void pass_over(struct rec_place *beside, const struct rec_place *place,
                      const struct rec_listing *listing, const struct rec_mark *mark)
{
    const bool backward = beside->seek.backward;
    const size_t n_ties = backward ? listing->n_first_ties : listing->n_ties;
    const bool is_same = is_at_place(place, listing, mark, n_ties);

    if (is_same && place->seek.backward != backward)
        return;
    beside->seek.inclusive = true;
    beside->skip = (uint32_t)n_ties + (is_same ? place->skip : 0);
}

struct rec_place rec_place_beside(const struct rec_place *place, const struct rec_listing *listing,
                                  bool backward)
{
    const struct rec_mark *mark = backward ? &listing->first : &listing->last;
    struct rec_place beside = {
        .seek = {.values = mark->keys, .n = mark->n_keys, .backward = backward}, .id = mark->id};

    if (listing->spec.col->type == SCHEMA_VIEW)
        pass_over(&beside, place, listing, mark);
    return beside;
}

struct rec_place rec_place_around(const struct rec_place *place)
{
    struct rec_place around = {.seek = place->seek, .id = place->id};

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
    copy.id = arena_dup(a, place->id);
    return copy;
}
