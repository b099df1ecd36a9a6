/*
 * Snapshots that are checked as they begin, on an engine that knows at once what the schema's
 * version is, and on one whose calls block, which hears of it with the first statement. And that
 * wrapper's own count of round trips.
 */
#include "engine/blocking.h"
#include "engine/engine.h"

/* A database with a table, and a reader that knows its version. */
struct place {
    struct bench b;
    struct db_blocking blocking;
    struct db_conn *conn;
    struct db_expected expected;
    bool holds;
};

static bool holds(void *user)
{
    const struct place *place = user;

    return place->holds;
}

static void look_around(struct place *place)
{
    struct db_row *row;

    assert_ok(db_read_begin(place->b.a, place->conn));
    assert_ok(db_query_row(place->b.a, place->conn, STR("SELECT 1"), NULL, 0, &row));
    place->expected.version = db_schema_version(place->conn);
    assert_true(db_read_end(place->conn));
}

/* `place` stays where it is. */
static void place_open(struct place *place, bool blocks)
{
    *place = (struct place){.b = bench_new(), .expected = {.holds = holds}, .holds = true};
    place->expected.user = place;
    db_blocking_init(&place->blocking, &db_ops_sqlite);
    place->b.conf.ops = blocks ? &place->blocking.ops : NULL;
    bench_open(&place->b);
    assert_int_equal(db_blocks(place->b.db), blocks);
    assert_int_equal(db_engine_blocks(place->b.conf.ops), blocks);
    bench_run(&place->b, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1), (2)",
              "CREATE VIEW v AS SELECT 1 AS x");
    assert_ok(db_reader(place->b.a, place->b.db, &place->conn));
    look_around(place);
}

static struct err *read_int(struct place *place, const char *sql, int64_t *ret)
{
    struct db_row *row;
    struct err *err = db_query_row(place->b.a, place->conn, str_of(sql), NULL, 0, &row);

    if (!err)
        *ret = row->cells[0].i;
    return err;
}

static struct err *begin(struct place *place)
{
    return db_read_begin_at(place->b.a, place->conn, &place->expected);
}

static void assert_stale(const struct err *err)
{
    assert_non_null(err);
    assert_int_equal(err->kind, E_STALE);
}

static void what_is_expected_is_read(void **state)
{
    struct place place;
    int64_t n = 0;

    (void)state;
    for (int blocks = 0; blocks < 2; blocks++) {
        place_open(&place, blocks);
        assert_ok(begin(&place));
        assert_ok(read_int(&place, "SELECT sum(x) FROM t", &n));
        assert_int_equal(n, 3);
        bench_run(&place.b, "CREATE TABLE later (x)"); /* the snapshot is older */
        assert_ok(read_int(&place, "SELECT count(*) FROM sqlite_schema WHERE name = 'later'", &n));
        assert_int_equal(n, 0);
        assert_true(db_read_end(place.conn));
        bench_done(&place.b);
    }
}

/* Known at once: nothing is left open. */
static void another_version_is_no_snapshot(void **state)
{
    struct place place;
    int64_t n;

    (void)state;
    place_open(&place, false);
    bench_run(&place.b, "CREATE TABLE later (x)");
    assert_stale(begin(&place));
    place.expected.version = db_schema_version(place.conn);
    place.holds = false;
    assert_stale(begin(&place));
    place.holds = true;
    assert_ok(begin(&place));
    assert_ok(read_int(&place, "SELECT count(*) FROM later", &n));
    assert_true(db_read_end(place.conn));
    bench_done(&place.b);
}

/* Known with the first statement, whose row nobody sees; and what was compiled before the change is
 * compiled anew after it. */
