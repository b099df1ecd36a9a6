/*
 * Units of work: groups, leases, savepoints, actions, budgets, and what happens when calls fail.
 */
#include "engine/engine.h"
#include "engine/fault.h"

#include "base/date.h"
#include "base/thread.h"

#include <semaphore.h>

/* --- units of a group, held back until all of them wait -------------------------------------- */

struct gate {
    sem_t entered;
    sem_t open;
};

static struct err *wait_at_gate(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct gate *const *gate = in;

    (void)tx;
    (void)a;
    (void)ret_out;
    sem_post(&(*gate)->entered);
    sem_wait(&(*gate)->open);
    return NULL;
}

struct answered {
    struct db_unit unit;
    atomic_int n_done;
    int n_actions;
    sem_t *done;
};

static void note_done(struct db_unit *unit, struct err *err, void *out)
{
    struct answered *it = unit->user;

    assert_ptr_equal(err, unit->err);
    (void)out;
    atomic_fetch_add(&it->n_done, 1);
    sem_post(it->done);
}

static void answered_init(struct answered *it, struct arena *a, db_unit_fn *run, const void *in,
                          sem_t *done)
{
    *it = (struct answered){.unit = {.run = run, .in = in, .arena = arena_child(a)}, .done = done};
    it->unit.user = it;
    it->unit.done = note_done;
}

struct group {
    struct gate gate;
    struct gate *gate_in;
    struct answered first;
    sem_t done;
};

/* The writer is busy in a unit of its own from here until group_go(). */
static void group_hold(struct bench *b, struct group *g)
{
    sem_init(&g->gate.entered, 0, 0);
    sem_init(&g->gate.open, 0, 0);
    sem_init(&g->done, 0, 0);
    g->gate_in = &g->gate;
    answered_init(&g->first, b->a, wait_at_gate, &g->gate_in, &g->done);
    assert_true(db_submit(b->db, &g->first.unit));
    sem_wait(&g->gate.entered);
}

/* Lets it go on and waits for n more answers. */
static void group_go(struct group *g, size_t n)
{
    sem_post(&g->gate.open);
    for (size_t i = 0; i < n + 1; i++)
        sem_wait(&g->done);
    sem_destroy(&g->gate.entered);
    sem_destroy(&g->gate.open);
    sem_destroy(&g->done);
}

static void group_run(struct bench *b, struct answered *units, size_t n)
{
    struct group g;

    group_hold(b, &g);
    for (size_t i = 0; i < n; i++) {
        units[i].done = &g.done;
        assert_true(db_submit(b->db, &units[i].unit));
    }
    assert_int_equal(db_stats(b->db).waiting, n);
    group_go(&g, n);
    assert_int_equal(db_stats(b->db).waiting, 0);
}

/* --- groups, budgets, leases ----------------------------------------------------------------- */

/* Waiting units share a commit, and one that fails takes nobody with it. */
static void a_group_has_one_commit(void **state)
{
    static const char *const inserts[][2] = {
        {"INSERT INTO t VALUES (1)", NULL},
        {"INSERT INTO t VALUES (1)", NULL},
        {"INSERT INTO t VALUES (2)", NULL},
    };
    struct bench b = bench_new();
    struct answered units[3];
    struct db_stats before;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    before = db_stats(b.db);
    for (size_t i = 0; i < 3; i++)
        answered_init(&units[i], b.a, run_statements, inserts[i], NULL);
    group_run(&b, units, 3);
    assert_int_equal(db_stats(b.db).groups - before.groups, 2); /* the gate's and the group's */
    assert_int_equal(db_stats(b.db).units - before.units, 4);
    assert_null(units[0].unit.err);
    assert_int_equal(units[1].unit.err->kind, E_BAD_REQUEST);
    assert_null(units[2].unit.err);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    bench_done(&b);
}

static void count_up(void *user)
{
    int *n = user;

    (*n)++;
}

