/*
 * What has been read may be remembered until something of it is committed, by this process or
 * another, and no longer; what is committed elsewhere leaves it alone.
 */
#include "engine/engine.h"

#include "base/limits.h"
#include "db/seen.h"
#include "db/writer.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static const char *const site[] = {
    "CREATE TABLE a (id TEXT PRIMARY KEY, x, y, n UNIQUE)",
    "CREATE TABLE b (id TEXT PRIMARY KEY, a_id, z)",
    "CREATE TABLE told (what)",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, k UNIQUE)",
    "CREATE TABLE child (id, p REFERENCES parent (id) ON DELETE CASCADE, "
    "k REFERENCES parent (k) ON UPDATE CASCADE, "
    "late REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE VIEW v AS SELECT a.id, a.x, b.z FROM a JOIN b ON b.a_id = a.id",
    "CREATE TRIGGER b_told AFTER INSERT ON b BEGIN INSERT INTO told VALUES (new.id); END",
    "CREATE TRIGGER v_set INSTEAD OF UPDATE ON v BEGIN UPDATE b SET z = new.z WHERE a_id = old.id; "
    "END",
    "INSERT INTO a VALUES ('a1', 1, 1, 1), ('a2', 2, 2, 2)",
    "INSERT INTO b VALUES ('b1', 'a1', 1), ('b2', 'a2', 2)",
    "INSERT INTO parent VALUES (1, 1), (2, 2)",
    "INSERT INTO child VALUES (1, 1, 1, 1), (2, 2, 2, 2)",
    NULL,
};

static struct bench site_open(void)
{
    struct bench b = bench_new();

    bench_open(&b);
    bench_run_list(&b, site);
    return b;
}

static void site_done(struct bench *b)
{
    db_reader_close(b->db);
    bench_done(b);
}

static struct db_conn *snapshot(struct bench *b)
{
    struct db_conn *conn;

    assert_ok(db_reader(b->a, b->db, &conn));
    assert_ok(db_read_begin(b->a, conn));
    return conn;
}

/* Steps the statement once, in a snapshot of its own. */
static bool see(struct bench *b, const char *sql, struct db_seen *ret)
{
    struct db_conn *conn = snapshot(b);
    struct db_stmt *stmt;
    bool row, seen;

    assert_ok(db_prepare(b->a, conn, str_of(sql), &stmt));
    assert_ok(db_step(b->a, stmt, &row));
    seen = db_seen_statement(stmt, ret);
    db_release(stmt);
    db_read_end(conn);
    return seen;
}

static bool see_table(struct bench *b, const char *table, struct db_seen *ret)
{
    struct db_conn *conn = snapshot(b);
    bool seen = db_seen_table(conn, str_of(table), ret);

    db_read_end(conn);
    return seen;
}

/* --- what a statement reads and writes ------------------------------------------------------- */

struct pair {
    const char *read;
    const char *write;
    bool holds;
};

static void check_pairs(struct bench *b, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct db_seen seen;

        if (!see(b, pairs[i].read, &seen) || !db_seen_holds(b->db, &seen)) {
            print_error("not to be remembered: %s\n", pairs[i].read);
            fail();
        }
        bench_run(b, pairs[i].write);
        if (db_seen_holds(b->db, &seen) != pairs[i].holds) {
            print_error("%s, and %s: %s\n", pairs[i].read, pairs[i].write,
                        pairs[i].holds ? "forgotten" : "still held");
            fail();
        }
    }
}

