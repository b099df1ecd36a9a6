/*
 * Totals of lists, and where their pages begin: remembered while nothing has changed of what they
 * were read from, and never older than the snapshot they stand in, nor newer.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- asking ----------------------------------------------------------------------------------- */

/* A page that counts, also where it has no rows. */
static struct rec_list_params second_page(const char *filter)
{
    return (struct rec_list_params){
        .page = STR("2"), .per_page = STR("1"), .filter = str_of(filter)};
}

static int64_t total_of(const char *answer)
{
    const char *at = strstr(answer, "\"totalItems\":");

    if (!at)
        fail_msg("%s", answer);
    return strtoll(at + strlen("\"totalItems\":"), NULL, 10);
}

static void on_traced(void *user, const struct db_traced *traced)
{
    unsigned *n_counts = user;

    *n_counts += str_starts(traced->sql, STR("SELECT COUNT("));
}

/* The total, and how often rows were counted for it. */
struct asked {
    int64_t total;
    unsigned n_counts;
};

static struct asked ask_page(const char *collection, const struct rec_list_params *params)
{
    struct asked asked = {0};
    const struct db_trace trace = {on_traced, &asked.n_counts};
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    db_trace(conn, &trace);
    asked.total = total_of(site_list_page(collection, params));
    db_trace(conn, NULL);
    return asked;
}

static struct asked ask(const char *collection, const char *filter)
{
    const struct rec_list_params params = second_page(filter);

    return ask_page(collection, &params);
}

#define CHECK(collection, filter, want, counts) \
    check((collection), (filter), (want), (counts), __LINE__)
static void check(const char *collection, const char *filter, int64_t want, unsigned n_counts,
                  int line)
{
    const struct asked got = ask(collection, filter);

    if (got.total != want || got.n_counts != n_counts)
        fail_msg("line %d: total %lld, counted %u times", line, (long long)got.total, got.n_counts);
}

/* --- remembered ------------------------------------------------------------------------------- */

static void counted_once(void **state)
{
    const struct rec_list_params other_page = {.page = STR("1"), .per_page = STR("2")};

    (void)state;
    CHECK("posts", "", 3, 1);
    CHECK("posts", "", 3, 0);
    CHECK("posts", "score > 1", 2, 1);
    CHECK("posts", "score > 1", 2, 0);
    CHECK("posts", "author.name = 'Ada'", 1, 1);
    CHECK("posts", "author.name = 'Ada'", 1, 0);
    assert_int_equal(ask_page("posts", &other_page).n_counts, 0);
}

/* The same SQL, but for what is bound to it. */
static void parameters_tell_apart(void **state)
{
    (void)state;
    CHECK("posts", "title = 'first'", 1, 1);
    CHECK("posts", "title = 'first '", 0, 1);
    CHECK("posts", "title = 'firsu'", 0, 1);
    CHECK("posts", "title = 1", 0, 1);
    CHECK("posts", "title = '1'", 0, 1);
    CHECK("posts", "title = 'first' || title = ''", 1, 1);
    CHECK("posts", "title = '' || title = 'first'", 1, 1);
    CHECK("posts", "title = 'first'", 1, 0);
    CHECK("posts", "title = 'first '", 0, 0);
    /* the same bytes one after the other, types included */
    site_exec("UPDATE posts SET title = 'a' || char(3) WHERE id = 'post00000000001'");
    CHECK("posts", "title = 'a' || title = '\3b'", 0, 1);
    CHECK("posts", "title = 'a\3' || title = 'b'", 1, 1);
}

static void rules_and_who_asks(void **state)
{
    (void)state;
    site_rule("users", "listRule", "id = @request.auth.id || emailVisibility = true");
    CHECK("users", "", 1, 1);
    site_act("user0000000000a");
    CHECK("users", "", 2, 1);
    CHECK("users", "", 2, 0);
    site_act("user0000000000c");
    CHECK("users", "", 1, 1);
    site_act(NULL);
    CHECK("users", "", 1, 0);
    site_rule("users", "listRule", "");
    CHECK("users", "", 3, 1);
}