struct write_in {
    int id;
    int *n_actions; /* run after the commit */
};

/* Reads, writes in a savepoint, and wants to be told. */
static struct err *write_one(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct write_in *it = in;
    const struct db_value id = DB_V_INT(it->id);
    struct db_row *row;
    struct err *err;

    err = db_query_row(a, tx, STR("SELECT count(*) FROM t WHERE x = ?"), &id, 1, &row);
    if (err)
        return err;
    err = db_savepoint(a, tx);
    if (err)
        return err;
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (?)"), &id, 1, NULL);
    if (err) {
        db_savepoint_rollback(tx);
        return err;
    }
    db_after_commit(tx, count_up, it->n_actions);
    err = db_savepoint_release(a, tx);
    if (err)
        return err;
    *ret_out = arena_alloc(a, 1);
    return NULL;
}

/* The calls of a group of three writes, of which the Nth fails. Returns whether one did. */
static bool sweep_one(enum fault_kind kind, long at, bool *ret_all_failed)
{
    struct bench b = bench_new();
    struct db_fault fault;
    struct answered units[3];
    struct write_in in[3];
    int n_actions[3] = {0};
    unsigned n_errors = 0;
    bool failed;
    struct group g;

    db_fault_init(&fault, &db_ops_sqlite, kind);
    b.conf.ops = &fault.ops;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    group_hold(&b, &g);
    for (int i = 0; i < 3; i++) {
        in[i] = (struct write_in){i + 1, &n_actions[i]};
        answered_init(&units[i], b.a, write_one, &in[i], &g.done);
        assert_true(db_submit(b.db, &units[i].unit));
    }
    db_fault_arm(&fault, at);
    group_go(&g, 3);
    failed = atomic_load(&fault.n_failed) > 0;
    db_fault_arm(&fault, 0);
    for (int i = 0; i < 3; i++) {
        struct str sql = arena_printf(b.a, "SELECT count(*) FROM t WHERE x = %d", i + 1);
        const bool kept = bench_int(&b, sql.p) == 1;

        assert_int_equal(atomic_load(&units[i].n_done), 1);
        assert_int_equal(kept, units[i].unit.err == NULL);
        assert_int_equal(n_actions[i], kept ? 1 : 0);
        assert_int_equal(units[i].unit.out != NULL, kept);
        if (units[i].unit.err) {
            assert_int_equal(units[i].unit.err->kind, E_UNAVAILABLE);
            n_errors++;
        }
    }
    *ret_all_failed = n_errors == 3;
    assert_true(n_errors <= 1 || n_errors == 3);
    bench_done(&b);
    return failed;
}

/* Call 1 is the commit of the unit that held the group back, call 2 the group's BEGIN: when that
 * fails nobody can be served. Every other call costs one unit at most. */
static void every_call_of_a_group_fails_once(void **state)
{
    (void)state;
    for (int kind = FAULT_ERROR; kind <= FAULT_ENDS_TX; kind++) {
        long at = 1;
        bool all_failed;

        while (sweep_one((enum fault_kind)kind, at, &all_failed)) {
            assert_int_equal(all_failed, at == 2);
            at++;
        }
        assert_in_range(at, 20, 60); /* 3 × (2 prepares, 3 steps, 4 savepoints) and the like */
    }
}

/* A unit that ends the transaction for all and goes on as if nothing had happened. */
static struct err *end_and_swallow(struct db_conn *tx, const void *in, struct arena *a,
                                   void **ret_out)
{
    struct err *err;

    (void)in;
    (void)ret_out;
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (100)"), NULL, 0, NULL);
    assert_null(err);
    err = db_exec(a, tx, STR("INSERT OR ROLLBACK INTO t VALUES (100)"), NULL, 0, NULL);
    assert_non_null(err);
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (101)"), NULL, 0, NULL);
    assert_non_null(err); /* not outside of the transaction */
    return NULL;
}

