/*
 * The SQLite engine: files and connections.
 *
 * Opening a database changes nothing in it: only the first write connection turns it to WAL. So a
 * directory that the layers above refuse is left as it was.
 *
 * What grows with the rows that a statement goes through is in memory up to a bound, and in a file
 * without a name from there on: a sort has the connection's share of the page cache, but 1 MB at
 * least; a temporary table or index (DISTINCT, a list after IN) SQLite's own 2 MB; what takes back
 * a savepoint or statement JOURNAL_BYTES (sqlite_memory.c). What stays below reaches no file.
 */
#include "db/sqlite.h"

#include "base/compiler.h"
#include "base/date.h"
#include "db/sqlite_memory.h"
#include "db/writer.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_STEPS 500       /* of SQLite's virtual machine between two looks at the limits */
#define BUSY_MAX_US 10000000     /* data-dir.md 2 */
#define OPEN_BUSY_MAX_US 3000000 /* someone waits for the program to start */
#define SWEEP_BUSY_MAX_US 200000 /* a checkpoint that waits holds writers up */
#define SQL_MAX_BYTES 2000000
#define VALUE_MAX_BYTES 1000000000

/* Settings of a connection. The writer's alone may change the file (journal_mode). */
#define PRAGMAS_ALL "PRAGMA temp_store=FILE;PRAGMA foreign_keys=ON;"
#define PRAGMAS_WRITE "PRAGMA journal_mode=WAL;PRAGMA journal_size_limit=200000000;"

/* --- the process ------------------------------------------------------------------------------ */

/* Temporary files lie beside the process's first database, where there is room for its data and
 * no memory is taken for a disk; where that folder cannot be used any more, or the operator has
 * named one, by SQLite's own rules. */
static void set_temp_folder(struct str folder)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    if (getenv("SQLITE_TMPDIR"))
        return;
    pthread_mutex_lock(&lock);
    if (!sqlite3_temp_directory)
        sqlite3_temp_directory = sqlite3_mprintf("%.*s", STR_ARG(folder)); /* NULL: as above */
    pthread_mutex_unlock(&lock);
}

/* --- open ------------------------------------------------------------------------------------ */

static struct str folder_of(struct str path)
{
    size_t slash = str_find_last_byte(path, '/');

    if (slash == path.n)
        return STR(".");
    return str_sub(path, 0, slash ? slash : 1);
}

/* Why the file system refuses the path, or NULL; SQLite's own words do not tell a folder from a
 * missing file. */
static const char *path_refused(struct arena *a, const struct db_conf *conf, const char *path)
{
    const char *folder = arena_cstr(a, folder_of(conf->path));
    struct stat st;

    if (conf->vfs)
        return NULL;
    if (stat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            return "is not a file";
        if (access(path, R_OK) != 0)
            return "cannot be read by this user";
        if (access(path, W_OK) != 0)
            return "is read-only";
    } else if (errno != ENOENT) {
        return "its folder does not exist or cannot be entered";
    } else if (!conf->create) {
        return "there is no database";
    }
    if (stat(folder, &st) != 0)
        return "its folder does not exist";
    if (access(folder, W_OK) != 0)
        return "its folder is read-only";
    return NULL;
}

static struct err *sqlite_open(struct arena *a, const struct db_ops *self,
                               const struct db_conf *conf, struct db_eng **ret)
{
    const char *path = arena_cstr(a, conf->path);
    const char *why = path_refused(a, conf, path);
    struct db_eng *eng;

    (void)self;
    if (why)
        return err_new(a, E_UNAVAILABLE, NULL, "%s: %s", path, why);
    sqlite_memory_setup();
    if (!conf->vfs)
        set_temp_folder(folder_of(conf->path));
    if (conf->engine_bytes)
        sqlite_memory_set_bound(conf->engine_bytes);
    eng = db_alloc(sizeof(*eng) + conf->path.n + 1);
    eng->conf = conf;
    eng->path = (char *)(eng + 1);
    memcpy(eng->path, path, conf->path.n + 1);
    eng->seen = db_seen_state_new();
    *ret = eng;
    return NULL;
}

