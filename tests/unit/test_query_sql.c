/*
 * What compiled filters find among real rows: NULL and empty values, all-match, JSON, rules on rows
 * that are not stored yet.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"

#include <string.h>

/* The last characters of the ids that a query gives: "1 3". */
static const char *ids_of(const struct query_spec *spec)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    AUTO_BUF struct buf out;
    struct db_conn *conn;
    struct query_sql sql;
    bool row = true;

    buf_init(&out, MIB);
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(query_compile(site.a, spec, &sql));
    site_ok(db_read_begin(site.a, conn));
    site_ok(db_prepare(site.a, conn, sql.text, &stmt));
    for (unsigned i = 0; i < sql.n; i++)
        db_bind(stmt, i + 1, sql.values[i]);
    for (;;) {
        struct str id;

        site_ok(db_step(site.a, stmt, &row));
        if (!row)
            break;
        id = db_column_text(stmt, 0);
        if (out.n > 0)
            BUF_ADD(&out, " ");
        buf_add(&out, str_from(id, id.n - 1));
    }
    db_release(TAKE(stmt));
    db_read_end(conn);
    return arena_cstr(site.a, buf_str(&out));
}

static struct query_spec spec_of(const char *col)
{
    return (struct query_spec){
        .schema = site.schema,
        .col = site_col(col),
        .request = &site.actor.request,
        .dialect = db_dialect(site.db),
        .client_is_superuser = true,
        .limit = -1,
    };
}

struct find_case {
    const char *filter, *ids;
};

static void check(const char *col, const struct find_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct query_spec spec = spec_of(col);
        const char *ids;

        spec.filter = str_of(cases[i].filter);
        spec.sort = STR("id");
        ids = ids_of(&spec);
        if (strcmp(ids, cases[i].ids) != 0)
            fail_msg("%s: %s, not %s", cases[i].filter, ids, cases[i].ids);
    }
}

static void comparisons_find_their_rows(void **state)
{
    static const struct find_case cases[] = {
        {"title = 'first'", "1"},
        {"title = 'First'", ""},
        {"title:lower = 'first'", "1"},
        {"title ~ 'FIR'", "1"},
        {"title ~ 'f%t'", "1"},
        {"title ~ '_ir'", ""},
        {"title !~ 'ir'", "2"},
        {"score > 1.5", "2"},
        {"score = '2'", "2"},
        {"score > title", ""},
        {"score < title", "1 2 3"},
        {"note = ''", "2 3"},
        {"note = null", "2 3"},
        {"note != null", "1"},
        {"note != 'psst'", "2 3"},
        {"title = note", ""},
        {"note = tags:length", ""},
        {"tags:length = 0", "3"},
        {"files:length > 1", "1"},
        {"id = 'post00000000002' || score = -3", "2 3"},
        {"(score = 1.5 || score = 2) && title ~ 'second'", "2"},
    };

    (void)state;
    check("posts", cases, COUNT_OF(cases));
}

static void json_is_compared_as_what_it_is(void **state)
{
    static const struct find_case cases[] = {
        {"meta = 7", "3"},
        {"meta = '7'", ""},
        {"meta = null", "2"},
        {"meta = ''", ""},
        {"meta.k.1 = 2", "1"},
        {"meta.k.1 = '2'", ""},
        {"meta.k.9 = null", "1 2 3"},
        {"meta.k = '[1,2]'", "1"},
        {"meta != null", "1 3"},
    };

    (void)state;
    check("posts", cases, COUNT_OF(cases));
}

