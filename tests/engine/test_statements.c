#include "engine/engine.h"

#include "base/limits.h"

static void values_come_back_as_they_went_in(void **state)
{
    const struct db_value values[] = {
        DB_V_NULL,
        DB_V_INT(INT64_MIN),
        DB_V_REAL(1.0),
        DB_V_TEXT(STR("a\0b")),
        DB_V_BLOB(STR("\xff\0")),
        DB_V_TEXT(STR_NONE),
    };
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_row *row;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_query_row(b.a, conn, STR("SELECT ?1,?2,?3,?4,?5,?6"), values, 6, &row));
    assert_int_equal(row->n, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(row->cells[i].type, values[i].type);
    assert_true(row->cells[1].i == INT64_MIN);
    assert_true(row->cells[2].d == 1.0);
    assert_true(str_eq(row->cells[3].s, values[3].s));
    assert_true(str_eq(row->cells[4].s, values[4].s));
    assert_int_equal(row->cells[5].s.n, 0);
    bench_done(&b);
}

static void a_number_is_compared_as_real(void **state)
{
    const struct db_value one = DB_V_REAL(1);
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_row *row;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (title TEXT)", "INSERT INTO t VALUES ('1'), ('1.0')");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_query_row(b.a, conn, STR("SELECT group_concat(title) FROM t WHERE title = ?"),
                           &one, 1, &row));
    assert_str(row->cells[0].s, "1.0");
    bench_done(&b);
}

static void a_view_of_constants_is_not_remembered_across_its_change(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_row *row;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE VIEW v AS SELECT 1 AS id");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    assert_ok(db_query_row(b.a, conn, STR("SELECT id FROM v"), NULL, 0, &row));
    assert_int_equal(row->cells[0].i, 1);
    db_read_end(conn);
    bench_run(&b, "DROP VIEW v", "CREATE VIEW v AS SELECT 2 AS id");
    assert_ok(db_read_begin(b.a, conn));
    assert_ok(db_query_row(b.a, conn, STR("SELECT id FROM v"), NULL, 0, &row));
    assert_int_equal(row->cells[0].i, 2);
    db_read_end(conn);
    bench_done(&b);
}

static void statements_are_cached_and_the_cache_is_bounded(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_stmt *first, *second;
    const struct db_eng_stmt *compiled;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_prepare(b.a, conn, STR("SELECT 1"), &first));
    assert_ok(db_prepare(b.a, conn, STR("SELECT 1"), &second));
    assert_ptr_not_equal(first, second); /* in use twice at a time */
    db_release(second);
    compiled = first->eng;
    db_release(first);
    assert_ok(db_prepare(b.a, conn, STR("SELECT 1"), &second));
    assert_ok(db_prepare(b.a, conn, STR("SELECT 1"), &first));
    assert_true(first->eng == compiled || second->eng == compiled);
    db_release(first);
    db_release(second);
    for (int i = 0; i < 4000; i++) {
        struct str sql = arena_printf(b.a, "SELECT %d, count(*) FROM sqlite_schema", i);

        assert_ok(db_prepare(b.a, conn, sql, &first));
        db_release(first);
        assert_true(conn->stmt_bytes <= LIMIT_PREPARED_BYTES);
    }
    bench_done(&b);
}

static void a_released_statement_has_no_bindings(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_stmt *stmt;
    struct err *err;
    bool row;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_prepare(b.a, conn, STR("SELECT ?"), &stmt));
    db_bind(stmt, 1, DB_V_INT(1));
    assert_ok(db_step(b.a, stmt, &row));
    db_release(stmt);
    assert_ok(db_prepare(b.a, conn, STR("SELECT ?"), &stmt));
    err = db_step(b.a, stmt, &row);
    assert_non_null(err);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    db_release(stmt);
    bench_done(&b);
}

static void a_snapshot_sees_one_state(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    int64_t version;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    version = db_schema_version(conn);
    bench_run(&b, "INSERT INTO t VALUES (1)", "CREATE TABLE other (x)");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    db_read_end(conn);
    assert_ok(db_read_begin(b.a, conn));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    assert_true(db_schema_version(conn) != version);
    db_read_end(conn);
    bench_done(&b);
}

/* A failing statement in it must not end a snapshot. */
static void a_snapshot_survives_errors(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_row *row;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_read_begin(b.a, conn));
    assert_non_null(db_query_row(b.a, conn, STR("SELECT json('{')"), NULL, 0, &row));
    assert_non_null(db_query_row(b.a, conn, STR("SELECT nope"), NULL, 0, &row));
    bench_run(&b, "INSERT INTO t VALUES (1)");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    db_read_end(conn);
    bench_done(&b);
}

static void readers_cannot_write(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_non_null(db_exec(b.a, conn, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL));
    bench_done(&b);
}

