/*
 * Which index a list could be served by: what is advised is what the engine then uses, and is not
 * advised again.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "records/advice.h"

#include <string.h>

/* Titles differ, scores are of 50, authors of 20, notes are all the same. */
static int setup(void **state)
{
    if (site_setup(state))
        return -1;
    site_exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
              "INSERT INTO posts (id, title, score, note, author, created) "
              "SELECT printf('many%011d', i), 'title' || i, i % 50, 'same', "
              "printf('author%09d', i % 20), printf('2026-01-01 00:00:%02d.000Z', i % 60) FROM n");
    site_exec("INSERT INTO pins (id, post) SELECT replace(id, 'many', 'pins'), id FROM posts "
              "WHERE id LIKE 'many%'");
    site_act("super");
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Parameters of the last one: for its plan any values do. */
static const struct db_value nulls[10];
static unsigned n_nulls;

static void keep_first(void *user, const struct db_traced *traced)
{
    struct str *sql = user;

    if (sql->p)
        return;
    *sql = arena_dup(site.a, traced->sql);
    n_nulls = traced->n_values;
    assert_true(n_nulls <= COUNT_OF(nulls));
}

/* The first statement that the list runs. */
static struct str statement_of(const char *collection, const struct rec_list_params *params)
{
    struct str sql = STR_NONE;
    const struct db_trace trace = {keep_first, &sql};
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    db_trace(conn, &trace);
    site_has(site_list_page(collection, params), "\"items\":");
    db_trace(conn, NULL);
    return sql;
}

static struct rec_advice advice_of(const struct schema_col *col,
                                   const struct rec_list_params *params, struct str sql)
{
    struct rec_wants wants;
    struct rec_advice advice;
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    assert_ptr_equal(rec_statement_col(site.a, conn, site.schema, sql), col);
    rec_wants_find(site.a, conn, &site.actor, col, params, sql, &wants);
    wants = rec_wants_copy(site.a, &wants);
    site_ok(rec_advise(site.a, conn, site.schema, col, &wants, &advice));
    db_read_end(conn);
    return advice;
}

static bool plan_has(struct str sql, const char *name)
{
    struct db_conn *conn;
    struct db_plan plan;
    bool found = false;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    site_ok(db_explain(site.a, conn, sql, nulls, n_nulls, &plan));
    for (size_t i = 0; i < plan.n; i++)
        found |= str_has(plan.items[i].text, str_of(name));
    db_read_end(conn);
    return found;
}

static void store_indexes(const char *collection, const char *json)
{
    site_exec(arena_printf(site.a, "UPDATE _collections SET indexes = '%s' WHERE name = '%s'", json,
                           collection)
                  .p);
    site_reload();
    site_act("super");
}

/* --- what is advised -------------------------------------------------------------------------- */

struct advice_case {
    const char *collection, *filter, *sort;
    const char *columns; /* of the index, as its name has them */
    const char *reason;
};

static const struct advice_case served[] = {
    {"posts", "score = 7", "", "posts (score)", "about 40 of 2000 rows would be read"},
    {"posts", "7 = score", "", "posts (score)", "about 40 of 2000 rows would be read"},
    {"posts", "author = 'author000000007'", "", "posts (author)",
     "about 100 of 2000 rows would be read"},
    {"posts", "title = 'title7'", "", "posts (title)", "about 1 of 2000 rows would be read"},
    {"posts", "author = 'author000000007' && score = 7", "", "posts (author, score)",
     "about 20 of 2000 rows would be read"},
    {"posts", "author = 'author000000007'", "-created", "posts (author, created)",
     "about 100 of 2000 rows would be read"},
    {"posts", "author = 'author000000007'", "-created,title", "posts (author, created DESC, title)",
     "about 100 of 2000 rows would be read"},
    {"posts", "note = 'same'", "created", "posts (note, created)",
     "about 2000 of 2000 rows would be read"},
    {"posts", "score = 7 && title > 'title3'", "", "posts (score, title)",
     "about 40 of 2000 rows would be read"},
    {"posts", "created > '2026'", "-created", "posts (created)",
     "the rows of a page would be read, and not 2000 to be sorted"},
    {"posts", "score = 7 && title > 'title3' && title < 'title4'", "created",
     "posts (score, title)", "about 40 of 2000 rows would be read"},
    {"posts", "score > 48", "", "posts (score)",
     "it helps where few of 2000 rows are in the range"},
    {"posts", "", "-created", "posts (created)",
     "the rows of a page would be read, and not 2000 to be sorted"},
    {"posts", "", "author,-title", "posts (author, title DESC)",
     "the rows of a page would be read, and not 2000 to be sorted"},
    {"posts", "(score = 7 && title ~ 'x') && note != 'y'", "", "posts (score)",
     "about 40 of 2000 rows would be read"},
    {"posts", "pins_via_post.id != ''", "", "pins (post)", "about 1 of 2000 rows would be read"},
};

