/*
 * A transaction that nobody owns would lock out every writer, and other processes, for good.
 */
#include "engine/engine.h"
#include "engine/fault.h"

static const char *const insert[] = {"INSERT INTO t VALUES (1)", NULL};

static void open_with(struct bench *b, struct db_fault *fault)
{
    db_fault_init(fault, &db_ops_sqlite, FAULT_STAYS);
    b->conf.ops = &fault->ops;
    bench_open(b);
    bench_run(b, "CREATE TABLE t (x)");
}

/* By this process and by another connection, as another process has. */
static void all_may_write(struct bench *b)
{
    struct bench other = *b;

    bench_run(b, "INSERT INTO t VALUES (2)");
    other.conf.ops = NULL;
    other.conf.create = false;
    bench_open(&other);
    bench_run(&other, "INSERT INTO t VALUES (3)");
    db_close(other.db);
    assert_int_equal(bench_int(b, "SELECT count(*) FROM t WHERE x = 1"), 0);
    assert_int_equal(bench_int(b, "SELECT count(*) FROM t"), 2);
}

static void a_lease_whose_begin_fails_leaves_no_transaction(void **state)
{
    const struct db_lease lease = {.timeout_s = 10};
    struct bench b = bench_new();
    struct db_fault fault;
    struct err *err;

    (void)state;
    open_with(&b, &fault);
    db_fault_arm(&fault, 1);
    err = db_run_leased(b.a, b.db, &lease, run_statements, insert, NULL);
    assert_int_equal(atomic_load(&fault.n_failed), 1);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    all_may_write(&b);
    bench_done(&b);
}

static void a_unit_whose_begin_fails_leaves_no_transaction(void **state)
{
    struct bench b = bench_new();
    struct db_fault fault;
    struct err *err;

    (void)state;
    open_with(&b, &fault);
    db_fault_arm(&fault, 1);
    err = db_run(b.a, b.db, run_statements, insert, NULL);
    assert_int_equal(atomic_load(&fault.n_failed), 1);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    all_may_write(&b);
    bench_done(&b);
}

/* Left behind by whatever: it is ended, and nobody's request is to blame. */
static void a_transaction_that_is_found_is_ended(void **state)
{
    const struct db_lease lease = {.timeout_s = 10};
    struct bench b = bench_new();
    struct db_fault fault;
    int64_t version;

    (void)state;
    open_with(&b, &fault);
    for (int leased = 0; leased < 2; leased++) {
        assert_ok(db_turn_take(b.a, b.db, NULL, 0));
        assert_ok(fault.ops.begin(b.a, b.db->writer.conn->eng, &version));
        db_turn_give(b.db);
        if (leased)
            assert_ok(db_run_leased(b.a, b.db, &lease, run_statements, insert, NULL));
        else
            assert_ok(db_run(b.a, b.db, run_statements, insert, NULL));
    }
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    bench_done(&b);
}

static void a_lease_is_not_begun_for_who_has_left(void **state)
{
    atomic_bool gone = true;
    const struct db_lease lease = {.gone = &gone};
    struct bench b = bench_new();
    struct db_fault fault;
    struct err *err;

    (void)state;
    open_with(&b, &fault);
    db_fault_arm(&fault, 0);
    err = db_run_leased(b.a, b.db, &lease, run_statements, insert, NULL);
    assert_int_equal(err->kind, E_GONE);
    assert_int_equal(atomic_load(&fault.n_calls), 0);
    all_may_write(&b);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_whose_begin_fails_leaves_no_transaction),
        cmocka_unit_test(a_unit_whose_begin_fails_leaves_no_transaction),
        cmocka_unit_test(a_transaction_that_is_found_is_ended),
        cmocka_unit_test(a_lease_is_not_begun_for_who_has_left),
    };

    return cmocka_run_group_tests_name("begin", tests, NULL, NULL);
}
