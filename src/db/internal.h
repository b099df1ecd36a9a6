/*
 * db/internal: databases, connections, statements and units as db/'s own files see them, and those
 * that carry units out (writer.h). Private to db/ and to the tests of engines.
 */
#ifndef REEVE_DB_INTERNAL_H
#define REEVE_DB_INTERNAL_H

#include "db/engine.h"

#include <pthread.h>

struct db_action {
    void (*fn)(void *user);                 /* or: */
    void (*each)(void *user, bool is_last); /* db_each_after_commit() */
    void *user;
    bool is_last; /* of those of one unit with this `each` */
    struct db_action *older;
};

struct db_end {
    db_end_fn *fn;
    void *user;
    struct db_end *older;
};

/* A nested savepoint: what to return to. */
struct db_frame {
    struct db_after after;
    struct db_frame *outer;
};

/* A thread carries out units of `db`: on its stack, meanwhile. */
struct db_hold {
    const struct db *db;
    struct db_hold *outer;
};

/* One run of a statement that is traced; lives until it is given back. */
struct db_run {
    uint64_t rows, elapsed_us;
    bool failed;
    struct db_value values[]; /* n_params of the statement */
};

#define DB_STMT_BUCKETS 256

struct db_conn {
    /* constant */
    struct db *db;
    struct db_eng_conn *eng;
    enum db_role role;
    struct db_conn *next; /* db->readers */

    /* the owner's */
    unsigned owner; /* thread_id() */
    struct db_watch watch;
    bool limited; /* limits were set, or are the unit's; else the query timeout counts anew for
                     every snapshot */
    bool reading; /* inside a snapshot */
    bool late;    /* its version is not known yet */
    bool stale;   /* it is another than expected; `lost` is set too */
    const struct db_expected *expected; /* where it was late; may be NULL */
    int64_t version;
    int64_t prepared_version; /* under which the statements were compiled */

    uint64_t seen_mark; /* seen.h: as the present snapshot began */
    uint64_t seen_epoch;

    uint64_t wal_bytes; /* as of the last commit: see struct db_ops */

    /* of a unit of work */
    bool in_unit;
    bool grouped;
    bool lost;        /* the transaction ended under the unit: nothing runs here any more */
    uint64_t read_us; /* used by the unit's reads so far */
    struct arena *unit_arena;
    struct db_after after;
    struct db_frame *frames;

    /* statements */
    struct db_stmt *buckets[DB_STMT_BUCKETS];
    struct db_stmt *lru_first; /* most recently used */
    struct db_stmt *lru_last;
    size_t stmt_bytes;
    int64_t changes; /* rows of the last one that came to its end */
    unsigned n_in_use;
    const struct db_trace *trace; /* NULL: none */
};

struct db {
    struct db_conf conf;
    const struct db_ops *ops;
    struct db_eng *eng;
    struct db_seen_state *seen; /* the engine's; NULL: it tells nothing of commits */
    uint64_t serial;            /* tells this db from a former one at the same address */

    pthread_mutex_t lock;
    struct db_conn *readers; /* under lock */

    struct db_writer *writer; /* constant once the database is open */
    atomic_bool ending;       /* the database is being closed: nobody waits for a lock */

    atomic_uint_fast64_t n_units;
    atomic_uint_fast64_t n_groups;
    atomic_uint_fast64_t n_checkpoints;
};

struct db_stmt {
    struct db_conn *conn;
    struct db_eng_stmt *eng;
    struct str sql; /* follows the struct */
    uint64_t hash;
    size_t bytes;
    unsigned n_params;
    unsigned n_bound;
    bool readonly;
    bool in_use;
    bool started;
    bool bind_failed;
    uint16_t overruns;      /* a bit a run, newest lowest: it passed its CPU budget */
    uint64_t slow_until_us; /* clock_us(): till then refused where there is a budget; 0: never */
    struct db_run *run;     /* NULL: it is not traced */
    const struct db_slots *reads; /* the engine's; NULL: it tells none */
    struct db_stmt *chain;
    struct db_stmt *newer, *older;
};

