/*
 * db/internal: what an engine implements, and what db/'s own files share. Private to db/ and to the
 * tests of engines.
 *
 * An engine knows connections, compiled statements and transactions, and on which threads and
 * connections units of work are carried out. Everything else (readers a thread, the cache of
 * statements, limits, what a unit may do) is written once, above it.
 */
#ifndef REEVE_DB_INTERNAL_H
#define REEVE_DB_INTERNAL_H

#include "db/db.h"
#include "db/dialect.h"

#include <pthread.h>

/* The engine's own structs; only the engine looks inside. */
struct db_eng;      /* a database */
struct db_eng_conn; /* a connection */
struct db_eng_stmt; /* a compiled statement */
struct db_writer;   /* how it carries out units of work */

enum db_role {
    DB_ROLE_READER,
    DB_ROLE_WRITER,
    DB_ROLE_CHECKPOINTER,
};

enum db_mark { DB_MARK_SET, DB_MARK_RELEASE, DB_MARK_ROLLBACK };

enum db_sweep { DB_SWEEP_PASSIVE, DB_SWEEP_RESTART, DB_SWEEP_TRUNCATE };

enum db_stop { DB_GO_ON, DB_STOP_BUDGET, DB_STOP_TIMEOUT, DB_STOP_GONE };

/* What a running statement may use up. Owned by the connection's thread; engines call
 * db_watch_check() while a statement runs. */
struct db_watch {
    bool armed;
    uint64_t cpu_us;      /* 0: no budget */
    uint64_t start_us;    /* clock_us() when the budget began */
    uint64_t deadline_us; /* clock_us(); 0: none */
    const atomic_bool *gone;
    const atomic_bool *ending; /* may be NULL; true: waits for nobody's lock any more */
    bool has_base;             /* the thread's CPU clock was read: */
    uint64_t base_cpu_us;
    uint64_t base_used_us; /* counted as used when base_cpu_us was read */
    enum db_stop stop;     /* stays once it is set, until the limits are set anew */
};
/* Costs one read of the monotonic clock: CPU time is asked for only once more time has passed than
 * the budget allows. */
enum db_stop db_watch_check(struct db_watch *watch);
/* What a statement that was stopped for it gives; not for DB_GO_ON. */
MUST_CHECK struct err *db_watch_err(struct arena *a, enum db_stop stop);

/*
 * An engine. Calls of one connection come from one thread at a time. Errors are translated as db.h
 * promises. A failed call leaves nothing to close behind.
 */
struct db_ops {
    const char *name;
    bool blocks; /* calls wait for a network: never on a loop */
    const struct db_dialect *dialect;

    /* Checks the path as far as that needs no connection. `self` is these ops: a wrapper finds its
     * own state by it. */
    struct err *(*open)(struct arena *a, const struct db_ops *self, const struct db_conf *conf,
                        struct db_eng **ret);
    void (*close)(struct db_eng *eng);

    /* watch outlives the connection. */
    struct err *(*conn_open)(struct arena *a, struct db_eng *eng, enum db_role role,
                             struct db_watch *watch, struct db_eng_conn **ret);
    void (*conn_close)(struct db_eng_conn *conn);

    struct err *(*prepare)(struct arena *a, struct db_eng_conn *conn, struct str sql,
                           struct db_eng_stmt **ret);
    void (*finalize)(struct db_eng_stmt *stmt);
    /* To the start again, without bindings; locks that the statement held are let go. */
    void (*reset)(struct db_eng_stmt *stmt, bool bound);
    /* False: the value cannot be bound (too large). */
    bool (*bind)(struct db_eng_stmt *stmt, unsigned at, struct db_value value);
    struct err *(*step)(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row);
    unsigned (*params)(const struct db_eng_stmt *stmt);
    unsigned (*columns)(const struct db_eng_stmt *stmt);
    struct str (*column_name)(const struct db_eng_stmt *stmt, unsigned at);
    struct db_value (*column)(const struct db_eng_stmt *stmt, unsigned at);
    struct str (*column_text)(const struct db_eng_stmt *stmt, unsigned at);
    int64_t (*column_int)(const struct db_eng_stmt *stmt, unsigned at);
    bool (*readonly)(const struct db_eng_stmt *stmt);
    size_t (*bytes)(const struct db_eng_stmt *stmt);    /* memory that it takes */
    int64_t (*changes)(const struct db_eng_conn *conn); /* rows of the last statement */

    /* A snapshot from here on. *ret_version changes with every change of the database's schema. */
    struct err *(*read_begin)(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version);
    void (*read_end)(struct db_eng_conn *conn);
    /* A transaction that may write, and the schema's version in it. */
    struct err *(*begin)(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version);
    struct err *(*commit)(struct arena *a, struct db_eng_conn *conn);
    void (*rollback)(struct db_eng_conn *conn); /* no transaction: nothing */
    bool (*in_tx)(const struct db_eng_conn *conn);
    /* Release and rollback mean the innermost one; rollback ends it too. */
    struct err *(*savepoint)(struct arena *a, struct db_eng_conn *conn, enum db_mark mark);

    /* Units of work. A writer reaches the engine by db_conn_open() and db->ops alone, so that an
     * engine that wraps another hands these on as they are and still sees each call below them.
     * Nothing runs before the first unit: making one cannot fail. */
    struct db_writer *(*writer_new)(struct db *db);
    /* Answers the units that wait and ends all threads. db->ending is set, no unit comes after. */
    void (*writer_stop)(struct db_writer *w);
    /* Once it is stopped and all readers are closed. */
    void (*writer_free)(struct db_writer *w);
    /* As db_submit() and db_run_leased(). `a` is the unit's own, *ret_out its result on success. */
    bool (*submit)(struct db_writer *w, struct db_unit *unit);
    struct err *(*run_leased)(struct arena *a, struct db_writer *w, const struct db_lease *lease,
                              db_unit_fn *run, const void *in, void **ret_out);

