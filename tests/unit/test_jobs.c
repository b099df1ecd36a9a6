/*
 * Scheduled work on a clock that the tests move: what is due runs once and beside the others, what
 * still runs is not started again, an end is waited for, results outlive the program.
 */
#include "unit/data.h"

#include "base/date.h"
#include "base/log.h"
#include "jobs/jobs.h"

#include <time.h>

#define MINUTE INT64_C(60000)
#define START_MS INT64_C(1767225600000) /* 2026-01-01 00:00, a Thursday */
#define PATIENCE_MS 20000
#define NODE "here"

static struct {
    struct data data;
    struct jobs *jobs;
    atomic_int_fast64_t now_ms;
    atomic_int thread_ends;
} bench;

static int64_t bench_now(void *user)
{
    (void)user;
    return atomic_load(&bench.now_ms);
}

static void thread_end(void *user)
{
    (void)user;
    atomic_fetch_add(&bench.thread_ends, 1);
}

static void begin(void)
{
    const struct jobs_conf conf = {
        .db = bench.data.db, .node = STR(NODE), .now_ms = bench_now, .thread_end = thread_end};

    bench.jobs = jobs_new(&conf);
}

static void start(void)
{
    no_err(jobs_start(bench.data.a, bench.jobs));
}

static int setup(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    data_open_empty(&bench.data);
    atomic_store(&bench.now_ms, START_MS + 1);
    begin();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jobs_free(bench.jobs);
    data_close(&bench.data);
    return 0;
}

static void move_to(int64_t minutes)
{
    atomic_store(&bench.now_ms, START_MS + minutes * MINUTE + 1);
}

/* --- jobs of the tests ------------------------------------------------------------------------ */

struct work {
    atomic_int begun, ended;
    atomic_bool held;     /* it does not end */
    atomic_bool stubborn; /* and does not look whether it should */
    const char *fails;
};

static void rest(void)
{
    const struct timespec pause = {.tv_nsec = 500000};

    (void)nanosleep(&pause, NULL);
}

static struct err *run_work(void *user, struct arena *a, const atomic_bool *stopping)
{
    struct work *work = user;

    atomic_fetch_add(&work->begun, 1);
    while (atomic_load(&work->held) && (!atomic_load(stopping) || atomic_load(&work->stubborn)))
        rest();
    atomic_fetch_add(&work->ended, 1);
    return work->fails ? err_new(a, E_INTERNAL, NULL, "%s", work->fails) : NULL;
}

static struct jobs_row row_of(const char *id, const char *schedule, struct work *work)
{
    return (struct jobs_row){
        .id = str_of(id), .schedule = str_of(schedule), .run = run_work, .user = work};
}

static void add(const char *id, const char *schedule, struct work *work)
{
    const struct jobs_row row = row_of(id, schedule, work);

    no_err(jobs_add(bench.data.a, bench.jobs, &row));
}

static void wait_for(const char *what, const atomic_int *count, int wanted)
{
    const uint64_t begun_ms = clock_ms();

    while (atomic_load(count) < wanted) {
        if (clock_ms() - begun_ms > PATIENCE_MS)
            fail_msg("waited %d s for %s: %d of %d", PATIENCE_MS / 1000, what, atomic_load(count),
                     wanted);
        rest();
    }
    assert_int_equal(atomic_load(count), wanted);
}

static struct jobs_result last_of(const char *id)
{
    struct jobs_result last;

    no_err(db_read_begin(bench.data.a, bench.data.reader));
    no_err(jobs_last(bench.data.a, bench.data.reader, str_of(id), &last));
    assert_true(db_read_end(bench.data.reader));
    return last;
}

static struct jobs_result wait_for_result(const char *id, const char *error)
{
    const uint64_t begun_ms = clock_ms();
    struct jobs_result last = last_of(id);

    while (!last.found || !str_eq(last.error, str_of(error))) {
        if (clock_ms() - begun_ms > PATIENCE_MS)
            fail_msg("waited %d s for %s to have the result \"%s\": it is \"%.*s\"",
                     PATIENCE_MS / 1000, id, error, STR_ARG(last.error));
        rest();
        last = last_of(id);
    }
    return last;
}

static bool is_running(const char *id)
{
    struct jobs_items found;

    jobs_list(bench.data.a, bench.jobs, &found);
    for (size_t i = 0; i < found.n; i++)
        if (str_eq(found.items[i].id, str_of(id)))
            return found.items[i].is_running;
    fail_msg("%s is not listed", id);
    return false;
}