static void related_rows_decide(void **state)
{
    static const struct find_case cases[] = {
        {"author.name = 'Ada'", "1"},
        {"author.mentor.name = 'Ada'", "2"},
        {"author.mentor.name = ''", "1 3"},
        {"author.mentor.name != 'x'", "1 2 3"},
        {"tags.name = 'c'", "2"},
        {"tags.name ?= 'c'", "1 2"},
        {"tags.name != 'go'", "2 3"},
        {"tags.name ?!= 'go'", "1 2 3"},
        {"tags.name = ''", "3"},
        {"tags.name !~ 'x'", "1 2"},
        {"tags:each = 'tag00000000000c'", "2"},
        {"tags:each ~ 'tag'", "1 2"},
        {"tags ~ 'go'", "1"},
        {"tags.id ?= 'tag0000000000go' && tags.name ?= 'c'", ""},
        {"pins_via_post.id = ''", "1 2 3"},
        {"@collection.tags.name ?= title", ""},
        {"@collection.authors:a.name ?= 'Ada' && @collection.authors:b.name ?= 'Bob'", "1 2 3"},
        {"@collection.authors.name ?= 'Ada' && @collection.authors.name ?= 'Bob'", ""},
        {"@collection.authors.name = 'Ada'", ""},
    };
    static const struct find_case authors[] = {
        {"posts_via_author.title = 'first'", "a"},
        {"posts_via_author.tags.name ?= 'c'", "a b"},
        {"posts_via_author.tags.name = 'c'", "b"},
        {"authors_via_mentor.name = 'Bob'", "a"},
    };
    static const struct find_case tags[] = {
        {"posts_via_tags.title = 'first'", "o"},
        {"posts_via_tags.title ?= 'first'", "c o"},
    };

    (void)state;
    check("posts", cases, COUNT_OF(cases));
    check("authors", authors, COUNT_OF(authors));
    check("tags", tags, COUNT_OF(tags));
}

static void functions_compute(void **state)
{
    static const struct find_case cases[] = {
        {"geoDistance(10, 20, 10, 20) = 0", "1 2 3"},
        {"geoDistance(0, 0, 0, 90) > 10007 && geoDistance(0, 0, 0, 90) < 10008", "1 2 3"},
        {"geoDistance(title, 0, 0, 0) > 1", ""},
        {"strftime('%Y', '2024-05-01') = '2024'", "1 2 3"},
        {"strftime('%Y', 'rubbish') = ''", "1 2 3"},
        {"strftime('%m', '2024-05-01', '+1 month') = '06'", "1 2 3"},
        {"strftime('%Y', tags.name) = '2024'", ""},
        {"strftime('x', tags.name) = null", "1 2 3"},
    };

    (void)state;
    check("posts", cases, COUNT_OF(cases));
}

static void counts_count_rows_once(void **state)
{
    struct query_spec spec = spec_of("posts");
    struct db_conn *conn;
    struct query_sql sql;
    struct db_row *row;

    (void)state;
    spec.want = QUERY_COUNT;
    spec.filter = STR("tags.name ?!= 'x' && @collection.authors.id ?!= ''");
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(query_compile(site.a, &spec, &sql));
    site_ok(db_read_begin(site.a, conn));
    site_ok(db_query_row(site.a, conn, sql.text, sql.values, sql.n, &row));
    db_read_end(conn);
    assert_int_equal(row->cells[0].i, 3);
}

static void rows_are_chosen_by_id_and_reference(void **state)
{
    const struct str posts[] = {STR("post00000000003"), STR("nope"), STR("post00000000001")};
    const struct str tags[] = {STR("tag00000000000c"), STR("x")};
    const struct str author[] = {STR("author000000bob")};
    struct query_spec spec = spec_of("posts");

    (void)state;
    spec.id = posts[0];
    assert_string_equal(ids_of(&spec), "3");
    spec.id = STR_NONE;
    spec.ids = posts;
    spec.n_ids = COUNT_OF(posts);
    spec.sort = STR("id");
    assert_string_equal(ids_of(&spec), "1 3");
    spec.n_ids = 0;
    assert_string_equal(ids_of(&spec), "");
    spec.ref_field = schema_field(spec.col, STR("tags"));
    spec.ids = tags;
    spec.n_ids = COUNT_OF(tags);
    assert_string_equal(ids_of(&spec), "1 2");
    spec.n_ids = 1;
    assert_string_equal(ids_of(&spec), "1 2");
    spec.ref_field = schema_field(spec.col, STR("author"));
    spec.ids = author;
    assert_string_equal(ids_of(&spec), "2");
    spec.ids = NULL;
    spec.ref_field = NULL;
    spec.sort = STR("-score");
    spec.limit = 1;
    spec.offset = 1;
    assert_string_equal(ids_of(&spec), "1");
}

