/*
 * What a view's query names (collections.md 9.3).
 */
#include "unit/unit.h"

#include "schema/view_scan.h"

#include "base/buf.h"

#define DUMP_MAX 4096

static void dump_idents(struct buf *out, const struct view_idents *list)
{
    for (size_t i = 0; i < list->n; i++)
        buf_addf(out, "%s%.*s=%.*s", i ? " " : "", STR_ARG(list->items[i].alias),
                 STR_ARG(list->items[i].original));
}

/* "columns < tables", each as alias=expression; or why there is none. */
static struct str scanned(struct arena *a, const char *query)
{
    struct view_idents columns = {0};
    struct view_idents tables = {0};
    struct str why = STR_NONE;
    AUTO_BUF struct buf out;

    buf_init(&out, DUMP_MAX);
    if (!view_scan(a, str_of(query), &columns, &tables, &why))
        return why;
    dump_idents(&out, &columns);
    BUF_ADD(&out, " < ");
    dump_idents(&out, &tables);
    return arena_dup(a, buf_str(&out));
}

struct row {
    const char *query, *want;
};

static void check_rows(const struct row *rows, size_t n)
{
    AUTO(arena_free) struct arena *a = arena_new();

    for (size_t i = 0; i < n; i++)
        assert_string_equal(arena_cstr(a, scanned(a, rows[i].query)), rows[i].want);
}

static void names_and_aliases(void **state)
{
    static const struct row rows[] = {
        {"select id, text from t", "id=id text=text < t=t"},
        {"SELECT a.id, b.x AS y FROM one a, two AS b", "id=a.id y=b.x < a=one b=two"},
        {"select `id`, \"t\".\"x\" as 'y', [z] from `t` as \"u\"", "id=id y=t.x z=z < u=t"},
        {"select distinct id from t", "id=id < t=t"},
        {"select id , x\t,\ty from t , u", "id=id x=x y=y < t=t u=u"},
        {"select id,\r\n\vx\nfrom\tt", "id=id x=x < t=t"},
        {"select count(*) as n, (a || ', b') as c from t", "n=count(*) c=(a || ', b') < t=t"},
        {"select 1 as id", "id=1 < "},
        {"(select id from t)", " < "},
        {"", " < "},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void joins_and_what_is_skipped(void **state)
{
    static const struct row rows[] = {
        {"select a.id from a left  outer join b on a.x = b.y and 1 = 1 join c as d on a.x = d.x",
         "id=a.id < a=a b=b d=c"},
        {"select id from t where x = 'select y, z from u' order by x limit 5", "id=id < t=t"},
        {"select id from t group by id having count(*) > 1", "id=id < t=t"},
        {"select id, ' from ' as x from t", "id=id x=' from ' < t=t"},
        {"select id /* , a */, x -- , b\n, y from t", "id=id x=x y=y < t=t"},
        {"select id, join_x, x_from from t", "id=id join_x=join_x x_from=x_from < t=t"},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void what_is_not_understood(void **state)
{
    static const struct row rows[] = {
        {"select id, x y z from t", "invalid identifier part - expected \"as\", got y"},
        {"select id, (x from t", "unbalanced parenthesis or quoted expression: \"(x from t\""},
        {"select id, 'x from t", "unbalanced parenthesis or quoted expression: \"'x from t\""},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* An open parenthesis or quote is said first, but one in a comment only hides the statements. */
static void one_statement(void **state)
{
    static const struct row rows[] = {
        {"select id;", "id=id < "},
        {"select ';' as id", "id=';' < "},
        {"select (a;b) as id", "id=(a;b) < "},
        {"select 1; select 2", "multiple statements are not supported"},
        {"select 1) as x; drop table t; --", "multiple statements are not supported"},
        {"select id x y z; select 1", "multiple statements are not supported"},
        {"select id from t; -- ;", "multiple statements are not supported"},
        {"select id from t) ; drop table u; select (1",
         "unbalanced parenthesis or quoted expression: \"(1\""},
        {"select 1; select 'x", "unbalanced parenthesis or quoted expression: \"'x\""},
        {"select (1; select 2", "unbalanced parenthesis or quoted expression: \"(1; select 2\""},
        {"x;(", "unbalanced parenthesis or quoted expression: \"x;(\""},
        {"select id from t )(", "unbalanced parenthesis or quoted expression: \")(\""},
        {"select id, )(x from t", "unbalanced parenthesis or quoted expression: \")(x from t\""},
        {"select id x y z, (1", "unbalanced parenthesis or quoted expression: \"(1\""},
        {"select id from t; -- (", "id=id < t=t"},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* What stands behind a long text counts like the rest. */
static void long_queries(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    char *filler = arena_alloc(a, 200000);
    struct view_idents columns = {0}, tables = {0};
    struct str why = STR_NONE, query;

    (void)state;
    memset(filler, 'x', 200000);
    query = arena_printf(a, "select id, '%.*s' as y, title from posts", 200000, filler);
    assert_true(view_scan(a, query, &columns, &tables, &why));
    assert_int_equal(columns.n, 3);
    assert_string_equal(arena_cstr(a, columns.items[2].alias), "title");
    assert_int_equal(tables.n, 1);
    assert_string_equal(arena_cstr(a, tables.items[0].original), "posts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_aliases),      cmocka_unit_test(joins_and_what_is_skipped),
        cmocka_unit_test(what_is_not_understood), cmocka_unit_test(one_statement),
        cmocka_unit_test(long_queries),
    };

    return cmocka_run_group_tests_name("view_scan", tests, NULL, NULL);
}
