/*
 * Comparisons that are asked alone find what the statement's joins find: random collections, rows
 * and filters, compiled both ways. A case that fails prints its seed, filter and both statements.
 */
#include "unit/random_site.h"
#include "unit/site.h"

#include "base/compiler.h"
#include "base/id.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum { FILTERS = 100, BUDGET_US = 200000 };

struct found {
    struct query_sql sql;
    struct err *err;
    VEC(struct str) ids; /* in order */
};

static int compare_ids(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    size_t n = a->n < b->n ? a->n : b->n;
    int order = n > 0 ? memcmp(a->p, b->p, n) : 0;

    return order ? order : (a->n > b->n) - (a->n < b->n);
}

static struct err *run(struct arena *a, struct db_conn *conn, struct found *found)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct db_limits limits = {.cpu_us = BUDGET_US};
    struct err *err;
    bool row = true;

    db_set_limits(conn, &limits);
    err = db_prepare(a, conn, found->sql.text, &stmt);
    if (err)
        return err;
    for (unsigned i = 0; i < found->sql.n; i++)
        db_bind(stmt, i + 1, found->sql.values[i]);
    while (!(err = db_step(a, stmt, &row)) && row)
        *VEC_PUSH(a, &found->ids) = arena_dup(a, db_column_text(stmt, 0));
    return err;
}

static void find(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                 struct found *found)
{
    *found = (struct found){0};
    found->err = query_compile(a, spec, &found->sql);
    if (found->err)
        return;
    found->sql.text = arena_dup(a, found->sql.text);
    found->err = run(a, conn, found);
    if (found->ids.n > 1)
        qsort(found->ids.items, found->ids.n, sizeof(*found->ids.items), compare_ids);
}

static bool is_same(const struct found *x, const struct found *y)
{
    if (x->err || y->err)
        return x->err && y->err && str_eq(x->err->cause, y->err->cause);
    if (x->ids.n != y->ids.n)
        return false;
    for (size_t i = 0; i < x->ids.n; i++)
        if (!str_eq(x->ids.items[i], y->ids.items[i]))
            return false;
    return true;
}

static void print_found(const char *how, const struct found *found)
{
    print_error("%s: %.*s\n", how, STR_ARG(found->sql.text));
    if (found->err)
        print_error("  failed: %.*s\n", STR_ARG(found->err->cause));
    for (size_t i = 0; i < found->ids.n && i < 20; i++)
        print_error("  %.*s\n", STR_ARG(found->ids.items[i]));
}

/* A statement that takes too much processor time, or has more joins than the engine takes, says
 * nothing about the other one. */
static bool says_nothing(const struct found *found)
{
    return found->err && (found->err->kind != E_BAD_REQUEST ||
                          str_has(found->err->cause, STR("tables in a join")));
}

struct tally {
    unsigned n, n_alone, n_skipped, n_found;
};

static void check(struct arena *a, struct db_conn *conn, struct query_spec *spec, uint64_t seed,
                  struct tally *tally)
{
    struct found alone, joined;

    find(a, conn, spec, &alone);
    spec->joins_only = true;
    find(a, conn, spec, &joined);
    tally->n++;
    if (says_nothing(&joined) || says_nothing(&alone)) {
        tally->n_skipped++;
        return;
    }
    tally->n_alone += !joined.err && !str_eq(alone.sql.text, joined.sql.text);
    tally->n_found += joined.ids.n > 0;
    if (is_same(&alone, &joined))
        return;
    print_error("seed %llu, %.*s\nrule: %.*s\nfilter: %.*s\nsort: %.*s\n", (unsigned long long)seed,
                STR_ARG(spec->col->name), STR_ARG(spec->rule), STR_ARG(spec->filter),
                STR_ARG(spec->sort));
    print_found("alone", &alone);
    print_found("joined", &joined);
    fail();
}

static struct str text_of(struct arena *a, struct buf *text)
{
    struct str out = arena_dup(a, buf_str(text));

    buf_reset(text);
    return out;
}

/* Rows by some ids, be it those of a relation; or from a place in the order on. */
static void restrict_spec(struct arena *a, struct random_site *gen, struct query_spec *spec)
{
    const unsigned how = random_site_below(gen, 12);
    struct query_seek *seek = ARENA_NEW(a, struct query_seek);
    struct db_value *value = ARENA_NEW(a, struct db_value);
    struct str *ids = ARENA_ARRAY(a, struct str, 3);

    *value = random_site_below(gen, 4) > 0 ? DB_V_TEXT(STR("a")) : DB_V_NULL;
    *seek = (struct query_seek){.values = value,
                                .n = random_site_below(gen, 2),
                                .inclusive = random_site_below(gen, 2),
                                .backward = random_site_below(gen, 2)};
    for (unsigned i = 0; i < 3; i++)
        ids[i] = arena_printf(a, "q%u_%u", random_site_below(gen, RANDOM_COLS),
                              random_site_below(gen, 5));
    if (how < 2 && spec->want == QUERY_ROWS)
        spec->seek = seek;
    if (how < 2 || how > 4)
        return;
    spec->ids = ids;
    spec->n_ids = 1 + random_site_below(gen, 3);
    if (how < 4)
        spec->ref_field =
            schema_field(spec->col, random_site_below(gen, 2) ? STR("one") : STR("lot"));
}

