/*
 * db: the only way to a database. One interface, one struct of functions an engine; callers use
 * db_*() and never ask which engine it is.
 *
 * Reading: every thread has its own read connection, db_reader(). db_read_begin() opens a snapshot,
 * db_read_end() lets it go; statements in between see one state.
 *
 * Writing: a unit of work is a function that may run twice (design.md 4.5): its input is read-only,
 * its arena is reset before each run, and it does nothing outside the database. It runs either
 *   - grouped: in a savepoint on the writer thread among others, one commit for all (group commit);
 *   - leased: on the caller's thread, which holds the write connection alone meanwhile.
 * Both get a connection `tx` that reads and writes with the same calls as a reader.
 *
 * Limits of a connection (CPU budget, deadline, a client that left) are set per request or unit and
 * checked while statements run; what passes them is E_OVER_BUDGET, E_UNAVAILABLE (timed_out) or
 * E_GONE.
 *
 * Errors: a unique violation is E_BAD_REQUEST with validation_not_unique on each column that is
 * named (none for an expression index); other constraints, and a statement that does not compile or
 * fails by its own fault (a filter may cause it), are E_BAD_REQUEST without items; a busy, full or
 * vanished database is E_UNAVAILABLE; a corrupt one is E_INTERNAL. The cause is the engine's text
 * as PocketBase shows it ("Raw error", data-dir.md 2).
 */
#ifndef REEVE_DB_DB_H
#define REEVE_DB_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_conn;
struct db_stmt;
struct db_ops;     /* engine.h: an engine */
struct db_dialect; /* dialect.h: how SQL is spelt for it */

enum db_durability { DB_FULL, DB_NORMAL };

struct db_conf {
    struct str path; /* a file; created when it is missing and `create` */
    bool create;
    enum db_durability durability;
    unsigned query_timeout_s; /* deadline of reads and leases; 0: none */
    size_t page_cache_bytes;  /* all connections of this database together */
    /* That the engine may hold of the heap, all databases of the process together, beside what its
     * connections keep; 0: as it is. What would go beyond is E_UNAVAILABLE. */
    size_t engine_bytes;
    const struct db_ops *ops; /* NULL: SQLite. Tests wrap engines here */
    const char *vfs;          /* NULL: the system's. Tests put the power-loss VFS here */
    bool run_twice;           /* tests: every unit runs once before, and is rolled back */
    /* On the writer thread, once all done() calls of a group were made; may be NULL. */
    void (*group_done)(void *user);
    /* On the committing thread, right before a commit that carries a unit which called
     * db_ask_before_commit(): what readers see is the state before it. Must not wait for a unit;
     * may be NULL. */
    void (*before_commit)(void *user);
    /* On the committing thread, once what units wanted after their commit has been set off: of all
     * that were carried out together, in one commit or several, or in none; may be NULL. */
    void (*after_commit)(void *user);
    void *user;
};

/* Opens or creates. Errors name the file and what is wrong with it (locked, read-only, corrupt,
 * no database) in `cause`, for standard error. conf is copied; path and ops must outlive the db. */
MUST_CHECK struct err *db_open(struct arena *a, const struct db_conf *conf, struct db **ret);
/* Ends the writer and the checkpointer, checkpoints the WAL, closes. All readers must be closed and
 * no unit waiting. NULL is fine. */
void db_close(struct db *db);
AUTO_DEFINE(db_close, struct db *)

/* From here on no write waits for the lock of another process: what cannot begin at once is
 * E_UNAVAILABLE. Any thread; before db_close(), which does the same. */
void db_end_waits(struct db *db);

const struct db_dialect *db_dialect(const struct db *db);
const struct db_dialect *db_conn_dialect(const struct db_conn *conn);

/* Whether calls wait for a network: then none is made on a loop, reads neither. Any thread. */
bool db_blocks(const struct db *db);
/* The engine's name: "sqlite". Any thread. */
const char *db_engine(const struct db *db);
/* The same of an engine, before a database is open; NULL: SQLite. */
bool db_engine_blocks(const struct db_ops *ops);

