/*
 * db/engine: what an engine implements, and what it is given for that. Private to db/ and to the
 * tests of engines.
 *
 * An engine knows connections, compiled statements and transactions, and on which threads and
 * connections units of work are carried out. Everything else (readers a thread, the cache of
 * statements, limits, what a unit may do) is written once, above it.
 */
#ifndef REEVE_DB_ENGINE_H
#define REEVE_DB_ENGINE_H

#include "db/db.h"
#include "db/dialect.h"

/* The engine's own structs; only the engine looks inside. */
struct db_eng;        /* a database */
struct db_eng_conn;   /* a connection */
struct db_eng_stmt;   /* a compiled statement */
struct db_eng_copy;   /* a copy being made */
struct db_writer;     /* how it carries out units of work */
struct db_seen_state; /* seen.h: what has been committed */

enum db_role {
    DB_ROLE_READER,
    DB_ROLE_WRITER,
    DB_ROLE_CHECKPOINTER,
    DB_ROLE_CONSOLE, /* for statements that somebody has written; gone with them */
    DB_ROLE_SCRATCH, /* an empty database of the connection's own, gone with it */
};

enum db_mark { DB_MARK_SET, DB_MARK_RELEASE, DB_MARK_ROLLBACK };

enum db_sweep { DB_SWEEP_PASSIVE, DB_SWEEP_RESTART, DB_SWEEP_TRUNCATE };

/* A statement as an engine has compiled it, and what does not change about it. */
struct db_compiled {
    struct db_eng_stmt *stmt;
    unsigned n_params;
    bool readonly;
    size_t bytes; /* memory that it takes */
    /* What it reads, once it has been stepped; `all`: that cannot be told. The statement's. NULL:
     * the engine tells of none. */
    const struct db_slots *reads;
};

enum db_stop { DB_GO_ON, DB_STOP_BUDGET, DB_STOP_TIMEOUT, DB_STOP_GONE };

/* alloc.c: memory that no arena can hold: handles that live and die singly. Any thread. */
void *db_alloc(size_t n); /* zeroed; never NULL */
void db_free(void *p);    /* NULL is fine */

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
    /* read_begin() reaches nobody and tells no version: the snapshot begins with the first
     * statement that is prepared or stepped in it. Of readers alone: begin() tells its version at
     * once. */
    bool lazy_begin;
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
                           struct db_compiled *ret);
    void (*finalize)(struct db_eng_stmt *stmt);
    /* To the start again, without bindings; locks that the statement held are let go. */
    void (*reset)(struct db_eng_stmt *stmt, bool bound);
    /* False: the value cannot be bound (too large). */
    bool (*bind)(struct db_eng_stmt *stmt, unsigned at, struct db_value value);
    /* *ret_changes: rows that it has changed, written where there is no row. */
    struct err *(*step)(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                        int64_t *ret_changes);
    /* How many steps it has taken for the statement since this was asked last. NULL: it does not
     * count them. */
    uint64_t (*steps)(struct db_eng_stmt *stmt);
    unsigned (*columns)(const struct db_eng_stmt *stmt);
    struct str (*column_name)(const struct db_eng_stmt *stmt, unsigned at);
    struct db_value (*column)(const struct db_eng_stmt *stmt, unsigned at);
    struct str (*column_text)(const struct db_eng_stmt *stmt, unsigned at);
    int64_t (*column_int)(const struct db_eng_stmt *stmt, unsigned at);

    /* A snapshot from here on. *ret_version changes with every change of the database's schema;
     * with lazy_begin it is not written. */
    struct err *(*read_begin)(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version);
    /* lazy_begin only, else NULL: whether the database has told the version of the snapshot, asked
     * after each prepare and first step until it is so: also after one that failed, for what did
     * not compile may have been written for another schema. Always so once a step has succeeded. */
    bool (*seen_version)(const struct db_eng_conn *conn, int64_t *ret_version);
    void (*read_end)(struct db_eng_conn *conn);
    /* A transaction that may write, and the schema's version in it. */
    struct err *(*begin)(struct arena *a, struct db_eng_conn *conn, int64_t *ret_version);
    /* *ret_wal_bytes: of log not yet moved into the database, written where it is the engine's to
     * move that (checkpoint()). */
    struct err *(*commit)(struct arena *a, struct db_eng_conn *conn, uint64_t *ret_wal_bytes);
    void (*rollback)(struct db_eng_conn *conn); /* no transaction: nothing */
    bool (*in_tx)(const struct db_eng_conn *conn);
    /* Release and rollback mean the innermost one; rollback ends it too. */
    struct err *(*savepoint)(struct arena *a, struct db_eng_conn *conn, enum db_mark mark);

    /* The statements of db_console_run(), on a connection of DB_ROLE_CONSOLE. Leaves no
     * transaction.
     */
    struct err *(*console)(struct arena *a, struct db_eng_conn *conn, const struct db_console *in,
                           struct db_console_told *ret);

    /* Where the engine notes what is committed, from open() to close(); NULL: nowhere. */
    struct db_seen_state *(*seen)(struct db_eng *eng);

    /* Units of work. A writer reaches the engine by db_conn_open() and db->ops alone, so that an
     * engine that wraps another hands these on as they are and still sees each call below them.
     * Nothing runs before the first unit: making one cannot fail. */
    struct db_writer *(*writer_new)(struct db *db);
    /* Answers the units that wait and ends all threads. db->ending is set, no unit comes after. */
    void (*writer_stop)(struct db_writer *w);
    /* Once it is stopped and all readers are closed. */
    void (*writer_free)(struct db_writer *w);
    /* As db_submit() and db_run_leased(): the latter leaves err, out and after in the unit, whose
     * done() it does not call. */
    bool (*submit)(struct db_writer *w, struct db_unit *unit);
    void (*run_leased)(struct db_writer *w, const struct db_lease *lease, struct db_unit *unit);

    /* Copies (db_copy()), on the write connection, outside of a transaction; while there is one,
     * nothing that is rolled back there makes it begin anew. `pinned`: of the state as it is now,
     * which the log has to keep until the end. NULL: the engine makes none. */
    struct err *(*copy_begin)(struct arena *a, struct db_eng_conn *conn, const char *path,
                              bool pinned, struct db_eng_copy **ret);
    /* For about so many microseconds. *ret_done: the part that is there, 1: it is the database of
     * this moment. E_STALE: others keep writing to it, so that it never comes to its end; but for
     * one that is pinned. */
    struct err *(*copy_step)(struct arena *a, struct db_eng_copy *copy, uint64_t us,
                             double *ret_done);
    void (*copy_end)(struct db_eng_copy *copy);
    /* Of a file at rest that is nobody's: db_check_copy(). */
    struct err *(*check_copy)(struct arena *a, const char *path, const atomic_bool *gone,
                              struct db_checked *ret);

    /* For db/writer.h only, NULL with another way of carrying out units. */
    struct err *(*checkpoint)(struct arena *a, struct db_eng_conn *conn, enum db_sweep sweep);

    /* For who watches; NULL: it tells nothing. Any thread. */
    size_t (*waiting)(struct db_writer *writer); /* units that are queued */
    void (*sizes)(struct db_eng *eng, struct db_sizes *ret);
};
extern const struct db_ops db_ops_sqlite;

#endif
