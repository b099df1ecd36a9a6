/*
 * The items of a cell, compared with what SQLite's json_each() makes of it.
 */
#include "engine/engine.h"

#include "base/limits.h"
#include "db/dialect.h"
#include "db/seen.h"
#include "support/much.h"

#define THEIRS                                                                      \
    "json_each(CASE WHEN iif(json_valid(?1), json_type(?1) = 'array', FALSE) THEN " \
    "?1 ELSE json_array(?1) END)"
#define THEIR_LENGTH                                                             \
    "SELECT CASE WHEN iif(json_valid(?1), json_type(?1) = 'array', FALSE) THEN " \
    "json_array_length(?1) WHEN ?1 = '' OR ?1 IS NULL THEN 0 ELSE 1 END"
#define OURS "_reeve_items(?1)"

/* --- one cell -------------------------------------------------------------------------------- */

struct both {
    struct bench b;
    struct db_conn *conn;
    size_t n_errors, n_items; /* met so far */
};

static struct both both_open(void)
{
    struct both both = {.b = bench_new()};

    bench_open(&both.b);
    assert_ok(db_reader(both.b.a, both.b.db, &both.conn));
    return both;
}

static void both_done(struct both *both)
{
    db_reader_close(both->b.db);
    bench_done(&both->b);
}

static struct db_stmt *bound(struct arena *a, struct both *both, const char *sql,
                             const struct db_value *cell)
{
    struct db_stmt *stmt;

    assert_ok(db_prepare_bound(a, both->conn, str_of(sql), cell, 1, &stmt));
    return stmt;
}

static struct db_value length_of(struct arena *a, struct both *both, const char *sql,
                                 const struct db_value *cell)
{
    struct db_row *row;

    assert_ok(db_query_row(a, both->conn, str_of(sql), cell, 1, &row));
    return row->cells[0];
}

static void cell_fail(struct db_value cell)
{
    if (cell.type == DB_TEXT || cell.type == DB_BLOB)
        print_error("%.*s\n", STR_ARG(cell.s));
    fail();
}

/* Row by row: where one ends or fails, so does the other, for the same reason. */
static void check(struct both *both, struct db_value cell)
{
    struct arena *a = arena_new();
    struct db_stmt *theirs = bound(a, both, "SELECT value, quote(value) FROM " THEIRS, &cell);
    struct db_stmt *ours = bound(a, both, "SELECT value, quote(value) FROM " OURS, &cell);
    AUTO_BUF struct buf sql;
    bool row, row_ours;

    do {
        struct err *err = db_step(a, theirs, &row);
        struct err *err_ours = db_step(a, ours, &row_ours);

        if (!err != !err_ours || (!err && row != row_ours))
            cell_fail(cell);
        if (err) {
            assert_int_equal(err_ours->kind, err->kind);
            both->n_errors++;
            break;
        }
        both->n_items += row;
        for (unsigned i = 0; i < 2 && row; i++)
            if (!db_value_eq(db_column(ours, i), db_column(theirs, i)))
                cell_fail(cell);
    } while (row);
    db_release(theirs);
    db_release(ours);
    buf_init(&sql, 4096);
    BUF_ADD(&sql, "SELECT ");
    db_dialect_sqlite.json_length(&sql, STR("?1"));
    if (!db_value_eq(length_of(a, both, arena_cstr(a, buf_str(&sql)), &cell),
                     length_of(a, both, THEIR_LENGTH, &cell)))
        cell_fail(cell);
    arena_free(a);
}

static void check_text(struct both *both, struct str text)
{
    check(both, DB_V_TEXT(text));
    check(both, DB_V_BLOB(text));
}

/* --- cells made by hand ---------------------------------------------------------------------- */

