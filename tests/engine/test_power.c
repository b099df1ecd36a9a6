/*
 * Power loss: what was answered is there afterwards, and nothing is half there.
 *
 * Units are written in groups while checkpoints run beside them. At random writes the power is cut;
 * each image is opened anew and must hold every unit that had been answered by then. The same at
 * DB_NORMAL must lose some, or the test proves nothing.
 */
#include "engine/engine.h"
#include "engine/power.h"

#include "base/thread.h"
#include "db/writer.h"

#include <sched.h>

#define UNITS 60
#define CUTS_PER_ROUND 10
#define ROUNDS_FULL 100
#define ROUNDS_NORMAL 10

struct cut {
    struct power_image *image;
    bool answered[UNITS];
};

struct round {
    uint64_t seed;
    enum db_durability durability;
    struct power *power;
    struct db *db;
    struct arena *a;
    struct db_unit units[UNITS];
    int ids[UNITS];
    atomic_bool answered[UNITS];
    atomic_int n_answered;
    struct cut cuts[CUTS_PER_ROUND];
    unsigned n_cuts;
};

static uint64_t draw(struct round *r, uint64_t below)
{
    r->seed = r->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (r->seed >> 33) % below;
}

static uint64_t on_cut(void *user)
{
    struct round *r = user;
    struct cut *cut = &r->cuts[r->n_cuts++];

    for (size_t i = 0; i < UNITS; i++)
        cut->answered[i] = atomic_load(&r->answered[i]);
    cut->image = power_cut(r->power, draw(r, UINT64_MAX));
    return r->n_cuts < CUTS_PER_ROUND ? 1 + draw(r, 40) : 0;
}

/* A row and its pair, and a page that every unit changes. */
static struct err *write_pair(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const int *id = in;
    const struct db_value values[] = {DB_V_INT(*id), DB_V_INT(40 + *id * 37 % 3000)};
    struct err *err;

    (void)ret_out;
    err = db_exec(a, tx, STR("INSERT INTO t VALUES (?1, zeroblob(?2))"), values, 2, NULL);
    if (!err)
        err = db_exec(a, tx, STR("INSERT INTO pairs VALUES (?1)"), values, 1, NULL);
    if (!err)
        err = db_exec(a, tx, STR("UPDATE totals SET n = n + 1"), NULL, 0, NULL);
    return err;
}

static void on_done(struct db_unit *unit, struct err *err, void *out)
{
    struct round *r = unit->user;

    (void)out;
    assert_null(err);
    atomic_store(&r->answered[unit - r->units], true);
    atomic_fetch_add(&r->n_answered, 1);
}

static void open_world(struct arena *a, const char *vfs, enum db_durability durability,
                       struct db **ret)
{
    const struct db_conf conf = {
        .path = STR("data.db"), .create = true, .durability = durability, .vfs = vfs};

    assert_ok(db_open(a, &conf, ret));
}

/* Submits in bursts, so that groups of all sizes form, with a checkpoint now and then. */
static void write_all(struct round *r)
{
    struct db_conn *sweeper;

    assert_ok(db_conn_open(r->a, r->db, DB_ROLE_CHECKPOINTER, &sweeper));
    for (int i = 0; i < UNITS; i++) {
        r->ids[i] = i;
        r->units[i] = (struct db_unit){.run = write_pair,
                                       .in = &r->ids[i],
                                       .arena = arena_child(r->a),
                                       .done = on_done,
                                       .user = r};
        assert_true(db_submit(r->db, &r->units[i]));
        if (draw(r, 3) == 0)
            while (atomic_load(&r->n_answered) < i)
                sched_yield();
        if (draw(r, 12) == 0) {
            enum db_sweep sweep = draw(r, 2) ? DB_SWEEP_PASSIVE : DB_SWEEP_RESTART;
            struct err *err = r->db->ops->checkpoint(r->a, sweeper->eng, sweep);

            assert_true(!err || err->kind == E_UNAVAILABLE); /* the writer may be in the way */
        }
    }
    while (atomic_load(&r->n_answered) < UNITS)
        sched_yield();
    db_conn_close(sweeper);
}