static void sqlite_close(struct db_eng *eng)
{
    db_seen_state_free(eng->seen);
    db_free(eng);
}

static struct db_seen_state *sqlite_seen(struct db_eng *eng)
{
    return eng->seen;
}

/* --- hooks of a connection ------------------------------------------------------------------- */

static int on_progress(void *arg)
{
    const struct db_eng_conn *conn = arg;

    return db_watch_check(conn->watch) != DB_GO_ON;
}

/* Someone else has the lock. A reader on a loop must not wait. */
static int on_busy(void *arg, int n_calls)
{
    struct db_eng_conn *conn = arg;
    uint64_t now_us = clock_us();
    struct timespec pause = {.tv_nsec = n_calls < 10 ? 200000 : 5000000};

    if (n_calls == 0)
        conn->busy_us = now_us;
    if (sqlite_over_budget(conn) || db_watch_check(conn->watch) != DB_GO_ON ||
        now_us - conn->busy_us >= conn->busy_max_us ||
        (conn->watch->ending && atomic_load(conn->watch->ending)))
        return 0;
    (void)nanosleep(&pause, NULL); /* a signal cuts it short: asked again sooner */
    return 1;
}

void sqlite_watch_locks(struct db_eng_conn *conn)
{
    (void)sqlite3_busy_handler(conn->db, on_busy, conn);
}

static int on_wal(void *arg, sqlite3 *db, const char *name, int frames)
{
    struct db_eng_conn *conn = arg;

    (void)db;
    (void)name;
    conn->wal_frames = frames > 0 ? (uint64_t)frames : 0;
    conn->logged = true;
    return SQLITE_OK;
}

/* --- connections ----------------------------------------------------------------------------- */

static void sqlite_conn_close(struct db_eng_conn *conn)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);

    sqlite_seen_close(conn);
    sqlite_items_close(conn);
    for (size_t i = 0; i < FIXED_COUNT; i++)
        (void)sqlite3_finalize(conn->fixed[i]); /* repeats the error of the last step */
    if (sqlite3_close(conn->db) != SQLITE_OK)
        BUG("a connection is closed with statements in use");
    sqlite_memory_need(need);
    sqlite_memory_note_conn(-1);
    atomic_fetch_sub(&conn->eng->n_conns, 1);
    db_free(conn);
}

/* Memory that one value, statement or sort of it may take is bounded, too. */
static void conn_configure(struct db_eng_conn *conn, enum db_role role)
{
    sqlite3 *db = conn->db;

    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX_BYTES);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES);
    sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, conn);
    sqlite_watch_locks(conn);
    if (role == DB_ROLE_CONSOLE)
        (void)sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
    if (role == DB_ROLE_WRITER || role == DB_ROLE_CONSOLE)
        (void)sqlite3_wal_hook(db, on_wal, conn); /* instead of checkpoints by the writer */
}

