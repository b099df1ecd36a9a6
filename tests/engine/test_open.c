/*
 * Opening: what can be wrong with a file is said, and nothing is changed then.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#include "db/sqlite_memory.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void put_file(struct bench *b, struct str bytes)
{
    FILE *f = fopen(arena_cstr(b->a, b->conf.path), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static struct str get_file(struct bench *b)
{
    FILE *f = fopen(arena_cstr(b->a, b->conf.path), "rb");
    char *bytes = arena_alloc(b->a, 1 << 20);
    size_t n;

    if (!f)
        return STR_NONE;
    n = fread(bytes, 1, 1 << 20, f);
    assert_int_equal(fclose(f), 0);
    return (struct str){bytes, n};
}

static void sqlite_run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* A database in the mode of a backup's copy: no WAL. */
static sqlite3 *make_database(struct bench *b)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(arena_cstr(b->a, b->conf.path), &db), SQLITE_OK);
    sqlite_run(db, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    return db;
}

static void refused(struct bench *b, const char *why)
{
    struct err *err = db_open(b->a, &b->conf, &b->db);

    assert_non_null(err);
    assert_null(b->db);
    if (!str_has(err->cause, str_of(why)) || !str_has(err->cause, b->conf.path))
        print_error("%.*s\n", STR_ARG(err->cause));
    assert_true(str_has(err->cause, str_of(why)));
    assert_true(str_has(err->cause, b->conf.path));
}

static void a_missing_database_is_named(void **state)
{
    struct bench b = bench_new();
    struct str path = b.conf.path;

    (void)state;
    b.conf.create = false;
    refused(&b, "there is no database");
    assert_int_not_equal(access(arena_cstr(b.a, b.conf.path), F_OK), 0);
    b.conf.path = b.folder;
    b.conf.create = true;
    refused(&b, "is not a file");
    b.conf.path = arena_concat(b.a, b.folder, STR("/none"), STR("/data.db"));
    refused(&b, "its folder does not exist");
    b.conf.path = path;
    bench_done(&b);
}

static void what_is_no_database_is_refused(void **state)
{
    struct bench b = bench_new();
    struct str garbage = arena_dup(b.a, STR("this is a text, and no database: "));
    struct str before;
    sqlite3 *db;

    (void)state;
    for (int i = 0; i < 7; i++)
        garbage = arena_concat(b.a, garbage, garbage, STR_NONE);
    put_file(&b, garbage);
    refused(&b, "is not a SQLite database");
    assert_true(str_eq(get_file(&b), garbage));

    (void)remove(arena_cstr(b.a, b.conf.path));
    db = make_database(&b);
    sqlite3_close(db);
    before = get_file(&b);
    memset((char *)(uintptr_t)before.p + 100, 0xee, 200); /* the root of the schema */
    put_file(&b, before);
    refused(&b, "is corrupt");
    assert_true(str_eq(get_file(&b), before));
    bench_done(&b);
}

static void a_locked_database_is_refused(void **state)
{
    struct bench b = bench_new();
    sqlite3 *db = make_database(&b);
    struct str before = get_file(&b);

    (void)state;
    sqlite_run(db, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    refused(&b, "is locked by another process");
    sqlite_run(db, "COMMIT");
    sqlite3_close(db);
    assert_true(str_eq(get_file(&b), before));
    bench_done(&b);
}

/* Permissions say nothing to root, so a child of another user looks. */
static void what_may_not_be_written_is_refused(void **state)
{
    struct bench b = bench_new();
    const char *folder = arena_cstr(b.a, b.folder);
    const char *path = arena_cstr(b.a, b.conf.path);
    int status;
    pid_t child;

    (void)state;
    sqlite3_close(make_database(&b));
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chmod(path, 0666), 0);
    for (int round = 0; round < 2; round++) {
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            const char *why = round ? "is read-only" : "its folder is read-only";
            struct err *err;

            if (geteuid() == 0 && setuid(65534) != 0)
                _exit(2);
            err = db_open(b.a, &b.conf, &b.db);
            _exit(err && str_has(err->cause, str_of(why)) ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(chmod(folder, 0755), 0);
        assert_int_equal(chmod(path, 0444), 0);
    }
    bench_done(&b);
}

/* A file system that turns read-only after an error, as SQLite sees it: a file that is opened from
 * then on is opened for reading. */
static atomic_bool turned;

static int turning_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *ret_flags)
{
    if (atomic_load(&turned) && flags & SQLITE_OPEN_MAIN_DB)
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    return sqlite3_vfs_find("unix")->xOpen(vfs, name, file, flags, ret_flags);
}