static void cells_are_read_as_sqlite_does(void **state)
{
    static const struct str texts[] = {
        STR_INIT(""),
        STR_INIT(" "),
        STR_INIT("x"),
        STR_INIT("[]"),
        STR_INIT(" [ ] "),
        STR_INIT("[\"a\"]"),
        STR_INIT("[\"a\",\"b\"]"),
        STR_INIT("\t[\r\n\"a\" , \"b\"\n]\n"),
        STR_INIT("[\"\"]"),
        STR_INIT("[\"é€\xf0\x9f\x98\x80\"]"),
        STR_INIT("[\"\xff\xc3\"]"),
        STR_INIT("[\"a\x7f\"]"),
        STR_INIT("[\"a\nb\"]"),
        STR_INIT("[\"a\\nb\",\"\\u00e9\",\"\\ud83d\\ude00\",\"\\ud83d\",\"\\u0000\",\"\\/\"]"),
        STR_INIT(
            "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u000a\\u007F\\u0080\\u07ff\\u0800\\uFFFE\\uffff\"]"),
        STR_INIT("[\"\\ud7ff\",\"\\ue000\",\"\\\\u0041\",\"\\\\\"]"),
        STR_INIT("[\"\\udfff\"]"),
        STR_INIT("[\"\\ud800\"]"),
        STR_INIT("[\"\\u004\"]"),
        STR_INIT("[\"\\u00g1\"]"),
        STR_INIT("[\"\\u0@41\"]"),
        STR_INIT("[\"\\U0041\"]"),
        STR_INIT("[\"\\u\"]"),
        STR_INIT("[\"\\a\"]"),
        STR_INIT("[\"\\v\"]"),
        STR_INIT("[\"\\'\"]"),
        STR_INIT("[\"\\0\"]"),
        STR_INIT("[\"\\\n\"]"),
        STR_INIT("[\"\\\0\"]"),
        STR_INIT("[\"\\\"]"),
        STR_INIT("[\"\\"),
        STR_INIT("[\"a\\u0000b\",\"c\"]"),
        STR_INIT("[\"\\x41\"]"),
        STR_INIT("[\"a\",]"),
        STR_INIT("[\"a\"\"b\"]"),
        STR_INIT("[\"a\" \"b\"]"),
        STR_INIT("[,\"a\"]"),
        STR_INIT("[,]"),
        STR_INIT("[\"a\",,\"b\"]"),
        STR_INIT("['a']"),
        STR_INIT("[\"a\"]x"),
        STR_INIT("[\"a\"]]"),
        STR_INIT("[\"a\""),
        STR_INIT("[\"a"),
        STR_INIT("["),
        STR_INIT("]"),
        STR_INIT("[\"a\"]\0x"),
        STR_INIT("[\"a\0b\"]"),
        STR_INIT("[]\0"),
        STR_INIT("\0[\"a\"]"),
        STR_INIT("a\0b"),
        STR_INIT("\xc2\xa0[\"a\"]"),
        STR_INIT("\f[\"a\"]"),
        STR_INIT("\v[\"a\"]"),
        STR_INIT("/**/[\"a\"]"),
        STR_INIT("[\"a\"/**/]"),
        STR_INIT("[\"a\"]//"),
        STR_INIT("[1,-2,3.5,1e3,-0,0.0,1.0]"),
        STR_INIT("[9223372036854775807,9223372036854775808,-9223372036854775808,1e400,-1e400]"),
        STR_INIT("[0x10]"),
        STR_INIT("[+1]"),
        STR_INIT("[.5,5.]"),
        STR_INIT("[NaN,Infinity,-Infinity]"),
        STR_INIT("[01]"),
        STR_INIT("[true,false,null]"),
        STR_INIT("[\"a\",true]"),
        STR_INIT("[[],{},[1, [2]],{\"a\" : [1, \"b\"]}]"),
        STR_INIT("[[[[\"a\"]]]]"),
        STR_INIT("{\"a\":1}"),
        STR_INIT("{a:1}"),
        STR_INIT("{}"),
        STR_INIT("\"a\""),
        STR_INIT("\"a\\u0000\""),
        STR_INIT("'a'"),
        STR_INIT("12"),
        STR_INIT("1.50"),
        STR_INIT("null"),
        STR_INIT("true"),
        STR_INIT("it's \\ \"all\"\x01\x1f"),
        STR_INIT("\xff\xfe[\"a\"]"),
        /* arrays of SQLite's binary JSON: as blobs they are read */
        STR_INIT("\x2b\x17"
                 "a"),
        STR_INIT("\x0b"),
        STR_INIT("\x0c"),
        STR_INIT("\x00"),
    };
    struct both both = both_open();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_text(&both, texts[i]);
    assert_true(both.n_errors > 0);
    both_done(&both);
}

