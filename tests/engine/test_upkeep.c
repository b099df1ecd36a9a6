/*
 * What is done to a database now and then: its log is emptied, what is known of its tables is
 * renewed. Neither disturbs who reads or writes meanwhile.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#include <pthread.h>
#include <sys/stat.h>

#define ROWS 2000
#define ROUNDS 200

static const char *const fill[] = {
    "CREATE TABLE t (a)", "CREATE INDEX i ON t (a)",
    "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) "
    "SELECT x FROM n",
    NULL};

static void open_filled(struct bench *b)
{
    *b = bench_new();
    bench_open(b);
    bench_run_list(b, fill);
}

static int64_t log_bytes(const struct bench *b)
{
    const struct str path = arena_concat(b->a, b->conf.path, STR("-wal"), STR_NONE);
    struct stat found;

    assert_int_equal(stat(arena_cstr(b->a, path), &found), 0);
    return found.st_size;
}

static void empties(void **state)
{
    struct db_sizes before;
    struct bench b;

    (void)state;
    open_filled(&b);
    assert_true(log_bytes(&b) > 0);
    assert_int_equal(db_sizes(b.db).log_bytes, log_bytes(&b));
    before = db_sizes(b.db);
    assert_ok(db_empty_log(b.a, b.db));
    assert_int_equal(log_bytes(&b), 0);
    assert_int_equal(db_sizes(b.db).log_bytes, 0);
    assert_true(db_sizes(b.db).file_bytes > before.file_bytes);
    assert_ok(db_empty_log(b.a, b.db));
    bench_run(&b, "INSERT INTO t VALUES (0)");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), ROWS + 1);
    assert_int_equal(db_stats(b.db).checkpoints, 2);
    db_reader_close(b.db);
    bench_done(&b);
}

/* Who reads an older state keeps it; the rest is left to the next time. */
static void readers_stay(void **state)
{
    struct db_row *row = NULL;
    struct db_conn *conn;
    struct bench b;

    (void)state;
    open_filled(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    bench_run(&b, "DELETE FROM t");
    assert_ok(db_empty_log(b.a, b.db));
    assert_true(log_bytes(&b) > 0);
    assert_ok(db_query_row(b.a, conn, STR("SELECT count(*) FROM t"), NULL, 0, &row));
    assert_int_equal(row->cells[0].i, ROWS);
    assert_true(db_read_end(conn));
    assert_ok(db_empty_log(b.a, b.db));
    assert_int_equal(log_bytes(&b), 0);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    db_reader_close(b.db);
    bench_done(&b);
}

static void renews(void **state)
{
    struct bench b;

    (void)state;
    open_filled(&b);
    (void)bench_int(&b, "SELECT count(*) FROM t WHERE a = 7");
    assert_ok(db_optimize(b.a, b.db, NULL));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'i'"), 1);
    db_reader_close(b.db);
    bench_done(&b);
}

static void may_be_ended(void **state)
{
    const atomic_bool gone = true;
    struct bench b;
    struct err *err;

    (void)state;
    open_filled(&b);
    err = db_optimize(b.a, b.db, &gone);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    bench_done(&b);
}

static struct err *from_inside(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct bench *b = in;

    (void)tx;
    (void)ret_out;
    assert_int_equal(db_empty_log(a, b->db)->kind, E_INTERNAL);
    assert_int_equal(db_optimize(a, b->db, NULL)->kind, E_INTERNAL);
    return NULL;
}

/* It would wait for itself. */
static void not_inside_a_unit(void **state)
{
    struct bench b;

    (void)state;
    open_filled(&b);
    assert_ok(db_run(b.a, b.db, from_inside, &b, NULL));
    bench_done(&b);
}

static void *write_rows(void *arg)
{
    static const char *const insert[] = {"INSERT INTO t VALUES (0)", NULL};
    struct bench *b = arg;
    struct arena *a = arena_new();

    for (int i = 0; i < ROUNDS; i++) /* what is not there is missed in the end */
        (void)!db_run(a, b->db, run_statements, insert, NULL);
    arena_free(a);
    return NULL;
}

static void beside_writers(void **state)
{
    pthread_t writer;
    struct bench b;

    (void)state;
    open_filled(&b);
    assert_int_equal(pthread_create(&writer, NULL, write_rows, &b), 0);
    for (int i = 0; i < 20; i++) {
        assert_ok(db_empty_log(b.a, b.db));
        assert_ok(db_optimize(b.a, b.db, NULL));
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), ROWS + ROUNDS);
    db_reader_close(b.db);
    bench_done(&b);
}

/* A call that fails is told, and leaves nothing that locks a writer out. */
static void fails(void **state)
{
    bool failed = true;

    (void)state;
    for (long at = 1; failed; at++) {
        struct bench b = bench_new();
        struct db_fault fault;
        struct err *first, *second;

        assert_in_range(at, 1, 100);
        db_fault_init(&fault, &db_ops_sqlite, FAULT_ERROR);
        b.conf.ops = &fault.ops;
        bench_open(&b);
        bench_run_list(&b, fill);
        db_fault_arm(&fault, at);
        first = db_empty_log(b.a, b.db);
        second = db_optimize(b.a, b.db, NULL);
        failed = atomic_load(&fault.n_failed) > 0;
        db_fault_arm(&fault, 0);
        assert_true(failed || (!first && !second));
        bench_run(&b, "INSERT INTO t VALUES (0)");
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), ROWS + 1);
        db_reader_close(b.db);
        bench_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empties),
        cmocka_unit_test(readers_stay),
        cmocka_unit_test(renews),
        cmocka_unit_test(may_be_ended),
        cmocka_unit_test(not_inside_a_unit),
        cmocka_unit_test(beside_writers),
        cmocka_unit_test(fails),
    };

    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
