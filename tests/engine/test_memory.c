/*
 * The bound of SQLite's memory: what is refused beyond it, what is not, and that each refusal
 * leaves the database as it should be.
 */
#include "engine/engine.h"

#include "base/limits.h"
#include "db/sqlite_memory.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>

#define BOUND ((size_t)(16 * MIB))
#define LARGE (32 * 1024)

/* --- SQLite's allocator, which can fail ------------------------------------------------------- */

static sqlite3_mem_methods real;
static atomic_long fail_at; /* 0: none */
static atomic_long n_asked;
static atomic_long n_failed;
static atomic_int fail_from; /* requests of so many bytes */

static bool hit(int n)
{
    const enum sqlite_need need = sqlite_memory_need(SQLITE_NEED_READ);

    sqlite_memory_need(need);
    if (need == SQLITE_NEED_MUST || n < atomic_load(&fail_from) ||
        atomic_fetch_add(&n_asked, 1) + 1 != atomic_load(&fail_at))
        return false;
    atomic_fetch_add(&n_failed, 1);
    return true;
}

static void *failing_malloc(int n)
{
    return hit(n) ? NULL : real.xMalloc(n);
}

static void *failing_realloc(void *p, int n)
{
    return n > real.xSize(p) && hit(n) ? NULL : real.xRealloc(p, n);
}

static void memory_arm(long at, int from)
{
    atomic_store(&n_asked, 0);
    atomic_store(&n_failed, 0);
    atomic_store(&fail_from, from);
    atomic_store(&fail_at, at);
}

static int setup_memory(void **state)
{
    sqlite3_mem_methods failing;

    (void)state;
    sqlite_memory_setup();
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
        return -1;
    failing = real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK ? 0 : -1;
}

/* --- a file system that counts temporary files, or refuses them --------------------------------
 */

static sqlite3_vfs counting;
static atomic_long n_temp;
static atomic_int temp_refused; /* with this code; 0: none is */

static int counting_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                         int *ret_flags)
{
    const int code = atomic_load(&temp_refused);

    if (flags & SQLITE_OPEN_DELETEONCLOSE) {
        atomic_fetch_add(&n_temp, 1);
        if (code) {
            file->pMethods = NULL;
            return code;
        }
    }
    return sqlite3_vfs_find("unix")->xOpen(vfs, name, file, flags, ret_flags);
}

/* A database of 20,000 rows of 500 bytes. */
static struct bench rows_new(void)
{
    struct bench b = bench_new();

    if (!counting.zName) {
        counting = *sqlite3_vfs_find("unix");
        counting.zName = "counting";
        counting.xOpen = counting_open;
        assert_int_equal(sqlite3_vfs_register(&counting, 0), SQLITE_OK);
    }
    b.conf.vfs = "counting";
    b.conf.engine_bytes = BOUND;
    b.conf.page_cache_bytes = MIB;
    b.conf.durability = DB_NORMAL;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)", "CREATE TABLE w (x BLOB)",
              "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)"
              " INSERT INTO t SELECT n, hex(randomblob(250)) FROM c");
    return b;
}

static struct err *read_all(struct bench *b, const char *sql, int64_t *ret_rows)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct db_conn *conn;
    bool row = true;
    struct err *err;

    assert_ok(db_reader(b->a, b->db, &conn));
    err = db_prepare(b->a, conn, str_of(sql), &stmt);
    *ret_rows = 0;
    while (!err && row) {
        err = db_step(b->a, stmt, &row);
        *ret_rows += !err && row;
    }
    return err;
}

/* --- files instead of memory -------------------------------------------------------------------
 */

static const char *const gatherers[] = {
    "SELECT x FROM t WHERE id <= %d ORDER BY x",
    "SELECT DISTINCT x FROM t WHERE id <= %d",
    "SELECT x FROM t WHERE id <= %d GROUP BY x HAVING count(*) = 1",
    "SELECT x FROM t WHERE id <= %d AND x IN (SELECT x FROM t)",
};