static void errors_are_translated(void **state)
{
    static const struct {
        const char *sql;
        enum err_kind kind;
        const char *items; /* paths, joined */
        const char *cause;
    } cases[] = {
        {"INSERT INTO t (id, a, b, c) VALUES ('1', 'x', 'y', 'z')", E_BAD_REQUEST, "id,",
         "constraint failed: UNIQUE constraint failed: t.id (1555)"},
        {"INSERT INTO t (id, a, b, c) VALUES ('2', 'A', 'B', 'z')", E_BAD_REQUEST, "a,b,",
         "constraint failed: UNIQUE constraint failed: t.a, t.b (2067)"},
        {"INSERT INTO t (id, a, b, c) VALUES ('2', 'x', 'y', 'C')", E_BAD_REQUEST, "",
         "constraint failed: UNIQUE constraint failed: index 't_c' (2067)"},
        {"INSERT INTO t (id, a) VALUES ('3', NULL)", E_BAD_REQUEST, "",
         "constraint failed: NOT NULL constraint failed: t.a (1299)"},
        {"SELECT x", E_BAD_REQUEST, "", "SQL logic error: no such column: x (1)"},
        {"SELEC", E_BAD_REQUEST, "", "SQL logic error: near \"SELEC\": syntax error (1)"},
        {"SELECT json('{')", E_BAD_REQUEST, "", "SQL logic error: malformed JSON (1)"},
        {"", E_BAD_REQUEST, "", "there is no statement"},
        {"DELETE FROM sqlite_schema", E_BAD_REQUEST, "",
         "SQL logic error: table sqlite_master may not be modified (1)"},
    };
    struct bench b = bench_new();

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL, a TEXT NOT NULL, b TEXT, c TEXT)",
              "CREATE UNIQUE INDEX t_ab ON t (a, b)", "CREATE UNIQUE INDEX t_c ON t (lower(c))",
              "INSERT INTO t VALUES ('1', 'A', 'B', 'C')");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const list[] = {cases[i].sql, NULL};
        struct err *err = db_run(b.a, b.db, run_statements, list, NULL);
        struct str items = STR_NONE;

        assert_non_null(err);
        assert_int_equal(err->kind, cases[i].kind);
        for (const struct err_item *item = err->items; item; item = item->next) {
            assert_str(item->code, "validation_not_unique");
            items = arena_concat(b.a, items, item->path, STR(","));
        }
        assert_str(items, cases[i].items);
        assert_str(err->cause, cases[i].cause);
    }
    bench_done(&b);
}

static void tables_columns_and_indexes_are_listed(void **state)
{
    struct bench b = bench_new();
    struct db_table_columns columns;
    struct db_table_indexes indexes;
    struct db_tables tables;
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL, n NUMERIC DEFAULT 0)",
              "CREATE INDEX t_n ON t (n)", "CREATE VIEW v AS SELECT id, n + 1 m FROM t");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_list_tables(b.a, conn, &tables));
    assert_int_equal(tables.n, 2);
    assert_str(tables.items[0].name, "t");
    assert_true(tables.items[1].is_view);
    assert_ok(db_list_columns(b.a, conn, STR("t"), &columns));
    assert_int_equal(columns.n, 2);
    assert_true(columns.items[0].primary && columns.items[0].not_null);
    assert_str(columns.items[1].type, "NUMERIC");
    assert_str(columns.items[1].default_sql, "0");
    assert_ok(db_list_columns(b.a, conn, STR("v"), &columns));
    assert_str(columns.items[1].name, "m");
    assert_ok(db_list_columns(b.a, conn, STR("none"), &columns));
    assert_int_equal(columns.n, 0);
    assert_ok(db_list_indexes(b.a, conn, STR_NONE, &indexes));
    assert_int_equal(indexes.n, 1); /* not the primary key's own */
    assert_str(indexes.items[0].name, "t_n");
    bench_done(&b);
}

/* The last that was told, copied as far as the tests look at it. */
struct told {
    struct db_traced last;
    struct db_value values[2];
    char sql[64];
    unsigned n;
};

static void note_told(void *user, const struct db_traced *traced)
{
    struct told *told = user;

    assert_true(traced->n_values <= COUNT_OF(told->values) && traced->sql.n < sizeof(told->sql));
    told->n++;
    told->last = *traced;
    for (unsigned i = 0; i < traced->n_values; i++)
        told->values[i] = traced->values[i];
    memcpy(told->sql, traced->sql.p, traced->sql.n);
    told->sql[traced->sql.n] = '\0';
}

