/*
 * After a change of tables the engine learns what is in them: without being asked again, and never
 * at the cost of the change.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#define KNOWN "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"

static void count_up(void *user)
{
    int *n = user;

    (*n)++;
}

static const char *const change[] = {"CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (1), (2)",
                                     "CREATE INDEX i ON t (a)", NULL};

static struct err *run_change(struct bench *b, bool changes_schema, int *n_published)
{
    const struct db_lease lease = {
        .changes_schema = changes_schema, .published = count_up, .user = n_published};

    return db_run_leased(b->a, b->db, &lease, run_statements, change, NULL);
}

static void learns(void **state)
{
    struct bench b = bench_new();
    int n_published = 0;

    (void)state;
    bench_open(&b);
    assert_ok(run_change(&b, true, &n_published));
    assert_int_equal(n_published, 1);
    assert_int_equal(
        bench_int(&b, "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'i' AND stat = '3 2'"), 1);
    db_reader_close(b.db);
    bench_done(&b);
}

static void unasked(void **state)
{
    struct bench b = bench_new();
    int n_published = 0;

    (void)state;
    bench_open(&b);
    assert_ok(run_change(&b, false, &n_published));
    assert_int_equal(bench_int(&b, KNOWN), 0);
    db_reader_close(b.db);
    bench_done(&b);
}

/* What a failing call leaves: all of the change or none, as the answer says. */
static bool fails_at(long at, enum fault_kind kind, bool *ret_survived)
{
    struct bench b = bench_new();
    struct db_fault fault;
    int n_published = 0;
    struct err *err;
    bool failed;

    db_fault_init(&fault, &db_ops_sqlite, kind);
    b.conf.ops = &fault.ops;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE before (a)");
    db_fault_arm(&fault, at);
    err = run_change(&b, true, &n_published);
    failed = atomic_load(&fault.n_failed) > 0;
    db_fault_arm(&fault, 0);
    assert_int_equal(n_published, err ? 0 : 1);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM sqlite_schema WHERE name IN ('t', 'i')"),
                     err ? 0 : 2);
    *ret_survived = failed && !err;
    if (*ret_survived)
        assert_int_equal(bench_int(&b, KNOWN), 0);
    bench_run(&b, "INSERT INTO before VALUES (1)"); /* nothing is left that locks a writer out */
    db_reader_close(b.db);
    bench_done(&b);
    return failed;
}

static void fails_alone(void **state)
{
    static const enum fault_kind kinds[] = {FAULT_ERROR, FAULT_ENDS_TX, FAULT_STAYS};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        bool survived;
        long at = 0;
        int n = 0;

        while (fails_at(++at, kinds[i], &survived))
            n += survived;
        assert_in_range(n, 3, 8); /* begin, the statement, commit */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns),
        cmocka_unit_test(unasked),
        cmocka_unit_test(fails_alone),
    };

    return cmocka_run_group_tests_name("optimize", tests, NULL, NULL);
}