static void groups(void **state)
{
    const struct rec_list_params params = {
        .page = STR("1"), .per_page = STR("1"), .group_by = STR("author")};

    (void)state;
    assert_int_equal(ask_page("posts", &params).n_counts, 1);
    assert_int_equal(ask_page("posts", &params).n_counts, 0);
    site_exec("UPDATE posts SET author = 'author000000ada'");
    site_exec("INSERT INTO posts (id, title, author) VALUES ('p', 'more', 'author000000bob')");
    assert_int_equal(ask_page("posts", &params).total, 2);
}

/* --- forgotten -------------------------------------------------------------------------------- */

static void writes(void **state)
{
    (void)state;
    CHECK("posts", "", 3, 1);
    CHECK("posts", "score > 1", 2, 1);
    CHECK("posts", "author.name = 'Ada'", 1, 1);
    site_exec("UPDATE posts SET score = 3"); /* who counts by score, and nobody else */
    CHECK("posts", "", 3, 0);
    CHECK("posts", "author.name = 'Ada'", 1, 0);
    CHECK("posts", "score > 1", 3, 1);
    site_exec("UPDATE authors SET name = 'Ada'");
    CHECK("posts", "", 3, 0);
    CHECK("posts", "score > 1", 3, 0);
    CHECK("posts", "author.name = 'Ada'", 3, 1);
    site_exec("DELETE FROM posts WHERE id = 'post00000000001'");
    CHECK("posts", "", 2, 1);
    CHECK("posts", "score > 1", 2, 1);
    CHECK("posts", "author.name = 'Ada'", 2, 1);
    site_exec("INSERT INTO pins VALUES ('pin', 'post00000000002')");
    CHECK("posts", "", 2, 0);
    site_exec("DELETE FROM posts");
    CHECK("posts", "", 0, 1);
    site_exec("INSERT INTO posts (id, title) VALUES ('p', 'again')");
    CHECK("posts", "", 1, 1);
}

static struct err *fail_at_end(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    struct err *err = db_exec(a, tx, str_of(in), NULL, 0, NULL);

    (void)ret;
    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "on purpose");
}

static void rolled_back(void **state)
{
    (void)state;
    CHECK("posts", "", 3, 1);
    assert_non_null(db_run(site.a, site.db, fail_at_end, "DELETE FROM posts", NULL));
    CHECK("posts", "", 3, 0);
}

static void schemas(void **state)
{
    (void)state;
    CHECK("posts", "", 3, 1);
    site_exec("CREATE INDEX posts_score ON posts (score)");
    CHECK("posts", "", 3, 1);
    site_exec("CREATE TABLE kept AS SELECT * FROM posts");
    site_exec("DROP TABLE posts");
    site_exec("CREATE TABLE posts AS SELECT * FROM kept LIMIT 2");
    CHECK("posts", "", 2, 1);
}

/* A site whose database lies where the former's was, and has seen as many commits. */
static void another_database(void **state)
{
    CHECK("posts", "", 3, 1);
    site_exec("INSERT INTO pins VALUES ('pin', 'post00000000002')");
    site_teardown(state);
    site_setup(state);
    site_exec("DELETE FROM posts WHERE id = 'post00000000001'");
    CHECK("posts", "", 2, 1);
}

/* --- not remembered --------------------------------------------------------------------------- */

static void clocks(void **state)
{
    (void)state;
    CHECK("posts", "created < @now", 3, 1);
    site.actor.scope.now_ms += 1000;
    CHECK("posts", "created < @now", 3, 1);
    CHECK("posts", "strftime('%Y', created) = ''", 3, 1);
    CHECK("posts", "strftime('%Y', created) = ''", 3, 1);
}