static void tells_apart(void **state)
{
    static const struct pair pairs[] = {
        {"SELECT count(*) FROM a", "INSERT INTO b VALUES ('b3', 'a1', 3)", true},
        {"SELECT count(*) FROM a", "INSERT INTO a VALUES ('a3', 3, 3, 3)", false},
        {"SELECT count(*) FROM a", "DELETE FROM a WHERE id = 'none'", false},
        {"SELECT count(*) FROM a", "UPDATE a SET x = 5", true},
        {"SELECT count(*) FROM A", "insert into A values ('a4', 4, 4, 4)", false},
        {"SELECT count(*) FROM a WHERE x = 1", "UPDATE a SET y = 5", true},
        {"SELECT count(*) FROM a WHERE x = 1", "UPDATE a SET X = 6 WHERE id = 'a1'", false},
        {"SELECT count(*) FROM a WHERE x = 1", "DELETE FROM a WHERE id = 'a4'", false},
        {"SELECT max(x) FROM a ORDER BY y", "UPDATE a SET y = y + 1", false},
        {"SELECT count(*) FROM a", "REPLACE INTO a VALUES ('a1', 1, 1, 1)", false},
        {"SELECT count(*) FROM a", "UPDATE OR REPLACE a SET n = 2 WHERE id = 'a1'", false},
        {"SELECT count(*) FROM a",
         "INSERT INTO a VALUES ('a1', 0, 0, 9) ON CONFLICT (id) DO UPDATE SET y = 0", false},
        {"SELECT count(*) FROM b WHERE z > 0",
         "INSERT INTO a VALUES ('a1', 0, 0, 9) ON CONFLICT (id) DO UPDATE SET y = 0", true},
        {"SELECT y FROM a", "INSERT INTO a VALUES ('a1', 0, 0, 9) ON CONFLICT DO NOTHING", false},
        {"SELECT rowid FROM a", "UPDATE a SET rowid = rowid + 100", false},
        {"SELECT id FROM parent", "UPDATE parent SET _rowid_ = 9 WHERE 0", false},
        /* joins and inner questions */
        {"SELECT count(*) FROM a JOIN b ON b.a_id = a.id", "UPDATE b SET a_id = 'a1'", false},
        {"SELECT count(*) FROM a JOIN b ON b.a_id = a.id", "UPDATE b SET z = 1", true},
        {"SELECT count(*) FROM a WHERE EXISTS (SELECT 1 FROM b)", "DELETE FROM b WHERE z = 0",
         false},
        {"SELECT count(*) FROM a WHERE id IN (SELECT a_id FROM b WHERE z = 1)",
         "UPDATE b SET z = 2", false},
        {"WITH c AS (SELECT * FROM b) SELECT count(*) FROM c", "DELETE FROM b WHERE z = 0", false},
        {"WITH c AS (SELECT * FROM b) SELECT count(*) FROM c", "DELETE FROM a WHERE 0", true},
        {"SELECT count(*) FROM a, json_each('[1]')", "UPDATE b SET z = 2", true},
        {"SELECT count(*) FROM a, json_each(a.x)", "UPDATE a SET x = 3", false},
        {"SELECT count(*) FROM a, _reeve_items('[1]')", "UPDATE b SET z = 2", true},
        {"SELECT count(*) FROM a, _reeve_items(a.x)", "UPDATE a SET y = 3", true},
        {"SELECT count(*) FROM a, _reeve_items(a.x)", "UPDATE a SET x = 3", false},
        /* views and triggers */
        {"SELECT count(*) FROM v WHERE z = 1", "UPDATE b SET z = 3", false},
        {"SELECT count(*) FROM v", "INSERT INTO a VALUES ('a7', 7, 7, 7)", false},
        {"SELECT count(*) FROM v", "UPDATE a SET y = 7", true},
        {"SELECT z FROM b", "UPDATE v SET z = 8 WHERE id = 'a1'", false},
        {"SELECT count(*) FROM told", "INSERT INTO b VALUES ('b9', 'a1', 9)", false},
        {"SELECT count(*) FROM told", "UPDATE b SET z = 9", true},
        /* what keys of other tables set off */
        {"SELECT k FROM child", "UPDATE parent SET k = 7 WHERE id = 2", false},
        {"SELECT count(*) FROM child", "DELETE FROM parent WHERE 0", false},
        {"SELECT count(*) FROM a", "DELETE FROM parent WHERE 0", true},
        /* the schema and what is not named */
        {"SELECT count(*) FROM a", "CREATE TABLE other (x)", false},
        {"SELECT count(*) FROM a", "CREATE INDEX b_z ON b (z)", false},
        {"SELECT count(*) FROM a", "ALTER TABLE b ADD COLUMN w", false},
        {"SELECT count(*) FROM a", "DROP TABLE other", false},
        {"SELECT count(*) FROM a", "PRAGMA user_version = 7", false},
        {"SELECT count(*) FROM a", "PRAGMA optimize", false},
        {"SELECT count(*) FROM a", "ANALYZE", false},
    };
    struct bench b = site_open();

    (void)state;
    check_pairs(&b, pairs, COUNT_OF(pairs));
    site_done(&b);
}

