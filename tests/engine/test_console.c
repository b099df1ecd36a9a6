/*
 * A console: statements as somebody has written them, which leave nothing behind on the connections
 * of others.
 */
#include "engine/engine.h"

struct told {
    unsigned n_columns, n_rows;
    char columns[128], rows[256];
    struct err *says; /* what row() gives; NULL: it goes on */
};

static void append(char *to, size_t room, struct str text, const char *end)
{
    size_t n = strlen(to);

    (void)snprintf(to + n, room - n, "%.*s%s", STR_ARG(text), end);
}

static void note_columns(void *user, const struct db_console_column *columns, unsigned n)
{
    struct told *told = user;

    told->n_columns = n;
    for (unsigned i = 0; i < n; i++) {
        append(told->columns, sizeof(told->columns), columns[i].name, ":");
        append(told->columns, sizeof(told->columns), columns[i].type, " ");
    }
}

static struct err *note_row(void *user, struct arena *a, const struct db_value *cells)
{
    struct told *told = user;

    told->n_rows++;
    for (unsigned i = 0; i < told->n_columns; i++) {
        struct str text = cells[i].type == DB_TEXT ? cells[i].s : STR("-");

        if (cells[i].type == DB_INT)
            text = arena_printf(a, "%lld", (long long)cells[i].i);
        append(told->rows, sizeof(told->rows), text, " ");
    }
    return told->says;
}

static struct db_console console_of(enum db_console_mode mode, const char *sql, struct told *told)
{
    *told = (struct told){0};
    return (struct db_console){.mode = mode,
                               .sql = str_of(sql),
                               .timeout_s = 20,
                               .max_rows = 10,
                               .columns = note_columns,
                               .row = note_row,
                               .user = told};
}

static struct err *run(struct bench *b, enum db_console_mode mode, const char *sql,
                       struct told *told, struct db_console_told *ret)
{
    const struct db_console in = console_of(mode, sql, told);

    return db_console_run(b->a, b->db, &in, ret);
}

static void bench_with_table(struct bench *b)
{
    *b = bench_new();
    bench_open(b);
    bench_run(b, "CREATE TABLE t (x INT, d date)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
}

static void end(struct bench *b)
{
    db_reader_close(b->db);
    bench_done(b);
}

static void tells_the_last_result(void **state)
{
    static const struct {
        const char *sql, *columns, *rows;
    } cases[] = {
        {"SELECT 1; SELECT x, d, x + 1 AS y FROM t", "x:INT d:date y: ", "1 a 2 2 b 3 "},
        {"SELECT x FROM t; SELECT 5 AS v; -- end", "v: ", "5 "},
        {"SELECT x FROM t WHERE 0", "x:INT ", ""},
        {"-- nothing", "", ""},
        {"PRAGMA foreign_keys = OFF", "", ""},
    };
    struct db_console_told ret;
    struct told told;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(run(&b, DB_CONSOLE_READS, cases[i].sql, &told, &ret));
        assert_string_equal(told.columns, cases[i].columns);
        assert_string_equal(told.rows, cases[i].rows);
        assert_false(ret.writes);
    }
    end(&b);
}

/* What would write comes back undone, and is refused where it was to look. */
static void says_what_writes(void **state)
{
    static const char *const cases[] = {
        "DELETE FROM t",
        "SELECT 1; WITH c AS (SELECT 1) DELETE FROM t",
        "PRAGMA user_version = 5",
        "VACUUM",
        "BEGIN IMMEDIATE",
        "BEGIN; DELETE FROM t; COMMIT",
        "PRAGMA optimize = 0x10002; DELETE FROM t",
    };
    struct db_console_told ret;
    struct told told;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(run(&b, DB_CONSOLE_READS, cases[i], &told, &ret));
        assert_true(ret.writes);
        assert_int_equal(told.n_columns, 0);
        assert_non_null(run(&b, DB_CONSOLE_LOOKS, cases[i], &told, &ret));
        assert_true(ret.failed);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    }
    end(&b);
}

/* A transaction that is left open, or that fails, ends with the console. */
static void leaves_nothing_open(void **state)
{
    static const struct {
        enum db_console_mode mode;
        const char *sql;
        bool fails;
        int n_rows; /* of the table, afterwards */
    } cases[] = {
        {DB_CONSOLE_WRITES, "BEGIN; INSERT INTO t VALUES (3, '')", false, 2},
        {DB_CONSOLE_WRITES, "SAVEPOINT u; INSERT INTO t VALUES (3, '')", false, 2},
        {DB_CONSOLE_CHANGES, "INSERT INTO t VALUES (3, ''); SELECT nope", true, 2},
        {DB_CONSOLE_CHANGES, "INSERT INTO t VALUES (3, ''); ROLLBACK", true, 2},
        {DB_CONSOLE_CHANGES, "INSERT INTO t VALUES (3, ''); COMMIT", true, 3},
        {DB_CONSOLE_CHANGES, "INSERT INTO t VALUES (4, '')", false, 4},
        {DB_CONSOLE_WRITES, "INSERT INTO t VALUES (5, '') RETURNING x", false, 5},
    };
    struct db_console_told ret;
    struct told told;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err *err = run(&b, cases[i].mode, cases[i].sql, &told, &ret);

        assert_int_equal(err != NULL, cases[i].fails);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), cases[i].n_rows);
        bench_run(&b, "UPDATE t SET d = ''"); /* nobody holds the database */
    }
    end(&b);
}