static void long_ones(void **state)
{
    AUTO_BUF struct buf rule;

    (void)state;
    buf_init(&rule, 64 * KIB);
    BUF_ADD(&rule, "title != '");
    for (size_t i = 0; i < LIMIT_MEMO_KEY_BYTES; i++)
        buf_add_byte(&rule, 'x');
    BUF_ADD(&rule, "'");
    site_rule("posts", "listRule", rule.p);
    CHECK("posts", "", 3, 1);
    CHECK("posts", "", 3, 1);
}

/* However many are asked for: the last ones are there, and no more than there is room for. */
static void room(void **state)
{
    const uint64_t before = memory_used();
    char filter[3200];

    (void)state;
    CHECK("tags", "", 2, 1);
    for (int i = 0; i < 3 * LIMIT_MEMOS; i++) {
        (void)snprintf(filter, sizeof(filter), "title != '%d%03000d'", i, 0);
        CHECK("posts", filter, 3, 1);
    }
    CHECK("posts", filter, 3, 0);
    CHECK("tags", "", 2, 1);
    arena_free(TAKE(site.a));
    site.a = arena_new();
    assert_true(memory_used() < before + LIMIT_MEMOS * LIMIT_MEMO_KEY_BYTES + (1 * MIB));
}

/* --- many at once ----------------------------------------------------------------------------- */

/* The list in a snapshot that has begun. */
static int64_t total_in(struct arena *a, struct db_conn *conn, const char *filter)
{
    const struct rec_list_params params = second_page(filter);
    AUTO_BUF struct buf out;

    buf_init(&out, 1 * MIB);
    site_ok(rec_list(a, conn, &site.actor, site_col("posts"), &params, &out));
    return total_of(out.p);
}

static int64_t total_now(const char *filter)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct db_conn *conn;
    int64_t total;

    site_ok(db_reader(a, site.db, &conn));
    site_ok(db_read_begin(a, conn));
    total = total_in(a, conn, filter);
    db_read_end(conn);
    return total;
}

static void write_and_list(void *arg)
{
    int64_t *total = arg;

    site_exec("DELETE FROM posts WHERE id = 'post00000000001'");
    (void)total_now("");
    *total = total_now("");
    db_reader_close(site.db);
}

/* What another thread remembers after a commit is not of the state that an older snapshot sees. */
static void older_snapshot(void **state)
{
    struct db_conn *conn;
    pthread_t other;
    int64_t total = 0;

    (void)state;
    CHECK("tags", "", 2, 1);
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    assert_true(thread_start("other", write_and_list, &total, &other));
    thread_join(other);
    assert_int_equal(total, 2);
    assert_int_equal(total_in(site.a, conn, ""), 3);
    db_read_end(conn);
    CHECK("posts", "", 2, 0); /* and does not replace it */
}

#define READERS 2
#define WRITERS 2
#define WRITES 2000 /* of each writer */
#define READS 3000  /* of each reader */

struct worker {
    pthread_t thread;
    unsigned id;
    uint64_t seed;
};

static unsigned draw(struct worker *w, unsigned below)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(w->seed >> 33) % below;
}