static void a_unit_that_ends_the_transaction_harms_no_other(void **state)
{
    struct bench b = bench_new();
    struct answered units[3];
    int n_actions[3] = {0};
    const struct write_in in[3] = {{1, &n_actions[0]}, {2, &n_actions[1]}, {3, &n_actions[2]}};

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    for (size_t i = 0; i < 3; i++)
        answered_init(&units[i], b.a, i == 1 ? end_and_swallow : write_one, &in[i], NULL);
    group_run(&b, units, 3);
    assert_null(units[0].unit.err);
    assert_int_equal(units[1].unit.err->kind, E_UNAVAILABLE);
    assert_null(units[2].unit.err);
    assert_int_equal(n_actions[0] + n_actions[2], 2);
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 4);
    bench_done(&b);
}

/* A unit's failure is judged anew when what it saw is rolled back. */
static void a_failed_unit_runs_again_with_the_others(void **state)
{
    static const char *const inserts[][2] = {{"INSERT INTO t VALUES (1)", NULL},
                                             {"INSERT INTO t VALUES (1)", NULL}};
    struct bench b = bench_new();
    struct answered units[3];
    struct db_fault fault;
    struct group g;
    long at;

    (void)state;
    for (at = 1;; at++) {
        bool first_ok, second_ok;

        db_fault_init(&fault, &db_ops_sqlite, FAULT_ENDS_TX);
        b.conf.ops = &fault.ops;
        bench_open(&b);
        bench_run(&b, "DROP TABLE IF EXISTS t", "CREATE TABLE t (x INTEGER PRIMARY KEY)");
        group_hold(&b, &g);
        for (size_t i = 0; i < 2; i++) {
            answered_init(&units[i], b.a, run_statements, inserts[i], &g.done);
            assert_true(db_submit(b.db, &units[i].unit));
        }
        db_fault_arm(&fault, at);
        group_go(&g, 2);
        first_ok = !units[0].unit.err;
        second_ok = !units[1].unit.err;
        assert_false(first_ok && second_ok);
        assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), first_ok || second_ok);
        if (!first_ok && units[0].unit.err->kind == E_UNAVAILABLE && at != 2)
            assert_true(second_ok); /* the unit before it is not there: it must succeed */
        if (atomic_load(&fault.n_failed) == 0)
            break;
        db_close(b.db);
        b.db = NULL;
    }
    assert_in_range(at, 5, 30);
    bench_done(&b);
}

static struct err *savepoints(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    int *const *n = in;
    struct err *err;

    (void)ret_out;
    db_after_commit(tx, count_up, *n);
    err = db_savepoint(a, tx);
    if (!err) {
        db_after_commit(tx, count_up, *n + 1);
        err = db_exec(a, tx, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL);
    }
    if (!err)
        err = db_savepoint(a, tx);
    if (!err) {
        db_after_commit(tx, count_up, *n + 2);
        err = db_exec(a, tx, STR("INSERT INTO t VALUES (2)"), NULL, 0, NULL);
    }
    if (!err)
        err = db_savepoint_release(a, tx);
    if (err)
        return err;
    db_savepoint_rollback(tx); /* takes the inner one with it */
    err = db_savepoint(a, tx);
    if (err)
        return err;
    db_after_commit(tx, count_up, *n + 3);
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (3)"), NULL, 0, NULL);
    return err ? err : db_savepoint_release(a, tx);
}

static void savepoints_carry_their_actions(void **state)
{
    struct bench b = bench_new();
    int n[4] = {0};
    int *in = n;
    const struct db_lease lease = {0};

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    assert_ok(db_run(b.a, b.db, savepoints, &in, NULL));
    assert_ok(db_run_leased(b.a, b.db, &lease, savepoints, &in, NULL));
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 0);
    assert_int_equal(n[2], 0);
    assert_int_equal(n[3], 2);
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 6);
    bench_done(&b);
}