static void wait_for_idle(const char *id)
{
    const uint64_t begun_ms = clock_ms();

    while (is_running(id)) {
        if (clock_ms() - begun_ms > PATIENCE_MS)
            fail_msg("waited %d s for %s to be over", PATIENCE_MS / 1000, id);
        rest();
    }
}

/* A job that is due each minute has run, and could again: the minute has been looked at. */
static void pass(const char *id, struct work *each, int64_t minutes)
{
    const int before = atomic_load(&each->ended);

    move_to(minutes);
    wait_for("the minute", &each->ended, before + 1);
    wait_for_idle(id);
}

/* --- time ------------------------------------------------------------------------------------- */

static void what_is_due(void **state)
{
    struct work each = {0}, second = {0}, daily = {0};

    (void)state;
    add("each", "* * * * *", &each);
    add("second", "2,3 * * * *", &second);
    add("daily", "@daily", &daily);
    start();
    pass("each", &each, 1);
    pass("each", &each, 2);
    wait_for("its first minute", &second.ended, 1);
    wait_for_idle("second");
    atomic_fetch_add(&bench.now_ms, MINUTE / 2); /* the same minute */
    pass("each", &each, 3);
    pass("each", &each, 4);
    wait_for("both minutes", &second.ended, 2);
    pass("each", &each, 1440);
    wait_for("midnight, not the minute of the start", &daily.ended, 1);
    wait_for("each minute", &each.ended, 5);
    assert_int_equal(last_of("never").found, false);
}

/* What has been slept through is not made up for; a tick that is late by one minute has both. */
static void clock_leaps(void **state)
{
    struct work each = {0}, fifth = {0}, late = {0};

    (void)state;
    add("each", "* * * * *", &each);
    add("fifth", "5 * * * *", &fifth);
    add("late", "31 * * * *", &late);
    start();
    pass("each", &each, 30);
    pass("each", &each, 32);
    wait_for("the minute before", &late.ended, 1);
    assert_int_equal(atomic_load(&fifth.begun), 0);
}

/* The clock has been looked at since: that is done before a thread is started. */
static void look(struct work *aside)
{
    const int before = atomic_load(&aside->ended);

    assert_true(jobs_run(bench.jobs, STR("aside")));
    wait_for("the look at the clock", &aside->ended, before + 1);
    wait_for_idle("aside");
    wait_for_idle("each");
}

static void clock_goes_back(void **state)
{
    struct work each = {0}, aside = {0};

    (void)state;
    add("each", "* * * * *", &each);
    add("aside", "0 0 31 2 *", &aside);
    start();
    pass("each", &each, 100);
    move_to(99);
    look(&aside);
    move_to(40);
    look(&aside);
    move_to(100);
    look(&aside);
    assert_int_equal(atomic_load(&each.begun), 1);
    pass("each", &each, 101);
    pass("each", &each, 20); /* the clock was wrong before */
    pass("each", &each, 21);
    assert_int_equal(atomic_load(&each.begun), 4);
}

/* --- beside each other ------------------------------------------------------------------------ */

static void overlap(void **state)
{
    struct work each = {0}, slow = {.held = true};

    (void)state;
    add("each", "* * * * *", &each);
    add("slow", "* * * * *", &slow);
    start();
    pass("each", &each, 1);
    wait_for("the slow one", &slow.begun, 1);
    assert_true(is_running("slow"));
    assert_false(last_of("slow").found);
    pass("each", &each, 2);
    assert_string_equal(arena_cstr(bench.data.a, wait_for_result("slow", "skipped").started),
                        "2026-01-01 00:02:00.001Z");
    assert_int_equal(atomic_load(&slow.begun), 1);
    assert_true(jobs_run(bench.jobs, STR("slow")));
    atomic_store(&slow.held, false);
    assert_string_equal(arena_cstr(bench.data.a, wait_for_result("slow", "").started),
                        "2026-01-01 00:01:00.001Z");
    wait_for_idle("slow");
    pass("each", &each, 3);
    wait_for("the next one", &slow.ended, 2);
}

/* Others wait for a thread where all are taken, and are run in the end. */
static void many(void **state)
{
    enum { N = 3 * JOBS_THREADS };
    static struct work works[N], after;
    char id[16];

    (void)state;
    for (int i = 0; i < N; i++) {
        (void)snprintf(id, sizeof(id), "job%d", i);
        works[i] = (struct work){.held = i < JOBS_THREADS};
        add(id, "1 * * * *", &works[i]);
    }
    start();
    move_to(1);
    for (int i = 0; i < JOBS_THREADS; i++)
        wait_for("those that have a thread", &works[i].begun, 1);
    for (int i = JOBS_THREADS; i < N; i++)
        assert_int_equal(atomic_load(&works[i].begun), 0);
    for (int i = 0; i < JOBS_THREADS; i++)
        atomic_store(&works[i].held, false);
    for (int i = 0; i < N; i++)
        wait_for("all", &works[i].ended, 1);
    add("after", "2 * * * *", &after);
    move_to(2);
    wait_for("what comes after them", &after.ended, 1);
    jobs_free(TAKE(bench.jobs));
    assert_true(atomic_load(&bench.thread_ends) >= JOBS_THREADS);
}

