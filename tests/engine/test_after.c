/*
 * What happens once a unit has come to its end: who is told, where, and what of it; and the point
 * before a commit.
 */
#include "engine/engine.h"

#include "base/thread.h"

#include <semaphore.h>
#include <string.h>

/* What the ends of units told, in their order. */
struct told {
    struct bench *b;
    char text[128];
    unsigned thread; /* of the last one */
    bool fails;      /* they give an error */
};

struct end_in {
    struct told *told;
    const char *name;
};

static struct err *tell(void *user, const struct err *failed)
{
    struct end_in *in = user;
    struct told *told = in->told;

    assert_true(strlen(told->text) + strlen(in->name) + 3 < sizeof(told->text));
    strcat(told->text, in->name);
    strcat(told->text, failed ? "! " : " ");
    told->thread = thread_id();
    return told->fails ? err_new(told->b->a, E_BAD_REQUEST, NULL, "told") : NULL;
}

/* Writes and waits in its turn. */
static struct err *write_too(void *user, const struct err *failed)
{
    static const char *const insert[] = {"INSERT INTO t VALUES (9)", NULL};
    struct end_in *in = user;

    assert_null(failed);
    return db_run(in->told->b->a, in->told->b->db, run_statements, insert, NULL);
}

static void told_is(struct told *told, const char *text)
{
    assert_string_equal(told->text, text);
    told->text[0] = '\0';
}

static struct err *unit_told(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    static struct end_in first = {.name = "a"}, inner = {.name = "b"}, last = {.name = "c"};
    struct told *told = *(struct told *const *)in;
    struct err *err = db_exec(a, tx, STR("INSERT INTO t VALUES (NULL)"), NULL, 0, NULL);

    (void)ret_out;
    first.told = inner.told = last.told = told;
    db_at_end(tx, tell, &first);
    if (!err)
        err = db_savepoint(a, tx);
    if (err)
        return err;
    db_at_end(tx, tell, &inner);
    db_savepoint_rollback(tx);
    db_at_end(tx, tell, &last);
    return NULL;
}

static struct err *unit_fails(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct err *err = unit_told(tx, in, a, ret_out);

    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "on purpose");
}

/* Too much for a group; leased it is not. */
static struct err *unit_moves(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct err *err = unit_told(tx, in, a, ret_out);

    if (!err && db_is_grouped(tx))
        err = err_new(a, E_OVER_BUDGET, NULL, "not here");
    return err;
}

static struct err *unit_writes_after(struct db_conn *tx, const void *in, struct arena *a,
                                     void **ret_out)
{
    static struct end_in end;

    (void)a;
    (void)ret_out;
    end.told = *(struct told *const *)in;
    db_at_end(tx, write_too, &end);
    return NULL;
}

static void bench_with_table(struct bench *b, struct told *told)
{
    *b = bench_new();
    *told = (struct told){.b = b};
    bench_open(b);
    bench_run(b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
}

static void who_waits_is_told(void **state)
{
    struct told told, *in = &told;
    struct db_lease lease = {0};
    struct bench b;

    (void)state;
    bench_with_table(&b, &told);
    assert_null(db_run(b.a, b.db, unit_told, &in, NULL));
    told_is(&told, "a c ");
    assert_int_equal(told.thread, thread_id());
    assert_null(db_run_leased(b.a, b.db, &lease, unit_told, &in, NULL));
    told_is(&told, "a c ");
    assert_non_null(db_run(b.a, b.db, unit_fails, &in, NULL));
    told_is(&told, "a! c! ");
    assert_non_null(db_run_leased(b.a, b.db, &lease, unit_fails, &in, NULL));
    told_is(&told, "a! c! ");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    bench_done(&b);
}

/* The run that is thrown away tells nothing. */
static void who_runs_again_is_told_once(void **state)
{
    struct told told, *in = &told;
    struct bench b;

    (void)state;
    bench_with_table(&b, &told);
    assert_null(db_run(b.a, b.db, unit_moves, &in, NULL));
    told_is(&told, "a c ");
    bench_done(&b);
}

static void an_end_may_write_and_fail(void **state)
{
    struct told told, *in = &told;
    struct bench b;
    struct err *err;

    (void)state;
    bench_with_table(&b, &told);
    assert_null(db_run(b.a, b.db, unit_writes_after, &in, NULL));
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t WHERE x = 9"), 1);
    told.fails = true;
    err = db_run(b.a, b.db, unit_told, &in, NULL);
    assert_non_null(err);
    assert_true(str_eq(err->cause, STR("told")));
    told_is(&told, "a c ");
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 2);
    bench_done(&b);
}

