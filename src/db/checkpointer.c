/*
 * The checkpointer: moves what the log holds into the database, so that no commit has to.
 *
 * PASSIVE while the log grows, which waits for nobody. Above LIMIT_WAL_RESTART_BYTES it takes the
 * write connection's turn and waits for readers too, so that the log begins at its start again:
 * under load that never pauses PASSIVE alone would let it grow for ever.
 */
#include "db/writer.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"

#define SWEEP_EVERY_BYTES (8 * MIB)

static struct err *wal_sweep(struct arena *a, struct db_writer *w, uint64_t wal_bytes)
{
    struct db_checkpointer *c = &w->checkpointer;
    const struct db_ops *ops = w->db->ops;
    struct err *err;

    if (!c->conn) {
        err = db_conn_open(a, w->db, DB_ROLE_CHECKPOINTER, &c->conn);
        if (err)
            return err;
    }
    if (wal_bytes < LIMIT_WAL_RESTART_BYTES)
        return ops->checkpoint(a, c->conn->eng, DB_SWEEP_PASSIVE);
    err = ops->checkpoint(a, c->conn->eng, DB_SWEEP_PASSIVE); /* most of it, holding up none */
    if (err)
        return err;
    err = db_turn_take(a, w, NULL, 0);
    if (err)
        return err;
    err = ops->checkpoint(a, c->conn->eng, DB_SWEEP_RESTART);
    db_turn_give(w);
    return err;
}

static void checkpointer_main(void *arg)
{
    struct db_writer *w = arg;
    struct db_checkpointer *c = &w->checkpointer;
    struct arena *a = arena_new();

    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        uint64_t wal_bytes = c->wanted_bytes;
        struct err *err;

        if (!wal_bytes) {
            pthread_cond_wait(&c->wake, &c->lock);
            continue;
        }
        c->wanted_bytes = 0;
        pthread_mutex_unlock(&c->lock);
        err = wal_sweep(a, w, wal_bytes);
        if (!err)
            atomic_fetch_add(&w->db->n_checkpoints, 1);
        else if (err->kind != E_UNAVAILABLE) /* in use: asked for again as the log grows */
            log_warn("db.checkpoint_failed", LOG_STR("cause", err->cause));
        arena_reset(a);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    arena_free(a);
}

/* The log has begun anew when it is smaller than it was. */
void db_checkpointer_note(struct db_writer *w)
{
    struct db_checkpointer *c = &w->checkpointer;
    uint64_t wal_bytes = w->conn->wal_bytes;

    if (wal_bytes < c->swept_bytes)
        c->swept_bytes = 0;
    if (wal_bytes < c->swept_bytes + SWEEP_EVERY_BYTES)
        return;
    c->swept_bytes = wal_bytes;
    pthread_mutex_lock(&c->lock);
    c->wanted_bytes = wal_bytes;
    if (!c->started && !c->stopping) /* without a thread it is tried again, later */
        c->started = thread_start("checkpointer", checkpointer_main, w, &c->thread);
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

/* What cannot be moved now is moved by whoever opens the database next. */
void db_checkpointer_done(struct db_writer *w)
{
    struct arena *a = arena_new();
    struct err *err = NULL;

    db_conn_close(w->checkpointer.conn);
    if (w->conn) {
        w->conn->watch = (struct db_watch){.ending = &w->db->ending};
        err = w->db->ops->checkpoint(a, w->conn->eng, DB_SWEEP_TRUNCATE);
    }
    if (err && err->kind != E_UNAVAILABLE) /* in use by another process */
        log_warn("db.checkpoint_failed", LOG_STR("cause", err->cause));
    arena_free(a);
}

/* --- on demand ------------------------------------------------------------------------------- */

static struct err *cut_off(struct arena *a, struct db_writer *w, struct db_conn *conn)
{
    const struct db_ops *ops = w->db->ops;
    struct err *err = ops->checkpoint(a, conn->eng, DB_SWEEP_PASSIVE); /* holding up none */

    if (!err)
        err = db_turn_take(a, w, NULL, db_deadline(clock_us(), w->db->conf.query_timeout_s));
    if (err)
        return err;
    err = ops->checkpoint(a, conn->eng, DB_SWEEP_TRUNCATE);
    db_turn_give(w);
    return err;
}

struct err *db_empty_log(struct arena *a, struct db *db)
{
    struct db_conn *conn = NULL;
    struct err *err = db_hold_refuse(a, db, "db_empty_log");

    if (err || !db->ops->checkpoint)
        return err;
    err = db_conn_open(a, db, DB_ROLE_CHECKPOINTER, &conn);
    if (err)
        return err;
    err = cut_off(a, db->writer, conn);
    db_conn_close(conn);
    if (!err)
        atomic_fetch_add(&db->n_checkpoints, 1);
    else if (err->kind == E_UNAVAILABLE) /* in use */
        log_debug("db.log_not_emptied", LOG_STR("cause", err->cause));
    return err && err->kind == E_UNAVAILABLE ? NULL : err;
}