static struct err *run_sql(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

/* One commit, or none, and how many rows of the writer's own are there afterwards. */
static int64_t write_one(struct worker *w, struct arena *a, unsigned i, int64_t n_own)
{
    const struct db_lease lease = {0};
    const bool fails = draw(w, 4) == 0, adds = n_own == 0 || (n_own < 20 && draw(w, 2));
    db_unit_fn *unit = fails ? fail_at_end : run_sql;
    const char *sql;
    struct err *err;

    if (draw(w, 8) == 0) {
        sql = arena_printf(a, "UPDATE authors SET name = 'name%u' WHERE id = 'author000000bob'",
                           draw(w, 3))
                  .p;
        err = db_run(a, site.db, unit, sql, NULL);
        assert_int_equal(err != NULL, fails);
        return n_own;
    }
    if (adds)
        sql = arena_printf(a,
                           "INSERT INTO posts (id, title, score, author) VALUES ('w%ui%u', 'w%u', "
                           "%u, 'author000000%s')",
                           w->id, i, w->id, draw(w, 10), draw(w, 2) ? "ada" : "bob")
                  .p;
    else
        sql = arena_printf(a,
                           "DELETE FROM posts WHERE id = (SELECT min(id) FROM posts WHERE title = "
                           "'w%u')",
                           w->id)
                  .p;
    err = draw(w, 3) ? db_run(a, site.db, unit, sql, NULL)
                     : db_run_leased(a, site.db, &lease, unit, sql, NULL);
    assert_int_equal(err != NULL, fails);
    return fails ? n_own : adds ? n_own + 1 : n_own - 1;
}

static void writer(void *arg)
{
    struct worker *w = arg;
    int64_t n_own = 0;
    char filter[32];

    (void)snprintf(filter, sizeof(filter), "title = 'w%u'", w->id);
    for (unsigned i = 0; i < WRITES; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        n_own = write_one(w, a, i, n_own);
        assert_int_equal(total_now(filter), n_own);
    }
    db_reader_close(site.db);
}

static void reader(void *arg)
{
    static const struct {
        const char *filter, *sql;
    } cases[] = {
        {"", "SELECT count(*) FROM posts"},
        {"score > 4", "SELECT count(*) FROM posts WHERE score > 4"},
        {"title = 'w1'", "SELECT count(*) FROM posts WHERE title = 'w1'"},
        {"author.name = 'name1'", "SELECT count(*) FROM posts JOIN authors ON authors.id = author "
                                  "WHERE name = 'name1'"},
        {"tags.name ?= 'c'", "SELECT count(*) FROM posts WHERE tags LIKE '%tag00000000000c%'"},
    };
    struct worker *w = arg;

    for (unsigned i = 0; i < READS; i++) {
        const unsigned at = draw(w, COUNT_OF(cases));
        AUTO(arena_free) struct arena *a = arena_new();
        struct db_conn *conn;
        struct db_row *row;
        int64_t total;

        site_ok(db_reader(a, site.db, &conn));
        site_ok(db_read_begin(a, conn));
        total = total_in(a, conn, cases[at].filter);
        site_ok(db_query_row(a, conn, str_of(cases[at].sql), NULL, 0, &row));
        assert_int_equal(total, row->cells[0].i);
        db_read_end(conn);
    }
    db_reader_close(site.db);
}

static void as_if_counted(void **state)
{
    struct worker workers[WRITERS + READERS];

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(workers); i++) {
        workers[i] = (struct worker){.id = i, .seed = 71 + i};
        assert_true(
            thread_start("worker", i < WRITERS ? writer : reader, &workers[i], &workers[i].thread));
    }
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        thread_join(workers[i].thread);
}

/* --- one count for many ----------------------------------------------------------------------- */

/* A thread that lists a page, or several of them that begin at once. */
struct asker {
    const char *collection, *filter;
    struct db_limits limits;
    pthread_barrier_t *start; /* NULL: at once */
    pthread_t thread;
    atomic_bool gone;
    unsigned n_counts;
    int64_t total; /* -1: an error */
    enum err_kind kind;
    bool timed_out;
};

static void run_asker(void *arg)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct asker *asker = arg;
    const struct rec_list_params params = second_page(asker->filter);
    const struct db_trace trace = {on_traced, &asker->n_counts};
    struct db_conn *conn;
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, 1 * MIB);
    asker->n_counts = 0;
    asker->total = -1;
    site_ok(db_reader(a, site.db, &conn));
    db_trace(conn, &trace);
    site_ok(db_read_begin(a, conn));
    db_set_limits(conn, &asker->limits); /* who leaves before this still begins */
    if (asker->start)
        (void)pthread_barrier_wait(asker->start);
    err = rec_list(a, conn, &site.actor, site_col(asker->collection), &params, &out);
    db_read_end(conn);
    db_set_limits(conn, NULL);
    db_trace(conn, NULL);
    if (err) {
        asker->kind = err->kind;
        asker->timed_out = err->timed_out;
    } else {
        asker->total = total_of(out.p);
    }
}

