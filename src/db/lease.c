/*
 * Leases: a unit on the caller's thread, which has the write connection to itself meanwhile; and
 * what is done with that connection in no transaction.
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

struct err *db_writer_run_alone(struct arena *a, struct db_writer *w, db_alone_fn *fn, void *user)
{
    struct err *err = db_turn_take(a, w, NULL, 0);
    struct db_hold hold;
    struct db_conn *conn;

    if (err)
        return err;
    db_hold_begin(&hold, w->db);
    err = db_write_conn(a, w, &conn);
    if (!err)
        err = fn(a, conn, user);
    db_hold_end(&hold);
    db_turn_give(w);
    return err;
}