/* A schema in which an update does more than it says. */
static void hidden_writes(void **state)
{
    static const struct pair kept[] = {
        {"SELECT twice FROM g", "UPDATE g SET x = x + 1", false},
        {"SELECT count(*) FROM r", "UPDATE r SET n = 2 WHERE n = 1", false},
        {"SELECT count(*) FROM r", "UPDATE g SET x = x + 1", true},
    };
    struct bench b = bench_new();

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE g (x, twice AS(x * 2))", "INSERT INTO g (x) VALUES (1)",
              "CREATE TABLE r (n UNIQUE ON CONFLICT REPLACE)", "INSERT INTO r VALUES (1), (2)");
    check_pairs(&b, kept, COUNT_OF(kept));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM r"), 1);
    site_done(&b);
}

static void never(void **state)
{
    static const char *const reads[] = {
        "SELECT count(*) FROM a WHERE x > random()",
        "SELECT count(*) FROM a WHERE x > unixepoch('now')",
        "SELECT count(*) FROM a WHERE x > CURRENT_TIMESTAMP",
        "SELECT count(*) FROM a WHERE x > StrFTime('%s')",
        "SELECT count(*) FROM a WHERE x > total_changes()",
        "SELECT count(*) FROM sqlite_schema",
        "SELECT count(*) FROM a, pragma_table_info('a')",
        "PRAGMA user_version",
        "SELECT 1",
    };
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(reads); i++)
        if (see(&b, reads[i], &seen)) {
            print_error("to be remembered: %s\n", reads[i]);
            fail();
        }
    bench_run(&b, "CREATE VIRTUAL TABLE words USING fts5 (word)");
    assert_false(see(&b, "SELECT count(*) FROM words", &seen));
    assert_true(see_table(&b, "a", &seen));
    bench_run(&b, "INSERT INTO words VALUES ('word')");
    assert_true(db_seen_holds(b.db, &seen));
    site_done(&b);
}

/* Each function of SQLite's that may give something else each time is known. */
static void volatile_functions(void **state)
{
    struct bench b = site_open();
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct db_conn *conn;
    bool row = true;
    unsigned n = 0;

    (void)state;
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_prepare(b.a, conn,
                         STR("SELECT DISTINCT name, max(narg, 0) FROM pragma_function_list WHERE "
                             "type = 's' AND NOT flags & 0x800 AND builtin AND name NOT LIKE "
                             "'%->%' AND name NOT LIKE 'fts%' "
                             "AND name NOT LIKE 'sqlite_%'"),
                         &stmt));
    for (;;) {
        struct str name, sql;
        struct db_stmt *call;

        assert_ok(db_step(b.a, stmt, &row));
        if (!row)
            break;
        name = db_column_text(stmt, 0);
        sql = arena_printf(b.a, "SELECT %.*s(%s) FROM a", STR_ARG(name),
                           db_column_int(stmt, 1) == 0   ? ""
                           : db_column_int(stmt, 1) == 1 ? "x"
                                                         : "x, y");
        if (db_prepare(b.a, conn, sql, &call))
            continue; /* of another shape, or not for everyone */
        if (!call->reads->all)
            print_error("%.*s\n", STR_ARG(sql));
        assert_true(call->reads->all);
        db_release(call);
        n++;
    }
    assert_true(n >= 4);
    db_release(TAKE(stmt));
    site_done(&b);
}