/* --- reading --------------------------------------------------------------------------------- */

/* The calling thread's read connection, opened on first use; NULL and *ret_err when it cannot be.
 * It belongs to the thread until db_reader_close() or the thread's end. */
MUST_CHECK struct err *db_reader(struct arena *a, struct db *db, struct db_conn **ret);
/* Closes the calling thread's read connection, if it has one. Before the thread ends. */
void db_reader_close(struct db *db);

MUST_CHECK struct err *db_read_begin(struct arena *a, struct db_conn *conn);
/* What a caller knows of the database before it reads there. */
struct db_expected {
    int64_t version;           /* db_schema_version() */
    bool (*holds)(void *user); /* once the snapshot has begun, for what shows in no version */
    void *user;
};
/* As db_read_begin(), and E_STALE where the snapshot is another than expected. An engine may know
 * that only once the database is asked something: then it is the error of the first statement,
 * whose rows nobody sees, and of all after it. *expected lives until db_read_end(). */
MUST_CHECK struct err *db_read_begin_at(struct arena *a, struct db_conn *conn,
                                        const struct db_expected *expected);
/* False: a statement has given E_STALE, and what was read does not count. */
bool db_read_end(struct db_conn *conn);

struct db_limits {
    uint64_t cpu_us;         /* of the calling thread, from now; 0: none. Over it: E_OVER_BUDGET */
    uint64_t timeout_ms;     /* from now; 0: the database's query timeout. Over it: E_UNAVAILABLE */
    const atomic_bool *gone; /* may be NULL; true: E_GONE */
};
/* Until the next call; NULL: none but the query timeout. Readers only. */
void db_set_limits(struct db_conn *conn, const struct db_limits *limits);
/* Whether the limits are those of a loop (LIMIT_INLINE_CPU_US): what takes long need not be begun.
 */
bool db_on_loop(const struct db_conn *conn);
/* The CPU time that the limits give, all of it; 0: as much as it takes. Who waits for others in
 * place of working should wait no longer. */
uint64_t db_budget_us(const struct db_conn *conn);
/* Between rows and parts of an answer: the error that a statement would give now, E_UNAVAILABLE
 * when the memory budget is passed, or NULL. */
MUST_CHECK struct err *db_check_limits(struct arena *a, struct db_conn *conn);

/* --- statements ------------------------------------------------------------------------------ */

/* From the connection's cache of prepared statements, compiled on a miss. Reset and without
 * bindings. Give it back with db_release() on every path; AUTO(db_release) does. */
MUST_CHECK struct err *db_prepare(struct arena *a, struct db_conn *conn, struct str sql,
                                  struct db_stmt **ret);
void db_release(struct db_stmt *stmt);
AUTO_DEFINE(db_release, struct db_stmt *)

enum db_type { DB_NULL, DB_INT, DB_REAL, DB_TEXT, DB_BLOB };

struct db_value {
    enum db_type type;
    union {
        int64_t i;
        double d;
        struct str s; /* text and blob: borrowed */
    };
};
#define DB_V_NULL ((struct db_value){.type = DB_NULL})
#define DB_V_INT(x) ((struct db_value){.type = DB_INT, .i = (x)})
#define DB_V_REAL(x) ((struct db_value){.type = DB_REAL, .d = (x)})
#define DB_V_TEXT(x) ((struct db_value){.type = DB_TEXT, .s = (x)})
#define DB_V_BLOB(x) ((struct db_value){.type = DB_BLOB, .s = (x)})

/* Of the same type, and bytewise the same. */
bool db_value_eq(struct db_value x, struct db_value y);

/* Parameters count from 1, in the order the dialect numbered them. Bytes must live until the
 * statement is released. */
