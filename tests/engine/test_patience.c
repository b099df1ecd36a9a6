/*
 * Leases that take long: who waits for them does so for the query timeout, and what is asked in a
 * box has the query timeout for itself. Scratch databases.
 */
#include "engine/engine.h"

#include <semaphore.h>

struct late {
    struct db_unit unit;
    sem_t done;
};

static void note_done(struct db_unit *unit, struct err *err, void *out)
{
    struct late *late = unit->user;

    (void)err;
    (void)out;
    sem_post(&late->done);
}

struct hold {
    struct db *db;
    struct late *units;
    size_t n;
};

/* Holds the write connection until all the units that wait for it are answered. */
static struct err *outlast(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct hold *hold = in;

    (void)ret_out;
    for (size_t i = 0; i < hold->n; i++)
        assert_true(db_submit(hold->db, &hold->units[i].unit));
    for (size_t i = 0; i < hold->n; i++)
        sem_wait(&hold->units[i].done);
    return db_exec(a, tx, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL);
}

static void who_waits_for_a_lease_is_refused_in_time(void **state)
{
    static const char *const list[] = {"INSERT INTO t VALUES (2)", NULL};
    const struct db_lease lease = {.wait_s = 1};
    struct bench b = bench_new();
    struct late units[3];
    struct hold hold;

    (void)state;
    b.conf.query_timeout_s = 1;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        units[i].unit = (struct db_unit){.run = run_statements,
                                         .in = list,
                                         .arena = arena_child(b.a),
                                         .done = note_done,
                                         .user = &units[i]};
        sem_init(&units[i].done, 0, 0);
    }
    hold = (struct hold){b.db, units, COUNT_OF(units)};
    assert_ok(db_run_leased(b.a, b.db, &lease, outlast, &hold, NULL));
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        assert_non_null(units[i].unit.err);
        assert_int_equal(units[i].unit.err->kind, E_UNAVAILABLE);
        assert_int_equal(units[i].unit.err->retry_after_s, 1);
        sem_destroy(&units[i].done);
    }
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 1);
    bench_run_list(&b, list);
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 3);
    bench_done(&b);
}

#define FOR_EVER \
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"

static struct err *go_on_after_a_box(struct db_conn *tx, const void *in, struct arena *a,
                                     void **ret_out)
{
    struct db_box box;
    struct db_row *row;
    struct err *err;

    (void)in;
    (void)ret_out;
    assert_ok(db_exec(a, tx, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL));
    db_box_begin(tx, &box);
    err = db_query_row(a, tx, STR(FOR_EVER), NULL, 0, &row);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_true(db_box_end(tx, &box));
    db_box_begin(tx, &box);
    assert_ok(db_query_row(a, tx, STR("SELECT count(*) FROM t"), NULL, 0, &row));
    assert_false(db_box_end(tx, &box));
    return db_exec(a, tx, STR("INSERT INTO t VALUES (2)"), NULL, 0, NULL);
}

static void a_box_has_a_time_of_its_own(void **state)
{
    static const char *const list[] = {FOR_EVER, NULL};
    const struct db_lease unlimited = {0}, limited = {.timeout_s = 1};
    struct bench b = bench_new();
    struct err *err;

    (void)state;
    b.conf.query_timeout_s = 1;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    assert_ok(db_run_leased(b.a, b.db, &unlimited, go_on_after_a_box, NULL, NULL));
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 3);
    err = db_run_leased(b.a, b.db, &limited, run_statements, list, NULL);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    bench_done(&b);
}

/* --- scratch databases ------------------------------------------------------------------------ */

struct seen {
    int64_t rows, kept, views;
    int n_actions;
};

static void count_action(void *user)
{
    ++*(int *)user;
}

static int64_t ask(struct db_conn *tx, struct arena *a, const char *sql)
{
    struct db_row *row;

    assert_ok(db_query_row(a, tx, str_of(sql), NULL, 0, &row));
    return row->cells[0].i;
}

static struct err *look_around(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct seen *seen = ARENA_NEW(a, struct seen);

    seen->rows = ask(tx, a, "SELECT count(*) FROM t");
    seen->kept = ask(tx, a, "SELECT sum(x) FROM kept");
    assert_ok(db_exec(a, tx, STR("ALTER TABLE t ADD COLUMN z"), NULL, 0, NULL));
    assert_ok(db_savepoint(a, tx));
    assert_ok(db_exec(a, tx, STR("INSERT INTO t (x) VALUES (7)"), NULL, 0, NULL));
    seen->views = ask(tx, a, "SELECT sum(x) FROM v");
    db_savepoint_rollback(tx);
    db_after_commit(tx, count_action, (void *)(uintptr_t)in);
    *ret_out = seen;
    return NULL;
}

static struct err *fail_there(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    (void)in;
    (void)ret_out;
    return db_exec(a, tx, STR("INSERT INTO nothing VALUES (1)"), NULL, 0, NULL);
}

static void a_scratch_has_tables_and_no_rows(void **state)
{
    static const char *const kept[] = {"kept"};
    struct bench b = bench_new();
    struct db_conn *conn;
    struct seen *seen;
    int n_actions = 0;
    struct err *err;
    void *out;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY AUTOINCREMENT)",
              "CREATE TABLE kept (x, y)", "CREATE VIEW v AS SELECT x FROM t",
              "CREATE INDEX i ON kept (y)", "INSERT INTO t VALUES (1)",
              "INSERT INTO kept VALUES (1, 'a'), (2, x'00')", "PRAGMA optimize=0x10002", "ANALYZE");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    assert_ok(db_run_scratch(b.a, conn, kept, 1, look_around, &n_actions, &out));
    seen = out;
    assert_int_equal(seen->rows, 0);
    assert_int_equal(seen->kept, 3);
    assert_int_equal(seen->views, 7);
    assert_int_equal(n_actions, 0);
    err = db_run_scratch(b.a, conn, kept, 1, fail_there, NULL, NULL);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    assert_true(db_read_end(conn));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM pragma_table_info('t')"), 1);
    bench_run(&b, "INSERT INTO t VALUES (2)"); /* nothing was locked */
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_for_a_lease_is_refused_in_time),
        cmocka_unit_test(a_box_has_a_time_of_its_own),
        cmocka_unit_test(a_scratch_has_tables_and_no_rows),
    };

    return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