/* More columns than a set holds: the table as a whole, and no other. */
static void wide(void **state)
{
    struct bench b = site_open();
    struct db_seen count, other, column;
    struct buf create, update, select;

    (void)state;
    buf_init(&create, 65536);
    buf_init(&update, 65536);
    buf_init(&select, 65536);
    BUF_ADD(&create, "CREATE TABLE w (id");
    BUF_ADD(&update, "UPDATE w SET id = 0");
    BUF_ADD(&select, "SELECT id");
    for (int i = 0; i < 60; i++) {
        buf_addf(&create, ", c%d", i);
        buf_addf(&update, ", c%d = 1", i);
        buf_addf(&select, ", c%d", i);
    }
    BUF_ADD(&create, ")");
    BUF_ADD(&select, " FROM w");
    bench_run(&b, create.p);
    assert_true(see(&b, select.p, &count));
    bench_run(&b, "UPDATE w SET c59 = 2");
    assert_false(db_seen_holds(b.db, &count));
    assert_true(see(&b, "SELECT c3 FROM w", &column));
    assert_true(see_table(&b, "a", &other));
    bench_run(&b, update.p);
    assert_false(db_seen_holds(b.db, &column));
    assert_true(db_seen_holds(b.db, &other));
    buf_done(&create);
    buf_done(&update);
    buf_done(&select);
    site_done(&b);
}