static void numbers_are_themselves(void **state)
{
    static const int64_t ints[] = {0, 1, -1, 12, INT64_MAX, INT64_MIN};
    static const double reals[] = {0,   -0.0,  1,      0.1,  1.0 / 3,    12.5,
                                   1e9, 1e300, 1e-300, 1e18, 1e308 * 10, -1e308 * 10};
    struct both both = both_open();

    (void)state;
    check(&both, DB_V_NULL);
    for (size_t i = 0; i < COUNT_OF(ints); i++)
        check(&both, DB_V_INT(ints[i]));
    for (size_t i = 0; i < COUNT_OF(reals); i++)
        check(&both, DB_V_REAL(reals[i]));
    both_done(&both);
}

/* Deeper than SQLite takes, and long. */
static void hostile_cells_end(void **state)
{
    static const size_t depths[] = {900, 1000, 1001, 1002, 100000};
    static char text[300000];
    struct both both = both_open();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(depths); i++) {
        memset(text, '[', depths[i]);
        memset(text + depths[i], ']', depths[i]);
        check(&both, DB_V_TEXT(((struct str){text, 2 * depths[i]})));
        check(&both, DB_V_TEXT(((struct str){text, depths[i]})));
    }
    memset(text, ' ', sizeof(text));
    check(&both, DB_V_TEXT(((struct str){text, sizeof(text)})));
    text[0] = '[';
    for (size_t i = 1; i + 4 <= sizeof(text); i += 4)
        memcpy(text + i, "\"x\",", 4);
    text[200000] = ']';
    check(&both, DB_V_TEXT(((struct str){text, 200001})));
    text[199999] = ' ';
    check(&both, DB_V_TEXT(((struct str){text, 200001})));
    assert_in_range(both.n_items, 50000, 60000);
    both_done(&both);
}

/* --- random cells ---------------------------------------------------------------------------- */

static uint64_t seed = 1;

static size_t below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % n;
}

static const struct str values[] = {
    STR_INIT("\"a\""),    STR_INIT("\"bc\""),         STR_INIT("\"\""),  STR_INIT("\"é\""),
    STR_INIT("\"\\\"\""), STR_INIT("\"\\u00e9\\n\""), STR_INIT("12"),    STR_INIT("-1.5e2"),
    STR_INIT("true"),     STR_INIT("null"),           STR_INIT("[ 1 ]"), STR_INIT("{\"k\": \"v\"}"),
};
static const struct str marks[] = {
    STR_INIT(","), STR_INIT("["),     STR_INIT("]"),       STR_INIT("\""),  STR_INIT("\\"),
    STR_INIT("{"), STR_INIT("}"),     STR_INIT(":"),       STR_INIT(" "),   STR_INIT("\n"),
    STR_INIT("a"), STR_INIT("1"),     STR_INIT("\xff"),    STR_INIT("\0"),  STR_INIT("\x01"),
    STR_INIT("'"), STR_INIT("\\u00"), STR_INIT("\\u00e9"), STR_INIT("\\n"), STR_INIT("\\ud83d"),
};

/* An array, of texts only in half the turns; one in two has something put in somewhere. */
static void add_array(struct buf *out)
{
    const size_t n_values = below(2) ? 4 : COUNT_OF(values);
    const size_t n = below(5);

    BUF_ADD(out, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add(out, below(2) ? STR(",") : STR(", "));
        buf_add(out, values[below(n_values)]);
    }
    BUF_ADD(out, "]");
    if (below(2)) {
        const struct str mark = marks[below(COUNT_OF(marks))];
        const size_t at = below(out->n + 1);

        buf_add(out, mark);
        memmove(out->p + at + mark.n, out->p + at, out->n - mark.n - at);
        memcpy(out->p + at, mark.p, mark.n);
    }
}

