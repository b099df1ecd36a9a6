/*
 * Copies of a database, made beside its writers: each is one state of it, whatever comes in
 * between; and what a check of a file finds.
 */
#include "engine/engine.h"

#include "base/limits.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static const char *const fill[] = {
    "CREATE TABLE t (n INTEGER PRIMARY KEY, twin INTEGER, a TEXT)", "CREATE INDEX i ON t (a)",
    "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) "
    "SELECT x, x, hex(randomblob(100)) FROM n",
    NULL};
#define ROWS 20000

static void open_filled(struct bench *b)
{
    *b = bench_new();
    bench_open(b);
    bench_run_list(b, fill);
}

static struct str copy_path(const struct bench *b)
{
    return arena_concat(b->a, b->folder, STR("/copy ?#%.db"), STR_NONE);
}

static void done(struct bench *b)
{
    (void)unlink(arena_cstr(b->a, copy_path(b)));
    db_reader_close(b->db);
    bench_done(b);
}

static struct db_checked checked(const struct bench *b)
{
    struct db_checked ret;

    assert_ok(db_check_copy(b->a, NULL, copy_path(b), NULL, &ret));
    return ret;
}

/* What the copy answers. */
static int64_t copied_int(const struct bench *b, const char *sql)
{
    struct bench copy = {.a = b->a, .conf = {.path = copy_path(b)}};
    int64_t found;

    bench_open(&copy);
    found = bench_int(&copy, sql);
    db_reader_close(copy.db);
    db_close(copy.db);
    return found;
}

static void is_whole(void **state)
{
    struct bench b;

    (void)state;
    open_filled(&b);
    assert_ok(db_copy(b.a, b.db, copy_path(&b), NULL));
    assert_int_equal(checked(&b).rows, ROWS);
    assert_int_equal(checked(&b).tables, 1);
    assert_int_equal(copied_int(&b, "SELECT sum(n) FROM t"), (int64_t)ROWS * (ROWS + 1) / 2);
    done(&b);
}

/* --- beside writers --------------------------------------------------------------------------- */

struct writing {
    struct db *db;
    const char *const *sql;
    bool fails; /* each transaction is taken back */
    atomic_bool over;
    atomic_int n;
};

static struct err *write_and_fail(struct db_conn *tx, const void *in, struct arena *a,
                                  void **ret_out)
{
    struct err *err = run_statements(tx, in, a, ret_out);

    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "no");
}

static void *write_on(void *arg)
{
    const struct db_lease lease = {0};
    struct writing *w = arg;
    struct arena *a = arena_new();

    while (!atomic_load(&w->over)) {
        struct err *err = w->fails ? db_run_leased(a, w->db, &lease, write_and_fail, w->sql, NULL)
                                   : db_run(a, w->db, run_statements, w->sql, NULL);

        if (!err || w->fails)
            atomic_fetch_add(&w->n, 1);
        arena_reset(a);
    }
    db_reader_close(w->db);
    arena_free(a);
    return NULL;
}

static const char *const adds[] = {
    "INSERT INTO t (twin, a) SELECT max(n) + 1, hex(randomblob(1000)) FROM t",
    "UPDATE t SET a = hex(randomblob(100)) WHERE n = 1 + abs(random()) % 20000", NULL};

static bool wait_for_some(void *user, double part)
{
    struct writing *w = user;
    const int before = atomic_load(&w->n);

    (void)part;
    for (int i = 0; i < 100 && atomic_load(&w->n) < before + 1; i++)
        (void)usleep(1000);
    return true;
}

static void copy_beside(struct bench *b, struct writing *w)
{
    const struct db_copy_watch watch = {wait_for_some, w};
    pthread_t thread;

    w->db = b->db;
    assert_int_equal(pthread_create(&thread, NULL, write_on, w), 0);
    while (atomic_load(&w->n) < 20)
        (void)usleep(1000);
    assert_ok(db_copy(b->a, b->db, copy_path(b), &watch));
    atomic_store(&w->over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void holds_what_was_answered(void **state)
{
    struct writing w = {.sql = adds};
    struct bench b;
    int64_t before;

    (void)state;
    open_filled(&b);
    before = bench_int(&b, "SELECT count(*) FROM t");
    copy_beside(&b, &w);
    assert_in_range(checked(&b).rows, before + 20, bench_int(&b, "SELECT count(*) FROM t"));
    assert_int_equal(copied_int(&b, "SELECT count(*) FROM t WHERE n <> twin"), 0);
    done(&b);
}

/* Whoever fails all the time does not keep a copy from its end, nor is anything of it in there. */
static void ends_beside_failures(void **state)
{
    struct writing w = {.sql = adds, .fails = true};
    struct bench b;

    (void)state;
    open_filled(&b);
    copy_beside(&b, &w);
    assert_int_equal(checked(&b).rows, ROWS);
    assert_int_equal(copied_int(&b, "SELECT sum(n) FROM t"), (int64_t)ROWS * (ROWS + 1) / 2);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), ROWS);
    done(&b);
}