/* A transaction that writes more than is noted forgets everything. */
static void many_tables(void **state)
{
    struct bench b = site_open();
    const char *sql[LIMIT_SEEN_WRITTEN + 1] = {NULL};
    struct db_seen seen;

    (void)state;
    for (int i = 0; i < LIMIT_SEEN_WRITTEN; i++) {
        bench_run(&b, arena_cstr(b.a, arena_printf(b.a, "CREATE TABLE t%d (x)", i)));
        sql[i] = arena_cstr(b.a, arena_printf(b.a, "INSERT INTO t%d VALUES (1)", i));
    }
    assert_true(see_table(&b, "a", &seen));
    bench_run_list(&b, sql);
    assert_false(db_seen_holds(b.db, &seen));
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

/* --- commits --------------------------------------------------------------------------------- */

static void tables(void **state)
{
    struct bench b = site_open();
    struct db_seen a, other;
    const struct db_seen zeros = {0};

    (void)state;
    assert_true(see_table(&b, "a", &a));
    assert_true(see_table(&b, "B", &other));
    assert_false(db_seen_holds(b.db, &zeros));
    bench_run(&b, "UPDATE b SET z = 1");
    assert_true(db_seen_holds(b.db, &a));
    assert_false(db_seen_holds(b.db, &other));
    bench_run(&b, "UPDATE a SET y = 1", "INSERT INTO b VALUES ('b5', 'a1', 1)");
    assert_false(db_seen_holds(b.db, &a));
    site_done(&b);
}

/* What a snapshot reads after a commit is old. */
static void old_snapshot(void **state)
{
    struct bench b = site_open();
    struct db_conn *conn = snapshot(&b);
    struct db_seen seen;

    (void)state;
    bench_run(&b, "UPDATE a SET y = 1");
    assert_false(db_seen_table(conn, STR("a"), &seen));
    assert_true(db_seen_table(conn, STR("b"), &seen));
    db_read_end(conn);
    assert_false(db_seen_table(conn, STR("b"), &seen)); /* no snapshot */
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

struct looked {
    bool table;
    struct db_seen seen;
};

static struct err *look_inside(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct looked *looked = (struct looked *)(uintptr_t)in;

    (void)ret_out;
    looked->table = db_seen_table(tx, STR("a"), &looked->seen);
    return db_exec(a, tx, STR("UPDATE a SET y = 77"), NULL, 0, NULL);
}

static void inside_a_unit(void **state)
{
    struct bench b = site_open();
    struct looked looked = {.table = true};

    (void)state;
    assert_ok(db_run(b.a, b.db, look_inside, &looked, NULL));
    assert_false(looked.table);
    site_done(&b);
}

static struct err *write_and_fail(struct db_conn *tx, const void *in, struct arena *a,
                                  void **ret_out)
{
    struct err *err = run_statements(tx, in, a, ret_out);

    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "on purpose");
}

static void rolled_back(void **state)
{
    static const char *const sql[] = {"DELETE FROM a", NULL};
    const struct db_lease lease = {0};
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    assert_true(see_table(&b, "a", &seen));
    assert_non_null(db_run(b.a, b.db, write_and_fail, sql, NULL));
    assert_non_null(db_run_leased(b.a, b.db, &lease, write_and_fail, sql, NULL));
    assert_true(db_seen_holds(b.db, &seen));
    bench_run(&b, "UPDATE b SET z = 4"); /* what was rolled back is no part of this */
    assert_true(db_seen_holds(b.db, &seen));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM a"), 2);
    site_done(&b);
}

static void commit_fails(void **state)
{
    static const char *const sql[] = {"UPDATE child SET late = 99", NULL};
    const struct db_lease lease = {0};
    struct bench b = site_open();
    struct db_seen a, child;

    (void)state;
    assert_true(see_table(&b, "a", &a));
    assert_non_null(db_run_leased(b.a, b.db, &lease, run_statements, sql, NULL));
    assert_non_null(db_run(b.a, b.db, run_statements, sql, NULL));
    assert_true(db_seen_holds(b.db, &a));
    assert_true(see_table(&b, "child", &child));
    bench_run(&b, "UPDATE child SET late = 1");
    assert_false(db_seen_holds(b.db, &child));
    assert_true(db_seen_holds(b.db, &a));
    site_done(&b);
}

static void leased(void **state)
{
    static const char *const sql[] = {"UPDATE a SET y = 3", NULL};
    const struct db_lease lease = {.changes_schema = true};
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    assert_true(see_table(&b, "a", &seen));
    assert_ok(db_run_leased(b.a, b.db, &lease, run_statements, sql, NULL));
    assert_false(db_seen_holds(b.db, &seen));
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

/* A unit that ends its transaction itself has an error, and what it wrote stands. */
static void commits_itself(void **state)
{
    static const char *const sql[] = {"UPDATE a SET y = 55", "COMMIT", NULL};
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    assert_true(see_table(&b, "a", &seen));
    assert_non_null(db_run(b.a, b.db, run_statements, sql, NULL));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM a WHERE y = 55"), 2);
    assert_false(db_seen_holds(b.db, &seen));
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

/* Statements leave the cache, are compiled anew under another schema, and still tell. */
static void schema_moves(void **state)
{
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(see(&b, "SELECT count(*) FROM told", &seen));
        bench_run(&b, "UPDATE a SET x = 1");
        assert_true(db_seen_holds(b.db, &seen));
        bench_run(&b, "CREATE TRIGGER a_told AFTER UPDATE ON a BEGIN INSERT INTO told VALUES (1); "
                      "END");
        assert_false(db_seen_holds(b.db, &seen));
        assert_true(see(&b, "SELECT count(*) FROM told", &seen));
        bench_run(&b, "UPDATE a SET x = 1");
        assert_false(db_seen_holds(b.db, &seen));
        bench_run(&b, "DROP TRIGGER a_told");
        db_reader_close(b.db);
    }
    site_done(&b);
}

/* No writer of its own yet: nobody tells it of commits. */
static void before_the_first_write(void **state)
{
    static const char *const none[] = {NULL};
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    db_reader_close(b.db);
    db_close(b.db);
    bench_open(&b);
    assert_false(see_table(&b, "a", &seen));
    bench_run_list(&b, none);
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

/* --- other processes ------------------------------------------------------------------------- */

/* main() again, with a path and SQL. */
static void elsewhere(struct bench *b, const char *sql)
{
    char *args[] = {(char *)(uintptr_t) "seen", (char *)(uintptr_t) "elsewhere",
                    (char *)(uintptr_t)arena_cstr(b->a, b->conf.path), (char *)(uintptr_t)sql,
                    NULL};
    pid_t pid;
    int status;

    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, args, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int be_elsewhere(const char *path, const char *sql)
{
    struct bench b = {.a = arena_new(), .conf = {.path = str_of(path)}};
    struct err *err = db_open(b.a, &b.conf, &b.db);
    const char *const list[] = {sql, NULL};

    if (!err)
        err = db_run(b.a, b.db, run_statements, list, NULL);
    if (b.db)
        db_reader_close(b.db);
    db_close(b.db);
    arena_free(b.a);
    return err != NULL;
}

static void another_writes(void **state)
{
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    assert_true(see_table(&b, "b", &seen));
    elsewhere(&b, "UPDATE a SET y = 12");
    assert_false(db_seen_holds(b.db, &seen)); /* whose table it was nobody here knows */
    assert_true(see_table(&b, "b", &seen));   /* the next snapshot has it */
    assert_true(db_seen_holds(b.db, &seen));
    elsewhere(&b, "CREATE TABLE elsewhere (x)");
    assert_false(db_seen_holds(b.db, &seen));
    site_done(&b);
}

/* Our next commit finds it, and does not make what is old hold again. */
static void another_writes_first(void **state)
{
    struct bench b = site_open();
    struct db_seen a, other;

    (void)state;
    assert_true(see_table(&b, "a", &a));
    elsewhere(&b, "UPDATE a SET y = 13");
    bench_run(&b, "UPDATE b SET z = 13");
    assert_false(db_seen_holds(b.db, &a));
    assert_true(see_table(&b, "a", &a));
    assert_true(see_table(&b, "b", &other));
    bench_run(&b, "UPDATE b SET z = 14");
    assert_true(db_seen_holds(b.db, &a));
    assert_false(db_seen_holds(b.db, &other));
    site_done(&b);
}

/* In a snapshot that began before. */
static void another_writes_meanwhile(void **state)
{
    struct bench b = site_open();
    struct db_conn *conn = snapshot(&b);
    struct db_seen seen;

    (void)state;
    elsewhere(&b, "UPDATE a SET y = 14");
    assert_false(db_seen_table(conn, STR("a"), &seen));
    bench_run(&b, "UPDATE b SET z = 14");
    assert_false(db_seen_table(conn, STR("a"), &seen));
    db_read_end(conn);
    assert_true(see_table(&b, "a", &seen));
    site_done(&b);
}

/* A log that begins anew is no reason to hold what is old, nor never to hold again. */
static void log_begins_anew(void **state)
{
    struct bench b = site_open();
    struct db_seen seen;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(see_table(&b, "a", &seen));
        assert_ok(b.db->ops->checkpoint(b.a, b.db->writer->conn->eng, DB_SWEEP_TRUNCATE));
        (void)see_table(&b, "a", &seen);
        assert_true(see_table(&b, "a", &seen));
        bench_run(&b, "UPDATE b SET z = 1");
        assert_true(db_seen_holds(b.db, &seen));
        bench_run(&b, "UPDATE a SET y = 1");
        assert_false(db_seen_holds(b.db, &seen));
    }
    site_done(&b);
}

/* --- what it costs --------------------------------------------------------------------------- */

static void is_cheap(void **state)
{
    struct bench b = site_open();
    struct db_seen seen;
    struct timespec from, to;
    unsigned n = 0;
    double ns;

    (void)state;
    assert_true(see_table(&b, "a", &seen));
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < 1000000; i++)
        n += db_seen_holds(b.db, &seen);
    clock_gettime(CLOCK_MONOTONIC, &to);
    ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e6;
    assert_int_equal(n, 1000000);
    print_message("db_seen_holds: %.1f ns\n", ns);
    assert_true(ns < 2000); /* no system call, under whatever sanitizer */
    site_done(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_apart),
        cmocka_unit_test(hidden_writes),
        cmocka_unit_test(never),
        cmocka_unit_test(volatile_functions),
        cmocka_unit_test(wide),
        cmocka_unit_test(many_tables),
        cmocka_unit_test(tables),
        cmocka_unit_test(old_snapshot),
        cmocka_unit_test(inside_a_unit),
        cmocka_unit_test(rolled_back),
        cmocka_unit_test(commit_fails),
        cmocka_unit_test(leased),
        cmocka_unit_test(commits_itself),
        cmocka_unit_test(schema_moves),
        cmocka_unit_test(before_the_first_write),
        cmocka_unit_test(another_writes),
        cmocka_unit_test(another_writes_first),
        cmocka_unit_test(another_writes_meanwhile),
        cmocka_unit_test(log_begins_anew),
        cmocka_unit_test(is_cheap),
    };

    if (argc == 4 && !strcmp(argv[1], "elsewhere"))
        return be_elsewhere(argv[2], argv[3]);
    return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