static void changed_while_it_runs(void **state)
{
    struct work old = {.held = true}, new = {0}, gone = {.held = true};

    (void)state;
    add("job", "1 * * * *", &old);
    add("gone", "1 * * * *", &gone);
    start();
    move_to(1);
    wait_for("the old one", &old.begun, 1);
    wait_for("the one that is removed", &gone.begun, 1);
    add("job", "* * * * *", &new);
    assert_true(jobs_remove(bench.jobs, STR("gone")));
    assert_false(jobs_remove(bench.jobs, STR("gone")));
    assert_false(jobs_run(bench.jobs, STR("gone")));
    assert_true(is_running("job"));
    atomic_store(&old.held, false);
    atomic_store(&gone.held, false);
    (void)wait_for_result("job", "");
    (void)wait_for_result("gone", "");
    wait_for_idle("job");
    pass("job", &new, 2);
    assert_int_equal(atomic_load(&old.begun), 1);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void stop_while_running(void **state)
{
    struct work polite = {.held = true}, stubborn = {.held = true, .stubborn = true}, next = {0};

    (void)state;
    add("polite", "1 * * * *", &polite);
    add("stubborn", "1 * * * *", &stubborn);
    add("next", "2 * * * *", &next);
    start();
    move_to(1);
    wait_for("one", &polite.begun, 1);
    wait_for("the other", &stubborn.begun, 1);
    assert_false(jobs_stop(bench.jobs, 50));
    wait_for("the one that looks at the flag", &polite.ended, 1);
    assert_int_equal(atomic_load(&stubborn.ended), 0);
    move_to(2);
    assert_true(jobs_run(bench.jobs, STR("next")));
    atomic_store(&stubborn.held, false);
    assert_true(jobs_stop(bench.jobs, PATIENCE_MS));
    assert_int_equal(atomic_load(&stubborn.ended), 1);
    assert_true(last_of("stubborn").found);
    assert_int_equal(atomic_load(&next.begun), 0);
}

static void never_started(void **state)
{
    struct work work = {0};

    (void)state;
    add("job", "* * * * *", &work);
    assert_true(jobs_run(bench.jobs, STR("job")));
    assert_true(jobs_stop(bench.jobs, 0));
    jobs_free(TAKE(bench.jobs));
    assert_int_equal(atomic_load(&work.begun), 0);
    jobs_free(NULL);
    assert_true(jobs_stop(NULL, 0));
}

/* --- results ---------------------------------------------------------------------------------- */

static void results_are_kept(void **state)
{
    struct work good = {0}, bad = {.fails = "no such thing"};
    struct db_conf conf = {.durability = DB_NORMAL};
    struct jobs_result last;

    (void)state;
    add("good", "* * * * *", &good);
    add("bad", "* * * * *", &bad);
    assert_false(last_of("good").found);
    start();
    pass("good", &good, 1);
    (void)wait_for_result("good", "");
    last = wait_for_result("bad", "no such thing");
    jobs_free(TAKE(bench.jobs));
    db_reader_close(bench.data.db);
    db_close(bench.data.db);
    conf.path = arena_concat(bench.data.a, bench.data.folder, STR("/data.db"), STR_NONE);
    no_err(db_open(bench.data.a, &conf, &bench.data.db));
    no_err(db_reader(bench.data.a, bench.data.db, &bench.data.reader));
    last = last_of("bad");
    assert_true(last.found);
    assert_string_equal(arena_cstr(bench.data.a, last.error), "no such thing");
    assert_string_equal(arena_cstr(bench.data.a, last.started), "2026-01-01 00:01:00.001Z");
    assert_string_equal(arena_cstr(bench.data.a, last.node), NODE);
    assert_in_range(last.took_ms, 0, PATIENCE_MS);
    DATA_EXEC(&bench.data, "INSERT INTO _reeve_crons VALUES ('bad', 'there', '2026-01-01 "
                           "00:01:00.002Z', 7, '')");
    assert_string_equal(arena_cstr(bench.data.a, last_of("bad").node), "there");
    assert_string_equal(data_text(&bench.data, "SELECT count(*) FROM _reeve_crons"), "3");
}

/* A character is not cut in two. */
static void long_errors(void **state)
{
    static char text[JOBS_ERROR_BYTES + 10];
    struct work bad = {.fails = text};
    const uint64_t begun_ms = clock_ms();
    struct jobs_result last;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text + JOBS_ERROR_BYTES - 1, "\xc3\xa4", 2);
    add("bad", "* * * * *", &bad);
    start();
    assert_true(jobs_run(bench.jobs, STR("bad")));
    do {
        if (clock_ms() - begun_ms > PATIENCE_MS)
            fail_msg("waited %d s for a result", PATIENCE_MS / 1000);
        rest();
        last = last_of("bad");
    } while (!last.found);
    assert_int_equal(last.error.n, JOBS_ERROR_BYTES - 1);
}

