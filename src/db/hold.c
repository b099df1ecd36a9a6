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

struct err *db_hold_refuse(struct arena *a, const struct db *db, const char *call)
{
    const struct db_hold *hold = holds;

    while (hold && hold->db != db)
        hold = hold->outer;
    return hold ? err_new(a, E_INTERNAL, NULL, "%s inside a unit of work", call) : NULL;
}