static void random_cells_are_read_as_sqlite_does(void **state)
{
    struct both both = both_open();
    AUTO_BUF struct buf cell;

    (void)state;
    buf_init(&cell, 1 << 16);
    for (size_t i = 0; i < much(30000, 6000); i++) {
        if (i % 4)
            add_array(&cell);
        else
            for (size_t n = below(12); n > 0; n--)
                buf_add(&cell,
                        below(3) ? marks[below(COUNT_OF(marks))] : values[below(COUNT_OF(values))]);
        check_text(&both, buf_str(&cell));
        buf_reset(&cell);
    }
    assert_true(both.n_items > much(30000, 6000));
    both_done(&both);
}

/* --- statements ------------------------------------------------------------------------------ */

static const char *const site[] = {
    "CREATE TABLE t (id INTEGER PRIMARY KEY, c, d REAL)",
    "INSERT INTO t VALUES (1, '[\"a\",\"b\"]', 1), (2, '[]', 2.5), (3, 'x', 3), (4, NULL, NULL), "
    "(5, '[1,[2, 3],{\"k\": 1}]', 5), (6, '[\"b\\n\",\"a\"]', 1e300), (7, '{\"a\":1}', 7)",
    "CREATE TABLE u (id TEXT PRIMARY KEY, n)",
    "INSERT INTO u VALUES ('a', 1), ('b', 2), ('x', 3)",
    "CREATE VIEW v AS SELECT id, json_quote('a') AS q, json('{\"k\": [1 ]}') AS o, "
    "json_array('a', id) AS l, c -> '$[0]' AS f FROM t WHERE json_valid(c)",
    NULL,
};

/* The statement with the items of each @<expression>, by one table or the other. */
static struct str with_items(struct arena *a, const char *sql, bool ours)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 1 << 16);
    for (const char *open; (open = strchr(sql, '@')); sql = strchr(open, '>') + 1) {
        const struct str c = {open + 2, (size_t)(strchr(open, '>') - open - 2)};

        buf_add(&out, (struct str){sql, (size_t)(open - sql)});
        if (ours)
            buf_addf(&out, "_reeve_items(%.*s)", STR_ARG(c));
        else
            buf_addf(&out,
                     "json_each(CASE WHEN iif(json_valid(%.*s), json_type(%.*s) = 'array', FALSE) "
                     "THEN %.*s ELSE json_array(%.*s) END)",
                     STR_ARG(c), STR_ARG(c), STR_ARG(c), STR_ARG(c));
    }
    buf_add(&out, str_of(sql));
    return arena_dup(a, buf_str(&out));
}

/* Columns of the rows, from one on. */
static void add_rows(struct buf *out, struct bench *b, struct str sql, unsigned from)
{
    struct db_stmt *stmt;
    struct db_conn *conn;
    bool row;

    assert_ok(db_reader(b->a, b->db, &conn));
    assert_ok(db_prepare(b->a, conn, sql, &stmt));
    for (;;) {
        assert_ok(db_step(b->a, stmt, &row));
        if (!row)
            break;
        for (unsigned i = from; i < db_columns(stmt); i++)
            buf_addf(out, "%d:%.*s ", (int)db_column(stmt, i).type,
                     STR_ARG(db_column_text(stmt, i)));
        BUF_ADD(out, "\n");
    }
    db_release(stmt);
}

