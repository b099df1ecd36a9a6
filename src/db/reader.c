/*
 * Read connections, one a thread, and their snapshots.
 *
 * A thread finds its reader in a small table of its own; on a miss, in the database's list, where a
 * connection left behind by a thread that has ended waits for the next thread of that number.
 */
#include "db/db.h"

#include "base/thread.h"
#include "db/internal.h"
#include "db/seen.h"

#include <assert.h>

#define READER_SLOTS 8

struct reader_slot {
    uint64_t serial;
    struct db_conn *conn;
};

static _Thread_local struct reader_slot reader_slots[READER_SLOTS];
static _Thread_local unsigned reader_next;

struct err *db_reader(struct arena *a, struct db *db, struct db_conn **ret)
{
    unsigned owner = thread_id();
    struct db_conn *conn;
    struct err *err;

    for (size_t i = 0; i < READER_SLOTS; i++)
        if (reader_slots[i].serial == db->serial) {
            *ret = reader_slots[i].conn;
            return NULL;
        }
    pthread_mutex_lock(&db->lock);
    for (conn = db->readers; conn && conn->owner != owner;)
        conn = conn->next;
    pthread_mutex_unlock(&db->lock);
    if (!conn) {
        err = db_conn_open(a, db, DB_ROLE_READER, &conn);
        if (err)
            return err;
        pthread_mutex_lock(&db->lock);
        conn->next = db->readers;
        db->readers = conn;
        pthread_mutex_unlock(&db->lock);
    }
    reader_slots[reader_next++ % READER_SLOTS] = (struct reader_slot){db->serial, conn};
    *ret = conn;
    return NULL;
}

void db_reader_close(struct db *db)
{
    struct db_conn **at, *conn;
    unsigned owner = thread_id();

    for (size_t i = 0; i < READER_SLOTS; i++)
        if (reader_slots[i].serial == db->serial)
            reader_slots[i] = (struct reader_slot){0};
    pthread_mutex_lock(&db->lock);
    for (at = &db->readers; *at && (*at)->owner != owner;)
        at = &(*at)->next;
    conn = *at;
    if (conn)
        *at = conn->next;
    pthread_mutex_unlock(&db->lock);
    db_conn_close(conn);
}

/* --- of no thread ---------------------------------------------------------------------------- */

struct err *db_loose_open(struct arena *a, struct db *db, struct db_conn **ret)
{
    return db_conn_open(a, db, DB_ROLE_READER, ret);
}

void db_loose_take(struct db_conn *conn)
{
    assert(conn->n_in_use == 0);
    conn->owner = thread_id();
}

void db_loose_close(struct db_conn *conn)
{
    db_conn_close(conn);
}

/* --- snapshots ------------------------------------------------------------------------------- */

/* Of a snapshot that has begun. */
static bool is_expected(const struct db_expected *expected, int64_t version)
{
    return !expected || (version == expected->version && expected->holds(expected->user));
}

struct err *db_read_asked(struct arena *a, struct db_conn *conn, struct err *err)
{
    int64_t version;

    if (!conn->db->ops->seen_version(conn->eng, &version))
        return err;
    conn->late = false;
    if (!conn->expected)
        conn->prepared_version = version; /* all were compiled in this snapshot */
    db_conn_note_version(conn, version);
    if (is_expected(conn->expected, version))
        return err;
    conn->stale = conn->lost = true;
    return db_conn_lost_err(a, conn);
}

struct err *db_read_begin_at(struct arena *a, struct db_conn *conn,
                             const struct db_expected *expected)
{
    int64_t version;
    struct err *err;

    assert(conn->owner == thread_id());
    assert(!conn->reading && conn->role == DB_ROLE_READER);
    if (!conn->limited)
        db_watch_timeout(conn);
    err = db_check_limits(a, conn);
    if (err)
        return err;
    db_seen_note(conn);
    err = conn->db->ops->read_begin(a, conn->eng, &version);
    if (err)
        return err;
    conn->reading = true;
    if (conn->db->ops->lazy_begin) {
        /* Statements are taken from the cache before the version is known: there are only such as
         * were compiled under the expected one. */
        conn->late = true;
        conn->expected = expected;
        if (expected)
            db_conn_note_version(conn, expected->version);
        else
            db_stmts_drop(conn, 0);
        return NULL;
    }
    db_conn_note_version(conn, version);
    if (is_expected(expected, version))
        return NULL;
    (void)db_read_end(conn); /* the caller has none to end */
    return err_new(a, E_STALE, NULL, "the schema changed");
}

struct err *db_read_begin(struct arena *a, struct db_conn *conn)
{
    return db_read_begin_at(a, conn, NULL);
}

bool db_read_end(struct db_conn *conn)
{
    assert(conn->owner == thread_id());
    if (!conn->reading)
        return true;
    conn->db->ops->read_end(conn->eng);
    conn->reading = conn->late = false;
    if (!conn->stale)
        return true;
    conn->stale = conn->lost = false;
    return false;
}