static void readers_open_what_turned_read_only(void **state)
{
    struct bench b = bench_new();
    const char *const insert[] = {"INSERT INTO t VALUES (2)", NULL};
    sqlite3_vfs vfs = *sqlite3_vfs_find("unix");
    struct err *err;

    (void)state;
    vfs.zName = "turning";
    vfs.xOpen = turning_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
    b.conf.vfs = "turning";
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)");
    atomic_store(&turned, true);
    db_reader_close(b.db); /* as a thread that has not read yet */
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    db_close(b.db);
    bench_open(&b);
    err = db_run(b.a, b.db, run_statements, insert, NULL);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_true(str_has(err->cause, STR("is read-only")));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    atomic_store(&turned, false);
    bench_run(&b, "INSERT INTO t VALUES (2)"); /* the next try opens it anew */
    bench_done(&b);
    sqlite3_vfs_unregister(&vfs);
}

/* Reading alone changes no byte, also not the journal mode; the first write turns it to WAL. */
static void only_a_write_turns_a_database_to_wal(void **state)
{
    struct bench b = bench_new();
    struct str before;
    struct db_conn *conn;
    struct db_row *row;

    (void)state;
    sqlite3_close(make_database(&b));
    before = get_file(&b);
    bench_open(&b);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    db_close(b.db);
    b.db = NULL;
    assert_true(str_eq(get_file(&b), before));
    bench_open(&b);
    bench_run(&b, "INSERT INTO t VALUES (2)");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    assert_ok(db_reader(b.a, b.db, &conn));
    assert_ok(db_query_row(b.a, conn, STR("PRAGMA journal_mode"), NULL, 0, &row));
    assert_str(row->cells[0].s, "wal");
    bench_done(&b);
}

static void closing_leaves_one_file(void **state)
{
    struct bench b = bench_new();

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    db_close(b.db);
    b.db = NULL;
    assert_int_not_equal(
        access(arena_cstr(b.a, arena_concat(b.a, b.conf.path, STR("-wal"), STR_NONE)), F_OK), 0);
    bench_done(&b);
}

static void who_asks_is_told_whether_calls_block(void **state)
{
    struct bench b = bench_new();
    struct db_fault fault;

    (void)state;
    bench_open(&b);
    assert_false(db_blocks(b.db)); /* a file's reads are served on loops */
    db_close(b.db);
    db_fault_init(&fault, &db_ops_sqlite, FAULT_ERROR);
    fault.ops.blocks = true;
    b.conf.ops = &fault.ops;
    bench_open(&b);
    assert_true(db_blocks(b.db));
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_database_is_named),
        cmocka_unit_test(what_is_no_database_is_refused),
        cmocka_unit_test(a_locked_database_is_refused),
        cmocka_unit_test(what_may_not_be_written_is_refused),
        cmocka_unit_test(readers_open_what_turned_read_only),
        cmocka_unit_test(only_a_write_turns_a_database_to_wal),
        cmocka_unit_test(closing_leaves_one_file),
        cmocka_unit_test(who_asks_is_told_whether_calls_block),
    };

    sqlite_memory_setup(); /* SQLite is used without the engine, too */
    return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