static void what_gathers_rows_goes_to_files(void **state)
{
    struct bench b = rows_new();
    int64_t rows, before;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int n = 200; n <= 20000; n *= 100) {
            char sql[128];

            (void)sqlite3_snprintf(sizeof(sql), sql, gatherers[i], n);
            atomic_store(&n_temp, 0);
            assert_ok(read_all(&b, sql, &rows));
            assert_int_equal(rows, n);
            if (n == 200)
                assert_int_equal(atomic_load(&n_temp), 0);
            else
                assert_true(atomic_load(&n_temp) > 0);
        }
    before = sqlite_memory_used();
    assert_ok(read_all(&b, "SELECT x FROM t ORDER BY x", &rows));
    assert_true(sqlite_memory_used() - before < (int64_t)MIB); /* nothing of it is kept */
    bench_done(&b);
}

static void a_sort_without_its_file_is_refused(void **state)
{
    static const int codes[] = {SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_GETTEMPPATH};
    struct bench b = rows_new();
    int64_t rows;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        for (size_t k = 0; k < COUNT_OF(gatherers); k++) {
            char sql[128];
            struct err *err;

            (void)sqlite3_snprintf(sizeof(sql), sql, gatherers[k], 20000);
            atomic_store(&temp_refused, codes[i]);
            err = read_all(&b, sql, &rows);
            assert_non_null(err);
            assert_int_equal(err->kind, E_UNAVAILABLE);
            atomic_store(&temp_refused, 0);
            assert_ok(read_all(&b, sql, &rows));
            assert_int_equal(rows, 20000);
        }
    bench_done(&b);
}

/* --- the bound ---------------------------------------------------------------------------------
 */

static const char *const too_large[] = {
    "SELECT randomblob(100000000)",
    "SELECT zeroblob(100000000)",
    "SELECT printf('%100000000s', 'x')",
    "SELECT group_concat(y.x) FROM t JOIN t y ON y.id <= t.id WHERE t.id > 19990",
    "SELECT json_group_array(y.x) FROM t JOIN t y ON y.id <= t.id WHERE t.id > 19990",
    "SELECT replace(printf('%100000s', ''), ' ', printf('%1000s', ''))",
    "SELECT hex(group_concat(x)) FROM t",
};

static void assert_out_of_memory(const struct err *err)
{
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_true(str_has(err->cause, STR("out of memory")));
    assert_int_equal(err->retry_after_s, 1);
}

static void what_is_too_large_is_refused_alone(void **state)
{
    struct bench b = rows_new();
    int64_t rows, before = sqlite_memory_used();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        assert_out_of_memory(read_all(&b, too_large[i], &rows));
        assert_int_equal(rows, 0);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 20000);
        assert_int_equal(bench_int(&b, "SELECT length(group_concat(x)) FROM t WHERE id < 2000"),
                         1999 * 501 - 1);
        assert_true(sqlite_memory_used() - before < (int64_t)(4 * MIB));
    }
    bench_done(&b);
}

struct asked {
    struct db_unit unit;
    sem_t *done;
};

static void on_done(struct db_unit *unit, struct err *err, void *out)
{
    (void)err;
    (void)out;
    sem_post(((struct asked *)unit->user)->done);
}

static struct err *wait_for(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    sem_t *const *open = in;

    (void)tx;
    (void)a;
    (void)ret_out;
    sem_wait(*open);
    sem_post(*open); /* it may run again */
    return NULL;
}

/* Statements of units that one group carries out: the write connection waits until all are there.
 */
