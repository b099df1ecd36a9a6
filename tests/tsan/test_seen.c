/*
 * What is remembered, for ThreadSanitizer: threads commit, others remember what they have read and
 * serve it, and nothing served is older than the last commit that was answered.
 */
#include "engine/engine.h"

#include "base/thread.h"

#define READERS 3
#define ROUNDS 1500 /* of each writer */

struct kept {
    struct db_seen seen;
    int64_t value;
};

struct crowd {
    struct bench b;
    atomic_int_fast64_t answered; /* the value of the last commit that was answered */
    atomic_bool ended;
    pthread_mutex_t lock;
    struct kept kept; /* under lock: what any reader has read */
    atomic_uint n_served, n_kept, n_old;
};

/* One write of a and one of b in each round: what is remembered of a stands for a while. */
static struct err *write_a(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const int64_t *value = in;

    (void)ret_out;
    return db_exec(a, tx, STR("UPDATE a SET x = ?1"), (struct db_value[]){DB_V_INT(*value)}, 1,
                   NULL);
}

static void writer(void *arg)
{
    static const char *const other[] = {"UPDATE b SET x = x + 1", NULL};
    const struct db_lease lease = {0};
    struct crowd *crowd = arg;

    for (int64_t i = 1; i <= ROUNDS; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        if (i % 2)
            assert_ok(db_run(a, crowd->b.db, write_a, &i, NULL));
        else
            assert_ok(db_run_leased(a, crowd->b.db, &lease, write_a, &i, NULL));
        atomic_store(&crowd->answered, i);
        for (int n = 0; n < 3; n++)
            assert_ok(db_run(a, crowd->b.db, run_statements, other, NULL));
    }
    atomic_store(&crowd->ended, true);
}

static void read_anew(struct crowd *crowd, struct arena *a, int64_t wanted)
{
    struct db_conn *conn;
    struct db_row *row;
    struct kept kept;
    bool keep;

    assert_ok(db_reader(a, crowd->b.db, &conn));
    assert_ok(db_read_begin(a, conn));
    assert_ok(db_query_row(a, conn, STR("SELECT x FROM a"), NULL, 0, &row));
    kept.value = row->cells[0].i;
    keep = db_seen_table(conn, STR("a"), &kept.seen);
    db_read_end(conn);
    if (kept.value < wanted)
        atomic_fetch_add(&crowd->n_old, 1);
    if (!keep)
        return;
    pthread_mutex_lock(&crowd->lock);
    crowd->kept = kept;
    pthread_mutex_unlock(&crowd->lock);
    atomic_fetch_add(&crowd->n_kept, 1);
}

static void reader(void *arg)
{
    struct crowd *crowd = arg;

    while (!atomic_load(&crowd->ended)) {
        AUTO(arena_free) struct arena *a = arena_new();
        const int64_t wanted = atomic_load(&crowd->answered);
        struct kept kept;

        pthread_mutex_lock(&crowd->lock);
        kept = crowd->kept;
        pthread_mutex_unlock(&crowd->lock);
        if (!db_seen_holds(crowd->b.db, &kept.seen)) {
            read_anew(crowd, a, wanted);
            continue;
        }
        atomic_fetch_add(&crowd->n_served, 1);
        if (kept.value < wanted)
            atomic_fetch_add(&crowd->n_old, 1);
    }
    db_reader_close(crowd->b.db);
}

static void nothing_old(void **state)
{
    struct crowd crowd = {.b = bench_new(), .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[READERS + 1];

    (void)state;
    crowd.b.conf.durability = DB_NORMAL;
    bench_open(&crowd.b);
    bench_run(&crowd.b, "CREATE TABLE a (x)", "INSERT INTO a VALUES (0)", "CREATE TABLE b (x)",
              "INSERT INTO b VALUES (0)");
    assert_true(thread_start("writer", writer, &crowd, &threads[READERS]));
    for (int i = 0; i < READERS; i++)
        assert_true(thread_start("reader", reader, &crowd, &threads[i]));
    for (int i = 0; i <= READERS; i++)
        thread_join(threads[i]);
    print_message("served %u, kept %u\n", atomic_load(&crowd.n_served), atomic_load(&crowd.n_kept));
    assert_int_equal(atomic_load(&crowd.n_old), 0);
    assert_true(atomic_load(&crowd.n_kept) > 10);
    assert_true(atomic_load(&crowd.n_served) > 10);
    db_reader_close(crowd.b.db);
    bench_done(&crowd.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_old)};

    return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
