/*
 * An engine that carries out units its own way: each at once on its submitter's thread, with one
 * connection under a lock. No writer thread, no groups, no checkpoints.
 */
#include "engine/engine.h"
#include "engine/fault.h"

/* This engine's own: only it looks inside. */
struct db_writer {
    struct db *db; /* constant */
    pthread_mutex_t lock;
    /* under lock */
    struct db_conn *conn;
    int n_leases;
    /* the test's thread */
    int n_units;
};

static struct db_writer *own_new(struct db *db)
{
    struct db_writer *w = db_alloc(sizeof(*w));

    w->db = db;
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

static void own_stop(struct db_writer *w)
{
    assert_true(atomic_load(&w->db->ending)); /* there is no thread to end */
}

static void own_free(struct db_writer *w)
{
    db_conn_close(w->conn);
    pthread_mutex_destroy(&w->lock);
    db_free(w);
}

static void own_run_leased(struct db_writer *w, const struct db_lease *lease, struct db_unit *unit)
{
    unit->err = NULL;
    pthread_mutex_lock(&w->lock);
    w->n_leases++;
    if (!w->conn)
        unit->err = db_conn_open(unit->arena, w->db, DB_ROLE_WRITER, &w->conn);
    if (!unit->err)
        db_tx_lease(w->conn, lease, unit);
    pthread_mutex_unlock(&w->lock);
}

static bool own_submit(struct db_writer *w, struct db_unit *unit)
{
    const struct db_lease lease = {.gone = unit->gone};

    w->n_units++;
    own_run_leased(w, &lease, unit);
    unit->done(unit, unit->err, unit->out);
    return true;
}

static void open_own(struct bench *b, struct db_fault *fault)
{
    db_fault_init(fault, &db_ops_sqlite, FAULT_ERROR);
    fault->ops.writer_new = own_new;
    fault->ops.writer_stop = own_stop;
    fault->ops.writer_free = own_free;
    fault->ops.submit = own_submit;
    fault->ops.run_leased = own_run_leased;
    fault->ops.checkpoint = NULL; /* nobody asks */
    fault->ops.waiting = NULL;    /* nothing does */
    b->conf.ops = &fault->ops;
    bench_open(b);
    bench_run(b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
}

static void count_up(void *user)
{
    int *n = user;

    (*n)++;
}

static struct err *write_and_wait(struct db_conn *tx, const void *in, struct arena *a,
                                  void **ret_out)
{
    static const char *const insert[] = {"INSERT INTO t VALUES (2)", NULL};
    int *const *n_actions = in;
    struct err *err;

    err = db_exec(a, tx, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL);
    if (err)
        return err;
    err = db_run(a, tx->db, run_statements, insert, NULL);
    assert_int_equal(err->kind, E_INTERNAL);
    db_after_commit(tx, count_up, *n_actions);
    *ret_out = *n_actions;
    return NULL;
}

static void units_run_where_the_engine_says(void **state)
{
    const struct db_lease lease = {.timeout_s = 10};
    struct bench b = bench_new();
    struct db_fault fault;
    int n_actions = 0;
    int *in = &n_actions;
    void *out = NULL;

    (void)state;
    open_own(&b, &fault);
    assert_ok(db_run(b.a, b.db, write_and_wait, &in, &out));
    assert_ptr_equal(out, &n_actions);
    bench_run(&b, "DELETE FROM t");
    assert_ok(db_run_leased(b.a, b.db, &lease, write_and_wait, &in, NULL));
    assert_int_equal(n_actions, 2);
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 1);
    assert_int_equal(b.db->writer->n_units, 3);
    assert_int_equal(b.db->writer->n_leases, 4);
    assert_int_equal(db_stats(b.db).units, 4);
    assert_int_equal(db_stats(b.db).waiting, 0);
    assert_true(db_sizes(b.db).file_bytes > 0);
    bench_done(&b);
}

static void every_call_of_a_lease_fails_once(void **state)
{
    const struct db_lease lease = {.timeout_s = 10};
    struct bench b = bench_new();
    struct db_fault fault;
    int n_actions = 0;
    int *in = &n_actions;
    long at = 1;

    (void)state;
    open_own(&b, &fault);
    for (;; at++) {
        struct err *err;

        db_fault_arm(&fault, at);
        err = db_run_leased(b.a, b.db, &lease, write_and_wait, &in, NULL);
        if (atomic_load(&fault.n_failed) == 0)
            break;
        assert_int_equal(err->kind, E_UNAVAILABLE);
        assert_int_equal(n_actions, 0);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    }
    assert_in_range(at, 4, 10); /* begin, prepare, step, commit */
    assert_int_equal(n_actions, 1);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 1);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_run_where_the_engine_says),
        cmocka_unit_test(every_call_of_a_lease_fails_once),
    };

    return cmocka_run_group_tests_name("own_way", tests, NULL, NULL);
}
