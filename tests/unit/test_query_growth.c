/*
 * What compiling costs grows with the condition, and no faster: twice as many comparisons make a
 * statement twice as long and take twice the memory, up to the limits. Counted in bytes, which are
 * the same on every machine.
 */
#include "unit/site.h"

#include "base/compiler.h"
#include "base/limits.h"

enum { HALVINGS = 3, RULE_BYTES = 64 * KIB };

struct cost {
    size_t sql, arena; /* bytes */
};

/* --- conditions ------------------------------------------------------------------------------- */

/* Comparisons beside each other, or each in brackets with all before it. Words between them: by
 * turns. */
struct shape {
    const char *name;
    const char *parts[5]; /* by turns; %u: a number of its own */
    const char *words[2];
    unsigned most; /* of the parts, at a limit */
    bool nested;
    bool is_clients; /* a filter: list rules of what it joins count */
};

#define ALL_AND        \
    {                  \
        " && ", " && " \
    }
#define ALL_OR         \
    {                  \
        " || ", " || " \
    }
#define BY_TURNS       \
    {                  \
        " && ", " || " \
    }
#define PATHS                                                                  \
    {                                                                          \
        "author.name = 'a'", "tags.name = 'b'", "pins_via_post.id ~ 'x'",      \
            "author.mentor.name != ''", "author.authors_via_mentor.name = 'q'" \
    }
#define DEEP                                                                       \
    {                                                                              \
        "author.mentor.authors_via_mentor.mentor.posts_via_author.tags.name = 'b'" \
    }
#define MANY_MANY                                                                          \
    {                                                                                      \
        "author.posts_via_author.tags.posts_via_tags.tags.name = tags.posts_via_tags.tags" \
        ".posts_via_tags.tags.name"                                                        \
    }
#define ONE_RELATION                                     \
    {                                                    \
        "author.name = 'a'", "author.mentor.name != 'b'" \
    }
#define JOINS                                       \
    {                                               \
        "@collection.authors:x%u.mentor.name = 'a'" \
    } /* each time two */

static const struct shape shapes[] = {
    {"columns", {"title = 'a'"}, ALL_AND, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"paths, all", PATHS, ALL_AND, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"paths, any", PATHS, ALL_OR, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"paths by turns", PATHS, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"long paths, all", DEEP, ALL_AND, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"long paths, any", DEEP, ALL_OR, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"many with many", MANY_MANY, ALL_OR, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"one relation", ONE_RELATION, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, false, false},
    {"related records",
     {"(author.name = 'a' && title = 'b')"},
     ALL_OR,
     LIMIT_FILTER_EXPRESSIONS / 2,
     false,
     false},
    {"joins, all", JOINS, ALL_AND, LIMIT_QUERY_JOINS / 2, false, false},
    {"joins, any", JOINS, ALL_OR, LIMIT_QUERY_JOINS / 2, false, false},
    {"a client's", PATHS, BY_TURNS, LIMIT_FILTER_BYTES / 28, false, true},
    {"columns, nested", {"title = 'a'"}, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, true, false},
    {"paths, nested", PATHS, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, true, false},
    {"long paths, nested", DEEP, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, true, false},
    {"one relation, nested", ONE_RELATION, BY_TURNS, LIMIT_FILTER_EXPRESSIONS, true, false},
    {"joins, nested", JOINS, BY_TURNS, LIMIT_QUERY_JOINS / 2, true, false},
};

static void add_part(struct buf *out, const struct shape *shape, unsigned i)
{
    unsigned n = 0;
    struct str text;

    while (n < COUNT_OF(shape->parts) && shape->parts[n])
        n++;
    text = str_of(shape->parts[i % n]);
    buf_add(out, str_split(&text, '%'));
    if (!text.p)
        return;
    buf_addf(out, "%u", i);
    buf_add(out, str_from(text, 1));
}

static void write_condition(struct buf *out, const struct shape *shape, unsigned n)
{
    for (unsigned i = 1; i < n && shape->nested; i++)
        BUF_ADD(out, "(");
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            buf_add(out, str_of(shape->words[i % 2]));
        add_part(out, shape, i);
        if (i > 0 && shape->nested)
            BUF_ADD(out, ")");
    }
}

/* --- what it costs ---------------------------------------------------------------------------- */

static void compile(struct arena *a, struct str condition, bool is_clients, struct query_sql *ret)
{
    struct query_spec spec = {.schema = site.schema,
                              .col = site_col("posts"),
                              .request = &site.actor.request,
                              .dialect = db_dialect(site.db),
                              .client_is_superuser = !is_clients,
                              .limit = -1,
                              .now_ms = SITE_NOW_MS};

    if (is_clients)
        spec.filter = condition;
    else
        spec.rule = condition;
    query_cache_release(); /* what is found there costs nothing */
    site_ok(query_compile(a, &spec, ret));
}

