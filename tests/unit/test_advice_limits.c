/*
 * How much of a table advice looks at, and when it gives up.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "db/internal.h"
#include "db/sqlite.h"
#include "records/advice.h"

#include <time.h>

enum { MANY_ROWS = 20 * LIMIT_ESTIMATE_ROWS };

/* Posts are of 50 scores, and of no two titles. */
static void add_posts(unsigned n)
{
    site_exec(arena_printf(site.a,
                           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
                           "< %u) INSERT INTO posts (id, title, score) "
                           "SELECT printf('many%%011d', i), 'title' || i, i %% 50 FROM n",
                           n)
                  .p);
}

static struct err *advise(struct db_conn *conn, struct rec_advice *ret)
{
    struct rec_want_column column = {.name = STR("score")};
    struct rec_want want = {.col = site_col("posts")->id, .columns = &column, .n = 1, .n_equal = 1};
    const struct rec_wants wants = {.items = &want, .n = 1};

    return rec_advise(site.a, conn, site.schema, site_col("posts"), &wants, ret);
}

/* Steps that the engine has taken for the connection's statements since it was asked last. */
static int64_t steps(const struct db_conn *conn)
{
    int64_t out = 0;

    for (sqlite3_stmt *it = NULL; (it = sqlite3_next_stmt(conn->eng->db, it)) != NULL;)
        out += sqlite3_stmt_status(it, SQLITE_STMTSTATUS_VM_STEP, 1);
    return out;
}

static int64_t steps_of_advice(void)
{
    struct rec_advice advice;
    struct db_conn *conn;
    int64_t out;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    (void)steps(conn);
    site_ok(advise(conn, &advice));
    out = steps(conn);
    db_read_end(conn);
    assert_non_null(advice.index.p);
    return out;
}

static int64_t steps_for(unsigned n)
{
    site_exec("DELETE FROM posts");
    add_posts(n);
    return steps_of_advice();
}

/* LIMIT_ESTIMATE_ROWS at the table's begin and as many all over it, however large it is: four times
 * what a table of half as many takes, besides finding them. */
static void no_more_rows_are_read(void **state)
{
    const int64_t whole = steps_for(LIMIT_ESTIMATE_ROWS / 2), few = steps_for(LIMIT_ESTIMATE_ROWS),
                  many = steps_for(MANY_ROWS);

    (void)state;
    assert_true(whole >= LIMIT_ESTIMATE_ROWS / 2); /* they are counted */
    if (few > 5 * whole || many > 5 * whole)
        fail_msg("%lld steps for half the limit, %lld at the limit, %lld for %d rows",
                 (long long)whole, (long long)few, (long long)many, MANY_ROWS);
}

static void wait_ms(long ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000000};

    while (nanosleep(&pause, &pause) != 0)
        ;
}

/* It does not go on without an answer: there is none. */
static void it_gives_up_when_its_time_is_over(void **state)
{
    const struct db_limits over = {.timeout_ms = 1};
    struct rec_advice advice;
    struct db_conn *conn;
    struct err *err;

    (void)state;
    add_posts(MANY_ROWS);
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    db_set_limits(conn, &over);
    wait_ms(5);
    err = advise(conn, &advice);
    assert_non_null(err);
    assert_true(err->timed_out);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    db_set_limits(conn, NULL);
    site_ok(advise(conn, &advice)); /* with time it is there */
    assert_true(str_has(advice.index, STR("`idx_posts_score`")));
    db_read_end(conn);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_more_rows_are_read),
        TEST(it_gives_up_when_its_time_is_over),
    };

    return cmocka_run_group_tests_name("limits of advice", tests, NULL, NULL);
}
