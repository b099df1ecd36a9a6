/*
 * The SQL that the dialect writes, run; and LIKE, compared with SQLite's own matcher.
 */
#include "engine/engine.h"

#include "db/dialect.h"

#include <sqlite3.h>

static const struct db_dialect *const d = &db_dialect_sqlite;

static void assert_sql(struct buf *out, const char *want)
{
    assert_false(out->full);
    assert_str(buf_str(out), want);
    buf_reset(out);
}

static void names_and_texts_are_quoted(void **state)
{
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    d->ident(&out, STR("a`b"));
    assert_sql(&out, "`a``b`");
    d->text_literal(&out, STR("it's"));
    assert_sql(&out, "'it''s'");
    d->text_literal(&out, STR("a\0'"));
    assert_sql(&out, "('a'||char(0)||'''')");
    d->param(&out, 12);
    assert_sql(&out, "?12");
    d->row_id(&out, STR("t"));
    assert_sql(&out, "`t`.`_rowid_`");
    d->json_extract_plain(&out, STR("c"), STR(".a'b[0]"));
    assert_sql(&out, "json_extract(c, '$.a''b[0]')");
}

static void definitions_are_pocketbases(void **state)
{
    struct db_col columns[] = {
        {STR("title"), DB_COL_TEXT}, {STR("id"), DB_COL_ID},     {STR("active"), DB_COL_BOOL},
        {STR("n"), DB_COL_NUMBER},   {STR("data"), DB_COL_JSON}, {STR("at"), DB_COL_GEO},
        {STR("tags"), DB_COL_LIST},
    };
    const struct db_index_column index_columns[] = {
        {.name = STR("a")},
        {.name = STR("lower(b)"), .is_expr = true, .direction = STR("DESC")},
        {.name = STR("c"), .collate = STR("NOCASE")},
    };
    struct db_index index = {.unique = true,
                             .name = STR("i"),
                             .table = STR("t"),
                             .columns = index_columns,
                             .n_columns = 3,
                             .where = STR("`a` != ''")};
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    d->create_table(&out, STR("t"), columns, COUNT_OF(columns));
    assert_sql(&out, "CREATE TABLE `t` (`active` BOOLEAN DEFAULT FALSE NOT NULL, "
                     "`at` JSON DEFAULT '{\"lon\":0,\"lat\":0}' NOT NULL, "
                     "`data` JSON DEFAULT NULL, "
                     "`id` TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL, "
                     "`n` NUMERIC DEFAULT 0 NOT NULL, `tags` JSON DEFAULT '[]' NOT NULL, "
                     "`title` TEXT DEFAULT '' NOT NULL)");
    d->create_index(&out, &index);
    assert_sql(&out, "CREATE UNIQUE INDEX `i` ON `t` (\n  `a`,\n  lower(b) DESC,\n"
                     "  `c` COLLATE NOCASE\n) WHERE `a` != ''");
    index.n_columns = 1;
    index.unique = false;
    index.where = STR_NONE;
    d->create_index(&out, &index);
    assert_sql(&out, "CREATE INDEX `i` ON `t` (`a`)");
    d->create_view(&out, STR("v"), STR("SELECT 1 id"));
    assert_sql(&out, "CREATE VIEW `v` AS SELECT * FROM (SELECT 1 id)");
}

static void the_fixed_tables_can_be_made(void **state)
{
    struct bench b = bench_new();
    struct db_table_columns columns;
    struct db_conn *conn;

    (void)state;
    bench_open(&b);
    assert_ok(db_run(b.a, b.db, run_statements, d->data_tables, NULL));
    assert_ok(db_run(b.a, b.db, run_statements, d->auxiliary_tables, NULL));
    bench_run(&b, "INSERT INTO _params DEFAULT VALUES", "INSERT INTO _logs DEFAULT VALUES");
    assert_int_equal(bench_int(&b, "SELECT length(id) + length(created) FROM _params"), 15 + 24);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_list_columns(b.a, conn, STR("_collections"), &columns));
    assert_int_equal(columns.n, 14);
    bench_done(&b);
}