static void a_traced_statement_is_told_once_it_is_given_back(void **state)
{
    struct told told = {0};
    const struct db_trace trace = {note_told, &told};
    const struct db_value text = DB_V_TEXT(STR("b"));
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_stmt *stmt;
    bool row = true;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)", "INSERT INTO t VALUES ('a'), ('b'), ('c')");
    assert_ok(db_reader(b.a, b.db, &conn));
    db_trace(conn, &trace);
    assert_ok(db_prepare(b.a, conn, STR("SELECT x FROM t WHERE x >= ?1 LIMIT ?2"), &stmt));
    db_bind(stmt, 1, text);
    db_bind(stmt, 2, DB_V_INT(9));
    while (row)
        assert_ok(db_step(b.a, stmt, &row));
    assert_int_equal(told.n, 0);
    db_release(stmt);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.sql, "SELECT x FROM t WHERE x >= ?1 LIMIT ?2");
    assert_int_equal(told.last.n_values, 2);
    assert_true(db_value_eq(told.values[0], text));
    assert_true(db_value_eq(told.values[1], DB_V_INT(9)));
    assert_int_equal(told.last.rows, 2);
    assert_false(told.last.failed);

    /* a run of its own, of a statement that was compiled before */
    assert_ok(db_prepare(b.a, conn, STR("SELECT x FROM t WHERE x >= ?1 LIMIT ?2"), &stmt));
    db_release(stmt);
    assert_int_equal(told.n, 2);
    assert_true(db_value_eq(told.values[0], DB_V_NULL));
    assert_int_equal(told.last.rows, 0);

    db_trace(conn, NULL);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 3);
    assert_int_equal(told.n, 2);
    bench_done(&b);
}

static void a_traced_statement_that_fails_is_told_too(void **state)
{
    struct told told = {0};
    const struct db_trace trace = {note_told, &told};
    struct bench b = bench_new();
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    db_trace(conn, &trace);
    assert_non_null(db_exec(b.a, conn, STR("SELECT json_extract('no', '$')"), NULL, 0, NULL));
    assert_int_equal(told.n, 1);
    assert_true(told.last.failed);
    assert_non_null(db_exec(b.a, conn, STR("SELECT no such thing"), NULL, 0, NULL));
    assert_int_equal(told.n, 1);
    db_trace(conn, NULL);
    bench_done(&b);
}

static void a_plan_is_told_without_running(void **state)
{
    const struct db_value one = DB_V_INT(1);
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_plan plan;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)", "CREATE INDEX t_x ON t (x)", "INSERT INTO t VALUES (1)");
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_explain(b.a, conn, STR("SELECT 1 FROM t WHERE x = ?"), &one, 1, &plan));
    assert_int_equal(plan.n, 1);
    assert_str(plan.items[0].text, "SEARCH t USING COVERING INDEX t_x (x=?)");
    assert_int_equal(plan.items[0].depth, 0);
    assert_ok(db_explain(b.a, conn,
                         STR("SELECT x FROM t UNION ALL SELECT y FROM (SELECT 1 AS y LIMIT 1)"),
                         NULL, 0, &plan));
    assert_true(plan.n > 2);
    assert_int_equal(plan.items[0].depth, 0);
    assert_int_equal(plan.items[1].depth, 1);
    assert_int_equal(plan.items[2].depth, 2);
    assert_ok(db_explain(b.a, conn, STR("DELETE FROM t"), NULL, 0, &plan));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    bench_done(&b);
}

static void what_does_not_compile_has_no_plan(void **state)
{
    struct bench b = bench_new();
    struct db_conn *conn;
    struct db_plan plan;
    struct err *err;

    (void)state;
    bench_open(&b);
    assert_ok(db_reader(b.a, b.db, &conn));
    err = db_explain(b.a, conn, STR("SELECT x FROM missing"), NULL, 0, &plan);
    assert_non_null(err);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_as_they_went_in),
        cmocka_unit_test(a_number_is_compared_as_real),
        cmocka_unit_test(a_view_of_constants_is_not_remembered_across_its_change),
        cmocka_unit_test(statements_are_cached_and_the_cache_is_bounded),
        cmocka_unit_test(a_released_statement_has_no_bindings),
        cmocka_unit_test(a_snapshot_sees_one_state),
        cmocka_unit_test(a_snapshot_survives_errors),
        cmocka_unit_test(readers_cannot_write),
        cmocka_unit_test(errors_are_translated),
        cmocka_unit_test(tables_columns_and_indexes_are_listed),
        cmocka_unit_test(a_traced_statement_is_told_once_it_is_given_back),
        cmocka_unit_test(a_traced_statement_that_fails_is_told_too),
        cmocka_unit_test(a_plan_is_told_without_running),
        cmocka_unit_test(what_does_not_compile_has_no_plan),
    };

    return cmocka_run_group_tests_name("statements", tests, NULL, NULL);
}