/* --- the list --------------------------------------------------------------------------------- */

static void add_system(const char *id, const char *schedule, struct work *work)
{
    struct jobs_row row = row_of(id, schedule, work);

    row.is_system = true;
    no_err(jobs_add(bench.data.a, bench.jobs, &row));
}

static const char *listed(void)
{
    struct jobs_items found;
    struct str text = STR_NONE;

    jobs_list(bench.data.a, bench.jobs, &found);
    for (size_t i = 0; i < found.n; i++)
        text = arena_printf(bench.data.a, "%.*s%.*s=%.*s;", STR_ARG(text),
                            STR_ARG(found.items[i].id), STR_ARG(found.items[i].schedule));
    return arena_cstr(bench.data.a, text);
}

static void list(void **state)
{
    struct work work = {0};
    struct jobs_items found;
    struct jobs_row bad = row_of("a", "61 * * * *", &work);
    struct err *err;

    (void)state;
    assert_string_equal(listed(), "");
    add_system("z", "@hourly", &work);
    add_system("y", "", &work);
    add("b", "1 * * * *", &work);
    add_system("x", "0 0 31 2 *", &work);
    add("a", "2 * * * *", &work);
    assert_string_equal(listed(), "a=2 * * * *;b=1 * * * *;z=0 * * * *;x=0 0 31 2 *;");
    assert_false(jobs_run(bench.jobs, STR("y")));
    assert_false(jobs_run(bench.jobs, STR("nope")));
    err = jobs_add(bench.data.a, bench.jobs, &bad);
    assert_non_null(err);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    err = jobs_set_schedule(bench.data.a, bench.jobs, STR("a"), STR("61 * * * *"));
    assert_non_null(err);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    err = jobs_set_schedule(bench.data.a, bench.jobs, STR("nope"), STR("1 * * * *"));
    assert_non_null(err);
    assert_int_equal(err->kind, E_NOT_FOUND);
    no_err(jobs_set_schedule(bench.data.a, bench.jobs, STR("y"), STR("@daily")));
    assert_string_equal(listed(), "a=2 * * * *;b=1 * * * *;z=0 * * * *;y=0 0 * * *;x=0 0 31 2 *;");
    add_system("z", "3 * * * *", &work);
    no_err(jobs_set_schedule(bench.data.a, bench.jobs, STR("y"), STR_NONE));
    assert_true(jobs_remove(bench.jobs, STR("b")));
    assert_string_equal(listed(), "a=2 * * * *;x=0 0 31 2 *;z=3 * * * *;");
    jobs_list(bench.data.a, bench.jobs, &found);
    assert_int_equal(found.items[0].next_ms, START_MS + 2 * MINUTE);
    assert_int_equal(found.items[1].next_ms, -1);
    assert_false(found.items[0].is_system);
    assert_true(found.items[2].is_system);
    assert_int_equal(atomic_load(&work.begun), 0);
}

static void schedule_is_changed(void **state)
{
    struct work each = {0}, other = {0};

    (void)state;
    add("each", "* * * * *", &each);
    add("other", "", &other);
    start();
    pass("each", &each, 1);
    no_err(jobs_set_schedule(bench.data.a, bench.jobs, STR("other"), STR("2,3 * * * *")));
    pass("each", &each, 2);
    wait_for("its minute", &other.ended, 1);
    wait_for_idle("other");
    no_err(jobs_set_schedule(bench.data.a, bench.jobs, STR("other"), STR_NONE));
    pass("each", &each, 3);
    pass("each", &each, 4);
    assert_int_equal(atomic_load(&other.begun), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_due),
        CASE(clock_leaps),
        CASE(clock_goes_back),
        CASE(overlap),
        CASE(many),
        CASE(changed_while_it_runs),
        CASE(stop_while_running),
        CASE(never_started),
        CASE(results_are_kept),
        CASE(long_errors),
        CASE(list),
        CASE(schedule_is_changed),
    };

    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