static void counts_rows(void **state)
{
    struct db_console_told ret;
    struct told told;
    struct db_console in;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    in = console_of(DB_CONSOLE_READS, "SELECT x FROM t", &told);
    in.max_rows = 1;
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_int_equal(told.n_rows, 1);
    assert_false(ret.more); /* nobody has asked */
    in = console_of(DB_CONSOLE_READS, "SELECT x FROM t", &told);
    in.max_rows = 1;
    in.counts_more = true;
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_true(ret.more);
    in = console_of(DB_CONSOLE_READS, "SELECT x FROM t", &told);
    in.max_rows = 2;
    in.counts_more = true;
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_int_equal(told.n_rows, 2);
    assert_false(ret.more);
    assert_ok(run(&b, DB_CONSOLE_CHANGES, "UPDATE t SET d = 'c'", &told, &ret));
    assert_int_equal(ret.n_rows, 2);
    end(&b);
}

static void an_error_of_a_row_ends_it(void **state)
{
    struct db_console_told ret;
    struct told told;
    struct db_console in;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    in = console_of(DB_CONSOLE_READS, "SELECT x FROM t", &told);
    told.says = err_new(b.a, E_UNAVAILABLE, NULL, "enough");
    assert_ptr_equal(db_console_run(b.a, b.db, &in, &ret), told.says);
    assert_int_equal(told.n_rows, 1);
    assert_false(ret.failed);
    end(&b);
}

static void binds_values(void **state)
{
    const struct db_console_value values[] = {{STR_INIT("a"), DB_V_INT(7)},
                                              {STR_INIT("b"), DB_V_TEXT(STR("it's"))}};
    struct db_console_told ret;
    struct told told;
    struct db_console in;
    struct err *err;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    in = console_of(DB_CONSOLE_READS, "SELECT :a; SELECT @b, $a", &told);
    in.values = values;
    in.n_values = 2;
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_string_equal(told.rows, "it's 7 ");
    in = console_of(DB_CONSOLE_READS, "SELECT :c", &told);
    in.values = values;
    in.n_values = 2;
    err = db_console_run(b.a, b.db, &in, &ret);
    assert_non_null(err);
    assert_str(err->cause, "missing named argument \"c\"");
    end(&b);
}

/* Its time, and its client's, is over: nothing is left of a write. */
static void is_stopped(void **state)
{
    const char *const endless = "INSERT INTO t (x) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
                                "SELECT x + 1 FROM c) SELECT x FROM c";
    static const enum db_console_mode modes[] = {DB_CONSOLE_WRITES, DB_CONSOLE_CHANGES};
    atomic_bool gone = true;
    struct db_console_told ret;
    struct told told;
    struct err *err;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct db_console in = console_of(modes[i], endless, &told);

        in.timeout_s = 1;
        err = db_console_run(b.a, b.db, &in, &ret);
        assert_non_null(err);
        assert_true(err->timed_out && !ret.failed);
        in.gone = &gone;
        err = db_console_run(b.a, b.db, &in, &ret);
        assert_non_null(err);
        assert_int_equal(err->kind, E_GONE);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
        bench_run(&b, "UPDATE t SET d = ''");
    }
    end(&b);
}

static void count_up(void *user)
{
    struct told *told = user;

    told->n_rows++;
}

/* A change of the schema is published, and nothing but one. */
static void tells_of_schema(void **state)
{
    struct db_console_told ret;
    struct told told;
    struct db_console in;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    in = console_of(DB_CONSOLE_CHANGES, "CREATE INDEX i ON t (x)", &told);
    in.published = count_up;
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_true(ret.changed);
    assert_int_equal(told.n_rows, 1);
    in.sql = STR("DELETE FROM t");
    assert_ok(db_console_run(b.a, b.db, &in, &ret));
    assert_false(ret.changed);
    assert_int_equal(told.n_rows, 1);
    end(&b);
}

/* What was read before a console has written does not stand, and what is read after it does. */
static void is_seen(void **state)
{
    static const enum db_console_mode modes[] = {DB_CONSOLE_WRITES, DB_CONSOLE_CHANGES};
    struct db_console_told ret;
    struct db_conn *conn;
    struct db_seen seen;
    struct told told;
    struct bench b;

    (void)state;
    bench_with_table(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        assert_ok(db_read_begin(b.a, conn));
        assert_true(db_seen_table(conn, STR("t"), &seen));
        (void)db_read_end(conn);
        assert_true(db_seen_holds(b.db, &seen));
        assert_ok(run(&b, modes[i], "UPDATE t SET x = x + 1", &told, &ret));
        assert_false(db_seen_holds(b.db, &seen));
        assert_ok(db_read_begin(b.a, conn));
        assert_true(db_seen_table(conn, STR("t"), &seen));
        (void)db_read_end(conn);
        assert_true(db_seen_holds(b.db, &seen));
    }
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_last_result),
        cmocka_unit_test(says_what_writes),
        cmocka_unit_test(leaves_nothing_open),
        cmocka_unit_test(counts_rows),
        cmocka_unit_test(an_error_of_a_row_ends_it),
        cmocka_unit_test(binds_values),
        cmocka_unit_test(is_stopped),
        cmocka_unit_test(tells_of_schema),
        cmocka_unit_test(is_seen),
    };

    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
