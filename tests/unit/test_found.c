/*
 * Pages whose rows took long to be found: their ids are remembered while nothing has changed of
 * what they were found by, and the answer is the same as if they had been looked for.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "support/much.h"

#include <stdio.h>
#include <string.h>

#define POSTS 4000 /* enough that a look at all of them is slow */

static int setup(void **state)
{
    site_setup(state);
    site_exec("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 4000) "
              "INSERT INTO posts (id, title, score, author) SELECT printf('p%014d', i), "
              "printf('title%04d', i % 977), i % 1000, iif(i % 2, 'author000000ada', "
              "'author000000bob') FROM r");
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* How the rows were come by. */
struct asked {
    const char *answer;
    unsigned n_searches, n_by_id;
};

static void on_traced(void *user, const struct db_traced *traced)
{
    struct asked *asked = user;

    asked->n_searches += str_has(traced->sql, STR(" LIMIT "));
    asked->n_by_id += str_has(traced->sql, STR("FROM `posts` WHERE `id` = ?"));
}

static struct asked ask(const char *collection, const char *filter, const char *sort,
                        const char *expand)
{
    const struct rec_list_params params = {.per_page = STR("5"),
                                           .filter = str_of(filter),
                                           .sort = str_of(sort),
                                           .expand = str_of(expand),
                                           .skip_total = STR("1")};
    struct asked asked = {0};
    const struct db_trace trace = {on_traced, &asked};
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    db_trace(conn, &trace);
    asked.answer = site_list_page(collection, &params);
    db_trace(conn, NULL);
    return asked;
}

/* Twice: the second answer is the first, and was looked for or not. */
#define CHECK(filter, sort, expand, remembered) \
    check((filter), (sort), (expand), (remembered), __LINE__)
static const char *check(const char *filter, const char *sort, const char *expand, bool remembered,
                         int line)
{
    const struct asked first = ask("posts", filter, sort, expand);
    const struct asked again = ask("posts", filter, sort, expand);

    if (first.n_searches == 0)
        fail_msg("line %d: the rows were known before", line);
    if ((again.n_searches == 0) != remembered ||
        (again.n_by_id > 0) != (remembered && !strstr(again.answer, "\"items\":[]")))
        fail_msg("line %d: %u searches, %u rows by their ids", line, again.n_searches,
                 again.n_by_id);
    assert_string_equal(first.answer, again.answer);
    return again.answer;
}

static void is_known(const char *filter)
{
    assert_int_equal(ask("posts", filter, "", "").n_searches, 0);
}

/* --- which ------------------------------------------------------------------------------------ */

static void slow_ones(void **state)
{
    (void)state;
    site_has(CHECK("score = 77", "", "", true), "p00000000000077");
    site_has(CHECK("score = 77", "-title", "", true), "title0");
    site_has(CHECK("", "-title", "", true), "title0976");
    site_has(CHECK("author.name = 'Bob' && score = 76", "", "author", true), "\"expand\"");
    site_has(CHECK("title = 'none of them'", "", "", true), "\"items\":[]");
    site_rule("posts", "listRule", "author.name = @request.auth.name && score = 11");
    site_has(CHECK("", "", "", true), "\"items\":[]");
    site_act("super");
    (void)CHECK("score = 78", "", "", true);
}

static void others(void **state)
{
    (void)state;
    (void)CHECK("", "", "", false);
    (void)CHECK("score < 900", "", "", false); /* soon found */
    (void)CHECK("score = 77 && strftime('%Y', created) = ''", "", "", false);
    site_exec("INSERT INTO posts (id, title, score) VALUES (x'70', 'a blob', 1234)");
    (void)CHECK("score = 1234", "", "", false);
}

/* --- while nothing has changed ---------------------------------------------------------------- */

static void writes(void **state)
{
    (void)state;
    (void)CHECK("author.name = 'Bob' && score = 76", "", "", true);
    site_exec("INSERT INTO pins VALUES ('pin', 'p00000000000001')");
    is_known("author.name = 'Bob' && score = 76");
    site_exec("UPDATE posts SET title = 'changed' WHERE id = 'p00000000000076'");
    site_has(CHECK("author.name = 'Bob' && score = 76", "", "", true), "\"changed\"");
    site_exec("UPDATE authors SET name = 'Rob' WHERE id = 'author000000bob'");
    site_has(CHECK("author.name = 'Bob' && score = 76", "", "", true), "\"items\":[]");
    site_exec("UPDATE authors SET name = 'Bob' WHERE id = 'author000000bob'");
    site_exec("DELETE FROM posts WHERE id = 'p00000000000076'");
    site_lacks(CHECK("author.name = 'Bob' && score = 76", "", "", true), "p00000000000076");
}

static void pages(void **state)
{
    const struct rec_list_params first = {
        .page = STR("1"), .per_page = STR("3"), .filter = STR("score = 5")};
    const struct rec_list_params second = {
        .page = STR("2"), .per_page = STR("3"), .filter = STR("score = 5")};
    const char *answer;

    (void)state;
    for (int i = 0; i < 2; i++) {
        answer = site_list_page("posts", &first);
        site_has(answer, "p00000000000005");
        site_has(answer, "p00000000002005");
        site_lacks(answer, "p00000000003005");
        answer = site_list_page("posts", &second);
        site_has(answer, "p00000000003005");
        site_has(answer, "\"totalItems\":4");
    }
}

/* In the order of the page, and each as it is shown to who asks. */
static void who_asks(void **state)
{
    const char *answer;

    (void)state;
    site_exec("UPDATE posts SET note = 'between us'");
    answer = CHECK("score = 40", "-title", "", true);
    site_lacks(answer, "between us");
    site_act("super");
    answer = ask("posts", "score = 40", "-title", "").answer;
    site_has(answer, "between us");
}

static void room(void **state)
{
    const uint64_t before = memory_used();
    char filter[3200];

    (void)state;
    for (int i = 0; i < LIMIT_MEMOS + 200; i++) {
        (void)snprintf(filter, sizeof(filter), "score = 40 && title != '%d%03000d'", i, 0);
        (void)ask("posts", filter, "", "");
    }
    is_known(filter);
    arena_free(TAKE(site.a));
    site.a = arena_new();
    assert_true(memory_used() <
                before + LIMIT_MEMOS * (LIMIT_MEMO_KEY_BYTES + LIMIT_FOUND_BYTES) + (1 * MIB));
}

/* --- many at once ----------------------------------------------------------------------------- */

#define WRITES much(600, 200)
#define READS much(1500, 500)

static unsigned draw(uint64_t *seed, unsigned below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33) % below;
}