/* "idx_posts_author_created" of "posts (author, created DESC)"; and the statement. */
static struct str index_of(const char *columns, struct str *ret_name)
{
    struct str list = str_of(columns), table = str_split(&list, '(');
    const bool one = str_find_byte(list, ',') == list.n;
    struct str name, texts = STR_NONE;

    table = str_trim_space(table);
    name = arena_concat(site.a, STR("idx_"), table, STR_NONE);
    list.n--;
    while (list.p) {
        struct str direction = str_trim_space(str_split(&list, ','));
        const struct str column = str_split(&direction, ' ');

        name = arena_concat(site.a, name, STR("_"), column);
        texts = arena_printf(site.a, "%.*s%s`%.*s`%s%.*s", STR_ARG(texts), texts.n ? ",\n  " : "",
                             STR_ARG(column), direction.n ? " " : "", STR_ARG(direction));
    }
    *ret_name = name;
    return arena_printf(site.a,
                        one ? "CREATE INDEX `%.*s` ON `%.*s` (%.*s)"
                            : "CREATE INDEX `%.*s` ON `%.*s` (\n  %.*s\n)",
                        STR_ARG(name), STR_ARG(table), STR_ARG(texts));
}

static void check_text(struct str got, struct str want, const struct advice_case *it)
{
    if (!str_eq(got, want))
        fail_msg("%s, %s: %.*s, not %.*s", it->filter, it->sort, STR_ARG(got), STR_ARG(want));
}

/* The index is made, used by the statement, and not advised again. */
static void check_served(const struct advice_case *it)
{
    const struct rec_list_params params = {
        .filter = str_of(it->filter), .sort = str_of(it->sort), .skip_total = STR("1")};
    const struct str sql = statement_of(it->collection, &params);
    struct rec_advice advice = advice_of(site_col(it->collection), &params, sql);
    struct str name, index = index_of(it->columns, &name);
    struct str list = str_of(it->columns);
    const char *table = arena_cstr(site.a, str_split(&list, ' '));
    AUTO_BUF struct buf json;

    buf_init(&json, 10000);
    check_text(advice.index, index, it);
    check_text(advice.reason, str_of(it->reason), it);
    site_exec(arena_cstr(site.a, index));
    BUF_ADD(&json, "[");
    json_write_text(&json, index);
    BUF_ADD(&json, "]");
    store_indexes(table, arena_cstr(site.a, buf_str(&json)));
    if (!plan_has(sql, arena_cstr(site.a, name)))
        fail_msg("%s, %s: %.*s is not used", it->filter, it->sort, STR_ARG(name));
    advice = advice_of(site_col(it->collection), &params, sql);
    if (advice.index.p)
        fail_msg("%s, %s: advised again", it->filter, it->sort);
    check_text(advice.reason, arena_printf(site.a, "`%.*s` serves it", STR_ARG(name)), it);
    site_exec(arena_printf(site.a, "DROP INDEX `%.*s`", STR_ARG(name)).p);
    store_indexes(table, "[]");
}