void db_bind(struct db_stmt *stmt, unsigned at, struct db_value value);
/* *ret_row: a row is there. */
MUST_CHECK struct err *db_step(struct arena *a, struct db_stmt *stmt, bool *ret_row);
/* How much work the statement was since this was asked last, in steps of the engine's machine, of
 * which a row that is looked at takes some five or more. 0, too, where the engine does not count.
 */
uint64_t db_steps(struct db_stmt *stmt);
unsigned db_columns(const struct db_stmt *stmt);
struct str db_column_name(const struct db_stmt *stmt, unsigned at);
/* Columns count from 0; borrowed until the next step or release. */
struct db_value db_column(const struct db_stmt *stmt, unsigned at);
struct str db_column_text(const struct db_stmt *stmt, unsigned at); /* any type, as its text */
int64_t db_column_int(const struct db_stmt *stmt, unsigned at);

/* Prepares and binds values 1..n, which live until the statement is released. E_INTERNAL where the
 * statement has fewer parameters; *ret is to be released in any case. */
MUST_CHECK struct err *db_prepare_bound(struct arena *a, struct db_conn *conn, struct str sql,
                                        const struct db_value *values, unsigned n,
                                        struct db_stmt **ret);

/* Prepare, bind, step to the end, release. values: n of them. *ret_changes may be NULL. */
MUST_CHECK struct err *db_exec(struct arena *a, struct db_conn *conn, struct str sql,
                               const struct db_value *values, unsigned n, int64_t *ret_changes);
/* First row's columns, copied into `a`; *ret NULL when there is no row. */
struct db_row {
    struct db_value *cells;
    unsigned n;
};
MUST_CHECK struct err *db_query_row(struct arena *a, struct db_conn *conn, struct str sql,
                                    const struct db_value *values, unsigned n, struct db_row **ret);

/* --- snapshots that are handed on ------------------------------------------------------------- */

/* A read connection of no thread: its opener has it, then whoever takes it from the one before, who
 * has nothing open on it but its snapshot. It is closed by who has it, before the database is. */
MUST_CHECK struct err *db_loose_open(struct arena *a, struct db *db, struct db_conn **ret);
void db_loose_take(struct db_conn *conn);
void db_loose_close(struct db_conn *conn); /* NULL is fine */

/* --- what may be remembered ------------------------------------------------------------------ */

/* What an answer was read from, so that it can be told later whether it is still so. A struct of
 * zeros holds never. Copy it as it is; it is of the db that filled it in. */
#define DB_SLOTS_MAX 23
struct db_slots { /* db/seen.h */
    bool all;
    uint8_t n;
    uint16_t at[DB_SLOTS_MAX];
};
struct db_seen {
    uint64_t mark, epoch;
    struct db_slots slots;
};
/* In a snapshot, after or before it is read: what is read in it of a table, in whatever rows and
 * columns. False: it has changed since the snapshot began, is being changed right now, or that
 * cannot be told: nothing read of it may be remembered. A statement that asks about time, chance or
 * the schema is the caller's to know of. */
MUST_CHECK bool db_seen_table(const struct db_conn *conn, struct str table, struct db_seen *ret);
/* The same of all that a statement reads, which was prepared in the snapshot and has been stepped.
 * False, too, where it uses the clock or chance, writes, or reads what changes without a commit. */
MUST_CHECK bool db_seen_statement(const struct db_stmt *stmt, struct db_seen *ret);
/* Whether nothing of it has been committed since: what has been read may be used. No commit that
 * was answered before the call is overlooked, of this process or another. Any thread, no lock, some
 * 10 ns. False may be for the moment of another's commit only, or by chance. An engine without a
 * way to tell, and one that this process has not written to yet, says false always. */
MUST_CHECK bool db_seen_holds(const struct db *db, const struct db_seen *seen);
/* The same, and it is what the snapshot of `conn` would read: what was read by another may stand
 * beside what this one reads, as if both were of one state. That it holds is not enough: it may
 * have been read after a commit that the snapshot does not see. False outside of a snapshot. */
