/*
 * Which databases the calling thread carries out units of. Whoever waits there for another unit of
 * the same database may wait for itself.
 */
#include "db/internal.h"

#include <assert.h>

static _Thread_local struct db_hold *holds; /* the latest first */

void db_hold_begin(struct db_hold *hold, const struct db *db)
{
    *hold = (struct db_hold){db, holds};
    holds = hold;
}

void db_hold_end(struct db_hold *hold)
{
    assert(holds == hold);
    holds = hold->outer;
}

bool db_is_held(const struct db *db)
{
    const struct db_hold *hold = holds;

    while (hold && hold->db != db)
        hold = hold->outer;
    return hold != NULL;
}