static void run_group(struct bench *b, const char *const (*lists)[3], size_t n, struct asked *units)
{
    sem_t open, done, *at = &open;
    struct asked first = {.unit = {.run = wait_for, .in = &at, .arena = arena_new()}};

    sem_init(&open, 0, 0);
    sem_init(&done, 0, 0);
    first.unit.done = on_done;
    first.unit.user = &first;
    first.done = &done;
    assert_true(db_submit(b->db, &first.unit));
    for (size_t i = 0; i < n; i++) {
        units[i] = (struct asked){.unit = {.run = run_statements,
                                           .in = lists[i],
                                           .arena = arena_new(),
                                           .done = on_done,
                                           .user = &units[i]},
                                  .done = &done};
        assert_true(db_submit(b->db, &units[i].unit));
    }
    sem_post(&open);
    for (size_t i = 0; i < n + 1; i++)
        sem_wait(&done);
    arena_free(first.unit.arena);
    sem_destroy(&open);
    sem_destroy(&done);
}

/* The statement ends the transaction of all: those beside it run again. */
static void units_beside_one_that_is_too_large_commit(void **state)
{
    static const char *const lists[][3] = {
        {"INSERT INTO w VALUES ('before')", NULL},
        {"INSERT INTO w VALUES ('not')", "INSERT INTO w VALUES (randomblob(100000000))", NULL},
        {"INSERT INTO w VALUES ('not')",
         "UPDATE t SET x = (SELECT group_concat(z.x) FROM t z JOIN t y ON y.id < 40)", NULL},
        {"INSERT INTO w VALUES ('after')", "INSERT INTO w VALUES (randomblob(200000))", NULL},
    };
    static const bool stored[] = {true, false, false, true};
    struct asked units[COUNT_OF(lists)];
    struct bench b = rows_new();

    (void)state;
    run_group(&b, lists, COUNT_OF(lists), units);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (stored[i])
            assert_ok(units[i].unit.err);
        else
            assert_out_of_memory(units[i].unit.err);
        arena_free(units[i].unit.arena);
    }
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM w"), 3);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM w WHERE x = 'not'"), 0);
    bench_done(&b);
}

/* A reader has taken all that reads may have, and goes on: others read small things, the writer
 * writes large ones. */
static void a_read_leaves_a_part_for_writes(void **state)
{
    struct bench b = rows_new();
    struct db_stmt *held[64];
    struct db_conn *conn;
    struct err *err = NULL;
    size_t n = 0;
    bool row;

    (void)state;
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    while (!err) {
        char sql[64];

        assert_true(n < COUNT_OF(held));
        (void)sqlite3_snprintf(sizeof(sql), sql, "SELECT randomblob(1000000 + %d)", (int)n);
        assert_ok(db_prepare(b.a, conn, str_of(sql), &held[n]));
        err = db_step(b.a, held[n++], &row);
    }
    assert_out_of_memory(err);
    assert_true(n > 4);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t WHERE x > 'A'") > 0, 1);
    for (int i = 0; i < 20; i++)
        bench_run(&b, "INSERT INTO w VALUES (randomblob(1000000))");
    while (n > 0)
        db_release(held[--n]);
    db_read_end(conn);
    assert_int_equal(bench_int(&b, "SELECT sum(length(x)) FROM w"), 20000000);
    bench_done(&b);
}

static void zeroblob_is_as_sqlites(void **state)
{
    struct bench b = rows_new();
    struct db_conn *conn;
    struct db_row *row;
    struct err *err;
    int64_t rows;

    (void)state;
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_query_row(b.a, conn,
                           STR("SELECT zeroblob(3), zeroblob(0), zeroblob(-1), zeroblob(NULL),"
                               " typeof(zeroblob(2)), length(zeroblob('1000')),"
                               " zeroblob(2) || 'x', quote(zeroblob(2)), typeof(zeroblob(0))"),
                           NULL, 0, &row));
    assert_int_equal(row->cells[0].type, DB_BLOB);
    assert_int_equal(row->cells[0].s.n, 3);
    assert_memory_equal(row->cells[0].s.p, "\0\0\0", 3);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(row->cells[i].type, DB_BLOB);
        assert_int_equal(row->cells[i].s.n, 0);
    }
    assert_str(row->cells[4].s, "blob");
    assert_int_equal(row->cells[5].i, 1000);
    assert_int_equal(row->cells[6].s.n, 3);
    assert_str(row->cells[7].s, "X'0000'");
    assert_str(row->cells[8].s, "blob");
    err = read_all(&b, "SELECT zeroblob(1000000001)", &rows);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    bench_run(&b, "INSERT INTO w VALUES (zeroblob(100000))");
    assert_int_equal(bench_int(&b, "SELECT length(x) FROM w"), 100000);
    bench_done(&b);
}