MUST_CHECK bool db_seen_holds_in(const struct db_conn *conn, const struct db_seen *seen);

/* --- watching statements --------------------------------------------------------------------- */

/* A statement that was given back. All of it is borrowed for the call. */
struct db_traced {
    struct str sql;
    const struct db_value *values; /* parameters 1..n_values; DB_NULL where none was bound */
    unsigned n_values;
    uint64_t rows;       /* that its caller has stepped to */
    uint64_t elapsed_us; /* inside of the engine: what its caller did between the rows is none */
    bool failed;         /* a step gave an error */
};
/* On the connection's thread, inside db_release(): must not use the connection. */
struct db_trace {
    void (*ended)(void *user, const struct db_traced *traced);
    void *user;
};
/* From here on each statement that is prepared on the connection is told to `trace`, which is
 * borrowed until the next call; NULL: no more, as at first. What does not compile is not told. The
 * connection's thread, while none of its statements is in use. Where nothing is traced, a statement
 * costs a look at one pointer where it is bound, stepped and given back. */
void db_trace(struct db_conn *conn, const struct db_trace *trace);

/* How the engine would carry a statement out, in its own words. Lives in `a`. */
struct db_plan_line {
    unsigned depth; /* 0: under no other line */
    int64_t number; /* the engine's; 0: it counts none */
    struct str text;
};
struct db_plan {
    struct db_plan_line *items;
    size_t n;
};
/* values: n of them; an engine may plan by them. Nothing is run. Errors as of db_prepare_bound().
 */
MUST_CHECK struct err *db_explain(struct arena *a, struct db_conn *conn, struct str sql,
                                  const struct db_value *values, unsigned n, struct db_plan *ret);

/* --- looking around -------------------------------------------------------------------------- */

/* Lists live in `a`, in the database's own order. */
struct db_table {
    struct str name;
    bool is_view;
    struct str sql; /* as the engine keeps it; may be empty */
};
struct db_tables {
    struct db_table *items;
    size_t n;
};
MUST_CHECK struct err *db_list_tables(struct arena *a, struct db_conn *conn, struct db_tables *ret);

struct db_table_column {
    struct str name;
    struct str type; /* as declared; empty for an expression of a view */
    bool not_null;
    bool primary;
    bool has_default;
    struct str default_sql;
};
struct db_table_columns {
    struct db_table_column *items;
    size_t n; /* 0: there is no such table */
};
MUST_CHECK struct err *db_list_columns(struct arena *a, struct db_conn *conn, struct str table,
                                       struct db_table_columns *ret);

struct db_table_index {
    struct str name;
    struct str table;
    struct str sql;
};
struct db_table_indexes {
    struct db_table_index *items;
    size_t n;
};
/* Those that were created by a statement; table empty: of all tables. */
MUST_CHECK struct err *db_list_indexes(struct arena *a, struct db_conn *conn, struct str table,
                                       struct db_table_indexes *ret);

/* What a lookup by `columns` would find in a table, estimated from rows all over it: twice
 * LIMIT_ESTIMATE_ROWS are read at most, whatever its size; exact where it has fewer than that. */
struct db_estimate {
    int64_t rows; /* of the table */
    int64_t same; /* rows with the values that one row has in all of the columns; n 0: all */
};
MUST_CHECK struct err *db_estimate(struct arena *a, struct db_conn *conn, struct str table,
                                   const struct str *columns, size_t n, struct db_estimate *ret);
/* Whether a plan reads more than it looks for, as far as the engine's words tell: a whole table, or
 * an index of it, from end to end; an index or an order that is made for the statement alone. */
bool db_plan_is_costly(const struct db_plan *plan);

/* --- units of work --------------------------------------------------------------------------- */

/* `in` is read-only; results live in `a`, which outlives the run that is kept. */
typedef struct err *db_unit_fn(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);