static void a_lease_hands_its_ends_over(void **state)
{
    struct told told, *in = &told;
    struct db_end *ends = NULL;
    struct db_lease lease = {.ret_ends = &ends};
    struct bench b;

    (void)state;
    bench_with_table(&b, &told);
    assert_null(db_run_leased(b.a, b.db, &lease, unit_told, &in, NULL));
    told_is(&told, "");
    assert_null(db_ends_run(ends, NULL));
    told_is(&told, "a c ");
    assert_null(db_ends_run(NULL, NULL));
    bench_done(&b);
}

static void note_end(struct db_unit *unit, struct err *err, void *out)
{
    (void)err;
    (void)out;
    sem_post(unit->user);
}

static void a_submitter_tells_it_itself(void **state)
{
    struct told told, *in = &told;
    struct db_unit unit = {.run = unit_told, .in = &in, .done = note_end};
    struct bench b;
    sem_t done;

    (void)state;
    bench_with_table(&b, &told);
    sem_init(&done, 0, 0);
    unit.arena = arena_child(b.a);
    unit.user = &done;
    assert_true(db_submit(b.db, &unit));
    sem_wait(&done);
    told_is(&told, "");
    assert_null(db_ends_run(unit.after.ends, unit.err));
    told_is(&told, "a c ");
    sem_destroy(&done);
    bench_done(&b);
}

/* --- before a commit ------------------------------------------------------------------------- */

struct point {
    struct bench *b;
    int n;       /* how often it was reached */
    int64_t saw; /* rows that a reader saw there */
};

static void at_point(void *user)
{
    struct point *point = user;
    struct arena *a = arena_new();
    struct db_conn *conn;
    struct db_row *row;

    point->n++;
    assert_null(db_reader(a, point->b->db, &conn));
    assert_null(db_query_row(a, conn, STR("SELECT count(*) FROM t"), NULL, 0, &row));
    point->saw = row->cells[0].i;
    db_reader_close(point->b->db);
    arena_free(a);
}

static struct err *unit_asks(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const bool *asks = in;

    (void)ret_out;
    if (*asks)
        db_ask_before_commit(tx);
    return db_exec(a, tx, STR("INSERT INTO t VALUES (NULL)"), NULL, 0, NULL);
}

static void the_point_is_before_the_commit(void **state)
{
    const bool yes = true, no = false;
    struct db_lease lease = {0};
    struct bench b = bench_new();
    struct point point = {.b = &b};

    (void)state;
    b.conf.before_commit = at_point;
    b.conf.user = &point;
    bench_open(&b);
    bench_run(&b, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
    assert_null(db_run(b.a, b.db, unit_asks, &no, NULL));
    assert_int_equal(point.n, 0);
    assert_null(db_run(b.a, b.db, unit_asks, &yes, NULL));
    assert_int_equal(point.n, 1);
    assert_int_equal(point.saw, 1);
    assert_null(db_run_leased(b.a, b.db, &lease, unit_asks, &yes, NULL));
    assert_int_equal(point.n, 2);
    assert_int_equal(point.saw, 2);
    assert_int_equal(bench_int(&b, "SELECT count(*) FROM t"), 3);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_told),
        cmocka_unit_test(who_runs_again_is_told_once),
        cmocka_unit_test(an_end_may_write_and_fail),
        cmocka_unit_test(a_lease_hands_its_ends_over),
        cmocka_unit_test(a_submitter_tells_it_itself),
        cmocka_unit_test(the_point_is_before_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