static void another_version_comes_late(void **state)
{
    struct place place;
    int64_t n = 0;

    (void)state;
    place_open(&place, true);
    assert_ok(begin(&place));
    assert_ok(read_int(&place, "SELECT x FROM v", &n));
    assert_true(db_read_end(place.conn));
    assert_ok(begin(&place));
    bench_run(&place.b, "DROP VIEW v", "CREATE VIEW v AS SELECT 2 AS x");
    assert_stale(read_int(&place, "SELECT x FROM v", &n));
    assert_stale(read_int(&place, "SELECT x FROM t", &n));
    assert_int_equal(n, 1);
    assert_true(db_schema_version(place.conn) != place.expected.version);
    assert_false(db_read_end(place.conn));

    place.expected.version = db_schema_version(place.conn);
    assert_ok(begin(&place));
    assert_ok(read_int(&place, "SELECT x FROM v", &n));
    assert_int_equal(n, 2);
    assert_true(db_read_end(place.conn));
    bench_done(&place.b);
}

/* A statement for another schema may not compile: that is no fault of its own. */
static void what_is_gone_is_stale(void **state)
{
    struct place place;
    int64_t n;

    (void)state;
    place_open(&place, true);
    assert_ok(begin(&place));
    bench_run(&place.b, "DROP TABLE t");
    assert_stale(read_int(&place, "SELECT x FROM t", &n));
    assert_false(db_read_end(place.conn));
    look_around(&place);
    assert_ok(begin(&place));
    assert_int_equal(read_int(&place, "SELECT x FROM t", &n)->kind, E_BAD_REQUEST);
    assert_true(db_read_end(place.conn));
    bench_done(&place.b);
}

static void what_shows_in_no_version_comes_late(void **state)
{
    struct place place;
    int64_t n;

    (void)state;
    place_open(&place, true);
    place.holds = false;
    assert_ok(begin(&place));
    assert_stale(read_int(&place, "SELECT x FROM t", &n));
    assert_false(db_read_end(place.conn));
    bench_done(&place.b);
}

/* Whoever expects nothing gets what is there. */
static void a_reader_without_expectations_is_never_stale(void **state)
{
    struct place place;
    int64_t n = 0;

    (void)state;
    place_open(&place, true);
    assert_ok(db_read_begin(place.b.a, place.conn));
    assert_ok(read_int(&place, "SELECT x FROM v", &n));
    assert_true(db_read_end(place.conn));
    assert_ok(db_read_begin(place.b.a, place.conn));
    bench_run(&place.b, "DROP VIEW v", "CREATE VIEW v AS SELECT 2 AS x");
    assert_ok(read_int(&place, "SELECT x FROM v", &n));
    assert_int_equal(n, 2);
    assert_true(db_schema_version(place.conn) != place.expected.version);
    assert_true(db_read_end(place.conn));
    bench_done(&place.b);
}

static uint64_t trips_since(struct place *place, uint64_t before)
{
    return atomic_load(&place->blocking.n_trips) - before;
}

static void round_trips_are_counted(void **state)
{
    struct place place;
    uint64_t before;
    int64_t n;

    (void)state;
    place_open(&place, true);
    before = trips_since(&place, 0);
    assert_ok(begin(&place));
    assert_true(db_read_end(place.conn));
    assert_int_equal(trips_since(&place, before), 0);
    assert_ok(begin(&place));
    assert_ok(read_int(&place, "SELECT x FROM t", &n));
    assert_int_equal(trips_since(&place, before), 1);
    assert_ok(read_int(&place, "SELECT x FROM t", &n));
    assert_true(db_read_end(place.conn));
    assert_int_equal(trips_since(&place, before), 2);
    bench_run(&place.b, "UPDATE t SET x = 3");
    assert_int_equal(trips_since(&place, before), 5); /* begin, the update, commit */
    bench_done(&place.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_expected_is_read),
        cmocka_unit_test(another_version_is_no_snapshot),
        cmocka_unit_test(another_version_comes_late),
        cmocka_unit_test(what_is_gone_is_stale),
        cmocka_unit_test(what_shows_in_no_version_comes_late),
        cmocka_unit_test(a_reader_without_expectations_is_never_stale),
        cmocka_unit_test(round_trips_are_counted),
    };

    return cmocka_run_group_tests_name("blocking", tests, NULL, NULL);
}