struct db_action;
struct db_end;
/* What a unit wants to happen later: lists, newest first, in its arena. */
struct db_after {
    struct db_action *actions; /* db_after_commit() */
    struct db_end *ends;       /* db_at_end() */
    bool asks;                 /* db_ask_before_commit() */
};

struct db_unit {
    /* set by the submitter */
    db_unit_fn *run;
    const void *in;
    struct arena *arena;     /* the unit's own while it runs: results and errors live there */
    const atomic_bool *gone; /* may be NULL; a unit not yet started is then dropped with E_GONE */
    /* On the writer thread, after the commit that carried the unit is on disk, or with its error.
     */
    void (*done)(struct db_unit *unit, struct err *err, void *out);
    void *user;

    /* the engine's */
    uint64_t since_us; /* clock_us() when it was submitted */
    struct db_unit *next;
    struct err *err;
    void *out;
    struct db_after after; /* its ends are the submitter's, for db_ends_run() */
};

/* Any thread: runs the unit grouped. Where a lease holds the write connection for longer than the
 * query timeout the unit is E_UNAVAILABLE, and was not begun. False: the queue is full, nothing was
 * taken. */
MUST_CHECK bool db_submit(struct db *db, struct db_unit *unit);
/* Grouped, and waits; a unit over its budget is run again leased, for the query timeout at most.
 * Not on a loop. E_INTERNAL on a thread that carries out a unit of this database (inside it, in its
 * done() or an action after its commit): it would wait for itself. */
MUST_CHECK struct err *db_run(struct arena *a, struct db *db, db_unit_fn *run, const void *in,
                              void **ret_out);
/* Leased: the running group commits first; the caller's thread then holds the write connection for
 * at most timeout_s (0: no limit), runs the unit and commits. It waits for the connection for at
 * most wait_s (0: no limit): E_UNAVAILABLE, and the unit was not begun. Not on a loop, and refused
 * as db_run() is. `published`, when not NULL, is called after the commit and before the write
 * connection is given back. changes_schema: before that, what the engine knows of the tables'
 * contents follows; where that fails, the log has it, and the commit stands as it is. */
struct db_lease {
    unsigned timeout_s;
    unsigned wait_s;
    const atomic_bool *gone;
    bool changes_schema;
    /* The unit is outside of a transaction: what writes there commits by itself. */
    bool apart;
    void (*published)(void *user);
    void *user;
    struct db_end **ret_ends; /* written in any case; NULL: they are run before it returns */
};
MUST_CHECK struct err *db_run_leased(struct arena *a, struct db *db, const struct db_lease *lease,
                                     db_unit_fn *run, const void *in, void **ret_out);

/* --- a console ------------------------------------------------------------------------------- */

/*
 * Statements as somebody has written them, one after the other, on a connection that is opened for
 * them and closed after them: so nothing that they set, attach or leave open is there for anybody
 * else. What they write is not seen as a unit's: no action, no event.
 */
enum db_console_mode {
    DB_CONSOLE_LOOKS,   /* what would write is refused, and what changes the connection, too */
    DB_CONSOLE_READS,   /* each on its own; comes back with `writes` where one would write */
    DB_CONSOLE_WRITES,  /* the same with the write connection held: each may write */
    DB_CONSOLE_CHANGES, /* held as well, all in one transaction; no rows are told */
};

/* One value for all statements that name it. */
struct db_console_value {
    struct str name; /* without the sign before it; empty: the value of that place, from 1 */
    struct db_value value;
};

struct db_console_column {
    struct str name;
    struct str type; /* as it was declared; empty for an expression */
};

struct db_console {
    enum db_console_mode mode;
    struct str sql;
    const struct db_console_value *values;
    size_t n_values;
    unsigned timeout_s; /* of the statements, for all of them together */
    unsigned wait_s;    /* for the write connection: see struct db_lease */
    const atomic_bool *gone;
    unsigned max_rows;
    bool counts_more; /* looks whether there are more rows than that */
    /* Of the last statement that is one, its columns and then its rows. Borrowed for the call; an
     * error ends it all. */
    void (*columns)(void *user, const struct db_console_column *columns, unsigned n);
    struct err *(*row)(void *user, struct arena *a, const struct db_value *cells);
    /* As that of struct db_lease, where the statements have changed the schema; may be NULL. */
    void (*published)(void *user);
    void *user;
};

