/*
 * The write connection of whoever has the turn, and how its transactions begin.
 */
#include "db/writer.h"

#include "base/log.h"
#include "base/thread.h"

struct err *db_write_conn(struct arena *a, struct db_writer *w, struct db_conn **ret)
{
    struct err *err;

    if (!w->conn) {
        err = db_conn_open(a, w->db, DB_ROLE_WRITER, &w->conn);
        if (err)
            return err;
    }
    w->conn->owner = thread_id();
    w->conn->watch = (struct db_watch){0};
    *ret = w->conn;
    return NULL;
}

/* Ends a transaction that nobody owns: on the write connection it would lock out every writer, and
 * other processes, for good. What watches the connection must not interrupt that. */
static void end_strays(struct db_conn *tx, const char *found)
{
    if (!tx->db->ops->in_tx(tx->eng))
        return;
    tx->watch = (struct db_watch){0};
    tx->db->ops->rollback(tx->eng);
    log_error("db.stray_transaction", LOG_CSTR("found", found));
}

struct err *db_tx_begin(struct arena *a, struct db_conn *tx)
{
    const struct db_watch watch = tx->watch;
    int64_t version;
    struct err *err;

    end_strays(tx, "before a transaction");
    tx->watch = watch;
    tx->watch.ending = &tx->db->ending;
    err = tx->db->ops->begin(a, tx->eng, &version);
    tx->watch.ending = NULL;
    if (!err) {
        db_conn_note_version(tx, version);
        return NULL;
    }
    end_strays(tx, "after a begin that failed");
    if (err->kind == E_BAD_REQUEST)
        err->kind = E_INTERNAL;
    return err;
}
