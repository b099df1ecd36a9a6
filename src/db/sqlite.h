/*
 * db/sqlite: what the files of the SQLite engine share. They alone include sqlite3.h.
 */
#ifndef REEVE_DB_SQLITE_H
#define REEVE_DB_SQLITE_H

#include "db/engine.h"
#include "db/like.h"
#include "db/seen.h"

#include <sqlite3.h>

struct db_eng {
    const struct db_conf *conf;
    char *path;
    atomic_uint n_conns; /* each has the same share of the page cache */
    struct db_seen_state *seen;
    /* of the write connection */
    unsigned n_copies; /* that are being made from it */
    bool looked_for_index;
    const unsigned char *wal_index; /* SQLite's mapping of it; NULL: there is none */
};

/* Transaction control, compiled on first use. */
enum sqlite_fixed {
    FIXED_BEGIN,
    FIXED_COMMIT,
    FIXED_ROLLBACK,
    FIXED_SAVEPOINT,
    FIXED_RELEASE,
    FIXED_ROLLBACK_TO,
    FIXED_SNAPSHOT,
    FIXED_GUARD,
    FIXED_ROLLBACK_TO_GUARD,
    FIXED_COUNT,
};

/* What SQLite names while it compiles a statement. */
struct sqlite_table {
    uint64_t name;
    const char *text; /* SQLite's, to compare addresses; NULL: none that stays */
    bool rows;        /* come or go */
    bool updated;     /* in columns */
};
struct sqlite_named_side {
    bool all;    /* more than fits, or what nobody counts */
    bool coarse; /* more columns than fit */
    uint8_t n_tables, n_columns;
    struct sqlite_table tables[8];
    uint16_t columns[16]; /* slots */
};
struct sqlite_named {
    bool any;  /* something was named since this was false */
    bool ends; /* it begins or ends transactions or savepoints */
    bool runs; /* it runs others, unnamed */
    struct sqlite_named_side reads, writes;
};

struct db_eng_conn {
    sqlite3 *db;
    struct db_eng *eng;
    struct db_watch *watch;
    size_t cache_kib; /* as last set; 0: never */
    uint64_t busy_us; /* when the present wait for a lock began */
    uint64_t busy_max_us;
    uint64_t wal_frames;
    bool is_guarded;            /* its transaction is inside of a savepoint: sqlite_tx.c */
    struct like_work like_work; /* of all calls of LIKE: many short texts are a long one, too */
    sqlite3_stmt *fixed[FIXED_COUNT];
    sqlite3_stmt *odd_items; /* sqlite_items.c: kept for the next one who needs it */

    /* sqlite_seen.c */
    bool tells;      /* reads or writes of its statements are told of */
    bool writes;     /* it is the write connection */
    int64_t version; /* the schema's, in the present snapshot or transaction */
    bool looked;     /* at the schema, in this version: */
    int64_t looked_version;
    bool is_virtual; /* there are virtual tables */
    bool hides;      /* there may be changes that are not named */
    struct sqlite_named named;
    unsigned tx_serial; /* of the transaction, from 1 */
    struct db_written written;
    /* of a commit */
    bool logged; /* it has written to the log */
    uint32_t index_change;
    uint64_t index_checksum;
};

struct db_eng_stmt {
    sqlite3_stmt *stmt;
    struct db_eng_conn *conn;
    bool is_write;  /* it may change something, or commit */
    bool ends;      /* it begins or ends transactions or savepoints */
    unsigned noted; /* in this transaction: see tx_serial */
    struct db_slots reads, writes;
};

/* What `code` of the connection's last call means, as db.h promises. code is the extended one. */
MUST_CHECK struct err *sqlite_err(struct arena *a, struct db_eng_conn *conn, int code);
/* Why a database cannot be opened. */
MUST_CHECK struct err *sqlite_open_err(struct arena *a, const char *path, sqlite3 *db, int code);

/* Before what may take longer than a loop can wait: a read that has a budget is over it at once,
 * and is run again elsewhere. False: it has none. */
bool sqlite_over_budget(struct db_eng_conn *conn);

/* Waits for locks as the connection's limits say. */
void sqlite_watch_locks(struct db_eng_conn *conn);

/* Our LIKE instead of SQLite's, with the same results. */
int sqlite_like_register(struct db_eng_conn *conn);

/* sqlite_items.c: a table-valued function of the items of a cell, _reeve_items(cell), and a
 * function of their number, _reeve_length(cell). Before the connection is closed: */