static int conn_pragmas(struct db_eng_conn *conn, enum db_role role)
{
    const bool full = conn->eng->conf->durability == DB_FULL;
    char sql[512];
    int n;

    n = snprintf(sql, sizeof(sql), PRAGMAS_ALL "%s%s",
                 role == DB_ROLE_READER || role == DB_ROLE_CONSOLE ? "PRAGMA query_only=ON;"
                                                                   : PRAGMAS_WRITE,
                 full ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=NORMAL;");
    if (n < 0 || (size_t)n >= sizeof(sql))
        BUG("the settings of a connection do not fit");
    return sqlite3_exec(conn->db, sql, NULL, NULL, NULL);
}

/* Settings and a first look at the file. */
static int conn_start(struct db_eng_conn *conn, enum db_role role)
{
    const unsigned timeout_s = conn->eng->conf->query_timeout_s;
    int rc;

    conn->busy_max_us = OPEN_BUSY_MAX_US;
    conn_configure(conn, role);
    rc = sqlite_like_register(conn);
    if (rc == SQLITE_OK)
        rc = sqlite_items_register(conn);
    if (rc == SQLITE_OK)
        rc = sqlite_blob_register(conn);
    if (rc == SQLITE_OK)
        rc = conn_pragmas(conn, role);
    if (rc == SQLITE_OK && conn->tells)
        rc = sqlite_seen_register(conn);
    if (rc == SQLITE_OK && role != DB_ROLE_CHECKPOINTER)
        rc = sqlite3_exec(conn->db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
    if (rc == SQLITE_OK && role != DB_ROLE_READER && role != DB_ROLE_CONSOLE &&
        sqlite3_db_readonly(conn->db, "main") == 1)
        rc = SQLITE_READONLY; /* the file system may have turned: reading goes on */
    if (role == DB_ROLE_CHECKPOINTER)
        conn->busy_max_us = SWEEP_BUSY_MAX_US;
    else if (role == DB_ROLE_READER)
        conn->busy_max_us = BUSY_MAX_US;
    else /* as long as a query may take, as PocketBase's do */
        conn->busy_max_us = timeout_s ? timeout_s * UINT64_C(1000000) : UINT64_MAX;
    return rc;
}

static struct err *sqlite_conn_open(struct arena *a, struct db_eng *eng, enum db_role role,
                                    struct db_watch *watch, struct db_eng_conn **ret)
{
    struct db_eng_conn *conn = db_alloc(sizeof(*conn));
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_MUST);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    struct err *err;
    int rc;

    if (eng->conf->create)
        flags |= SQLITE_OPEN_CREATE;
    conn->eng = eng;
    conn->watch = watch;
    conn->writes = role == DB_ROLE_WRITER;
    conn->tells = conn->writes || role == DB_ROLE_READER;
    atomic_fetch_add(&eng->n_conns, 1);
    sqlite_memory_note_conn(1);
    if (role == DB_ROLE_SCRATCH)
        rc = sqlite3_open_v2(":memory:", &conn->db, flags | SQLITE_OPEN_CREATE, NULL);
    else
        rc = sqlite3_open_v2(eng->path, &conn->db, flags, eng->conf->vfs);
    if (rc == SQLITE_OK)
        rc = conn_start(conn, role);
    sqlite_memory_need(need);
    if (rc == SQLITE_OK) {
        *ret = conn;
        return NULL;
    }
    err = watch->stop != DB_GO_ON ? db_watch_err(a, watch->stop)
                                  : sqlite_open_err(a, eng->path, conn->db, rc);
    sqlite_conn_close(conn);
    return err;
}

static uint64_t file_bytes(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

static void sqlite_sizes(struct db_eng *eng, struct db_sizes *ret)
{
    char log[PATH_MAX];
    const int n = snprintf(log, sizeof(log), "%s-wal", eng->path);

    ret->file_bytes = file_bytes(eng->path);
    ret->log_bytes = n > 0 && n < (int)sizeof(log) ? file_bytes(log) : 0;
}

const struct db_ops db_ops_sqlite = {
    .name = "sqlite",
    .blocks = false,
    .dialect = &db_dialect_sqlite,
    .open = sqlite_open,
    .close = sqlite_close,
    .conn_open = sqlite_conn_open,
    .conn_close = sqlite_conn_close,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .reset = sqlite_reset,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .steps = sqlite_steps,
    .columns = sqlite_columns,
    .column_name = sqlite_column_name,
    .column = sqlite_column,
    .column_text = sqlite_column_text,
    .column_int = sqlite_column_as_int,
    .read_begin = sqlite_read_begin,
    .read_end = sqlite_read_end,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_tx = sqlite_in_tx,
    .savepoint = sqlite_savepoint,
    .console = sqlite_console,
    .seen = sqlite_seen,
    .writer_new = db_writer_new,
    .writer_stop = db_writer_stop,
    .writer_free = db_writer_free,
    .submit = db_writer_submit,
    .run_leased = db_writer_run_leased,
    .copy_begin = sqlite_copy_begin,
    .copy_step = sqlite_copy_step,
    .copy_end = sqlite_copy_end,
    .check_copy = sqlite_check_copy,
    .checkpoint = sqlite_checkpoint,
    .waiting = db_writer_waiting,
    .sizes = sqlite_sizes,
};
