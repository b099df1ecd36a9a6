/*
 * A console: statements as somebody has written them, on a connection of their own.
 *
 * They may begin transactions, attach databases and set whatever a connection has: all of that goes
 * with the connection. Where they write, the write connection's turn is held meanwhile, so that no
 * writer waits for their locks without knowing what for; its own state is not touched.
 */
#include "db/db.h"

#include "base/date.h"
#include "db/internal.h"

struct console_in {
    const struct db_console *in;
    struct db_console_told *told;
    struct db_lease *lease;
};

static struct err *run_open(struct arena *a, struct db *db, const struct db_console *in,
                            struct db_console_told *ret)
{
    struct db_conn *conn;
    struct err *err = db_conn_open(a, db, DB_ROLE_CONSOLE, &conn);

    if (err)
        return err;
    conn->watch = (struct db_watch){
        .armed = true, .deadline_us = db_deadline(clock_us(), in->timeout_s), .gone = in->gone};
    err = db->ops->console(a, conn->eng, in, ret);
    db_conn_close(conn);
    return err;
}

/* With an error, too, there may be something to publish: what was committed before it. */
static struct err *run_held(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct console_in *console = in;
    struct db_console_told *told = console->told;
    struct err *err = run_open(a, tx->db, console->in, told);

    (void)ret_out;
    console->lease->changes_schema = told->changed;
    if (told->wal_bytes)
        tx->wal_bytes = told->wal_bytes;
    if (told->changed && console->in->published)
        console->in->published(console->in->user);
    return err;
}

struct err *db_console_run(struct arena *a, struct db *db, const struct db_console *in,
                           struct db_console_told *ret)
{
    struct db_lease lease = {
        .timeout_s = in->timeout_s, .wait_s = in->wait_s, .gone = in->gone, .apart = true};
    const struct console_in held = {in, ret, &lease};

    *ret = (struct db_console_told){0};
    if (in->mode == DB_CONSOLE_LOOKS || in->mode == DB_CONSOLE_READS)
        return run_open(a, db, in, ret);
    return db_run_leased(a, db, &lease, run_held, &held, NULL);
}