/* Rules of creates see the row that is about to be stored, and what was submitted. */
static void create_rules_see_the_new_row(void **state)
{
    static const struct {
        const char *rule, *body;
        bool ok;
    } cases[] = {
        {"title = 'new one'", "{\"title\":\"new one\"}", true},
        {"title = 'new one'", "{\"title\":\"another\"}", false},
        {"author.name = 'Ada' && tags.name ?= 'go'",
         "{\"title\":\"abc\",\"author\":\"author000000ada\",\"tags\":[\"tag0000000000go\"]}", true},
        {"pins_via_post.id = ''", "{\"title\":\"abc\"}", false},
        {"author.posts_via_author.title ?= 'first'",
         "{\"title\":\"abc\",\"author\":\"author000000ada\"}", true},
        {"@request.body.title = title", "{\"title\":\"abc\"}", true},
        {"@request.body.title:isset = true", "{\"score\":1}", false},
        {"@request.body.nope:isset = false", "{\"title\":\"abc\"}", true},
        {"@request.body.tags:length = 2",
         "{\"title\":\"abc\",\"tags\":[\"tag0000000000go\",\"tag00000000000c\"]}", true},
        {"@request.body.tags:each ~ 'go'",
         "{\"title\":\"abc\",\"tags\":[\"tag0000000000go\",\"tag00000000000c\"]}", false},
        {"@request.body.tags:each ?~ 'go'",
         "{\"title\":\"abc\",\"tags\":[\"tag0000000000go\",\"tag00000000000c\"]}", true},
        {"@request.body.tags.name = 'c'", "{\"title\":\"abc\",\"tags\":[\"tag00000000000c\"]}",
         true},
        {"@request.body.author.name = 'Bob'", "{\"title\":\"abc\",\"author\":\"author000000bob\"}",
         true},
        {"@request.body.title:lower = 'abc'", "{\"title\":\"ABC\"}", true},
        {"@request.body.title:changed = false", "{\"title\":\"ABC\"}", true},
        {"@request.body.meta.a.0 = 5", "{\"title\":\"abc\",\"meta\":{\"a\":[5]}}", true},
        {"@request.body.meta = 'null'", "{\"title\":\"abc\",\"meta\":null}", true},
        {"@request.body.meta = '\"x\"'", "{\"title\":\"abc\",\"meta\":\"x\"}", true},
        {"@request.body.meta = 5", "{\"title\":\"abc\",\"meta\":5}", false},
        {"@request.body.meta:lower = '{\"a\":2,\"b\":\"q\"}'",
         "{\"title\":\"abc\",\"meta\":{\"b\":\"Q\",\"a\":2}}", true},
        {"@request.auth.id = ''", "{\"title\":\"abc\"}", true},
        {"@request.auth.id != ''", "{\"title\":\"abc\"}", false},
        {"@request.auth.name != 'x'", "{\"title\":\"abc\"}", true},
        {"@request.context = 'default'", "{\"title\":\"abc\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *answer;

        site_rule("posts", "createRule", cases[i].rule);
        answer = site_create("posts", cases[i].body);
        if ((strstr(answer, "\"status\":400") == NULL) != cases[i].ok)
            fail_msg("%s, %s: %s", cases[i].rule, cases[i].body, answer);
    }
    site_exec("DELETE FROM posts WHERE id NOT LIKE 'post%'");
}

static void update_rules_see_both_rows(void **state)
{
    (void)state;
    site_rule("posts", "updateRule",
              "@request.body.title:changed = true && title = 'second' && score:isset = true");
    site_has(site_update("posts", "post00000000002", "{\"title\":\"third\"}"), "\"status\":404");
    site_rule("posts", "updateRule", "@request.body.title:changed = true && title = 'second'");
    site_has(site_update("posts", "post00000000002", "{\"title\":\"second\"}"), "\"status\":404");
    site_has(site_update("posts", "post00000000002", "{\"score\":5}"), "\"status\":404");
    site_has(site_update("posts", "post00000000002", "{\"title\":\"other\"}"), "\"other\"");
    site_has(site_update("posts", "post00000000002", "{\"title\":\"second\"}"), "\"status\":404");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_find_their_rows),
        cmocka_unit_test(json_is_compared_as_what_it_is),
        cmocka_unit_test(related_rows_decide),
        cmocka_unit_test(functions_compute),
        cmocka_unit_test(counts_count_rows_once),
        cmocka_unit_test(rows_are_chosen_by_id_and_reference),
        cmocka_unit_test(create_rules_see_the_new_row),
        cmocka_unit_test(update_rules_see_both_rows),
    };

    return cmocka_run_group_tests_name("query on rows", tests, site_setup, site_teardown);
}
