/*
 * db/sqlite: what the files of the SQLite engine share. They alone include sqlite3.h.
 */
#ifndef REEVE_DB_SQLITE_H
#define REEVE_DB_SQLITE_H

#include "db/engine.h"
#include "db/like.h"

#include <sqlite3.h>

struct db_eng {
    const struct db_conf *conf;
    char *path;
    atomic_uint n_conns; /* each has the same share of the page cache */
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
    FIXED_COUNT,
};

struct db_eng_conn {
    sqlite3 *db;
    struct db_eng *eng;
    struct db_watch *watch;
    size_t cache_kib; /* as last set; 0: never */
    uint64_t busy_us; /* when the present wait for a lock began */
    uint64_t busy_max_us;
    uint64_t wal_frames;
    struct like_work like_work; /* of all calls of LIKE: many short texts are a long one, too */
    sqlite3_stmt *fixed[FIXED_COUNT];
};

struct db_eng_stmt {
    sqlite3_stmt *stmt;
    struct db_eng_conn *conn;
};

/* What `code` of the connection's last call means, as db.h promises. code is the extended one. */
MUST_CHECK struct err *sqlite_err(struct arena *a, struct db_eng_conn *conn, int code);
/* Why a database cannot be opened. */
MUST_CHECK struct err *sqlite_open_err(struct arena *a, const char *path, sqlite3 *db, int code);

/* Before what may take longer than a loop can wait: a read that has a budget is over it at once,
 * and is run again elsewhere. False: it has none. */
bool sqlite_over_budget(struct db_eng_conn *conn);

/* Our LIKE instead of SQLite's, with the same results. */
int sqlite_like_register(struct db_eng_conn *conn);

/* sqlite_value.c: zeroblob() as a value that is there: SQLite's own is made where it is read, and
 * who reads a cell is told of no error. */
int sqlite_blob_register(struct db_eng_conn *conn);
/* What db/dialect.h promises of real_text and like_match */
struct str sqlite_real_text(struct arena *a, double x);
bool sqlite_like_match(struct str pattern, struct str text, size_t *left, bool *ret);

/* sqlite_stmt.c: see struct db_ops */
MUST_CHECK struct err *sqlite_prepare(struct arena *a, struct db_eng_conn *conn, struct str sql,
                                      struct db_compiled *ret);
void sqlite_finalize(struct db_eng_stmt *stmt);
void sqlite_reset(struct db_eng_stmt *stmt, bool bound);
bool sqlite_bind(struct db_eng_stmt *stmt, unsigned at, struct db_value value);
MUST_CHECK struct err *sqlite_step(struct arena *a, struct db_eng_stmt *stmt, bool *ret_row,
                                   int64_t *ret_changes);
unsigned sqlite_columns(const struct db_eng_stmt *stmt);
struct str sqlite_column_name(const struct db_eng_stmt *stmt, unsigned at);
struct db_value sqlite_column(const struct db_eng_stmt *stmt, unsigned at);
struct str sqlite_column_text(const struct db_eng_stmt *stmt, unsigned at);
int64_t sqlite_column_as_int(const struct db_eng_stmt *stmt, unsigned at);

/* sqlite_tx.c: see struct db_ops */
MUST_CHECK struct err *sqlite_read_begin(struct arena *a, struct db_eng_conn *conn,
                                         int64_t *ret_version);
void sqlite_read_end(struct db_eng_conn *conn);
MUST_CHECK struct err *sqlite_begin(struct arena *a, struct db_eng_conn *conn,
                                    int64_t *ret_version);
MUST_CHECK struct err *sqlite_commit(struct arena *a, struct db_eng_conn *conn,
                                     uint64_t *ret_wal_bytes);
void sqlite_rollback(struct db_eng_conn *conn);
bool sqlite_in_tx(const struct db_eng_conn *conn);
MUST_CHECK struct err *sqlite_savepoint(struct arena *a, struct db_eng_conn *conn,
                                        enum db_mark mark);
MUST_CHECK struct err *sqlite_checkpoint(struct arena *a, struct db_eng_conn *conn,
                                         enum db_sweep sweep);

#endif