static void advised_is_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(served); i++)
        check_served(&served[i]);
}

/* --- what is not ------------------------------------------------------------------------------ */

static const struct advice_case not_served[] = {
    {"posts", "title ~ 'x'", "", NULL, "no index would serve it"},
    {"posts", "title != 'x'", "", NULL, "no index would serve it"},
    {"posts", "title = ''", "", NULL, "no index would serve it"},
    {"posts", "title = note", "", NULL, "no index would serve it"},
    {"posts", "title:lower = 'x'", "", NULL, "no index would serve it"},
    {"posts", "score = 1 || title = 'x'", "", NULL, "no index would serve it"},
    {"posts", "meta.k = 1", "", NULL, "no index would serve it"},
    {"posts", "tags = 'x'", "", NULL, "no index would serve it"},
    {"posts", "", "", NULL, "no index would serve it"},
    {"posts", "", "@random", NULL, "no index would serve it"},
    {"posts", "", "-@rowid", NULL, "no index would serve it"},
    {"posts", "", "author.name,title", NULL, "no index would serve it"},
    {"posts", "note = 'same'", "", NULL,
     "too many rows are alike: about 2000 of 2000 would be read"},
    {"posts", "id = 'x' && score = 1", "", NULL, "`id` serves it"},
    {"posts", "", "-id", NULL, "`id` serves it"},
    {"tags", "name = 'x'", "", NULL, "`idx_tags` serves it"},
    {"authors", "name = 'Ada'", "", NULL, "there are only 3 rows"},
};

static void check_not_served(const struct advice_case *it)
{
    const struct rec_list_params params = {
        .filter = str_of(it->filter), .sort = str_of(it->sort), .skip_total = STR("1")};
    const struct str sql = statement_of(it->collection, &params);
    const struct rec_advice advice = advice_of(site_col(it->collection), &params, sql);

    check_text(advice.index, STR_NONE, it);
    check_text(advice.reason, str_of(it->reason), it);
}

static void not_advised(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_served); i++)
        check_not_served(&not_served[i]);
}