/* What an expression over column `c` of a table with one row gives. */
static struct str eval(struct bench *b, struct str expr, const char *value)
{
    struct str sql = arena_printf(b->a, "SELECT coalesce(quote(%.*s), '-') FROM (SELECT %s c)",
                                  STR_ARG(expr), value);
    struct db_conn *conn;
    struct db_row *row;

    assert_ok(db_reader(b->a, b->db, &conn));
    assert_ok(db_query_row(b->a, conn, sql, NULL, 0, &row));
    return row->cells[0].s;
}

static void json_of_cells_that_are_none(void **state)
{
    static const struct {
        const char *value;
        const char *each; /* its values, joined */
        const char *length;
        const char *extract; /* path .a */
        const char *whole;
    } cases[] = {
        {"'[\"x\",\"y\"]'", "'x|y'", "2", "NULL", "'[\"x\",\"y\"]'"},
        {"'[]'", "NULL", "0", "NULL", "'[]'"},
        {"'x'", "'x'", "1", "NULL", "'x'"},
        {"''", "''", "0", "NULL", "''"},
        {"NULL", "NULL", "0", "NULL", "NULL"},
        {"'{\"a\":true}'", "'{\"a\":true}'", "1", "1", "'{\"a\":true}'"},
        {"12", "'12'", "1", "NULL", "12"},
    };
    struct bench b = bench_new();
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    bench_open(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BUF_ADD(&out, "(SELECT group_concat(`je`.value, '|') FROM ");
        d->json_each(&out, STR("c"), STR("je"));
        BUF_ADD(&out, ")");
        assert_str(eval(&b, buf_str(&out), cases[i].value), cases[i].each);
        buf_reset(&out);
        d->json_length(&out, STR("c"));
        assert_str(eval(&b, buf_str(&out), cases[i].value), cases[i].length);
        buf_reset(&out);
        d->json_extract(&out, STR("c"), STR(".a"));
        assert_str(eval(&b, buf_str(&out), cases[i].value), cases[i].extract);
        buf_reset(&out);
        d->json_extract(&out, STR("c"), STR_NONE);
        assert_str(eval(&b, buf_str(&out), cases[i].value), cases[i].whole);
        buf_reset(&out);
    }
    bench_done(&b);
}

static void the_distance_of_a_point_to_itself_is_zero(void **state)
{
    const struct str point[4] = {STR("23.3"), STR("42.7"), STR("23.3"), STR("42.7")};
    const struct str far[4] = {STR("0"), STR("0"), STR("180"), STR("0")};
    const struct str none[4] = {STR("c"), STR("0"), STR("180"), STR("0")};
    struct bench b = bench_new();
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    bench_open(&b);
    d->geo_distance(&out, point);
    assert_str(eval(&b, buf_str(&out), "1"), "0.0");
    buf_reset(&out);
    BUF_ADD(&out, "round(");
    d->geo_distance(&out, far);
    BUF_ADD(&out, ")");
    assert_str(eval(&b, buf_str(&out), "1"), "20015.0");
    buf_reset(&out);
    d->geo_distance(&out, none);
    assert_str(eval(&b, buf_str(&out), "NULL"), "NULL");
    bench_done(&b);
}

/* --- LIKE ------------------------------------------------------------------------------------- */

struct like_pair {
    sqlite3_stmt *ours;
    sqlite3_stmt *theirs;
};

static int like_of(sqlite3_stmt *stmt, const struct db_value values[3])
{
    int result;

    for (int i = 0; i < 3; i++) {
        const char *p = values[i].s.p ? values[i].s.p : "";

        switch (values[i].type) {
        case DB_TEXT:
            sqlite3_bind_text(stmt, i + 1, p, (int)values[i].s.n, SQLITE_STATIC);
            break;
        case DB_BLOB:
            sqlite3_bind_blob(stmt, i + 1, p, (int)values[i].s.n, SQLITE_STATIC);
            break;
        case DB_INT:
            sqlite3_bind_int64(stmt, i + 1, values[i].i);
            break;
        case DB_REAL:
            sqlite3_bind_double(stmt, i + 1, values[i].d);
            break;
        case DB_NULL:
            sqlite3_bind_null(stmt, i + 1);
            break;
        }
    }
    result = sqlite3_step(stmt);
    if (result == SQLITE_ROW)
        result = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? -1 : sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return result;
}

