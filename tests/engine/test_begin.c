/*
 * A transaction that nobody owns would lock out every writer, and other processes, for good.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#include "db/writer.h"

#include <time.h>

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
    assert_int_equal(bench_int(b, "SELECT count(*) FROM t WHERE x IN (2, 3)"), 2);
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
        assert_ok(db_turn_take(b.a, b.db->writer, NULL, 0));
        assert_ok(fault.ops.begin(b.a, b.db->writer->conn->eng, &version));
        db_turn_give(b.db->writer);
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

/* Somebody else, as another process would be, has the write lock. */
static struct bench lock_out(struct bench *b)
{
    struct bench other = *b;
    int64_t version;

    other.conf.ops = NULL;
    other.conf.create = false;
    bench_open(&other);
    bench_run(&other, "INSERT INTO t VALUES (9)");
    assert_ok(db_turn_take(other.a, other.db->writer, NULL, 0));
    assert_ok(db_ops_sqlite.begin(other.a, other.db->writer->conn->eng, &version));
    return other;
}

static void let_in(struct bench *other)
{
    db_ops_sqlite.rollback(other->db->writer->conn->eng);
    db_turn_give(other->db->writer);
    db_close(other->db);
}

static void a_write_waits_as_long_as_a_query_may_take(void **state)
{
    struct bench b = bench_new();
    struct bench other;
    struct err *err;

    (void)state;
    b.conf.query_timeout_s = 1;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    other = lock_out(&b);
    err = db_run(b.a, b.db, run_statements, insert, NULL);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    let_in(&other);
    all_may_write(&b);
    bench_done(&b);
}

/* Whose answer nobody waits for: set by its submitter once it is under way. */
struct late {
    struct db_unit unit;
    atomic_bool gone;
    atomic_int done;
    struct err *err;
};

static void late_done(struct db_unit *unit, struct err *err, void *out)
{
    struct late *late = unit->user;

    (void)out;
    late->err = err;
    atomic_store(&late->done, 1);
}

static void submit_late(struct bench *b, struct late *late)
{
    *late = (struct late){.unit = {.run = run_statements,
                                   .in = insert,
                                   .arena = arena_child(b->a),
                                   .gone = &late->gone,
                                   .done = late_done,
                                   .user = late}};
    assert_true(db_submit(b->db, &late->unit));
}

static bool is_taken(struct db *db)
{
    bool taken;

    pthread_mutex_lock(&db->writer->lock);
    taken = db->writer->turn == DB_TURN_GROUP && !db->writer->first;
    pthread_mutex_unlock(&db->writer->lock);
    return taken;
}

/* It was refused while it waited for the transaction: nothing of it may be stored. */
static void who_leaves_during_the_wait_has_written_nothing(void **state)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct bench b = bench_new();
    struct bench other;
    struct late late;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    other = lock_out(&b);
    submit_late(&b, &late);
    while (!is_taken(b.db))
        (void)nanosleep(&pause, NULL); /* asked again in any case */
    atomic_store(&late.gone, true);
    let_in(&other);
    while (!atomic_load(&late.done))
        (void)nanosleep(&pause, NULL); /* asked again in any case */
    assert_int_equal(late.err->kind, E_GONE);
    all_may_write(&b);
    bench_done(&b);
}

/* No time-out: without a look at the end this would hang. */
static void the_end_waits_for_nobodys_lock(void **state)
{
    struct bench b = bench_new();
    struct bench other;
    struct late late;

    (void)state;
    b.conf.query_timeout_s = 0;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    other = lock_out(&b);
    submit_late(&b, &late);
    db_close(b.db);
    assert_int_equal(atomic_load(&late.done), 1);
    assert_int_equal(late.err->kind, E_UNAVAILABLE);
    let_in(&other);
    bench_open(&b);
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
        cmocka_unit_test(a_write_waits_as_long_as_a_query_may_take),
        cmocka_unit_test(who_leaves_during_the_wait_has_written_nothing),
        cmocka_unit_test(the_end_waits_for_nobodys_lock),
    };

    return cmocka_run_group_tests_name("begin", tests, NULL, NULL);
}