/* Indexes that begin alike serve or not. */
static void indexes_that_are_there(void **state)
{
    static const struct {
        const char *json, *filter, *sort, *serves; /* NULL: none */
    } cases[] = {
        {"[\"CREATE INDEX x ON posts (score, author, title)\"]", "author = 'a' && score = 1", "",
         "`x` serves it"},
        {"[\"CREATE INDEX x ON posts (author, created DESC)\"]", "author = 'a'", "created",
         "`x` serves it"},
        {"[\"CREATE UNIQUE INDEX x ON posts (title)\"]", "title = 'a'", "created", "`x` serves it"},
        {"[\"CREATE INDEX x ON posts (author, created DESC, title)\"]", "", "author,-created",
         "`x` serves it"},
        {"[\"CREATE INDEX x ON posts (author, created)\"]", "", "author,-created", NULL},
        {"[\"CREATE INDEX x ON posts (author)\"]", "author = 'a'", "created", NULL},
        {"[\"CREATE INDEX x ON posts (title, score)\"]", "score = 1", "", NULL},
        {"[\"CREATE INDEX x ON posts (score) WHERE title > \\\"a\\\"\"]", "score = 1", "", NULL},
        {"[\"CREATE INDEX x ON posts (title COLLATE NOCASE)\"]", "title = 'a'", "", NULL},
        {"[\"CREATE INDEX x ON posts (lower(title))\"]", "title = 'a'", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct advice_case it = {"posts", cases[i].filter, cases[i].sort, NULL, NULL};
        const struct rec_list_params params = {
            .per_page = arena_printf(site.a, "%zu", i + 1), /* nobody has asked for it */
            .filter = str_of(it.filter),
            .sort = str_of(it.sort),
            .skip_total = STR("1")};
        const struct str sql = statement_of("posts", &params);
        struct rec_advice advice;

        store_indexes("posts", cases[i].json);
        advice = advice_of(site_col("posts"), &params, sql);
        if (cases[i].serves)
            check_text(advice.reason, str_of(cases[i].serves), &it);
        else if (!advice.index.p)
            fail_msg("%s: %.*s", cases[i].json, STR_ARG(advice.reason));
    }
}

/* A name that is taken gets a number. */
static void names(void **state)
{
    const struct rec_list_params params = {.filter = STR("score = 7")};
    const struct str sql = statement_of("posts", &params);

    (void)state;
    store_indexes("pins", "[\"CREATE INDEX idx_posts_score ON pins (post)\","
                          "\"CREATE INDEX IDX_POSTS_SCORE_2 ON pins (id)\"]");
    assert_true(str_eq(advice_of(site_col("posts"), &params, sql).index,
                       STR("CREATE INDEX `idx_posts_score_3` ON `posts` (`score`)")));
}

/* The rule counts as the filter does, and a count wants no order. */
static void rules_and_counts(void **state)
{
    const struct rec_list_params params = {.sort = STR("-created")};

    (void)state;
    site_rule("posts", "listRule", "author = @request.auth.id && score >= 0");
    site_act("user0000000000a");
    assert_true(str_has(advice_of(site_col("posts"), &params, statement_of("posts", &params)).index,
                        STR("`idx_posts_author_score`")));
    site_act("super");
    assert_false(
        advice_of(site_col("posts"), &params, STR("SELECT COUNT(*) FROM `posts` t0")).index.p);
}

/* What an expand asks of those that point back. */
static void back_relation(void **state)
{
    const struct rec_list_params params = {.filter = STR("score = 7")};
    const struct str sql =
        STR("SELECT `back`.`post`, `back`.`id` FROM `pins` `back` WHERE `back`.`post` = ?1");
    struct rec_wants wants;
    struct db_conn *conn;

    (void)state;
    site_ok(db_reader(site.a, site.db, &conn));
    rec_wants_find(site.a, conn, &site.actor, site_col("posts"), &params, sql, &wants);
    assert_int_equal(wants.n, 1);
    assert_true(str_eq(wants.items[0].col, STR("c_pins")));
    assert_true(str_eq(wants.items[0].columns[0].name, STR("post")));
    assert_null(rec_statement_col(site.a, conn, site.schema, STR("SELECT 1 FROM `pins`")));
}

/* --- estimates -------------------------------------------------------------------------------- */

static struct db_estimate estimate(const char *table, const char *column)
{
    const struct str name = str_of(column);
    struct db_estimate found;
    struct db_conn *conn;

    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_estimate(site.a, conn, str_of(table), &name, 1, &found));
    return found;
}

static void estimates(void **state)
{
    struct db_estimate found;

    (void)state;
    site_exec("CREATE TABLE empty (x)");
    found = estimate("empty", "x");
    assert_int_equal(found.rows, 0);
    assert_int_equal(found.same, 0);
    site_exec("CREATE TABLE holes (x)");
    site_exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
              "INSERT INTO holes (rowid, x) SELECT -7 + i * 3, i % 500 FROM n");
    found = estimate("holes", "x");
    assert_in_range(found.rows, 95000, 105000);
    assert_in_range(found.same, 150, 250);
    site_exec("CREATE TABLE ends (x)");
    site_exec("INSERT INTO ends (rowid, x) VALUES (-9223372036854775807, 1), "
              "(9223372036854775807, 1)");
    found = estimate("ends", "x");
    assert_int_equal(found.rows, 2);
    assert_int_equal(found.same, 2);
    site_exec("INSERT INTO ends (rowid, x) SELECT rowid, x FROM holes"); /* nothing overflows */
    assert_true(estimate("ends", "x").rows > 10000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, site_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(advised_is_used), TEST(not_advised),      TEST(indexes_that_are_there),
        TEST(names),           TEST(rules_and_counts), TEST(back_relation),
        TEST(estimates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
