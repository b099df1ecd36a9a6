/*
 * Databases: opened and closed, what their engine is like, and what they have done so far.
 */
#include "db/db.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "db/internal.h"

static atomic_uint_fast64_t db_last_serial;

/* The first reader proves that the file is a database that can be read. */
struct err *db_open(struct arena *a, const struct db_conf *conf, struct db **ret)
{
    AUTO(db_close) struct db *db = NULL;
    struct db_conn *conn;
    struct err *err;

    db = db_alloc(sizeof(*db));
    db->conf = *conf;
    db->ops = conf->ops ? conf->ops : &db_ops_sqlite;
    if (!db->conf.page_cache_bytes)
        db->conf.page_cache_bytes = LIMIT_PAGE_CACHE_BYTES;
    db->serial = atomic_fetch_add(&db_last_serial, 1) + 1;
    pthread_mutex_init(&db->lock, NULL);
    err = db->ops->open(a, db->ops, &db->conf, &db->eng);
    if (err)
        return err;
    if (db->ops->seen)
        db->seen = db->ops->seen(db->eng);
    db->writer = db->ops->writer_new(db);
    err = db_reader(a, db, &conn);
    if (err)
        return err;
    err = db_read_begin(a, conn);
    if (err)
        return err;
    db_read_end(conn);
    *ret = TAKE(db);
    return NULL;
}

void db_end_waits(struct db *db)
{
    atomic_store(&db->ending, true);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_end_waits(db); /* who has the turn may wait for another's lock */
    if (db->writer)
        db->ops->writer_stop(db->writer);
    db_reader_close(db);
    while (db->readers) { /* of threads that have ended */
        struct db_conn *conn = db->readers;

        db->readers = conn->next;
        db_conn_close(conn);
    }
    if (db->writer)
        db->ops->writer_free(db->writer);
    if (db->eng)
        db->ops->close(db->eng);
    pthread_mutex_destroy(&db->lock);
    db_free(db);
}

const struct db_dialect *db_dialect(const struct db *db)
{
    return db->ops->dialect;
}

const struct db_dialect *db_conn_dialect(const struct db_conn *conn)
{
    return conn->db->ops->dialect;
}

const char *db_engine(const struct db *db)
{
    return db->ops->name;
}

bool db_blocks(const struct db *db)
{
    return db->ops->blocks;
}

bool db_engine_blocks(const struct db_ops *ops)
{
    return ops && ops->blocks;
}

struct db_stats db_stats(const struct db *db)
{
    return (struct db_stats){.units = atomic_load(&db->n_units),
                             .groups = atomic_load(&db->n_groups),
                             .checkpoints = atomic_load(&db->n_checkpoints),
                             .waiting = db->ops->waiting ? db->ops->waiting(db->writer) : 0};
}

struct db_sizes db_sizes(const struct db *db)
{
    struct db_sizes sizes = {0};

    if (db->ops->sizes)
        db->ops->sizes(db->eng, &sizes);
    return sizes;
}