#define LONG_READ                                                                      \
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000000) " \
    "SELECT count(*) FROM c"

static struct err *read_long(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct db_row *row;
    struct err *err;

    (void)in;
    (void)ret_out;
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (1)"), NULL, 0, NULL);
    return err ? err : db_query_row(a, tx, STR(LONG_READ), NULL, 0, &row);
}

static uint64_t process_cpu_ms(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* The whole read takes many seconds of processor time; the clock says nothing on a busy machine. */
static void a_long_read_in_a_group_is_over_budget(void **state)
{
    static const char *const insert[] = {"INSERT INTO t VALUES (2)", NULL};
    struct bench b = bench_new();
    struct answered units[2];
    uint64_t start_ms;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    answered_init(&units[0], b.a, read_long, NULL, NULL);
    answered_init(&units[1], b.a, run_statements, insert, NULL);
    start_ms = process_cpu_ms();
    group_run(&b, units, 2);
    assert_true(process_cpu_ms() - start_ms < 2000);
    assert_int_equal(units[0].unit.err->kind, E_OVER_BUDGET);
    assert_null(units[1].unit.err);
    assert_int_equal(bench_int(&b, "SELECT sum(x) FROM t"), 2);
    bench_done(&b);
}

static struct err *read_long_and_swallow(struct db_conn *tx, const void *in, struct arena *a,
                                         void **ret_out)
{
    assert_non_null(read_long(tx, in, a, ret_out));
    return NULL;
}

/* Neither when the read was stopped, nor when it was refused since it is known to be long. */
static void a_unit_cannot_swallow_its_budget(void **state)
{
    struct bench b = bench_new();
    struct answered unit;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    for (int i = 0; i < 4; i++) {
        answered_init(&unit, b.a, read_long_and_swallow, NULL, NULL);
        group_run(&b, &unit, 1);
        assert_int_equal(unit.unit.err->kind, E_OVER_BUDGET);
    }
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    bench_done(&b);
}

/* Writes have no budget in a group. */
static void a_long_write_in_a_group_is_not_interrupted(void **state)
{
    struct bench b = bench_new();

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)",
              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 300000) "
              "INSERT INTO t SELECT x FROM c",
              "SELECT 1");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 300000);
    bench_done(&b);
}

#define LONG_WRITE                                                                     \
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000000) " \
    "INSERT INTO t SELECT count(*) FROM c"

static void a_lease_ends_in_the_middle_of_a_write(void **state)
{
    static const char *const list[] = {"INSERT INTO t VALUES (1)", LONG_WRITE, NULL};
    const struct db_lease lease = {.timeout_s = 1};
    struct bench b = bench_new();
    struct err *err;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    err = db_run_leased(b.a, b.db, &lease, run_statements, list, NULL);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    bench_run(&b, "INSERT INTO t VALUES (1)");
    bench_done(&b);
}

static void who_has_left_is_dropped(void **state)
{
    static const char *const list[] = {"INSERT INTO t VALUES (1)", LONG_WRITE, NULL};
    atomic_bool gone = true;
    const struct db_lease lease = {.gone = &gone};
    struct bench b = bench_new();
    struct answered unit;
    struct err *err;

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x)");
    answered_init(&unit, b.a, run_statements, list, NULL);
    unit.unit.gone = &gone;
    group_run(&b, &unit, 1);
    assert_int_equal(unit.unit.err->kind, E_GONE);
    err = db_run_leased(b.a, b.db, &lease, run_statements, list, NULL);
    assert_int_equal(err->kind, E_GONE);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    bench_done(&b);
}

/* --- determinism ----------------------------------------------------------------------------- */

static struct err *count_runs(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct write_in it = *(const struct write_in *)in;
    int *out = ARENA_NEW(a, int);
    struct db_row *row;
    struct err *err;

    err = write_one(tx, &it, a, ret_out);
    if (err)
        return err;
    err = db_query_row(a, tx, STR("SELECT count(*) FROM t"), NULL, 0, &row);
    if (err)
        return err;
    *out = (int)row->cells[0].i;
    *ret_out = out;
    return NULL;
}