/* conn.c */
/* Opens a connection that belongs to the calling thread; the caller closes it. */
MUST_CHECK struct err *db_conn_open(struct arena *a, struct db *db, enum db_role role,
                                    struct db_conn **ret);
/* With its statements, none of which may be in use. The owner's thread, or once that has ended;
 * NULL is fine. */
void db_conn_close(struct db_conn *conn);
/* The schema's version in the snapshot or transaction that has begun. Where it is another one than
 * before, prepared statements go, once none is in use: the engine compiles one anew when the tables
 * that it reads changed, but one that reads none, through a view of constants, would stay what it
 * was. */
void db_conn_note_version(struct db_conn *conn, int64_t version);

/* Why nothing runs on a connection that is lost. */
MUST_CHECK struct err *db_conn_lost_err(struct arena *a, const struct db_conn *conn);

/* watch.c */
/* When what may take timeout_s from now_us (clock_us()) has to be over; 0: never. */
uint64_t db_deadline(uint64_t now_us, unsigned timeout_s);
/* The query timeout counts from now on, and there is no other limit. */
void db_watch_timeout(struct db_conn *conn);

/* reader.c */
/* The database was asked something in a snapshot whose version is not known yet, and `err` came of
 * it: E_STALE where the version is now known and not the expected one, else err. */
MUST_CHECK struct err *db_read_asked(struct arena *a, struct db_conn *conn, struct err *err);

/* stmt_cache.c; all on the thread that owns the connection */
/* A statement that nobody uses, compiled on a miss: reset, without bindings, in use from here. */
MUST_CHECK struct err *db_stmts_take(struct arena *a, struct db_conn *conn, struct str sql,
                                     struct db_stmt **ret);
/* Back into the cache, reset and without bindings. It may be gone after that. */
void db_stmts_give(struct db_stmt *stmt);
/* Frees those least recently used until all take max_bytes at most; what is in use stays. 0: all,
 * and none may be in use. */
void db_stmts_drop(struct db_conn *conn, size_t max_bytes);

/* hold.c: the calling thread carries out units of the database, their actions and done() included,
 * from begin to end. Every begin has an end, innermost first; hold lives till then. An engine says
 * so around all that it calls of a unit. */
void db_hold_begin(struct db_hold *hold, const struct db *db);
void db_hold_end(struct db_hold *hold);
/* E_INTERNAL where it does: whoever waited for another unit would wait for its own thread. `call`:
 * who asks. */
MUST_CHECK struct err *db_hold_refuse(struct arena *a, const struct db *db, const char *call);

/* actions.c; all on the thread that owns the connection */
/* Runs the unit's function in the transaction that stands: twice where db_conf says so, all but the
 * last rolled back. unit->err (its own, or what it may not have swallowed), out and after say what
 * came of it. `grouped`: the reads have the budget of a group's. No limit is left. */
void db_unit_run(struct db_conn *tx, struct db_unit *unit, bool grouped);
/* After the commit: runs them, oldest first, and spends the list. NULL is fine. */
void db_actions_run(struct db_action *actions);

/* tx.c; all on the thread that owns the connection; outside of a transaction, but for the commit */
/* Begins under tx->watch. An error, never the fault of a request (E_BAD_REQUEST), leaves no
 * transaction behind, though the engine may have opened one before it was interrupted. */
MUST_CHECK struct err *db_tx_begin(struct arena *a, struct db_conn *tx);
/* Commits, after the point that a unit has asked for where `asked`. E_UNAVAILABLE: it is rolled
 * back. */
MUST_CHECK struct err *db_tx_commit(struct arena *a, struct db_conn *tx, bool asked);
/* A unit (db_unit_fn) of one statement, the dialect's `optimize`: a const char *. */
struct err *db_tx_optimize(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
/* Carries the unit out in a transaction of its own: begins, runs, commits, says so. Nothing of it
 * is in the database when there is an error: unit->err, out and after say what came of it.
 */
void db_tx_lease(struct db_conn *tx, const struct db_lease *lease, struct db_unit *unit);

#endif