/* A list as it is answered, its count, or one row by its id. */
static struct query_spec make_spec(struct arena *a, struct random_site *gen)
{
    unsigned col = random_site_below(gen, RANDOM_COLS);
    unsigned how = random_site_below(gen, 4);
    struct query_spec spec = {.schema = site.schema,
                              .col = site_col(arena_printf(a, "q%u", col).p),
                              .request = &site.actor.request,
                              .dialect = db_dialect(site.db),
                              .client_is_superuser = random_site_below(gen, 3) > 0,
                              .want = how == 0 ? QUERY_COUNT : QUERY_ROWS,
                              .limit = -1,
                              .now_ms = SITE_NOW_MS};
    AUTO_BUF struct buf text;

    buf_init(&text, 64 * KIB);
    random_site_filter(gen, col, &text);
    spec.filter = text_of(a, &text);
    if (random_site_below(gen, 4) == 0) {
        random_site_filter(gen, col, &text);
        spec.rule = text_of(a, &text);
    }
    random_site_sort(gen, col, &text);
    spec.sort = text_of(a, &text);
    if (how != 1)
        restrict_spec(a, gen, &spec);
    else
        spec.id = arena_printf(a, "q%u_%u", col, random_site_below(gen, 5));
    return spec;
}

static const char *const bodies[] = {
    "{}",
    ("{\"t\":\"a\",\"n\":1,\"m\":[\"a\",\"b\"],\"f\":[],\"j\":{\"a\":1},\"one\":\"q0_0\","
     "\"two\":\"q1_1\",\"own\":\"q2_1\",\"lot\":[\"q0_0\",\"q1_0\",\"q2_0\",\"q3_0\"],"
     "\"kin\":[\"q0_1\"],\"uniq\":\"q1_1\",\"s\":\"a\"}"),
    ("{\"t\":\"\",\"n\":0,\"m\":\"a\",\"f\":null,\"j\":[1],\"one\":[\"q0_0\",\"q1_1\"],"
     "\"two\":\"q2_1\",\"own\":\"q0_1\",\"lot\":[\"q0_1\",\"q1_1\",\"q2_1\",\"q0_2\"],"
     "\"kin\":[],\"uniq\":\"\",\"s\":[\"a\",1]}"),
};

static void try_seed(uint64_t seed, struct tally *tally)
{
    struct random_site gen;
    struct db_conn *conn;

    random_site_add(&gen, seed);
    site_act(random_site_below(&gen, 2) ? "user0000000000a" : NULL);
    assert_true(json_read(site.a, str_of(bodies[random_site_below(&gen, COUNT_OF(bodies))]),
                          &json_limits_strict, &site.actor.request.body, NULL));
    site_ok(db_reader(site.a, site.db, &conn));
    site_ok(db_read_begin(site.a, conn));
    for (unsigned i = 0; i < FILTERS; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct query_spec spec = make_spec(a, &gen);

        check(a, conn, &spec, seed, tally);
    }
    db_set_limits(conn, NULL);
    db_read_end(conn);
}

static void try_fresh_site(uint64_t seed, struct tally *tally)
{
    void *state = NULL;

    assert_int_equal(site_setup(&state), 0);
    try_seed(seed, tally);
    assert_int_equal(site_teardown(&state), 0);
}

static void both_ways_find_the_same(void **state)
{
    struct tally tally = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++)
        try_fresh_site(seed, &tally);
    /* the cases are worth something */
    assert_true(tally.n_skipped * 20 < tally.n);
    assert_true(tally.n_alone * 3 > tally.n);
    assert_true(tally.n_found * 4 > tally.n);
}

/* For hand: REEVE_SEED names another seed, REEVE_SEEDS how many from there. */
static void both_ways_find_the_same_again(void **state)
{
    const char *first = getenv("REEVE_SEED"), *count = getenv("REEVE_SEEDS");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 9;
    uint64_t n = count ? strtoull(count, NULL, 10) : 1;
    struct tally tally = {0};

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < n; i++)
        try_fresh_site(seed + i, &tally);
    print_message("%u filters, %u alone, %u not compared, %u found something\n", tally.n,
                  tally.n_alone, tally.n_skipped, tally.n_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_find_the_same),
        cmocka_unit_test(both_ways_find_the_same_again),
    };

    return cmocka_run_group_tests_name("query_semi", tests, NULL, NULL);
}