static sqlite3_stmt *ours_of(struct bench *b, struct str sql)
{
    struct db_conn *conn;
    struct db_stmt *stmt;

    assert_ok(db_reader(b->a, b->db, &conn));
    assert_ok(db_prepare(b->a, conn, sql, &stmt));
    db_release(stmt);
    return *(sqlite3_stmt **)stmt->eng; /* the engine's first member */
}

static void check_like(const struct like_pair *pair, const struct db_value values[3])
{
    int ours = like_of(pair->ours, values);
    int theirs = like_of(pair->theirs, values);

    if (ours != theirs)
        print_error("%.*s LIKE %.*s ESCAPE %.*s: %d, not %d\n", STR_ARG(values[0].s),
                    STR_ARG(values[1].s), STR_ARG(values[2].s), ours, theirs);
    assert_int_equal(ours, theirs);
}

static struct str random_of(struct arena *a, uint64_t *seed, size_t max, struct str alphabet)
{
    size_t n;
    char *p;

    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    n = (size_t)(*seed >> 33) % (max + 1);
    p = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        p[i] = alphabet.p[(*seed >> 33) % alphabet.n];
    }
    return (struct str){p, n};
}

static void like_is_sqlites(void **state)
{
    static const struct str escapes[] = {STR_INIT("\\"),       STR_INIT("%"),  STR_INIT("_"),
                                         STR_INIT(""),         STR_INIT("ab"), STR_INIT("a"),
                                         STR_INIT("\xc3\xa9"), STR_INIT("\1")};
    const struct str texts = STR("aAbB%_\\\1\0\xc3\xa9\xff\x80");
    const struct db_value odd[] = {DB_V_NULL, DB_V_INT(12), DB_V_REAL(1.5), DB_V_BLOB(STR("aa")),
                                   DB_V_TEXT(STR("%1%"))};
    struct bench b = bench_new();
    struct like_pair pair;
    uint64_t seed = 1;
    sqlite3 *plain;

    (void)state;
    bench_open(&b);
    assert_int_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
    sqlite3_prepare_v2(plain, "SELECT ?1 LIKE ?2 ESCAPE ?3", -1, &pair.theirs, NULL);
    pair.ours = ours_of(&b, STR("SELECT ?1 LIKE ?2 ESCAPE ?3"));
    for (size_t i = 0; i < 125; i++) {
        const struct db_value values[3] = {odd[i % 5], odd[i / 5 % 5],
                                           i / 25 ? odd[i / 25] : DB_V_TEXT(STR("\\"))};

        check_like(&pair, values);
    }
    for (int i = 0; i < 200000; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct str pattern = random_of(a, &seed, 6, texts);
        struct db_value values[3];

        if (i % 2)
            pattern = arena_concat(a, STR("%"), pattern, STR("%"));
        values[0] = DB_V_TEXT(random_of(a, &seed, 12, texts));
        values[1] = DB_V_TEXT(pattern);
        values[2] = DB_V_TEXT(escapes[i % 3 ? 0 : (size_t)i / 3 % COUNT_OF(escapes)]);
        check_like(&pair, values);
    }
    sqlite3_finalize(pair.theirs);
    sqlite3_close(plain);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_texts_are_quoted),
        cmocka_unit_test(definitions_are_pocketbases),
        cmocka_unit_test(the_fixed_tables_can_be_made),
        cmocka_unit_test(json_of_cells_that_are_none),
        cmocka_unit_test(the_distance_of_a_point_to_itself_is_zero),
        cmocka_unit_test(like_is_sqlites),
    };

    return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