/* @<c>: the items of c. */
static const char *const statements[] = {
    "SELECT t.id, e.value, typeof(e.value) FROM t, @<t.c> e",
    "SELECT t.id, e.value FROM t LEFT JOIN @<t.c> e ON TRUE",
    "SELECT t.id, e.value FROM t LEFT JOIN @<t.c> e ON e.value = 'b'",
    "SELECT t.id, e.value, f.value FROM t, @<t.c> e, @<t.c> f ORDER BY 1, 2, 3",
    "SELECT t.id, u.n FROM t LEFT JOIN @<t.c> e ON TRUE LEFT JOIN u ON u.id = e.value",
    "SELECT u.id FROM u WHERE u.id IN (SELECT e.value FROM t, @<t.c> e)",
    "SELECT u.id FROM t CROSS JOIN @<t.c> e JOIN u ON u.id = e.value",
    "SELECT u.id FROM u, t, @<t.c> e WHERE e.value = u.id",
    "SELECT t.id FROM t WHERE EXISTS (SELECT 1 FROM @<t.c> e WHERE e.value = 'b')",
    "SELECT t.id, (SELECT e.value FROM @<t.c> e LIMIT 1) FROM t",
    "SELECT t.id, (SELECT e.value FROM @<t.c> e ORDER BY e.rowid DESC LIMIT 1) FROM t",
    "SELECT t.id, (SELECT count(*) FROM @<t.c> e, @<e.value> f) FROM t",
    "SELECT t.id, (SELECT MAX(CASE WHEN s.v IS NOT 'b' THEN 1 ELSE 0 END) FROM (SELECT e.value AS v "
    "FROM (SELECT 1) o LEFT JOIN @<t.c> e ON TRUE) s) FROM t",
    "SELECT e.value FROM @<t.c> e, t",
    "SELECT max(e.value), e.value, t.id FROM t, @<t.c> e",
    "SELECT min(e.value), e.value, t.id FROM t, @<t.c> e WHERE e.value > 'a'",
    "SELECT max(e.value), e.value, t.id FROM t, @<t.c> e GROUP BY t.id",
    "SELECT DISTINCT e.value FROM t, @<t.c> e ORDER BY e.value",
    "SELECT t.id, json_array(e.value) FROM t, @<t.c> e",
    "SELECT t.id, e.value FROM t, @<t.d> e",
    "SELECT t.id, e.value FROM t, @<t.id> e",
    "SELECT v.id, e.value, f.value, g.value, h.value FROM v, @<v.q> e, @<v.o> f, @<v.l> g, @<v.f> h",
    "SELECT e.value FROM @<json_quote('a')> e",
    "SELECT e.value FROM @<json('{\"k\": 1 }')> e",
    "SELECT e.value FROM @<json(' 1 ')> e",
    "WITH RECURSIVE w (c) AS (SELECT '[[[\"a\"],1]]' UNION ALL SELECT e.value FROM w, @<w.c> e WHERE "
    "json_valid(w.c) AND json_type(w.c) = 'array') SELECT c FROM w",
};

static void compare(const char *before, unsigned from)
{
    struct bench b = bench_new();
    AUTO_BUF struct buf theirs;
    AUTO_BUF struct buf ours;

    buf_init(&theirs, 1 << 20);
    buf_init(&ours, 1 << 20);
    bench_open(&b);
    bench_run_list(&b, site);
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        const char *sql =
            arena_cstr(b.a, arena_concat(b.a, str_of(before), str_of(statements[i]), STR_NONE));

        buf_reset(&theirs);
        buf_reset(&ours);
        add_rows(&theirs, &b, with_items(b.a, sql, false), from);
        add_rows(&ours, &b, with_items(b.a, sql, true), from);
        assert_true(theirs.n > 0);
        if (!str_eq(buf_str(&ours), buf_str(&theirs)))
            print_error("%s\n%.*s\n%.*s\n", sql, STR_ARG(buf_str(&ours)),
                        STR_ARG(buf_str(&theirs)));
        assert_true(str_eq(buf_str(&ours), buf_str(&theirs)));
    }
    db_reader_close(b.db);
    bench_done(&b);
}

static void statements_have_the_same_rows(void **state)
{
    (void)state;
    compare("", 0);
}

/* In words; the lines' numbers count instructions. */
static void plans_are_the_same(void **state)
{
    (void)state;
    compare("EXPLAIN QUERY PLAN ", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_read_as_sqlite_does),
        cmocka_unit_test(numbers_are_themselves),
        cmocka_unit_test(hostile_cells_end),
        cmocka_unit_test(random_cells_are_read_as_sqlite_does),
        cmocka_unit_test(statements_have_the_same_rows),
        cmocka_unit_test(plans_are_the_same),
    };

    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