struct db_console_told {
    bool writes;    /* nothing was done: it takes a mode that may write */
    bool more;      /* there are rows beyond max_rows */
    bool changed;   /* the schema was */
    bool failed;    /* the error is one of the statements', and its cause are the engine's words */
    int64_t n_rows; /* that the last statement to do so has changed; DB_CONSOLE_CHANGES */
    uint64_t wal_bytes; /* 0: nothing was written to the log */
};
/* Not on a loop; refused as db_run() is where it writes. An error of DB_CONSOLE_CHANGES leaves
 * nothing behind but what the statements have committed themselves. *ret is written in any case. */
MUST_CHECK struct err *db_console_run(struct arena *a, struct db *db, const struct db_console *in,
                                      struct db_console_told *ret);

/* Runs a unit on a scratch database: tables, views and indexes as `from` sees them, in a read
 * transaction, but no rows, except those of `tables` (n_tables of them). It is the call's own and
 * gone after it, so nothing that the unit asks for after its commit is done. The query timeout is
 * for all of it. Errors are the unit's, or the scratch's own. Not on a loop. */
MUST_CHECK struct err *db_run_scratch(struct arena *a, struct db_conn *from,
                                      const char *const *tables, size_t n_tables, db_unit_fn *run,
                                      const void *in, void **ret_out);

/* Inside a unit: what is asked until db_box_end() has the query timeout for itself, where the unit
 * may take longer. A statement that runs out of it is E_UNAVAILABLE. */
struct db_box {
    uint64_t deadline_us; /* the unit's */
    bool armed;
};
void db_box_begin(struct db_conn *tx, struct db_box *box);
/* True: the time in the box is over, and the unit may go on. */
bool db_box_end(struct db_conn *tx, const struct db_box *box);

/* Inside a unit: fn(user) once the commit is on disk, on the thread that committed and before it
 * gives the write connection back; so it must not wait, nor write to this database. Dropped with
 * the savepoint or the run it belongs to. `user` lives in the unit's arena or longer. */
void db_after_commit(struct db_conn *tx, void (*fn)(void *user), void *user);

/* The same for what belongs together: is_last where no other of the unit with this `each` follows.
 * One function of a program alone uses it. */
void db_each_after_commit(struct db_conn *tx, void (*each)(void *user, bool is_last), void *user);

/* Inside a unit: fn(user, failed) for whoever waits for it, once it has come to its end and the
 * write connection is given back, so fn may wait and write: failed NULL, it is committed; else why
 * it is not. An error of fn after a commit is the unit's answer, though it is stored. Dropped with
 * the savepoint or the run it belongs to. */
typedef struct err *db_end_fn(void *user, const struct err *failed);
void db_at_end(struct db_conn *tx, db_end_fn *fn, void *user);
/* Calls them in their order, where a unit has not been waited for by db_run(); ends may be NULL.
 * failed: the unit's error; where that is one after which the unit is run again, nothing is called.
 * The first error of one. Once. */
MUST_CHECK struct err *db_ends_run(struct db_end *ends, const struct err *failed);

/* Inside a unit: asks for conf.before_commit, once for all that are committed together. */
void db_ask_before_commit(struct db_conn *tx);

/* Inside a unit: nested savepoints. Every begin has one release or rollback. */
MUST_CHECK struct err *db_savepoint(struct arena *a, struct db_conn *tx);
MUST_CHECK struct err *db_savepoint_release(struct arena *a, struct db_conn *tx);
void db_savepoint_rollback(struct db_conn *tx);