    /* For db/writer.h only, NULL with another way of carrying out units: */
    /* Bytes of log not yet moved into the database, as of the connection's last commit. */
    uint64_t (*wal_bytes)(const struct db_eng_conn *conn);
    struct err *(*checkpoint)(struct arena *a, struct db_eng_conn *conn, enum db_sweep sweep);
};
extern const struct db_ops db_ops_sqlite;

struct db_action {
    void (*fn)(void *user);
    void *user;
    struct db_action *older;
};

/* A nested savepoint: the actions to return to. */
struct db_frame {
    struct db_action *actions;
    struct db_frame *outer;
};

/* A thread carries out units of `db`: on its stack, meanwhile. */
struct db_hold {
    const struct db *db;
    struct db_hold *outer;
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
    bool limited; /* limits were set; else the query timeout counts anew for every snapshot */
    bool reading; /* inside a snapshot */
    int64_t version;

    /* of a unit of work */
    bool in_unit;
    bool grouped;
    bool lost;        /* the transaction ended under the unit */
    uint64_t read_us; /* used by the unit's reads so far */
    struct arena *unit_arena;
    struct db_action *actions; /* newest first */
    struct db_frame *frames;

    /* statements */
    struct db_stmt *buckets[DB_STMT_BUCKETS];
    struct db_stmt *lru_first; /* most recently used */
    struct db_stmt *lru_last;
    size_t stmt_bytes;
    unsigned n_in_use;
};

struct db {
    struct db_conf conf;
    const struct db_ops *ops;
    struct db_eng *eng;
    uint64_t serial; /* tells this db from a former one at the same address */

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
    struct db_stmt *chain;
    struct db_stmt *newer, *older;
};

/* alloc.c: memory that no arena can hold: handles that live and die singly. Any thread. */
void *db_alloc(size_t n); /* zeroed; never NULL */
void db_free(void *p);    /* NULL is fine */

/* conn.c */
/* Opens a connection that belongs to the calling thread; the caller closes it. */
MUST_CHECK struct err *db_conn_open(struct arena *a, struct db *db, enum db_role role,
                                    struct db_conn **ret);
/* With its statements, none of which may be in use. The owner's thread, or once that has ended;
 * NULL is fine. */
void db_conn_close(struct db_conn *conn);
/* The schema's version in the snapshot or transaction that has begun. Where it is another one than
 * before, prepared statements go: the engine compiles one anew when the tables that it reads
 * changed, but one that reads none, through a view of constants, would stay what it was. */
void db_conn_note_version(struct db_conn *conn, int64_t version);

/* reader.c */
/* Closes every thread's read connection: at the end, when no thread uses one. */
void db_readers_drop(struct db *db);

/* stmt_cache.c; all on the thread that owns the connection */
/* A statement that nobody uses, compiled on a miss: reset, without bindings, in use from here. */
MUST_CHECK struct err *db_stmts_take(struct arena *a, struct db_conn *conn, struct str sql,
                                     struct db_stmt **ret);
/* Back into the cache, reset and without bindings. It may be gone after that. */
void db_stmts_give(struct db_stmt *stmt);
/* Frees all; none may be in use. */
void db_stmts_drop(struct db_conn *conn);

/* hold.c: the calling thread carries out units of the database, their actions and done() included,
 * from begin to end. Every begin has an end, innermost first; hold lives till then. An engine says
 * so around all that it calls of a unit. */
void db_hold_begin(struct db_hold *hold, const struct db *db);
void db_hold_end(struct db_hold *hold);
bool db_is_held(const struct db *db);

/* actions.c; all on the thread that owns the connection */
/* From here the connection is a unit's, inside a transaction that stands; `a` is the unit's. */
void db_unit_begin(struct db_conn *tx, struct arena *a, bool grouped);
/* Ends the unit and yields its actions, newest first; NULL: none. They live in its arena. */
struct db_action *db_unit_end(struct db_conn *tx);
/* After the commit: runs them, oldest first, and spends the list. NULL is fine. */
void db_actions_run(struct db_action *actions);
/* One run of a unit's function, between begin and end; the error is its own, or what it may not
 * have swallowed. */
MUST_CHECK struct err *db_unit_call(struct arena *a, struct db_conn *tx, db_unit_fn *run,
                                    const void *in, void **ret_out);
/* A run before the one that counts, rolled back: a unit must be able to run twice. Outside of begin
 * and end, inside the transaction; `a` is reset. */
void db_unit_rehearse(struct arena *a, struct db_conn *tx, bool grouped, db_unit_fn *run,
                      const void *in);

/* tx.c; all on the thread that owns the connection, outside of a transaction */
/* Begins under tx->watch. An error, never the fault of a request (E_BAD_REQUEST), leaves no
 * transaction behind, though the engine may have opened one before it was interrupted. */
MUST_CHECK struct err *db_tx_begin(struct arena *a, struct db_conn *tx);
/* clock_us() when a lease that starts now ends; 0: never. */
uint64_t db_lease_deadline(const struct db_lease *lease);
/* Carries the unit out in a transaction of its own: begins, runs, commits, says so. Nothing of it
 * is in the database when there is an error. `a` is the unit's own, *ret_out its result on success.
 */
MUST_CHECK struct err *db_tx_lease(struct arena *a, struct db_conn *tx,
                                   const struct db_lease *lease, db_unit_fn *run, const void *in,
                                   void **ret_out);

#endif