static void a_unit_may_run_twice(void **state)
{
    const struct db_lease lease = {0};
    struct bench b = bench_new();
    int n_actions = 0;
    const struct write_in in[2] = {{1, &n_actions}, {2, &n_actions}};
    void *out;

    (void)state;
    b.conf.run_twice = true;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    assert_ok(db_run(b.a, b.db, count_runs, &in[0], &out));
    assert_int_equal(*(int *)out, 1);
    assert_ok(db_run_leased(b.a, b.db, &lease, count_runs, &in[1], &out));
    assert_int_equal(*(int *)out, 2);
    assert_int_equal(n_actions, 2);
    bench_done(&b);
}

/* --- leases and groups take turns ------------------------------------------------------------ */

struct mixed {
    struct bench *b;
    bool leased;
    int base;
};

static void published(void *user)
{
    count_up(user);
}

static void write_many(void *arg)
{
    const struct mixed *m = arg;
    struct arena *a = arena_new();
    int n_published = 0;
    int n_actions = 0;
    const struct db_lease lease = {.published = published, .user = &n_published};

    for (int i = 0; i < 50; i++) {
        const struct write_in in = {m->base + i, &n_actions};

        if (m->leased)
            assert_ok(db_run_leased(a, m->b->db, &lease, write_one, &in, NULL));
        else
            assert_ok(db_run(a, m->b->db, write_one, &in, NULL));
        arena_reset(a);
    }
    assert_int_equal(n_published, m->leased ? 50 : 0);
    assert_int_equal(n_actions, 50);
    arena_free(a);
}

static void leases_and_groups_take_turns(void **state)
{
    struct bench b = bench_new();
    struct mixed mixed[4];
    pthread_t threads[4];

    (void)state;
    b.conf.durability = DB_NORMAL;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    for (int i = 0; i < 4; i++) {
        mixed[i] = (struct mixed){&b, i % 2 == 0, 1000 * i};
        assert_true(thread_start("test", write_many, &mixed[i], &threads[i]));
    }
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 200);
    bench_done(&b);
}

/* --- who would wait for itself --------------------------------------------------------------- */

/* What calls both ways of waiting for a unit, where this thread stands in their way. */
struct inner {
    struct db *db;
    struct db *other; /* not in the way */
    int n_calls;
    int n_refused;
    sem_t *done; /* may be NULL */
};

static bool is_refused(const struct err *err, const char *cause)
{
    return err && err->kind == E_INTERNAL && str_eq(err->cause, str_of(cause));
}

static void call_inside(void *user)
{
    static const char *const insert[] = {"INSERT INTO t VALUES (7)", NULL};
    const struct db_lease lease = {0};
    struct inner *it = user;
    struct arena *a = arena_new();

    it->n_calls += 2;
    it->n_refused +=
        is_refused(db_run(a, it->db, run_statements, insert, NULL), "db_run inside a unit of work");
    it->n_refused += is_refused(db_run_leased(a, it->db, &lease, run_statements, insert, NULL),
                                "db_run_leased inside a unit of work");
    assert_ok(db_run(a, it->other, run_statements, insert, NULL));
    assert_ok(db_run_leased(a, it->other, &lease, run_statements, insert, NULL));
    arena_free(a);
}

static struct err *call_in_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct inner *const *it = in;

    (void)a;
    (void)ret_out;
    call_inside(*it);
    db_after_commit(tx, call_inside, *it);
    return NULL;
}

static void call_when_done(struct db_unit *unit, struct err *err, void *out)
{
    struct inner *it = unit->user;

    assert_ok(err);
    (void)out;
    call_inside(it);
    sem_post(it->done);
}