/* The schema's version when the present snapshot or transaction began: it changes with every DDL
 * statement, also of other processes. Inside a unit; after a statement in a snapshot; or after
 * E_STALE, when it is what was found. */
int64_t db_schema_version(const struct db_conn *conn);

/* Inside a unit: its arena, for what shall be there at its end. */
struct arena *db_unit_arena(const struct db_conn *tx);
/* Whether the connection is inside a unit (writes allowed). */
bool db_is_tx(const struct db_conn *conn);
/* Whether that unit shares its transaction with others. One that finds that it has much to write
 * returns E_OVER_BUDGET, and runs again leased. */
bool db_is_grouped(const struct db_conn *conn);

/* --- upkeep ---------------------------------------------------------------------------------- */

/* Gives the space of deleted rows back to the system, as far as the engine can; it has the write
 * connection meanwhile, which may be long: of a small database. Not on a loop, nor on a thread that
 * carries out a unit. */
MUST_CHECK struct err *db_compact(struct arena *a, struct db *db);
/* Moves all that the log holds into the database's file and cuts the log off, where the engine
 * keeps one. Writers wait for the last of it only. What others still read from the log stays for
 * the next time, which is no error. Not on a loop, nor on a thread that carries out a unit. */
MUST_CHECK struct err *db_empty_log(struct arena *a, struct db *db);
/* Has the engine renew what it knows of the tables' contents, as far as it finds that worth while;
 * it has the write connection meanwhile, for the query timeout at most. As db_run_leased(), E_GONE
 * once *gone is true (NULL: never) included. */
MUST_CHECK struct err *db_optimize(struct arena *a, struct db *db, const atomic_bool *gone);

/* --- copies ---------------------------------------------------------------------------------- */

/* Copies the database as it is at a moment before the call returns, with every commit that was
 * answered before it began, into a new file at `path`. Writers go on: the write connection is held
 * for LIMIT_COPY_SLICE_US at a time, and the log may begin anew meanwhile. The file is not synced;
 * after an error there is none. go_on: asked between slices, with the part that is done, from 0 to
 * 1; false ends it: E_GONE. May be NULL. Where another process keeps writing, the log has to keep a
 * state until the copy is made. Not on a loop, nor on a thread that carries out a unit.
 * E_UNAVAILABLE: the disk is full, or the engine makes none. */
struct db_copy_watch {
    bool (*go_on)(void *user, double done);
    void *user;
};
MUST_CHECK struct err *db_copy(struct arena *a, struct db *db, struct str path,
                               const struct db_copy_watch *watch);

/* What a whole database holds. */
struct db_checked {
    uint64_t tables, rows;
};
/* Whether a file that nobody uses is a whole database of the engine (NULL: SQLite): E_BAD_REQUEST
 * with what is wrong as its cause; E_GONE once *gone (NULL: never) is true. Changes nothing, and
 * makes no file beside it. Not on a loop. */
MUST_CHECK struct err *db_check_copy(struct arena *a, const struct db_ops *ops, struct str path,
                                     const atomic_bool *gone, struct db_checked *ret);

/* --- watching -------------------------------------------------------------------------------- */

struct db_stats {
    uint64_t units;  /* finished since the start */
    uint64_t groups; /* commits that carried them */
    uint64_t checkpoints;
    uint64_t waiting; /* units that are queued now, leases not among them */
};
struct db_stats db_stats(const struct db *db);
/* Of its files, as the file system tells them; 0 where the engine has none here. Any thread. */
struct db_sizes {
    uint64_t file_bytes;
    uint64_t log_bytes; /* written ahead, and not moved into the file or not cut off yet */
};
struct db_sizes db_sizes(const struct db *db);

/* Gives back to the system what statements have taken and freed, where that is much since the last
 * time; else it costs a look at two numbers. May take some 10 ms, in which other threads wait for
 * their memory: now and then, on a thread that nobody waits for. Of the whole process. */
void db_memory_relax(void);

#endif
