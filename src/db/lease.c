/*
 * Leases: a unit on the caller's thread, which has the write connection to itself meanwhile.
 */
#include "db/writer.h"

struct err *db_writer_run_leased(struct arena *a, struct db_writer *w, const struct db_lease *lease,
                                 db_unit_fn *run, const void *in, void **ret_out)
{
    struct db_conn *tx;
    struct err *err;

    err = db_turn_take(a, w, lease->gone, db_lease_deadline(lease));
    if (err)
        return err;
    err = db_write_conn(a, w, &tx);
    if (!err)
        err = db_tx_lease(a, tx, lease, run, in, ret_out);
    if (!err)
        db_checkpointer_note(w);
    db_turn_give(w);
    return err;
}
