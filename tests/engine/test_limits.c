/*
 * Budgets, deadlines and clients that leave, on readers.
 */
#include "engine/engine.h"

#include "base/date.h"
#include "base/thread.h"

#define LONG_READ                                                                       \
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) " \
    "SELECT count(*) FROM c"

static struct err *read_long(struct bench *b, struct db_conn *conn)
{
    struct db_row *row;

    return db_query_row(b->a, conn, STR(LONG_READ), NULL, 0, &row);
}

/* That a read was stopped in time is told by the processor time that it used: the read would take
 * minutes of it, and what a busy machine adds to the time on the clock does not count. Where the
 * budget or the client is meant, the query timeout is out of reach. */
static void each_limit_has_its_error(void **state)
{
    atomic_bool gone = true;
    const struct {
        struct db_limits limits;
        enum err_kind kind;
        uint64_t min_ms, max_cpu_ms;
    } cases[] = {
        {{.cpu_us = 1000, .timeout_ms = 600000}, E_OVER_BUDGET, 0, 500},
        {{.timeout_ms = 20}, E_UNAVAILABLE, 20, 500},
        {{.gone = &gone, .timeout_ms = 600000}, E_GONE, 0, 500},
        {{.cpu_us = 1000000000, .timeout_ms = 20}, E_UNAVAILABLE, 20, 500},
        {{.timeout_ms = 0}, E_UNAVAILABLE, 1000, 3000}, /* the query timeout */
    };
    struct bench b = bench_new();
    struct db_conn *conn;

    (void)state;
    b.conf.query_timeout_s = 1;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t start_us = clock_us(), cpu_us = clock_thread_cpu_us();
        struct err *err;

        db_set_limits(conn, &cases[i].limits);
        err = read_long(&b, conn);
        assert_non_null(err);
        assert_int_equal(err->kind, cases[i].kind);
        assert_int_equal(err->timed_out, cases[i].kind == E_UNAVAILABLE);
        assert_true(clock_us() - start_us >= cases[i].min_ms * 1000);
        assert_true(clock_thread_cpu_us() - cpu_us < cases[i].max_cpu_ms * 1000);
        err = db_check_limits(b.a, conn); /* it stays so */
        assert_int_equal(err->kind, cases[i].kind);
    }
    db_set_limits(conn, NULL);
    assert_int_equal(bench_int(&b, "SELECT 1"), 1);
    bench_done(&b);
}

static void without_limits_the_timeout_counts_for_each_statement(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct err *err;

    (void)state;
    b.conf.query_timeout_s = 1;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    err = read_long(&b, conn);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_int_equal(bench_int(&b, "SELECT 1"), 1);
    bench_done(&b);
}

static uint64_t cpu_of_read(struct bench *b, struct db_conn *conn, uint64_t budget_us)
{
    struct db_limits limits = {.cpu_us = budget_us};
    uint64_t start_us = clock_thread_cpu_us();
    struct err *err;

    db_set_limits(conn, &limits);
    err = read_long(b, conn);
    assert_int_equal(err->kind, E_OVER_BUDGET);
    return clock_thread_cpu_us() - start_us;
}

/* What overran its budget twice is refused for a second before it uses any. Where the machine took
 * longer than that second, the third read was the first of a new pair. */
static void a_slow_statement_is_refused_at_once(void **state)
{
    const uint64_t budget_us = 50000;
    struct bench b = bench_new();
    uint64_t second_us, used_us;
    struct db_conn *conn;
    int tries = 0;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_true(cpu_of_read(&b, conn, budget_us) > budget_us / 2);
    do {
        second_us = clock_us();
        assert_true(cpu_of_read(&b, conn, budget_us) > budget_us / 2);
        used_us = cpu_of_read(&b, conn, budget_us);
    } while (used_us >= budget_us / 4 && clock_us() - second_us >= 1000000 && ++tries < 20);
    assert_true(used_us < budget_us / 4);
    db_set_limits(conn, NULL);
    assert_int_equal(bench_int(&b, "SELECT 1"), 1);
    bench_done(&b);
}

/* A budget is CPU time: waiting does not use it up. */
static void a_budget_is_not_used_up_by_waiting(void **state)
{
    const struct db_limits limits = {.cpu_us = 20000};
    const struct timespec pause = {.tv_nsec = 60000000};
    struct bench b = bench_new();
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    db_set_limits(conn, &limits);
    assert_ok(db_check_limits(b.a, conn));
    (void)nanosleep(&pause, NULL);
    assert_ok(db_check_limits(b.a, conn));
    (void)nanosleep(&pause, NULL);
    assert_ok(db_check_limits(b.a, conn));
    assert_int_equal(bench_int(&b, "SELECT 1"), 1);
    bench_done(&b);
}

static void read_in_thread(void *arg)
{
    struct bench *b = arg;
    struct arena *a = arena_new();
    struct db_conn *conn, *again;

    assert_ok(db_reader(a, b->db, &conn));
    assert_ok(db_reader(a, b->db, &again));
    assert_ptr_equal(conn, again);
    assert_ok(db_read_begin(a, conn));
    db_read_end(conn);
    db_reader_close(b->db);
    arena_free(a);
}

static void every_thread_has_its_reader(void **state)
{
    struct bench b = bench_new();
    pthread_t threads[4];
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_true(thread_start("test", read_in_thread, &b, &threads[i]));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        thread_join(threads[i]);
    assert_ptr_equal(b.db->readers, conn);
    assert_null(conn->next);
    bench_done(&b);
}

/* More databases than a thread's table has slots. */
static void a_thread_reads_many_databases(void **state)
{
    struct bench many[12];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        many[i] = bench_new();
        bench_open(&many[i]);
        bench_run(&many[i], arena_printf(many[i].a, "CREATE TABLE t AS SELECT %zu x", i).p);
    }
    for (size_t i = 0; i < COUNT_OF(many); i++)
        assert_int_equal(bench_int(&many[i], "SELECT x FROM t"), i);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        bench_done(&many[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_has_its_error),
        cmocka_unit_test(without_limits_the_timeout_counts_for_each_statement),
        cmocka_unit_test(a_slow_statement_is_refused_at_once),
        cmocka_unit_test(a_budget_is_not_used_up_by_waiting),
        cmocka_unit_test(every_thread_has_its_reader),
        cmocka_unit_test(a_thread_reads_many_databases),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
