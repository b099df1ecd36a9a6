/*
 * The writer under load, for ThreadSanitizer: pool threads read, write grouped and write leased at
 * once, the log grows past what the checkpointer waits for, and every write is counted in the end.
 */
#include "engine/engine.h"

#include "base/date.h"
#include "base/thread.h"

#define JOBS 400
#define PATIENCE_MS 60000
#define ROW_BYTES 32768

struct load {
    struct job job;
    struct db *db;
    int id;
    atomic_int *n_done;
    atomic_int *n_actions;
    atomic_bool gone;
};

static void count_up(void *user)
{
    atomic_fetch_add((atomic_int *)user, 1);
}

static struct err *write_row(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct load *load = in;
    const struct db_value values[] = {DB_V_INT(load->id), DB_V_INT(ROW_BYTES)};
    struct err *err;

    (void)ret_out;
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (?1, zeroblob(?2))"), values, 2, NULL);
    if (!err)
        db_after_commit(tx, count_up, load->n_actions);
    return err;
}

/* A snapshot does not change while others commit. */
static void read_twice(struct arena *a, struct db *db)
{
    const struct db_limits limits = {.timeout_ms = 60000};
    struct db_row *first, *second;
    struct db_conn *conn;

    assert_ok(db_reader(a, db, &conn));
    db_set_limits(conn, &limits);
    assert_ok(db_read_begin(a, conn));
    assert_ok(db_query_row(a, conn, STR("SELECT count(*) FROM t"), NULL, 0, &first));
    assert_ok(db_query_row(a, conn, STR("SELECT count(*) FROM t"), NULL, 0, &second));
    assert_true(first->cells[0].i == second->cells[0].i);
    db_read_end(conn);
}

static void run_job(struct job *job)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct load *load = (struct load *)job;
    const struct db_lease lease = {.timeout_s = 60, .gone = &load->gone};

    read_twice(a, load->db);
    if (load->id % 8 == 0)
        assert_ok(db_run_leased(a, load->db, &lease, write_row, load, NULL));
    else
        assert_ok(db_run(a, load->db, write_row, load, NULL));
    read_twice(a, load->db);
    db_reader_close(load->db);
    atomic_fetch_add(load->n_done, 1);
}

/* It was asked for, as the log is long; the rest is time. */
static void wait_for_checkpoint(struct db *db)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    uint64_t start_ms = clock_ms();

    while (db_stats(db).checkpoints == 0) {
        if (clock_ms() - start_ms > PATIENCE_MS)
            fail_msg("waited %d s for the first checkpoint", PATIENCE_MS / 1000);
        (void)nanosleep(&pause, NULL);
    }
}

static void everything_at_once(void **state)
{
    const struct pool_lane_conf lanes[POOL_LANES] = {POOL_LANE(4, 2, JOBS), POOL_LANE(1, 1, 2),
                                                     POOL_LANE(4, 4, JOBS), POOL_LANE(1, 1, 2)};
    struct pool *pool = pool_new(lanes);
    struct load *loads = test_calloc(JOBS, sizeof(*loads));
    struct bench b = bench_new();
    atomic_int n_done = 0, n_actions = 0;

    (void)state;
    b.conf.durability = DB_NORMAL;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)");
    for (int i = 0; i < JOBS; i++) {
        loads[i] = (struct load){.job = {.run = run_job},
                                 .db = b.db,
                                 .id = i,
                                 .n_done = &n_done,
                                 .n_actions = &n_actions};
        assert_true(pool_submit(pool, i % 2 ? POOL_WORK : POOL_HASH, &loads[i].job));
    }
    pool_free(pool);
    assert_int_equal(n_done, JOBS);
    assert_int_equal(n_actions, JOBS);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), JOBS);
    assert_int_equal(db_stats(b.db).units, JOBS + 1);
    wait_for_checkpoint(b.db);
    test_free(loads);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_at_once)};

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