static void run_asking_thread(void *arg)
{
    run_asker(arg);
    db_reader_close(site.db);
}

static void start_asker(struct asker *asker)
{
    asker->limits.gone = &asker->gone;
    assert_true(thread_start("asker", run_asking_thread, asker, &asker->thread));
}

static void leave(struct asker *asker)
{
    atomic_store(&asker->gone, true);
    thread_join(asker->thread);
    assert_int_equal(asker->total, -1);
    assert_int_equal(asker->kind, E_GONE);
}

static void fill_posts(void)
{
    site_exec("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 50000) "
              "INSERT INTO posts (id, title, score) SELECT printf('p%014d', i), "
              "printf('title %050d', i), i % 10 FROM r");
}

#define ASKERS 4

static void one_counts(void **state)
{
    struct asker askers[ASKERS];
    pthread_barrier_t start;
    unsigned n_counts = 0;

    (void)state;
    fill_posts();
    assert_int_equal(pthread_barrier_init(&start, NULL, ASKERS), 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] =
            (struct asker){.collection = "posts", .filter = "title ~ 'title%7'", .start = &start};
        start_asker(&askers[i]);
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        thread_join(askers[i].thread);
        assert_int_equal(askers[i].total, 5000);
        n_counts += askers[i].n_counts;
    }
    assert_int_equal(n_counts, 1);
    (void)pthread_barrier_destroy(&start);
}

/* Its first rows are soon found, its total is never. */
static void add_endless(void)
{
    site_exec("CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
              "r) SELECT 'row' || (n % 100) AS id FROM r");
    site_exec("INSERT INTO _collections (id, system, type, name, fields, indexes, listRule, "
              "viewRule, options) VALUES ('c_endless', 0, 'view', 'endless', '[{\"id\":\"v1\","
              "\"name\":\"id\",\"type\":\"text\",\"primaryKey\":true,\"required\":true,"
              "\"system\":true}]', '[]', '', '', '{\"viewQuery\":\"SELECT 1 AS id\"}')");
    site_reload();
}

static struct asker of_endless(struct db_limits limits)
{
    return (struct asker){.collection = "endless", .filter = "", .limits = limits};
}

/* As on a loop: what another counts is not begun. */
static bool is_being_counted(void)
{
    struct asker loop = of_endless((struct db_limits){.cpu_us = LIMIT_INLINE_CPU_US});

    run_asker(&loop);
    assert_int_equal(loop.total, -1);
    assert_int_equal(loop.kind, E_OVER_BUDGET);
    return loop.n_counts == 0;
}

static void wait_for_count(void)
{
    while (!is_being_counted())
        (void)usleep(1000);
}

static void limits_of_who_waits(void **state)
{
    struct asker counter = of_endless((struct db_limits){0});
    struct asker late = of_endless((struct db_limits){.timeout_ms = 120});
    struct asker bounded = of_endless((struct db_limits){.cpu_us = LIMIT_WORK_CPU_US});
    struct asker gone = of_endless((struct db_limits){0});

    (void)state;
    add_endless();
    assert_false(is_being_counted());
    start_asker(&counter);
    wait_for_count();
    start_asker(&late);
    start_asker(&bounded);
    start_asker(&gone);
    thread_join(late.thread);
    assert_int_equal(late.total, -1);
    assert_int_equal(late.kind, E_UNAVAILABLE);
    assert_true(late.timed_out);
    thread_join(bounded.thread);
    assert_int_equal(bounded.total, -1);
    assert_int_equal(bounded.kind, E_OVER_BUDGET);
    leave(&gone);
    assert_int_equal(late.n_counts + bounded.n_counts + gone.n_counts, 0);
    leave(&counter);
    assert_int_equal(counter.n_counts, 1);
    assert_false(is_being_counted());
}