static struct err *read_int(struct arena *a, struct db_conn *conn, struct str sql, int64_t *ret)
{
    struct db_row *row;
    struct err *err = db_query_row(a, conn, sql, NULL, 0, &row);

    if (!err)
        *ret = row->cells[0].i;
    return err;
}

/* Opens what a cut left; returns how many answered units are missing. */
static unsigned check_cut(const struct cut *cut, struct power *world)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct db *db;
    struct db_conn *conn;
    struct db_row *row;
    int64_t n, n_pairs, total;
    unsigned lost = 0;

    power_restore(world, cut->image);
    open_world(a, power_name(world), DB_FULL, &db);
    assert_ok(db_reader(a, db, &conn));
    assert_ok(db_query_row(a, conn, STR("PRAGMA integrity_check"), NULL, 0, &row));
    assert_str(row->cells[0].s, "ok");
    assert_ok(read_int(a, conn, STR("SELECT count(*) FROM t"), &n));
    assert_ok(read_int(a, conn, STR("SELECT count(*) FROM pairs JOIN t USING (id)"), &n_pairs));
    assert_ok(read_int(a, conn, STR("SELECT n FROM totals"), &total));
    assert_int_equal(n, n_pairs);
    assert_int_equal(n, total);
    for (int i = 0; i < UNITS; i++) {
        struct str sql = arena_printf(a, "SELECT count(*) FROM t WHERE id = %d", i);

        assert_ok(read_int(a, conn, sql, &n));
        if (cut->answered[i] && n == 0)
            lost++;
    }
    db_close(db);
    return lost;
}

static unsigned run_round(uint64_t seed, enum db_durability durability, unsigned *n_cuts)
{
    static const char *const setup[] = {"CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)",
                                        "CREATE TABLE pairs (id INTEGER PRIMARY KEY)",
                                        "CREATE TABLE totals (n INTEGER)",
                                        "INSERT INTO totals VALUES (0)", NULL};
    struct power *world = power_new("power-after");
    struct round r = {.seed = seed, .durability = durability, .a = arena_new()};
    const struct db_lease lease = {0};
    unsigned lost = 0;

    r.power = power_new("power-before");
    open_world(r.a, power_name(r.power), durability, &r.db);
    assert_ok(db_run_leased(r.a, r.db, &lease, run_statements, setup, NULL));
    /* At DB_NORMAL the setup itself is not on disk yet. */
    assert_ok(r.db->ops->checkpoint(r.a, r.db->writer->conn->eng, DB_SWEEP_RESTART));
    power_arm(r.power, 1 + draw(&r, 60), on_cut, &r);
    write_all(&r);
    db_close(r.db); /* may be cut, too */
    for (unsigned i = 0; i < r.n_cuts; i++) {
        lost += check_cut(&r.cuts[i], world);
        power_image_free(r.cuts[i].image);
    }
    *n_cuts += r.n_cuts;
    power_free(r.power);
    power_free(world);
    arena_free(r.a);
    return lost;
}

static void nothing_answered_is_lost(void **state)
{
    unsigned n_cuts = 0;

    (void)state;
    for (uint64_t round = 0; n_cuts < ROUNDS_FULL * CUTS_PER_ROUND; round++)
        assert_int_equal(run_round(round, DB_FULL, &n_cuts), 0);
    print_message("%u cuts\n", n_cuts);
}

static void at_normal_something_is(void **state)
{
    unsigned n_cuts = 0, lost = 0;

    (void)state;
    for (uint64_t round = 0; round < ROUNDS_NORMAL; round++)
        lost += run_round(round, DB_NORMAL, &n_cuts);
    print_message("%u cuts, %u answered units lost\n", n_cuts, lost);
    assert_true(lost > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_answered_is_lost),
        cmocka_unit_test(at_normal_something_is),
    };

    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