static struct cost cost_of(const struct shape *shape, unsigned n)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct query_sql sql;
    AUTO_BUF struct buf text;

    buf_init(&text, RULE_BYTES);
    write_condition(&text, shape, n);
    assert_false(text.full);
    compile(a, buf_str(&text), shape->is_clients, &sql);
    return (struct cost){sql.text.n, arena_used(a)};
}

/* Which sub-selects are made is not the same for every length; what grew with the square would take
 * four times as much. */
static bool is_twice(size_t half, size_t whole)
{
    return whole <= half * 2 + half / 2;
}

static void check_growth(const struct shape *shape, unsigned n)
{
    const struct cost half = cost_of(shape, n / 2), whole = cost_of(shape, n / 2 * 2);

    if (!is_twice(half.sql, whole.sql))
        fail_msg("%s: %u take %zu bytes of SQL, %u take %zu", shape->name, n / 2, half.sql,
                 n / 2 * 2, whole.sql);
    if (!shape->nested && !is_twice(half.arena, whole.arena))
        fail_msg("%s: %u take %zu bytes, %u take %zu", shape->name, n / 2, half.arena, n / 2 * 2,
                 whole.arena);
}

static void add_rules(void)
{
    site_rule("authors", "listRule", "name != 'x' && mentor.name != 'y'");
    site_rule("tags", "listRule", "posts_via_tags.title != 'x'");
    site_rule("pins", "listRule", "post.author.name != 'x'");
}

static void cost_grows_with_the_condition(void **state)
{
    (void)state;
    add_rules();
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        for (unsigned j = 0; j < HALVINGS; j++)
            check_growth(&shapes[i], shapes[i].most >> j);
}

/* What is spelt more often than once must not be so in what is spelt more often than once. */
static void a_comparison_costs_so_much(void **state)
{
    const struct cost most = {4 * KIB,
                              24 * KIB}; /* what is about one relation is spelt four times */

    (void)state;
    add_rules();
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        const unsigned n = shapes[i].most;
        const struct cost cost = cost_of(&shapes[i], n);

        if (cost.sql > n * most.sql || (!shapes[i].nested && cost.arena > n * most.arena))
            fail_msg("%s: %zu bytes of SQL, %zu in all for %u", shapes[i].name, cost.sql,
                     cost.arena, n);
    }
}

/* Each bracket copies the text that it closes, once: so memory is bounded by their depth times the
 * statement. */
static void brackets_copy_once(void **state)
{
    const size_t each = 2 * KIB; /* of a comparison, besides its text */

    (void)state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        const unsigned n = shapes[i].most;
        struct cost cost;

        if (!shapes[i].nested)
            continue;
        cost = cost_of(&shapes[i], n);
        if (cost.arena > n * (cost.sql + each))
            fail_msg("%s: %zu bytes for %zu of SQL", shapes[i].name, cost.arena, cost.sql);
    }
}

/* Each of n collections is asked at a level of its own and in the innermost one: so there is a
 * sub-select in the other. */
static struct str sub_selects_in_each_other(struct buf *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_addf(out, "(@collection.authors:x%u.id ?= 'a' && (title = 'b' || ", i);
    BUF_ADD(out, "(title = 'c'");
    for (unsigned i = 0; i < n; i++)
        buf_addf(out, " && @collection.authors:x%u.name ?= 'd'", i);
    BUF_ADD(out, ")");
    for (unsigned i = 0; i < n; i++)
        BUF_ADD(out, "))");
    return buf_str(out);
}

/* However deep it has become: what the engine would not take stays joined. */
static void the_engine_takes_it(void **state)
{
    struct db_conn *conn;

    (void)state;
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    for (unsigned n = 1; n < LIMIT_QUERY_JOINS; n++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO(db_release) struct db_stmt *stmt = NULL;
        AUTO_BUF struct buf text;
        struct query_sql sql;
        struct err *err;

        buf_init(&text, RULE_BYTES);
        compile(a, sub_selects_in_each_other(&text, n), false, &sql);
        err = db_prepare(a, conn, sql.text, &stmt);
        if (err)
            fail_msg("%u: %.*s", n, STR_ARG(err->cause));
    }
    db_read_end(conn);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cost_grows_with_the_condition),
        TEST(a_comparison_costs_so_much),
        TEST(brackets_copy_once),
        TEST(the_engine_takes_it),
    };

    return cmocka_run_group_tests_name("growth of queries", tests, NULL, NULL);
}