/* A schema change and what is taken back of it. */
static void follows_the_schema(void **state)
{
    static const char *const changes[] = {"CREATE TABLE IF NOT EXISTS u (x)",
                                          "INSERT INTO u VALUES (1)", "DROP TABLE u", NULL};
    struct writing w = {.sql = changes};
    struct bench b;

    (void)state;
    open_filled(&b);
    copy_beside(&b, &w);
    assert_in_range(checked(&b).tables, 1, 2);
    done(&b);
}

/* Another process that writes all the time keeps no copy from its end. */
static void beside_other_processes(void **state)
{
    struct writing w = {.sql = adds};
    struct bench b, other;
    pthread_t thread;

    (void)state;
    open_filled(&b);
    other = b;
    bench_open(&other);
    w.db = other.db;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    while (atomic_load(&w.n) < 5)
        (void)usleep(1000);
    assert_ok(db_copy(b.a, b.db, copy_path(&b), NULL));
    atomic_store(&w.over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(copied_int(&b, "SELECT count(*) FROM t WHERE n <> twin"), 0);
    (void)checked(&b);
    db_reader_close(other.db);
    db_close(other.db);
    done(&b);
}

/* --- ends ------------------------------------------------------------------------------------- */

static bool until_half(void *user, double part)
{
    double *last = user;

    assert_true(part >= *last && part < 1);
    *last = part;
    return part < 0.5;
}

static void may_be_given_up(void **state)
{
    double part = 0;
    const struct db_copy_watch watch = {until_half, &part};
    struct bench b;
    struct err *err;

    (void)state;
    open_filled(&b);
    err = db_copy(b.a, b.db, copy_path(&b), &watch);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    assert_true(part >= 0.5);
    assert_int_equal(access(arena_cstr(b.a, copy_path(&b)), F_OK), -1);
    bench_run(&b, "INSERT INTO t (twin) VALUES (20001)");
    assert_ok(db_copy(b.a, b.db, copy_path(&b), NULL));
    assert_int_equal(checked(&b).rows, ROWS + 1);
    done(&b);
}

static void fails_without_a_place(void **state)
{
    struct bench b;
    struct err *err;

    (void)state;
    open_filled(&b);
    err = db_copy(b.a, b.db, STR("/nowhere/at/all.db"), NULL);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    bench_run(&b, "INSERT INTO t (twin) VALUES (20001)");
    done(&b);
}

/* --- checks ----------------------------------------------------------------------------------- */

static void refused(const struct bench *b)
{
    struct db_checked ret;
    struct err *err = db_check_copy(b->a, NULL, copy_path(b), NULL, &ret);

    assert_non_null(err);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    assert_true(err->cause.n > 0);
}

static void write_at(const struct bench *b, off_t at, const char *text)
{
    const int fd = open(arena_cstr(b->a, copy_path(b)), O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void finds_what_is_wrong(void **state)
{
    const atomic_bool gone = true;
    struct db_checked ret;
    struct bench b;
    struct err *err;

    (void)state;
    open_filled(&b);
    refused(&b); /* there is none */
    write_at(&b, 0,
             "this is a text, and it is long enough to be read as the head of a database, "
             "which it is not, whatever else there is to be said of it");
    refused(&b);
    assert_int_equal(unlink(arena_cstr(b.a, copy_path(&b))), 0);
    assert_ok(db_copy(b.a, b.db, copy_path(&b), NULL));
    err = db_check_copy(b.a, NULL, copy_path(&b), &gone, &ret);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    assert_int_equal(truncate(arena_cstr(b.a, copy_path(&b)), (off_t)100 * 4096), 0);
    refused(&b);
    assert_int_equal(unlink(arena_cstr(b.a, copy_path(&b))), 0);
    assert_ok(db_copy(b.a, b.db, copy_path(&b), NULL));
    for (off_t at = 4096 * 3; at < 4096 * 40; at += 4096)
        write_at(&b, at, "\xff\xff\xff\xff\xff\xff\xff\xff");
    refused(&b);
    done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_whole),
        cmocka_unit_test(holds_what_was_answered),
        cmocka_unit_test(ends_beside_failures),
        cmocka_unit_test(follows_the_schema),
        cmocka_unit_test(beside_other_processes),
        cmocka_unit_test(may_be_given_up),
        cmocka_unit_test(fails_without_a_place),
        cmocka_unit_test(finds_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
