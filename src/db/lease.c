/*
 * Leases: a unit on the caller's thread, which has the write connection to itself meanwhile.
 */
#include "db/writer.h"

#include "base/date.h"

void db_writer_run_leased(struct db_writer *w, const struct db_lease *lease, struct db_unit *unit)
{
    struct db_conn *tx;

    unit->err = db_turn_take(unit->arena, w, lease->gone, db_deadline(clock_us(), lease->wait_s));
    if (unit->err)
        return;
    unit->err = db_write_conn(unit->arena, w, &tx);
    if (!unit->err)
        db_tx_lease(tx, lease, unit);
    if (!unit->err)
        db_checkpointer_note(w);
    db_turn_give(w);
}