/* --- each request fails once -------------------------------------------------------------------
 */

static const char *const writes[] = {
    "INSERT INTO w VALUES (randomblob(100000))",
    "INSERT INTO w SELECT group_concat(x) FROM t WHERE id < 200",
    "UPDATE t SET x = x || 'y' WHERE x IN (SELECT x FROM t WHERE id < 400 ORDER BY x)",
    "UPDATE t SET x = substr(x, 1, 500) WHERE id < 400",
    NULL,
};

static struct err *by_opening(struct bench *b)
{
    struct arena *a = arena_new();
    struct db *db = NULL;
    struct err *err = db_open(a, &b->conf, &db), *copy = NULL;

    if (err)
        copy = err_new(b->a, err->kind, NULL, "%.*s", STR_ARG(err->cause));
    db_close(db);
    arena_free(a);
    return copy;
}

static struct err *by_reading(struct bench *b)
{
    int64_t rows;
    struct err *err = read_all(b,
                               "SELECT x, (SELECT group_concat(x) FROM t z WHERE z.id < 100)"
                               " FROM t WHERE id < 300 GROUP BY x ORDER BY substr(x, 3)",
                               &rows);

    if (!err)
        assert_int_equal(rows, 299);
    return err;
}

/* Statements compile anew each time. */
static struct err *by_compiling(struct bench *b)
{
    db_reader_close(b->db);
    return by_reading(b);
}

static struct err *by_grouped(struct bench *b)
{
    return db_run(b->a, b->db, run_statements, writes, NULL);
}

static struct err *by_lease(struct bench *b)
{
    const struct db_lease lease = {.changes_schema = true};

    return db_run_leased(b->a, b->db, &lease, run_statements, writes, NULL);
}

static void each_request_fails_once(void **state)
{
    static const struct {
        struct err *(*run)(struct bench *b);
        int stored; /* rows */
    } cases[] = {
        {by_opening, 0}, {by_reading, 0}, {by_compiling, 0}, {by_grouped, 2}, {by_lease, 2}};
    static const int sizes[] = {LARGE, 0};
    struct bench b = rows_new();
    int64_t stored = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(sizes); i++) {
        const int from = sizes[i % COUNT_OF(sizes)];
        long at;

        for (at = 1;; at += 1 + at / 16) {
            struct err *err;

            memory_arm(at, from);
            err = cases[i / COUNT_OF(sizes)].run(&b);
            atomic_store(&fail_at, 0);
            if (err)
                assert_int_equal(err->kind, E_UNAVAILABLE);
            else
                stored += cases[i / COUNT_OF(sizes)].stored;
            assert_int_equal(bench_int(&b, "SELECT count(*) FROM w"), stored);
            if (!err && at > atomic_load(&n_asked))
                break;
        }
        bench_run(&b, "DELETE FROM w");
        stored = 0;
    }
    assert_int_equal(bench_int(&b, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t WHERE length(x) = 500"), 20000);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gathers_rows_goes_to_files),
        cmocka_unit_test(a_sort_without_its_file_is_refused),
        cmocka_unit_test(what_is_too_large_is_refused_alone),
        cmocka_unit_test(units_beside_one_that_is_too_large_commit),
        cmocka_unit_test(a_read_leaves_a_part_for_writes),
        cmocka_unit_test(zeroblob_is_as_sqlites),
        cmocka_unit_test(each_request_fails_once),
    };

    return cmocka_run_group_tests_name("memory", tests, setup_memory, NULL);
}