/* Not at another database: nobody there waits for this thread. */
static void who_would_wait_for_itself_is_refused(void **state)
{
    struct bench b = bench_new();
    struct bench other = bench_new();
    struct inner it = {0};
    struct inner *in = &it;
    const struct db_lease lease = {.published = call_inside, .user = &it};
    struct db_unit unit = {.run = call_in_unit, .in = &in, .arena = arena_child(b.a), .user = &it};
    sem_t done;

    (void)state;
    sem_init(&done, 0, 0);
    bench_open(&b);
    bench_open(&other);
    bench_run(&b, "CREATE TABLE t (x)");
    bench_run(&other, "CREATE TABLE t (x)");
    it = (struct inner){.db = b.db, .other = other.db, .done = &done};
    assert_ok(db_run_leased(b.a, b.db, &lease, call_in_unit, &in, NULL));
    assert_int_equal(it.n_calls, 6); /* in the unit, when it was published, after the commit */
    assert_int_equal(it.n_refused, 6);
    unit.done = call_when_done;
    assert_true(db_submit(b.db, &unit));
    sem_wait(&done);
    assert_int_equal(it.n_calls, 12);
    assert_int_equal(it.n_refused, 12);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    assert_int_equal(bench_int(&other, "SELECT count(*) FROM t"), 12);
    bench_run(&b, "INSERT INTO t VALUES (8)"); /* the turn is free again, for this thread, too */
    sem_destroy(&done);
    bench_done(&other);
    bench_done(&b);
}

/* --- who leaves while it all runs again ------------------------------------------------------ */

struct leaving {
    atomic_bool left; /* the first unit's client */
    int n_actions;
};

static struct err *write_and_act(struct db_conn *tx, const void *in, struct arena *a,
                                 void **ret_out)
{
    struct leaving *const *leaving = in;

    (void)ret_out;
    db_after_commit(tx, count_up, &(*leaving)->n_actions);
    return db_exec(a, tx, STR("INSERT INTO t VALUES (7)"), NULL, 0, NULL);
}

static struct err *leave_and_end(struct db_conn *tx, const void *in, struct arena *a,
                                 void **ret_out)
{
    struct leaving *const *leaving = in;

    atomic_store(&(*leaving)->left, true);
    return end_and_swallow(tx, in, a, ret_out);
}

/* What a run that was rolled back had wanted is forgotten with it. */
static void who_left_wants_nothing_more(void **state)
{
    struct bench b = bench_new();
    struct leaving leaving = {0}, *in = &leaving;
    struct answered units[2];

    (void)state;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    answered_init(&units[0], b.a, write_and_act, &in, NULL);
    units[0].unit.gone = &leaving.left;
    answered_init(&units[1], b.a, leave_and_end, &in, NULL);
    group_run(&b, units, 2);
    assert_int_equal(units[0].unit.err->kind, E_GONE);
    assert_int_equal(leaving.n_actions, 0);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 0);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_has_one_commit),
        cmocka_unit_test(every_call_of_a_group_fails_once),
        cmocka_unit_test(a_unit_that_ends_the_transaction_harms_no_other),
        cmocka_unit_test(a_failed_unit_runs_again_with_the_others),
        cmocka_unit_test(savepoints_carry_their_actions),
        cmocka_unit_test(a_long_read_in_a_group_is_over_budget),
        cmocka_unit_test(a_unit_cannot_swallow_its_budget),
        cmocka_unit_test(a_long_write_in_a_group_is_not_interrupted),
        cmocka_unit_test(a_lease_ends_in_the_middle_of_a_write),
        cmocka_unit_test(who_has_left_is_dropped),
        cmocka_unit_test(a_unit_may_run_twice),
        cmocka_unit_test(leases_and_groups_take_turns),
        cmocka_unit_test(who_would_wait_for_itself_is_refused),
        cmocka_unit_test(who_left_wants_nothing_more),
    };

    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
