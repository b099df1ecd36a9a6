/*
 * records/place: where a part of a list begins, and where the next one does. Private to this
 * folder.
 */
#ifndef REEVE_RECORDS_PLACE_H
#define REEVE_RECORDS_PLACE_H

#include "records/listing.h"

struct rec_place {
    struct query_seek seek;
    struct str id; /* of the row that it is beside; empty: of none */
    /* rows at the place itself that were told already: of a view, whose ids may repeat. The place
     * is inclusive then */
    uint32_t skip;
};

/* The place beside a row of a part that began at `place`: its first or last one, in the direction
 * that is asked for. Borrows from the listing. */
struct rec_place rec_place_beside(const struct rec_place *place, const struct rec_listing *listing,
                                  bool backward);
/* The same place, looked at from the other side. */
struct rec_place rec_place_around(const struct rec_place *place);
/* With copies of its values in `a`. */
struct rec_place rec_place_copy(struct arena *a, const struct rec_place *place);

#endif