/* The next one counts, until it is left, too. */
static void counter_left(void **state)
{
    struct asker askers[ASKERS];
    unsigned n_counts = 0;

    (void)state;
    add_endless();
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = of_endless((struct db_limits){0});
        start_asker(&askers[i]);
        wait_for_count();
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        wait_for_count();
        leave(&askers[i]);
        n_counts += askers[i].n_counts;
    }
    assert_true(n_counts >= 1 && askers[0].n_counts == 1 && askers[ASKERS - 1].n_counts == 1);
    assert_false(is_being_counted());
}

/* Nobody waits for what would be another's total. */
static void counted_from_another_state(void **state)
{
    struct asker older = of_endless((struct db_limits){0});
    struct asker newer = of_endless((struct db_limits){0});

    (void)state;
    add_endless();
    start_asker(&older);
    wait_for_count();
    site_exec("CREATE TABLE other (i)");
    assert_false(is_being_counted());
    start_asker(&newer);
    wait_for_count();
    leave(&older);
    assert_true(is_being_counted());
    leave(&newer);
    assert_int_equal(older.n_counts, 1);
    assert_int_equal(newer.n_counts, 1);
}

static void of_no_use_to_others(void **state)
{
    struct asker askers[ASKERS];
    pthread_barrier_t start;

    (void)state;
    fill_posts();
    assert_int_equal(pthread_barrier_init(&start, NULL, ASKERS), 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){
            .collection = "posts", .filter = "strftime('%Y', created) = ''", .start = &start};
        start_asker(&askers[i]);
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        thread_join(askers[i].thread);
        assert_int_equal(askers[i].total, 50003);
        assert_int_equal(askers[i].n_counts, 1);
    }
    (void)pthread_barrier_destroy(&start);
}

/* --- pages by number -------------------------------------------------------------------------- */

static void on_walked(void *user, const struct db_traced *traced)
{
    unsigned *n_walks = user;

    *n_walks += str_starts(traced->sql, STR("SELECT")) && str_has(traced->sql, STR(" OFFSET "));
}

/* In how many statements rows were passed over for the page. */
static unsigned walks_of(const char *page, const char *sort, const char *filter)
{
    const struct rec_list_params params = {.page = str_of(page),
                                           .per_page = STR("30"),
                                           .sort = str_of(sort),
                                           .filter = str_of(filter),
                                           .skip_total = STR("1")};
    unsigned n_walks = 0;
    const struct db_trace trace = {on_walked, &n_walks};
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    db_trace(conn, &trace);
    (void)site_list_page("posts", &params);
    db_trace(conn, NULL);
    return n_walks;
}

static void pages_are_walked_to_once(void **state)
{
    static const struct {
        const char *sort, *filter;
        unsigned n_again;
    } cases[] = {
        {"", "", 0},
        {"id", "", 0},
        {"-@rowid", "", 0},
        {"-id,title", "", 0},
        /* by the ids of its rows (records/found.c) */
        {"title", "", 0},
        {"title,id", "", 0},
        {"", "score > 2", 0},
        {"id", "score > 2", 0},
        {"@random", "", 1},
    };

    (void)state;
    fill_posts();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(walks_of("700", cases[i].sort, cases[i].filter), 1);
        assert_int_equal(walks_of("700", cases[i].sort, cases[i].filter), cases[i].n_again);
    }
    assert_int_equal(walks_of("701", "id", ""), 1); /* from the last one */
    assert_int_equal(walks_of("701", "id", ""), 0);
    site_exec("INSERT INTO pins VALUES ('pin', 'post00000000002')");
    assert_int_equal(walks_of("701", "id", ""), 0);
    site_exec("UPDATE posts SET score = 3 WHERE id = 'post00000000002'");
    assert_int_equal(walks_of("701", "id", ""), 1);
    assert_int_equal(walks_of("1", "id", ""), 0); /* it begins where the list does */
    assert_int_equal(walks_of("2", "id", ""), 1);
    assert_int_equal(walks_of("2", "id", ""), 1); /* and this soon after */
    assert_int_equal(walks_of("99999999", "id", ""), 1);
    site_rule("posts", "listRule", "score < 8");
    assert_int_equal(walks_of("700", "id", ""), 1);
    assert_int_equal(walks_of("700", "id", ""), 0);
}