int sqlite_items_register(struct db_eng_conn *conn);
void sqlite_items_close(struct db_eng_conn *conn);

/* sqlite_value.c: zeroblob() as a value that is there: SQLite's own is made where it is read, and
 * who reads a cell is told of no error. */
int sqlite_blob_register(struct db_eng_conn *conn);
/* What db/dialect.h promises of real_text and like_match */
struct str sqlite_real_text(struct arena *a, double x);
bool sqlite_like_match(struct str pattern, struct str text, size_t *left, bool *ret);

/* sqlite_seen.c: see seen.h */
/* From here on what is compiled is named; a code of SQLite's. */
int sqlite_seen_register(struct db_eng_conn *conn);
/* A transaction has begun, on the write connection. */
void sqlite_seen_tx(struct db_eng_conn *conn);
/* Right before a commit, and after it, whether it failed or not. */
void sqlite_seen_commit(struct db_eng_conn *conn);
void sqlite_seen_committed(struct db_eng_conn *conn);
/* Before a statement is compiled: what names do not tell, once for each version of the schema. */
void sqlite_seen_look(struct db_eng_conn *conn);
/* After a statement was compiled, with what was named. */
void sqlite_seen_compiled(struct db_eng_stmt *stmt);
/* Before a step of one that may write: true, where it may commit by itself. */
MUST_CHECK bool sqlite_seen_step(struct db_eng_stmt *stmt);
/* After the step of one that may write, or in which something was named. */
void sqlite_seen_stepped(struct db_eng_stmt *stmt, bool commits);
/* The connection's mapping is about to go. */
void sqlite_seen_close(struct db_eng_conn *conn);

/* sqlite_copy.c: see struct db_ops */
MUST_CHECK struct err *sqlite_copy_begin(struct arena *a, struct db_eng_conn *conn,
                                         const char *path, bool pinned, struct db_eng_copy **ret);
MUST_CHECK struct err *sqlite_copy_step(struct arena *a, struct db_eng_copy *copy, uint64_t us,
                                        double *ret_done);
void sqlite_copy_end(struct db_eng_copy *copy);
MUST_CHECK struct err *sqlite_check_copy(struct arena *a, const char *path, const atomic_bool *gone,
                                         struct db_checked *ret);

/* sqlite_stmt.c: see struct db_ops */
MUST_CHECK struct err *sqlite_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                      struct db_compiled *ret);
void sqlite_finalize(struct db_eng_stmt *stmt);
void sqlite_reset(struct db_eng_stmt *stmt, bool bound);
bool sqlite_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value);
MUST_CHECK struct err *sqlite_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                                   int64_t *ret_changes);
uint64_t sqlite_steps(struct db_eng_stmt *stmt);
unsigned sqlite_columns(const struct db_eng_stmt *stmt);
struct str sqlite_column_name(const struct db_eng_stmt *stmt, unsigned at);
struct db_value sqlite_column(const struct db_eng_stmt *stmt, unsigned at);
struct str sqlite_column_text(const struct db_eng_stmt *stmt, unsigned at);
int64_t sqlite_column_as_int(const struct db_eng_stmt *stmt, unsigned at);

/* sqlite_console.c: see struct db_ops */
MUST_CHECK struct err *sqlite_console(struct arena *a, struct db_eng_conn *conn,
                                      const struct db_console *in, struct db_console_told *ret);

/* sqlite_tx.c: see struct db_ops */
MUST_CHECK struct err *sqlite_read_begin(struct arena *a, struct db_eng_conn *conn,
                                         int64_t *ret_version);
void sqlite_read_end(struct db_eng_conn *conn);
MUST_CHECK struct err *sqlite_begin(struct arena *a, struct db_eng_conn *conn,
                                    int64_t *ret_version);
MUST_CHECK struct err *sqlite_commit(struct arena *a, struct db_eng_conn *conn,
                                     uint64_t *ret_wal_bytes);
void sqlite_rollback(struct db_eng_conn *conn);
static inline bool sqlite_in_tx(const struct db_eng_conn *conn)
{
    return !sqlite3_get_autocommit(conn->db);
}
MUST_CHECK struct err *sqlite_savepoint(struct arena *a, struct db_eng_conn *conn,
                                        enum db_mark mark);
MUST_CHECK struct err *sqlite_checkpoint(struct arena *a, struct db_eng_conn *conn,
                                         enum db_sweep sweep);

#endif
