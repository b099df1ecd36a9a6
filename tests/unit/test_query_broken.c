/*
 * A list that comes with a question and is none: `~` makes a pattern of it, which the engine
 * refuses to read as a list. That is an error wherever the statement joins it, whatever else is
 * true. In a sub-select the engine might never come to it, so these are compiled as PocketBase
 * does.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"

#include <string.h>

#define EACH "@request.body.tags:each"
#define REFUSED "malformed JSON"

static int setup(void **state)
{
    if (site_setup(state))
        return -1;
    assert_true(json_read(site.a, STR("{\"tags\":[\"tag00000000000c\",\"tag0000000000go\"]}"),
                          &json_limits_strict, &site.actor.request.body, NULL));
    return 0;
}

struct found {
    struct str text;
    struct err *err;
    const char *ids; /* their last characters: "1 3" */
};

static struct err *run(struct db_conn *conn, const struct query_sql *sql, struct buf *ids)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err = db_prepare(site.a, conn, sql->text, &stmt);
    bool row = true;

    if (err)
        return err;
    for (unsigned i = 0; i < sql->n; i++)
        db_bind(stmt, i + 1, sql->values[i]);
    while (!(err = db_step(site.a, stmt, &row)) && row) {
        const struct str id = db_column_text(stmt, 0);

        buf_add(ids, ids->n > 0 ? STR(" ") : STR_NONE);
        buf_add(ids, str_from(id, id.n > 0 ? id.n - 1 : 0));
    }
    return err;
}

static struct found find(struct query_spec spec, bool joins_only)
{
    struct query_sql sql;
    struct found out;
    struct db_conn *conn;
    AUTO_BUF struct buf ids;

    buf_init(&ids, MIB);
    spec.joins_only = joins_only;
    site_ok(query_compile(site.a, &spec, &sql));
    out.text = arena_dup(site.a, sql.text);
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    out.err = run(conn, &sql, &ids);
    db_read_end(conn);
    out.ids = arena_cstr(site.a, buf_str(&ids));
    return out;
}

static struct query_spec spec_of(const char *filter)
{
    return (struct query_spec){
        .schema = site.schema,
        .col = site_col("posts"),
        .request = &site.actor.request,
        .dialect = db_dialect(site.db),
        .client_is_superuser = true,
        .filter = str_of(filter),
        .limit = -1,
        .now_ms = SITE_NOW_MS,
    };
}

struct broken_case {
    const char *filter;
    const char *ids; /* NULL: it is refused */
};

static void check_found(const struct broken_case *it, const char *how, const struct found *found)
{
    if (it->ids && (found->err || strcmp(found->ids, it->ids) != 0))
        fail_msg("%s, %s: %s, not %s", it->filter, how, found->err ? "refused" : found->ids,
                 it->ids);
    if (!it->ids && !found->err)
        fail_msg("%s, %s: %s, and not refused", it->filter, how, found->ids);
    if (found->err && !str_has(found->err->cause, STR(REFUSED)))
        fail_msg("%s, %s: %.*s", it->filter, how, STR_ARG(found->err->cause));
}

static void check(const struct query_spec *spec, const struct broken_case *it)
{
    const struct found asked = find(*spec, false), joined = find(*spec, true);

    check_found(it, "joined", &joined);
    check_found(it, "asked", &asked);
}

/* As PocketBase answers them. */
static const struct broken_case broken[] = {
    {"title ?~ " EACH, NULL},
    {"title !~ " EACH, NULL},
    {"id != '' || title ~ " EACH, NULL},
    {"title ~ " EACH " || id != ''", NULL},
    {"id != '' || title ?~ " EACH, NULL},
    {"id != '' || title !~ " EACH, NULL},
    {"id != '' || (score = 2 && 'a' ~ " EACH ")", NULL},
    {"score > 1 && (id != '' || 'a' ?~ " EACH ")", NULL},
    {"author.name != 'x' || title ~ " EACH, NULL},
    {"tags.name ?!= 'x' || title ?~ " EACH, NULL},
    {"id != '' || tags.name ~ " EACH, NULL},
    {"id != '' || " EACH " ~ " EACH, NULL},
    /* of no row the engine comes to the join */
    {"id = 'nope' && title ~ " EACH, ""},
};

/* The same list is one as long as no pattern is made of it. */
static const struct broken_case sound[] = {
    {"id != '' || title = " EACH, "1 2 3"},
    {"id != '' || " EACH " ~ title", "1 2 3"},
    {EACH " ?= tags.id", "1 2"},
    {EACH " ~ 'tag'", "1 2 3"},
    {EACH " ~ 'go'", ""},
    {"score = 2 || " EACH " ?~ 'nope'", "2"},
};

static void check_rows(const struct broken_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct query_spec spec = spec_of(cases[i].filter);

        spec.sort = STR("id");
        check(&spec, &cases[i]);
        spec.rule = spec.filter;
        spec.filter = STR_NONE;
        check(&spec, &cases[i]);
    }
}

static void a_broken_list_is_refused(void **state)
{
    (void)state;
    check_rows(broken, COUNT_OF(broken));
}

static void a_sound_list_is_read(void **state)
{
    (void)state;
    check_rows(sound, COUNT_OF(sound));
}

/* However many rows are asked about; also of one row, where nothing is asked of related records. */
static void it_is_refused_whatever_is_wanted(void **state)
{
    const struct broken_case it = {"id != '' || title ~ " EACH, NULL};
    const struct str ids[] = {STR("post00000000001"), STR("post00000000003")};
    struct query_spec spec = spec_of(it.filter);

    (void)state;
    spec.want = QUERY_COUNT;
    check(&spec, &it);
    spec.want = QUERY_EXISTS;
    check(&spec, &it);
    spec.want = QUERY_ROWS;
    spec.ids = ids;
    spec.n_ids = COUNT_OF(ids);
    check(&spec, &it);
    spec.ids = NULL;
    spec.id = ids[0];
    check(&spec, &it);
}

/* The statement is the joined one, and that of a sound list is not. */
static void it_is_compiled_with_joins(void **state)
{
    static const char *filters[] = {"id != '' || title ~ " EACH, "id != '' || title = " EACH};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        const struct query_spec spec = spec_of(filters[i]);
        const struct found asked = find(spec, false), joined = find(spec, true);

        assert_int_equal(str_eq(asked.text, joined.text), i == 0);
    }
}

/* A rule that cannot be evaluated refuses: an update is answered as if there were no such record.
 */
static void rules_refuse(void **state)
{
    static const char body[] = "{\"tags\":[\"tag00000000000c\"]}";

    (void)state;
    site_rule("posts", "updateRule", "title != '' || title ~ " EACH);
    site_has(site_update("posts", "post00000000001", body), "\"status\":404");
    site_rule("posts", "updateRule", "title != '' || title = " EACH);
    site_has(site_update("posts", "post00000000001", body), "\"tags\":[\"tag00000000000c\"]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, site_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broken_list_is_refused),
        TEST(a_sound_list_is_read),
        TEST(it_is_refused_whatever_is_wanted),
        TEST(it_is_compiled_with_joins),
        TEST(rules_refuse),
    };

    return cmocka_run_group_tests_name("broken lists", tests, NULL, NULL);
}