static struct err *run_sql(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)ret;
    return db_exec(a, tx, str_of(in), NULL, 0, NULL);
}

static void writer(void *arg)
{
    static const char *const statements[] = {
        "UPDATE posts SET score = abs(random() % 10) WHERE id = (SELECT id FROM posts ORDER BY "
        "random() LIMIT 1)",
        "UPDATE posts SET title = 'new' || abs(random() % 100) WHERE id = (SELECT id FROM posts "
        "WHERE score = 5 LIMIT 1)",
        "UPDATE authors SET name = iif(random() % 2, 'Ada', 'Eve') WHERE id = 'author000000ada'",
        "DELETE FROM posts WHERE id = (SELECT id FROM posts WHERE score < 9 LIMIT 1)",
    };
    uint64_t seed = *(const unsigned *)arg;

    for (unsigned i = 0; i < WRITES; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        site_ok(db_run(a, site.db, run_sql, statements[draw(&seed, COUNT_OF(statements))], NULL));
    }
    db_reader_close(site.db);
}

/* The ids of the page, as the answer has them. */
static struct str ids_of(struct arena *a, const char *answer)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * KIB);
    for (const char *at = answer; (at = strstr(at, "\"id\":\"")); at++)
        buf_add(&out, str_sub(str_of(at), strlen("\"id\":\""), 15));
    return arena_dup(a, buf_str(&out));
}

static void reader(void *arg)
{
    static const struct {
        const char *filter, *sort, *where, *order;
    } cases[] = {
        {"score = 4", "", "score = 4", "rowid"},
        {"author.name = 'Ada' && score = 5", "-title,id",
         "author = 'author000000ada' AND score = 5 AND (SELECT name FROM authors WHERE id = "
         "author) = 'Ada'",
         "title DESC, id"},
        {"", "-title,-id", "TRUE", "title DESC, id DESC"},
    };
    uint64_t seed = *(const unsigned *)arg;

    for (unsigned i = 0; i < READS; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf out;
        const unsigned at = draw(&seed, COUNT_OF(cases));
        const struct rec_list_params params = {.per_page = STR("7"),
                                               .filter = str_of(cases[at].filter),
                                               .sort = str_of(cases[at].sort),
                                               .skip_total = STR("1")};
        struct db_conn *conn;
        struct db_row *row;

        buf_init(&out, 1 * MIB);
        site_ok(db_reader(a, site.db, &conn));
        site_ok(db_read_begin(a, conn));
        site_ok(rec_list(a, conn, &site.actor, site_col("posts"), &params, &out));
        buf_add_byte(&out, '\0');
        site_ok(db_query_row(
            a, conn,
            arena_printf(a,
                         "SELECT coalesce(group_concat(id, ''), '') FROM (SELECT id FROM posts "
                         "WHERE %s ORDER BY %s LIMIT 7)",
                         cases[at].where, cases[at].order),
            NULL, 0, &row));
        assert_true(str_eq(ids_of(a, out.p), row->cells[0].s));
        db_read_end(conn);
    }
    db_reader_close(site.db);
}

static void as_if_found(void **state)
{
    unsigned seeds[4] = {11, 12, 13, 14};
    pthread_t threads[COUNT_OF(seeds)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(seeds); i++)
        assert_true(thread_start("worker", i % 2 ? writer : reader, &seeds[i], &threads[i]));
    for (size_t i = 0; i < COUNT_OF(seeds); i++)
        thread_join(threads[i]);
}

int main(void)
{
#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, setup, site_teardown)
    const struct CMUnitTest tests[] = {
        TEST_OF(slow_ones), TEST_OF(others), TEST_OF(writes),      TEST_OF(pages),
        TEST_OF(who_asks),  TEST_OF(room),   TEST_OF(as_if_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