/* More lists and places than are remembered. */
static void room_for_places(void **state)
{
    char page[24], sort[64];
    uint64_t before;

    (void)state;
    fill_posts();
    before = memory_used();
    for (unsigned i = 0; i < 2 * LIMIT_PAGED_LISTS; i++) {
        (void)snprintf(sort, sizeof(sort), "id%s%s%s%s%s%s", i & 1 ? ",title" : "",
                       i & 2 ? ",score" : "", i & 4 ? ",author" : "", i & 8 ? ",created" : "",
                       i & 16 ? ",updated" : "", i & 32 ? ",note" : "");
        for (unsigned at = 0; at < 2 * LIMIT_PAGE_PLACES; at++) {
            (void)snprintf(page, sizeof(page), "%u", 10 + at);
            (void)walks_of(page, sort, "");
        }
    }
    arena_free(TAKE(site.a));
    site.a = arena_new();
    assert_true(memory_used() < before +
                                    LIMIT_PAGED_LISTS * LIMIT_PAGE_PLACES * LIMIT_PAGE_PLACE_BYTES +
                                    (1 * MIB));
}

static void pager(void *arg)
{
    static const struct {
        const char *sort, *order;
    } cases[] = {
        {"", "rowid"},
        {"id", "id"},
        {"-id", "id DESC"},
        {"-@rowid", "rowid DESC"},
    };
    struct worker *w = arg;

    for (unsigned i = 0; i < READS; i++) {
        const unsigned at = draw(w, COUNT_OF(cases)), page = 201 + draw(w, 220);
        AUTO(arena_free) struct arena *a = arena_new();
        const struct rec_list_params params = {.page = arena_printf(a, "%u", page),
                                               .per_page = STR("1"),
                                               .sort = str_of(cases[at].sort)};
        AUTO_BUF struct buf out;
        struct db_conn *conn;
        struct db_row *row;

        buf_init(&out, 1 * MIB);
        site_ok(db_reader(a, site.db, &conn));
        site_ok(db_read_begin(a, conn));
        site_ok(rec_list(a, conn, &site.actor, site_col("posts"), &params, &out));
        site_ok(db_query_row(a, conn,
                             arena_printf(a, "SELECT id FROM posts ORDER BY %s LIMIT 1 OFFSET %u",
                                          cases[at].order, page - 1),
                             NULL, 0, &row));
        db_read_end(conn);
        if (row)
            site_has(out.p, arena_printf(a, "\"id\":\"%.*s\"", STR_ARG(row->cells[0].s)).p);
        else
            site_has(out.p, "\"items\":[]");
    }
    db_reader_close(site.db);
}

static void pages_as_if_walked(void **state)
{
    struct worker workers[WRITERS + READERS];

    (void)state;
    site_exec("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 400) "
              "INSERT INTO posts (id, title) SELECT printf('p%014d', i), 'title' FROM r");
    for (unsigned i = 0; i < COUNT_OF(workers); i++) {
        workers[i] = (struct worker){.id = i, .seed = 31 + i};
        assert_true(
            thread_start("worker", i < WRITERS ? writer : pager, &workers[i], &workers[i].thread));
    }
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        thread_join(workers[i].thread);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counted_once),
        TEST(parameters_tell_apart),
        TEST(rules_and_who_asks),
        TEST(groups),
        TEST(writes),
        TEST(rolled_back),
        TEST(schemas),
        TEST(another_database),
        TEST(clocks),
        TEST(long_ones),
        TEST(room),
        TEST(older_snapshot),
        TEST(as_if_counted),
        TEST(one_counts),
        TEST(limits_of_who_waits),
        TEST(counter_left),
        TEST(counted_from_another_state),
        TEST(of_no_use_to_others),
        TEST(pages_are_walked_to_once),
        TEST(room_for_places),
        TEST(pages_as_if_walked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
